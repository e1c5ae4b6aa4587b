/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A cluster's inventory is handed on as it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "module/cluster/stock.h"
#include "tests/unit/inventory/inventory_fixture.h"

static void count(void *ctx, const struct inventory_change *change)
{
	(void)change;
	++*(unsigned *)ctx;
}

/*! \brief Takes a state as a master's reply brings it; returns how the parse ended. */
static int take(struct stock *stock, const char *json)
{
	struct master_facts facts;
	struct objects_parser *parser = objects_parser_new(&stock_sink, stock);
	assert_non_null(parser);
	stock_begin(stock);
	int ret = objects_parser_feed(parser, json, strlen(json));
	if (ret == KNOT_EOK) {
		ret = objects_parser_finish(parser, &facts);
	}
	if (ret == KNOT_EOK) {
		assert_int_equal(inventory_commit(stock->inventory), KNOT_EOK);
		stock->leader = failover_leader(&facts, 7);
	} else {
		stock_abort(stock);
	}
	objects_parser_free(parser);
	return ret;
}

static void assert_serves(const struct stock *stock, const char *expected)
{
	char *text = served_text(stock->inventory, true);
	assert_string_equal(text, expected);
	free(text);
}

static void test_take(void **unused)
{
	(void)unused;
	unsigned changes = 0;
	struct stock *stock = stock_new(count, &changes);
	assert_int_equal(take(stock, TWO), KNOT_EOK);
	assert_serves(stock, LINES_TWO);
	assert_int_equal(changes, 7);
	assert_int_equal(take(stock, HEAD "\"slaves\":[" AGENT("S3", "10.0.0.13") "],"),
	                 KNOT_EMALF);
	assert_serves(stock, LINES_TWO);
	assert_int_equal(changes, 7);
	stock_unref(stock);
}

/*! \brief Takes an event as a stream brings it. */
static void hear(struct stock *stock, const char *json)
{
	struct inventory_news news;
	struct event event;
	struct event_parser *parser = event_parser_new();
	assert_non_null(parser);
	assert_int_equal(event_parser_feed(parser, json, strlen(json)), KNOT_EOK);
	assert_int_equal(event_parser_finish(parser, &event), KNOT_EOK);
	assert_int_equal(stock_event(stock, &event, &news), KNOT_EOK);
	event_parser_free(parser);
}

/*! \brief A state may be older than its first octet: what has come since it was asked for counts.
 */
static void test_expected(void **unused)
{
	(void)unused;
	const char *without_a = LINE_S1 LINE_S2 LINE_F2 LINE_F1 LINE_B LINE_C;
	unsigned changes = 0;
	struct stock *stock = stock_new(count, &changes);
	assert_int_equal(take(stock, TWO), KNOT_EOK);

	stock_expect(stock);
	hear(stock, V1_UPDATE("a", "F1", "TASK_KILLED", "1", "::1"));
	/* One that breaks off changes nothing of that. */
	assert_int_equal(take(stock, HEAD "\"slaves\":["), KNOT_EMALF);
	assert_int_equal(take(stock, TWO), KNOT_EOK);
	assert_serves(stock, without_a);
	/* That was all: the next one is of later. */
	assert_int_equal(take(stock, TWO), KNOT_EOK);
	assert_serves(stock, LINES_TWO);

	/* What another master has said is not for this state. */
	stock_expect(stock);
	hear(stock, V1_UPDATE("a", "F1", "TASK_KILLED", "1", "::1"));
	assert_serves(stock, without_a);
	stock_disown(stock);
	assert_int_equal(take(stock, TWO), KNOT_EOK);
	assert_serves(stock, LINES_TWO);

	/* Nor is what came before a poll that failed. */
	stock_expect(stock);
	hear(stock, V1_UPDATE("a", "F1", "TASK_KILLED", "1", "::1"));
	stock_forget(stock);
	stock_expect(stock);
	assert_int_equal(take(stock, TWO), KNOT_EOK);
	assert_serves(stock, LINES_TWO);
	stock_unref(stock);
}

/*! \brief What a new leader does not know yet stays also with the one that took it over. */
static void test_copy(void **unused)
{
	(void)unused;
	atomic_bool stop = false;
	unsigned changes = 0, changes_from = 0;
	struct stock *from = stock_new(count, &changes_from);
	struct stock *to = stock_new(count, &changes);
	assert_int_equal(take(from, TWO), KNOT_EOK);
	/* One of the agents is kept already, and another state is on its way. */
	assert_int_equal(
	        take(from,
	             HEAD "\"slaves\":[" AGENT(
	                     "S1",
	                     "10.0.0.11") "],"
	                                  "\"recovered_slaves\":[" AGENT(
	                                          "S2",
	                                          "10.0.0.12") "],"
	                                                       "\"frameworks\":[" FRAMEWORK_OF(
	                                                               "F1", PID,
	                                                               TASK_AT("a", "S1",
	                                                                       RUNNING)) "]}"),
	        KNOT_EOK);
	assert_serves(from, LINES_TWO);
	assert_int_equal(inventory_stats(from->inventory).kept, 1);
	stock_begin(from);

	unsigned before = changes_from;
	assert_int_equal(stock_copy(to, from, &stop), KNOT_EOK);
	assert_int_equal(changes_from, before);
	assert_int_equal(changes, 7);
	assert_serves(to, LINES_TWO);
	assert_int_equal(to->leader.asked, 7);
	stock_unref(from);

	assert_int_equal(
	        take(to,
	             HEAD "\"slaves\":[],\"recovered_slaves\":[" AGENT("S1", "10.0.0.11") "," AGENT(
	                     "S2", "10.0.0.12") "],\"frameworks\":[]}"),
	        KNOT_EOK);
	assert_serves(to, LINES_TWO);
	assert_int_equal(inventory_stats(to->inventory).kept, 2);
	assert_int_equal(take(to, HEAD "\"slaves\":[],\"frameworks\":[]}"), KNOT_EOK);
	assert_serves(to, "");
	assert_int_equal(inventory_stats(to->inventory).kept, 0);
	stock_unref(to);
}

static void test_stopped_copy(void **unused)
{
	(void)unused;
	atomic_bool stop = true;
	unsigned changes = 0;
	char *json;
	size_t size;
	FILE *out = open_memstream(&json, &size);
	fputs(HEAD "\"slaves\":[],\"frameworks\":[{\"id\":\"F\",\"tasks\":[", out);
	for (int i = 0; i < 3000; i++) {
		fprintf(out, "%s{\"id\":\"t%d\",\"slave_id\":\"S1\",\"state\":\"TASK_RUNNING\"}",
		        i > 0 ? "," : "", i);
	}
	fputs("]}]}", out);
	fclose(out);
	struct stock *from = stock_new(count, &changes);
	assert_int_equal(take(from, json), KNOT_EOK);
	free(json);

	changes = 0;
	struct stock *to = stock_new(count, &changes);
	assert_int_equal(stock_copy(to, from, &stop), KNOT_ECONNABORTED);
	assert_int_equal(changes, 0);
	assert_int_equal(inventory_stats(to->inventory).tasks, 0);
	assert_int_equal(to->leader.asked, 0);
	stop = false;
	assert_int_equal(stock_copy(to, from, &stop), KNOT_EOK);
	assert_int_equal(inventory_stats(to->inventory).tasks, 3000);
	stock_unref(from);
	stock_unref(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_stopped_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
