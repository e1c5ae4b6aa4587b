/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/errcode.h>

#include "module/failover.h"

static struct state *parse(const char *json)
{
	struct state_parser *parser = state_parser_new();
	struct state *state = NULL;
	assert_non_null(parser);
	assert_int_equal(state_parser_feed(parser, json, strlen(json)), KNOT_EOK);
	assert_int_equal(state_parser_finish(parser, &state), KNOT_EOK);
	state_parser_free(parser);
	return state;
}

#define START "{\"leader\":\"master@10.0.0.1:5050\","
#define FULL_TASK                                                                             \
	"{\"id\":\"t2\",\"name\":\"two\",\"slave_id\":\"x-S2\",\"state\":\"TASK_RUNNING\","   \
	"\"resources\":{\"ports\":\"[1-2, "                                                   \
	"5-6]\"},\"discovery\":{\"name\":\"d\",\"ports\":{\"ports\":"                         \
	"[{\"number\":7,\"name\":\"n\",\"protocol\":\"tcp\"}]}},\"statuses\":[{\"state\":"    \
	"\"TASK_RUNNING\",\"timestamp\":1,\"labels\":[{\"key\":"                              \
	"\"Docker.NetworkSettings.IPAddress\",\"value\":\"10.3.0.1\"}],\"container_status\":" \
	"{\"network_infos\":[{\"ip_addresses\":[{\"ip_address\":\"10.2.0.1\"}],"              \
	"\"port_mappings\":[{\"host_port\":1}]}]}}]}"

/*! \brief Two agents, two frameworks, three tasks. */
static const char *const BEFORE = START
        "\"slaves\":[{\"id\":\"x-S1\",\"pid\":\"slave(1)@10.0.0.11:5051\"},"
        "{\"id\":\"x-S2\",\"pid\":\"slave(1)@10.0.0.12:5052\"}],"
        "\"frameworks\":[{\"id\":\"f1\",\"name\":\"one\",\"pid\":\"s@10.0.1.1:1\",\"tasks\":["
        "{\"id\":\"t1\",\"name\":\"a\",\"slave_id\":\"x-S1\",\"state\":\"TASK_RUNNING\"}," FULL_TASK
        "]},{\"id\":\"f2\",\"name\":\"two\",\"hostname\":\"10.0.1.2\",\"tasks\":["
        "{\"id\":\"t3\",\"name\":\"b\",\"slave_id\":\"x-S2\",\"state\":\"TASK_RUNNING\"}]}]}";

