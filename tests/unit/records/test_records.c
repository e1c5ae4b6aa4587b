/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/libknot.h>

#include "module/records/records.h"
#include "tests/unit/records/record_text.h"

/*! \brief Folder of the golden data. */
static const char *golden;

static const knot_dname_t *const MESOS = (const knot_dname_t *)"\005mesos";

static char *read_file(const char *folder, const char *name, size_t *len)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s/%s", golden, folder, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	char *data = NULL;
	size_t room = 0;
	*len = getdelim(&data, &room, EOF, file);
	fclose(file);
	return data;
}

static struct state *parse(const char *json, size_t len)
{
	struct state_parser *parser = state_parser_new();
	struct state *state = NULL;
	assert_non_null(parser);
	assert_int_equal(state_parser_feed(parser, json, len), KNOT_EOK);
	assert_int_equal(state_parser_finish(parser, &state), KNOT_EOK);
	state_parser_free(parser);
	return state;
}

/*! \brief The resolver of these tests knows one name. */
static struct state_addresses look_up(void *hosts, struct text host)
{
	static const struct address known[] = { { 4, { 192, 0, 2, 1 } },
		                                { 16, { 0x20, 1, 0x0d, 0xb8 } } };
	(void)hosts;
	bool found = host.len == 4 && memcmp(host.data, "name", 4) == 0;
	return (struct state_addresses){ .list = known, .count = found ? 2 : 0 };
}

static struct records_input defaults(void)
{
	return (struct records_input){
		.zone = MESOS,
		.origin = MESOS,
		.sources = { IP_SOURCE_NETINFO, IP_SOURCE_MESOS, IP_SOURCE_HOST },
		.sources_count = 3,
		.lookup = look_up,
	};
}

/*! \brief Makes the records of a zone into lines. */
static void make(const struct state *state, const struct records_input *input, struct lines *lines,
                 struct records_output *output)
{
	*output = (struct records_output){ .put = lines_put, .sink = lines };
	assert_int_equal(records_make(state, input, output), KNOT_EOK);
}

/*! \brief Makes forward and reverse records. */
static void make_all(const struct state *state, struct records_input input, struct lines *lines)
{
	struct records_output output;
	make(state, &input, lines, &output);
	input.reverse = true;
	input.zone = (const knot_dname_t *)"\007in-addr\004arpa";
	make(state, &input, lines, &output);
	input.zone = (const knot_dname_t *)"\003ip6\004arpa";
	make(state, &input, lines, &output);
	lines_sort(lines);
}

static void check_golden(const char *folder, const char *file, const struct records_input *input)
{
	size_t len;
	char *json = read_file(folder, "state.json", &len);
	struct state *state = parse(json, len);
	free(json);

	struct lines lines = { 0 }, expected = { 0 };
	make_all(state, *input, &lines);
	state_free(state);

	char *text = read_file(folder, file, &len), *rest = text, *line;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line != '\0') {
			lines_add(&expected, "%s", line);
		}
	}
	free(text);
	lines_sort(&expected);

	for (size_t i = 0; i < lines.count && i < expected.count; i++) {
		assert_string_equal(lines.list[i], expected.list[i]);
	}
	assert_int_equal(lines.count, expected.count);
	lines_free(&lines);
	lines_free(&expected);
}

static void test_golden(void **state)
{
	(void)state;
	struct records_input input = defaults();
	check_golden("quirks", "records.txt", &input);
	check_golden("real-rich", "records.txt", &input);
	check_golden("real-docker", "records.txt", &input);
	check_golden("real-partial", "records.txt", &input);
	check_golden("real-unacked", "records.txt", &input);
}

static void test_golden_options(void **state)
{
	(void)state;
	struct records_input input = defaults();
	input.rules = LABEL_RFC952;
	input.sources[0] = IP_SOURCE_DOCKER;
	check_golden("quirks", "records-rfc952-docker-mesos-host.txt", &input);

	input = defaults();
	input.sources[0] = IP_SOURCE_HOST;
	input.sources_count = 1;
	check_golden("real-docker", "records-rfc1123-host.txt", &input);
}

