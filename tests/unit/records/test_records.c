/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/libknot.h>

#include "module/state/object_write.h"
#include "tests/unit/records/made_task.h"
#include "tests/unit/records/zone_lines.h"

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

static struct records_rules defaults(void)
{
	return (struct records_rules){
		.zone = MESOS,
		.origin = MESOS,
		.sources = { IP_SOURCE_NETINFO, IP_SOURCE_MESOS, IP_SOURCE_HOST },
		.sources_count = 3,
		.srv_weight = 1,
	};
}

static void check_golden(const char *folder, const char *file, const struct records_rules *rules)
{
	size_t len;
	char *json = read_file(folder, "state.json", &len);
	struct cluster *cluster = parse(json, len);
	free(json);

	struct lines lines = { 0 }, expected = { 0 };
	make_all(cluster, *rules, &lines);
	cluster_free(cluster);

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
	struct records_rules rules = defaults();
	check_golden("quirks", "records.txt", &rules);
	check_golden("real-rich", "records.txt", &rules);
	check_golden("real-docker", "records.txt", &rules);
	check_golden("real-partial", "records.txt", &rules);
	check_golden("real-unacked", "records.txt", &rules);
}

static void test_golden_options(void **state)
{
	(void)state;
	struct records_rules rules = defaults();
	rules.labels = LABEL_RFC952;
	rules.sources[0] = IP_SOURCE_DOCKER;
	check_golden("quirks", "records-rfc952-docker-mesos-host.txt", &rules);

	rules = defaults();
	rules.sources[0] = IP_SOURCE_HOST;
	rules.sources_count = 1;
	check_golden("real-docker", "records-rfc1123-host.txt", &rules);
}

/*! \brief A state of one agent, with the frameworks and further keys that are given. */
static struct cluster *small(const char *frameworks, const char *more)
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
static struct cluster *one_task(const char *name, const char *task)
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
	struct cluster *st = one_task("fw", "\"name\":\"" A63 "\"");
	struct records_rules rules = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &rules, &lines, &output);
	/* 54 octets of the name, -iffe9-s0: 63 in all */
	assert_true(has(&lines, A16 A16 A16 "aaaaaa-iffe9-s0.fw.mesos. A 10.0.0.2"));
	assert_true(has(&lines, A63 ".fw.mesos. A 10.0.0.2"));
	assert_int_equal(output.loss.skipped, 0);
	lines_free(&lines);
	cluster_free(st);
}

static void test_dotted_cut(void **state)
{
	(void)state;
	struct cluster *st = one_task("fw", "\"discovery\":{\"name\":\"b." A63 "\"}");
	struct records_rules rules = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &rules, &lines, &output);
	assert_true(has(&lines, "b." A16 A16 A16 "aaaaaa-iffe9-s0.fw.mesos. A 10.0.0.2"));
	assert_true(has(&lines, "b." A63 ".fw.mesos. A 10.0.0.2"));
	lines_free(&lines);
	cluster_free(st);
}

static void check_skipped(const char *framework, const char *task, uint32_t skipped,
                          size_t task_records)
{
	struct cluster *st = one_task(framework, task);
	struct records_rules rules = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &rules, &lines, &output);
	size_t count = 0;
	for (size_t i = 0; i < lines.count; i++) {
		count += strstr(lines.list[i], ".fw.") != NULL;
	}
	assert_int_equal(count, task_records);
	assert_int_equal(output.loss.skipped, skipped);
	lines_free(&lines);
	cluster_free(st);
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
	struct cluster *st = one_task("fw",
	                              "\"discovery\":{\"name\":\"d\",\"ports\":{\"ports\":["
	                              "{\"number\":1,\"name\":\"n\",\"protocol\":\"UDP, sctp\"},"
	                              "{\"number\":2},{\"number\":3,\"protocol\":\"$\"},"
	                              "{\"number\":4,\"name\":\"n\",\"protocol\":\" , -,._\"},"
	                              "{\"number\":5,\"protocol\":\"\\u540d\"},"
	                              "{\"number\":6,\"protocol\":\"-,udp\"},"
	                              "{\"number\":0,\"name\":\"$\",\"protocol\":\"tcp,\"}]}}");
	struct records_rules rules = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &rules, &lines, &output);
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
	cluster_free(st);
}

