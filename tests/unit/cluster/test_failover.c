/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/errcode.h>

#include "module/base/arena.h"
#include "module/cluster/failover.h"
#include "module/cluster/failover_age.h"

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

/*! \brief An agent in both lists is registered; one in none of them is nobody's to keep. */
static void test_only_recovered_agents(void **unused)
{
	(void)unused;
	struct state *state = after(
	        START "\"recovered_slaves\":[{\"id\":\"x-S1\"}],"
	              "\"slaves\":[{\"id\":\"x-S1\",\"pid\":\"slave(1)@10.0.0.11:5051\"}],"
	              "\"frameworks\":[{\"id\":\"f2\",\"name\":\"two\",\"tasks\":["
	              "{\"id\":\"t9\",\"slave_id\":\"x-S2\",\"state\":\"TASK_RUNNING\"}]}]}");
	assert_int_equal(state->tasks_count, 1);
	assert_int_equal(state->frameworks_count, 1);
	for (uint32_t i = 0; i < state->agents_count; i++) {
		assert_false(state->agents[i].kept);
	}

	/* The same one later: S2 was not served, so that nothing of it is kept. */
	struct state *next = parse(START "\"slaves\":[],\"recovered_slaves\":[{\"id\":\"x-S2\"}],"
	                                 "\"frameworks\":[]}");
	assert_int_equal(failover_keep(next, state), KNOT_EOK);
	assert_int_equal(next->tasks_count, 0);
	assert_false(next->agents[0].kept);
	state_free(state);
	state_free(next);
}

/*! \brief What the registry remembers of an agent counts more than what was served. */
static void test_recovered_address(void **unused)
{
	(void)unused;
	struct state *state = after(START
	                            "\"slaves\":[],\"recovered_slaves\":[{\"id\":\"x-S1\",\"pid\":"
	                            "\"slave(1)@h:77\"}],\"frameworks\":[]}");
	assert_true(is(state->agents[0].host, "h"));
	assert_int_equal(state->agents[0].port, 77);
	assert_true(state->agents[0].kept);
	state_free(state);
}

#define NAMELESS(name, task)                                                    \
	"{\"name\":\"" name "\",\"tasks\":[{\"id\":\"" task "\",\"slave_id\":"  \
	"\"a\",\"state\":\"TASK_RUNNING\"},{\"slave_id\":\"a\",\"name\":\"bare" \
	"\",\"state\":\"TASK_RUNNING\"}]}"

/*! \brief Without IDs nothing is taken for another, nothing is lost, and nothing grows. */
static void test_without_ids(void **unused)
{
	(void)unused;
	static const char *const json[] = {
		START "\"slaves\":[{\"id\":\"a\",\"pid\":\"s@10.0.0.1:1\"}],\"frameworks\":"
		      "[" NAMELESS("one", "t1") "," NAMELESS("two", "t2") "]}",
		START "\"slaves\":[],\"recovered_slaves\":[{\"id\":\"a\"}],\"frameworks\":"
		      "[" NAMELESS("three", "t3") "]}",
	};
	struct state *state = parse(json[0]);
	for (int i = 0; i < 4; i++) {
		struct state *next = parse(json[1]);
		assert_int_equal(failover_keep(next, state), KNOT_EOK);
		state_free(state);
		state = next;
		assert_int_equal(state->tasks_count, 6);
		assert_int_equal(state->frameworks_count, 3);
		static const char *const ids[] = { "t1", "t2", "t3" };
		static const char *const names[] = { "one", "two", "three" };
		for (size_t j = 0; j < 3; j++) {
			const struct state_task *task = find_task(state, ids[j]);
			assert_non_null(task);
			assert_true(is(state->frameworks[task->framework].name, names[j]));
		}
	}
	state_free(state);
}

/*! \brief How many bytes an arena gives without another block. */
static size_t left_in_block(struct arena *arena)
{
	struct arena_mark mark = arena_mark(arena);
	size_t limit = arena->limit, left = 0;
	arena->limit = arena->taken;
	while (arena_alloc(arena, 1, 1) != NULL) {
		left++;
	}
	arena->limit = limit;
	arena_rewind(arena, mark);
	return left;
}

