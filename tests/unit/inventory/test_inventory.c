/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/inventory/inventory_fixture.h"

static void test_states(void **unused)
{
	(void)unused;
	struct fixture f;
	begin_two(&f);

	/* The same again: nothing is told, nothing stays. */
	size_t bytes = inventory_stats(f.inventory).bytes;
	load(&f, TWO);
	expect(&f, 0, LINES_TWO);
	assert_int_equal(inventory_stats(f.inventory).bytes, bytes);

	/* A task fewer, one on another agent. */
	load(&f,
	     HEAD "\"slaves\":[" AGENT("S1", "10.0.0.11") "," AGENT(
	             "S2",
	             "10.0.0.12") "],\"frameworks\":[" FRAMEWORK_OF("F1", PID,
	                                                            TASK_AT("a", "S2",
	                                                                    RUNNING)) "," FRAMEWORK_OF("F2",
	                                                                                               "",
	                                                                                               TASK_AT("c",
	                                                                                                       "S2",
	                                                                                                       "TASK_FINISHED")) "]}");
	expect(&f, 3, LINE_S1 LINE_S2 LINE_F2 LINE_F1 LINE_TASK("a", "", "S2", "F1", "10.0.0.12,"));

	/* An agent goes: its tasks are told, and make nothing. */
	load(&f, HEAD "\"slaves\":[" AGENT("S1", "10.0.0.11") "],\"frameworks\":[" FRAMEWORK_OF(
	                 "F1", PID, TASK_AT("a", "S2", RUNNING)) "]}");
	expect(&f, 3, LINE_S1 LINE_F1);
	struct inventory_stats stats = inventory_stats(f.inventory);
	assert_int_equal(stats.agents, 1);
	assert_int_equal(stats.frameworks, 1);
	assert_int_equal(stats.tasks, 1);

	load(&f, HEAD "\"slaves\":[],\"frameworks\":[]}");
	expect(&f, 3, "");
	end(&f);
}

static void test_dependents(void **unused)
{
	(void)unused;
	struct fixture f;
	begin_two(&f);

	/* An agent at another address, a framework of another name: their tasks with them. */
	apply(&f, V1_AGENT("S2", "10.0.0.13"));
	expect(&f, 3,
	       LINE_S1 "agent port=5051 addresses=10.0.0.13,\n" LINE_F2 LINE_F1 LINE_A LINE_TASK(
	               "b", "", "S2", "F1", "10.0.0.13,")
	               LINE_TASK("c", "", "S2", "F2", "10.0.0.13,"));
	apply(&f, V1_AGENT("S2", "10.0.0.12"));
	expect(&f, 3, LINES_TWO);
	apply(&f, V1_FRAMEWORK_UPDATED("F2", "new", ""));
	expect(&f, 2,
	       LINE_S1 LINE_S2
	       "framework port=0 name=\"new\" addresses=\n" LINE_F1 LINE_A LINE_B LINE_TASK(
	               "c", "", "S2", "new", "10.0.0.12,"));

	/* Its scheduler's address is its own affair. */
	apply(&f, V1_FRAMEWORK_UPDATED("F2", "new", ",\"hostname\":\"10.0.1.2\""));
	assert_int_equal(f.mirror.changes, 1);
	end(&f);
}

