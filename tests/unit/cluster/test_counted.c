/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What workers have counted, from one instance of a zone to the next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Its clock is passed by hand. */
#include "module/cluster/counted.c"

#define WORKERS 3

static const knot_dname_t *const ZONE = (const knot_dname_t *)"\005mesos";
static const knot_dname_t *const OTHER = (const knot_dname_t *)"\005other";

void knotd_mod_stats_incr(knotd_mod_t *mod, unsigned thread, uint32_t counter, uint32_t index,
                          uint64_t value)
{
	(void)mod, (void)thread, (void)counter, (void)index, (void)value;
}

int knotd_mod_stats_add(knotd_mod_t *mod, const char *name, uint32_t count,
                        knotd_mod_idx_to_str_f index_name)
{
	(void)mod, (void)name, (void)count, (void)index_name;
	return KNOT_EOK;
}

static void count(struct stats *stats, unsigned times)
{
	uint8_t wire[KNOT_WIRE_HEADER_SIZE] = { 0 };
	const knot_pkt_t reply = { .wire = wire };
	for (unsigned i = 0; i < times; i++) {
		knotd_qdata_params_t params = { .thread_id = i % stats->workers_count };
		const knotd_qdata_t qdata = { .params = &params };
		stats_count(NULL, stats, &qdata, STATS_RECORDS, &reply);
	}
}

static uint64_t counted(const struct stats *stats)
{
	uint64_t sums[STATS_KINDS];
	stats_sum(stats, sums);
	return sums[STATS_RECORDS];
}

static struct stats *get(const knot_dname_t *zone, const char *id)
{
	struct stats *stats = counted_get(zone, id, WORKERS);
	assert_non_null(stats);
	return stats;
}

static void clear(void)
{
	expire(INT64_MAX);
	assert_null(store.list);
}

/*! \brief Instances of one zone and section count at one place, others elsewhere. */
static void test_shared(void **state)
{
	(void)state;
	struct stats *old = get(ZONE, "one"), *new = get(ZONE, "one");
	struct stats *section = get(ZONE, "two"), *zone = get(OTHER, "one");
	count(old, 5);
	count(new, 6);
	assert_int_equal(counted(old), 11);
	assert_int_equal(counted(new), 11);
	assert_int_equal(counted(section) + counted(zone), 0);
	counted_put(old);
	counted_put(new);
	counted_put(section);
	counted_put(zone);
	counted_put(NULL);
	clear();
}

/*! \brief It is there again for a zone that comes back, and not for ever. */
static void test_kept(void **state)
{
	(void)state;
	struct stats *stats = get(ZONE, "one");
	count(stats, 7);
	counted_put(stats);
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	expire(now + COUNTED_MS - 60000);
	stats = get(ZONE, "one");
	assert_int_equal(counted(stats), 7);
	expire(INT64_MAX);
	count(stats, 1);
	counted_put(stats);
	expire(now + 2 * COUNTED_MS);
	assert_null(store.list);
	stats = get(ZONE, "one");
	assert_int_equal(counted(stats), 0);
	counted_put(stats);
	clear();
}

/*! \brief Every worker has its place: more of them need another, fewer do not. */
static void test_more_workers(void **state)
{
	(void)state;
	struct stats *few = counted_get(ZONE, "one", 2);
	count(few, 2);
	struct stats *many = counted_get(ZONE, "one", 8);
	count(many, 16);
	assert_true(many->workers_count >= 8);
	struct stats *again = counted_get(ZONE, "one", 4);
	assert_int_equal(counted(again), 16);
	counted_put(again);
	counted_put(few);
	counted_put(many);
	clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_more_workers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
