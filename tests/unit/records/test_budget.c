/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/libknot.h>

#include "module/records/limit.h"
#include "module/state/object_write.h"
#include "tests/unit/records/made_task.h"
#include "tests/unit/records/record_text.h"

static const knot_dname_t *const MESOS = (const knot_dname_t *)"\005mesos";

static const struct address own_address = { 4, { 10, 0, 0, 1 } };
static const struct address agent_address = { 4, { 10, 0, 0, 2 } };

static struct text text(const char *string)
{
	return (struct text){ string, (uint32_t)strlen(string) };
}

static struct records_rules defaults(void)
{
	return (struct records_rules){
		.zone = MESOS,
		.origin = MESOS,
		.sources = { IP_SOURCE_NETINFO },
		.sources_count = 1,
		.srv_weight = 1,
	};
}

/*! \brief A task that holds so many ports; \a range has to outlive it. */
static struct made_task task_of(const char *name, struct state_port_range *range, unsigned ports)
{
	*range = (struct state_port_range){ 0, (uint16_t)(ports - 1) };
	return (struct made_task){
		.id = text(name),
		.name = text(name),
		.ranges = range,
		.ranges_count = ports > 0,
		.netinfo = { &own_address, 1 },
	};
}

/*! \brief Makes the records of a task of the framework `fw` on the agent `x-S0`. */
static struct records_output make(const struct made_task *from, const struct records_rules *rules,
                                  struct lines *lines)
{
	struct object_writer framework_writer = { 0 }, agent_writer = { 0 };
	const struct framework_parts parts = { .name = text("fw"), .told = true };
	struct task_object *task = make_task_object(from);
	const struct inventory_side side = {
		.task = task,
		.framework = (const void *)object_write_framework(&framework_writer, &parts),
		.agent = (const void *)object_write_agent(&agent_writer, text("x-S0"),
		                                          text("10.0.0.2"), 5051, true),
		.agent_addresses = { &agent_address, 1 },
	};
	struct records_output output = { .put = lines_put, .sink = lines };
	*lines = (struct lines){ 0 };
	assert_int_equal(records_of(rules, INVENTORY_TASK, &side, &output), KNOT_EOK);
	assert_int_equal(output.records, lines->count);
	assert_int_equal(output.loss.cut_tasks, output.loss.cut > 0);
	if (output.loss.cut > 0) {
		assert_int_equal(output.loss.cut_example.len, from->name.len);
		assert_memory_equal(output.loss.cut_example.data, from->name.data, from->name.len);
	}
	free(task);
	object_writer_free(&framework_writer);
	object_writer_free(&agent_writer);
	return output;
}

/*! \brief How many lines begin with a text. */
static size_t count(const struct lines *lines, const char *start)
{
	size_t found = 0;
	for (size_t i = 0; i < lines->count; i++) {
		found += strncmp(lines->list[i], start, strlen(start)) == 0;
	}
	return found;
}

static void test_ports_are_cut(void **state)
{
	(void)state;
	struct state_port_range range;
	struct made_task task = task_of("t0", &range, 65536);
	struct records_rules rules = defaults();
	struct lines lines;
	struct records_output output = make(&task, &rules, &lines);
	assert_int_equal(lines.count, RECORDS_TASK_MAX);
	assert_int_equal(count(&lines, "t0.fw."), 2);
	assert_int_equal(count(&lines, "t0-"), 2);
	/* Four names have the rest, each as much as the others. */
	assert_int_equal(count(&lines, "_t0._tcp.fw.mesos."), (RECORDS_TASK_MAX - 4) / 4);
	assert_int_equal(count(&lines, "_t0._udp.fw.slave.mesos."), (RECORDS_TASK_MAX - 4) / 4);
	assert_int_equal(output.loss.cut, 4 + 65536 * 4 - RECORDS_TASK_MAX);
	assert_int_equal(output.loss.skipped, 0);
	lines_free(&lines);

	/* Who it is, is told by the digest: the same for the same task only. */
	uint64_t digest = output.loss.cut_digest;
	assert_true(digest != 0);
	task.ranges_count = 0;
	task.name = task.id;
	output = make(&task, &rules, &lines);
	assert_true(output.loss.cut_digest == 0);
	lines_free(&lines);
	task.ranges_count = 1;
	range.last = 40000;
	output = make(&task, &rules, &lines);
	assert_true(output.loss.cut_digest == digest);
	lines_free(&lines);
	task.id = text("another");
	output = make(&task, &rules, &lines);
	assert_true(output.loss.cut_digest != digest);
	lines_free(&lines);
}

