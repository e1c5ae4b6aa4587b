/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief /v1/enumerate: who is listed, in which order, and which record under which task.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "module/cluster/enumerate.h"
#include "module/cluster/projection.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/http/body_text.h"
#include "tests/unit/inventory/inventory_fixture.h"

#define NAME(text) ((const knot_dname_t *)(text))

static const struct records_rules RULES = {
	.zone = NAME("\005mesos"),
	.origin = NAME("\005mesos"),
	.labels = LABEL_RFC1123,
	.sources = { IP_SOURCE_HOST },
	.sources_count = 1,
};

static void ignore(void *ctx, const struct inventory_change *change)
{
	(void)ctx, (void)change;
}

static struct stock *stock_of(const char *json)
{
	struct stock *stock = stock_new(ignore, NULL);
	assert_non_null(stock);
	if (json != NULL) {
		assert_int_equal(feed_state(stock->inventory, json), KNOT_EOK);
	}
	return stock;
}

/*! \brief What queries see. */
static struct snapshot *show(const struct stock *stock, const struct records_rules *rules)
{
	static const atomic_bool never = false;
	static const struct records_masters nobody = { 0 };
	struct projection projection;
	struct snapshot *snapshot = NULL;
	projection_init(&projection, rules, RECORDS_OCTETS_MAX, &never);
	assert_int_equal(
	        projection_commit(&projection, stock->inventory, &nobody, 30, true, &snapshot),
	        KNOT_EOK);
	projection_free(&projection);
	assert_non_null(snapshot);
	return snapshot;
}

/*! \brief Lists what a stock has, and queries see. */
static int enumerate(struct http_body *body, struct stock *stock, const struct records_rules *rules)
{
	struct snapshot *snapshot = show(stock, rules);
	int ret = enumerate_write(body, stock, rules, snapshot);
	snapshot_unref(snapshot);
	return ret;
}

static void assert_list(const char *json, const struct records_rules *rules, const char *expected)
{
	struct stock *stock = stock_of(json);
	struct http_body body = body_empty();
	assert_int_equal(enumerate(&body, stock, rules), KNOT_EOK);
	assert_string_equal(body_text(&body), expected);
	http_body_clear(&body);
	stock_unref(stock);
}

#define STATE(agents, frameworks) HEAD "\"slaves\":[" agents "],\"frameworks\":[" frameworks "]}"
#define ONE                       AGENT("C-S1", "10.0.0.11")
/*! \brief Hashes of the task IDs a and b. */
#define HASH_A "o556e"
#define HASH_B "78mt6"

#define ADDRESS(name) "{\"name\":\"" name "\",\"host\":\"10.0.0.11\",\"rtype\":\"A\"}"

/*! \brief Records of tasks of the name `web` and the IDs a and b on ONE, in F2. */
#define RECORDS_A                                                                                  \
	ADDRESS("web.f2.mesos.")                                                                   \
	"," ADDRESS("web-" HASH_A "-s1.f2.mesos.") "," ADDRESS("web.f2.slave.mesos.") "," ADDRESS( \
	        "web-" HASH_A "-s1.f2.slave.mesos.")
#define RECORDS_B                              \
	ADDRESS("web-" HASH_B "-s1.f2.mesos.") \
	"," ADDRESS("web-" HASH_B "-s1.f2.slave.mesos.")

/*! \brief A task of the name `web`, whatever its ID. */
#define WEB(id, more)                                                     \
	"{\"id\":\"" id "\",\"name\":\"web\",\"slave_id\":\"C-S1\"," more \
	"\"state\":\"TASK_RUNNING\"}"

static void test_nobody(void **state)
{
	(void)state;
	assert_list(NULL, &RULES, "{\"frameworks\":null}");
	assert_list(STATE(ONE, FRAMEWORK_OF("F1", "", "")), &RULES,
	            "{\"frameworks\":[{\"tasks\":[],\"name\":\"F1\"}]}");
}