#define SHORT_TASK "{\"id\":\"t\",\"slave_id\":\"b\",\"state\":\"TASK_RUNNING\"}"
#define RECOVERED_TWO(tasks)                                                        \
	START "\"slaves\":[],\"recovered_slaves\":[{\"id\":\"a\"},{\"id\":\"b\"}]," \
	      "\"frameworks\":[{\"id\":\"f1\",\"recovered\":true},"                 \
	      "{\"id\":\"f2\",\"recovered\":true,\"tasks\":[" tasks "]}]}"

/*! \brief Keeps with so many bytes left, and more for lists; true if there was room for all. */
static bool keep_with(const char *json, size_t room, size_t more)
{
	struct state *before = parse(
	        START "\"slaves\":[{\"id\":\"a\",\"pid\":\"s@a-long-name.example:1\"},"
	              "{\"id\":\"b\",\"pid\":\"s@b:1\"}],\"frameworks\":[{\"id\":\"f1\","
	              "\"hostname\":\"name.example\"},{\"id\":\"f2\",\"pid\":"
	              "\"s@f:1\",\"tasks\":[" SHORT_TASK "]}]}");
	struct state *state = parse(json);
	struct arena *arena = state->memory;
	assert_true(left_in_block(arena) > room);
	assert_non_null(arena_alloc(arena, left_in_block(arena) - room, 1));
	arena->limit = arena->taken + more;

	int ret = failover_keep(state, before);
	if (ret == KNOT_EOK) {
		assert_int_equal(state->tasks_count, 1);
		assert_true(is(state->agents[0].host, "a-long-name.example"));
		assert_true(is(state->agents[1].host, "b"));
		assert_true(is(state->frameworks[0].hostname, "name.example"));
		assert_true(is(state->frameworks[1].pid_host, "f"));
	} else {
		assert_int_equal(ret, KNOT_ESPACE);
	}
	state_free(state);
	state_free(before);
	return ret == KNOT_EOK;
}

/*! \brief Wherever the state's memory is full, that is what is said. */
static void test_no_memory(void **unused)
{
	(void)unused;
	unsigned listed = 0, missing = 0;
	for (size_t room = 0; room < 1024; room++) {
		listed += keep_with(RECOVERED_TWO(SHORT_TASK), room, 0);
		missing += keep_with(RECOVERED_TWO(""), room, 2 * room);
	}
	assert_true(listed > 900 && listed < 1000);
	assert_true(missing > 100 && missing < 1000);
}

/*! \brief A master that lists 5 000 tasks of agents that it says have not registered. */
static void test_nothing_grows(void **unused)
{
	(void)unused;
	enum { TASKS = 5000 };
	char *json[2];
	for (int i = 0; i < 2; i++) {
		size_t size;
		FILE *out = open_memstream(&json[i], &size);
		assert_non_null(out);
		fprintf(out, START "\"%s\":[{\"id\":\"a\",\"pid\":\"s@10.0.0.1:1\"}],%s",
		        i == 0 ? "slaves" : "recovered_slaves", i == 0 ? "" : "\"slaves\":[],");
		fprintf(out, "\"frameworks\":[{\"id\":\"f\",\"recovered\":true,\"tasks\":[");
		for (int j = 0; j < TASKS; j++) {
			fprintf(out,
			        "%s{\"id\":\"t%d\",\"name\":\"n\",\"slave_id\":\"a\","
			        "\"state\":\"TASK_RUNNING\"}",
			        j > 0 ? "," : "", j);
		}
		fprintf(out, "]}]}");
		fclose(out);
	}

	struct state *state = parse(json[0]);
	size_t taken = 0;
	for (int i = 0; i < 30; i++) {
		struct state *next = parse(json[1]);
		assert_int_equal(failover_keep(next, state), KNOT_EOK);
		state_free(state);
		state = next;
		assert_int_equal(state->tasks_count, TASKS);
		assert_int_equal(state->frameworks_count, 1);
		assert_int_equal(state->agents_count, 1);
		assert_true(i == 0 || ((struct arena *)state->memory)->taken == taken);
		taken = ((struct arena *)state->memory)->taken;
	}
	state_free(state);
	free(json[0]);
	free(json[1]);
}

