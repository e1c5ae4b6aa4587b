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

#include "tests/unit/json_rewrite.h"
#include "tests/unit/state_base.h"
#include "tests/unit/state_dump.h"

static const char *data_dir;

/*! \brief Parses a document in chunks; \a out is set on KNOT_EOK. */
static int parse(const char *doc, size_t len, size_t chunk, struct state **out)
{
	struct state_parser *parser = state_parser_new();
	assert_non_null(parser);
	int ret = KNOT_EOK;
	for (size_t at = 0; at < len && ret == KNOT_EOK; at += chunk) {
		ret = state_parser_feed(parser, doc + at, len - at < chunk ? len - at : chunk);
	}
	int end = state_parser_finish(parser, out);
	if (ret != KNOT_EOK) {
		assert_int_equal(end, ret);
		assert_int_equal(state_parser_feed(parser, "{}", 2), ret);
	}
	state_parser_free(parser);
	return end;
}

/*! \brief Parses a document and returns its dump, or "error" and the code; to be freed. */
static char *dump_chunked(const char *doc, size_t len, size_t chunk)
{
	struct state *state = NULL;
	char *dump = NULL;
	int ret = parse(doc, len, chunk, &state);
	if (ret != KNOT_EOK) {
		assert_null(state);
		assert_true(asprintf(&dump, "error %d", ret) > 0);
		return dump;
	}
	dump = state_dump(state);
	state_free(state);
	return dump;
}

static char *dump(const char *doc)
{
	return dump_chunked(doc, strlen(doc), SIZE_MAX / 2);
}

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

/*! \brief A rule about values, shown at a small document. */
struct rule {
	const char *value;  /*!< Put into the frame. */
	const char *expect; /*!< Has to be in the dump; from '!' on: must not be. */
};

#define STATE_FRAME(members) \
	"{\"leader\":\"master@h:1\",\"slaves\":[],\"frameworks\":[]," members "}"
#define TASK_FRAME(members)                                                                   \
	"{\"leader\":\"master@h:1\",\"slaves\":[],\"frameworks\":[{\"tasks\":[{\"id\":\"T\"," \
	"\"slave_id\":\"S\",\"state\":\"TASK_RUNNING\"," members "}]}]}"

/*! \brief Asserts each rule; \a frame has %s where the value goes, perhaps twice. */
static void check_rules(const char *frame, const struct rule *rules, size_t count)
{
	const char *hole = strstr(frame, "%s");
	assert_non_null(hole);
	for (size_t i = 0; i < count; i++) {
		char *doc = NULL;
		assert_true(asprintf(&doc, "%.*s%s%s", (int)(hole - frame), frame, rules[i].value,
		                     hole + 2) > 0);
		char *result = dump(doc);
		bool absent = rules[i].expect[0] == '!';
		if ((strstr(result, rules[i].expect + absent) == NULL) != absent) {
			print_error("%s\n%s\n", doc, result);
			fail();
		}
		free(result);
		free(doc);
	}
}

#define CHECK_RULES(frame, rules) check_rules(frame, rules, sizeof(rules) / sizeof(*(rules)))

static void test_durations(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ "1mins", "timeout=60.000000" },
		{ "10secs", "timeout=10.000000" },
		{ "1.5hrs", "timeout=5400.000000" },
		{ "500ms", "timeout=0.500000" },
		{ "2weeks", "timeout=1209600.000000" },
		{ "3days", "timeout=259200.000000" },
		{ "250us", "timeout=0.000250" },
		{ "1500000000ns", "timeout=1.500000" },
		{ "1sec", "timeout=1.000000" },
		{ "2min", "timeout=120.000000" },
		{ "1hr", "timeout=3600.000000" },
		{ "1day", "timeout=86400.000000" },
		{ "1week", "timeout=604800.000000" },
		{ "0ns", "timeout=0.000000" },
		{ "0.25secs", "timeout=0.250000" },
		{ "", "timeout=60.000000" },
		{ "10", "timeout=60.000000" },
		{ "secs", "timeout=60.000000" },
		{ "10 secs", "timeout=60.000000" },
		{ "-10secs", "timeout=60.000000" },
		{ "10.secs", "timeout=60.000000" },
		{ ".5secs", "timeout=60.000000" },
		{ "1.2.3secs", "timeout=60.000000" },
		{ "1e3secs", "timeout=60.000000" },
		{ "10SECS", "timeout=60.000000" },
		{ "10secsx", "timeout=60.000000" },
		{ "10fortnights", "timeout=60.000000" },
		{ "30secs\",\"registry_fetch_timeout\":\"x", "timeout=60.000000" },
	};
	CHECK_RULES(STATE_FRAME("\"flags\":{\"registry_fetch_timeout\":\"%s\"}"), rules);

	/* Beyond a double's range. */
	char *doc = NULL;
	assert_true(asprintf(&doc,
	                     STATE_FRAME("\"flags\":{\"registry_fetch_timeout\":\"%0400d%s\"}"), 1,
	                     "weeks") > 0);
	memset(strstr(doc, "0000"), '9', 399);
	char *result = dump(doc);
	assert_non_null(strstr(result, "timeout=60.000000"));
	free(result);
	free(doc);
}

