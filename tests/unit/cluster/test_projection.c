/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A zone's records follow the inventory: whatever happened, they are what one has that
 * begins anew; and nothing is shown if nothing changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/cluster/masters_copy.h"
#include "tests/unit/cluster/follower.h"

static void test_publications(void **unused)
{
	(void)unused;
	struct follower f;
	start(&f, false, RECORDS_OCTETS_MAX);
	assert_true(take(&f, STATE(TASK("a", "1-2"))));
	assert_false(take(&f, STATE(TASK("a", "1-2"))));
	assert_false(follow(&f));
	assert_true(take(&f, STATE(TASK("a", "1-2") "," TASK("b", "1-2"))));
	assert_as_anew(&f);
	assert_non_null(find_set(f.snapshot, "b.fw.mesos", KNOT_RRTYPE_A));
	assert_true(take(&f, STATE(TASK("a", "1-3"))));
	assert_as_anew(&f);
	assert_null(find_set(f.snapshot, "b.fw.mesos", KNOT_RRTYPE_A));
	/* A state that queries see nothing of: another name of a framework that makes no record. */
	assert_false(take(&f, HEAD "\"frameworks\":[{\"id\":\"F\",\"name\":\"fw\",\"tasks\":[" TASK(
	                              "a", "1-3") "]},{\"id\":\"G\",\"name\":\"quiet\"}]}"));
	assert_int_equal(f.publications, 3);
	end(&f);
}

static void test_ttl(void **unused)
{
	(void)unused;
	struct follower f;
	start(&f, false, RECORDS_OCTETS_MAX);
	assert_true(take(&f, STATE(TASK("a", "1-2"))));
	uint64_t before = digest(f.snapshot);
	assert_int_equal(commit_as(&f, TTL + 1), KNOT_EOK);
	assert_int_equal(f.publications, 2);
	assert_int_equal(snapshot_ttl(f.snapshot), TTL + 1);
	assert_true(digest(f.snapshot) == before);
	end(&f);
}

static void test_masters(void **unused)
{
	(void)unused;
	struct follower f;
	start(&f, false, RECORDS_OCTETS_MAX);
	assert_true(take(&f, NOTHING));
	assert_non_null(find_set(f.snapshot, "master0.mesos", KNOT_RRTYPE_A));
	assert_null(find_set(f.snapshot, "master1.mesos", KNOT_RRTYPE_A));
	f.masters.count = 2;
	assert_true(follow(&f));
	assert_non_null(find_set(f.snapshot, "master1.mesos", KNOT_RRTYPE_A));
	assert_as_anew(&f);
	assert_false(follow(&f));
	f.masters.count = 0;
	f.masters.leader.count = 0;
	assert_true(follow(&f));
	assert_null(find_set(f.snapshot, "leader.mesos", KNOT_RRTYPE_A));
	assert_as_anew(&f);
	end(&f);
}

static void test_masters_copies(void **unused)
{
	(void)unused;
	const struct address other = { .len = 4, .bytes = { 10, 0, 0, 2 } };
	struct records_masters masters = { MASTERS, 2, { &LEADER, 1 }, 5050 };
	struct records_masters *copy = masters_copy(&masters);
	assert_non_null(copy);
	assert_true(masters_equal(&masters, copy));
	assert_ptr_not_equal(copy->list, masters.list);
	masters.leader.list = &other;
	assert_false(masters_equal(&masters, copy));
	masters.leader.list = &LEADER;
	masters.leader_port++;
	assert_false(masters_equal(&masters, copy));
	masters.leader_port--;
	masters.count--;
	assert_false(masters_equal(&masters, copy));
	masters.count++;
	struct records_master list[] = { MASTERS[0], MASTERS[1] };
	masters.list = list;
	assert_true(masters_equal(&masters, copy));
	list[1].port++;
	assert_false(masters_equal(&masters, copy));
	list[1] = MASTERS[1];
	list[1].addresses.list = &other;
	assert_false(masters_equal(&masters, copy));
	free(copy);
}

