/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/failing_alloc.h"
#include "tests/unit/json/json_wrong_types.h"
#include "tests/unit/state/object_parse.h"
#include "tests/unit/state/state_base.h"

static const char *data_dir;

/*! \brief What BASE says as objects. */
static const char OBJECTS[] =
        "master id=\"master-id\" leader=\"10.0.0.2\":5051 pid=\"10.0.0.1\":5050 "
        "elected=1795359480.500 started=1795359000.250 timeout=120.000 registered=2 recovered=1 "
        "frameworks=2\n"
        "agent id=\"S0\" host=\"10.0.1.1\" port=5051 registered=1\n"
        "agent id=\"S1\" host=\"2001:db8::1\" port=5052 registered=1\n"
        "agent id=\"S2\" host=\"10.0.1.3\" port=5053 registered=0\n"
        "framework id=\"F0\" name=\"marathon\" pid=\"10.0.2.1\":15000 hostname=\"sched.test\" "
        "recovered=0 told=1\n"
        "framework id=\"F1\" name=\"http\" pid=\"\":0 hostname=\"\" recovered=0 told=1\n"
        "task id=\"T0\" name=\"web\" discovery=\"web.prod\" agent=\"S0\" "
        "ranges=31000-31002,31010-31010, ports=(8080 name=\"http\" protocol=\"tcp\")"
        "(53 name=\"\" protocol=\"\") netinfo=10.0.3.1,fd00::1,10.0.3.3, mesos=10.0.3.4, "
        "docker=10.0.3.5, maps_ports=1 framework=\"F0\" life=2 statuses=(2.500)(1.500 last)\n"
        "task id=\"T2\" name=\"bare\" discovery=\"\" agent=\"S9\" ranges= ports= netinfo= mesos= "
        "docker= maps_ports=0 framework=\"F1\" life=2 statuses=\n";

static void check_objects(const char *doc, size_t chunk, const char *expected)
{
	char *text = dump_objects(doc, strlen(doc), chunk);
	assert_string_equal(text, expected);
	free(text);
}

static void test_base(void **unused)
{
	(void)unused;
	struct json_object *doc = json_tokener_parse(BASE);
	for (int i = 0; i < 4; i++) {
		/* Reversed, each framework says its ID after its tasks. */
		char *text = rewrite(doc, (struct rewrite){ .reversed = i & 1, .padded = i & 2 });
		for (size_t chunk = 1; chunk < 60; chunk++) {
			check_objects(text, chunk, OBJECTS);
		}
		check_objects(text, SIZE_MAX / 2, OBJECTS);
		free(text);
	}
	json_object_put(doc);
}

static void test_cut(void **unused)
{
	(void)unused;
	for (size_t len = 0; len < sizeof(BASE) - 1; len++) {
		char *text = dump_objects(BASE, len, SIZE_MAX / 2);
		assert_non_null(strstr(text, "error"));
		free(text);
	}
}

static char *objects_meaning(void *unused, const char *json)
{
	(void)unused;
	return dump_objects(json, strlen(json), SIZE_MAX / 2);
}

static void test_wrong_types(void **unused)
{
	(void)unused;
	struct json_object *doc = json_tokener_parse(BASE);
	check_all_types(doc, doc, objects_meaning, NULL);
	json_object_put(doc);
}

#define FRAME(members) \
	"{\"leader\":\"master@h:1\",\"slaves\":[],\"frameworks\":[{\"id\":\"F\"," members "}]}"
#define TASK_FRAME(id, more) \
	"{\"id\":\"" id "\",\"slave_id\":\"S\",\"state\":\"TASK_RUNNING\"" more "}"

static void test_states(void **unused)
{
	(void)unused;
	static const struct {
		const char *state;
		const char *life; /*!< NULL: it is not handed over. */
	} states[] = {
		{ "\"TASK_RUNNING\"", "life=2" },
		{ "\"TASK_STAGING\"", "life=1" },
		{ "\"TASK_STARTING\"", "life=1" },
		{ "\"TASK_KILLING\"", "life=1" },
		{ "\"TASK_NEW_IN_MESOS_9\"", "life=1" },
		{ "\"TASK_FINISHED\"", NULL },
		{ "\"TASK_FAILED\"", NULL },
		{ "\"TASK_KILLED\"", NULL },
		{ "\"TASK_ERROR\"", NULL },
		{ "\"TASK_LOST\"", NULL },
		{ "\"TASK_DROPPED\"", NULL },
		{ "\"TASK_UNREACHABLE\"", NULL },
		{ "\"TASK_GONE\"", NULL },
		{ "\"TASK_GONE_BY_OPERATOR\"", NULL },
		{ "\"TASK_UNKNOWN\"", NULL },
		{ "1", NULL },
		{ "null", NULL },
	};
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		char *doc = NULL;
		assert_true(asprintf(&doc,
		                     FRAME("\"tasks\":[{\"id\":\"T\",\"slave_id\":\"S\",\"state\":"
		                           "%s}," TASK_FRAME("U", "") "]"),
		                     states[i].state) > 0);
		char *text = dump_objects(doc, strlen(doc), SIZE_MAX / 2);
		const char *task = strstr(text, "task id=\"T\"");
		assert_int_equal(task != NULL, states[i].life != NULL);
		assert_true(task == NULL || strstr(task, states[i].life) != NULL);
		assert_non_null(strstr(text, "task id=\"U\""));
		free(text);
		free(doc);
	}
}