static void test_hosts(void **unused)
{
	(void)unused;
	struct fixture f;
	struct address list[2];
	assert_true(address_parse((struct text){ "10.1.0.1", 8 }, &list[0]));
	assert_true(address_parse((struct text){ "fd00::1", 7 }, &list[1]));
	const struct text name = { "a.test", 6 };

	begin(&f);
	assert_int_equal(inventory_resolved(f.inventory, name, (struct state_addresses){ list, 1 }),
	                 KNOT_EOK);
	const char *state = HEAD
	        "\"slaves\":[" AGENT("S1", "a.test") "],\"frameworks\":[" FRAMEWORK_OF(
	                "F1", "\"hostname\":\"a.test\",", TASK_AT("a", "S1", RUNNING)) "]}";
	load(&f, state);
	expect(&f, 3,
	       "agent port=5051 addresses=\nframework port=0 name=\"F1\" addresses=\n" LINE_TASK(
	               "a", "", "S1", "F1", ""));
	assert_int_equal(inventory_stats(f.inventory).unresolved, 1);

	assert_int_equal(inventory_resolved(f.inventory, name, (struct state_addresses){ list, 2 }),
	                 KNOT_EOK);
	const char *resolved =
	        "agent port=5051 addresses=10.1.0.1,fd00::1,\n"
	        "framework port=0 name=\"F1\" addresses=10.1.0.1,fd00::1,\n" LINE_TASK(
	                "a", "", "S1", "F1", "10.1.0.1,fd00::1,");
	expect(&f, 3, resolved);
	assert_int_equal(inventory_stats(f.inventory).unresolved, 0);
	assert_int_equal(inventory_resolved(f.inventory, name, (struct state_addresses){ list, 2 }),
	                 KNOT_EOK);
	expect(&f, 0, resolved);
	load(&f, state);
	expect(&f, 0, resolved);

	/* In the middle of a load, and no more afterwards. */
	inventory_begin(f.inventory);
	struct master_facts facts;
	assert_int_equal(feed_objects(f.inventory, state, strlen(state), &facts), KNOT_EOK);
	assert_int_equal(inventory_resolved(f.inventory, name, (struct state_addresses){ 0 }),
	                 KNOT_EOK);
	f.mirror.changes = 0;
	assert_int_equal(inventory_commit(f.inventory), KNOT_EOK);
	expect(&f, 0,
	       "agent port=5051 addresses=\nframework port=0 name=\"F1\" addresses=\n" LINE_TASK(
	               "a", "", "S1", "F1", ""));

	/* A name that nobody has any more is forgotten. */
	assert_int_equal(inventory_resolved(f.inventory, name, (struct state_addresses){ list, 1 }),
	                 KNOT_EOK);
	load(&f, HEAD "\"slaves\":[" AGENT("S1", "10.0.0.11") "],\"frameworks\":[]}");
	load(&f, state);
	assert_int_equal(inventory_stats(f.inventory).unresolved, 1);
	end(&f);
}

static void test_events(void **unused)
{
	(void)unused;
	struct fixture f;
	begin_two(&f);

	apply(&f, V1_TASK("d", "F1", "S1", "TASK_STAGING"));
	expect(&f, 1, LINES_TWO);
	apply(&f, V1_UPDATE("d", "F1", "TASK_STARTING", "1", "10.2.0.9"));
	apply(&f, V1_UPDATE("d", "F1", RUNNING, "2", "10.2.0.1"));
#define WITH_D(ip) LINES_TWO LINE_TASK("d", ip, "S1", "F1", "10.0.0.11,")
	expect(&f, 1, WITH_D("10.2.0.1,"));

	/* A status of the same state replaces the last one, whatever their clocks say. */
	apply(&f, V1_UPDATE("d", "F1", RUNNING, "1", "10.2.0.2"));
	expect(&f, 1, WITH_D("10.2.0.2,"));
	/* One of another state does not, and of those that are left the latest counts. */
	apply(&f, V1_UPDATE("d", "F1", "TASK_KILLING", "3", "10.2.0.2"));
	expect(&f, 1, LINES_TWO);
	apply(&f, V1_UPDATE("d", "F1", RUNNING, "0.5", "10.2.0.3"));
	expect(&f, 1, WITH_D("10.2.0.2,"));
	apply(&f, V1_UPDATE("d", "F1", RUNNING, "1.5", "10.2.0.4"));
	expect(&f, 1, WITH_D("10.2.0.4,"));
	apply(&f, V1_UPDATE("d", "F1", RUNNING, "0.5", "10.2.0.3"));
	expect(&f, 1, WITH_D("10.2.0.2,"));

	/* Twice the same is no change. */
	apply(&f, V1_UPDATE("d", "F1", RUNNING, "0.5", "10.2.0.3"));
	expect(&f, 0, WITH_D("10.2.0.2,"));

	end(&f);
}

