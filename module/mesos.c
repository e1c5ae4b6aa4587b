/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief mod-mesos: a Mesos cluster's names, served by knotd.
 *
 * This file is the face to knotd: what it loads, unloads and asks.
 */
#include <stdlib.h>
#include <string.h>

#include "module/cluster.h"
#include "module/stats.h"

/*! \brief Items of the zone's section that tell who else works on its answers. */
#define ZONE_MODULE         "\006module"
#define ZONE_DNSSEC_SIGNING "\016dnssec-signing"

/*! \brief mod-onlinesign as the zone's list of modules has it: with its length octet. */
#define ONLINESIGN "\016mod-onlinesign"
#define MESOS      "\011mod-mesos"

/*! \brief Answers of a poll older than this many intervals are stale. */
#define STALE_INTERVALS 3

/*! \brief A module instance. */
struct instance {
	struct answer answer; /*!< First: the hooks' context. */
	struct member *member;
};

static bool is_module(const knotd_conf_val_t *entry, const char *name)
{
	size_t len = 1 + (size_t)name[0];
	return entry->data_len >= len && memcmp(entry->data, name, len) == 0;
}

/*! \brief Finds out whether mod-onlinesign signs the zone, and where it stands in the list. */
static void find_signer(knotd_mod_t *mod, struct answer *answer)
{
	knotd_conf_t modules = knotd_conf_zone(mod, ZONE_MODULE, knotd_mod_zone(mod));
	bool seen = false;
	for (size_t i = 0; i < modules.count; i++) {
		if (is_module(&modules.multi[i], MESOS)) {
			seen = true;
		} else if (is_module(&modules.multi[i], ONLINESIGN)) {
			answer->signer = true;
			answer->signer_first = !seen;
		}
	}
	knotd_conf_free(&modules);
}

static void warn(knotd_mod_t *mod, const struct options *options, const struct answer *answer)
{
	knotd_conf_t signing = knotd_conf_zone(mod, ZONE_DNSSEC_SIGNING, knotd_mod_zone(mod));
	if (signing.single.boolean) {
		knotd_mod_log(mod, LOG_WARNING,
		              "dnssec-signing does not sign this module's "
		              "records, use mod-onlinesign instead");
	}
	if (answer->signer_first) {
		knotd_mod_log(mod, LOG_WARNING,
		              "mod-onlinesign comes before this module, so the zone file's "
		              "records do not come before the cluster's at any name");
	}
	if (options->max_age > 0 && options->max_age <= options->poll_interval) {
		knotd_mod_log(mod, LOG_WARNING,
		              "max-age is not above poll-interval, "
		              "the state gets too old between two polls");
	}
}

static int start(knotd_mod_t *mod, struct instance *instance, struct options *options)
{
	struct answer *answer = &instance->answer;
	answer->stale_after = (int64_t)STALE_INTERVALS * 1000 * options->poll_interval;
	answer->max_age = (int64_t)1000 * options->max_age;
	find_signer(mod, answer);
	warn(mod, options, answer);

	int ret = cluster_attach(mod, options, answer, &instance->member);
	if (ret == KNOT_EOK) {
		knotd_mod_ctx_set(mod, instance);
		ret = answer_hooks(mod);
		if (ret != KNOT_EOK) {
			cluster_detach(instance->member);
		}
	}
	return ret;
}

static int mesos_load(knotd_mod_t *mod)
{
	struct options *options = NULL;
	int ret = options_load(mod, &options);
	if (ret != KNOT_EOK) {
		return ret;
	}

	struct instance *instance = calloc(1, sizeof(*instance));
	ret = instance != NULL ? stats_register(mod) : KNOT_ENOMEM;
	if (ret == KNOT_EOK) {
		ret = start(mod, instance, options);
	}
	options_free(options);
	if (ret != KNOT_EOK) {
		knotd_mod_log(mod, LOG_ERR, "failed to start (%s)", knot_strerror(ret));
		free(instance);
	}
	return ret;
}

static void mesos_unload(knotd_mod_t *mod)
{
	struct instance *instance = knotd_mod_ctx(mod);
	cluster_detach(instance->member);
	free(instance);
}

KNOTD_MOD_API(mesos, KNOTD_MOD_FLAG_SCOPE_ZONE, mesos_load, mesos_unload, options_schema,
              options_check);