static void test_master(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ "\"id\":\"a\",\"id\":\"b\"", "state id=\"b\"" },
		{ "\"id\":\"a\",\"id\":null", "state id=\"a\"" },
		{ "\"id\":\"\\u0000\\ud800\xff\"", "state id=\"\\x00\\xef\\xbf\\xbd\\xff\"" },
		{ "\"pid\":\"x\"", "pid=\"\":0" },
		{ "\"pid\":\"m@h:5\",\"pid\":\"x\"", "pid=\"\":0" },
		{ "\"leader\":\"m@[::1]:5\"", "leader=\"::1\":5" },
		{ "\"elected_time\":1e999", "elected=0.000000" },
		{ "\"elected_time\":\"1\"", "elected=0.000000" },
		{ "\"elected_time\":7", "elected=7.000000" },
	};
	CHECK_RULES(STATE_FRAME("%s"), rules);
}

static void test_agents(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ "\"slaves\":[{\"id\":\"A\"},{\"id\":\"A\"},{\"id\":\"B\"},{},{\"id\":\"\"}]",
		  "registered=2 recovered=0\n" },
		{ "\"slaves\":[{\"id\":\"A\"}],\"slaves\":[{\"id\":\"B\"}]",
		  "registered=2 recovered=0\n" },
		{ "\"slaves\":[{\"id\":\"A\",\"id\":\"\"}]", "registered=0 recovered=0\n" },
		{ "\"recovered_slaves\":[{\"id\":\"A\",\"pid\":\"s@r:2\"},{\"id\":\"A\"}],"
		  "\"slaves\":[{\"id\":\"A\",\"pid\":\"s@h:1\"}]",
		  "registered=1 recovered=1\nagent id=\"A\" host=\"h\" port=1 registered=1 "
		  "recovered=1" },
		{ "\"slaves\":[{\"id\":\"A\",\"pid\":\"s@h:1\"}],"
		  "\"recovered_slaves\":[{\"id\":\"A\",\"pid\":\"s@r:2\"}]",
		  "agent id=\"A\" host=\"h\" port=1 registered=1 recovered=1" },
		{ "\"recovered_slaves\":[{\"id\":\"A\",\"pid\":\"s@r:2\"}],\"slaves\":[{\"id\":"
		  "\"A\"}]",
		  "agent id=\"A\" host=\"r\" port=2 registered=1 recovered=1" },
		{ "\"slaves\":[{\"id\":\"A\",\"pid\":\"s@h:1\"},{\"id\":\"B\"}]",
		  "agent id=\"B\" host=\"\" port=0" },
		{ "\"slaves\":[{\"pid\":\"s@h:1\",\"pid\":\"-\",\"id\":\"A\"}]",
		  "agent id=\"A\" host=\"\" port=0" },
	};
	CHECK_RULES(STATE_FRAME("%s"), rules);
}

static void test_tasks(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ "\"x\":0", "task id=\"T\" name=\"\"" },
		{ "\"state\":\"TASK_KILLING\"", "!task id" },
		{ "\"state\":\"TASK_RUNNINGG\"", "!task id" },
		{ "\"state\":\"TASK_LOST\",\"state\":\"TASK_RUNNING\"", "task id" },
		{ "\"state\":\"TASK\\u005fRUNNING\"", "task id" },
		{ "\"slave_id\":\"\"", "!task id" },
		{ "\"slave_id\":\"S2\"", "agent=\"S2\"" },
		{ "\"slave_id\":\"S2\"", "!agent id=\"S\"" },
		{ "\"name\":\"a\",\"name\":\"b\"", "name=\"b\"" },
		{ "\"name\":\"\\u0000\\ud83d\\ude00\xc3\"",
		  "name=\"\\x00\\xf0\\x9f\\x98\\x80\\xc3\"" },
		{ "\"discovery\":{\"name\":\"\"}", "discovery=\"\"" },
		{ "\"discovery\":{\"name\":\"d\"},\"discovery\":{}", "discovery=\"d\"" },
		{ "\"container\":{\"docker\":{\"port_mappings\":[{\"container_port\":1}]}}",
		  "maps_ports=0" },
		{ "\"container\":{\"docker\":{\"port_mappings\":[{\"host_port\":1}]}}",
		  "maps_ports=1" },
		{ "\"container\":{\"network_infos\":[{},{\"port_mappings\":[{\"host_port\":1}]}]}",
		  "maps_ports=1" },
		{ "\"container\":{\"port_mappings\":[{\"host_port\":1}]}", "maps_ports=0" },
	};
	CHECK_RULES(TASK_FRAME("%s"), rules);
}

