/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Formats of names: which there can be, what they need, and what tasks are called by them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/libknot.h>

#include "module/records/records.h"
#include "module/records/reserved.h"
#include "module/state/object_write.h"
#include "tests/unit/records/made_task.h"
#include "tests/unit/records/record_text.h"

#define A16 "aaaaaaaaaaaaaaaa"
#define A63 A16 A16 A16 "aaaaaaaaaaaaaaa"

static void test_parse(void **state)
{
	(void)state;
	static const char *const good[] = {
		"{task}",
		"{task}.{framework}",
		"x{task}y",
		"{task}{version}",
		"{task}-{version}",
		"V1.{location}.Names",
		"{label:a.b/c d}",
		"{label:{}",
		"{attribute:rack}.{agent-host}.{hash}.{agent}.{role}.{environment}",
		A63 ".{task}",
		"slave.{task}",
		"{task}.xslave",
		"{task}.slaves",
		"{task}slave",
		"1{task}",
	};
	static const char *const bad[] = {
		"",
		"web",
		"a.b",
		"{",
		"{task",
		"{}",
		"{tasks}",
		"{Task}",
		"{label}",
		"{label:}",
		"{task:x}",
		"{attribute:}",
		"task}",
		"{task}}",
		".{task}",
		"{task}.",
		"{task}..x",
		"-{task}",
		"{task}-",
		"{task}.-x",
		"{task}-.x",
		"{task}.x-",
		"{task}_x",
		"{task}.a b",
		"{task}.\303\274",
		"{task}.a\\",
		"*.{task}",
		"{task}.slave",
		"{task}.SLAVE",
		A63 "a.{task}",
		"{task}." A63 "a",
		"@.{task}",
		"{task}{",
		A63 "." A63 "." A63 "." A63 ".{task}",
	};
	struct format format;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		const char *error = format_parse(good[i], LABEL_RFC1123, &format);
		if (error != NULL) {
			fail_msg("%s: %s", good[i], error);
		}
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *error = format_parse(bad[i], LABEL_RFC1123, &format);
		if (error == NULL || strchr(error, ' ') == NULL) {
			fail_msg("%s is taken", bad[i]);
		}
	}
	assert_non_null(format_parse("1{task}", LABEL_RFC952, &format));
	assert_null(format_parse("x1.{task}", LABEL_RFC952, &format));
	assert_non_null(format_parse(A16 "aaaaaaaaa.{task}", LABEL_RFC952, &format));
	assert_null(format_parse(A16 "aaaaaaaa.{task}", LABEL_RFC952, &format));
}

static void test_parse_limits(void **state)
{
	(void)state;
	struct format format;
	char text[2 * FORMAT_TEXT_MAX];
	size_t len = 0;
	for (int i = 0; i < FORMAT_PARTS_MAX; i++) {
		len += (size_t)sprintf(text + len, "{task}");
	}
	assert_null(format_parse(text, LABEL_RFC1123, &format));
	sprintf(text + len, "{task}");
	assert_non_null(format_parse(text, LABEL_RFC1123, &format));

	len = (size_t)sprintf(text, "{label:");
	memset(text + len, 'k', FORMAT_TEXT_MAX - len);
	strcpy(text + FORMAT_TEXT_MAX - 1, "}");
	assert_null(format_parse(text, LABEL_RFC1123, &format));
	strcpy(text + FORMAT_TEXT_MAX - 1, "k}");
	assert_non_null(format_parse(text, LABEL_RFC1123, &format));
}

static void test_wants(void **state)
{
	(void)state;
	struct format format;
	struct wants *wants = wants_new();
	assert_null(format_parse("{task}.{framework}.{hash}.{agent}", LABEL_RFC1123, &format));
	assert_int_equal(format_want(&format, wants), KNOT_EOK);
	assert_true(wants_cover(NULL, wants));
	assert_null(format_parse("{version}.{label:a}.{attribute:b}.{agent-host}", LABEL_RFC1123,
	                         &format));
	assert_int_equal(format_want(&format, wants), KNOT_EOK);
	assert_int_equal(wants->bits, WANTS_VERSION | WANTS_HOSTNAME);
	assert_int_equal(wants_find(wants, WANTS_LABELS, (struct text){ "a", 1 }), 0);
	assert_int_equal(wants_find(wants, WANTS_ATTRIBUTES, (struct text){ "b", 1 }), 0);
	assert_null(format_parse("{environment}.{location}.{role}", LABEL_RFC1123, &format));
	assert_int_equal(format_want(&format, wants), KNOT_EOK);
	assert_int_equal(wants->bits, WANTS_VERSION | WANTS_HOSTNAME | WANTS_ENVIRONMENT |
	                                      WANTS_LOCATION | WANTS_ROLE);
	wants_unref(wants);
}

