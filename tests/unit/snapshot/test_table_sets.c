/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "module/snapshot/layout.h"
#include "tests/unit/snapshot/table_text.h"

/*! \brief A set of so many SRV records, in \a table and \a snapshot. */
static void fill_set(struct snapshot_table *table, uint32_t count, struct snapshot **snapshot)
{
	for (uint32_t i = 0; i < count; i++) {
		char target[32];
		snprintf(target, sizeof(target), "%u.mesos.", i);
		change_srv(table, 1, "_s._tcp.mesos.", i % 50000, target);
	}
	replace(table, snapshot);
}

/*! \brief A walk over a large set's targets meets those of all pieces, from each start. */
static void test_many_targets(void **state)
{
	(void)state;
	enum { COUNT = 200 };
	struct snapshot_table *table = new_table();
	struct snapshot *snapshot = NULL;
	fill_set(table, COUNT, &snapshot);
	for (uint32_t i = 0; i < COUNT; i++) {
		char owner[32];
		snprintf(owner, sizeof(owner), "%u.mesos.", i);
		change_a(table, 1, owner, "abcd", 0);
	}
	replace(table, &snapshot);
	const struct snapshot_set *set = find_set(snapshot, "_s._tcp.mesos.", KNOT_RRTYPE_SRV);
	for (uint32_t first = 0; first < COUNT; first += 37) {
		struct snapshot_targets walk;
		const knot_dname_t *owner;
		uint32_t index, count = 0;
		snapshot_targets(snapshot, set, first, &walk);
		while (snapshot_target_next(&walk, &owner, &index) != NULL) {
			count++;
		}
		assert_int_equal(count, COUNT);
	}
	snapshot_unref(snapshot);
	snapshot_table_free(table);
}

static void *allocate(void *ctx, size_t size)
{
	(void)ctx;
	return malloc(size);
}

static void test_large_set(void **state)
{
	(void)state;
	enum { COUNT = 70000 };
	struct snapshot_table *table = new_table();
	struct snapshot *snapshot = NULL;
	fill_set(table, COUNT, &snapshot);

	const struct snapshot_set *set = find_set(snapshot, "_s._tcp.mesos.", KNOT_RRTYPE_SRV);
	assert_int_equal(set->count, COUNT);
	uint8_t last[SNAPSHOT_RDATA_MAX] = { 0 };
	for (uint32_t i = 0, here; i < COUNT; i += here) {
		here = snapshot_piece(set, i);
		knot_rrset_t rrset;
		snapshot_rrset(snapshot, set, MODEL_ZONE, i, here, &rrset);
		assert_memory_not_equal(rrset.rrs.rdata->data, last, rrset.rrs.rdata->len);
		memcpy(last, rrset.rrs.rdata->data, rrset.rrs.rdata->len);
		assert_true(snapshot_holds(set, rrset.rrs.rdata));
	}
	assert_false(snapshot_holds(set, last));
	assert_false(snapshot_holds(NULL, last));

	/* In one piece, if it has to be. */
	knot_mm_t mm = { .alloc = allocate };
	static const uint32_t firsts[] = { 0, 1, 63, 64, 40000 };
	for (size_t i = 0; i < sizeof(firsts) / sizeof(*firsts); i++) {
		knot_rrset_t whole, one;
		bool copied;
		/* A run, or two that do not meet. */
		struct snapshot_run runs[] = { { firsts[i], i % 2 == 0 ? 1000 : 300 },
			                       { firsts[i] + 400, 700 } };
		assert_int_equal(snapshot_rrset_whole(snapshot, set, MODEL_ZONE, runs, 1 + i % 2,
		                                      &mm, &whole, &copied),
		                 KNOT_EOK);
		assert_true(copied);
		assert_int_equal(whole.rrs.count, 1000);
		knot_rdata_t *rdata = whole.rrs.rdata;
		for (uint32_t j = 0; j < 1000; j++, rdata = knot_rdataset_next(rdata)) {
			uint32_t gap = j < runs[0].count ? 0 : 100;
			snapshot_rrset(snapshot, set, MODEL_ZONE, firsts[i] + gap + j, 1, &one);
			assert_int_equal(knot_rdata_cmp(rdata, one.rrs.rdata), 0);
		}
		assert_ptr_equal(rdata, (uint8_t *)whole.rrs.rdata + whole.rrs.size);
		free(whole.rrs.rdata);
	}
	bool copied = true;
	knot_rrset_t whole;
	struct snapshot_run two = { 0, 2 };
	assert_int_equal(
	        snapshot_rrset_whole(snapshot, set, MODEL_ZONE, &two, 1, &mm, &whole, &copied),
	        KNOT_EOK);
	assert_false(copied);
	snapshot_unref(snapshot);
	snapshot_table_free(table);
}