/*! \brief A state of one agent, with the frameworks and further keys that are given. */
static struct state *small(const char *frameworks, const char *more)
{
	char json[16384];
	int len = snprintf(json, sizeof(json),
	                   "{\"leader\":\"master@10.0.0.1:5050\","
	                   "\"slaves\":[{\"id\":\"x-S0\",\"pid\":\"slave(1)@10.0.0.2:5051\"}%s],"
	                   "\"frameworks\":[%s]}",
	                   more, frameworks);
	assert_in_range(len, 1, sizeof(json) - 1);
	return parse(json, len);
}

/*! \brief A framework of one task. */
static struct state *one_task(const char *name, const char *task)
{
	char frameworks[8192];
	snprintf(frameworks, sizeof(frameworks),
	         "{\"name\":\"%s\",\"tasks\":[{\"id\":\"test\",\"slave_id\":\"x-S0\","
	         "\"state\":\"TASK_RUNNING\",%s}]}",
	         name, task);
	return small(frameworks, "");
}

static bool has(const struct lines *lines, const char *line)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (strcmp(lines->list[i], line) == 0) {
			return true;
		}
	}
	return false;
}

#define A16 "aaaaaaaaaaaaaaaa"
#define A63 A16 A16 A16 "aaaaaaaaaaaaaaa"

static void test_canonical_cut(void **state)
{
	(void)state;
	struct state *st = one_task("fw", "\"name\":\"" A63 "\"");
	struct records_input input = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &input, &lines, &output);
	/* 54 octets of the name, -iffe9-s0: 63 in all */
	assert_true(has(&lines, A16 A16 A16 "aaaaaa-iffe9-s0.fw.mesos. A 10.0.0.2"));
	assert_true(has(&lines, A63 ".fw.mesos. A 10.0.0.2"));
	assert_int_equal(output.skipped, 0);
	lines_free(&lines);
	state_free(st);
}

static void test_dotted_cut(void **state)
{
	(void)state;
	struct state *st = one_task("fw", "\"discovery\":{\"name\":\"b." A63 "\"}");
	struct records_input input = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &input, &lines, &output);
	assert_true(has(&lines, "b." A16 A16 A16 "aaaaaa-iffe9-s0.fw.mesos. A 10.0.0.2"));
	assert_true(has(&lines, "b." A63 ".fw.mesos. A 10.0.0.2"));
	lines_free(&lines);
	state_free(st);
}

static void check_skipped(const char *framework, const char *task, uint32_t skipped,
                          size_t task_records)
{
	struct state *st = one_task(framework, task);
	struct records_input input = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &input, &lines, &output);
	size_t count = 0;
	for (size_t i = 0; i < lines.count; i++) {
		count += strstr(lines.list[i], ".fw.") != NULL;
	}
	assert_int_equal(count, task_records);
	assert_int_equal(output.skipped, skipped);
	lines_free(&lines);
	state_free(st);
}

static void test_skipped(void **state)
{
	(void)state;
	check_skipped("fw", "\"name\":\"a\"", 0, 4);
	check_skipped("fw", "\"name\":\"$\"", 1, 0);
	check_skipped("$", "\"name\":\"a\"", 1, 0);
	check_skipped("fw", "\"discovery\":{\"name\":\"a b\"}", 1, 4);
	check_skipped("fw", "\"discovery\":{\"name\":\"_\"}", 1, 4);
	/* An SRV owner needs one octet more than the name itself. */
	check_skipped("fw", "\"name\":\"" A63 "\",\"resources\":{\"ports\":\"[1-1]\"}", 1, 4);
	/* Four labels of 63 octets and a zone are longer than 255. */
	check_skipped(A63 "." A63 "." A63, "\"name\":\"" A63 "\"", 1, 0);
}