static void test_reserved(void **state)
{
	(void)state;
	assert_true(reserved_is_masters((const uint8_t *)"\006leader", 7));
	assert_true(reserved_is_masters((const uint8_t *)"\006master", 7));
	assert_true(reserved_is_masters((const uint8_t *)"\011master007", 10));
	assert_false(reserved_is_masters((const uint8_t *)"\007master-", 8));
	assert_false(reserved_is_masters((const uint8_t *)"\006leader\001x", 9));
	assert_false(reserved_is_masters((const uint8_t *)"\005maste", 6));
	assert_true(reserved_is_agents((const uint8_t *)"\005slave", 6));
	assert_true(reserved_is_agents((const uint8_t *)"\001x\005slave", 8));
	assert_false(reserved_is_agents((const uint8_t *)"\005slave\001x", 8));
}

/* Records. */

#define MESOS ((const knot_dname_t *)"\005mesos")

/*! \brief A task that runs on an agent, of a framework. */
struct running {
	struct object_writer writers[2];
	struct task_object *task;
	struct inventory_side side;
	struct address agent;
};

static struct text text_of(const char *text)
{
	return (struct text){ text, (uint32_t)strlen(text) };
}

static void run_task(struct running *running, const struct made_task *made)
{
	static const struct address agent = { 4, { 10, 0, 0, 1 } };
	*running = (struct running){ .agent = agent };
	const struct framework_parts framework = { .id = text_of("F"), .name = text_of("fw.x") };
	running->task = make_task_object(made);
	running->side = (struct inventory_side){
		.task = running->task,
		.agent = (const void *)object_write_agent(&running->writers[0], text_of("x-S0"),
		                                          text_of("10.0.0.1"), 5051, true),
		.framework = (const void *)object_write_framework(&running->writers[1], &framework),
		.agent_addresses = { &running->agent, 1 },
	};
}

static void end_task(struct running *running)
{
	free(running->task);
	object_writer_free(&running->writers[0]);
	object_writer_free(&running->writers[1]);
}

static const struct address own[] = { { 4, { 10, 9, 0, 1 } }, { 4, { 10, 9, 0, 2 } } };

static struct records_rules make_rules(const struct format *formats, uint32_t count)
{
	return (struct records_rules){
		.zone = MESOS,
		.origin = MESOS,
		.sources = { IP_SOURCE_NETINFO, IP_SOURCE_HOST },
		.sources_count = 2,
		.srv_weight = 1,
		.formats = formats,
		.formats_count = count,
	};
}

/*! \brief Makes the records of a task by one format. */
static struct records_output make(const struct made_task *made, const char *text,
                                  struct lines *lines)
{
	static struct format format;
	struct running running;
	assert_null(format_parse(text, LABEL_RFC1123, &format));
	struct records_rules rules = make_rules(&format, 1);
	struct records_output output = { .put = lines_put, .sink = lines };
	run_task(&running, made);
	assert_int_equal(records_of(&rules, INVENTORY_TASK, &running.side, &output), KNOT_EOK);
	end_task(&running);
	return output;
}

/*! \brief How many of a task's records have an owner. */
static unsigned count_owner(const struct lines *lines, const char *owner)
{
	unsigned count = 0;
	size_t len = strlen(owner);
	for (size_t i = 0; i < lines->count; i++) {
		count += strncmp(lines->list[i], owner, len) == 0 && lines->list[i][len] == ' ';
	}
	return count;
}

/*! \brief Asserts how a task is called by a format; NULL: it has no such name, and it is counted.
 */
static void check_name(const struct made_task *made, const char *format, const char *expected)
{
	struct lines lines = { 0 };
	struct records_output output = make(made, format, &lines);
	if (expected != NULL) {
		assert_int_equal(count_owner(&lines, expected), 2);
	}
	assert_int_equal(output.loss.skipped, expected == NULL);
	/* Four names of a task with two addresses, and two of the agent's names with one. */
	assert_int_equal(lines.count, 6 + (expected != NULL ? 2 : 0));
	lines_free(&lines);
}