/*! \brief Counts a set's addresses that are below (\a diff -1), in (0) or above (1) a subnet. */
static uint32_t count_by(const struct snapshot *snapshot, const struct snapshot_set *set,
                         const uint8_t *address, unsigned bits, int diff)
{
	uint32_t found = 0;
	for (uint32_t i = 0; i < set->count; i++) {
		knot_rrset_t one;
		snapshot_rrset(snapshot, set, MODEL_ZONE, i, 1, &one);
		int first = 0;
		for (unsigned bit = 0; bit < bits && first == 0; bit++) {
			first = (one.rrs.rdata->data[bit / 8] >> (7 - bit % 8) & 1) -
			        (address[bit / 8] >> (7 - bit % 8) & 1);
		}
		found += first == diff;
	}
	return found;
}

/*! \brief A subnet's addresses are found in sets of one piece and of many, with any bits. */
static void test_subnets(void **state)
{
	(void)state;
	static const uint32_t counts[] = { 1, 2, 63, 64, 65, 200, 1500 };
	srand(1);
	for (size_t i = 0; i < 2 * sizeof(counts) / sizeof(*counts); i++) {
		bool ipv6 = i % 2 > 0;
		struct snapshot_table *table = new_table();
		for (uint32_t j = 0; j < counts[i / 2]; j++) {
			/* Few values of each octet: subnets of all sizes, some of them full. */
			uint8_t address[16] = { 10,           rand() % 3,         rand() % 8,
				                rand() % 256, rand() % 2,         [7] = rand() % 3,
				                rand() % 2,   [15] = rand() % 256 };
			change(table, 1, "web.mesos", ipv6 ? KNOT_RRTYPE_AAAA : KNOT_RRTYPE_A,
			       address, ipv6 ? 16 : 4, 0);
		}
		struct snapshot *snapshot = commit(table);
		const struct snapshot_set *set = find_set(snapshot, "web.mesos",
		                                          ipv6 ? KNOT_RRTYPE_AAAA : KNOT_RRTYPE_A);
		for (int turn = 0; turn < 300; turn++) {
			uint8_t address[16] = { 9 + rand() % 3, rand() % 3,
				                rand() % 8,     rand() % 256,
				                rand() % 2,     [7] = rand() % 3,
				                rand() % 2,     [15] = rand() % 256 };
			unsigned bits = rand() % (ipv6 ? 129 : 33);
			struct snapshot_run run = snapshot_subnet(set, address, bits);
			assert_int_equal(run.first, count_by(snapshot, set, address, bits, -1));
			assert_int_equal(run.count, count_by(snapshot, set, address, bits, 0));
		}
		snapshot_unref(snapshot);
		snapshot_table_free(table);
	}
}

/*! \brief One record more or less in a large set makes a head, a shard and a chunk anew. */
static void test_cost(void **state)
{
	(void)state;
	struct snapshot_table *table = new_table();
	struct snapshot *snapshot = NULL;
	fill_set(table, 10000, &snapshot);
	struct snapshot *held = snapshot_ref(snapshot);
	for (int diff = 1; diff >= -1; diff -= 2) {
		size_t before = snapshot_table_cost(table).allocations;
		change_srv(table, diff, "_s._tcp.mesos.", 1234, "another.mesos.");
		replace(table, &snapshot);
		assert_int_equal(snapshot_table_cost(table).allocations - before, 3);
	}
	/* All chunks but one are the same that they were. */
	const struct snapshot_set *set = find_set(snapshot, "_s._tcp.mesos.", KNOT_RRTYPE_SRV);
	const struct snapshot_set *old = find_set(held, "_s._tcp.mesos.", KNOT_RRTYPE_SRV);
	assert_int_equal(set->extent, old->extent);
	uint32_t others = 0;
	for (uint32_t i = 0; i < set->extent; i++) {
		others += ((const struct part *)set_data(set))[i].chunk !=
		          ((const struct part *)set_data(old))[i].chunk;
	}
	assert_int_equal(others, 1);
	snapshot_unref(held);
	snapshot_unref(snapshot);
	snapshot_table_free(table);
}

