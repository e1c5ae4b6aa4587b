/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Of which class a task's records are, by what its statuses say of its health.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/libknot.h>

#include "tests/unit/records/zone_lines.h"

#define STATE(task)                                                                         \
	"{\"leader\":\"m@10.0.0.1:5050\",\"slaves\":[{\"id\":\"x-S0\",\"pid\":\"s@10.0.0.2" \
	":5051\"}],\"frameworks\":[{\"id\":\"F\",\"name\":\"fw\",\"tasks\":[{\"id\":"       \
	"\"test\",\"name\":\"web\",\"slave_id\":\"x-S0\",\"state\":\"TASK_RUNNING\"," task "}]}]}"
#define SAYS(more) "\"statuses\":[{\"state\":\"TASK_RUNNING\",\"timestamp\":1" more "}]"
#define CHECKED    ",\"health_check\":{\"type\":\"COMMAND\"}"

static void make_lines(const char *json, enum health_rule health, bool reverse, struct lines *lines)
{
	struct records_rules rules = {
		.zone = reverse ? (const knot_dname_t *)"\007in-addr\004arpa"
		                : (const knot_dname_t *)"\005mesos",
		.origin = (const knot_dname_t *)"\005mesos",
		.reverse = reverse,
		.sources = { IP_SOURCE_HOST },
		.sources_count = 1,
		.health = health,
		.srv_weight = 1,
	};
	struct cluster *cluster = parse(json, strlen(json));
	struct records_output output;
	make(cluster, &rules, lines, &output);
	lines_sort(lines);
	cluster_free(cluster);
}

static bool has_line(const struct lines *lines, const char *line)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (strcmp(lines->list[i], line) == 0) {
			return true;
		}
	}
	return false;
}

/*! \brief What the latest word and a health check come to, by enum health_rule. */
static void test_rules(void **unused)
{
	(void)unused;
	static const struct {
		const char *state;
		bool unwell[3];
	} cases[] = {
		{ STATE(SAYS("")), { false, false, false } },
		{ STATE(SAYS(",\"healthy\":true")), { false, false, false } },
		{ STATE(SAYS(",\"healthy\":false")), { false, true, true } },
		{ STATE(SAYS("") CHECKED), { false, false, true } },
		{ STATE(SAYS(",\"healthy\":true") CHECKED), { false, false, false } },
		{ STATE(SAYS(",\"healthy\":false") CHECKED), { false, true, true } },
		{ STATE("\"statuses\":[]" CHECKED), { false, false, true } },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (enum health_rule rule = HEALTH_IGNORE; rule <= HEALTH_REQUIRE; rule++) {
			struct lines lines = { 0 };
			make_lines(cases[i].state, rule, false, &lines);
			bool unwell = cases[i].unwell[rule];
			assert_int_equal(has_line(&lines, "(web.fw.mesos. A 10.0.0.2)"), unwell);
			assert_int_equal(has_line(&lines, "web.fw.mesos. A 10.0.0.2"), !unwell);
			lines_free(&lines);
		}
	}
}

/*! \brief All names that a task may share are of class 1, with and without discovery; its own, the
 *         PTR record and what is no task's are not.
 */
static void test_names(void **unused)
{
	(void)unused;
	static const char state[] = STATE(
	        SAYS(",\"healthy\":false") ",\"resources\":{\"ports\":\"[7-7]\"},\"discovery\":"
	                                   "{\"name\":\"web.a\",\"ports\":{\"ports\":[{"
	                                   "\"number\":80,\"name\":\"http\",\"protocol\":"
	                                   "\"tcp\"}]}}");
	static const char *const expected[] = {
		"(_http._web-a._tcp.fw.mesos. SRV 0 1 80 web-a-iffe9-s0.fw.mesos.)",
		"(_http._web-a._tcp.fw.slave.mesos. SRV 0 1 80 web-a-iffe9-s0.fw.slave.mesos.)",
		"(_http._web.a._tcp.fw.mesos. SRV 0 1 80 web.a-iffe9-s0.fw.mesos.)",
		"(_http._web.a._tcp.fw.slave.mesos. SRV 0 1 80 web.a-iffe9-s0.fw.slave.mesos.)",
		"(_web-a._tcp.fw.mesos. SRV 0 1 80 web-a-iffe9-s0.fw.mesos.)",
		"(_web-a._tcp.fw.slave.mesos. SRV 0 1 7 web-a-iffe9-s0.fw.slave.mesos.)",
		"(_web-a._tcp.fw.slave.mesos. SRV 0 1 80 web-a-iffe9-s0.fw.slave.mesos.)",
		"(_web-a._udp.fw.slave.mesos. SRV 0 1 7 web-a-iffe9-s0.fw.slave.mesos.)",
		"(_web.a._tcp.fw.mesos. SRV 0 1 80 web.a-iffe9-s0.fw.mesos.)",
		"(_web.a._tcp.fw.slave.mesos. SRV 0 1 7 web.a-iffe9-s0.fw.slave.mesos.)",
		"(_web.a._tcp.fw.slave.mesos. SRV 0 1 80 web.a-iffe9-s0.fw.slave.mesos.)",
		"(_web.a._udp.fw.slave.mesos. SRV 0 1 7 web.a-iffe9-s0.fw.slave.mesos.)",
		"(web-a.fw.mesos. A 10.0.0.2)",
		"(web-a.fw.slave.mesos. A 10.0.0.2)",
		"(web.a.fw.mesos. A 10.0.0.2)",
		"(web.a.fw.slave.mesos. A 10.0.0.2)",
		"_leader._tcp.mesos. SRV 0 1 5050 leader.mesos.",
		"_leader._udp.mesos. SRV 0 1 5050 leader.mesos.",
		"_master._tcp.mesos. SRV 0 1 5050 master0.mesos.",
		"_master._udp.mesos. SRV 0 1 5050 master0.mesos.",
		"_slave._tcp.mesos. SRV 0 1 5051 slave.mesos.",
		"leader.mesos. A 10.0.0.1",
		"master.mesos. A 10.0.0.1",
		"master0.mesos. A 10.0.0.1",
		"slave.mesos. A 10.0.0.2",
		"web-a-iffe9-s0.fw.mesos. A 10.0.0.2",
		"web-a-iffe9-s0.fw.slave.mesos. A 10.0.0.2",
		"web.a-iffe9-s0.fw.mesos. A 10.0.0.2",
		"web.a-iffe9-s0.fw.slave.mesos. A 10.0.0.2",
	};
	struct lines lines = { 0 };
	make_lines(state, HEALTH_AVOID, false, &lines);
	assert_int_equal(lines.count, sizeof(expected) / sizeof(*expected));
	for (size_t i = 0; i < lines.count; i++) {
		assert_string_equal(lines.list[i], expected[i]);
	}
	lines_free(&lines);

	make_lines(state, HEALTH_AVOID, true, &lines);
	assert_int_equal(lines.count, 1);
	assert_string_equal(lines.list[0], "2.0.0.10.in-addr.arpa. PTR web-a.fw.mesos.");
	lines_free(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