static void test_a_whole_share_is_not_cut(void **state)
{
	(void)state;
	struct state_port_range range;
	struct made_task task = task_of("t0", &range, RECORDS_TASK_MAX / 4 - 1);
	struct records_rules rules = defaults();
	struct lines lines;
	struct records_output output = make(&task, &rules, &lines);
	assert_int_equal(lines.count, RECORDS_TASK_MAX);
	assert_int_equal(output.loss.cut, 0);
	lines_free(&lines);

	range.last++;
	/* More than the most there can be is not to be had. */
	const uint32_t limits[] = { 0, RECORDS_TASK_MAX, RECORDS_TASK_MAX + 4, UINT32_MAX };
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		rules.task_max = limits[i];
		output = make(&task, &rules, &lines);
		assert_int_equal(lines.count, RECORDS_TASK_MAX);
		assert_int_equal(output.loss.cut, 4);
		lines_free(&lines);
	}
}

/*! \brief Ports are cut before addresses; but where addresses alone are too many, ports have some.
 */
static void test_addresses_are_cut_last(void **state)
{
	(void)state;
	enum { MANY = RECORDS_TASK_MAX / 2 };
	static struct address many[MANY];
	for (uint32_t i = 0; i < MANY; i++) {
		many[i] = (struct address){ 4, { 10, 1, i >> 8 & 0xff, i & 0xff } };
	}
	struct state_port_range range;
	struct made_task task = task_of("t0", &range, 60000);
	task.netinfo = (struct state_addresses){ many, 5000 };
	struct records_rules rules = defaults();
	struct lines lines;
	(void)make(&task, &rules, &lines);
	assert_int_equal(lines.count, RECORDS_TASK_MAX);
	assert_int_equal(count(&lines, "t0.fw.mesos. A "), 5000);
	assert_int_equal(count(&lines, "t0-"), 5000 + 1);
	assert_int_equal(count(&lines, "_t0._tcp.fw.mesos."), (RECORDS_TASK_MAX - 10002 + 3) / 4);
	lines_free(&lines);

	task.netinfo.count = MANY;
	(void)make(&task, &rules, &lines);
	assert_int_equal(lines.count, RECORDS_TASK_MAX);
	assert_int_equal(count(&lines, "_t0._tcp.fw.mesos."), RECORDS_TASK_MAX / 4 / 4);
	assert_int_equal(count(&lines, "t0.fw.slave.mesos. A "), 1);
	assert_in_range(count(&lines, "t0.fw.mesos. A "), 6143, 6144);
	lines_free(&lines);

	/* What fits is not cut, whatever it is. */
	task.ranges_count = 0;
	task.netinfo.count = MANY - 1;
	struct records_output output = make(&task, &rules, &lines);
	assert_int_equal(count(&lines, "t0.fw.mesos. A "), MANY - 1);
	assert_int_equal(output.loss.cut, 0);
	lines_free(&lines);
}

/*! \brief Ports of a discovery, each with a long list of protocols but one. */
static void test_each_port_keeps_some(void **state)
{
	(void)state;
	enum { PORTS = 64, WORDS = 16000 };
	static char words[WORDS * 6], names[PORTS][8];
	char *end = words;
	for (int i = 0; i < WORDS; i++) {
		end += sprintf(end, "%x,", i);
	}
	struct made_port ports[PORTS];
	for (int i = 0; i < PORTS; i++) {
		snprintf(names[i], sizeof(names[i]), "n%d", i);
		ports[i] = (struct made_port){ (uint16_t)i, text(names[i]), text(words) };
	}
	ports[PORTS - 1].protocol = text("tcp");

	struct state_port_range range;
	struct made_task task = task_of("a.b", &range, 100);
	task.discovery = task.name;
	task.ports = ports;
	task.ports_count = PORTS;
	struct records_rules rules = defaults();
	struct lines lines;
	struct records_output output = make(&task, &rules, &lines);
	assert_int_equal(lines.count, RECORDS_TASK_MAX);
	for (int i = 0; i < PORTS - 1; i++) {
		char owner[64];
		snprintf(owner, sizeof(owner), "_n%d._a-b._0.fw.mesos.", i);
		assert_int_equal(count(&lines, owner), 1);
		snprintf(owner, sizeof(owner), "_n%d._a.b._0.fw.slave.mesos.", i);
		assert_int_equal(count(&lines, owner), 1);
	}
	assert_int_equal(count(&lines, "_n63._a.b._tcp.fw.mesos."), 1);
	assert_int_equal(count(&lines, "_a.b._udp.fw.slave.mesos."), 100);
	assert_true(output.loss.cut ==
	            8 + 400 + 8 * ((PORTS - 1) * (uint64_t)WORDS + 1) - RECORDS_TASK_MAX);
	lines_free(&lines);

	/* One port alone: as many of its protocols as there can be. */
	task.ports_count = 1;
	task.ranges_count = 0;
	ports[0].name = text("");
	(void)make(&task, &rules, &lines);
	assert_int_equal(lines.count, RECORDS_TASK_MAX);
	assert_int_equal(count(&lines, "_a.b._7fc.fw.slave.mesos."), 1);
	assert_int_equal(count(&lines, "_a.b._1000.fw."), 0);
	lines_free(&lines);
}