static void test_odd_frameworks(void **unused)
{
	(void)unused;
	/* The first ID that a task was handed over with counts. */
	char *text = dump_objects(
	        FRAME("\"tasks\":[" TASK_FRAME("T", "") "],\"id\":\"G\""),
	        sizeof(FRAME("\"tasks\":[" TASK_FRAME("T", "") "],\"id\":\"G\"")) - 1,
	        SIZE_MAX / 2);
	assert_non_null(strstr(text, "framework id=\"F\""));
	assert_non_null(strstr(text, "framework=\"F\""));
	free(text);

	/* Many tasks that wait, with all that they have; the last one without an ID at all. */
	static const char doc[] =
	        "{\"leader\":\"master@h:1\",\"slaves\":[],\"frameworks\":[{\"tasks\":[" TASK_FRAME(
	                "T",
	                ",\"discovery\":{\"name\":\"d\",\"ports\":{\"ports\":[{\"number\":7,"
	                "\"name\":\"n\",\"protocol\":\"udp\"}]}},\"resources\":{\"ports\":\"[5-6]"
	                "\"},"
	                "\"statuses\":[{\"state\":\"TASK_RUNNING\",\"timestamp\":3},{\"state\":"
	                "\"TASK_RUNNING\",\"timestamp\":3,\"container_status\":{\"network_infos\":["
	                "{\"ip_address\":\"10.0.0.9\"}]}}]") "," TASK_FRAME("U",
	                                                                    "") "],\"id\":\"F\"},{"
	                                                                        "\"tasks\":"
	                                                                        "[" TASK_FRAME(
	                                                                                "V",
	                                                                                "") "]}]}";
	text = dump_objects(doc, sizeof(doc) - 1, SIZE_MAX / 2);
	/* Of two statuses of the same moment the first one counts, here one without addresses. */
	assert_non_null(strstr(text, "task id=\"T\" name=\"\" discovery=\"d\" agent=\"S\" "
	                             "ranges=5-6, ports=(7 name=\"n\" protocol=\"udp\") netinfo= "
	                             "mesos= docker= maps_ports=0 framework=\"F\" life=2 "
	                             "statuses=(3.000)(3.000 last)\n"));
	assert_non_null(strstr(text, "agent=\"S\" ranges= ports= netinfo= mesos= docker= "
	                             "maps_ports=0 framework=\"F\""));
	assert_non_null(strstr(text, "framework=\"\""));
	free(text);

	/* A state of three says which of the first two counts. */
	static const char three[] = FRAME("\"tasks\":[" TASK_FRAME(
	        "T", ",\"statuses\":[{\"state\":\"TASK_RUNNING\",\"timestamp\":3,\"labels\":["
	             "{\"key\":\"Docker.NetworkSettings.IPAddress\",\"value\":\"10.0.0.1\"}]},"
	             "{\"state\":\"TASK_RUNNING\",\"timestamp\":3,\"labels\":["
	             "{\"key\":\"Docker.NetworkSettings.IPAddress\",\"value\":\"10.0.0.2\"}]},"
	             "{\"state\":\"TASK_STARTING\",\"timestamp\":9}]") "]");
	text = dump_objects(three, sizeof(three) - 1, SIZE_MAX / 2);
	assert_non_null(strstr(text, "docker=10.0.0.1, maps_ports=0 framework=\"F\" life=2 "
	                             "statuses=(3.000)\n"));
	free(text);
}

