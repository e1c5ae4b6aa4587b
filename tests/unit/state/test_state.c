/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/errcode.h>

#include "tests/unit/json/json_rewrite.h"
#include "tests/unit/state/state_base.h"
#include "tests/unit/state/state_parse.h"

static const char *data_dir;

static void assert_code(const char *doc, int code)
{
	struct state *state = NULL;
	assert_int_equal(parse(doc, strlen(doc), 1000, &state), code);
	state_free(state);
}

/*! \brief Reads a file of the test data; its length without the NUL that is put behind it. */
static char *read_file(const char *name, size_t *len)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", data_dir, name);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	char *data = malloc(1 << 20);
	assert_non_null(data);
	*len = fread(data, 1, (1 << 20) - 1, file);
	data[*len] = '\0';
	fclose(file);
	return data;
}

static void test_example(void **unused)
{
	(void)unused;
	const char *chunk = BASE;
	size_t chunk_len = sizeof(BASE) - 1;
	uint32_t count = 0;

	struct state_parser *parser = state_parser_new();
	int ret = state_parser_feed(parser, chunk, chunk_len); // as often as there are chunks
	if (ret == KNOT_EOK) {
		struct state *state = NULL;
		ret = state_parser_finish(parser, &state);
		// ... state->tasks[0 .. state->tasks_count] ...
		count = state->tasks_count;
		state_free(state);
	}
	state_parser_free(parser);

	assert_int_equal(ret, KNOT_EOK);
	assert_int_equal(count, 2);
}

static void test_null(void **unused)
{
	(void)unused;
	state_parser_free(NULL);
	state_free(NULL);
	state_parser_free(state_parser_new());
}

static void test_base(void **unused)
{
	(void)unused;
	for (size_t chunk = 1; chunk <= sizeof(BASE); chunk++) {
		char *text = dump_chunked(BASE, sizeof(BASE) - 1, chunk);
		assert_string_equal(text, BASE_DUMP);
		free(text);
	}
}

static void test_truncated(void **unused)
{
	(void)unused;
	for (size_t len = 0; len < sizeof(BASE) - 1; len++) {
		/* Memory of just that size lets a sanitizer see a read beyond. */
		char *copy = malloc(len + 1);
		assert_non_null(copy);
		memcpy(copy, BASE, len);
		struct state *state = NULL;
		assert_int_equal(parse(copy, len, len + 1, &state), KNOT_EMALF);
		assert_int_equal(parse(copy, len, 13, &state), KNOT_EMALF);
		assert_null(state);
		free(copy);
	}
}

static void test_order_and_strangers(void **unused)
{
	(void)unused;
	struct json_object *doc = json_tokener_parse(BASE);
	for (int i = 0; i < 4; i++) {
		char *text = rewrite(doc, (struct rewrite){ .reversed = i & 1, .padded = i & 2 });
		for (size_t chunk = 1; chunk < 100; chunk++) {
			char *result = dump_chunked(text, strlen(text), chunk);
			assert_string_equal(result, BASE_DUMP);
			free(result);
		}
		free(text);
	}
	json_object_put(doc);
}

/*! \brief Asserts that with a value of a wrong type all is as if the value was not there. */
static void check_wrong_types(struct json_object *doc, struct json_object *value)
{
	static const struct {
		const char *text;
		json_type type;
	} others[] = {
		{ "null", json_type_null },    { "true", json_type_boolean },
		{ "5", json_type_double },     { "-1.5e300", json_type_double },
		{ "\"x\"", json_type_string }, { "\"\\u0000\"", json_type_string },
		{ "[]", json_type_array },     { "[1,\"x\",null,[],{}]", json_type_array },
		{ "{}", json_type_object },    { "{\"id\":1,\"x\":{}}", json_type_object },
	};

	json_type type = json_object_get_type(value);
	type = type == json_type_int ? json_type_double : type;
	char *without = rewrite(doc, (struct rewrite){ .target = value });
	char *expect = dump(without);
	free(without);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct rewrite how = { .target = value, .as = others[i].text };
		char *text = rewrite(doc, how);
		char *result = dump(text);
		if (others[i].type != type) {
			assert_string_equal(result, expect);
		}
		free(result);
		free(text);
	}
	free(expect);
}