static void test_ends(void **unused)
{
	(void)unused;
	struct fixture f;
	struct inventory_news news;
	begin_two(&f);
	apply(&f, V1_TASK("d", "F1", "S1", RUNNING));
	expect(&f, 1, WITH_D(""));

	/* The end; then it is not known any more. */
	apply(&f, V1_UPDATE("d", "F1", "TASK_FINISHED", "4", "10.2.0.3"));
	expect(&f, 1, LINES_TWO);
	assert_int_equal(
	        feed_event(f.inventory, V1_UPDATE("d", "F1", RUNNING, "5", "10.2.0.3"), &news),
	        KNOT_EOK);
	assert_true(news.passed_over);
	expect(&f, 0, LINES_TWO);

	/* A task that is added again is what is said of it now. */
	apply(&f, V1_TASK("a", "F1", "S2", RUNNING));
	expect(&f, 1,
	       LINE_S1 LINE_S2 LINE_F2 LINE_F1 LINE_TASK("a", "", "S2", "F1", "10.0.0.12,")
	               LINE_B LINE_C);
	apply(&f, V1_TASK("a", "F1", "S1", RUNNING));
	expect(&f, 1, LINES_TWO);

	/* An agent takes its tasks with it, a framework as well. */
	apply(&f, V1_AGENT_GONE("S2"));
	expect(&f, 3, LINE_S1 LINE_F2 LINE_F1 LINE_A);
	apply(&f, V1_FRAMEWORK_GONE("F1"));
	expect(&f, 2, LINE_S1 LINE_F2);
	apply(&f, V1_AGENT("S2", "10.0.0.12"));
	expect(&f, 1, LINE_S1 LINE_S2 LINE_F2);
	assert_int_equal(feed_event(f.inventory, V1_AGENT_GONE("S9"), &news), KNOT_EOK);
	assert_true(news.passed_over);
	assert_int_equal(feed_event(f.inventory, V1_FRAMEWORK_GONE("F9"), &news), KNOT_EOK);
	assert_true(news.passed_over);
	assert_int_equal(feed_event(f.inventory, "{\"type\":\"HEARTBEAT\"}", &news), KNOT_EOK);
	expect(&f, 0, LINE_S1 LINE_S2 LINE_F2);
	end(&f);
}

static void test_any_order(void **unused)
{
	(void)unused;
	struct fixture f;
	begin(&f);
	apply(&f, V1_TASK("a", "F1", "S1", RUNNING));
	expect(&f, 1, "");
	apply(&f, V1_AGENT("S1", "10.0.0.11"));
	expect(&f, 2, LINE_S1);
	apply(&f, V1_FRAMEWORK_ADDED("F1", ""));
	expect(&f, 2, LINE_S1 "framework port=0 name=\"F1\" addresses=\n" LINE_A);
	apply(&f, V1_UPDATE("a", "F1", "TASK_LOST", "1", "::1"));
	apply(&f, V1_AGENT_GONE("S1"));
	apply(&f, V1_FRAMEWORK_GONE("F1"));
	expect(&f, 3, "");
	end(&f);
}

/*! \brief Whether the framework F1 was told by a state, its pid and whether more is to know. */
struct told {
	bool told;
	bool has_pid;
};

static void look(void *ctx, const struct inventory_change *change)
{
	struct told *told = ctx;
	const struct framework_object *framework = change->after.framework;
	if (change->kind == INVENTORY_FRAMEWORK) {
		told->told = framework->told;
		told->has_pid = framework->pid_host.count > 0 && framework->pid_port == 9;
	}
}

static void expect_told(struct fixture *f, bool told, bool has_pid)
{
	struct told found = { 0 };
	inventory_walk(f->inventory, look, &found);
	assert_int_equal(found.told, told);
	assert_int_equal(found.has_pid, has_pid);
}

