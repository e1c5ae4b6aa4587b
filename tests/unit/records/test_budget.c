/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/libknot.h>

#include "module/records/records.h"
#include "module/snapshot/snapshot.h"
#include "tests/unit/records/record_text.h"

#define TASKS_MAX 64

static const knot_dname_t *const MESOS = (const knot_dname_t *)"\005mesos";

static const struct address address = { 4, { 10, 0, 0, 1 } };

/*! \brief A state of one agent and one framework, `fw`. */
struct cluster {
	struct state state;
	struct state_agent agent;
	struct state_framework framework;
	struct state_task tasks[TASKS_MAX];
	struct state_port_range ranges[TASKS_MAX];
	char names[TASKS_MAX][16];
};

static struct text text(const char *string)
{
	return (struct text){ string, (uint32_t)strlen(string) };
}

static struct cluster *new_cluster(void)
{
	struct cluster *cluster = calloc(1, sizeof(*cluster));
	assert_non_null(cluster);
	cluster->agent = (struct state_agent){
		.id = text("x-S0"),
		.host = text("10.0.0.2"),
		.port = 5051,
		.registered = true,
	};
	cluster->framework.name = text("fw");
	cluster->state = (struct state){
		.leader_host = text("10.0.0.3"),
		.leader_port = 5050,
		.agents = &cluster->agent,
		.agents_count = 1,
		.frameworks = &cluster->framework,
		.frameworks_count = 1,
		.tasks = cluster->tasks,
	};
	return cluster;
}

/*! \brief Adds the task `t<number>` that holds so many ports. */
static struct state_task *add_task(struct cluster *cluster, unsigned number, unsigned ports)
{
	uint32_t i = cluster->state.tasks_count++;
	assert_in_range(i, 0, TASKS_MAX - 1);
	snprintf(cluster->names[i], sizeof(cluster->names[i]), "t%u", number);
	cluster->ranges[i] = (struct state_port_range){ 0, (uint16_t)(ports - 1) };
	cluster->tasks[i] = (struct state_task){
		.id = text(cluster->names[i]),
		.name = text(cluster->names[i]),
		.ranges = &cluster->ranges[i],
		.ranges_count = ports > 0,
		.netinfo = { &address, 1 },
	};
	return &cluster->tasks[i];
}

static struct state_addresses no_hosts(void *hosts, struct text host)
{
	(void)hosts, (void)host;
	return (struct state_addresses){ 0 };
}

static struct records_input defaults(void)
{
	return (struct records_input){
		.zone = MESOS,
		.origin = MESOS,
		.sources = { IP_SOURCE_NETINFO },
		.sources_count = 1,
		.lookup = no_hosts,
	};
}

/*! \brief Where records go: as lines, with what they take. */
struct sink {
	struct lines lines;
	uint64_t octets;
	unsigned restarts;
	unsigned refuse; /*!< From that record on there is no space; 0: there always is. */
};

static int put(void *ctx, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
               uint16_t len)
{
	struct sink *sink = ctx;
	if (sink->refuse > 0 && sink->lines.count + 1 >= sink->refuse) {
		return KNOT_ESPACE;
	}
	sink->octets += knot_dname_size(owner) + len;
	return lines_put(&sink->lines, owner, type, rdata, len);
}

static int restart(void *ctx)
{
	struct sink *sink = ctx;
	lines_free(&sink->lines);
	sink->octets = 0;
	sink->restarts++;
	return KNOT_EOK;
}

static struct records_output make(const struct cluster *cluster, const struct records_input *input,
                                  struct sink *sink)
{
	struct records_output output = { .put = put, .restart = restart, .sink = sink };
	*sink = (struct sink){ .refuse = sink->refuse };
	assert_int_equal(records_make(&cluster->state, input, &output), KNOT_EOK);
	return output;
}

/*! \brief How many lines begin with a text. */
static size_t count(const struct sink *sink, const char *start)
{
	size_t found = 0;
	for (size_t i = 0; i < sink->lines.count; i++) {
		found += strncmp(sink->lines.list[i], start, strlen(start)) == 0;
	}
	return found;
}

static bool is_in(const struct sink *sink, const char *part)
{
	for (size_t i = 0; i < sink->lines.count; i++) {
		if (strstr(sink->lines.list[i], part) != NULL) {
			return true;
		}
	}
	return false;
}

/*! \brief Records that are no task's: leader, masters, agents. */
#define OTHERS 9