static void check_all_wrong_types(struct json_object *doc, struct json_object *value)
{
	if (value != doc) {
		check_wrong_types(doc, value);
	}
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member)
		{
			(void)name;
			check_all_wrong_types(doc, member);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			check_all_wrong_types(doc, json_object_array_get_idx(value, i));
		}
	}
}

static void test_wrong_types(void **unused)
{
	(void)unused;
	struct json_object *doc = json_tokener_parse(BASE);
	check_all_wrong_types(doc, doc);
	json_object_put(doc);
}

static void test_not_a_state(void **unused)
{
	(void)unused;
	static const char *const docs[] = {
		"null",
		"[]",
		"{}",
		"\"master@h:1\"",
		"{\"slaves\":[],\"frameworks\":[]}",
		"{\"leader\":\"master@h:1\",\"frameworks\":[]}",
		"{\"leader\":\"master@h:1\",\"slaves\":[]}",
		"{\"leader\":\"master@h:1\",\"slaves\":{},\"frameworks\":[]}",
		"{\"leader\":\"master@h:1\",\"slaves\":[],\"frameworks\":null}",
		"{\"leader\":\"\",\"slaves\":[],\"frameworks\":[]}",
		"{\"leader\":\"h:1\",\"slaves\":[],\"frameworks\":[]}",
		"{\"leader\":\"master@h:1\",\"leader\":\"-\",\"slaves\":[],\"frameworks\":[]}",
		"[{\"leader\":\"master@h:1\",\"slaves\":[],\"frameworks\":[]}]",
	};
	for (size_t i = 0; i < sizeof(docs) / sizeof(*docs); i++) {
		assert_code(docs[i], KNOT_ENOENT);
	}
	assert_code("{\"leader\":\"master@h:1\",\"slaves\":[],\"frameworks\":[]}", KNOT_EOK);
	assert_code("", KNOT_EMALF);
	assert_code("No leader elected", KNOT_EMALF);
	assert_code("{\"leader\":\"master@h:1\",\"slaves\":[],\"frameworks\":[]}]", KNOT_EMALF);
}

/*! \brief Counts what golden states say; worked out from the files by other means. */
static void test_golden(void **unused)
{
	(void)unused;
	static const struct {
		const char *name;
		uint32_t tasks, agents, frameworks, registered, recovered;
		uint32_t discoveries, ranges, ports, netinfo, mesos, docker, mapping;
	} goldens[] = {
		{ "quirks", 37, 5, 6, 4, 0, 4, 13, 8, 7, 1, 1, 0 },
		{ "real-docker", 52, 4, 9, 4, 0, 3, 11, 13, 63, 0, 1, 5 },
		{ "real-partial", 20, 2, 4, 1, 1, 2, 7, 9, 20, 0, 0, 1 },
		{ "real-rich", 36, 2, 5, 2, 0, 3, 9, 11, 45, 0, 1, 3 },
		{ "real-unacked", 34, 2, 11, 2, 0, 3, 9, 11, 41, 0, 1, 3 },
	};

	for (size_t i = 0; i < sizeof(goldens) / sizeof(*goldens); i++) {
		char path[100];
		snprintf(path, sizeof(path), "golden/%s/state.json", goldens[i].name);
		size_t len;
		char *doc = read_file(path, &len);
		struct state *state = NULL;
		assert_int_equal(parse(doc, len, 4096, &state), KNOT_EOK);
		assert_int_equal(state->tasks_count, goldens[i].tasks);
		assert_int_equal(state->agents_count, goldens[i].agents);
		assert_int_equal(state->frameworks_count, goldens[i].frameworks);
		assert_int_equal(state->registered_count, goldens[i].registered);
		assert_int_equal(state->recovered_count, goldens[i].recovered);

		uint32_t discoveries = 0, ranges = 0, ports = 0;
		uint32_t netinfo = 0, mesos = 0, docker = 0, mapping = 0;
		for (uint32_t j = 0; j < state->tasks_count; j++) {
			const struct state_task *task = &state->tasks[j];
			discoveries += task->discovery.len > 0;
			ranges += task->ranges_count;
			ports += task->discovery_count;
			netinfo += task->netinfo.count;
			mesos += task->mesos.count;
			docker += task->docker.count;
			mapping += task->maps_ports;
		}
		assert_int_equal(discoveries, goldens[i].discoveries);
		assert_int_equal(ranges, goldens[i].ranges);
		assert_int_equal(ports, goldens[i].ports);
		assert_int_equal(netinfo, goldens[i].netinfo);
		assert_int_equal(mesos, goldens[i].mesos);
		assert_int_equal(docker, goldens[i].docker);
		assert_int_equal(mapping, goldens[i].mapping);
		state_free(state);
		free(doc);
	}
}