static void test_names(void **state)
{
	(void)state;
	const struct made_task web = { .id = text_of("test"),
		                       .name = text_of("Web_1"),
		                       .netinfo = { own, 2 } };
	check_name(&web, "{task}", "web-1.mesos.");
	check_name(&web, "X{task}-{hash}y.{agent}.{framework}", "xweb-1-iffe9y.s0.fw.x.mesos.");
	check_name(&web, "a-{framework}-b", "a-fw.x-b.mesos.");
	const struct made_task leader = { .id = text_of("test"),
		                          .name = text_of("leader"),
		                          .netinfo = { own, 2 } };
	check_name(&leader, "{task}", NULL);
	check_name(&leader, "{task}.x", "leader.x.mesos.");
	check_name(&leader, "x.{task}", "x.leader.mesos.");
	const struct made_task master = { .id = text_of("test"),
		                          .name = text_of("master12"),
		                          .netinfo = { own, 2 } };
	check_name(&master, "{task}", NULL);
	check_name(&master, "{task}3", NULL);
	check_name(&master, "{task}-3", "master12-3.mesos.");
	const struct made_task slave = { .id = text_of("test"),
		                         .name = text_of("slave"),
		                         .netinfo = { own, 2 } };
	check_name(&slave, "{task}", NULL);
	check_name(&slave, "x.{task}", NULL);
	check_name(&slave, "s{task}", "sslave.mesos.");
	const struct made_task wide = { .id = text_of("test"),
		                        .name = text_of(A63),
		                        .netinfo = { own, 2 } };
	check_name(&wide, "{task}", A63 ".mesos.");
	check_name(&wide, "{task}x", NULL);
	check_name(&wide, "{task}.{task}.{task}", A63 "." A63 "." A63 ".mesos.");
	check_name(&wide, "{task}.{task}.{task}.{task}", NULL);
}

/*! \brief A name that is good, at which the names of ports are not: that counts once. */
static void test_names_of_ports(void **state)
{
	(void)state;
	struct format format;
	assert_null(format_parse("{task}.{task}.{task}", LABEL_RFC1123, &format));
	struct records_rules rules = make_rules(&format, 1);
	const struct made_port ports[] = {
		{ .number = 80, .name = text_of(A63), .protocol = text_of("tcp") },
		{ .number = 81, .name = text_of("http"), .protocol = text_of("tcp,udp") },
		{ .number = 82, .name = text_of(A63), .protocol = text_of("udp") },
	};
	const struct made_task wide = { .id = text_of("test"),
		                        .name = text_of(A63),
		                        .ports = ports,
		                        .ports_count = 3,
		                        .netinfo = { own, 1 } };
	struct running running;
	run_task(&running, &wide);
	struct lines lines = { 0 };
	struct records_output output = { .put = lines_put, .sink = &lines };
	assert_int_equal(records_of(&rules, INVENTORY_TASK, &running.side, &output), KNOT_EOK);
	assert_int_equal(output.loss.skipped, 1);
	assert_int_equal(count_owner(&lines, "_http._tcp." A63 "." A63 "." A63 ".mesos."), 1);
	assert_int_equal(count_owner(&lines, "_http._udp." A63 "." A63 "." A63 ".mesos."), 1);
	lines_free(&lines);
	end_task(&running);
}

/*! \brief What is asked for each name, and what becomes of it. */
struct asked {
	struct lines lines;
	unsigned asked;
	bool may;
};

static bool may_choose(void *sink, const struct name *name)
{
	struct asked *asked = sink;
	asked->asked++;
	assert_int_equal(name->wire[name->len - 1], 0);
	return asked->may;
}

static int put(void *sink, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
               uint16_t len, unsigned preference)
{
	return lines_put(&((struct asked *)sink)->lines, owner, type, rdata, len, preference);
}

static void test_choose(void **state)
{
	(void)state;
	struct format formats[2];
	assert_null(format_parse("{task}", LABEL_RFC1123, &formats[0]));
	assert_null(format_parse("leader{label:none}", LABEL_RFC1123, &formats[1]));
	struct records_rules rules = make_rules(formats, 2);
	const struct made_task web = { .id = text_of("test"),
		                       .name = text_of("web"),
		                       .netinfo = { own, 1 } };
	struct running running;
	run_task(&running, &web);
	for (int may = 0; may < 2; may++) {
		struct asked asked = { .may = may };
		struct records_output output = { .put = put, .sink = &asked, .choose = may_choose };
		assert_int_equal(records_of(&rules, INVENTORY_TASK, &running.side, &output),
		                 KNOT_EOK);
		assert_int_equal(asked.asked, 1);
		assert_int_equal(output.loss.skipped, !may);
		assert_int_equal(count_owner(&asked.lines, "web.mesos."), may);
		lines_free(&asked.lines);

		output.names_only = true;
		asked = (struct asked){ .may = may };
		assert_int_equal(records_of(&rules, INVENTORY_TASK, &running.side, &output),
		                 KNOT_EOK);
		assert_int_equal(asked.asked, 1);
		assert_int_equal(output.records, 0);
		assert_int_equal(asked.lines.count, 0);
	}
	end_task(&running);
}