static void test_discovery_ports(void **state)
{
	(void)state;
	struct state *st = one_task("fw",
	                            "\"discovery\":{\"name\":\"d\",\"ports\":{\"ports\":["
	                            "{\"number\":1,\"name\":\"n\",\"protocol\":\"UDP, sctp\"},"
	                            "{\"number\":2},{\"number\":3,\"protocol\":\"$\"},"
	                            "{\"number\":4,\"name\":\"n\",\"protocol\":\" , -,._\"},"
	                            "{\"number\":5,\"protocol\":\"\\u540d\"},"
	                            "{\"number\":6,\"protocol\":\"-,udp\"},"
	                            "{\"number\":0,\"name\":\"$\",\"protocol\":\"tcp,\"}]}}");
	struct records_input input = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &input, &lines, &output);
	assert_true(has(&lines, "_d._udp.fw.mesos. SRV 0 1 1 d-iffe9-s0.fw.mesos."));
	assert_true(has(&lines, "_n._d._udp.fw.mesos. SRV 0 1 1 d-iffe9-s0.fw.mesos."));
	assert_true(has(&lines, "_d._sctp.fw.slave.mesos. SRV 0 1 1 d-iffe9-s0.fw.slave.mesos."));
	assert_true(has(&lines, "_d._tcp.fw.mesos. SRV 0 1 2 d-iffe9-s0.fw.mesos."));
	assert_true(has(&lines, "_d._udp.fw.mesos. SRV 0 1 2 d-iffe9-s0.fw.mesos."));
	assert_true(has(&lines, "_d._tcp.fw.mesos. SRV 0 1 0 d-iffe9-s0.fw.mesos."));
	/* Of which the rules leave nothing: as one left out. */
	assert_true(has(&lines, "_d._tcp.fw.mesos. SRV 0 1 3 d-iffe9-s0.fw.mesos."));
	assert_true(has(&lines, "_d._udp.fw.slave.mesos. SRV 0 1 3 d-iffe9-s0.fw.slave.mesos."));
	assert_true(has(&lines, "_n._d._udp.fw.mesos. SRV 0 1 4 d-iffe9-s0.fw.mesos."));
	assert_true(has(&lines, "_d._tcp.fw.mesos. SRV 0 1 5 d-iffe9-s0.fw.mesos."));
	assert_true(has(&lines, "_d._udp.fw.mesos. SRV 0 1 6 d-iffe9-s0.fw.mesos."));
	assert_false(has(&lines, "_d._tcp.fw.mesos. SRV 0 1 6 d-iffe9-s0.fw.mesos."));
	lines_free(&lines);
	state_free(st);
}

static void test_host_names(void **state)
{
	(void)state;
	struct state *st = small(
	        "{\"name\":\"one\",\"pid\":\"s@name:1\"},"
	        "{\"name\":\"two\",\"hostname\":\"name\"},"
	        "{\"name\":\"three\",\"pid\":\"s@unknown:1\",\"hostname\":\"name\"},"
	        "{\"name\":\"four\",\"hostname\":\"\"}",
	        ",{\"id\":\"x-S1\",\"pid\":\"slave(1)@name:5052\"},"
	        "{\"id\":\"x-S2\",\"pid\":\"slave(1)@unknown:5053\"}");
	struct records_input input = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &input, &lines, &output);
	lines_sort(&lines);
	static const char *const expected[] = {
		"_framework._tcp.one.mesos. SRV 0 1 1 one.mesos.",
		"_leader._tcp.mesos. SRV 0 1 5050 leader.mesos.",
		"_leader._udp.mesos. SRV 0 1 5050 leader.mesos.",
		"_master._tcp.mesos. SRV 0 1 5050 master0.mesos.",
		"_master._udp.mesos. SRV 0 1 5050 master0.mesos.",
		"_slave._tcp.mesos. SRV 0 1 5051 slave.mesos.",
		"_slave._tcp.mesos. SRV 0 1 5052 slave.mesos.",
		"leader.mesos. A 10.0.0.1",
		"master.mesos. A 10.0.0.1",
		"master0.mesos. A 10.0.0.1",
		"one.mesos. A 192.0.2.1",
		"one.mesos. AAAA 2001:db8::",
		"slave.mesos. A 10.0.0.2",
		"slave.mesos. A 192.0.2.1",
		"slave.mesos. AAAA 2001:db8::",
		"two.mesos. A 192.0.2.1",
		"two.mesos. AAAA 2001:db8::",
	};
	assert_int_equal(lines.count, sizeof(expected) / sizeof(*expected));
	for (size_t i = 0; i < lines.count; i++) {
		assert_string_equal(lines.list[i], expected[i]);
	}
	lines_free(&lines);
	state_free(st);
}