/*! \brief Golden states in chunks of many sizes, and with their members the other way round. */
static void test_golden_chunks(void **unused)
{
	(void)unused;
	static const char *const paths[] = {
		"golden/quirks/state.json",       "golden/real-docker/state.json",
		"golden/real-partial/state.json", "golden/real-rich/state.json",
		"golden/real-unacked/state.json",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		size_t len;
		char *doc = read_file(paths[i], &len);
		char *whole = dump_chunked(doc, len, len);
		for (size_t chunk = 1; chunk < len; chunk += 1 + chunk / 64) {
			char *parts = dump_chunked(doc, len, chunk);
			assert_string_equal(parts, whole);
			free(parts);
		}

		struct json_object *tree = json_tokener_parse(doc);
		struct rewrite how = { .reversed = true, .padded = true };
		char *reversed = rewrite(tree, how);
		char *result = dump(reversed);
		assert_string_equal(result, whole);
		free(result);
		free(reversed);
		json_object_put(tree);
		free(whole);
		free(doc);
	}
}

static void test_recordings(void **unused)
{
	(void)unused;
	static const struct {
		const char *name;
		int code;
		uint32_t registered, recovered, frameworks, tasks;
	} recordings[] = {
		{ "agent-lost-3s/GET_master_state", KNOT_EOK, 2, 0, 4, 36 },
		{ "agent-not-master/GET_state", KNOT_ENOENT, 0, 0, 0, 0 },
		{ "elected-unrecovered/GET_master_state", KNOT_EOK, 0, 0, 0, 0 },
		{ "leader-idle/GET_master_state", KNOT_EOK, 2, 0, 0, 0 },
		{ "leader-rich/GET_version", KNOT_ENOENT, 0, 0, 0, 0 },
		{ "leader-rich/POST_api_v1_GET_STATE", KNOT_ENOENT, 0, 0, 0, 0 },
		{ "new-leader-one-agent-missing/GET_master_state", KNOT_EOK, 1, 1, 4, 20 },
		{ "no-leader/GET_master_state", KNOT_EMALF, 0, 0, 0, 0 },
		{ "nonleader/GET_master_state", KNOT_EMALF, 0, 0, 0, 0 },
	};
	for (size_t i = 0; i < sizeof(recordings) / sizeof(*recordings); i++) {
		char path[200];
		snprintf(path, sizeof(path), "recordings/%s.http", recordings[i].name);
		size_t len;
		char *reply = read_file(path, &len);
		const char *body = strstr(reply, "\r\n\r\n");
		assert_non_null(body);
		body += 4;
		struct state *state = NULL;
		assert_int_equal(parse(body, len - (size_t)(body - reply), 1448, &state),
		                 recordings[i].code);
		if (state != NULL) {
			assert_int_equal(state->registered_count, recordings[i].registered);
			assert_int_equal(state->recovered_count, recordings[i].recovered);
			assert_int_equal(state->frameworks_count, recordings[i].frameworks);
			assert_int_equal(state->tasks_count, recordings[i].tasks);
		}
		state_free(state);
		free(reply);
	}
}