/*! \brief By IDs, whatever order they came in; what two tasks make stands under the first. */
static void test_order(void **state)
{
	(void)state;
	assert_list(
	        STATE(ONE, FRAMEWORK_OF("F2", "", WEB("b", "") "," WEB("a", "")) "," FRAMEWORK_OF(
	                           "F1", "", "")),
	        &RULES,
	        "{\"frameworks\":[{\"tasks\":[],\"name\":\"F1\"},{\"tasks\":["
	        "{\"name\":\"web\",\"id\":\"a\",\"records\":[" RECORDS_A "]},"
	        "{\"name\":\"web\",\"id\":\"b\",\"records\":[" RECORDS_B "]}],"
	        "\"name\":\"F2\"}]}");
}

/*! \brief Of equal IDs, one may be the other's beginning. */
static void test_order_of_lengths(void **state)
{
	(void)state;
	struct stock *stock = stock_of(STATE(
	        ONE, FRAMEWORK_OF("F", "", WEB("a.10", "") "," WEB("a.1", "") "," WEB("a", ""))));
	struct http_body body = body_empty();
	assert_int_equal(enumerate(&body, stock, &RULES), KNOT_EOK);
	const char *first = strstr(body_text(&body), "\"id\":\"a\"");
	const char *second = strstr(body.data, "\"id\":\"a.1\"");
	const char *third = strstr(body.data, "\"id\":\"a.10\"");
	assert_true(first != NULL && first < second && second < third);
	http_body_clear(&body);
	stock_unref(stock);
}

/*! \brief Who does not run, is on no agent that is known, or has no name for DNS, is not there. */
static void test_left_out(void **state)
{
	(void)state;
	assert_list(STATE(ONE, FRAMEWORK_OF("F", "",
	                                    TASK_AT("a", "C-S1", "TASK_STAGING") "," TASK_AT(
	                                            "b", "C-S2", RUNNING) "," TASK_AT("...", "C-S1",
	                                                                              RUNNING))),
	            &RULES, "{\"frameworks\":[{\"tasks\":[],\"name\":\"F\"}]}");
}

/*! \brief Two frameworks of one name make the same names; the second's task has nothing new. */
static void test_nothing_new(void **state)
{
	(void)state;
	static const char both[] = STATE(
	        ONE,
	        "{\"id\":\"F1\",\"name\":\"same\",\"tasks\":[" WEB(
	                "a", "") "]},"
	                         "{\"id\":\"F2\",\"name\":\"same\",\"tasks\":[" WEB("a", "") "]}");
	struct stock *stock = stock_of(both);
	struct http_body body = body_empty();
	assert_int_equal(enumerate(&body, stock, &RULES), KNOT_EOK);
	const char *second = strstr(body_text(&body), "\"name\":\"same\"},");
	assert_non_null(second);
	assert_string_equal(second, "\"name\":\"same\"},{\"tasks\":[{\"name\":\"web\","
	                            "\"id\":\"a\",\"records\":null}],\"name\":\"same\"}]}");
	http_body_clear(&body);
	stock_unref(stock);
}

/*! \brief Names of tasks and frameworks are a stranger's bytes; ports stand behind targets. */
static void test_texts(void **state)
{
	(void)state;
	static const char odd[] = STATE(
	        ONE, "{\"id\":\"F\",\"name\":\"F \\u00e9\\\"\",\"tasks\":[{\"id\":\"a\","
	             "\"name\":\"w<\\n>\",\"slave_id\":\"C-S1\",\"resources\":"
	             "{\"ports\":\"[80-80]\"},\"state\":\"TASK_RUNNING\"}]}");
	struct stock *stock = stock_of(odd);
	struct http_body body = body_empty();
	assert_int_equal(enumerate(&body, stock, &RULES), KNOT_EOK);
	const char *text = body_text(&body);
	assert_non_null(strstr(text, "\"name\":\"F \xc3\xa9\\\"\"}]}"));
	assert_non_null(strstr(text, "{\"name\":\"w<\\n>\",\"id\":\"a\","));
	assert_non_null(strstr(text, "{\"name\":\"_w._tcp.f.mesos.\",\"host\":"
	                             "\"w-" HASH_A "-s1.f.slave.mesos.:80\",\"rtype\":\"SRV\"}"));
	http_body_clear(&body);
	stock_unref(stock);
}