static void test_ranges(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ "[31000-31002, 31010-31010]", "ranges=31000-31002,31010-31010, " },
		{ "[1-x, 31500-31501]", "ranges=31500-31501, " },
		{ "[]", "ranges= " },
		{ "", "ranges= " },
		{ " [ 1-2 ,3-4 ] ", "ranges=1-2,3-4, " },
		{ "1-2", "ranges=1-2, " },
		{ "[0-65535]", "ranges=0-65535, " },
		{ "[0-65536,2-1,-1,1-,-,1,1--2,1-2-3,+1-2,7-7]", "ranges=7-7, " },
		{ "[18446744073709551617-18446744073709551618]", "ranges= " },
		{ "[,,1-2,,]", "ranges=1-2, " },
		{ "[[1-2]]", "ranges= " },
		{ "[1-2]\",\"ports\":\"[3-4]", "ranges=3-4, " },
		{ "[1-2]\",\"ports\":[\"3-4\"],\"x\":\"", "ranges=1-2, " },
	};
	CHECK_RULES(TASK_FRAME("\"resources\":{\"ports\":\"%s\"}"), rules);
}

static void test_ports(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ "{\"number\":0}", "ports=(0 name" },
		{ "{\"number\":65535.0}", "ports=(65535 name" },
		{ "{\"number\":8.08e3}", "ports=(8080 name" },
		{ "{\"number\":-0}", "ports=(0 name" },
		{ "{\"number\":1,\"number\":2}", "ports=(2 name" },
		{ "{\"number\":1,\"number\":70000}", "ports= " },
		{ "{\"number\":65536}", "ports= " },
		{ "{\"number\":-1}", "ports= " },
		{ "{\"number\":80.5}", "ports= " },
		{ "{\"number\":1e300}", "ports= " },
		{ "{\"number\":\"80\"}", "ports= " },
		{ "{\"name\":\"n\"}", "ports= " },
		{ "{\"name\":\"n\",\"number\":1},{\"number\":2}",
		  "ports=(1 name=\"n\" protocol=\"\")(2 name=\"\" protocol=\"\") " },
		{ "{\"number\":1}]},\"ports\":{\"ports\":[{\"number\":2}",
		  "(1 name=\"\" protocol=\"\")(2 " },
	};
	CHECK_RULES(TASK_FRAME("\"discovery\":{\"ports\":{\"ports\":[%s]}}"), rules);
}

#define STATUS(time, addr)                                                              \
	"{\"state\":\"TASK_RUNNING\"," time "\"container_status\":{\"network_infos\":[" \
	"{\"ip_address\":\"" addr "\"}]}}"