/*! \brief Feeds \a text as often as it takes to get an error; returns that. */
static int feed_until_error(struct state_parser *parser, const char *text, unsigned times)
{
	int ret = KNOT_EOK;
	for (unsigned i = 0; i < times && ret == KNOT_EOK; i++) {
		ret = state_parser_feed(parser, text, strlen(text));
	}
	return ret;
}

static void test_depth(void **unused)
{
	(void)unused;
	static const char *const starts[] = { "[",
		                              "{\"x\":", "{\"frameworks\":[{\"tasks\":[{\"x\":" };
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		struct state_parser *parser = state_parser_new();
		assert_non_null(parser);
		assert_int_equal(feed_until_error(parser, starts[i], 100000), KNOT_EMALF);
		struct state *state = NULL;
		assert_int_equal(state_parser_finish(parser, &state), KNOT_EMALF);
		state_parser_free(parser);
	}
}

static void test_memory_limit(void **unused)
{
	(void)unused;
	struct state_parser *parser = state_parser_new();
	assert_non_null(parser);
	char *many = malloc(3 * 1000 + 1);
	assert_non_null(many);
	for (int i = 0; i < 1000; i++) {
		memcpy(many + 3 * i, "{},", 4);
	}
	assert_int_equal(feed_until_error(parser, "{\"frameworks\":[", 1), KNOT_EOK);
	assert_int_equal(feed_until_error(parser, many, STATE_MEMORY_MAX / 1000), KNOT_ESPACE);
	assert_int_equal(feed_until_error(parser, "{", 1), KNOT_ESPACE);
	struct state *state = NULL;
	assert_int_equal(state_parser_finish(parser, &state), KNOT_ESPACE);
	assert_null(state);
	state_parser_free(parser);
	free(many);
}

/*! \brief What does not stay takes no memory, however much of it there is. */
static void test_dropped_tasks(void **unused)
{
	(void)unused;
	char *task = NULL;
	assert_true(asprintf(&task,
	                     "{\"name\":\"%060000d\",\"discovery\":{\"name\":\"%060000d\"},"
	                     "\"slave_id\":\"%060000d\",\"state\":\"TASK_LOST\"},",
	                     0, 0, 0) > 0);
	struct state_parser *parser = state_parser_new();
	assert_non_null(parser);
	assert_int_equal(feed_until_error(parser, "{\"frameworks\":[{\"tasks\":[", 1), KNOT_EOK);
	assert_int_equal(feed_until_error(parser, task, STATE_MEMORY_MAX / 100000), KNOT_EOK);
	assert_int_equal(feed_until_error(parser, "0]}],\"slaves\":[],\"leader\":\"m@h:1\"}", 1),
	                 KNOT_EOK);
	struct state *state = NULL;
	assert_int_equal(state_parser_finish(parser, &state), KNOT_EOK);
	assert_int_equal(state->tasks_count, 0);
	assert_int_equal(state->agents_count, 0);
	state_free(state);
	state_parser_free(parser);
	free(task);
}

/*! \brief Opens a stream into memory with the start of a state of one running task. */
static FILE *open_task(char **doc, size_t *len)
{
	FILE *out = open_memstream(doc, len);
	assert_non_null(out);
	fputs("{\"leader\":\"m@h:1\",\"slaves\":[],\"frameworks\":[{\"tasks\":[{\"id\":\"t\","
	      "\"slave_id\":\"S0\",\"state\":\"TASK_RUNNING\"",
	      out);
	return out;
}