/*! \brief A number below \a n. */
static unsigned pick(unsigned *random, unsigned n)
{
	*random = *random * 1664525 + 1013904223;
	return (*random >> 16) % n;
}

#define PORTS_MAX     6
#define PROTOCOLS_MAX 7

/*! \brief Ports whose protocols are `a`, `b`, ..., so many of each. */
struct ports {
	struct made_port list[PORTS_MAX];
	unsigned protocols[PORTS_MAX];
	unsigned count;
};

static void pick_ports(unsigned *random, struct ports *ports)
{
	ports->count = 1 + pick(random, PORTS_MAX);
	for (unsigned i = 0; i < ports->count; i++) {
		unsigned count = 1 + pick(random, PROTOCOLS_MAX);
		ports->protocols[i] = count;
		ports->list[i] = (struct made_port){
			.number = (uint16_t)i,
			.name = text(pick(random, 2) == 0 ? "n" : "-"),
			.protocol = { "a,b,c,d,e,f,g", 2 * count - 1 },
		};
	}
}

/*! \brief What is put of ports' protocols: of each its first, of each its second, ... */
static void expect_in_turn(const struct ports *ports, unsigned left, struct lines *lines)
{
	static const char *const places[] = { "fw", "fw.slave" };
	for (unsigned round = 0; round < PROTOCOLS_MAX; round++) {
		for (unsigned i = 0; i < ports->count; i++) {
			unsigned forms = *ports->list[i].name.data == 'n' ? 2 : 1;
			for (unsigned j = 0; round < ports->protocols[i] && j < 2 * forms; j++) {
				if (left == 0) {
					return;
				}
				left--;
				lines_add(lines,
				          "%s_d._%c.%s.mesos. SRV 0 1 %u d-iffe9-s0.%s.mesos.",
				          j / 2 == 1 ? "_n." : "", (int)('a' + round),
				          places[j % 2], i, places[j % 2]);
			}
		}
	}
}

static void test_ports_in_turn(void **state)
{
	(void)state;
	unsigned random = 1;
	for (unsigned i = 0; i < 2000; i++) {
		struct ports ports;
		pick_ports(&random, &ports);
		struct made_task task = {
			.id = text("test"),
			.name = text("d"),
			.discovery = text("d"),
			.ports = ports.list,
			.ports_count = ports.count,
			.netinfo = { &own_address, 1 },
		};
		struct records_rules rules = defaults();
		struct lines all, lines, expected = { 0 };
		struct records_output whole = make(&task, &rules, &all);
		assert_int_equal(whole.loss.cut, 0);
		lines_free(&all);

		/* Four addresses, then ports. */
		rules.task_max = 6 + pick(&random, whole.records);
		struct records_output output = make(&task, &rules, &lines);
		expect_in_turn(&ports, rules.task_max - 4, &expected);
		assert_int_equal(output.records + output.loss.cut, whole.records);
		size_t addresses = count(&lines, "d");
		assert_int_equal(addresses, 4);
		lines_sort(&lines);
		lines_sort(&expected);
		assert_int_equal(lines.count, addresses + expected.count);
		for (size_t j = 0; j < expected.count; j++) {
			assert_string_equal(lines.list[j], expected.list[j]);
		}
		lines_free(&lines);
		lines_free(&expected);
	}
}

/*! \brief A limit costs those that have more, what they have more. */
static void test_lower_limits(void **state)
{
	(void)state;
	for (uint32_t limit = 1; limit < 300; limit++) {
		struct records_rules rules = defaults();
		rules.task_max = limit;
		struct state_port_range range;
		struct made_task task = task_of("t", &range, 40);
		struct lines lines;
		struct records_output output = make(&task, &rules, &lines);
		assert_int_equal(lines.count, limit < 164 ? limit : 164);
		assert_int_equal(output.loss.cut, limit < 164 ? 164 - limit : 0);
		lines_free(&lines);
	}
}

#define ZONE_TASKS 40

