/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Tasks that a state has as it had them the last time are not read again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/inventory/inventory_fixture.h"

/*! \brief An inventory, and how many tasks had to be read for it. */
struct reader {
	struct fixture f;
	size_t tasks;
	struct wants *wants; /*!< What they are read with; NULL: nothing. */
};

static int read_agent(void *ctx, const struct agent_object *agent)
{
	return inventory_sink.agent(((struct reader *)ctx)->f.inventory, agent);
}

static int read_framework(void *ctx, const struct framework_object *framework)
{
	return inventory_sink.framework(((struct reader *)ctx)->f.inventory, framework);
}

static int read_task(void *ctx, const struct task_object *task)
{
	struct reader *reader = ctx;
	reader->tasks++;
	return inventory_sink.task(reader->f.inventory, task);
}

static size_t expect_text(void *ctx, struct text framework)
{
	return inventory_sink.expect_text(((struct reader *)ctx)->f.inventory, framework);
}

static bool know_text(void *ctx, struct text text)
{
	return inventory_sink.know_text(((struct reader *)ctx)->f.inventory, text);
}

static void keep_text(void *ctx, struct text text)
{
	inventory_sink.keep_text(((struct reader *)ctx)->f.inventory, text);
}

static const struct objects_sink sink = { read_agent,  read_framework, read_task,
	                                  expect_text, know_text,      keep_text };

/*! \brief Reads a state, perhaps without its last bytes; says how many of its tasks were read. */
static size_t read_state(struct reader *r, const char *json, size_t missing)
{
	struct master_facts facts;
	struct objects_parser *parser = objects_parser_wanting(&sink, r, r->wants);
	r->tasks = 0;
	inventory_begin(r->f.inventory);
	assert_int_equal(objects_parser_feed(parser, json, strlen(json) - missing), KNOT_EOK);
	if (missing == 0) {
		assert_int_equal(objects_parser_finish(parser, &facts), KNOT_EOK);
		assert_int_equal(inventory_commit(r->f.inventory), KNOT_EOK);
	} else {
		inventory_abort(r->f.inventory);
	}
	objects_parser_free(parser);
	free(mirror_check(&r->f.mirror, r->f.inventory));
	return r->tasks;
}

/*! \brief Asserts how many tasks of a state are read, and what is served then. */
static void expect_read(struct reader *r, const char *json, size_t tasks)
{
	assert_int_equal(read_state(r, json, 0), tasks);
	struct fixture fresh;
	begin(&fresh);
	load(&fresh, json);
	char *text = served_text(r->f.inventory, true);
	char *expected = served_text(fresh.inventory, true);
	assert_string_equal(text, expected);
	free(text);
	free(expected);
	end(&fresh);
}

/*! \brief A state of tasks that a string names: one letter each, upper case on another agent. */
static char *state_of(const char *first, const char *second)
{
	const char *const frameworks[] = { first, second };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	fputs(HEAD "\"slaves\":[" AGENT("S1", "10.0.0.11") "," AGENT("S2", "10.0.0.12") "],", out);
	fputs("\"frameworks\":[", out);
	for (unsigned i = 0; i < 2; i++) {
		fprintf(out, "%s{\"id\":\"F%u\",\"name\":\"F%u\",\"tasks\":[", i > 0 ? "," : "", i,
		        i);
		for (const char *task = frameworks[i]; *task != '\0'; task++) {
			fprintf(out,
			        "%s{\"id\":\"%c\",\"name\":\"n\",\"slave_id\":\"S%u\",\"state\":"
			        "\"TASK_RUNNING\"}",
			        task > frameworks[i] ? "," : "", *task | 0x20,
			        (*task & 0x20) != 0 ? 1U : 2U);
		}
		fputs("]}", out);
	}
	fputs("]}", out);
	fclose(out);
	return text;
}

static void expect_tasks(struct reader *r, const char *first, const char *second, size_t tasks)
{
	char *state = state_of(first, second);
	expect_read(r, state, tasks);
	free(state);
}

/*! \brief What is new is read twice: only what is found to be the same is remembered. */
static void begin_known(struct reader *r, const char *first, const char *second)
{
	begin(&r->f);
	expect_tasks(r, first, second, strlen(first) + strlen(second));
	expect_tasks(r, first, second, strlen(first) + strlen(second));
	expect_tasks(r, first, second, 0);
}