/*! \brief Names that are the cluster's alone, whatever a framework is called. */
static void test_clusters_names(void **state)
{
	(void)state;
	static const struct {
		const char *framework;
		const char *label; /*!< What the rules make of it. */
		bool scheduler, tasks;
	} cases[] = {
		{ "leader", "leader", false, true },
		{ "master", "master", false, true },
		{ "master0", "master0", false, true },
		{ "master0123456789", "master0123456789", false, true },
		{ "Leader", "leader", false, true },
		{ "--leader", "leader", false, true },
		{ "..LEADER..", "leader", false, true },
		{ "lea der", "leader", false, true },
		{ "mas$ter1", "master1", false, true },
		{ "_leader", "leader", false, true },
		{ "slave", "slave", false, false },
		{ "Slave.", "slave", false, false },
		{ "-slave-", "slave", false, false },
		{ "x.slave", "x.slave", false, false },
		{ "a.b.SLAVE", "a.b.slave", false, false },
		{ "leader.slave", "leader.slave", false, false },
		{ "master_0", "master-0", true, true },
		{ "master0x", "master0x", true, true },
		{ "xmaster", "xmaster", true, true },
		{ "masters", "masters", true, true },
		{ "leader1", "leader1", true, true },
		{ "x.leader", "x.leader", true, true },
		{ "leader.x", "leader.x", true, true },
		{ "lea.der", "lea.der", true, true },
		{ "master.0", "master.0", true, true },
		{ "slave.x", "slave.x", true, true },
		{ "xslave", "xslave", true, true },
		{ "slave0", "slave0", true, true },
		{ "x-slave", "x-slave", true, true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char json[1024], line[256];
		snprintf(json, sizeof(json),
		         "{\"name\":\"%s\",\"pid\":\"s@192.0.2.9:9\",\"tasks\":[{\"id\":\"test\","
		         "\"slave_id\":\"x-S0\",\"state\":\"TASK_RUNNING\",\"name\":\"web\"}]}",
		         cases[i].framework);
		struct state *st = small(json, "");
		struct records_input input = defaults();
		struct lines lines = { 0 };
		struct records_output output;
		make_all(st, input, &lines);
		snprintf(line, sizeof(line), "%s.mesos. A 192.0.2.9", cases[i].label);
		assert_int_equal(has(&lines, line), cases[i].scheduler);
		snprintf(line, sizeof(line), "_framework._tcp.%s.mesos. SRV 0 1 9 %s.mesos.",
		         cases[i].label, cases[i].label);
		assert_int_equal(has(&lines, line), cases[i].scheduler);
		snprintf(line, sizeof(line), "web.%s.mesos. A 10.0.0.2", cases[i].label);
		assert_int_equal(has(&lines, line), cases[i].tasks);
		snprintf(line, sizeof(line), "web.%s.slave.mesos. A 10.0.0.2", cases[i].label);
		assert_int_equal(has(&lines, line), cases[i].tasks);
		snprintf(line, sizeof(line), "2.0.0.10.in-addr.arpa. PTR web.%s.mesos.",
		         cases[i].label);
		assert_int_equal(has(&lines, line), cases[i].tasks);
		for (size_t j = 0; j < lines.count; j++) {
			assert_true(cases[i].scheduler ||
			            strstr(lines.list[j], "192.0.2.9") == NULL);
		}
		lines_free(&lines);
		make(st, &input, &lines, &output);
		assert_int_equal(output.skipped, !cases[i].scheduler);
		lines_free(&lines);
		state_free(st);
	}
}

/*! \brief Records of a framework's task in all forms, with no name of the cluster's among them. */
static void test_tasks_reach_no_name_of_the_clusters(void **state)
{
	(void)state;
	static const char *const names[] = {
		"leader",  "master0",      "slave",        "_leader",
		"_tcp",    "_leader._tcp", "_master._udp", "_slave",
		"a.slave", "_slave._tcp",  "leader.mesos", "_framework._tcp",
	};
	static const char *const frameworks[] = { "tcp",          "_tcp",  "udp",     "leader",
		                                  "_leader._tcp", "mesos", "master1", "_slave" };
	struct records_input input = defaults();
	struct lines before = { 0 };
	struct records_output output;
	struct state *st = small("", "");
	make(st, &input, &before, &output);
	state_free(st);
	for (size_t f = 0; f < sizeof(frameworks) / sizeof(*frameworks); f++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
			char task[1024];
			snprintf(task, sizeof(task),
			         "\"resources\":{\"ports\":\"[7-7]\"},\"discovery\":{\"name\":"
			         "\"%s\",\"ports\":{\"ports\":[{\"number\":7,\"name\":\"%s\","
			         "\"protocol\":\"%s\"}]}}",
			         names[i], names[i], names[i]);
			st = one_task(frameworks[f], task);
			struct lines lines = { 0 };
			make(st, &input, &lines, &output);
			size_t own = 0;
			for (size_t j = 0; j < lines.count; j++) {
				char owner[256];
				snprintf(owner, sizeof(owner), "%.*s",
				         (int)strcspn(lines.list[j], " "), lines.list[j]);
				bool is_clusters = false;
				for (size_t k = 0; k < before.count; k++) {
					size_t len = strcspn(before.list[k], " ");
					is_clusters = is_clusters ||
					              (strlen(owner) == len &&
					               memcmp(owner, before.list[k], len) == 0);
				}
				own += is_clusters;
			}
			assert_int_equal(own, before.count);
			assert_int_equal(lines.count > before.count,
			                 strcmp(frameworks[f], "_slave") != 0);
			lines_free(&lines);
			state_free(st);
		}
	}
	lines_free(&before);
}