static void test_host_names(void **state)
{
	(void)state;
	struct cluster *st = small(
	        "{\"id\":\"1\",\"name\":\"one\",\"pid\":\"s@name:1\"},"
	        "{\"id\":\"2\",\"name\":\"two\",\"hostname\":\"name\"},"
	        "{\"id\":\"3\",\"name\":\"three\",\"pid\":\"s@unknown:1\",\"hostname\":\"name\"},"
	        "{\"id\":\"4\",\"name\":\"four\",\"hostname\":\"\"}",
	        ",{\"id\":\"x-S1\",\"pid\":\"slave(1)@name:5052\"},"
	        "{\"id\":\"x-S2\",\"pid\":\"slave(1)@unknown:5053\"}");
	struct records_rules rules = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &rules, &lines, &output);
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
	cluster_free(st);
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
		struct cluster *st = small(json, "");
		struct records_rules rules = defaults();
		struct lines lines = { 0 };
		struct records_output output;
		make_all(st, rules, &lines);
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
		make(st, &rules, &lines, &output);
		assert_int_equal(output.loss.skipped, !cases[i].scheduler);
		lines_free(&lines);
		cluster_free(st);
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
	struct records_rules rules = defaults();
	struct lines before = { 0 };
	struct records_output output;
	struct cluster *st = small("", "");
	make(st, &rules, &before, &output);
	cluster_free(st);
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
			make(st, &rules, &lines, &output);
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
			cluster_free(st);
		}
	}
	lines_free(&before);
}

/*! \brief A state of one task on an agent of some ID. */
static struct cluster *task_on(const char *agent, const char *framework, const char *task)
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
		struct cluster *st = task_on(agent, "fw", "web");
		struct records_rules rules = defaults();
		struct lines lines = { 0 };
		struct records_output output;
		make(st, &rules, &lines, &output);
		lines_sort(&lines);
		/* Nine of the cluster; two names without the canonical ones, four, and four SRV. */
		assert_int_equal(lines.count, 9 + (cases[i].canonical ? 8 : 2));
		assert_int_equal(output.loss.skipped, !cases[i].canonical);
		bool cut = strlen(cases[i].suffix) == 55;
		snprintf(line, sizeof(line), "%s-iffe9-%s.fw.mesos. A 10.0.0.2", cut ? "w" : "web",
		         cases[i].suffix);
		assert_int_equal(has(&lines, line), cases[i].canonical);
		assert_true(has(&lines, "web.fw.mesos. A 10.0.0.2"));
		assert_false(has(&lines, "fw.mesos. A 10.0.0.2"));
		lines_free(&lines);
		cluster_free(st);
	}
}

/*! \brief A framework's name that leaves no room for `slave`: its tasks have the other names. */
static void test_no_room_for_slave(void **state)
{
	(void)state;
	/* With the zone 250 octets: `web` is 254, and `.slave` would be 256. */
	struct cluster *st = task_on("x-S0", A63 "." A63 "." A63 "." A16 A16 A16 "aaa", "web");
	struct records_rules rules = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &rules, &lines, &output);
	assert_int_equal(lines.count, 9 + 1);
	assert_true(
	        has(&lines, "web." A63 "." A63 "." A63 "." A16 A16 A16 "aaa.mesos. A 10.0.0.2"));
	assert_int_equal(output.loss.skipped, 1);
	lines_free(&lines);
	cluster_free(st);
}

/*! \brief Ports of a name to which `_` cannot be put make no record, anywhere. */
static void test_no_room_for_underscore(void **state)
{
	(void)state;
	struct cluster *st = task_on("x-S0", "fw", A63);
	struct records_rules rules = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &rules, &lines, &output);
	assert_int_equal(lines.count, 9 + 4);
	lines_free(&lines);
	cluster_free(st);
}

/*! \brief The same of ports of a discovery: owners, and targets, that DNS cannot carry. */
static void test_no_room_in_discovery(void **state)
{
	(void)state;
	static const char discovery[] =
	        "\"discovery\":{\"name\":\"d\",\"ports\":{\"ports\":[{\"number\":"
	        "1,\"name\":\"" A63 "\",\"protocol\":\"tcp\"}]}}";
	struct cluster *st = one_task("fw", discovery);
	struct records_rules rules = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &rules, &lines, &output);
	assert_int_equal(lines.count, 9 + 4 + 2);
	assert_true(has(&lines, "_d._tcp.fw.mesos. SRV 0 1 1 d-iffe9-s0.fw.mesos."));
	assert_int_equal(output.loss.skipped, 1);
	lines_free(&lines);
	cluster_free(st);

	char json[1024];
	snprintf(json, sizeof(json),
	         "{\"leader\":\"m@10.0.0.1:5050\",\"slaves\":[{\"id\":\"x-\",\"pid\":"
	         "\"slave(1)@10.0.0.2:5051\"}],\"frameworks\":[{\"name\":\"fw\",\"tasks\":[{\"id\":"
	         "\"test\",\"slave_id\":\"x-\",\"state\":\"TASK_RUNNING\",%s}]}]}",
	         discovery);
	st = parse(json, strlen(json));
	make(st, &rules, &lines, &output);
	assert_int_equal(lines.count, 9 + 2);
	lines_free(&lines);
	cluster_free(st);
}

