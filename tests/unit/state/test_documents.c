/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Whole documents: recorded ones, and such as are no state, too deep or too large.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/json/json_rewrite.h"
#include "tests/unit/state/object_parse.h"

static const char *data_dir;

/*! \brief Asserts how a document ends. */
static void assert_code(const char *doc, int code)
{
	char expected[20];
	char *text = dump_objects(doc, strlen(doc), 1000);
	snprintf(expected, sizeof(expected), "error %d", code);
	assert_int_equal(strncmp(text, expected, strlen(expected)) == 0, code != KNOT_EOK);
	assert_int_equal(strncmp(text, "master ", 7) == 0, code == KNOT_EOK);
	free(text);
}

/*! \brief How often a word is in a text. */
static unsigned count(const char *text, const char *word)
{
	unsigned found = 0;
	for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) {
		found++;
	}
	return found;
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
		unsigned tasks, frameworks, registered, recovered, ranges, ports, mapping;
	} goldens[] = {
		{ "quirks", 37, 6, 4, 0, 13, 8, 0 },
		{ "real-docker", 52, 9, 4, 0, 11, 13, 5 },
		{ "real-partial", 20, 4, 1, 1, 7, 9, 1 },
		{ "real-rich", 36, 5, 2, 0, 9, 11, 3 },
		{ "real-unacked", 34, 11, 2, 0, 9, 11, 3 },
	};

	for (size_t i = 0; i < sizeof(goldens) / sizeof(*goldens); i++) {
		char path[100];
		snprintf(path, sizeof(path), "golden/%s/state.json", goldens[i].name);
		size_t len;
		char *doc = read_file(path, &len);
		char *text = dump_objects(doc, len, 4096);
		unsigned tasks = 0, ranges = 0, ports = 0, mapping = 0;
		for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
			if (strncmp(line, "task ", 5) != 0 || strstr(line, " life=2") == NULL) {
				continue;
			}
			tasks++;
			char *list = strstr(line, " ranges="), *rest = strstr(list, " ports=");
			ports += count(rest, " protocol=");
			mapping += count(rest, "maps_ports=1");
			*rest = '\0';
			ranges += count(list, ",");
		}
		free(text);
		assert_int_equal(tasks, goldens[i].tasks);
		assert_int_equal(ranges, goldens[i].ranges);
		assert_int_equal(ports, goldens[i].ports);
		assert_int_equal(mapping, goldens[i].mapping);
		text = dump_objects(doc, len, 4096);
		assert_int_equal(count(text, "\nframework "), goldens[i].frameworks);
		assert_int_equal(count(text, " registered=1\n"), goldens[i].registered);
		assert_int_equal(count(text, " registered=0\n"), goldens[i].recovered);
		free(text);
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
		char *whole = dump_objects(doc, len, len);
		for (size_t chunk = 1; chunk < len; chunk += 1 + chunk / 64) {
			char *parts = dump_objects(doc, len, chunk);
			assert_string_equal(parts, whole);
			free(parts);
		}

		struct json_object *tree = json_tokener_parse(doc);
		struct rewrite how = { .reversed = true, .padded = true };
		char *reversed = rewrite(tree, how);
		char *result = dump_objects(reversed, strlen(reversed), SIZE_MAX / 2);
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
		unsigned registered, recovered, frameworks, tasks;
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
		assert_code(body, recordings[i].code);
		char *text = dump_objects(body, len - (size_t)(body - reply), 1448);
		assert_int_equal(count(text, " registered=1\n"), recordings[i].registered);
		assert_int_equal(count(text, " registered=0\n"), recordings[i].recovered);
		assert_int_equal(count(text, "\nframework "), recordings[i].frameworks);
		assert_int_equal(count(text, " life=2"), recordings[i].tasks);
		free(text);
		free(reply);
	}
}

static struct objects_parser *new_parser(struct dumper *dumper)
{
	*dumper = (struct dumper){ .count = 0 };
	struct objects_parser *parser = objects_parser_new(&dumper_sink, dumper);
	assert_non_null(parser);
	return parser;
}

/*! \brief Feeds \a text as often as it takes to get an error; returns that. */
static int feed_until_error(struct objects_parser *parser, const char *text, unsigned times)
{
	int ret = KNOT_EOK;
	for (unsigned i = 0; i < times && ret == KNOT_EOK; i++) {
		ret = objects_parser_feed(parser, text, strlen(text));
	}
	return ret;
}

static void test_depth(void **unused)
{
	(void)unused;
	static const char *const starts[] = { "[",
		                              "{\"x\":", "{\"frameworks\":[{\"tasks\":[{\"x\":" };
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		struct dumper dumper;
		struct objects_parser *parser = new_parser(&dumper);
		assert_int_equal(feed_until_error(parser, starts[i], 100000), KNOT_EMALF);
		struct master_facts facts;
		assert_int_equal(objects_parser_finish(parser, &facts), KNOT_EMALF);
		objects_parser_free(parser);
	}
}

/*! \brief What waits for its framework's ID has its bounds. */
static void test_memory_limit(void **unused)
{
	(void)unused;
	char *task = NULL;
	assert_true(asprintf(&task,
	                     "{\"name\":\"%060000d\",\"discovery\":{\"name\":\"%060000d\"},"
	                     "\"slave_id\":\"S\",\"state\":\"TASK_RUNNING\"},",
	                     0, 0) > 0);
	struct dumper dumper;
	struct master_facts facts;
	struct objects_parser *parser = new_parser(&dumper);
	assert_int_equal(feed_until_error(parser, "{\"frameworks\":[{\"tasks\":[", 1), KNOT_EOK);
	assert_int_equal(feed_until_error(parser, task, STATE_MEMORY_MAX / 60000), KNOT_ESPACE);
	assert_int_equal(feed_until_error(parser, "{", 1), KNOT_ESPACE);
	assert_int_equal(objects_parser_finish(parser, &facts), KNOT_ESPACE);
	assert_int_equal(dumper.count, 0);
	objects_parser_free(parser);
	free(task);
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
	struct dumper dumper;
	struct objects_parser *parser = new_parser(&dumper);
	assert_int_equal(feed_until_error(parser, "{\"frameworks\":[{\"tasks\":[", 1), KNOT_EOK);
	assert_int_equal(feed_until_error(parser, task, STATE_MEMORY_MAX / 100000), KNOT_EOK);
	assert_int_equal(feed_until_error(parser, "0]}],\"slaves\":[],\"leader\":\"m@h:1\"}", 1),
	                 KNOT_EOK);
	struct master_facts facts;
	assert_int_equal(objects_parser_finish(parser, &facts), KNOT_EOK);
	/* The framework alone. */
	assert_int_equal(dumper.count, 1);
	free(dumper.lines[0]);
	objects_parser_free(parser);
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
	char *text = dump_objects(doc, len, 16384);
	assert_int_equal(count(text, "10.0.0.1,"), 1);
	free(text);
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
		cmocka_unit_test(test_not_a_state),   cmocka_unit_test(test_golden),
		cmocka_unit_test(test_golden_chunks), cmocka_unit_test(test_recordings),
		cmocka_unit_test(test_depth),         cmocka_unit_test(test_memory_limit),
		cmocka_unit_test(test_dropped_tasks), cmocka_unit_test(test_many_statuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