/*! \brief A state of one task on an agent of some ID. */
static struct state *task_on(const char *agent, const char *framework, const char *task)
{
	char json[4096];
	int len = snprintf(json, sizeof(json),
	                   "{\"leader\":\"m@10.0.0.1:5050\",\"slaves\":[{\"id\":\"%s\",\"pid\":"
	                   "\"slave(1)@10.0.0.2:5051\"}],\"frameworks\":[{\"name\":\"%s\","
	                   "\"tasks\":[{\"id\":\"test\",\"slave_id\":\"%s\",\"state\":"
	                   "\"TASK_RUNNING\",\"name\":\"%s\",\"resources\":{\"ports\":"
	                   "\"[7-7]\"}}]}]}",
	                   agent, framework, agent, task);
	assert_in_range(len, 1, sizeof(json) - 1);
	return parse(json, len);
}

/*! \brief Agents without a suffix, or with a very long one: no canonical names, nor ports at them.
 */
static void test_agent_suffixes(void **state)
{
	(void)state;
	const char *a55 = A16 A16 A16 "aaaaaaa", *a56 = A16 A16 A16 "aaaaaaaa";
	const struct {
		const char *suffix;
		bool canonical;
	} cases[] = {
		{ "s0", true }, { a55, true }, { a56, false }, { "", false }, { "s.0", false }
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char agent[128], line[256];
		snprintf(agent, sizeof(agent), "x-%s", cases[i].suffix);
		struct state *st = task_on(agent, "fw", "web");
		struct records_input input = defaults();
		struct lines lines = { 0 };
		struct records_output output;
		make(st, &input, &lines, &output);
		lines_sort(&lines);
		/* Nine of the cluster; two names without the canonical ones, four, and four SRV. */
		assert_int_equal(lines.count, 9 + (cases[i].canonical ? 8 : 2));
		assert_int_equal(output.skipped, !cases[i].canonical);
		bool cut = strlen(cases[i].suffix) == 55;
		snprintf(line, sizeof(line), "%s-iffe9-%s.fw.mesos. A 10.0.0.2", cut ? "w" : "web",
		         cases[i].suffix);
		assert_int_equal(has(&lines, line), cases[i].canonical);
		assert_true(has(&lines, "web.fw.mesos. A 10.0.0.2"));
		assert_false(has(&lines, "fw.mesos. A 10.0.0.2"));
		lines_free(&lines);
		state_free(st);
	}
}

