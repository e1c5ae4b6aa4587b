/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief /v1/records and /v1/axfr: every record, in order; and given up where they have to be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <json-c/json.h>

#include "module/base/util.h"
#include "module/http/documents.h"
#include "module/snapshot/table.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/http/body_text.h"

#define NAME(text) ((const knot_dname_t *)(text))

static const knot_dname_t *const ZONE = NAME("\005mesos");

/*! \brief Addresses of one name that fill several pieces. */
#define MANY 200

typedef int (*render_f)(struct http_body *out, const struct http_subject *subject);

static void put(struct snapshot_table *table, const char *owner, uint16_t type, const void *data,
                uint16_t len)
{
	assert_int_equal(snapshot_table_change(table, 1, NAME(owner), type, data, len, 0),
	                 KNOT_EOK);
}

static struct snapshot *commit(struct snapshot_table *table)
{
	struct snapshot *snapshot = NULL;
	assert_int_equal(snapshot_table_commit(table, &snapshot), KNOT_EOK);
	snapshot_table_free(table);
	assert_non_null(snapshot);
	return snapshot;
}

/*! \brief Three names with records, and names above them without any. */
static struct snapshot *small(void)
{
	static const char SERVICE[] = "\0\0\0\1\x1f\x90\003web\002fw\005mesos";
	struct snapshot_table *table = snapshot_table_new(ZONE, 30);
	assert_non_null(table);
	put(table, "\003web\002fw\005mesos", KNOT_RRTYPE_A, "\012\0\0\2", 4);
	put(table, "\003web\002fw\005mesos", KNOT_RRTYPE_A, "\012\0\0\1", 4);
	put(table, "\003web\002fw\005mesos", KNOT_RRTYPE_AAAA, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1",
	    16);
	put(table, "\004_web\004_tcp\002fw\005mesos", KNOT_RRTYPE_SRV, SERVICE, sizeof(SERVICE));
	put(table, "\002ab\005mesos", KNOT_RRTYPE_A, "\012\0\0\3", 4);
	return commit(table);
}

/*! \brief Renders a document of a snapshot whose zone was true just now. */
static int render(render_f document, const struct snapshot *snapshot, struct http_body *out)
{
	static const struct http_source zone = { .name = NAME("\005mesos"), .refresh = 60 };
	const struct http_source *const zones[] = { &zone };
	const struct http_subject subject = {
		.zones = zones,
		.count = 1,
		.zone = &zone,
		.snapshot = snapshot,
		.time = clock_ms(CLOCK_MONOTONIC),
	};
	return document(out, &subject);
}

static void test_records(void **state)
{
	(void)state;
	struct snapshot *snapshot = small();
	struct http_body body = body_empty();
	assert_int_equal(render(http_render_records, snapshot, &body), KNOT_EOK);
	char text[1024] = "", *to = text;
	/* Whatever blanks the columns are set with. */
	for (const char *from = body_text(&body); *from != '\0'; from++) {
		bool blank = *from == ' ' || *from == '\t';
		if (!blank || to[-1] != ' ') {
			*to++ = blank ? ' ' : *from;
		}
	}
	assert_string_equal(text, "ab.mesos. 30 IN A 10.0.0.3\n"
	                          "_web._tcp.fw.mesos. 30 IN SRV 0 1 8080 web.fw.mesos.\n"
	                          "web.fw.mesos. 30 IN A 10.0.0.1\n"
	                          "web.fw.mesos. 30 IN A 10.0.0.2\n"
	                          "web.fw.mesos. 30 IN AAAA fd00::1\n");
	http_body_clear(&body);
	snapshot_unref(snapshot);
}

static void test_axfr(void **state)
{
	(void)state;
	struct snapshot *snapshot = small();
	struct http_body body = body_empty();
	long long before = time(NULL);
	assert_int_equal(render(http_render_axfr, snapshot, &body), KNOT_EOK);
	const char *text = body_text(&body);
	long long serial = 0;
	int head = 0;
	assert_int_equal(sscanf(text, "{\"TTL\":30,\"Serial\":%lld,%n", &serial, &head), 1);
	assert_in_range(serial, before - 1, before + 60);
	assert_string_equal(
	        text + head,
	        "\"RefreshSeconds\":60,\"Mname\":\"ns1.mesos.\",\"Rname\":\"root.ns1.mesos.\","
	        "\"Domain\":\"mesos\",\"Records\":{"
	        "\"As\":{\"ab.mesos.\":[\"10.0.0.3\"],"
	        "\"web.fw.mesos.\":[\"10.0.0.1\",\"10.0.0.2\"]},"
	        "\"AAAAs\":{\"web.fw.mesos.\":[\"fd00::1\"]},"
	        "\"SRVs\":{\"_web._tcp.fw.mesos.\":[\"web.fw.mesos.:8080\"]}}}");
	http_body_clear(&body);
	snapshot_unref(snapshot);
}

