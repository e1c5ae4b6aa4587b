/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/state/object_parse.h"

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

/*! \brief What is handed over of a document, as text; to be freed. */
static char *dump(const char *doc)
{
	return dump_objects(doc, strlen(doc), SIZE_MAX / 2);
}

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
		{ "1mins", "timeout=60.000" },
		{ "10secs", "timeout=10.000" },
		{ "1.5hrs", "timeout=5400.000" },
		{ "500ms", "timeout=0.500" },
		{ "2weeks", "timeout=1209600.000" },
		{ "3days", "timeout=259200.000" },
		{ "250us", "timeout=0.000" },
		{ "1500000000ns", "timeout=1.500" },
		{ "1sec", "timeout=1.000" },
		{ "2min", "timeout=120.000" },
		{ "1hr", "timeout=3600.000" },
		{ "1day", "timeout=86400.000" },
		{ "1week", "timeout=604800.000" },
		{ "0ns", "timeout=0.000" },
		{ "0.25secs", "timeout=0.250" },
		{ "", "timeout=60.000" },
		{ "10", "timeout=60.000" },
		{ "secs", "timeout=60.000" },
		{ "10 secs", "timeout=60.000" },
		{ "-10secs", "timeout=60.000" },
		{ "10.secs", "timeout=60.000" },
		{ ".5secs", "timeout=60.000" },
		{ "1.2.3secs", "timeout=60.000" },
		{ "1e3secs", "timeout=60.000" },
		{ "10SECS", "timeout=60.000" },
		{ "10secsx", "timeout=60.000" },
		{ "10fortnights", "timeout=60.000" },
		{ "30secs\",\"registry_fetch_timeout\":\"x", "timeout=60.000" },
	};
	CHECK_RULES(STATE_FRAME("\"flags\":{\"registry_fetch_timeout\":\"%s\"}"), rules);

	/* Beyond a double's range. */
	char *doc = NULL;
	assert_true(asprintf(&doc,
	                     STATE_FRAME("\"flags\":{\"registry_fetch_timeout\":\"%0400d%s\"}"), 1,
	                     "weeks") > 0);
	memset(strstr(doc, "0000"), '9', 399);
	char *result = dump(doc);
	assert_non_null(strstr(result, "timeout=60.000"));
	free(result);
	free(doc);
}

static void test_master(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ "\"id\":\"a\",\"id\":\"b\"", "master id=\"b\"" },
		{ "\"id\":\"a\",\"id\":null", "master id=\"a\"" },
		{ "\"id\":\"\\u0000\\ud800\xff\"", "master id=\"\\x00\\xef\\xbf\\xbd\\xff\"" },
		{ "\"pid\":\"x\"", "pid=\"\":0" },
		{ "\"pid\":\"m@h:5\",\"pid\":\"x\"", "pid=\"\":0" },
		{ "\"leader\":\"m@[::1]:5\"", "leader=\"::1\":5" },
		{ "\"elected_time\":1e999", "elected=0.000" },
		{ "\"elected_time\":\"1\"", "elected=0.000" },
		{ "\"elected_time\":7", "elected=7.000" },
		{ "\"start_time\":5.5", "started=5.500" },
		{ "\"start_time\":null", "started=0.000" },
	};
	CHECK_RULES(STATE_FRAME("%s"), rules);
}

static void test_agents(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ "\"slaves\":[{\"id\":\"A\"},{\"id\":\"A\"},{\"id\":\"B\"},{},{\"id\":\"\"}]",
		  "registered=3 recovered=0 frameworks=" },
		{ "\"slaves\":[{\"id\":\"A\"}],\"slaves\":[{\"id\":\"B\"}]",
		  "registered=2 recovered=0 frameworks=" },
		{ "\"slaves\":[{\"id\":\"A\",\"id\":\"\"}]",
		  "registered=0 recovered=0 frameworks=" },
		/* Which of the two counts is the inventory's matter. */
		{ "\"recovered_slaves\":[{\"id\":\"A\",\"pid\":\"s@r:2\"}],"
		  "\"slaves\":[{\"id\":\"A\",\"pid\":\"s@h:1\"}]",
		  "agent id=\"A\" host=\"h\" port=1 registered=1\n"
		  "agent id=\"A\" host=\"r\" port=2 registered=0\n" },
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
		{ "\"state\":\"TASK_KILLING\"", "life=1" },
		{ "\"state\":\"TASK_RUNNINGG\"", "life=1" },
		{ "\"state\":\"TASK_LOST\",\"state\":\"TASK_RUNNING\"", "task id" },
		{ "\"state\":\"TASK\\u005fRUNNING\"", "task id" },
		{ "\"slave_id\":\"\"", "!task id" },
		{ "\"slave_id\":\"S2\"", "agent=\"S2\"" },
		{ "\"slave_id\":\"S2\"", "!agent=\"S\"" },
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
		{ "[1-2,[3-4]", "ranges=1-2, " },
		{ "[1-2],3-4]", "ranges=3-4, " },
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