/*! \brief A framework's name that leaves no room for `slave`: its tasks have the other names. */
static void test_no_room_for_slave(void **state)
{
	(void)state;
	/* With the zone 250 octets: `web` is 254, and `.slave` would be 256. */
	struct state *st = task_on("x-S0", A63 "." A63 "." A63 "." A16 A16 A16 "aaa", "web");
	struct records_input input = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &input, &lines, &output);
	assert_int_equal(lines.count, 9 + 1);
	assert_true(
	        has(&lines, "web." A63 "." A63 "." A63 "." A16 A16 A16 "aaa.mesos. A 10.0.0.2"));
	assert_int_equal(output.skipped, 1);
	lines_free(&lines);
	state_free(st);
}

/*! \brief Ports of a name to which `_` cannot be put make no record, anywhere. */
static void test_no_room_for_underscore(void **state)
{
	(void)state;
	struct state *st = task_on("x-S0", "fw", A63);
	struct records_input input = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &input, &lines, &output);
	assert_int_equal(lines.count, 9 + 4);
	lines_free(&lines);
	state_free(st);
}

/*! \brief The same of ports of a discovery: owners, and targets, that DNS cannot carry. */
static void test_no_room_in_discovery(void **state)
{
	(void)state;
	static const char discovery[] =
	        "\"discovery\":{\"name\":\"d\",\"ports\":{\"ports\":[{\"number\":"
	        "1,\"name\":\"" A63 "\",\"protocol\":\"tcp\"}]}}";
	struct state *st = one_task("fw", discovery);
	struct records_input input = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &input, &lines, &output);
	assert_int_equal(lines.count, 9 + 4 + 2);
	assert_true(has(&lines, "_d._tcp.fw.mesos. SRV 0 1 1 d-iffe9-s0.fw.mesos."));
	assert_int_equal(output.skipped, 1);
	lines_free(&lines);
	state_free(st);

	char json[1024];
	snprintf(json, sizeof(json),
	         "{\"leader\":\"m@10.0.0.1:5050\",\"slaves\":[{\"id\":\"x-\",\"pid\":"
	         "\"slave(1)@10.0.0.2:5051\"}],\"frameworks\":[{\"name\":\"fw\",\"tasks\":[{\"id\":"
	         "\"test\",\"slave_id\":\"x-\",\"state\":\"TASK_RUNNING\",%s}]}]}",
	         discovery);
	st = parse(json, strlen(json));
	make(st, &input, &lines, &output);
	assert_int_equal(lines.count, 9 + 2);
	lines_free(&lines);
	state_free(st);
}

