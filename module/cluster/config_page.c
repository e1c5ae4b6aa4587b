/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <libknot/libknot.h>

#include "module/cluster/config_page.h"
#include "module/http/said.h"

static void add_number(struct http_body *out, const char *name, uint64_t value)
{
	(void)http_body_print(out, "\"%s\":%llu,", name, (unsigned long long)value);
}

static void add_bool(struct http_body *out, const char *name, bool value)
{
	(void)http_body_print(out, "\"%s\":%s,", name, value ? "true" : "false");
}

/*! \brief Adds a text; NULL is as good as an empty one. */
static void add_text(struct http_body *out, const char *name, const char *value)
{
	(void)http_body_print(out, "\"%s\":", name);
	(void)http_body_string(out, value, value != NULL ? strlen(value) : 0);
	(void)http_body_text(out, ",");
}

/*! \brief Adds the static masters; Mesos-DNS has null for a list that was not given. */
static void add_masters(struct http_body *out, const struct settings *settings)
{
	(void)http_body_text(out,
	                     settings->masters_count > 0 ? "\"Masters\":[" : "\"Masters\":null");
	for (size_t i = 0; i < settings->masters_count; i++) {
		char text[ENDPOINT_TEXT_MAX];
		(void)endpoint_text(&settings->masters[i], false, text);
		(void)http_body_text(out, i > 0 ? "," : "");
		(void)http_body_string(out, text, strlen(text));
	}
	(void)http_body_text(out, settings->masters_count > 0 ? "]," : ",");
}

static void add_sources(struct http_body *out, const struct settings *settings)
{
	(void)http_body_text(out, "\"IPSources\":[");
	for (uint8_t i = 0; i < settings->sources_count; i++) {
		(void)http_body_print(
		        out, "%s\"%s\"", i > 0 ? "," : "",
		        knot_lookup_by_id(settings_ip_sources, settings->sources[i])->name);
	}
	(void)http_body_text(out, "],");
}

/*! \brief Adds where ZooKeeper is; not the password for it, nor whose it is. */
static void add_zk(struct http_body *out, const struct zk_address *zk)
{
	struct http_body address = { .max = out->max };
	for (size_t i = 0; zk != NULL && i < zk->servers_count; i++) {
		char text[ENDPOINT_TEXT_MAX];
		(void)http_body_print(&address, "%s%s", i == 0 ? "zk://" : ",",
		                      endpoint_text(&zk->servers[i], false, text));
	}
	if (zk != NULL) {
		(void)http_body_text(&address, zk->path);
	}
	out->error = out->error == KNOT_EOK ? address.error : out->error;
	(void)http_body_text(out, "\"Zk\":");
	(void)http_body_string(out, address.data, address.len);
	(void)http_body_text(out, ",");
	http_body_clear(&address);
}

/*! \brief The zone's name without its final dot. */
static void add_domain(struct http_body *out, const char *zone)
{
	(void)http_body_text(out, "\"Domain\":");
	(void)http_body_string(out, zone, strlen(zone) - 1);
	(void)http_body_text(out, ",");
}

/*! \brief The SOA record: what Mesos-DNS makes of a zone's name; the rest is the zone file's. */
static void add_soa(struct http_body *out, const struct config_page *page)
{
	add_number(out, "SOASerial", page->serial);
	add_number(out, "SOARefresh", 0);
	add_number(out, "SOARetry", 0);
	add_number(out, "SOAExpire", 0);
	add_number(out, "SOAMinttl", 0);
	(void)http_body_text(out, "\"SOAMname\":");
	(void)http_said_name(out, "ns1.", page->zone);
	(void)http_body_text(out, ",\"SOARname\":");
	(void)http_said_name(out, "root.ns1.", page->zone);
	(void)http_body_text(out, ",");
}

static void add_switches(struct http_body *out, const struct config_page *page)
{
	add_bool(out, "RecurseOn", false);
	add_bool(out, "DnsOn", true);
	add_bool(out, "ReverseDnsOn", page->has_reverse);
	add_bool(out, "HttpOn", true);
	add_bool(out, "ExternalOn", false);
	add_bool(out, "EnforceRFC952", page->settings->rules == LABEL_RFC952);
	add_bool(out, "SetTruncateBit", true);
	add_bool(out, "EnumerationOn", true);
}

static bool uses_https(const struct settings *settings)
{
	bool uses = settings->zk != NULL && settings_zk_tls(settings);
	for (size_t i = 0; i < settings->masters_count; i++) {
		uses = uses || settings->masters[i].tls;
	}
	return uses;
}

/*! \brief How masters are asked. Who we are for them stays in the files. */
static void add_trust(struct http_body *out, const struct settings *settings)
{
	const struct master_settings *client = &settings->client;
	add_bool(out, "MesosHTTPSOn", uses_https(settings));
	add_text(out, "CACertFile", client->ca_file);
	add_text(out, "CertFile", client->cert_file);
	add_text(out, "KeyFile", client->key_file);
	(void)http_body_text(out, "\"MesosCredentials\":{\"Principal\":\"\",\"Secret\":\"\"},");
	add_text(out, "IAMConfigFile", client->iam_file);
	add_bool(out, "ResolvSubnetFirst", settings->subnet_first);
	(void)http_body_print(out, "\"MesosAuthentication\":\"%s\"",
	                      client->credential_file != NULL ? "basic"
	                      : client->iam_file != NULL      ? "iam"
	                                                      : "");
}

int config_page_write(struct http_body *out, const struct config_page *page)
{
	const struct settings *settings = page->settings;
	char zone[KNOT_DNAME_TXT_MAXLEN + 1];
	(void)knot_dname_to_str(zone, page->zone, sizeof(zone));

	(void)http_body_text(out, "{");
	add_number(out, "RefreshSeconds", settings->poll_interval);
	add_number(out, "Port", 0);
	add_number(out, "Timeout", 0);
	add_number(out, "StateTimeoutSeconds", settings->client.timeout);
	add_number(out, "ZkDetectionTimeout", 0);
	add_number(out, "HttpPort", page->port);
	add_number(out, "TTL", page->ttl);
	add_number(out, "SRVRecordDefaultWeight", settings->srv_weight);
	add_soa(out, page);
	add_masters(out, settings);
	(void)http_body_text(out, "\"ZoneResolvers\":{},\"Resolvers\":null,");
	add_sources(out, settings);
	add_zk(out, settings->zk);
	add_domain(out, zone);
	add_text(out, "File", NULL);
	add_text(out, "Listener", NULL);
	add_text(out, "HTTPListener", page->listener);
	add_switches(out, page);
	add_trust(out, settings);
	return http_body_text(out, "}");
}