static void test_own_names(void **state)
{
	(void)state;
	struct records_rules rules = make_rules(NULL, 0);
	struct object_writer writer = { 0 };
	static const struct {
		const char *framework;
		const char *name;
	} cases[] = { { "Marathon", "marathon.mesos." },
		      { "a.B c", "a.bc.mesos." },
		      { "leader", NULL },
		      { "master1", NULL },
		      { "slave", NULL },
		      { "x.slave", NULL },
		      { "", NULL },
		      { "$", NULL } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct framework_parts parts = { .name = text_of(cases[i].framework) };
		const struct framework_object *framework = (const void *)object_write_framework(
		        &writer, &parts);
		struct name name;
		rules.reverse = false;
		assert_int_equal(records_own_name(&rules, framework, &name), cases[i].name != NULL);
		if (cases[i].name != NULL) {
			knot_dname_txt_storage_t text;
			assert_non_null(knot_dname_to_str(text, name.wire, sizeof(text)));
			assert_string_equal(text, cases[i].name);
		}
		rules.reverse = true;
		assert_false(records_own_name(&rules, framework, &name));
	}
	object_writer_free(&writer);
}

/* Budgets. */

enum { PORTS = 9000 };

/*! \brief A limit cuts what the options add as it cuts all else: to the record. */
static void check_budget(const struct made_task *made, bool port_index, uint32_t formats_count)
{
	static struct format formats[FORMATS_MAX];
	for (uint32_t i = 0; i < formats_count; i++) {
		char text[32];
		snprintf(text, sizeof(text), "{task}.f%u", i);
		assert_null(format_parse(text, LABEL_RFC1123, &formats[i]));
	}
	struct records_rules rules = make_rules(formats, formats_count);
	rules.port_index = port_index;
	struct running running;
	run_task(&running, made);
	struct records_output all = { 0 };
	rules.task_max = 0;
	assert_int_equal(records_of(&rules, INVENTORY_TASK, &running.side, &all), KNOT_EOK);
	uint64_t whole = all.records + all.loss.cut;
	assert_true(all.records <= RECORDS_TASK_MAX);
	assert_true(whole <= RECORDS_TASK_MAX || all.records == RECORDS_TASK_MAX);
	static const uint32_t most[] = { 1, 2, 3, 10, 57, 58, 100, 999, 5000, 12000, 16383 };
	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++) {
		struct lines lines = { 0 };
		struct records_output cut = { .put = lines_put, .sink = &lines };
		rules.task_max = most[i];
		assert_int_equal(records_of(&rules, INVENTORY_TASK, &running.side, &cut), KNOT_EOK);
		assert_int_equal(cut.records, whole < most[i] ? whole : most[i]);
		assert_int_equal(cut.records + cut.loss.cut, whole);
		if (most[i] >= 100 && formats_count > 0) {
			/* Each name keeps some addresses. */
			assert_true(count_owner(&lines, "web.f0.mesos.") > 0);
		}
		lines_free(&lines);
	}
	end_task(&running);
}

static void test_budget(void **state)
{
	(void)state;
	static struct made_port ports[PORTS];
	for (unsigned i = 0; i < PORTS; i++) {
		ports[i] = (struct made_port){ (uint16_t)i, text_of(i % 3 ? "p" : ""),
			                       text_of(i % 2 ? "tcp" : "tcp,udp,x") };
	}
	static const struct state_port_range ranges[] = { { 1000, 9000 }, { 20000, 20001 } };
	const struct made_task given = {
		.id = text_of("test"),
		.name = text_of("web"),
		.netinfo = { own, 2 },
		.ranges = ranges,
		.ranges_count = 2,
	};
	struct made_task told = given;
	told.ports = ports;
	told.ports_count = PORTS;
	told.discovery = text_of("web");
	struct made_task nameless = told;
	nameless.discovery = (struct text){ 0 };
	struct made_task few = told;
	few.ports_count = 7;
	for (unsigned i = 0; i < 6; i++) {
		check_budget(&given, i % 2, i / 2 * 8);
		check_budget(&told, i % 2, i / 2 * 8);
		check_budget(&nameless, i % 2, i / 2 * 8);
		check_budget(&few, i % 2, i / 2 * 8);
	}
}

/*! \brief One port of many protocols, each with a single record. */
static void test_many_protocols(void **state)
{
	(void)state;
	static char protocols[3 * RECORDS_TASK_MAX];
	size_t len = 0;
	for (unsigned i = 0; i < RECORDS_TASK_MAX - 500; i++) {
		len += (size_t)sprintf(protocols + len, "%c,", 'a' + i % 26);
	}
	const struct made_port port = { 1, text_of("p"), { protocols, (uint32_t)len } };
	const struct made_task task = { .id = text_of("test"),
		                        .name = text_of("web"),
		                        .netinfo = { own, 2 },
		                        .ports = &port,
		                        .ports_count = 1 };
	check_budget(&task, false, 1);
	check_budget(&task, true, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),  cmocka_unit_test(test_parse_limits),
		cmocka_unit_test(test_wants),  cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_names),  cmocka_unit_test(test_names_of_ports),
		cmocka_unit_test(test_choose), cmocka_unit_test(test_own_names),
		cmocka_unit_test(test_budget), cmocka_unit_test(test_many_protocols),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
