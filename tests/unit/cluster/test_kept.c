/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What is kept of unloaded zones: whose it is, and for how long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Its clock is passed by hand. */
#include "module/cluster/kept.c"
#include "module/snapshot/table.h"

static const knot_dname_t *const ZONE = (const knot_dname_t *)"\005mesos";
static const knot_dname_t *const OTHER = (const knot_dname_t *)"\005other";

static struct snapshot *make(void)
{
	struct snapshot_table *table = snapshot_table_new(ZONE, 30);
	assert_non_null(table);
	struct snapshot *snapshot = NULL;
	assert_int_equal(snapshot_table_commit(table, &snapshot), KNOT_EOK);
	snapshot_table_free(table);
	return snapshot;
}

static void put(const knot_dname_t *zone, const char *id, uint32_t skipped)
{
	struct served served = { .snapshot = make(), .skipped = skipped };
	kept_put(zone, id, &served);
}

/*! \brief Takes and frees; tells what it was by its number, 0 if there was none. */
static uint32_t take(const knot_dname_t *zone, const char *id)
{
	struct served served = kept_take(zone, id);
	uint32_t number = served.skipped;
	assert_int_equal(served.snapshot != NULL, number != 0);
	served_drop(&served);
	return number;
}

static void test_names(void **state)
{
	(void)state;
	put(ZONE, "one", 1);
	put(ZONE, "two", 2);
	put(OTHER, "one", 3);
	assert_int_equal(take(OTHER, "two"), 0);
	assert_int_equal(take(ZONE, "on"), 0);
	assert_int_equal(take(ZONE, "one"), 1);
	assert_int_equal(take(ZONE, "one"), 0);
	assert_int_equal(take(OTHER, "one"), 3);
	assert_int_equal(take(ZONE, "two"), 2);
	assert_null(store.list);
}

static void test_latest(void **state)
{
	(void)state;
	put(ZONE, "one", 1);
	put(ZONE, "one", 2);
	assert_int_equal(take(ZONE, "one"), 2);
	assert_null(store.list);
}

static void test_time(void **state)
{
	(void)state;
	int64_t begin = clock_ms(CLOCK_MONOTONIC);
	put(ZONE, "one", 1);
	put(ZONE, "two", 2);
	put(OTHER, "one", 3);
	int64_t end = clock_ms(CLOCK_MONOTONIC);
	store.list->until -= 10;

	expire(begin + KEPT_MS - 11);
	kept_expire();
	assert_non_null(store.list->next->next);
	expire(end + KEPT_MS - 10);
	expire(begin + KEPT_MS - 1);
	assert_int_equal(take(OTHER, "one"), 0);
	assert_non_null(store.list->next);
	expire(end + KEPT_MS);
	assert_null(store.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_latest),
		cmocka_unit_test(test_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