/*! \brief A framework, a task, an agent: what is not known makes nothing, of itself or of others.
 */
static void test_what_has_to_be_there(void **state)
{
	(void)state;
	static const char task[] =
	        "{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":{\"name\":\"web\",\"task_id\":"
	        "{\"value\":\"test\"},\"framework_id\":{\"value\":\"F\"},\"agent_id\":{\"value\":"
	        "\"x-S9\"},\"state\":\"%s\"}}}";
	static const char framework[] =
	        "{\"type\":\"FRAMEWORK_ADDED\",\"framework_added\":{\"framework\":{"
	        "\"framework_info\":{\"id\":{\"value\":\"F\"},\"name\":\"fw\",\"hostname\":"
	        "\"10.0.0.8\"}}}}";
	static const char agent[] =
	        "{\"type\":\"AGENT_ADDED\",\"agent_added\":{\"agent\":{\"agent_info\":{\"id\":"
	        "{\"value\":\"x-S9\"}},\"pid\":\"slave(1)@10.0.0.9:5051\"}}}";
	char waits[512], runs[512];
	snprintf(waits, sizeof(waits), task, "TASK_STAGING");
	snprintf(runs, sizeof(runs), task, "TASK_RUNNING");
	const struct {
		const char *event;
		size_t records;
	} steps[] = {
		{ runs, 9 },       /* Neither framework nor agent. */
		{ framework, 9 },  /* Of which no state has told: no scheduler. */
		{ agent, 11 + 4 }, /* Its own two, and the task's. */
		{ waits, 11 },     /* */
		{ runs, 15 },
	};
	struct cluster *st = small("", "");
	struct records_rules rules = defaults();
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct lines lines = { 0 };
		struct records_output output;
		assert_int_equal(feed_event(st->inventory, steps[i].event, NULL), KNOT_EOK);
		make(st, &rules, &lines, &output);
		assert_int_equal(lines.count, steps[i].records);
		assert_int_equal(output.loss.skipped, 0);
		lines_free(&lines);
	}

	/* A state tells of the framework, and has no agent any more. */
	static const char later[] =
	        "{\"leader\":\"m@10.0.0.1:5050\",\"slaves\":[],\"frameworks\":[{\"id\":\"F\","
	        "\"name\":"
	        "\"fw\",\"hostname\":\"10.0.0.8\",\"tasks\":[{\"id\":\"test\",\"name\":\"web\","
	        "\"slave_id\":\"x-S9\",\"state\":\"TASK_RUNNING\"}]}]}";
	struct lines lines = { 0 };
	struct records_output output;
	assert_int_equal(feed_state(st->inventory, later), KNOT_EOK);
	make(st, &rules, &lines, &output);
	assert_int_equal(lines.count, 7 + 1);
	assert_true(has(&lines, "fw.mesos. A 10.0.0.8"));
	lines_free(&lines);
	cluster_free(st);
}

/*! \brief An agent that is known but not registered serves nothing, nor do its tasks. */
static void test_agents_that_are_not_registered(void **state)
{
	(void)state;
	static const struct address address = { 4, { 10, 0, 0, 9 } };
	struct object_writer writers[2] = { 0 };
	const struct framework_parts parts = { .name = { "fw", 2 }, .told = true };
	struct made_task from = { .id = { "test", 4 }, .name = { "web", 3 } };
	struct task_object *task = make_task_object(&from);
	for (int registered = 0; registered < 2; registered++) {
		struct inventory_side side = {
			.task = task,
			.framework = (const void *)object_write_framework(&writers[0], &parts),
			.agent = (const void *)object_write_agent(
			        &writers[1], (struct text){ "x-S0", 4 },
			        (struct text){ "10.0.0.9", 8 }, 5051, registered),
			.agent_addresses = { &address, 1 },
		};
		struct records_rules rules = defaults();
		struct records_output output = { .put = NULL };
		assert_int_equal(records_of(&rules, INVENTORY_AGENT, &side, &output), KNOT_EOK);
		assert_int_equal(output.records, 2 * registered);
		assert_int_equal(records_of(&rules, INVENTORY_TASK, &side, &output), KNOT_EOK);
		assert_int_equal(output.records, 4 * registered);
		rules.reverse = true;
		rules.zone = (const knot_dname_t *)"\007in-addr\004arpa";
		assert_int_equal(records_of(&rules, INVENTORY_TASK, &side, &output), KNOT_EOK);
		assert_int_equal(output.records, registered);
		assert_int_equal(records_of(&rules, INVENTORY_AGENT, &side, &output), KNOT_EOK);
		assert_int_equal(output.records, 0);
	}
	free(task);
	object_writer_free(&writers[0]);
	object_writer_free(&writers[1]);
}