static void test_statuses(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ STATUS("", "10.0.0.1"), "netinfo=10.0.0.1, " },
		{ STATUS("", "10.0.0.1") "," STATUS("", "10.0.0.2"), "netinfo=10.0.0.1, " },
		{ STATUS("\"timestamp\":2,", "10.0.0.1") "," STATUS("\"timestamp\":2.0,",
		                                                    "10.0.0.2"),
		  "netinfo=10.0.0.1, " },
		{ STATUS("\"timestamp\":1,", "10.0.0.1") "," STATUS(
		          "\"timestamp\":3,", "10.0.0.2") "," STATUS("\"timestamp\":2,",
		                                                     "10.0.0.3"),
		  "netinfo=10.0.0.2, " },
		{ STATUS("\"timestamp\":-1,", "10.0.0.1") "," STATUS("", "10.0.0.2"),
		  "netinfo=10.0.0.2, " },
		{ STATUS("\"timestamp\":\"9\",", "10.0.0.1") "," STATUS("\"timestamp\":1,",
		                                                        "10.0.0.2"),
		  "netinfo=10.0.0.2, " },
		{ STATUS("\"timestamp\":1,", "10.0.0.1") "," STATUS("\"state\":\"TASK_LOST\",",
		                                                    "10.0.0.2"),
		  "netinfo=10.0.0.1, " },
		{ "{\"timestamp\":9}," STATUS("\"timestamp\":1,", "10.0.0.1"),
		  "netinfo=10.0.0.1, " },
		{ STATUS("\"timestamp\":1,",
		         "10.0.0.1") ",{\"state\":\"TASK_RUNNING\",\"timestamp\":2}",
		  "netinfo= " },
		{ "{\"state\":\"TASK_RUNNING\",\"container_status\":{\"network_infos\":[{\"port_"
		  "mappings\":"
		  "[{\"host_port\":1}]}]}},{\"state\":\"TASK_RUNNING\",\"timestamp\":2}",
		  "maps_ports=0" },
	};
	CHECK_RULES(TASK_FRAME("\"statuses\":[%s]"), rules);
}

static void test_network_infos(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ "{\"ip_addresses\":[],\"ip_address\":\"10.0.0.1\"}", "netinfo=10.0.0.1, " },
		{ "{\"ip_address\":\"10.0.0.1\",\"ip_addresses\":null}", "netinfo=10.0.0.1, " },
		{ "{\"ip_address\":\"10.0.0.1\",\"ip_addresses\":[{}]}", "netinfo= " },
		{ "{\"ip_addresses\":[{\"ip_address\":\"x\"}],\"ip_address\":\"10.0.0.1\"}",
		  "netinfo= " },
		{ "{\"ip_addresses\":[{\"ip_address\":\"::ffff:10.0.0.1\"},{\"ip_address\":\"\"},"
		  "{\"ip_address\":\"fd00::1/64\"}]},{\"ip_address\":\"x\"}",
		  "netinfo=10.0.0.1,fd00::1, " },
		{ "{\"ip_addresses\":[{\"ip_address\":\"10.0.0.1\",\"ip_address\":\"10.0.0.2\"}]}",
		  "netinfo=10.0.0.2, " },
		{ "{\"ip_addresses\":[{\"ip_address\":\"10.0.0.1\",\"ip_address\":\"x\"}]}",
		  "netinfo= " },
		{ "{\"ip_address\":\"10.0.0.1\"},{}", "netinfo=10.0.0.1, " },
	};
	CHECK_RULES(TASK_FRAME("\"statuses\":[{\"state\":\"TASK_RUNNING\",\"container_status\":"
	                       "{\"network_infos\":[%s]}}]"),
	            rules);
}

#define MESOS_KEY  "MesosContainerizer.NetworkSettings.IPAddress"
#define DOCKER_KEY "Docker.NetworkSettings.IPAddress"

static void test_labels(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ "{\"value\":\"10.0.0.1\",\"key\":\"" MESOS_KEY "\"}",
		  " mesos=10.0.0.1, docker= " },
		{ "{\"key\":\"" DOCKER_KEY "\",\"value\":\"10.0.0.1\"},{\"key\":\"" DOCKER_KEY
		  "\"},"
		  "{\"value\":\"10.0.0.3\"},{\"key\":\"" DOCKER_KEY "\",\"value\":\"fd00::1\"}",
		  " mesos= docker=10.0.0.1,fd00::1, " },
		{ "{\"key\":\"" MESOS_KEY "\",\"value\":\"10.0.0.1\",\"key\":\"" DOCKER_KEY "\"}",
		  " mesos= docker=10.0.0.1, " },
		{ "{\"key\":\"" MESOS_KEY "\",\"value\":\"10.0.0.1\",\"key\":\"x\"}",
		  " mesos= docker= " },
		{ "{\"key\":\"docker.NetworkSettings.IPAddress\",\"value\":\"10.0.0.1\"}",
		  " mesos= docker= " },
		{ "{\"key\":\"" MESOS_KEY "\",\"value\":\"x\"}", " mesos= docker= " },
	};
	CHECK_RULES(TASK_FRAME("\"statuses\":[{\"state\":\"TASK_RUNNING\",\"labels\":[%s]}]"),
	            rules);
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
		char *reversed = rewrite(tree,
		                         (struct rewrite){ .reversed = true, .padded = true });
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
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_master),
		cmocka_unit_test(test_agents),
		cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_network_infos),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_golden_chunks),
		cmocka_unit_test(test_recordings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