static void test_same(void **unused)
{
	(void)unused;
	struct reader r = { .tasks = 0 };
	begin_known(&r, "abcdefgh", "xyz");
	size_t bytes = inventory_stats(r.f.inventory).bytes;
	r.f.mirror.changes = 0;
	expect_tasks(&r, "abcdefgh", "xyz", 0);
	assert_int_equal(r.f.mirror.changes, 0);
	assert_int_equal(inventory_stats(r.f.inventory).bytes, bytes);
	end(&r.f);
}

static void test_some_go(void **unused)
{
	(void)unused;
	struct reader r = { .tasks = 0 };
	begin_known(&r, "abcdefgh", "xyz");
	/* Each guess that is wrong costs a task. */
	expect_tasks(&r, "bcdfgh", "z", 3);
	expect_tasks(&r, "bcdfgh", "z", 0);
	expect_tasks(&r, "", "z", 0);
	expect_tasks(&r, "", "", 0);
	end(&r.f);
}

static void test_some_come(void **unused)
{
	(void)unused;
	struct reader r = { .tasks = 0 };
	begin_known(&r, "adg", "x");
	expect_tasks(&r, "abcdefgh", "wx", 6);
	expect_tasks(&r, "abcdefgh", "wx", 6);
	expect_tasks(&r, "abcdefgh", "wx", 0);
	end(&r.f);
}

static void test_some_change(void **unused)
{
	(void)unused;
	struct reader r = { .tasks = 0 };
	begin_known(&r, "abcdefgh", "x");
	expect_tasks(&r, "abCdefGh", "x", 2);
	expect_tasks(&r, "abCdefGh", "x", 2);
	expect_tasks(&r, "abCdefGh", "x", 0);
	expect_tasks(&r, "abcdefgh", "x", 2);
	end(&r.f);
}

static void test_other_order(void **unused)
{
	(void)unused;
	struct reader r = { .tasks = 0 };
	begin_known(&r, "abcdefgh", "xy");
	char *state = state_of("hgfdceba", "yx");
	assert_in_range(read_state(&r, state, 0), 1, 10);
	expect_read(&r, state, 0);
	free(state);
	end(&r.f);
}

/*! \brief The same text in another framework is another task. */
static void test_other_framework(void **unused)
{
	(void)unused;
	struct reader r = { .tasks = 0 };
	begin_known(&r, "ab", "ab");
	expect_tasks(&r, "abc", "ab", 1);
	expect_tasks(&r, "abc", "cab", 2);
	expect_tasks(&r, "c", "ab", 2);
	expect_tasks(&r, "c", "ab", 0);
	end(&r.f);
}

/*! \brief The last of several with one ID counts. */
static void test_twice(void **unused)
{
	(void)unused;
	struct reader r = { .tasks = 0 };
	begin(&r.f);
	for (unsigned i = 0; i < 4; i++) {
		expect_tasks(&r, "abBc", "", i < 2 ? 4 : 2);
	}
	expect_tasks(&r, "abb", "", 2);
	expect_tasks(&r, "aBb", "", 2);
	end(&r.f);
}

/*! \brief What a load that broke off has found to be other is not taken for what it was. */
static void test_broken_load(void **unused)
{
	(void)unused;
	struct reader r = { .tasks = 0 };
	begin_known(&r, "abc", "x");
	char *other = state_of("aBc", "X");
	assert_int_equal(read_state(&r, other, 1), 2);
	expect_tasks(&r, "abc", "x", 0);
	assert_int_equal(read_state(&r, other, 1), 2);
	expect_read(&r, other, 2);
	free(other);
	end(&r.f);
}

/*! \brief An event makes a task another one than the text says, and back. */
static void test_events(void **unused)
{
	(void)unused;
	struct reader r = { .tasks = 0 };
	begin_known(&r, "abc", "x");
	apply(&r.f, V1_TASK("b", "F0", "S2", RUNNING));
	expect_tasks(&r, "abc", "x", 1);
	expect_tasks(&r, "abc", "x", 1);
	apply(&r.f, V1_UPDATE("a", "F0", "TASK_LOST", "1", "::1"));
	expect_tasks(&r, "abc", "x", 1);
	end(&r.f);
}