/*! \brief A zone's name of any bytes, with the escapes of DNS, is JSON all the same. */
static void test_odd_zone(void **state)
{
	(void)state;
#define ODD "\004a\"\\\001\005mesos"
	static const struct http_source zone = { .name = NAME(ODD) };
	static const char SERVICE[] = "\0\0\0\1\x1f\x90\003web" ODD;
	struct snapshot_table *table = snapshot_table_new(NAME(ODD), 30);
	assert_non_null(table);
	put(table, "\003web" ODD, KNOT_RRTYPE_SRV, SERVICE, sizeof(SERVICE));
	struct snapshot *snapshot = commit(table);
	const struct http_subject subject = { .zone = &zone, .snapshot = snapshot };
	struct http_body body = body_empty();
	assert_int_equal(http_render_axfr(&body, &subject), KNOT_EOK);
	struct json_object *page = json_tokener_parse(body_text(&body)), *value = NULL;
	assert_non_null(page);
	assert_true(json_object_object_get_ex(page, "Domain", &value));
	knot_dname_txt_storage_t text;
	assert_non_null(knot_dname_to_str(text, NAME(ODD), sizeof(text)));
	text[strlen(text) - 1] = '\0';
	assert_string_equal(json_object_get_string(value), text);
	assert_true(json_object_object_get_ex(page, "Records", &value));
	assert_true(json_object_object_get_ex(value, "SRVs", &value));
	json_object_object_foreach(value, owner, list)
	{
		text[strlen(text)] = '.';
		assert_string_equal(owner + strlen("web."), text);
		const char *target = json_object_get_string(json_object_array_get_idx(list, 0));
		assert_string_equal(target + strlen(target) - strlen(".mesos.:8080"),
		                    ".mesos.:8080");
	}
	json_object_put(page);
	http_body_clear(&body);
	snapshot_unref(snapshot);
}

static void test_nothing(void **state)
{
	(void)state;
	struct snapshot_table *table = snapshot_table_new(ZONE, 30);
	assert_non_null(table);
	struct snapshot *snapshot = commit(table);
	struct http_body body = body_empty();
	assert_int_equal(render(http_render_records, snapshot, &body), KNOT_EOK);
	assert_string_equal(body_text(&body), "");
	http_body_clear(&body);
	body = body_empty();
	assert_int_equal(render(http_render_axfr, snapshot, &body), KNOT_EOK);
	assert_non_null(
	        strstr(body_text(&body), "\"Records\":{\"As\":{},\"AAAAs\":{},\"SRVs\":{}}}"));
	http_body_clear(&body);
	snapshot_unref(snapshot);
}

static size_t occurrences(const char *text, const char *word)
{
	size_t count = 0;
	while ((text = strstr(text, word)) != NULL) {
		text += strlen(word);
		count++;
	}
	return count;
}

/*! \brief A set in several pieces is given once and whole. */
static void test_pieces(void **state)
{
	(void)state;
	struct snapshot_table *table = snapshot_table_new(ZONE, 30);
	assert_non_null(table);
	for (uint8_t i = 0; i < MANY; i++) {
		put(table, "\004many\005mesos", KNOT_RRTYPE_A, (const uint8_t[]){ 10, 0, 1, i }, 4);
	}
	struct snapshot *snapshot = commit(table);
	struct http_body records = body_empty(), axfr = body_empty();
	assert_int_equal(render(http_render_records, snapshot, &records), KNOT_EOK);
	assert_int_equal(render(http_render_axfr, snapshot, &axfr), KNOT_EOK);
	const char *lines = body_text(&records), *lists = body_text(&axfr);
	assert_int_equal(occurrences(lines, "\n"), MANY);
	assert_int_equal(occurrences(lines, "many.mesos."), MANY);
	assert_int_equal(occurrences(lists, "\"10.0.1."), MANY);
	assert_int_equal(occurrences(lists, "many.mesos."), 1);
	for (unsigned i = 0; i < MANY; i++) {
		char line[32], item[32];
		snprintf(line, sizeof(line), "10.0.1.%u\n", i);
		snprintf(item, sizeof(item), "\"10.0.1.%u\"", i);
		assert_non_null(strstr(lines, line));
		assert_non_null(strstr(lists, item));
	}
	http_body_clear(&records);
	http_body_clear(&axfr);
	snapshot_unref(snapshot);
}