/*! \brief What is counted is what is put. */
static void count_change(void *ctx, const struct inventory_change *change)
{
	const struct records_rules *rules = ctx;
	struct lines lines = { 0 };
	struct records_output put = { .put = lines_put, .sink = &lines };
	struct records_output counted = { .records = 7, .octets = 7, .widest = 7 };
	counted.loss.skipped = counted.loss.cut_tasks = 7;
	assert_int_equal(records_of(rules, change->kind, &change->after, &put), KNOT_EOK);
	assert_int_equal(records_of(rules, change->kind, &change->after, &counted), KNOT_EOK);
	assert_int_equal(put.records, lines.count);
	assert_int_equal(counted.records, put.records);
	assert_int_equal(counted.octets, put.octets);
	assert_int_equal(counted.widest, put.widest);
	assert_memory_equal(&counted.loss, &put.loss, sizeof(put.loss));
	assert_true(put.octets <= (uint64_t)put.widest * put.records);

	/* Once more gives the same, in the same order. */
	struct lines again = { 0 };
	put.sink = &again;
	assert_int_equal(records_of(rules, change->kind, &change->after, &put), KNOT_EOK);
	assert_int_equal(again.count, lines.count);
	for (size_t i = 0; i < again.count; i++) {
		assert_string_equal(again.list[i], lines.list[i]);
	}
	lines_free(&again);
	lines_free(&lines);
}

static void test_counts(void **state)
{
	(void)state;
	static const char *const folders[] = { "quirks", "real-rich", "real-docker" };
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		size_t len;
		char *json = read_file(folders[i], "state.json", &len);
		struct cluster *st = parse(json, len);
		struct records_rules rules = defaults();
		inventory_walk(st->inventory, count_change, &rules);
		rules.task_max = 5;
		inventory_walk(st->inventory, count_change, &rules);
		rules.reverse = true;
		rules.zone = (const knot_dname_t *)"\007in-addr\004arpa";
		inventory_walk(st->inventory, count_change, &rules);
		cluster_free(st);
		free(json);
	}
}

/*! \brief Octets are those of owners and data. */
static void test_octets(void **state)
{
	(void)state;
	struct cluster *st = one_task("fw", "\"name\":\"a\"");
	struct records_rules rules = defaults();
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &rules, &lines, &output);
	const uint64_t clusters = (14 + 4) + (14 + 4) + (15 + 4) + (13 + 4) /* A records */
	                          + 2 * (20 + 20) + 2 * (20 + 21) + (19 + 19) /* SRV records */;
	const uint64_t tasks = (12 + 4) + (21 + 4) + (18 + 4) + (27 + 4);
	assert_int_equal(output.octets, clusters + tasks);
	assert_int_equal(output.records, 13);
	assert_int_equal(output.widest, 20 + 21);
	lines_free(&lines);
	cluster_free(st);
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
		struct cluster *st = small(json, "");
		struct records_rules rules = defaults();
		rules.reverse = true;
		rules.zone = (const knot_dname_t *)"\007in-addr\004arpa";
		struct lines lines = { 0 };
		struct records_output output;
		make(st, &rules, &lines, &output);
		lines_show(&lines);
		/* The rules make one name of the last two. */
		assert_int_equal(lines.count, i == 2 ? 1 : 0);
		lines_free(&lines);
		cluster_free(st);
	}
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
	struct cluster *st = small("", "");
	struct records_rules rules = defaults();
	st->masters.list = masters;
	st->masters.count = 3;
	struct lines lines = { 0 };
	struct records_output output;
	make(st, &rules, &lines, &output);
	assert_true(has(&lines, "master0.mesos. A 10.0.0.9"));
	assert_true(has(&lines, "master2.mesos. A 10.0.0.1"));
	assert_true(has(&lines, "_master._tcp.mesos. SRV 0 1 5050 master2.mesos."));
	assert_true(has(&lines, "master.mesos. A 10.0.0.9"));
	assert_false(has(&lines, "master3.mesos. A 10.0.0.1"));
	assert_false(has(&lines, "_master._tcp.mesos. SRV 0 1 5050 master1.mesos."));
	lines_free(&lines);

	/* The same address on another port is another master. */
	masters[2].port = 5051;
	make(st, &rules, &lines, &output);
	assert_true(has(&lines, "master3.mesos. A 10.0.0.1"));
	assert_true(has(&lines, "_master._udp.mesos. SRV 0 1 5050 master3.mesos."));
	lines_free(&lines);
	cluster_free(st);
}

