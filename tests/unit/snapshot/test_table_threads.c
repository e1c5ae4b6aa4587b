/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Readers that hold snapshots while the publisher goes on, and when it is gone; for TSan.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/snapshot/table_model.h"

#define READERS 3
#define COMMITS 400
#define OWNERS  700

/*! \brief Where readers find the current snapshot; NULL: it is over. */
static struct snapshot *shown;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct snapshot *take(void)
{
	pthread_mutex_lock(&lock);
	struct snapshot *snapshot = snapshot_ref(shown);
	pthread_mutex_unlock(&lock);
	return snapshot;
}

static struct snapshot *show(struct snapshot *next)
{
	pthread_mutex_lock(&lock);
	struct snapshot *before = shown;
	shown = next;
	pthread_mutex_unlock(&lock);
	return before;
}

/*! \brief Reads whole snapshots until there are none, the last one after the others are gone. */
static void *read_all(void *ctx)
{
	(void)ctx;
	struct snapshot *last = NULL, *snapshot;
	while ((snapshot = take()) != NULL) {
		MODEL_CHECK(model_digest(snapshot) == model_digest(snapshot));
		snapshot_unref(last);
		last = snapshot;
	}
	if (last != NULL) {
		MODEL_CHECK(model_digest(last) == model_digest(last));
	}
	snapshot_unref(last);
	return NULL;
}

static void change(struct snapshot_table *table, int diff, uint32_t i)
{
	knot_dname_storage_t owner;
	char text[32];
	snprintf(text, sizeof(text), "t%u.n%u.mesos.", i % OWNERS, i % 5);
	assert_non_null(knot_dname_from_str(owner, text, sizeof(owner)));
	assert_int_equal(
	        snapshot_table_change(table, diff, owner, KNOT_RRTYPE_A, (const uint8_t *)&i, 4, 0),
	        KNOT_EOK);
	/* A large set of the same owner each time. */
	assert_int_equal(snapshot_table_change(table, diff, (const knot_dname_t *)"\001s\005mesos",
	                                       KNOT_RRTYPE_A, (const uint8_t *)&i, 4, 0),
	                 KNOT_EOK);
}

static void test_readers(void **state)
{
	(void)state;
	struct snapshot_table *table = snapshot_table_new(MODEL_ZONE, 30);
	assert_non_null(table);
	struct snapshot *next;
	assert_int_equal(snapshot_table_commit(table, &next), KNOT_EOK);
	(void)show(next);
	pthread_t threads[READERS];
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, read_all, NULL), 0);
	}
	for (uint32_t i = 0; i < COMMITS; i++) {
		/* It grows to the middle and then shrinks. */
		for (uint32_t j = 0; j < 7; j++) {
			bool grows = i < COMMITS / 2;
			change(table, grows ? 1 : -1, 7 * (grows ? i : COMMITS - 1 - i) + j);
		}
		assert_int_equal(snapshot_table_commit(table, &next), KNOT_EOK);
		assert_non_null(next);
		snapshot_table_retire(table, show(next));
	}
	assert_int_equal(snapshot_stats(next).records, 0);
	snapshot_unref(show(NULL));
	snapshot_table_free(table);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