static void test_pid_is_not_in_events(void **unused)
{
	(void)unused;
	struct fixture f;
	struct inventory_news news;
	begin(&f);
	assert_int_equal(feed_event(f.inventory, V1_FRAMEWORK_ADDED("F1", ""), &news), KNOT_EOK);
	assert_true(news.is_more);
	expect_told(&f, false, false);
	apply(&f, V1_FRAMEWORK_UPDATED("F1", "x", ""));
	expect_told(&f, false, false);
	const char *state = HEAD "\"slaves\":[],\"frameworks\":[" FRAMEWORK_OF("F1", PID, "") "]}";
	load(&f, state);
	expect_told(&f, true, true);
	apply(&f, V1_FRAMEWORK_UPDATED("F1", "y", ""));
	expect_told(&f, true, true);

	/* The same while a state is on its way that has it or has it not. */
	inventory_begin(f.inventory);
	struct master_facts facts;
	assert_int_equal(feed_objects(f.inventory, state, strlen(state), &facts), KNOT_EOK);
	apply(&f, V1_FRAMEWORK_UPDATED("F1", "z", ""));
	assert_int_equal(inventory_commit(f.inventory), KNOT_EOK);
	expect_told(&f, true, true);
	load(&f, HEAD "\"slaves\":[],\"frameworks\":[" FRAMEWORK_OF("F1", "", "") "]}");
	expect_told(&f, true, false);
	end(&f);
}

#define RECOVERED(list, frameworks) \
	HEAD "\"slaves\":[],\"recovered_slaves\":[" list "],\"frameworks\":[" frameworks "]}"

static void test_failover(void **unused)
{
	(void)unused;
	struct fixture f;
	struct inventory_news news;
	begin_two(&f);

	/* Nothing has come back. */
	load(&f, RECOVERED("{\"id\":\"S1\"},{\"id\":\"S2\"},{\"id\":\"S3\"}", ""));
	expect(&f, 0, LINES_TWO);
	/* Again, and with a framework that waits for its scheduler. */
	load(&f, RECOVERED("{\"id\":\"S1\"},{\"id\":\"S2\"}",
	                   FRAMEWORK_OF("F1", "\"recovered\":true,", "")));
	f.mirror.changes = 0;
	expect(&f, 0, LINES_TWO);

	/* By events: a task, its agent, the update of another one's task. */
	apply(&f, V1_TASK("b", "F1", "S2", RUNNING));
	expect(&f, 0, LINES_TWO);
	assert_int_equal(feed_event(f.inventory, V1_AGENT("S2", "10.0.0.12"), &news), KNOT_EOK);
	assert_true(news.is_more);
	expect(&f, 0, LINES_TWO);
	apply(&f, V1_UPDATE("a", "F1", "TASK_FAILED", "1", "::1"));
	expect(&f, 1, LINE_S1 LINE_S2 LINE_F2 LINE_F1 LINE_B LINE_C);

	/* A state that knows the agent lacks one of its tasks, and its framework. */
	load(&f, HEAD "\"slaves\":[" AGENT(
	                 "S2", "10.0.0.12") "],\"recovered_slaves\":["
	                                    "{\"id\":\"S1\"}],\"frameworks\":[" FRAMEWORK_OF(
	                                            "F1", "\"recovered\":true,",
	                                            TASK_AT("b", "S2", RUNNING)) "]}");
	expect(&f, 2, LINE_S1 LINE_S2 LINE_F1 LINE_B);

	/* The scheduler is back; an agent is given up. */
	load(&f, HEAD "\"slaves\":[" AGENT(
	                 "S2", "10.0.0.12") "],\"recovered_slaves\":["
	                                    "],\"frameworks\":[" FRAMEWORK_OF(
	                                            "F1", "", TASK_AT("b", "S2", RUNNING)) "]}");
	expect(&f, 2, LINE_S2 "framework port=0 name=\"F1\" addresses=\n" LINE_B);

	/* Of an agent that nobody knew nothing is kept, and what is not recovered goes. */
	load(&f, RECOVERED("{\"id\":\"S7\"}", ""));
	expect(&f, 3, "");
	end(&f);
}