#define SAYS(state, more) "{\"state\":\"TASK_" state "\"" more "}"
#define GOOD              ",\"healthy\":true"
#define BAD               ",\"healthy\":false"
#define AT(time)          ",\"timestamp\":" time

/*! \brief The latest status that says how a task is counts, in whatever state it was. */
static void test_health(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ "", "maps_ports=0 framework" },
		{ SAYS("RUNNING", AT("1")), "maps_ports=0 framework" },
		{ SAYS("RUNNING", GOOD), "maps_ports=0 good" },
		{ SAYS("RUNNING", BAD), "maps_ports=0 bad" },
		{ SAYS("RUNNING", BAD AT("1")) "," SAYS("RUNNING", GOOD AT("2")),
		  "maps_ports=0 good" },
		{ SAYS("RUNNING", BAD AT("2")) "," SAYS("RUNNING", GOOD AT("1")),
		  "maps_ports=0 bad" },
		/* At the same time the first one counts, as of addresses. */
		{ SAYS("RUNNING", BAD AT("1")) "," SAYS("RUNNING", GOOD AT("1")),
		  "maps_ports=0 bad" },
		{ SAYS("STARTING", BAD AT("1")) "," SAYS("RUNNING", GOOD AT("1")),
		  "maps_ports=0 bad" },
		/* Who is silent says nothing. */
		{ SAYS("RUNNING", BAD AT("1")) "," SAYS("RUNNING", AT("2")), "maps_ports=0 bad" },
		{ SAYS("RUNNING", BAD AT("1")) "," SAYS("RUNNING", AT("2")) "," SAYS(
		          "STARTING", AT("3")) "," SAYS("RUNNING", AT("4")),
		  "maps_ports=0 bad" },
		{ SAYS("KILLING", BAD AT("1")) "," SAYS("RUNNING", AT("2")), "maps_ports=0 bad" },
		{ SAYS("RUNNING", GOOD AT("1")) "," SAYS("KILLING", BAD AT("2")),
		  "maps_ports=0 bad" },
		{ SAYS("RUNNING", GOOD AT("3")) "," SAYS("KILLING", BAD AT("2")),
		  "maps_ports=0 good" },
		/* What is no boolean is nothing; the last of several members counts. */
		{ SAYS("RUNNING", ",\"healthy\":\"false\""), "maps_ports=0 framework" },
		{ SAYS("RUNNING", ",\"healthy\":0"), "maps_ports=0 framework" },
		{ SAYS("RUNNING", ",\"healthy\":null"), "maps_ports=0 framework" },
		{ SAYS("RUNNING", ",\"healthy\":[false]"), "maps_ports=0 framework" },
		{ SAYS("RUNNING", BAD GOOD), "maps_ports=0 good" },
		{ SAYS("RUNNING", BAD ",\"healthy\":null"), "maps_ports=0 bad" },
	};
	CHECK_RULES(TASK_FRAME("\"statuses\":[%s]"), rules);

	static const struct rule checks[] = {
		{ "{}", "maps_ports=0 checked" },
		{ "{\"type\":\"HTTP\"}", "maps_ports=0 checked" },
		{ "null", "maps_ports=0 framework" },
		{ "[]", "maps_ports=0 framework" },
		{ "\"{}\"", "maps_ports=0 framework" },
	};
	CHECK_RULES(TASK_FRAME("\"health_check\":%s"), checks);
}

/*! \brief Port 0 of the host is none. */
static void test_mappings(void **unused)
{
	(void)unused;
	static const struct rule rules[] = {
		{ "{\"host_port\":1}", "maps_ports=1" },
		{ "{\"host_port\":0}", "maps_ports=0" },
		{ "{\"host_port\":0},{\"host_port\":31000},{\"host_port\":0}", "maps_ports=1" },
		{ "{\"container_port\":80}", "maps_ports=0" },
		{ "{}", "maps_ports=0" },
	};
	CHECK_RULES(TASK_FRAME("\"container\":{\"docker\":{\"port_mappings\":[%s]}}"), rules);
	CHECK_RULES(TASK_FRAME("\"container\":{\"network_infos\":[{\"port_mappings\":[%s]}]}"),
	            rules);
	CHECK_RULES(TASK_FRAME("\"statuses\":[{\"state\":\"TASK_RUNNING\",\"container_status\":"
	                       "{\"network_infos\":[{\"port_mappings\":[%s]}]}}]"),
	            rules);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations), cmocka_unit_test(test_master),
		cmocka_unit_test(test_agents),    cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_ranges),    cmocka_unit_test(test_ports),
		cmocka_unit_test(test_statuses),  cmocka_unit_test(test_network_infos),
		cmocka_unit_test(test_labels),    cmocka_unit_test(test_health),
		cmocka_unit_test(test_mappings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