/*! \brief A large set that loses records at one end keeps its pieces large enough. */
static void test_shrinking(void **state)
{
	(void)state;
	enum { COUNT = 400 };
	static const struct {
		uint32_t first;
		int step;
	} ways[] = { { 0, 1 }, { COUNT - 1, -1 }, { COUNT / 3, 1 } };
	for (size_t way = 0; way < sizeof(ways) / sizeof(*ways); way++) {
		struct snapshot_table *table = new_table();
		struct snapshot *snapshot = NULL;
		fill_set(table, COUNT, &snapshot);
		uint32_t port = ways[way].first;
		for (uint32_t left = COUNT - 1; left > SNAPSHOT_CHUNK; left--) {
			char target[32];
			snprintf(target, sizeof(target), "%u.mesos.", port);
			change_srv(table, -1, "_s._tcp.mesos.", port, target);
			replace(table, &snapshot);
			const struct snapshot_set *set = find_set(snapshot, "_s._tcp.mesos.",
			                                          KNOT_RRTYPE_SRV);
			assert_int_equal(set->count, left);
			for (uint32_t i = 0, here; i < left; i += here) {
				here = snapshot_piece(set, i);
				assert_in_range(here, MODEL_PIECE_MIN, SNAPSHOT_CHUNK);
			}
			port = (port + ways[way].step + COUNT) % COUNT;
		}
		snapshot_unref(snapshot);
		snapshot_table_free(table);
	}
}

/*! \brief Shards in which nothing changes are the same in the next snapshot. */
static void test_sharing(void **state)
{
	(void)state;
	enum { COUNT = 20000 };
	struct snapshot_table *table = new_table();
	char owner[32];
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(owner, sizeof(owner), "t%u.f%u.mesos.", i, i % 7);
		change(table, 1, owner, KNOT_RRTYPE_A, &i, sizeof(i), 0);
	}
	struct snapshot *snapshot = commit(table);
	assert_int_equal(snapshot_stats(snapshot).names, COUNT);
	uint32_t shards = snapshot_table_cost(table).shards;
	assert_in_range(shards, COUNT / 128, COUNT / 32);

	change_a(table, 1, "t5.f5.mesos.", "abcd", 0);
	struct snapshot *next = commit(table);
	assert_int_equal(next->bits, snapshot->bits);
	uint32_t others = 0;
	for (uint32_t i = 0; i >> next->bits == 0; i++) {
		others += next->entries[i].shard != snapshot->entries[i].shard;
	}
	assert_in_range(others, 1, 1 << (next->bits - 5));
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(owner, sizeof(owner), "t%u.f%u.mesos.", i, i % 7);
		assert_int_equal(find_set(next, owner, KNOT_RRTYPE_A)->count, i == 5 ? 2 : 1);
		assert_int_equal(find_set(snapshot, owner, KNOT_RRTYPE_A)->count, 1);
	}
	snapshot_unref(snapshot);

	/* The head's array shrinks along with the names. */
	change_a(table, -1, "t5.f5.mesos.", "abcd", 0);
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(owner, sizeof(owner), "t%u.f%u.mesos.", i, i % 7);
		change(table, -1, owner, KNOT_RRTYPE_A, &i, sizeof(i), 0);
	}
	replace(table, &next);
	assert_int_equal(next->bits, 0);
	assert_int_equal(snapshot_table_cost(table).shards, 1);
	snapshot_unref(next);
	snapshot_table_free(table);
}

/*! \brief Memory does not grow with the number of commits, unless somebody holds the first. */
static void test_memory(void **state)
{
	(void)state;
	struct snapshot_table *table = new_table();
	struct snapshot *snapshot = NULL;
	fill_set(table, 3000, &snapshot);
	for (uint32_t i = 0; i < 3000; i++) {
		char owner[32];
		snprintf(owner, sizeof(owner), "%u.mesos.", i);
		change_a(table, 1, owner, "abcd", 0);
	}
	replace(table, &snapshot);
	size_t memory = snapshot_table_cost(table).memory;
	for (uint32_t i = 0; i < 5000; i++) {
		char owner[32];
		snprintf(owner, sizeof(owner), "%u.mesos.", i % 3000);
		change_a(table, i < 3000 ? 1 : -1, owner, "efgh", 0);
		replace(table, &snapshot);
	}
	assert_in_range(snapshot_table_cost(table).memory, 0, 2 * memory);
	snapshot_unref(snapshot);
	snapshot_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subnets),   cmocka_unit_test(test_many_targets),
		cmocka_unit_test(test_large_set), cmocka_unit_test(test_cost),
		cmocka_unit_test(test_shrinking), cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