/*! \brief An agent registers while a state is on its way that does not know it yet. */
static void test_registers_meanwhile(void **unused)
{
	(void)unused;
	struct fixture f;
	struct master_facts facts;
	begin_two(&f);
	load(&f, RECOVERED("{\"id\":\"S1\"},{\"id\":\"S2\"}", ""));
	expect(&f, 0, LINES_TWO);

	const char *state = RECOVERED("{\"id\":\"S1\"},{\"id\":\"S2\"}", "");
	inventory_begin(f.inventory);
	apply(&f, V1_AGENT("S1", "10.0.0.11"));
	assert_int_equal(feed_objects(f.inventory, state, strlen(state), &facts), KNOT_EOK);
	apply(&f, V1_TASK("n", "F1", "S1", RUNNING));
	assert_int_equal(inventory_commit(f.inventory), KNOT_EOK);
	expect(&f, 1, LINES_TWO LINE_TASK("n", "", "S1", "F1", "10.0.0.11,"));

	/* A state that was asked for afterwards lacks the task that was kept. */
	load(&f, HEAD "\"slaves\":[" AGENT(
	                 "S1", "10.0.0.11") "],\"recovered_slaves\":["
	                                    "{\"id\":\"S2\"}],\"frameworks\":[" FRAMEWORK_OF(
	                                            "F1", PID, TASK_AT("n", "S1", RUNNING)) "]}");
	f.mirror.changes = 0;
	expect(&f, 0,
	       LINE_S1 LINE_S2 LINE_F2 LINE_F1 LINE_B LINE_C LINE_TASK("n", "", "S1", "F1",
	                                                               "10.0.0.11,"));
	end(&f);
}

/*! \brief Events that come while a state is on its way outlive it. */
static void test_nothing_goes_back(void **unused)
{
	(void)unused;
	struct fixture f;
	struct master_facts facts;
	begin_two(&f);

	/* The state is of before all of these. */
	inventory_begin(f.inventory);
	apply(&f, V1_UPDATE("a", "F1", "TASK_KILLED", "1", "::1"));
	assert_int_equal(feed_objects(f.inventory, TWO, strlen(TWO), &facts), KNOT_EOK);
	apply(&f, V1_UPDATE("b", "F1", RUNNING, "1", "10.2.0.1"));
	apply(&f, V1_TASK("d", "F2", "S3", RUNNING));
	apply(&f, V1_AGENT("S3", "10.0.0.13"));
	const char *now = LINE_S1 LINE_S2
	        "agent port=5051 addresses=10.0.0.13,\n" LINE_F2 LINE_F1 LINE_TASK(
	                "b", "10.2.0.1,", "S2", "F1", "10.0.0.12,")
	                LINE_C LINE_TASK("d", "", "S3", "F2", "10.0.0.13,");
	expect(&f, 5, now);
	assert_int_equal(inventory_commit(f.inventory), KNOT_EOK);
	expect(&f, 0, now);

	/* A state that is broken off takes nothing of them back. */
	inventory_begin(f.inventory);
	assert_int_equal(feed_objects(f.inventory, TWO, strlen(TWO) - 1, &facts), KNOT_EMALF);
	apply(&f, V1_FRAMEWORK_GONE("F2"));
	inventory_abort(f.inventory);
	expect(&f, 3,
	       LINE_S1 LINE_S2 "agent port=5051 addresses=10.0.0.13,\n" LINE_F1 LINE_TASK(
	               "b", "10.2.0.1,", "S2", "F1", "10.0.0.12,"));

	/* An event that changes a task which the state has as it was before. */
	inventory_begin(f.inventory);
	assert_int_equal(feed_objects(f.inventory, TWO, strlen(TWO), &facts), KNOT_EOK);
	assert_int_equal(inventory_commit(f.inventory), KNOT_EOK);
	f.mirror.changes = 0;
	expect(&f, 0, LINES_TWO);
	inventory_begin(f.inventory);
	assert_int_equal(feed_objects(f.inventory, TWO, strlen(TWO), &facts), KNOT_EOK);
	apply(&f, V1_AGENT_GONE("S2"));
	apply(&f, V1_TASK("c", "F2", "S1", RUNNING));
	const char *moved = LINE_S1 LINE_F2 LINE_F1 LINE_A LINE_TASK("c", "", "S1", "F2",
	                                                             "10.0.0.11,");
	expect(&f, 4, moved);
	assert_int_equal(inventory_commit(f.inventory), KNOT_EOK);
	expect(&f, 0, moved);
	assert_int_equal(inventory_commit(f.inventory), KNOT_EINVAL);
	end(&f);
}