enum { AGENTS = 4, FRAMEWORKS = 3, TASKS_EACH = 4 };

/*! \brief What a history of states has to come to. */
struct model {
	bool served[AGENTS];                        /*!< Registered, or kept. */
	bool known[AGENTS][FRAMEWORKS][TASKS_EACH]; /*!< When it was registered. */
	bool has[AGENTS][FRAMEWORKS][TASKS_EACH];   /*!< The state. */
};

/*! \brief A random state as JSON, and what is true after it. */
static char *random_state(struct model *model)
{
	char *json = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&json, &size);
	assert_non_null(out);
	bool registered[AGENTS], recovered[AGENTS];
	for (int a = 0; a < AGENTS; a++) {
		registered[a] = rand() % 4 == 0;
		recovered[a] = rand() % 4 != 0;
		bool kept = recovered[a] && !registered[a] && model->served[a];
		model->served[a] = registered[a] || kept;
		if (!kept) {
			memset(model->known[a], 0, sizeof(model->known[a]));
		}
	}

	fputs(START "\"frameworks\":[", out);
	memcpy(model->has, model->known, sizeof(model->has));
	const char *comma = "";
	for (int f = 0; f < FRAMEWORKS; f++) {
		if (rand() % 4 == 0) {
			continue;
		}
		fprintf(out, "%s{\"id\":\"f%d\",\"tasks\":[", comma, f);
		comma = "";
		for (int at = 0; at < AGENTS * TASKS_EACH; at++) {
			int a = at / TASKS_EACH, t = at % TASKS_EACH;
			if (rand() % 3 == 0) {
				fprintf(out,
				        "%s{\"id\":\"t%d\",\"slave_id\":\"a%d\","
				        "\"state\":\"TASK_RUNNING\"}",
				        comma, t, a);
				comma = ",";
				model->has[a][f][t] = true;
				model->known[a][f][t] = model->known[a][f][t] || registered[a];
			}
		}
		fputs("]}", out);
		comma = ",";
	}
	for (int pass = 0; pass < 2; pass++) {
		fprintf(out, "],\"%s\":[", pass == 0 ? "slaves" : "recovered_slaves");
		comma = "";
		for (int a = 0; a < AGENTS; a++) {
			if (pass == 0 ? registered[a] : recovered[a]) {
				fprintf(out, "%s{\"id\":\"a%d\"}", comma, a);
				comma = ",";
			}
		}
	}
	fputs("]}", out);
	fclose(out);
	return json;
}

/*! \brief Checks a state against the model: each task once that it has, no other. */
static void check_model(const struct state *state, const struct model *model)
{
	unsigned count[AGENTS][FRAMEWORKS][TASKS_EACH] = { 0 };
	bool seen[FRAMEWORKS] = { 0 };
	for (uint32_t i = 0; i < state->frameworks_count; i++) {
		int f = state->frameworks[i].id.data[1] - '0';
		assert_false(seen[f]);
		seen[f] = true;
	}
	for (uint32_t i = 0; i < state->tasks_count; i++) {
		const struct state_task *task = &state->tasks[i];
		unsigned a = state->agents[task->agent].id.data[1] - '0';
		unsigned f = state->frameworks[task->framework].id.data[1] - '0';
		unsigned t = task->id.data[1] - '0';
		assert_true(a < AGENTS && f < FRAMEWORKS && t < TASKS_EACH);
		count[a][f][t]++;
	}
	for (int i = 0; i < AGENTS * FRAMEWORKS * TASKS_EACH; i++) {
		assert_int_equal((&count[0][0][0])[i], (&model->has[0][0][0])[i]);
	}
	for (uint32_t i = 0; i < state->agents_count; i++) {
		const struct state_agent *agent = &state->agents[i];
		assert_int_equal(state_agent_serves(agent), model->served[agent->id.data[1] - '0']);
	}
}