static void test_reverse(void **unused)
{
	(void)unused;
	struct follower f;
	start(&f, true, RECORDS_OCTETS_MAX);
	assert_true(take(&f, STATE(TASK("a", "1"))));
	assert_int_equal(snapshot_stats(f.snapshot).records, 1);
	/* Two names have the address: neither has a PTR record. */
	assert_true(take(&f, STATE(TASK("a", "1") "," TASK("b", "1"))));
	assert_int_equal(snapshot_stats(f.snapshot).records, 0);
	assert_as_anew(&f);
	assert_true(take(&f, STATE(TASK("b", "1"))));
	assert_int_equal(snapshot_stats(f.snapshot).records, 1);
	assert_as_anew(&f);
	end(&f);
}

static void test_loss(void **unused)
{
	(void)unused;
	struct follower f;
	start(&f, false, RECORDS_OCTETS_MAX);
	take(&f, STATE(TASK("---", "1") "," TASK("a", "1")));
	uint32_t one = f.projection.loss.skipped;
	uint64_t digest_one = f.projection.loss.digest;
	assert_true(one > 0);
	assert_int_equal(f.projection.loss.example.len, 3);
	assert_memory_equal(f.projection.loss.example.data, "---", 3);
	take(&f, STATE(TASK("---", "1") "," TASK("+++++", "1") "," TASK("a", "1")));
	assert_int_equal(f.projection.loss.skipped, 2 * one);
	assert_as_anew(&f);
	take(&f, STATE(TASK("---", "1")));
	assert_int_equal(f.projection.loss.skipped, one);
	assert_true(f.projection.loss.digest == digest_one);
	take(&f, NOTHING);
	assert_int_equal(f.projection.loss.skipped, 0);
	assert_true(f.projection.loss.digest == 0);
	end(&f);
}

/*! \brief What all records of a state take. */
static uint64_t octets_of(const char *json)
{
	struct follower f;
	start(&f, false, RECORDS_OCTETS_MAX);
	take(&f, json);
	uint64_t octets = f.projection.octets;
	end(&f);
	return octets;
}

#define SMALL TASK("small", "1-4")
#define LARGE TASK("large", "1-500")
#define OTHER TASK("other", "1-400")

static void test_budget(void **unused)
{
	(void)unused;
	const char *const both = STATE(SMALL "," LARGE);
	uint64_t all = octets_of(both);
	struct follower f;

	start(&f, false, all);
	take(&f, both);
	assert_int_equal(f.projection.rules.task_max, RECORDS_TASK_MAX);
	assert_int_equal(f.projection.loss.cut, 0);
	end(&f);

	/* The large one gives way, and no further than it has to. */
	start(&f, false, all - 1);
	take(&f, STATE(SMALL));
	uint64_t small = f.projection.octets;
	take(&f, both);
	uint32_t limit = f.projection.rules.task_max;
	assert_true(limit > 500 && limit < RECORDS_TASK_MAX);
	assert_true(f.projection.octets > small && f.projection.octets < all);
	assert_int_equal(f.projection.loss.cut_tasks, 1);
	assert_memory_equal(f.projection.loss.cut_example.data, "large", 5);
	assert_as_anew(&f);
	/* Nothing moves while nothing changes, and what has room again is there again. */
	assert_false(take(&f, both));
	assert_true(take(&f, STATE(SMALL "," LARGE "," OTHER)));
	assert_true(f.projection.rules.task_max < limit);
	assert_as_anew(&f);
	assert_true(take(&f, STATE(LARGE "," SMALL)));
	assert_int_equal(f.projection.rules.task_max, limit);
	assert_as_anew(&f);
	assert_true(take(&f, STATE(OTHER)));
	assert_int_equal(f.projection.rules.task_max, RECORDS_TASK_MAX);
	assert_as_anew(&f);
	/* In between there is more than fits: first comes one, then goes the other. */
	assert_true(take(&f, STATE(LARGE)));
	assert_int_equal(f.projection.rules.task_max, RECORDS_TASK_MAX);
	assert_as_anew(&f);
	end(&f);
}

/*! \brief Events lower the limit at once; it rises with the next state, whatever that changes. */
static void test_budget_by_events(void **unused)
{
	(void)unused;
	const char *const both = STATE(SMALL "," LARGE);
	struct follower f;
	start(&f, false, octets_of(both) - 1);
	take(&f, both);
	uint32_t limit = f.projection.rules.task_max;
	f.is_state = false;
	assert_true(take(&f, STATE(SMALL "," LARGE "," OTHER)));
	uint32_t lower = f.projection.rules.task_max;
	assert_true(lower < limit);
	assert_as_anew(&f);
	assert_true(take(&f, both));
	assert_int_equal(f.projection.rules.task_max, lower);
	f.is_state = true;
	assert_true(take(&f, both));
	assert_int_equal(f.projection.rules.task_max, limit);
	assert_as_anew(&f);
	end(&f);
}