/*! \brief A state may be of when it was asked for, long before anything of it comes. */
static void test_asked_for(void **unused)
{
	(void)unused;
	struct fixture f;
	struct master_facts facts;
	begin_two(&f);
	inventory_expect(f.inventory);
	apply(&f, V1_AGENT_GONE("S2"));
	apply(&f, V1_TASK("c", "F2", "S1", RUNNING));
	const char *moved = LINE_S1 LINE_F2 LINE_F1 LINE_A LINE_TASK("c", "", "S1", "F2",
	                                                             "10.0.0.11,");
	expect(&f, 4, moved);
	inventory_begin(f.inventory);
	assert_int_equal(feed_objects(f.inventory, TWO, strlen(TWO), &facts), KNOT_EOK);
	assert_int_equal(inventory_commit(f.inventory), KNOT_EOK);
	expect(&f, 0, moved);
	/* The next one is of now. */
	load(&f, TWO);
	f.mirror.changes = 0;
	expect(&f, 0, LINES_TWO);
	end(&f);
}

/*! \brief What the state found unchanged is known as it was, whatever an event makes of it. */
static void test_state_meanwhile_changed(void **unused)
{
	(void)unused;
	struct fixture f;
	struct master_facts facts;
	const char *state = HEAD
	        "\"slaves\":[" AGENT("S1", "10.0.0.11") "],\"frameworks\":[" FRAMEWORK_OF(
	                "F1", PID,
	                "{\"id\":\"a\",\"name\":\"a\",\"slave_id\":\"S1\","
	                "\"state\":\"TASK_RUNNING\",\"statuses\":[{\"state\":\"TASK_RUNNING\","
	                "\"timestamp\":5,\"container_status\":{\"network_infos\":[{\"ip_"
	                "addresses\":["
	                "{\"ip_address\":\"10.2.0.5\"}]}]}}]}") "]}";
#define ONE(ip) LINE_S1 LINE_F1 LINE_TASK("a", ip, "S1", "F1", "10.0.0.11,")
	begin(&f);
	load(&f, state);
	expect(&f, 3, ONE("10.2.0.5,"));
	inventory_begin(f.inventory);
	assert_int_equal(feed_objects(f.inventory, state, strlen(state), &facts), KNOT_EOK);
	apply(&f, V1_UPDATE("a", "F1", "TASK_KILLING", "6", "::1"));
	apply(&f, V1_UPDATE("a", "F1", RUNNING, "7", "10.2.0.7"));
	assert_int_equal(inventory_commit(f.inventory), KNOT_EOK);
	apply(&f, V1_UPDATE("a", "F1", RUNNING, "6.5", "10.2.0.6"));
	f.mirror.changes = 0;
	expect(&f, 0, ONE("10.2.0.6,"));
	end(&f);
}