static void test_ports_are_cut(void **state)
{
	(void)state;
	struct cluster *cluster = new_cluster();
	add_task(cluster, 0, 65536);
	add_task(cluster, 1, 3);
	struct records_input input = defaults();
	struct sink sink = { 0 };
	struct records_output output = make(cluster, &input, &sink);

	assert_int_equal(sink.lines.count, OTHERS + RECORDS_TASK_MAX + 4 + 3 * 4);
	assert_int_equal(count(&sink, "t0.fw."), 2);
	assert_int_equal(count(&sink, "t0-"), 2);
	/* Four names have the rest, each as much as the others. */
	assert_int_equal(count(&sink, "_t0._tcp.fw.mesos."), (RECORDS_TASK_MAX - 4) / 4);
	assert_int_equal(count(&sink, "_t0._udp.fw.slave.mesos."), (RECORDS_TASK_MAX - 4) / 4);
	assert_int_equal(count(&sink, "_t1."), 12);
	assert_int_equal(output.cut, 4 + 65536 * 4 - RECORDS_TASK_MAX);
	assert_int_equal(output.cut_tasks, 1);
	assert_int_equal(output.cut_example.len, 2);
	assert_memory_equal(output.cut_example.data, "t0", 2);
	assert_int_equal(output.skipped, 0);
	assert_int_equal(sink.restarts, 0);
	lines_free(&sink.lines);

	/* Who it is, is told by the digest. */
	uint64_t digest = output.cut_digest;
	cluster->tasks[0].id = text("another");
	output = make(cluster, &input, &sink);
	assert_int_equal(output.cut_tasks, 1);
	assert_true(output.cut_digest != digest);
	lines_free(&sink.lines);
	free(cluster);
}

static void test_a_whole_share_is_not_cut(void **state)
{
	(void)state;
	struct cluster *cluster = new_cluster();
	add_task(cluster, 0, RECORDS_TASK_MAX / 4 - 1);
	struct records_input input = defaults();
	struct sink sink = { 0 };
	struct records_output output = make(cluster, &input, &sink);
	assert_int_equal(sink.lines.count, OTHERS + RECORDS_TASK_MAX);
	assert_int_equal(output.cut, 0);
	assert_int_equal(output.cut_tasks, 0);
	lines_free(&sink.lines);

	cluster->ranges[0].last++;
	output = make(cluster, &input, &sink);
	assert_int_equal(sink.lines.count, OTHERS + RECORDS_TASK_MAX);
	assert_int_equal(output.cut, 4);
	lines_free(&sink.lines);
	free(cluster);
}

/*! \brief Ports are cut before addresses; but where addresses alone are too many, ports have some.
 */
static void test_addresses_are_cut_last(void **state)
{
	(void)state;
	static struct address many[STATE_LIST_MAX];
	for (uint32_t i = 0; i < STATE_LIST_MAX; i++) {
		many[i] = (struct address){ 4, { 10, 1, i >> 8 & 0xff, i & 0xff } };
	}
	struct cluster *cluster = new_cluster();
	struct state_task *task = add_task(cluster, 0, 60000);
	task->netinfo = (struct state_addresses){ many, 5000 };
	struct records_input input = defaults();
	struct sink sink = { 0 };
	(void)make(cluster, &input, &sink);
	assert_int_equal(sink.lines.count, OTHERS + RECORDS_TASK_MAX);
	assert_int_equal(count(&sink, "t0.fw.mesos. A "), 5000);
	assert_int_equal(count(&sink, "t0-"), 5000 + 1);
	assert_int_equal(count(&sink, "_t0._tcp.fw.mesos."), (RECORDS_TASK_MAX - 10002 + 3) / 4);
	lines_free(&sink.lines);

	task->netinfo.count = STATE_LIST_MAX;
	(void)make(cluster, &input, &sink);
	assert_int_equal(sink.lines.count, OTHERS + RECORDS_TASK_MAX);
	assert_int_equal(count(&sink, "_t0._tcp.fw.mesos."), RECORDS_TASK_MAX / 4 / 4);
	assert_int_equal(count(&sink, "t0.fw.slave.mesos. A "), 1);
	assert_in_range(count(&sink, "t0.fw.mesos. A "), 6143, 6144);
	lines_free(&sink.lines);

	/* What fits is not cut, whatever it is. */
	task->ranges_count = 0;
	task->netinfo.count = STATE_LIST_MAX - 1;
	struct records_output output = make(cluster, &input, &sink);
	assert_int_equal(count(&sink, "t0.fw.mesos. A "), STATE_LIST_MAX - 1);
	assert_int_equal(output.cut, 0);
	lines_free(&sink.lines);
	free(cluster);
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
	struct state_port ports[PORTS];
	for (int i = 0; i < PORTS; i++) {
		snprintf(names[i], sizeof(names[i]), "n%d", i);
		ports[i] = (struct state_port){ (uint16_t)i, text(names[i]), text(words) };
	}
	ports[PORTS - 1].protocol = text("tcp");

	struct cluster *cluster = new_cluster();
	struct state_task *task = add_task(cluster, 0, 100);
	task->discovery = text("a.b");
	task->discovery_ports = ports;
	task->discovery_count = PORTS;
	struct records_input input = defaults();
	struct sink sink = { 0 };
	struct records_output output = make(cluster, &input, &sink);
	assert_int_equal(sink.lines.count, OTHERS + RECORDS_TASK_MAX);
	for (int i = 0; i < PORTS - 1; i++) {
		char owner[64];
		snprintf(owner, sizeof(owner), "_n%d._a-b._0.fw.mesos.", i);
		assert_int_equal(count(&sink, owner), 1);
		snprintf(owner, sizeof(owner), "_n%d._a.b._0.fw.slave.mesos.", i);
		assert_int_equal(count(&sink, owner), 1);
	}
	assert_int_equal(count(&sink, "_n63._a.b._tcp.fw.mesos."), 1);
	assert_int_equal(count(&sink, "_a.b._udp.fw.slave.mesos."), 100);
	assert_true(output.cut ==
	            8 + 400 + 8 * ((PORTS - 1) * (uint64_t)WORDS + 1) - RECORDS_TASK_MAX);
	lines_free(&sink.lines);
	free(cluster);
}