/*! \brief Of a task's lists only so much is kept, so that one alone does not fill the memory. */
static void test_one_task_has_bounds(void **unused)
{
	(void)unused;
	enum { PORTS = 20000, WORDS = 50, RANGES = 10000 };
	char *doc = NULL;
	size_t len = 0;
	FILE *out = open_task(&doc, &len);
	fputs(",\"resources\":{\"ports\":\"[", out);
	for (int i = 0; i < RANGES; i++) {
		fputs("1-1,", out);
	}
	fputs("]\"},\"discovery\":{\"name\":\"d\",\"ports\":{\"ports\":[{\"number\":1}", out);
	for (int i = 0; i < WORDS; i++) {
		fprintf(out, ",{\"number\":2,\"protocol\":\"%060000d\"}", i);
	}
	for (int i = 0; i < PORTS; i++) {
		fputs(",{\"number\":3}", out);
	}
	fputs("]}},\"statuses\":[{\"state\":\"TASK_RUNNING\",\"container_status\":"
	      "{\"network_infos\":[{\"ip_addresses\":[{}",
	      out);
	for (int i = 0; i < PORTS; i++) {
		fputs(",{\"ip_address\":\"10.0.0.1\"}", out);
	}
	fputs("]}]}}]},{\"id\":\"next\",\"slave_id\":\"S0\",\"state\":\"TASK_RUNNING\","
	      "\"discovery\":{\"ports\":{\"ports\":[{\"number\":4,\"name\":\"n\"}]}}}]}]}",
	      out);
	fclose(out);

	struct state *state = NULL;
	assert_int_equal(parse(doc, len, 16384, &state), KNOT_EOK);
	const struct state_task *task = &state->tasks[0];
	enum { KEPT_WORDS = STATE_TEXTS_MAX / 60000 };
	assert_int_equal(task->ranges_count, STATE_LIST_MAX);
	assert_int_equal(task->discovery_count, STATE_LIST_MAX);
	assert_int_equal(task->netinfo.count, STATE_LIST_MAX);
	assert_int_equal(task->discovery_ports[KEPT_WORDS].number, 2);
	assert_int_equal(task->discovery_ports[KEPT_WORDS + 1].number, 3);
	assert_int_equal(task->cut, RANGES + 1 + WORDS + PORTS + PORTS - 3 * STATE_LIST_MAX);
	assert_int_equal(state->tasks[1].cut, 0);
	assert_int_equal(state->tasks[1].discovery_count, 1);
	state_free(state);
	free(doc);
}

/*! \brief Of lists of protocols that are too long in all each keeps some, whole ones. */
static void test_long_protocol_lists(void **unused)
{
	(void)unused;
	enum { PORTS = 10, WORDS = 6000 };
	char *doc = NULL;
	size_t len = 0;
	FILE *out = open_task(&doc, &len);
	fputs(",\"discovery\":{\"name\":\"d\",\"ports\":{\"ports\":[{}", out);
	for (int i = 0; i < PORTS; i++) {
		fprintf(out, ",{\"number\":%d,\"name\":\"n%d\",\"protocol\":\"first", i, i);
		for (int j = 0; j < WORDS; j++) {
			fprintf(out, ",protocol%d", j % 10);
		}
		fputs("\"}", out);
	}
	fputs("]}}}]}]}", out);
	fclose(out);

	struct state *state = NULL;
	assert_int_equal(parse(doc, len, 16384, &state), KNOT_EOK);
	const struct state_task *task = &state->tasks[0];
	assert_int_equal(task->discovery_count, PORTS);
	uint32_t whole = 0, texts = 0;
	for (int i = 0; i < PORTS; i++) {
		const struct text list = task->discovery_ports[i].protocol;
		assert_int_equal(task->discovery_ports[i].name.len, 2);
		assert_true(list.len >= 5 && memcmp(list.data, "first", 5) == 0);
		assert_int_equal((list.len - 5) % 10, 0);
		whole += list.len == 5 + 10 * WORDS;
		texts += list.len + 2;
	}
	assert_int_equal(whole, STATE_TEXTS_MAX / (5 + 10 * WORDS + 2));
	assert_in_range(texts, STATE_TEXTS_MAX - 10,
	                STATE_TEXTS_MAX + PORTS * (STATE_TEXT_MIN + 2));
	assert_int_equal(task->cut, PORTS - whole);
	state_free(state);
	free(doc);
}