/*! \brief Names in their canonical order (RFC 4034, section 6.1), whatever their hashes. */
static void test_order(void **state)
{
	(void)state;
	struct snapshot_table *table = snapshot_table_new(ZONE, 30);
	assert_non_null(table);
	put(table, "\001z\005mesos", KNOT_RRTYPE_A, "\012\0\0\1", 4);
	put(table, "\001a\001z\005mesos", KNOT_RRTYPE_A, "\012\0\0\1", 4);
	put(table, "\002za\005mesos", KNOT_RRTYPE_A, "\012\0\0\1", 4);
	put(table, "\001b\001a\005mesos", KNOT_RRTYPE_A, "\012\0\0\1", 4);
	put(table, "\002ab\005mesos", KNOT_RRTYPE_A, "\012\0\0\1", 4);
	struct snapshot *snapshot = commit(table);
	struct http_body body = body_empty();
	assert_int_equal(render(http_render_axfr, snapshot, &body), KNOT_EOK);
	const char *at = body_text(&body);
	static const char *const order[] = { "\"b.a.mesos.\"", "\"ab.mesos.\"", "\"z.mesos.\"",
		                             "\"a.z.mesos.\"", "\"za.mesos.\"" };
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		at = strstr(at, order[i]);
		assert_non_null(at);
	}
	http_body_clear(&body);
	snapshot_unref(snapshot);
}

/*! \brief Whatever runs out, and whoever does not want it any more: an error, and no leak. */
static void test_errors(void **state)
{
	(void)state;
	struct snapshot *snapshot = small();
	static const render_f documents[] = { http_render_records, http_render_axfr };
	for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++) {
		struct http_body whole = body_empty();
		assert_int_equal(render(documents[i], snapshot, &whole), KNOT_EOK);
		for (size_t max = 0; max < whole.len; max++) {
			struct http_body body = { .max = max };
			assert_int_equal(render(documents[i], snapshot, &body), KNOT_ESPACE);
			assert_true(body.len <= max);
			http_body_clear(&body);
		}
		http_body_clear(&whole);

		int ret = KNOT_ENOMEM;
		for (long n = 0; ret != KNOT_EOK; n++) {
			struct http_body body = body_empty();
			alloc_fails_in = n;
			alloc_has_failed = false;
			ret = render(documents[i], snapshot, &body);
			alloc_fails_in = -1;
			assert_int_equal(ret, alloc_has_failed ? KNOT_ENOMEM : KNOT_EOK);
			assert_true(n > 1 || ret == KNOT_ENOMEM);
			http_body_clear(&body);
		}

		atomic_bool stop = true;
		struct http_body body = { .max = HTTP_BODY_MAX, .stop = &stop };
		assert_int_equal(render(documents[i], snapshot, &body), KNOT_ECONNABORTED);
		http_body_clear(&body);
	}
	snapshot_unref(snapshot);
}

static void test_version(void **state)
{
	(void)state;
	struct http_body body = body_empty();
	assert_int_equal(render(http_render_version, NULL, &body), KNOT_EOK);
	assert_string_equal(body_text(&body), "{\"Service\":\"Mesos-DNS\","
	                                      "\"URL\":\"https://github.com/mesosphere/mesos-dns\","
	                                      "\"Version\":\"" MESOS_VERSION "-mod-mesos\"}");
	http_body_clear(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records), cmocka_unit_test(test_axfr),
		cmocka_unit_test(test_nothing), cmocka_unit_test(test_odd_zone),
		cmocka_unit_test(test_pieces),  cmocka_unit_test(test_order),
		cmocka_unit_test(test_errors),  cmocka_unit_test(test_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