/*! \brief Agents, frameworks and masters alone are too much: what is shown stays until they fit. */
static void test_no_room_at_all(void **unused)
{
	(void)unused;
	struct follower f;
	uint64_t least = octets_of(NOTHING);
	start(&f, false, least);
	assert_true(take(&f, NOTHING));
	uint64_t before = digest(f.snapshot);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(feed_state(f.inventory, STATE(SMALL)), KNOT_EOK);
		assert_int_equal(commit_as(&f, TTL), KNOT_ESPACE);
	}
	assert_true(digest(f.snapshot) == before);
	assert_int_equal(feed_state(f.inventory, NOTHING), KNOT_EOK);
	assert_int_equal(commit_as(&f, TTL), KNOT_EOK);
	assert_as_anew(&f);
	end(&f);
}

static void test_stop(void **unused)
{
	(void)unused;
	char *json;
	size_t size;
	FILE *out = open_memstream(&json, &size);
	fputs(HEAD "\"frameworks\":[{\"id\":\"F\",\"name\":\"fw\",\"tasks\":[", out);
	for (int i = 0; i < 2000; i++) {
		fprintf(out,
		        "%s{\"id\":\"t%d\",\"name\":\"t%d\",\"slave_id\":\"S1\",\"state\":"
		        "\"TASK_RUNNING\"}",
		        i > 0 ? "," : "", i, i);
	}
	fputs("]}]}", out);
	fclose(out);

	struct follower f;
	start(&f, false, RECORDS_OCTETS_MAX);
	atomic_store(&f.stop, true);
	assert_int_equal(feed_state(f.inventory, json), KNOT_EOK);
	assert_int_equal(commit_as(&f, TTL), KNOT_ECONNABORTED);
	assert_null(f.snapshot);
	atomic_store(&f.stop, false);
	assert_true(follow(&f));
	assert_as_anew(&f);
	/* In the middle of a change. */
	atomic_store(&f.stop, true);
	assert_int_equal(feed_state(f.inventory, NOTHING), KNOT_EOK);
	atomic_store(&f.stop, false);
	assert_true(follow(&f));
	assert_as_anew(&f);
	end(&f);
	free(json);
}

#define TASKS 12

/*! \brief A state by chance: any of some tasks, some of whose names collide or cannot be. */
static char *random_state(void)
{
	static const char *const names[] = { "a", "b", "a", "---", "web.prod", "c" };
	char *json;
	size_t size;
	FILE *out = open_memstream(&json, &size);
	fprintf(out, "{\"leader\":\"master@10.0.0.1:5050\",\"slaves\":[");
	const char *comma = "";
	for (int i = 0; i < 3; i++) {
		if (rand() % 4 > 0) {
			fprintf(out, "%s{\"id\":\"S%d\",\"pid\":\"slave(1)@10.0.0.%d:5051\"}",
			        comma, i, 10 + rand() % 3);
			comma = ",";
		}
	}
	fprintf(out, "],\"frameworks\":[");
	for (int f = 0; f < 2; f++) {
		fprintf(out, "%s{\"id\":\"F%d\",\"name\":\"fw%d\",\"tasks\":[", f > 0 ? "," : "", f,
		        rand() % 2);
		comma = "";
		for (int t = 0; t < TASKS; t++) {
			if (rand() % 3 > 0) {
				continue;
			}
			fprintf(out,
			        "%s{\"id\":\"t%d\",\"name\":\"%s\",\"slave_id\":\"S%d\","
			        "\"state\":\"TASK_RUNNING\",\"resources\":{\"ports\":\"[1-%d]\"},"
			        "\"statuses\":[{\"state\":\"TASK_RUNNING\"%s}]}",
			        comma, t, names[rand() % 6], rand() % 3, 1 + rand() % 40,
			        rand() % 2 == 0 ? ",\"healthy\":false" : "");
			comma = ",";
		}
		fputs("]}", out);
	}
	fputs("]}", out);
	fclose(out);
	return json;
}