/*! \brief Of a task's statuses only the addresses of the last are kept, however many there are. */
static void test_many_statuses(void **unused)
{
	(void)unused;
	enum { COUNT = 50000 };
	char *doc = NULL;
	size_t len = 0;
	FILE *out = open_task(&doc, &len);
	fputs(",\"statuses\":[{}", out);
	for (int i = 0; i < COUNT; i++) {
		fprintf(out,
		        ",{\"state\":\"TASK_RUNNING\",\"timestamp\":%d,\"container_status\":"
		        "{\"network_infos\":[{\"ip_address\":\"10.0.0.1\"}]}}",
		        i);
	}
	fputs("]}]}]}", out);
	fclose(out);
	struct state *state = NULL;
	assert_int_equal(parse(doc, len, 16384, &state), KNOT_EOK);
	assert_int_equal(state->tasks[0].netinfo.count, 1);
	assert_int_equal(state->tasks[0].cut, 0);
	state_free(state);
	free(doc);
}

static void test_many_agents(void **unused)
{
	(void)unused;
	enum { COUNT = 20000 };
	char *doc = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&doc, &len);
	assert_non_null(out);
	fputs("{\"leader\":\"m@h:1\",\"frameworks\":[{\"tasks\":[0", out);
	for (int i = 0; i < COUNT; i++) {
		fprintf(out, ",{\"state\":\"TASK_RUNNING\",\"slave_id\":\"S%d\"}", i / 2 * 3);
	}
	fputs("]}],\"slaves\":[0", out);
	for (int i = 0; i < COUNT; i++) {
		fprintf(out, ",{\"id\":\"S%d\",\"pid\":\"slave(1)@h:%d\"}", i, 1 + i);
	}
	fputs("]}", out);
	fclose(out);

	struct state *state = NULL;
	assert_int_equal(parse(doc, len, 1000, &state), KNOT_EOK);
	assert_int_equal(state->registered_count, COUNT);
	assert_int_equal(state->tasks_count, COUNT);
	uint32_t alone = 0;
	for (uint32_t i = 0; i < COUNT; i++) {
		const struct state_agent *agent = &state->agents[state->tasks[i].agent];
		char id[20];
		int id_len = snprintf(id, sizeof(id), "S%u", i / 2 * 3);
		assert_int_equal(agent->id.len, id_len);
		assert_memory_equal(agent->id.data, id, (size_t)id_len);
		assert_int_equal(agent->registered, i / 2 * 3 < COUNT);
		assert_int_equal(agent->port, agent->registered ? 1 + i / 2 * 3 : 0);
		alone += !agent->registered;
	}
	assert_int_equal(state->agents_count, COUNT + alone / 2);
	state_free(state);
	free(doc);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s DATA-FOLDER\n", argv[0]);
		return EXIT_FAILURE;
	}
	data_dir = argv[1];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_order_and_strangers),
		cmocka_unit_test(test_wrong_types),
		cmocka_unit_test(test_not_a_state),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_golden_chunks),
		cmocka_unit_test(test_recordings),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_memory_limit),
		cmocka_unit_test(test_dropped_tasks),
		cmocka_unit_test(test_one_task_has_bounds),
		cmocka_unit_test(test_long_protocol_lists),
		cmocka_unit_test(test_many_statuses),
		cmocka_unit_test(test_many_agents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