/*! \brief Whatever leaders say, one after the other. */
static void test_random_histories(void **unused)
{
	(void)unused;
	for (unsigned seed = 1; seed <= 100; seed++) {
		srand(seed);
		struct model model = { 0 };
		struct state *state = NULL;
		for (int i = 0; i < 30; i++) {
			char *json = random_state(&model);
			/* Some are said twice: the second changes nothing. */
			for (int again = rand() % 3; again >= 0; again--) {
				struct state *next = parse(json);
				assert_int_equal(failover_keep(next, state), KNOT_EOK);
				state_free(state);
				state = next;
				check_model(state, &model);
			}
			free(json);
		}
		state_free(state);
	}
}

#define BLANK "\"slaves\":[],\"frameworks\":[]}"

static void test_blank(void **unused)
{
	(void)unused;
	struct state *state = parse(START BLANK);
	assert_true(failover_is_blank(state, NULL, 0));
	assert_true(failover_is_blank(state, NULL, 60));
	assert_false(failover_is_blank(state, NULL, 60.5));
	/* Two without an ID are not the same. */
	assert_true(failover_is_blank(state, state, 0));
	state_free(state);

	state = parse(START "\"flags\":{\"registry_fetch_timeout\":\"10secs\"}," BLANK);
	assert_true(failover_is_blank(state, NULL, 10));
	assert_false(failover_is_blank(state, NULL, 11));
	state_free(state);

	state = parse(START
	              "\"slaves\":[],\"recovered_slaves\":[{\"id\":\"a\"}],\"frameworks\":[]}");
	assert_false(failover_is_blank(state, NULL, 0));
	state_free(state);

	state = parse(START "\"slaves\":[],\"frameworks\":[{\"id\":\"f\",\"name\":\"n\"}]}");
	assert_false(failover_is_blank(state, NULL, 0));
	state_free(state);

	state = parse(BEFORE);
	assert_false(failover_is_blank(state, NULL, 0));
	state_free(state);
}

/*! \brief Who has been believed has read its registry, whatever it says now. */
static void test_blank_after_agents(void **unused)
{
	(void)unused;
	struct state *before = parse(START "\"id\":\"m1\",\"slaves\":[{\"id\":\"a\"}],"
	                                   "\"frameworks\":[]}");
	struct state *same = parse(START "\"id\":\"m1\"," BLANK);
	struct state *other = parse(START "\"id\":\"m2\"," BLANK);
	assert_false(failover_is_blank(same, before, 0));
	assert_true(failover_is_blank(same, NULL, 0));
	assert_true(failover_is_blank(other, before, 0));
	state_free(before);
	state_free(same);
	state_free(other);
}

/*! \brief A leader, its clock and ours. */
struct clocks {
	struct failover_age age;
	const struct state *before;
	int64_t now; /*!< Ours, in ms. */
};

/*! \brief What is found out of a reply after \a ms more; \a started as start_time, 0 for none. */
static double age_of(struct clocks *clocks, const char *id, double started, double elected,
                     int64_t date, int64_t ms)
{
	clocks->now += ms;
	struct state state = {
		.id = { id, strlen(id) },
		.start_time = started,
		.elected_time = elected,
		.asked = clocks->now - 10,
	};
	return failover_age(&clocks->age, &state, clocks->before, date, clocks->now);
}

static void assert_seconds(double is, double should)
{
	assert_true(is > should - 0.1 && is < should + 0.1);
}

static void test_age_by_its_clock(void **unused)
{
	(void)unused;
	struct clocks clocks = { .now = 5000 };
	assert_seconds(age_of(&clocks, "m1", 900, 1000.5, 1100, 0), 99.5);
	assert_seconds(age_of(&clocks, "m1", 900, 1000.5, 1101, 1000), 100.5);
	/* Elected within the second that the Date says. */
	assert_seconds(age_of(&clocks, "m2", 900, 1101.9, 1101, 1000), 0);
	/* Another leads since, and has for a time that can be. */
	assert_seconds(age_of(&clocks, "m3", 0, 9000, 9005, 6000), 5);
}