static void test_random(void **unused)
{
	(void)unused;
	for (unsigned seed = 1; seed <= 30; seed++) {
		srand(seed);
		struct follower f;
		/* Some have room for all, some for a part. */
		start(&f, seed % 3 == 0, seed % 2 == 0 ? RECORDS_OCTETS_MAX : 6000);
		for (int i = 0; i < 20; i++) {
			char *json = random_state();
			f.masters.count = rand() % 3;
			take(&f, json);
			assert_as_anew(&f);
			uint64_t before = digest(f.snapshot);
			assert_false(take(&f, json));
			assert_true(digest(f.snapshot) == before);
			free(json);
		}
		end(&f);
	}
}

enum { INSTANCES = 2000 };

/*! \brief Many instances of one name, the first of them unhealthy. */
static char *ill_state(unsigned ill)
{
	char *json = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&json, &size);
	fputs(HEAD "\"frameworks\":[{\"id\":\"F\",\"name\":\"fw\",\"tasks\":[", out);
	for (unsigned i = 0; i < INSTANCES; i++) {
		fprintf(out,
		        "%s{\"id\":\"t%u\",\"name\":\"web\",\"slave_id\":\"S1\",\"state\":"
		        "\"TASK_RUNNING\",\"resources\":{\"ports\":\"[%u-%u]\"},\"statuses\":[{"
		        "\"state\":\"TASK_RUNNING\",\"healthy\":%s,\"container_status\":{"
		        "\"network_infos\":[{\"ip_addresses\":[{\"ip_address\":\"10.9.%u.%u\"},"
		        "{\"ip_address\":\"fd00::%x\"}]}]}}]}",
		        i > 0 ? "," : "", i, i + 1, i + 1, i < ill ? "false" : "true", i / 250,
		        i % 250 + 1, i + 1);
	}
	fputs("]}]}", out);
	fclose(out);
	return json;
}

static void take_ill(struct follower *f, unsigned ill)
{
	char *json = ill_state(ill);
	take(f, json);
	free(json);
	assert_as_anew(f);
	/* All, if none is well. */
	uint32_t given = ill < INSTANCES ? INSTANCES - ill : INSTANCES;
	assert_int_equal(find_set(f->snapshot, "web.fw.mesos", KNOT_RRTYPE_A)->count, given);
	assert_int_equal(find_set(f->snapshot, "web.fw.mesos", KNOT_RRTYPE_AAAA)->count, given);
	assert_int_equal(find_set(f->snapshot, "_web._tcp.fw.mesos", KNOT_RRTYPE_SRV)->count,
	                 given);
}

/*! \brief An instance that falls ill leaves, and comes back; that costs what one task costs. */
static void test_health(void **unused)
{
	(void)unused;
	struct follower f;
	start(&f, false, RECORDS_OCTETS_MAX);
	take_ill(&f, 0);
	assert_non_null(find_set(f.snapshot, "web-6wbh3-s1.fw.mesos", KNOT_RRTYPE_A));
	for (unsigned turn = 0; turn < 4; turn++) {
		size_t made = snapshot_table_cost(f.projection.table).allocations;
		take_ill(&f, 1 - turn % 2);
		/* A head; shards of six names, and a chunk of each of their sets; while it is ill,
		 * six records in the books, of five names. */
		assert_in_range(snapshot_table_cost(f.projection.table).allocations - made, 1,
		                1 + 6 + 7 + (turn % 2 == 0 ? 6 + 5 : 0));
	}
	take_ill(&f, INSTANCES - 1);
	take_ill(&f, INSTANCES);
	take_ill(&f, 3);
	assert_non_null(find_set(f.snapshot, "web-6wbh3-s1.fw.mesos", KNOT_RRTYPE_A));
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_publications),   cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_masters),        cmocka_unit_test(test_masters_copies),
		cmocka_unit_test(test_reverse),        cmocka_unit_test(test_loss),
		cmocka_unit_test(test_budget),         cmocka_unit_test(test_budget_by_events),
		cmocka_unit_test(test_no_room_at_all), cmocka_unit_test(test_stop),
		cmocka_unit_test(test_random),         cmocka_unit_test(test_health),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