/*! \brief Tasks of 10, 20, ... ports, listed from the front or the back, or in another order. */
static struct cluster *many_tasks(int order)
{
	struct cluster *cluster = new_cluster();
	for (unsigned i = 0; i < 40; i++) {
		unsigned number = order == 0 ? i : order == 1 ? 39 - i : i * 7 % 40;
		add_task(cluster, number, 10 * (1 + number));
	}
	return cluster;
}

static void test_zone_is_cut(void **state)
{
	(void)state;
	struct sink all = { 0 }, sinks[3] = { { { 0 }, 0, 0, 0 } };
	struct records_input input = defaults();
	struct cluster *cluster = many_tasks(0);
	struct records_output outputs[3] = { make(cluster, &input, &all) };
	assert_int_equal(outputs[0].cut, 0);
	free(cluster);

	input.budget.octets = all.octets / 2;
	for (int i = 0; i < 3; i++) {
		cluster = many_tasks(i);
		outputs[i] = make(cluster, &input, &sinks[i]);
		lines_sort(&sinks[i].lines);
		free(cluster);
		assert_int_equal(sinks[i].restarts, 1);
		assert_in_range(sinks[i].octets, all.octets / 3, all.octets / 2);
		assert_int_equal(outputs[i].cut, all.lines.count - sinks[i].lines.count);
		assert_int_equal(outputs[i].cut_tasks, outputs[0].cut_tasks);
		assert_true(outputs[i].cut_digest == outputs[0].cut_digest);
		assert_int_equal(sinks[i].lines.count, sinks[0].lines.count);
		for (size_t j = 0; j < sinks[i].lines.count; j++) {
			assert_string_equal(sinks[i].lines.list[j], sinks[0].lines.list[j]);
		}
	}

	/* Who has least loses nothing, and of all others each name keeps some, as many as theirs.
	 */
	assert_int_equal(count(&sinks[0], "_t4._tcp.fw.mesos."), 50);
	size_t kept = count(&sinks[0], "_t39._tcp.fw.mesos.");
	assert_in_range(kept, 60, 390);
	assert_in_range(count(&sinks[0], "_t38._udp.fw.slave.mesos."), kept - 1, kept + 1);
	assert_true(is_in(&sinks[0], "t39.fw.slave.mesos. A 10.0.0.2"));
	assert_true(is_in(&sinks[0], "leader.mesos. A 10.0.0.3"));
	for (int i = 0; i < 3; i++) {
		lines_free(&sinks[i].lines);
	}

	/* So that nothing is cut one octet has to fit less. */
	cluster = many_tasks(2);
	input.budget.octets = all.octets;
	assert_int_equal(make(cluster, &input, &sinks[0]).cut, 0);
	assert_int_equal(sinks[0].restarts, 0);
	lines_free(&sinks[0].lines);
	input.budget.octets--;
	assert_in_range(make(cluster, &input, &sinks[0]).cut, 1, 200);
	lines_free(&sinks[0].lines);

	/* No room for anything: that is no error either. */
	input.budget.octets = 1;
	assert_int_equal(make(cluster, &input, &sinks[0]).cut_tasks, 40);
	assert_int_equal(sinks[0].lines.count, 0);
	free(cluster);
	lines_free(&all.lines);
}