/*! \brief A list of a task is cut, not the state. */
static void test_long_lists(void **unused)
{
	(void)unused;
	char *doc = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&doc, &size);
	fputs("{\"leader\":\"master@h:1\",\"slaves\":[],\"frameworks\":[{\"id\":\"F\",\"tasks\":["
	      "{\"id\":\"T\",\"slave_id\":\"S\",\"state\":\"TASK_RUNNING\",\"discovery\":{"
	      "\"ports\":"
	      "{\"ports\":[{}",
	      out);
	for (unsigned i = 0; i < STATE_LIST_MAX + 5; i++) {
		fputs(",{\"number\":1,\"name\":\"n\"}", out);
	}
	fputs("]}},\"statuses\":[{\"state\":\"TASK_RUNNING\",\"container_status\":{"
	      "\"network_infos\":[{\"ip_addresses\":[{}",
	      out);
	for (unsigned i = 0; i < STATE_LIST_MAX + 5; i++) {
		fputs(",{\"ip_address\":\"10.0.0.1\"}", out);
	}
	fputs("]}]}}]}," TASK_FRAME("U", "") "]}]}", out);
	fclose(out);

	char *text = dump_objects(doc, strlen(doc), SIZE_MAX / 2);
	unsigned ports = 0, addresses = 0;
	for (const char *at = text; (at = strstr(at, "(1 name")) != NULL; at++) {
		ports++;
	}
	for (const char *at = text; (at = strstr(at, "10.0.0.1,")) != NULL; at++) {
		addresses++;
	}
	assert_int_equal(ports, STATE_LIST_MAX);
	assert_int_equal(addresses, STATE_LIST_MAX);
	assert_non_null(strstr(text, "task id=\"U\""));
	free(text);
	free(doc);
}

/*! \brief Ports with long names are cut so that the object stays within its size. */
static void test_large_ports(void **unused)
{
	(void)unused;
	char *doc = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&doc, &size);
	fputs("{\"leader\":\"master@h:1\",\"slaves\":[],\"frameworks\":[{\"id\":\"F\",\"tasks\":["
	      "{\"id\":\"T\",\"slave_id\":\"S\",\"state\":\"TASK_RUNNING\",\"discovery\":{"
	      "\"ports\":"
	      "{\"ports\":[{}",
	      out);
	for (unsigned i = 0; i < 200; i++) {
		fprintf(out, ",{\"number\":1,\"name\":\"%060000u\"}", i);
	}
	fputs("]}}}," TASK_FRAME("U", "") "]}]}", out);
	fclose(out);
	char *text = dump_objects(doc, strlen(doc), SIZE_MAX / 2);
	unsigned ports = 0;
	for (const char *at = text; (at = strstr(at, "(1 name")) != NULL; at++) {
		ports++;
	}
	assert_int_equal(ports, STATE_TEXTS_MAX / 60000);
	assert_non_null(strstr(text, "task id=\"U\""));
	free(text);
	free(doc);
}

static int end_early(void *ctx, const struct task_object *task)
{
	(void)ctx, (void)task;
	return KNOT_EAGAIN;
}

static void test_sink_ends(void **unused)
{
	(void)unused;
	struct dumper dumper = { .count = 0 };
	const struct objects_sink sink = { dumper_agent, dumper_framework, end_early };
	struct objects_parser *parser = objects_parser_new(&sink, &dumper);
	struct master_facts facts;
	assert_int_equal(objects_parser_feed(parser, BASE, sizeof(BASE) - 1), KNOT_EAGAIN);
	assert_int_equal(objects_parser_finish(parser, &facts), KNOT_EAGAIN);
	objects_parser_free(parser);
	for (size_t i = 0; i < dumper.count; i++) {
		free(dumper.lines[i]);
	}
}

static int nothing_agent(void *ctx, const struct agent_object *agent)
{
	(void)ctx, (void)agent;
	return KNOT_EOK;
}

static int nothing_framework(void *ctx, const struct framework_object *framework)
{
	(void)ctx, (void)framework;
	return KNOT_EOK;
}

static int nothing_task(void *ctx, const struct task_object *task)
{
	(void)ctx, (void)task;
	return KNOT_EOK;
}

static void test_no_memory(void **unused)
{
	(void)unused;
	static const struct objects_sink sink = { nothing_agent, nothing_framework, nothing_task };
	struct json_object *tree = json_tokener_parse(BASE);
	char *doc = rewrite(tree, (struct rewrite){ .reversed = true });
	json_object_put(tree);
	for (long n = 0;; n++) {
		struct master_facts facts;
		int ret = KNOT_ENOMEM;
		alloc_has_failed = false;
		alloc_fails_in = n;
		struct objects_parser *parser = objects_parser_new(&sink, NULL);
		if (parser != NULL) {
			ret = objects_parser_feed(parser, doc, strlen(doc));
			assert_int_equal(objects_parser_finish(parser, &facts), ret);
		}
		alloc_fails_in = -1;
		objects_parser_free(parser);
		assert_int_equal(ret, alloc_has_failed ? KNOT_ENOMEM : KNOT_EOK);
		if (!alloc_has_failed) {
			assert_true(n > 5);
			break;
		}
	}
	free(doc);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base),           cmocka_unit_test(test_cut),
		cmocka_unit_test(test_wrong_types),    cmocka_unit_test(test_states),
		cmocka_unit_test(test_odd_frameworks), cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_large_ports),    cmocka_unit_test(test_sink_ends),
		cmocka_unit_test(test_no_memory),
	};
	assert_int_equal(argc, 2);
	data_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
