/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/cluster/settings.h"
#include "module/state/state_text.h"

const knot_lookup_t settings_ip_sources[] = {
	{ IP_SOURCE_NETINFO, "netinfo" }, { IP_SOURCE_MESOS, "mesos" },
	{ IP_SOURCE_DOCKER, "docker" },   { IP_SOURCE_HOST, "host" },
	{ IP_SOURCE_AUTO, "auto" },       { 0, NULL }
};

struct settings *settings_ref(struct settings *settings)
{
	__atomic_add_fetch(&settings->refs, 1, __ATOMIC_RELAXED);
	return settings;
}

static void free_naming(struct settings *settings)
{
	for (size_t i = 0; i < settings->networks_count; i++) {
		free((char *)(uintptr_t)settings->networks[i].data);
	}
	free(settings->networks);
	free(settings->formats);
	free(settings->label_weight);
	free(settings->label_priority);
	free(settings->label_hide);
	wants_unref(settings->wants);
	knot_dname_free(settings->origin, NULL);
}

void settings_free(struct settings *settings)
{
	if (settings != NULL && __atomic_sub_fetch(&settings->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		free_naming(settings);
		zk_address_free(settings->zk);
		free(settings->masters);
		free(settings->client.credential_file);
		free(settings->client.iam_file);
		free(settings->client.ca_file);
		free(settings->client.cert_file);
		free(settings->client.key_file);
		free(settings->http);
		free(settings);
	}
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_client(const struct master_settings *a, const struct master_settings *b)
{
	return a->timeout == b->timeout && same_text(a->credential_file, b->credential_file) &&
	       same_text(a->iam_file, b->iam_file) && same_text(a->ca_file, b->ca_file) &&
	       same_text(a->cert_file, b->cert_file) && same_text(a->key_file, b->key_file);
}

bool settings_same_polling(const struct settings *a, const struct settings *b)
{
	if (a->masters_count != b->masters_count || a->poll_interval != b->poll_interval ||
	    a->events != b->events || a->resync_interval != b->resync_interval ||
	    !same_client(&a->client, &b->client)) {
		return false;
	}
	if ((a->zk == NULL) != (b->zk == NULL) ||
	    (a->zk != NULL && !zk_address_equal(a->zk, b->zk))) {
		return false;
	}
	for (size_t i = 0; i < a->masters_count; i++) {
		if (!endpoint_equal(&a->masters[i], &b->masters[i]) ||
		    a->masters[i].tls != b->masters[i].tls) {
			return false;
		}
	}
	return true;
}

static int want_label(struct wants *wants, const char *key)
{
	return key == NULL ? KNOT_EOK
	                   : wants_add(wants, WANTS_LABELS,
	                               (struct text){ key, (uint32_t)strlen(key) });
}

/*! \brief Adds all that settings need. */
static int add_wants(const struct settings *settings, struct wants *wants)
{
	wants->bits |= settings->visibility != 0 ? WANTS_VISIBILITY : 0;
	wants->bits |= settings->agent_names ? WANTS_HOSTNAME : 0;
	wants->bits |= settings->health != HEALTH_IGNORE ? WANTS_HEALTH : 0;
	int ret = want_label(wants, settings->label_weight);
	if (ret == KNOT_EOK) {
		ret = want_label(wants, settings->label_priority);
	}
	if (ret == KNOT_EOK) {
		ret = want_label(wants, settings->label_hide);
	}
	for (size_t i = 0; i < settings->networks_count && ret == KNOT_EOK; i++) {
		ret = wants_add(wants, WANTS_NETWORKS, settings->networks[i]);
	}
	for (size_t i = 0; i < settings->formats_count && ret == KNOT_EOK; i++) {
		ret = format_want(&settings->formats[i], wants);
	}
	return ret;
}

int settings_find_wants(struct settings *settings)
{
	struct wants *wants = wants_new();
	int ret = wants != NULL ? add_wants(settings, wants) : KNOT_ENOMEM;
	if (ret == KNOT_EOK && !wants_cover(NULL, wants)) {
		settings->wants = wants_ref(wants);
	}
	wants_unref(wants);
	return ret;
}

/*! \brief True if both have the same options that few have. */
static bool same_more(const struct settings *a, const struct settings *b)
{
	if (a->srv_weight != b->srv_weight || a->visibility != b->visibility ||
	    a->agent_names != b->agent_names || a->port_index != b->port_index ||
	    a->networks_count != b->networks_count || a->formats_count != b->formats_count ||
	    !same_text(a->label_hide, b->label_hide)) {
		return false;
	}
	for (size_t i = 0; i < a->networks_count; i++) {
		if (!text_equal(a->networks[i], b->networks[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < a->formats_count; i++) {
		if (!format_equal(&a->formats[i], &b->formats[i])) {
			return false;
		}
	}
	return true;
}

bool settings_same_naming(const struct settings *a, const struct settings *b)
{
	return same_more(a, b) && a->rules == b->rules && a->health == b->health &&
	       a->sources_count == b->sources_count &&
	       memcmp(a->sources, b->sources, a->sources_count) == 0 &&
	       knot_dname_is_equal(a->origin, b->origin);
}

bool settings_zk_tls(const struct settings *settings)
{
	return settings->client.ca_file != NULL || settings->client.cert_file != NULL;
}

bool settings_same_http(const struct settings *a, const struct settings *b)
{
	if (a->http_count != b->http_count) {
		return false;
	}
	for (size_t i = 0; i < a->http_count; i++) {
		if (!http_address_equal(&a->http[i], &b->http[i])) {
			return false;
		}
	}
	return true;
}