static bool is(struct text text, const char *expected)
{
	return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

static const struct state_task *find_task(const struct state *state, const char *id)
{
	for (uint32_t i = 0; i < state->tasks_count; i++) {
		if (is(state->tasks[i].id, id)) {
			return &state->tasks[i];
		}
	}
	return NULL;
}

/*! \brief What \a json says after BEFORE; nothing of BEFORE's state lives on. */
static struct state *after(const char *json)
{
	struct state *before = parse(BEFORE), *state = parse(json);
	assert_int_equal(failover_keep(state, before), KNOT_EOK);
	state_free(before);
	return state;
}

static void test_all_recovered(void **unused)
{
	(void)unused;
	struct state *state = after(START
	                            "\"slaves\":[],\"recovered_slaves\":[{\"id\":\"x-S1\"},"
	                            "{\"id\":\"x-S2\"},{\"id\":\"x-S3\"}],\"frameworks\":[]}");
	assert_int_equal(state->tasks_count, 3);
	assert_int_equal(state->frameworks_count, 2);
	assert_int_equal(state->agents_count, 3);
	assert_true(is(state->agents[0].host, "10.0.0.11"));
	assert_int_equal(state->agents[1].port, 5052);
	assert_true(state_agent_serves(&state->agents[0]));
	assert_false(state_agent_serves(&state->agents[2]));

	const struct state_task *task = find_task(state, "t2");
	assert_non_null(task);
	assert_true(is(task->name, "two") && is(task->discovery, "d"));
	assert_true(is(state->agents[task->agent].id, "x-S2"));
	const struct state_framework *fw = &state->frameworks[task->framework];
	assert_true(is(fw->id, "f1") && is(fw->name, "one") && is(fw->pid_host, "10.0.1.1"));
	assert_int_equal(fw->pid_port, 1);
	assert_int_equal(task->ranges_count, 2);
	assert_int_equal(task->ranges[1].last, 6);
	assert_int_equal(task->discovery_count, 1);
	assert_true(is(task->discovery_ports[0].name, "n"));
	assert_true(is(task->discovery_ports[0].protocol, "tcp"));
	assert_int_equal(task->netinfo.count, 1);
	assert_int_equal(task->netinfo.list[0].bytes[1], 2);
	assert_int_equal(task->docker.list[0].bytes[1], 3);
	assert_true(task->maps_ports);
	fw = &state->frameworks[find_task(state, "t3")->framework];
	assert_true(is(fw->hostname, "10.0.1.2"));

	/* Again, from what was kept: polls go on while agents are away. */
	struct state *next = parse(START "\"slaves\":[],\"recovered_slaves\":[{\"id\":\"x-S2\"}],"
	                                 "\"frameworks\":[]}");
	assert_int_equal(failover_keep(next, state), KNOT_EOK);
	state_free(state);
	assert_int_equal(next->tasks_count, 2);
	assert_null(find_task(next, "t1"));
	assert_true(is(find_task(next, "t2")->discovery_ports[0].name, "n"));
	assert_true(is(next->agents[0].host, "10.0.0.12"));
	state_free(next);
}

static void test_one_back(void **unused)
{
	(void)unused;
	/* S2 has registered again, with t3 only; S1 has not. */
	struct state *state = after(
	        START "\"recovered_slaves\":[{\"id\":\"x-S1\"}],"
	              "\"slaves\":[{\"id\":\"x-S2\",\"pid\":\"slave(1)@10.0.0.99:5052\"}],"
	              "\"frameworks\":[{\"id\":\"f2\",\"name\":\"two\",\"tasks\":["
	              "{\"id\":\"t3\",\"name\":\"b\",\"slave_id\":\"x-S2\",\"state\":"
	              "\"TASK_RUNNING\"}]},{\"id\":\"f1\",\"name\":\"new\",\"recovered\":true}]}");
	assert_int_equal(state->tasks_count, 2);
	assert_null(find_task(state, "t2"));
	const struct state_task *task = find_task(state, "t1");
	assert_non_null(task);
	assert_int_equal(state->frameworks_count, 2);
	assert_int_equal(task->framework, 1);
	/* The new leader's word counts, but for the scheduler that is not back. */
	assert_true(is(state->frameworks[1].name, "new"));
	assert_true(is(state->frameworks[1].pid_host, "10.0.1.1"));
	assert_int_equal(state->frameworks[0].hostname.len, 0);
	for (uint32_t i = 0; i < state->agents_count; i++) {
		bool back = is(state->agents[i].id, "x-S2");
		assert_int_equal(state->agents[i].kept, !back);
		assert_true(is(state->agents[i].host, back ? "10.0.0.99" : "10.0.0.11"));
	}
	state_free(state);
}

static void test_nothing_to_keep(void **unused)
{
	(void)unused;
	/* Both agents are gone for good. */
	struct state *state = after(START
	                            "\"slaves\":[],\"recovered_slaves\":[],\"frameworks\":[]}");
	assert_int_equal(state->tasks_count, 0);
	assert_int_equal(state->frameworks_count, 0);
	state_free(state);

	state = parse(BEFORE);
	assert_int_equal(failover_keep(state, NULL), KNOT_EOK);
	assert_int_equal(state->tasks_count, 3);
	state_free(state);
}

static void test_registered_scheduler_counts(void **unused)
{
	(void)unused;
	struct state *state = after(
	        START "\"slaves\":[],\"recovered_slaves\":[{\"id\":\"x-S1\"}],\"frameworks\":["
	              "{\"id\":\"f1\",\"name\":\"one\",\"recovered\":false},"
	              "{\"id\":\"f2\",\"name\":\"two\",\"recovered\":true,\"hostname\":\"h\"}]}");
	assert_int_equal(state->frameworks[0].pid_host.len, 0);
	assert_true(is(state->frameworks[1].hostname, "h"));
	state_free(state);
}

static void test_blank(void **unused)
{
	(void)unused;
	struct state *state = parse(START "\"slaves\":[],\"frameworks\":[]}");
	assert_true(failover_is_blank(state, 0));
	assert_true(failover_is_blank(state, -5));
	assert_true(failover_is_blank(state, 60));
	assert_false(failover_is_blank(state, 60.5));
	state_free(state);

	state = parse(START "\"flags\":{\"registry_fetch_timeout\":\"10secs\"},\"slaves\":[],"
	                    "\"frameworks\":[]}");
	assert_true(failover_is_blank(state, 10));
	assert_false(failover_is_blank(state, 11));
	state_free(state);

	state = parse(START
	              "\"slaves\":[],\"recovered_slaves\":[{\"id\":\"a\"}],\"frameworks\":[]}");
	assert_false(failover_is_blank(state, 0));
	state_free(state);

	state = parse(BEFORE);
	assert_false(failover_is_blank(state, 0));
	state_free(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_recovered),
		cmocka_unit_test(test_one_back),
		cmocka_unit_test(test_nothing_to_keep),
		cmocka_unit_test(test_registered_scheduler_counts),
		cmocka_unit_test(test_blank),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