/*! \brief A reverse zone's records are those that it has. */
static void test_reverse(void **state)
{
	(void)state;
	struct records_rules reverse = RULES;
	reverse.zone = NAME("\00210\007in-addr\004arpa");
	reverse.reverse = true;
	assert_list(STATE(ONE, FRAMEWORK_OF("F", "", WEB("a", ""))), &reverse,
	            "{\"frameworks\":[{\"tasks\":[{\"name\":\"web\",\"id\":\"a\",\"records\":["
	            "{\"name\":\"11.0.0.10.in-addr.arpa.\",\"host\":\"web.f.mesos.\","
	            "\"rtype\":\"PTR\"}]}],\"name\":\"F\"}]}");
}

/*! \brief A state of a thousand tasks: each record once, whatever the table's size. */
static void test_many(void **state)
{
	(void)state;
	char *json = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&json, &size);
	assert_non_null(out);
	fputs(HEAD "\"slaves\":[" ONE "],\"frameworks\":[{\"id\":\"F\",\"name\":\"F\",\"tasks\":[",
	      out);
	for (unsigned i = 0; i < 1000; i++) {
		fprintf(out,
		        "%s{\"id\":\"t.%u\",\"name\":\"t\",\"slave_id\":\"C-S1\","
		        "\"state\":\"TASK_RUNNING\"}",
		        i > 0 ? "," : "", i);
	}
	fputs("]}]}", out);
	fclose(out);
	struct stock *stock = stock_of(json);
	struct http_body body = body_empty();
	assert_int_equal(enumerate(&body, stock, &RULES), KNOT_EOK);
	size_t records = 0, shared = 0;
	for (const char *at = body_text(&body); (at = strstr(at, "\"rtype\"")) != NULL; at++) {
		records++;
	}
	for (const char *at = body.data; (at = strstr(at, "\"t.f.")) != NULL; at++) {
		shared++;
	}
	/* Two of each task's own, and two that they share. */
	assert_int_equal(records, 2 * 1000 + 2);
	assert_int_equal(shared, 2);
	http_body_clear(&body);
	stock_unref(stock);
	free(json);
}

/*! \brief Whatever runs out, and whoever does not want it any more: an error, and no leak. */
static void test_errors(void **state)
{
	(void)state;
	struct stock *stock = stock_of(TWO);
	struct snapshot *snapshot = show(stock, &RULES);
	struct http_body whole = body_empty();
	assert_int_equal(enumerate_write(&whole, stock, &RULES, snapshot), KNOT_EOK);
	for (size_t max = 0; max < whole.len; max++) {
		struct http_body body = { .max = max };
		assert_int_equal(enumerate_write(&body, stock, &RULES, snapshot), KNOT_ESPACE);
		http_body_clear(&body);
	}
	http_body_clear(&whole);

	int ret = KNOT_ENOMEM;
	for (long n = 0; ret != KNOT_EOK; n++) {
		struct http_body body = body_empty();
		alloc_fails_in = n;
		alloc_has_failed = false;
		ret = enumerate_write(&body, stock, &RULES, snapshot);
		alloc_fails_in = -1;
		assert_int_equal(ret, alloc_has_failed ? KNOT_ENOMEM : KNOT_EOK);
		assert_true(n > 2 || ret == KNOT_ENOMEM);
		http_body_clear(&body);
	}

	atomic_bool stop = true;
	struct http_body body = { .max = HTTP_BODY_MAX, .stop = &stop };
	assert_int_equal(enumerate_write(&body, stock, &RULES, snapshot), KNOT_ECONNABORTED);
	http_body_clear(&body);
	snapshot_unref(snapshot);
	/* The lock is free. */
	assert_int_equal(pthread_mutex_trylock(&stock->lock), 0);
	pthread_mutex_unlock(&stock->lock);
	stock_unref(stock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody),           cmocka_unit_test(test_order),
		cmocka_unit_test(test_order_of_lengths), cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_nothing_new),      cmocka_unit_test(test_texts),
		cmocka_unit_test(test_reverse),          cmocka_unit_test(test_many),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
