/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief mod-mesos: a Mesos cluster's names, served by knotd.
 *
 * This file is the face to knotd: what it loads, unloads and asks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/cluster/cluster.h"
#include "module/options.h"
#include "module/cluster/counters.h"
#include "module/base/util.h"

/*! \brief Items of the zone's section that tell who else works on its answers. */
#define ZONE_MODULE         "\006module"
#define ZONE_DNSSEC_SIGNING "\016dnssec-signing"

/*! \brief mod-onlinesign as the zone's list of modules has it: with its length octet. */
#define ONLINESIGN "\016mod-onlinesign"
#define MESOS      "\011mod-mesos"

/*! \brief Room for a section's name, NUL included. */
#define ID_MAX 256

/*! \brief Answers of a poll older than this many intervals are stale. */
#define STALE_INTERVALS 3

/*! \brief A module instance. */
struct instance {
	struct answer answer; /*!< First: the hooks' context. */
	struct member *member;
};

/*! \brief Answers "Not Ready" for the instances that even waiting gave no memory to. */
static struct answer_view nothing;
static struct instance poor = { .answer = { .view = &nothing, .uncounted = true } };

static bool is_module(const knotd_conf_val_t *entry, const char *name)
{
	size_t len = 1 + (size_t)name[0];
	return entry->data_len >= len && memcmp(entry->data, name, len) == 0;
}

/*! \brief The zone's list of modules; at least this one is in it. */
static knotd_conf_t zone_modules(knotd_mod_t *mod)
{
	knotd_conf_t modules;
	unsigned turn = 0;
	do {
		modules = knotd_conf_zone(mod, ZONE_MODULE, knotd_mod_zone(mod));
	} while (modules.count == 0 && pause_for_memory(&turn));
	return modules;
}

/*!
 * \brief Finds out which section this is: a module cannot ask for its own.
 *
 * If the zone has several, it is the first of them that counts.
 *
 * \param id  Out: its name.
 *
 * \return False if this is another one: two in one zone hide each other's records.
 */
static bool find_id(knotd_mod_t *mod, const struct settings *settings, char id[static ID_MAX])
{
	knotd_conf_t modules = zone_modules(mod);
	knotd_conf_t first = { .count = 0 };
	size_t count = 0;
	id[0] = '\0';
	for (size_t i = 0; i < modules.count; i++) {
		const knotd_conf_val_t *entry = &modules.multi[i];
		if (is_module(entry, MESOS) && count++ == 0) {
			first.single.data = entry->data + sizeof(MESOS) - 1;
			first.single.data_len = entry->data_len - (sizeof(MESOS) - 1);
			snprintf(id, ID_MAX, "%.*s", (int)first.single.data_len,
			         (const char *)first.single.data);
		}
	}
	bool mine = count < 2 || options_are_of(settings, mod, &first);
	knotd_conf_free(&modules);
	return mine;
}

/*! \brief Finds out whether mod-onlinesign signs the zone, and where it stands in the list. */
static void find_signer(knotd_mod_t *mod, struct answer *answer)
{
	knotd_conf_t modules = zone_modules(mod);
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

static void warn(knotd_mod_t *mod, const struct settings *settings, const struct answer *answer)
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
	if (settings->max_age > 0 && settings->max_age <= settings->poll_interval) {
		knotd_mod_log(mod, LOG_WARNING,
		              "max-age is not above poll-interval, "
		              "the state gets too old between two polls");
	}
}

/*! \brief BEGIN: somebody asks, so a thread that could not be started is tried again. */
static knotd_state_t start_again(knotd_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                                 knotd_mod_t *mod)
{
	(void)pkt, (void)qdata;
	struct instance *instance = knotd_mod_ctx(mod);
	cluster_tend(instance->member);
	return state;
}

/*! \brief Makes an instance; NULL if memory runs out. */
static struct instance *new_instance(knotd_mod_t *mod, struct settings *settings, const char *id,
                                     bool uncounted)
{
	struct instance *instance = calloc(1, sizeof(*instance));
	if (instance == NULL) {
		return NULL;
	}
	struct answer *answer = &instance->answer;
	answer->uncounted = uncounted;
	answer->stale_after = (int64_t)STALE_INTERVALS * 1000 * settings->poll_interval;
	answer->max_age = (int64_t)1000 * settings->max_age;
	answer->limit = settings->answer_limit;
	answer->subnet_first = settings->subnet_first;
	answer->chooses = answer->limit > 0 || answer->subnet_first;
	find_signer(mod, answer);

	if (cluster_attach(mod, id, settings, answer, &instance->member) != KNOT_EOK) {
		free(instance);
		return NULL;
	}
	return instance;
}

/*!
 * \brief Registers the hooks.
 *
 * Nothing that fails here is an error of loading: knotd keeps hooks that are registered, and would
 * call them for a module that it has closed.
 */
static void add_hooks(knotd_mod_t *mod, struct instance *instance)
{
	knotd_mod_ctx_set(mod, instance);
	int ret = answer_hooks(mod);
	if (ret == KNOT_EOK && instance->member != NULL && !cluster_runs(instance->member)) {
		ret = knotd_mod_hook(mod, KNOTD_STAGE_BEGIN, start_again);
	}
	if (ret != KNOT_EOK) {
		knotd_mod_log(mod, LOG_ERR, "answers are not complete until the next reload (%s)",
		              knot_strerror(ret));
	}
}

static int mesos_load(knotd_mod_t *mod)
{
	struct settings *settings = NULL;
	unsigned turn = 0;
	int ret;
	do {
		ret = options_load(mod, &settings);
	} while (ret == KNOT_ENOMEM && pause_for_memory(&turn));
	if (ret == KNOT_EINVAL) {
		return ret;
	}

	char id[ID_MAX];
	if (settings != NULL && !find_id(mod, settings, id)) {
		knotd_mod_log(mod, LOG_ERR,
		              "not used: '%s' comes first in this zone, which can have one", id);
		settings_free(settings);
		return KNOT_EOK;
	}

	struct instance *instance = NULL;
	if (settings != NULL) {
		bool uncounted = counters_register(mod) != KNOT_EOK;
		do {
			instance = new_instance(mod, settings, id, uncounted);
		} while (instance == NULL && pause_for_memory(&turn));
		if (instance != NULL) {
			warn(mod, settings, &instance->answer);
		}
		settings_free(settings);
	}
	if (instance == NULL) {
		knotd_mod_log(mod, LOG_ERR, "out of memory, nothing is polled until a reload");
		instance = &poor;
	}
	add_hooks(mod, instance);
	return KNOT_EOK;
}

static void mesos_unload(knotd_mod_t *mod)
{
	struct instance *instance = knotd_mod_ctx(mod);
	if (instance != NULL && instance != &poor) {
		cluster_detach(instance->member);
		free(instance);
	}
	knotd_mod_ctx_set(mod, NULL);
}

KNOTD_MOD_API(mesos, KNOTD_MOD_FLAG_SCOPE_ZONE, mesos_load, mesos_unload, options_schema,
              options_check);