/*! \brief Of statuses of the same moment the first counts, as in a state. */
static void test_same_timestamp(void **unused)
{
	(void)unused;
	struct fixture f;
	begin_two(&f);
	apply(&f, V1_UPDATE("a", "F1", RUNNING, "5", "10.2.0.5"));
	apply(&f, V1_UPDATE("a", "F1", "TASK_KILLING", "5", "::1"));
	apply(&f, V1_UPDATE("a", "F1", RUNNING, "5", "10.2.0.6"));
	f.mirror.changes = 0;
	expect(&f, 0,
	       LINE_S1 LINE_S2 LINE_F2 LINE_F1 LINE_TASK("a", "10.2.0.5,", "S1", "F1", "10.0.0.11,")
	               LINE_B LINE_C);
	end(&f);
}

/*! \brief A task that is told of as it ends, and an agent that is listed twice. */
static void test_odd_order(void **unused)
{
	(void)unused;
	struct fixture f;
	begin_two(&f);
	apply(&f, V1_TASK("a", "F1", "S1", "TASK_FAILED"));
	expect(&f, 1, LINE_S1 LINE_S2 LINE_F2 LINE_F1 LINE_B LINE_C);
	apply(&f, V1_TASK("x", "F8", "S8", "TASK_FAILED"));
	expect(&f, 0, LINE_S1 LINE_S2 LINE_F2 LINE_F1 LINE_B LINE_C);

	/* What is registered is not kept for being recovered, too. */
	load(&f, HEAD "\"recovered_slaves\":[{\"id\":\"S2\"}],\"slaves\":[" AGENT(
	                 "S1", "10.0.0.11") "," AGENT("S2", "10.0.0.12") "],\"frameworks\":"
	                                                                 "[" FRAMEWORK_OF("F1", PID,
	                                                                                  "") "]}");
	expect(&f, 3, LINE_S1 LINE_S2 LINE_F1);
	end(&f);
}

/*! \brief A scheduler that is known by its host name keeps it, until it is back. */
static void test_recovered_hostname(void **unused)
{
	(void)unused;
	struct fixture f;
	begin(&f);
#define HOSTED(more) HEAD "\"slaves\":[],\"frameworks\":[" FRAMEWORK_OF("F1", more, "") "]}"
	const char *line = "framework port=0 name=\"F1\" addresses=10.0.1.7,\n";
	load(&f, HOSTED("\"hostname\":\"10.0.1.7\","));
	expect(&f, 1, line);
	load(&f, HOSTED("\"hostname\":\"\",\"recovered\":true,"));
	expect(&f, 1, line);
	load(&f, HOSTED("\"hostname\":\"\","));
	expect(&f, 1, "framework port=0 name=\"F1\" addresses=\n");
	end(&f);
}

/*! \brief A cluster that was large leaves no large tables behind. */
static void test_shrinks(void **unused)
{
	(void)unused;
	struct fixture f;
	begin_two(&f);
	size_t small = inventory_stats(f.inventory).bytes;
	char *state = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&state, &size);
	fputs(HEAD "\"slaves\":[],\"frameworks\":[{\"id\":\"F1\",\"name\":\"F1\",\"tasks\":[", out);
	for (unsigned i = 0; i < 1000; i++) {
		fprintf(out, "%s{\"id\":\"t%u\",\"slave_id\":\"S%u\",\"state\":\"TASK_RUNNING\"}",
		        i > 0 ? "," : "", i, i);
	}
	fputs("]}]}", out);
	fclose(out);
	load(&f, state);
	free(state);
	assert_int_equal(inventory_stats(f.inventory).tasks, 1000);
	assert_true(inventory_stats(f.inventory).bytes > 10 * small);
	load(&f, TWO);
	assert_int_equal(inventory_stats(f.inventory).bytes, small);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_dependents),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_pid_is_not_in_events),
		cmocka_unit_test(test_failover),
		cmocka_unit_test(test_registers_meanwhile),
		cmocka_unit_test(test_nothing_goes_back),
		cmocka_unit_test(test_asked_for),
		cmocka_unit_test(test_state_meanwhile_changed),
		cmocka_unit_test(test_same_timestamp),
		cmocka_unit_test(test_odd_order),
		cmocka_unit_test(test_recovered_hostname),
		cmocka_unit_test(test_shrinks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
