/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief /v1/config: options under Mesos-DNS's names, and no secret among them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <json-c/json.h>

#include "module/cluster/config_page.h"
#include "tests/unit/http/body_text.h"

#define NAME(text) ((const knot_dname_t *)(text))

static struct settings sparse(void)
{
	return (struct settings){
		.client = { .timeout = 61 },
		.poll_interval = 31,
		.sources = { IP_SOURCE_AUTO },
		.sources_count = 1,
	};
}

/*! \brief The page, parsed; to be freed with json_object_put(). */
static struct json_object *parse(const struct config_page *page)
{
	struct http_body body = body_empty();
	assert_int_equal(config_page_write(&body, page), KNOT_EOK);
	struct json_object *parsed = json_tokener_parse(body_text(&body));
	assert_non_null(parsed);
	http_body_clear(&body);
	return parsed;
}

/*! \brief Asserts what a member is, as JSON. */
static void assert_member(struct json_object *page, const char *name, const char *expected)
{
	struct json_object *value = NULL;
	if (!json_object_object_get_ex(page, name, &value)) {
		fail_msg("no member %s", name);
	}
	assert_string_equal(json_object_to_json_string_ext(
	                            value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	                    expected);
}

static void test_sparse(void **state)
{
	(void)state;
	struct settings settings = sparse();
	struct json_object *page = parse(&(struct config_page){
	        .settings = &settings,
	        .zone = NAME("\005mesos"),
	        .ttl = 32,
	        .serial = 1700000000,
	});
	assert_member(page, "RefreshSeconds", "31");
	assert_member(page, "StateTimeoutSeconds", "61");
	assert_member(page, "TTL", "32");
	assert_member(page, "SOASerial", "1700000000");
	assert_member(page, "Masters", "null");
	assert_member(page, "IPSources", "[\"auto\"]");
	assert_member(page, "Zk", "\"\"");
	assert_member(page, "Domain", "\"mesos\"");
	assert_member(page, "HttpPort", "0");
	assert_member(page, "HTTPListener", "\"\"");
	assert_member(page, "ReverseDnsOn", "false");
	assert_member(page, "EnforceRFC952", "false");
	assert_member(page, "MesosHTTPSOn", "false");
	assert_member(page, "MesosAuthentication", "\"\"");
	json_object_put(page);
}

static void test_full(void **state)
{
	(void)state;
	struct zk_address *zk = NULL;
	assert_null(zk_address_parse("zk://who:WORD@zk1:2182,[::1]/me\"sos", &zk));
	struct endpoint masters[2];
	assert_null(endpoint_parse("10.0.0.1", &masters[0]));
	assert_null(endpoint_parse("https://[::1]:5051", &masters[1]));
	struct settings settings = sparse();
	settings.masters = masters;
	settings.masters_count = 2;
	settings.zk = zk;
	settings.rules = LABEL_RFC952;
	settings.sources[0] = IP_SOURCE_MESOS;
	settings.sources[1] = IP_SOURCE_HOST;
	settings.sources_count = 2;
	settings.client.credential_file = (char *)(uintptr_t) "/etc/credential";
	settings.client.ca_file = (char *)(uintptr_t) "/etc/ca \"1\".pem";
	struct json_object *page = parse(&(struct config_page){
	        .settings = &settings,
	        .zone = NAME("\001a\005mesos"),
	        .has_reverse = true,
	        .listener = "::1",
	        .port = 8123,
	});
	assert_member(page, "Masters", "[\"10.0.0.1:5050\",\"[::1]:5051\"]");
	assert_member(page, "IPSources", "[\"mesos\",\"host\"]");
	assert_member(page, "Zk", "\"zk://zk1:2182,[::1]:2181/me\\\"sos\"");
	assert_member(page, "Domain", "\"a.mesos\"");
	assert_member(page, "SOAMname", "\"ns1.a.mesos.\"");
	assert_member(page, "HttpPort", "8123");
	assert_member(page, "HTTPListener", "\"::1\"");
	assert_member(page, "ReverseDnsOn", "true");
	assert_member(page, "EnforceRFC952", "true");
	assert_member(page, "MesosHTTPSOn", "true");
	assert_member(page, "CACertFile", "\"/etc/ca \\\"1\\\".pem\"");
	assert_member(page, "MesosCredentials", "{\"Principal\":\"\",\"Secret\":\"\"}");
	assert_member(page, "MesosAuthentication", "\"basic\"");
	const char *text = json_object_to_json_string(page);
	assert_null(strstr(text, "WORD"));
	assert_null(strstr(text, "who"));
	json_object_put(page);
	zk_address_free(zk);
}

/*! \brief What options have come to say since. */
static void test_options(void **state)
{
	(void)state;
	struct settings settings = sparse();
	settings.srv_weight = 20;
	settings.subnet_first = true;
	settings.client.iam_file = (char *)(uintptr_t) "/etc/account";
	struct json_object *page = parse(&(struct config_page){
	        .settings = &settings,
	        .zone = NAME("\005mesos"),
	});
	assert_member(page, "SRVRecordDefaultWeight", "20");
	assert_member(page, "ResolvSubnetFirst", "true");
	assert_member(page, "IAMConfigFile", "\"/etc/account\"");
	assert_member(page, "MesosAuthentication", "\"iam\"");
	json_object_put(page);
}

/*! \brief A zone's name of any bytes, with the escapes of DNS, is JSON all the same. */
static void test_odd_zone(void **state)
{
	(void)state;
	struct settings settings = sparse();
	struct json_object *page = parse(&(struct config_page){
	        .settings = &settings,
	        .zone = NAME("\004a\"\\\001\005mesos"),
	});
	struct json_object *value = NULL;
	assert_true(json_object_object_get_ex(page, "Domain", &value));
	assert_string_equal(json_object_get_string(value), "a\\\"\\\\\\001.mesos");
	assert_true(json_object_object_get_ex(page, "SOARname", &value));
	assert_string_equal(json_object_get_string(value), "root.ns1.a\\\"\\\\\\001.mesos.");
	json_object_put(page);
}

/*! \brief Too little room shows, wherever it ends. */
static void test_errors(void **state)
{
	(void)state;
	struct settings settings = sparse();
	const struct config_page page = { .settings = &settings, .zone = NAME("\005mesos") };
	struct http_body whole = body_empty();
	assert_int_equal(config_page_write(&whole, &page), KNOT_EOK);
	for (size_t max = 0; max < whole.len; max++) {
		struct http_body body = { .max = max };
		assert_int_equal(config_page_write(&body, &page), KNOT_ESPACE);
		http_body_clear(&body);
	}
	http_body_clear(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sparse),   cmocka_unit_test(test_options),
		cmocka_unit_test(test_odd_zone), cmocka_unit_test(test_full),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
