/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Random histories: what comes and goes adds up to the records of what is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/inventory/history_feed.h"
#include "tests/unit/records/record_sums.h"

#define MESOS   ((const knot_dname_t *)"\005mesos")
#define REVERSE ((const knot_dname_t *)"\007in-addr\004arpa")

/*! \brief Zones of one cluster, each with rules of its own. */
struct zones {
	struct sums list[4];
};

static struct zones new_zones(void)
{
	const struct records_rules plain = {
		.zone = MESOS,
		.origin = MESOS,
		.sources = { IP_SOURCE_NETINFO, IP_SOURCE_HOST },
		.sources_count = 2,
		.srv_weight = 1,
	};
	struct zones zones = { 0 };
	for (size_t i = 0; i < 4; i++) {
		zones.list[i].rules = plain;
	}
	zones.list[1].rules.labels = LABEL_RFC952;
	zones.list[1].rules.sources[0] = IP_SOURCE_AUTO;
	zones.list[1].rules.task_max = 7;
	zones.list[1].rules.health = HEALTH_AVOID;
	zones.list[0].rules.health = HEALTH_REQUIRE;
	zones.list[2].rules.health = HEALTH_REQUIRE;
	zones.list[2].rules.reverse = true;
	zones.list[2].rules.zone = REVERSE;
	zones.list[3].rules = zones.list[2].rules;
	zones.list[3].rules.sources[0] = IP_SOURCE_HOST;
	return zones;
}

static void zones_change(void *ctx, const struct inventory_change *change)
{
	struct zones *zones = ctx;
	for (size_t i = 0; i < 4; i++) {
		sums_change(&zones->list[i], change);
	}
}

static void zones_free(struct zones *zones)
{
	for (size_t i = 0; i < 4; i++) {
		sums_free(&zones->list[i]);
	}
}

/*! \brief Asserts that the records are those of all that an inventory has. */
static void check(const struct zones *zones, const struct inventory *inventory)
{
	struct zones whole = new_zones();
	inventory_walk(inventory, zones_change, &whole);
	for (size_t i = 0; i < 4; i++) {
		char *text = sums_text(&zones->list[i]);
		char *expected = sums_text(&whole.list[i]);
		assert_string_equal(text, expected);
		free(text);
		free(expected);
	}
	zones_free(&whole);
}

static void unheard(void *ctx, const struct inventory_change *change)
{
	(void)ctx, (void)change;
}

/*! \brief Asserts that they are those of a state of this moment, taken by who knows nothing else.
 */
static void check_afresh(const struct zones *zones, const struct cluster_model *m)
{
	struct inventory *fresh = inventory_new(unheard, NULL);
	assert_non_null(fresh);
	load_now(m, fresh);
	check(zones, fresh);
	inventory_free(fresh);
}

static size_t run(unsigned seed)
{
	struct cluster_model m = { .random = seed };
	struct zones zones = new_zones();
	size_t most = 0;
	struct inventory *inventory = inventory_new(zones_change, &zones);
	assert_non_null(inventory);
	for (unsigned i = 0; i < 300; i++) {
		if (pick(&m, 30) == 0) {
			read_events(&m, inventory, QUEUE);
			happen_silently(&m);
			load_now(&m, inventory);
			check_afresh(&zones, &m);
		} else {
			happen(&m);
			read_events(&m, inventory, pick(&m, 3));
		}
		if (m.queued > QUEUE / 2) {
			read_events(&m, inventory, QUEUE);
		}
		check(&zones, inventory);
		most = zones.list[0].records > most ? zones.list[0].records : most;
	}
	read_events(&m, inventory, QUEUE);
	load_now(&m, inventory);
	check_afresh(&zones, &m);

	/* A new leader knows the agents and nothing of them; then it has none. */
	static const char none[] =
	        "{\"leader\":\"m@10.0.0.1:5050\",\"slaves\":[],\"frameworks\":[]}";
	struct cluster_model leader = { .random = seed };
	for (unsigned a = 0; a < AGENTS; a++) {
		leader.agents[a].is_recovered = m.agents[a].is_there;
	}
	uint64_t records = zones.list[2].records;
	load_now(&leader, inventory);
	check(&zones, inventory);
	assert_int_equal(zones.list[2].records, records);
	assert_int_equal(feed_state(inventory, none), KNOT_EOK);
	for (size_t i = 0; i < 4; i++) {
		assert_null(zones.list[i].tree);
		assert_int_equal(zones.list[i].octets, 0);
		assert_int_equal(zones.list[i].digest, 0);
		assert_int_equal(zones.list[i].cut_digest, 0);
	}
	inventory_free(inventory);
	return most;
}

static void test_histories(void **state)
{
	(void)state;
	size_t most = 0;
	for (unsigned seed = 1; seed <= 40; seed++) {
		size_t records = run(seed);
		most = records > most ? records : most;
	}
	assert_in_range(most, 60, 10000);
}

#define HOSTS_STATE                                                                              \
	"{\"leader\":\"m@10.0.0.1:5050\",\"slaves\":[{\"id\":\"S0\",\"pid\":\"slave(1)@h0:1\"}," \
	"{\"id\":\"S1\",\"pid\":\"slave(1)@h1:2\"},{\"id\":\"S2\",\"pid\":\"slave(1)@h0:3\"}],"  \
	"\"frameworks\":[{\"id\":\"F\",\"name\":\"fw\",\"pid\":\"s@h1:9\",\"tasks\":["           \
	"{\"id\":\"a\",\"name\":\"a\",\"slave_id\":\"S0\",\"state\":\"TASK_RUNNING\"},"          \
	"{\"id\":\"b\",\"name\":\"a\",\"slave_id\":\"S1\",\"state\":\"TASK_RUNNING\"},"          \
	"{\"id\":\"c\",\"name\":\"c\",\"slave_id\":\"S2\",\"state\":\"TASK_RUNNING\","           \
	"\"resources\":{\"ports\":\"[5-6]\"}}]}]}"

/*! \brief Host names come to be something else, or nothing. */
static void test_host_names(void **state)
{
	(void)state;
	static const struct address known[] = { { 4, { 192, 0, 2, 1 } },
		                                { 4, { 192, 0, 2, 2 } },
		                                { 16, { 0x20, 1, 0x0d, 0xb8 } } };
	struct cluster_model m = { .random = 1 };
	struct zones zones = new_zones();
	struct inventory *inventory = inventory_new(zones_change, &zones);
	assert_non_null(inventory);
	assert_int_equal(feed_state(inventory, HOSTS_STATE), KNOT_EOK);
	check(&zones, inventory);
	for (unsigned i = 0; i < 300; i++) {
		unsigned first = pick(&m, 3);
		struct state_addresses addresses = { known + first, pick(&m, 4 - first) };
		struct text name = { pick(&m, 2) == 0 ? "h0" : "h1", 2 };
		assert_int_equal(inventory_resolved(inventory, name, addresses), KNOT_EOK);
		check(&zones, inventory);
	}
	inventory_free(inventory);
	zones_free(&zones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histories),
		cmocka_unit_test(test_host_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
