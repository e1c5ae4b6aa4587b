/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "module/cluster/settings.h"

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

void settings_free(struct settings *settings)
{
	if (settings != NULL && __atomic_sub_fetch(&settings->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		knot_dname_free(settings->origin, NULL);
		zk_address_free(settings->zk);
		free(settings->masters);
		free(settings->client.credential_file);
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
	       same_text(a->ca_file, b->ca_file) && same_text(a->cert_file, b->cert_file) &&
	       same_text(a->key_file, b->key_file);
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

bool settings_same_naming(const struct settings *a, const struct settings *b)
{
	return a->rules == b->rules && a->sources_count == b->sources_count &&
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