/*! \brief Without what it takes: since it was first seen. */
static void test_age_without_times(void **unused)
{
	(void)unused;
	struct clocks clocks = { .now = 1 };
	assert_seconds(age_of(&clocks, "m1", 0, 0, 1000, 10), 0);
	assert_seconds(age_of(&clocks, "m1", 0, 500, 0, 7000), 7);
	assert_seconds(age_of(&clocks, "m2", 0, 0, 0, 1000), 0);
	assert_seconds(age_of(&clocks, "m2", 0, 0, 0, 3000), 3);
}

static void test_age_that_makes_no_sense(void **unused)
{
	(void)unused;
	enum { YEAR = 365 * 86400 };
	struct clocks clocks = { .now = 100000 };
	/* A year behind: negative. */
	assert_seconds(age_of(&clocks, "m1", 0, YEAR, 1000, 0), 0);
	assert_seconds(age_of(&clocks, "m1", 0, YEAR, 1061, 61000), 61);
	/* Set back between its start and its election. */
	assert_seconds(age_of(&clocks, "m2", 2000, 1000, 1500, 1000000), 0);
	assert_seconds(age_of(&clocks, "m2", 2000, 1000, 1505, 5000), 5);

	/* A year ahead, and another led five seconds ago. */
	assert_seconds(age_of(&clocks, "m3", 0, 1000, 1000 + YEAR, 5000), 0);
	assert_seconds(age_of(&clocks, "m3", 0, 1000, 1010 + YEAR, 10000), 10);
	/* Set right again. */
	assert_seconds(age_of(&clocks, "m3", 0, 1000, 1021, 10000), 21);

	/* Set a year ahead while it leads, the first that is seen. */
	clocks = (struct clocks){ .now = 100000 };
	assert_seconds(age_of(&clocks, "m1", 0, 1000, 1005, 0), 5);
	assert_seconds(age_of(&clocks, "m1", 0, 1000, 1006 + YEAR, 1000), 1);
}

/*! \brief Nobody was seen before: what is long can be true. Slow replies are no lies. */
static void test_age_at_first(void **unused)
{
	(void)unused;
	struct clocks clocks = { .now = 5000 };
	assert_seconds(age_of(&clocks, "m1", 1000, 2000, 1000000, 0), 998000);
	for (int i = 1; i < 10; i++) {
		clocks.now += 20000;
		struct state state = {
			.id = { "m1", 2 },
			.start_time = 1000,
			.elected_time = 2000,
			.asked = clocks.now - (i % 2 == 0 ? 1 : 15000),
		};
		int64_t date = 1000000 + (state.asked - 5000) / 1000;
		assert_true(failover_age(&clocks.age, &state, NULL, date, clocks.now) > 997990);
	}
}

/*! \brief What another poller has served of is known, too. */
static void test_age_after_another_poller(void **unused)
{
	(void)unused;
	struct state before = { .id = { "m1", 2 }, .asked = 90000 };
	struct clocks clocks = { .before = &before, .now = 100000 };
	assert_seconds(age_of(&clocks, "m2", 0, 1000, 2000, 0), 0);
	assert_seconds(age_of(&clocks, "m2", 0, 1000, 1009, 0), 9);

	clocks = (struct clocks){ .before = &before, .now = 100000 };
	assert_seconds(age_of(&clocks, "m1", 0, 0, 0, 0), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_recovered),
		cmocka_unit_test(test_one_back),
		cmocka_unit_test(test_nothing_to_keep),
		cmocka_unit_test(test_registered_scheduler_counts),
		cmocka_unit_test(test_only_recovered_agents),
		cmocka_unit_test(test_recovered_address),
		cmocka_unit_test(test_without_ids),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_nothing_grows),
		cmocka_unit_test(test_random_histories),
		cmocka_unit_test(test_blank),
		cmocka_unit_test(test_blank_after_agents),
		cmocka_unit_test(test_age_by_its_clock),
		cmocka_unit_test(test_age_without_times),
		cmocka_unit_test(test_age_that_makes_no_sense),
		cmocka_unit_test(test_age_at_first),
		cmocka_unit_test(test_age_after_another_poller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