/*! \brief Tasks need not come framework by framework (a failover adds some at the end). */
static void test_tasks_in_any_order(void **state)
{
	(void)state;
	static const struct address addr = { 4, { 10, 0, 0, 2 } };
	struct state_agent agent = { .id = { "x-S0", 4 }, .registered = true };
	struct state_framework frameworks[] = { { .name = { "one", 3 } },
		                                { .name = { "two", 3 } } };
	struct state_task tasks[6];
	char names[6][2];
	for (uint32_t i = 0; i < 6; i++) {
		static const uint32_t order[] = { 1, 0, 1, 1, 0, 1 };
		names[i][0] = (char)('a' + i);
		tasks[i] = (struct state_task){
			.id = { names[i], 1 },
			.name = { names[i], 1 },
			.framework = order[i],
			.netinfo = { &addr, 1 },
		};
	}
	struct state st = { .leader_host = { "10.0.0.1", 8 },
		            .leader_port = 5050,
		            .agents = &agent,
		            .agents_count = 1,
		            .frameworks = frameworks,
		            .frameworks_count = 2,
		            .tasks = tasks,
		            .tasks_count = 6 };
	struct records_input input = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(&st, &input, &lines, &output);
	assert_true(has(&lines, "a.two.mesos. A 10.0.0.2"));
	assert_true(has(&lines, "b.one.mesos. A 10.0.0.2"));
	assert_true(has(&lines, "d.two.mesos. A 10.0.0.2"));
	assert_true(has(&lines, "e.one.mesos. A 10.0.0.2"));
	assert_true(has(&lines, "f.two.mesos. A 10.0.0.2"));
	assert_false(has(&lines, "a.one.mesos. A 10.0.0.2"));
	lines_free(&lines);
}

/*! \brief An address of two names has no PTR record, be they of one length or not. */
static void test_shared_addresses(void **state)
{
	(void)state;
	static const char *const names[][2] = { { "aaa", "aab" },
		                                { "aaa", "aaaa" },
		                                { "a", "a-" } };
	for (size_t i = 0; i < 3; i++) {
		char json[1024];
		snprintf(
		        json, sizeof(json),
		        "{\"name\":\"fw\",\"tasks\":[{\"id\":\"1\",\"slave_id\":\"x-S0\",\"state\":"
		        "\"TASK_RUNNING\",\"name\":\"%s\"},{\"id\":\"2\",\"slave_id\":\"x-S0\","
		        "\"state\":\"TASK_RUNNING\",\"name\":\"%s\"}]}",
		        names[i][0], names[i][1]);
		struct state *st = small(json, "");
		struct records_input input = defaults();
		input.reverse = true;
		input.zone = (const knot_dname_t *)"\007in-addr\004arpa";
		struct lines lines = { 0 };
		struct records_output output;
		make(st, &input, &lines, &output);
		/* The rules make one name of the last two. */
		assert_int_equal(lines.count, i == 2 ? 1 : 0);
		lines_free(&lines);
		state_free(st);
	}
}

static bool count_host(void *ctx, struct text host)
{
	assert_true(host.len == 4 || host.len == 7);
	++*(int *)ctx;
	return true;
}

static void test_hosts(void **state)
{
	(void)state;
	struct state *st = small("{\"name\":\"a\",\"pid\":\"s@name:1\"},"
	                         "{\"name\":\"b\",\"pid\":\"s@10.0.0.1:1\",\"hostname\":\"name\"},"
	                         "{\"name\":\"c\",\"hostname\":\"name\"}",
	                         ",{\"id\":\"x-S1\",\"pid\":\"slave(1)@unknown:5052\"}");
	int count = 0;
	records_hosts(st, count_host, &count);
	assert_int_equal(count, 3);
	state_free(st);
}