/*! \brief A task that is expected goes by an event while the state is on its way. */
static void test_events_meanwhile(void **unused)
{
	(void)unused;
	char *state = state_of("abcd", "x");
	size_t len = strlen(state);
	for (size_t cut = 1; cut < len; cut++) {
		struct reader r = { .tasks = 0 };
		struct master_facts facts;
		begin_known(&r, "abcd", "x");
		struct objects_parser *parser = objects_parser_new(&sink, &r);
		inventory_begin(r.f.inventory);
		assert_int_equal(objects_parser_feed(parser, state, cut), KNOT_EOK);
		apply(&r.f, V1_UPDATE("b", "F0", "TASK_LOST", "1", "::1"));
		apply(&r.f, V1_UPDATE("c", "F0", "TASK_LOST", "1", "::1"));
		apply(&r.f, V1_FRAMEWORK_GONE("F1"));
		assert_int_equal(objects_parser_feed(parser, state + cut, len - cut), KNOT_EOK);
		assert_int_equal(objects_parser_finish(parser, &facts), KNOT_EOK);
		assert_int_equal(inventory_commit(r.f.inventory), KNOT_EOK);
		objects_parser_free(parser);
		r.f.mirror.changes = 0;
		expect(&r.f, 0,
		       LINE_S1 LINE_S2
		       "framework port=0 name=\"F0\" addresses=\n"
		       "task id=\"a\" name=\"n\" discovery=\"\" agent=\"S1\" ranges= ports= "
		       "netinfo= mesos= docker= maps_ports=0 of=\"F0\" addresses=10.0.0.11,\n"
		       "task id=\"d\" name=\"n\" discovery=\"\" agent=\"S1\" ranges= ports= "
		       "netinfo= mesos= docker= maps_ports=0 of=\"F0\" addresses=10.0.0.11,\n");
		end(&r.f);
	}
	free(state);
}

/*! \brief After a wrong guess as much is read as it was before there is another. */
static void test_guesses_are_paid(void **unused)
{
	(void)unused;
	static const struct text framework = { "F0", 2 };
	static const char wrong[4096] = { 0 };
	struct reader r = { .tasks = 0 };
	begin_known(&r, "abc", "");
	struct inventory *inventory = r.f.inventory;
	inventory_begin(inventory);
	size_t len = inventory_expect_text(inventory, framework);
	assert_true(len > 2);
	assert_false(inventory_know_text(inventory, (struct text){ wrong, (uint32_t)len }));
	assert_int_equal(inventory_expect_text(inventory, framework), 0);
	inventory_keep_text(inventory, (struct text){ wrong, (uint32_t)len - 1 });
	assert_int_equal(inventory_expect_text(inventory, framework), 0);
	inventory_keep_text(inventory, (struct text){ wrong, 1 });
	assert_int_equal(inventory_expect_text(inventory, framework), len);
	inventory_abort(inventory);
	assert_int_equal(inventory_expect_text(inventory, framework), 0);
	end(&r.f);
}

/*! \brief Finds the health of the only task. */
static void find_health(void *ctx, const struct inventory_change *change)
{
	if (change->kind == INVENTORY_TASK) {
		*(enum task_health *)ctx = task_object_health(change->after.task).health;
	}
}

static enum task_health health_of(const struct reader *r)
{
	enum task_health health = HEALTH_UNSAID;
	inventory_walk(r->f.inventory, find_health, &health);
	return health;
}

/*! \brief Texts are known with what was wanted of them, and not with anything else. */
static void test_wants(void **unused)
{
	(void)unused;
	static const char json[] = HEAD
	        "\"slaves\":[" AGENT("S1", "10.0.0.11") "],\"frameworks\":[{\"id\":\"F\",\"name\":"
	                                                "\"F\",\"tasks\":[{\"id\":\"t\",\"name\":"
	                                                "\"n\",\"slave_id\":\"S1\",\"state\":"
	                                                "\"TASK_RUNNING\",\"statuses\":[{\"state\":"
	                                                "\"TASK_RUNNING\",\"healthy\":false}]}]}]}";
	struct wants *const turns[] = { NULL, health_wants(), NULL, health_wants() };
	struct reader r = { .tasks = 0 };
	begin(&r.f);
	for (size_t i = 0; i < sizeof(turns) / sizeof(*turns); i++) {
		r.wants = turns[i];
		inventory_read_anew(r.f.inventory);
		/* Another object, and the same; from then on it is known. */
		assert_int_equal(read_state(&r, json, 0), 1);
		assert_int_equal(read_state(&r, json, 0), 1);
		assert_int_equal(read_state(&r, json, 0), 0);
		assert_int_equal(health_of(&r), turns[i] != NULL ? HEALTH_BAD : HEALTH_UNSAID);
	}
	end(&r.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_wants),
		cmocka_unit_test(test_some_go),
		cmocka_unit_test(test_some_come),
		cmocka_unit_test(test_some_change),
		cmocka_unit_test(test_other_order),
		cmocka_unit_test(test_other_framework),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_broken_load),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_events_meanwhile),
		cmocka_unit_test(test_guesses_are_paid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