/*! \brief Tasks `t0`, `t1`, ... of 10, 20, ... ports, in one order or another. */
static uint64_t make_zone(unsigned order, uint32_t task_max, struct limit *limit,
                          struct lines *lines)
{
	struct records_rules rules = defaults();
	rules.task_max = task_max;
	uint64_t octets = 0;
	*lines = (struct lines){ 0 };
	for (unsigned i = 0; i < ZONE_TASKS; i++) {
		unsigned number = order == 0   ? i
		                  : order == 1 ? ZONE_TASKS - 1 - i
		                               : i * 7 % ZONE_TASKS;
		char name[16];
		snprintf(name, sizeof(name), "t%u", number);
		struct state_port_range range;
		struct made_task task = task_of(name, &range, 10 * (1 + number));
		struct lines own;
		struct records_output output = make(&task, &rules, &own);
		limit_add(limit, INVENTORY_TASK, &output);
		octets += output.octets;
		for (size_t j = 0; j < own.count; j++) {
			lines_add(lines, "%s", own.list[j]);
		}
		lines_free(&own);
	}
	lines_sort(lines);
	return octets;
}

static void test_zone_is_cut(void **state)
{
	(void)state;
	static struct limit limits[3], unused;
	struct lines lines;
	uint64_t octets = 0;
	const struct records_output others = { .octets = 1000, .records = 10, .widest = 200 };
	for (unsigned order = 0; order < 3; order++) {
		limit_add(&limits[order], INVENTORY_AGENT, &others);
		limit_add(&limits[order], INVENTORY_FRAMEWORK, &others);
		octets = make_zone(order, 0, &limits[order], &lines);
		lines_free(&lines);
		assert_memory_equal(&limits[order], &limits[0], sizeof(*limits));
	}

	/* What fits is not cut; that which is cut fits, and not by much less. */
	assert_int_equal(limit_find(&limits[0], octets + 2000), RECORDS_TASK_MAX);
	uint32_t limit = limit_find(&limits[0], octets + 2000 - 1);
	assert_in_range(limit, 4 * 10 * ZONE_TASKS - 200, 4 * 10 * ZONE_TASKS + 3);
	limit = limit_find(&limits[0], 2000 + octets / 2);
	uint64_t left = make_zone(0, limit, &unused, &lines);
	assert_in_range(left, octets / 3, octets / 2);

	/* Who has least loses nothing; of all others each name keeps some, as many as theirs. */
	assert_int_equal(count(&lines, "_t4._tcp.fw.mesos."), 50);
	size_t kept = count(&lines, "_t39._tcp.fw.mesos.");
	assert_in_range(kept, 60, 390);
	assert_in_range(count(&lines, "_t38._udp.fw.slave.mesos."), kept - 1, kept + 1);
	assert_int_equal(count(&lines, "t39.fw.slave.mesos. A 10.0.0.2"), 1);
	lines_free(&lines);

	/* No room for anything: that is no error either. */
	assert_int_equal(limit_find(&limits[0], 1), 1);
}

static void test_reverse(void **state)
{
	(void)state;
	enum { MANY = 3000, ELSEWHERE = 500 };
	static struct address addrs[MANY];
	for (unsigned i = 0; i < MANY; i++) {
		uint8_t net = i % (MANY / ELSEWHERE) == 0 ? 11 : 10;
		addrs[i] = (struct address){ 4, { net, 1, i >> 8, i & 0xff } };
	}
	struct made_task task = { .id = text("t"), .name = text("t") };
	task.netinfo = (struct state_addresses){ addrs, MANY };
	struct records_rules rules = defaults();
	rules.reverse = true;
	rules.zone = (const knot_dname_t *)"\00210\007in-addr\004arpa";
	struct lines lines;
	struct records_output output = make(&task, &rules, &lines);
	assert_int_equal(lines.count, MANY - ELSEWHERE);
	assert_int_equal(output.loss.cut, 0);
	assert_int_equal(count(&lines, "99.0.1.10.in-addr.arpa. PTR t.fw.mesos."), 1);
	lines_free(&lines);

	/* What lies elsewhere counts for nothing. */
	rules.task_max = 1000;
	output = make(&task, &rules, &lines);
	assert_int_equal(lines.count, 1000);
	assert_int_equal(output.loss.cut, MANY - ELSEWHERE - 1000);
	lines_free(&lines);
	rules.task_max = MANY - ELSEWHERE;
	output = make(&task, &rules, &lines);
	assert_int_equal(output.loss.cut, 0);
	lines_free(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports_are_cut),
		cmocka_unit_test(test_a_whole_share_is_not_cut),
		cmocka_unit_test(test_addresses_are_cut_last),
		cmocka_unit_test(test_each_port_keeps_some),
		cmocka_unit_test(test_ports_in_turn),
		cmocka_unit_test(test_lower_limits),
		cmocka_unit_test(test_zone_is_cut),
		cmocka_unit_test(test_reverse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