static void test_masters(void **state)
{
	(void)state;
	static const struct address first = { 4, { 10, 0, 0, 9 } }, leader = { 4, { 10, 0, 0, 1 } };
	struct records_master masters[] = {
		{ { &first, 1 }, 5050 },
		{ { NULL, 0 }, 5050 },
		{ { &leader, 1 }, 5050 },
	};
	struct state *st = small("", "");
	struct records_input input = defaults();
	input.masters = masters;
	input.masters_count = 3;
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &input, &lines, &output);
	assert_true(has(&lines, "master0.mesos. A 10.0.0.9"));
	assert_true(has(&lines, "master2.mesos. A 10.0.0.1"));
	assert_true(has(&lines, "_master._tcp.mesos. SRV 0 1 5050 master2.mesos."));
	assert_true(has(&lines, "master.mesos. A 10.0.0.9"));
	assert_false(has(&lines, "master3.mesos. A 10.0.0.1"));
	assert_false(has(&lines, "_master._tcp.mesos. SRV 0 1 5050 master1.mesos."));
	lines_free(&lines);

	/* The same address on another port is another master. */
	masters[2].port = 5051;
	make(st, &input, &lines, &output);
	assert_true(has(&lines, "master3.mesos. A 10.0.0.1"));
	assert_true(has(&lines, "_master._udp.mesos. SRV 0 1 5050 master3.mesos."));
	lines_free(&lines);
	state_free(st);
}

static void test_reverse_within_zone(void **state)
{
	(void)state;
	struct state *st = one_task("fw", "\"name\":\"a\"");
	struct records_input input = defaults();
	input.reverse = true;
	input.origin = (const knot_dname_t *)"\007example";
	struct lines lines = { 0 };
	struct records_output output;
	input.zone = (const knot_dname_t *)"\00210\007in-addr\004arpa";
	make(st, &input, &lines, &output);
	assert_int_equal(lines.count, 1);
	assert_string_equal(lines.list[0], "2.0.0.10.in-addr.arpa. PTR a.fw.example.");
	lines_free(&lines);

	/* Elsewhere, and at the apex, which is the zone file's. */
	input.zone = (const knot_dname_t *)"\00211\007in-addr\004arpa";
	make(st, &input, &lines, &output);
	input.zone = (const knot_dname_t *)"\0012\0010\0010\00210\007in-addr\004arpa";
	make(st, &input, &lines, &output);
	assert_int_equal(lines.count, 0);
	lines_free(&lines);
	state_free(st);
}

static int refuse(void *sink, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
                  uint16_t len)
{
	(void)owner, (void)type, (void)rdata, (void)len;
	++*(int *)sink;
	return KNOT_ESPACE;
}

static void test_error_ends(void **state)
{
	(void)state;
	struct state *st = one_task("fw", "\"name\":\"a\",\"resources\":{\"ports\":\"[1-9]\"}");
	struct records_input input = defaults();
	int calls = 0;
	struct records_output output = { .put = refuse, .sink = &calls };
	assert_int_equal(records_make(st, &input, &output), KNOT_ESPACE);
	assert_int_equal(calls, 1);
	state_free(st);
}

int main(int argc, char **argv)
{
	char folder[4096];
	if (argc < 2) {
		fprintf(stderr, "usage: %s TEST-DATA\n", argv[0]);
		return 2;
	}
	snprintf(folder, sizeof(folder), "%s/golden", argv[1]);
	golden = folder;

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_golden_options),
		cmocka_unit_test(test_canonical_cut),
		cmocka_unit_test(test_dotted_cut),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_discovery_ports),
		cmocka_unit_test(test_host_names),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_masters),
		cmocka_unit_test(test_reverse_within_zone),
		cmocka_unit_test(test_error_ends),
		cmocka_unit_test(test_clusters_names),
		cmocka_unit_test(test_tasks_reach_no_name_of_the_clusters),
		cmocka_unit_test(test_agent_suffixes),
		cmocka_unit_test(test_no_room_for_slave),
		cmocka_unit_test(test_no_room_for_underscore),
		cmocka_unit_test(test_no_room_in_discovery),
		cmocka_unit_test(test_tasks_in_any_order),
		cmocka_unit_test(test_shared_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