/*! \brief Who cannot forget what was put gets an error; who has no room after all, fewer records.
 */
static void test_no_space(void **state)
{
	(void)state;
	struct cluster *cluster = many_tasks(0);
	struct records_input input = defaults();
	struct sink sink = { 0 };
	struct records_output output = { .put = put, .sink = &sink };
	input.budget.octets = 10000;
	assert_int_equal(records_make(&cluster->state, &input, &output), KNOT_ESPACE);
	lines_free(&sink.lines);

	input.budget.octets = 0;
	sink.refuse = 100;
	output = make(cluster, &input, &sink);
	assert_int_equal(sink.restarts, 1);
	assert_int_equal(sink.lines.count, 99);
	assert_in_range(output.cut_tasks, 30, 40);
	lines_free(&sink.lines);
	free(cluster);
}

/*! \brief What a builder takes is never more than what was reckoned with. */
struct build {
	struct snapshot_builder *builder;
	unsigned restarts;
	bool failed;
};

static int put_record(void *ctx, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
                      uint16_t len)
{
	struct build *build = ctx;
	int ret = snapshot_builder_add(build->builder, owner, type, rdata, len);
	build->failed = build->failed || ret != KNOT_EOK;
	return ret;
}

#define BUILD_MEMORY ((size_t)32 << 20)

static int restart_build(void *ctx)
{
	struct build *build = ctx;
	snapshot_builder_free(build->builder);
	build->restarts++;
	build->builder = snapshot_builder_new(MESOS, 30);
	assert_non_null(build->builder);
	snapshot_builder_limit(build->builder, BUILD_MEMORY, NULL);
	return KNOT_EOK;
}

/*! \brief What is no task's is not held to a task's share, however many agents there are. */
static void test_cluster_keeps_its_names(void **state)
{
	(void)state;
	enum { AGENTS = 2000 };
	static struct state_agent agents[AGENTS];
	static char hosts[AGENTS][16];
	struct cluster *cluster = many_tasks(0);
	for (unsigned i = 0; i < AGENTS; i++) {
		snprintf(hosts[i], sizeof(hosts[i]), "10.2.%u.%u", i >> 8, i & 0xff);
		agents[i] = cluster->agent;
		agents[i].host = text(hosts[i]);
	}
	cluster->state.agents = agents;
	cluster->state.agents_count = AGENTS;
	struct records_input input = defaults();
	input.budget.memory = 4500000;
	struct sink sink = { 0 };
	struct records_output output = make(cluster, &input, &sink);
	assert_int_equal(sink.restarts, 1);
	assert_int_equal(count(&sink, "slave.mesos. A "), AGENTS);
	assert_in_range(output.cut_tasks, 1, 40);
	assert_true(is_in(&sink, "t0.fw.mesos. A "));
	lines_free(&sink.lines);
	free(cluster);
}

static void check_memory(const struct cluster *cluster)
{
	struct records_input input = defaults();
	input.budget.memory = BUILD_MEMORY - ((size_t)10 << 20);
	struct build build = { 0 };
	(void)restart_build(&build);
	struct records_output output = { .put = put_record,
		                         .restart = restart_build,
		                         .sink = &build };
	assert_int_equal(records_make(&cluster->state, &input, &output), KNOT_EOK);
	assert_int_equal(build.restarts, 2);
	assert_false(build.failed);
	assert_in_range(output.cut_tasks, 1, TASKS_MAX);
	struct snapshot *snapshot = NULL;
	assert_int_equal(snapshot_builder_finish(build.builder, &snapshot), KNOT_EOK);
	assert_in_range(snapshot_stats(snapshot).bytes, 1, BUILD_MEMORY);
	snapshot_builder_free(build.builder);
	snapshot_unref(snapshot);
}

static void test_memory_of_ports(void **state)
{
	(void)state;
	static struct state_port ports[2000];
	for (unsigned i = 0; i < 2000; i++) {
		ports[i] = (struct state_port){ (uint16_t)i, { 0 }, { 0 } };
	}
	struct cluster *cluster = new_cluster();
	for (unsigned i = 0; i < TASKS_MAX; i++) {
		struct state_task *task = add_task(cluster, i, i * 40);
		task->discovery = task->name;
		task->discovery_ports = ports;
		task->discovery_count = i * 20;
	}
	check_memory(cluster);
	free(cluster);
}