static void test_reverse_within_zone(void **state)
{
	(void)state;
	struct cluster *st = one_task("fw", "\"name\":\"a\"");
	struct records_rules rules = defaults();
	rules.reverse = true;
	rules.origin = (const knot_dname_t *)"\007example";
	struct lines lines = { 0 };
	struct records_output output;
	rules.zone = (const knot_dname_t *)"\00210\007in-addr\004arpa";
	make(st, &rules, &lines, &output);
	assert_int_equal(lines.count, 1);
	assert_string_equal(lines.list[0], "2.0.0.10.in-addr.arpa. PTR a.fw.example.");
	lines_free(&lines);

	/* Elsewhere, and at the apex, which is the zone file's. */
	rules.zone = (const knot_dname_t *)"\00211\007in-addr\004arpa";
	make(st, &rules, &lines, &output);
	rules.zone = (const knot_dname_t *)"\0012\0010\0010\00210\007in-addr\004arpa";
	make(st, &rules, &lines, &output);
	assert_int_equal(lines.count, 0);
	lines_free(&lines);
	cluster_free(st);
}

/*! \brief Takes so many records, and then no more. */
struct refuser {
	int takes;
	int calls;
};

static int refuse(void *sink, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
                  uint16_t len, unsigned preference)
{
	(void)owner, (void)type, (void)rdata, (void)len, (void)preference;
	struct refuser *refuser = sink;
	return refuser->calls++ < refuser->takes ? KNOT_EOK : KNOT_ENOMEM;
}

static void refuse_change(void *ctx, const struct inventory_change *change)
{
	const struct records_rules *rules = ctx;
	struct records_output all = { .put = NULL };
	assert_int_equal(records_of(rules, change->kind, &change->after, &all), KNOT_EOK);
	for (int takes = 0; takes < (int)all.records; takes++) {
		struct refuser refuser = { .takes = takes };
		struct records_output output = { .put = refuse, .sink = &refuser };
		assert_int_equal(records_of(rules, change->kind, &change->after, &output),
		                 KNOT_ENOMEM);
		assert_int_equal(refuser.calls, takes + 1);
		assert_int_equal(output.records, takes);
	}
}

/*! \brief An error ends it, whatever record it comes with. */
static void test_error_ends(void **state)
{
	(void)state;
	struct cluster *st = small(
	        "{\"name\":\"fw\",\"pid\":\"s@10.0.0.5:1\",\"tasks\":[{\"id\":\"1\",\"slave_id\":"
	        "\"x-S0\",\"state\":\"TASK_RUNNING\",\"discovery\":{\"name\":\"a.b\",\"ports\":{"
	        "\"ports\":[{\"number\":1,\"name\":\"n\"},{\"number\":2}]}},\"resources\":{"
	        "\"ports\":\"[1-9]\"}}]}",
	        "");
	struct records_rules rules = defaults();
	inventory_walk(st->inventory, refuse_change, &rules);
	rules.reverse = true;
	rules.zone = (const knot_dname_t *)"\007in-addr\004arpa";
	inventory_walk(st->inventory, refuse_change, &rules);

	rules = defaults();
	for (int takes = 0; takes < 7; takes++) {
		struct refuser refuser = { .takes = takes };
		struct records_output output = { .put = refuse, .sink = &refuser };
		assert_int_equal(records_of_masters(&rules, &st->masters, &output), KNOT_ENOMEM);
		assert_int_equal(refuser.calls, takes + 1);
	}
	cluster_free(st);
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
		cmocka_unit_test(test_what_has_to_be_there),
		cmocka_unit_test(test_agents_that_are_not_registered),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_masters),
		cmocka_unit_test(test_reverse_within_zone),
		cmocka_unit_test(test_error_ends),
		cmocka_unit_test(test_clusters_names),
		cmocka_unit_test(test_tasks_reach_no_name_of_the_clusters),
		cmocka_unit_test(test_agent_suffixes),
		cmocka_unit_test(test_no_room_for_slave),
		cmocka_unit_test(test_no_room_for_underscore),
		cmocka_unit_test(test_no_room_in_discovery),
		cmocka_unit_test(test_shared_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