/*! \brief Names of a hundred labels: there are as many names above each. */
static void test_memory_of_names(void **state)
{
	(void)state;
	static char deep[TASKS_MAX][240];
	static struct state_port port = { 1, { 0 }, { 0 } };
	struct cluster *cluster = new_cluster();
	for (unsigned i = 0; i < TASKS_MAX; i++) {
		struct state_task *task = add_task(cluster, i, 1);
		char *end = deep[i] + sprintf(deep[i], "x");
		for (int j = 0; j < 100; j++) {
			end += sprintf(end, ".a");
		}
		sprintf(end, "%u", i);
		task->discovery = text(deep[i]);
		task->discovery_ports = &port;
		task->discovery_count = 1;
	}
	check_memory(cluster);
	free(cluster);
}

/*! \brief Sets a flag with the n-th record. */
struct stopper {
	atomic_bool stop;
	unsigned after;
	unsigned puts;
};

static int put_and_stop(void *ctx, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
                        uint16_t len)
{
	(void)owner, (void)type, (void)rdata, (void)len;
	struct stopper *stopper = ctx;
	if (++stopper->puts == stopper->after) {
		atomic_store(&stopper->stop, true);
	}
	return KNOT_EOK;
}

static void test_stop(void **state)
{
	(void)state;
	struct cluster *cluster = new_cluster();
	for (unsigned i = 0; i < TASKS_MAX; i++) {
		add_task(cluster, i, 65536);
	}
	struct stopper stopper = { .after = 5000 };
	struct records_input input = defaults();
	input.stop = &stopper.stop;
	struct records_output output = { .put = put_and_stop, .sink = &stopper };
	assert_int_equal(records_make(&cluster->state, &input, &output), KNOT_ECONNABORTED);
	assert_in_range(stopper.puts, 5000, 5000 + 2048);

	/* Also before, and while records are counted. */
	stopper.puts = 0;
	assert_int_equal(records_make(&cluster->state, &input, &output), KNOT_ECONNABORTED);
	assert_in_range(stopper.puts, 0, 2048);
	atomic_store(&stopper.stop, false);
	stopper.after = 0;
	assert_int_equal(records_make(&cluster->state, &input, &output), KNOT_EOK);
	free(cluster);
}

static void test_reverse(void **state)
{
	(void)state;
	static struct address addrs[3][3000];
	struct cluster *cluster = new_cluster();
	for (unsigned i = 0; i < 3; i++) {
		unsigned many = i == 0 ? 3000 : 100;
		for (unsigned j = 0; j < many; j++) {
			addrs[i][j] = (struct address){ 4, { 10, 1 + i, j >> 8, j & 0xff } };
		}
		add_task(cluster, i, 0)->netinfo = (struct state_addresses){ addrs[i], many };
	}
	struct records_input input = defaults();
	input.reverse = true;
	input.zone = (const knot_dname_t *)"\007in-addr\004arpa";
	struct sink sink = { 0 };
	struct records_output output = make(cluster, &input, &sink);
	assert_int_equal(sink.lines.count, 3200);
	assert_int_equal(output.cut, 0);
	input.budget.octets = sink.octets / 2;
	lines_free(&sink.lines);

	output = make(cluster, &input, &sink);
	assert_int_equal(sink.restarts, 0);
	assert_int_equal(output.cut_tasks, 1);
	assert_int_equal(sink.lines.count, 3200 - output.cut);
	assert_in_range(sink.octets, 1, input.budget.octets);
	assert_true(is_in(&sink, "99.0.3.10.in-addr.arpa. PTR t2.fw.mesos."));
	lines_free(&sink.lines);

	input.budget = (struct records_budget){ .task = 1000 };
	output = make(cluster, &input, &sink);
	assert_int_equal(sink.lines.count, 1200);
	assert_int_equal(output.cut, 2000);
	lines_free(&sink.lines);

	atomic_bool stop = true;
	input.stop = &stop;
	output = (struct records_output){ .put = put, .restart = restart, .sink = &sink };
	assert_int_equal(records_make(&cluster->state, &input, &output), KNOT_ECONNABORTED);
	lines_free(&sink.lines);
	free(cluster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports_are_cut),
		cmocka_unit_test(test_a_whole_share_is_not_cut),
		cmocka_unit_test(test_addresses_are_cut_last),
		cmocka_unit_test(test_each_port_keeps_some),
		cmocka_unit_test(test_zone_is_cut),
		cmocka_unit_test(test_no_space),
		cmocka_unit_test(test_cluster_keeps_its_names),
		cmocka_unit_test(test_memory_of_ports),
		cmocka_unit_test(test_memory_of_names),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_reverse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
