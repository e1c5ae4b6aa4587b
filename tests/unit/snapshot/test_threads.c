/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Readers look names up while snapshots are replaced under them, as knotd and a poller do.
 *
 * Each snapshot says its own number in all it has: a reader that meets two numbers, or memory that
 * was given back, has met two snapshots. Meant for sanitizers and valgrind as much as for itself.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <urcu.h>

#include "module/snapshot/snapshot.h"

#define READERS 3
#define OWNERS  16
#define ROUNDS  300

static const knot_dname_t *const ZONE = (const knot_dname_t *)"\005mesos";

/*! \brief As struct answer_view has it. */
static struct snapshot *current;
static atomic_bool done;

static void make_owner(uint8_t out[static 16], int index)
{
	memcpy(out, "\002xa\005mesos", 10);
	out[2] = (uint8_t)('a' + index);
}

/*! \brief Makes a snapshot in which every owner has the address \a number. */
static struct snapshot *make(uint32_t number)
{
	struct snapshot_builder *builder = snapshot_builder_new(ZONE, 30);
	assert_non_null(builder);
	for (int i = 0; i < OWNERS; i++) {
		uint8_t owner[16], rdata[4];
		make_owner(owner, i);
		memcpy(rdata, &number, sizeof(rdata));
		assert_int_equal(snapshot_builder_add(builder, owner, KNOT_RRTYPE_A, rdata, 4),
		                 KNOT_EOK);
	}
	struct snapshot *snapshot = NULL;
	assert_int_equal(snapshot_builder_finish(builder, &snapshot), KNOT_EOK);
	snapshot_builder_free(builder);
	snapshot_set_time(snapshot, number);
	return snapshot;
}

/*! \brief What a worker does with a query; true if all was of one snapshot. */
static bool read_once(void)
{
	bool same = true;
	rcu_read_lock();
	const struct snapshot *snapshot = rcu_dereference(current);
	for (int i = 0; i < OWNERS; i++) {
		uint8_t owner[16];
		make_owner(owner, i);
		const struct snapshot_name *name = snapshot_find(snapshot, owner);
		const struct snapshot_set *set = name != NULL ? snapshot_set(name, KNOT_RRTYPE_A)
		                                              : NULL;
		if (set == NULL) {
			same = false;
			break;
		}
		knot_rrset_t rrset;
		uint32_t number;
		snapshot_rrset(snapshot, set, owner, 0, 1, &rrset);
		memcpy(&number, rrset.rrs.rdata->data, sizeof(number));
		same = same && number == snapshot_time(snapshot);
	}
	rcu_read_unlock();
	return same;
}

static void *read_all(void *failures)
{
	rcu_register_thread();
	do {
		if (!read_once()) {
			atomic_fetch_add((atomic_int *)failures, 1);
		}
	} while (!atomic_load(&done));
	rcu_unregister_thread();
	return NULL;
}

static void test_replace(void **state)
{
	(void)state;
	atomic_int failures = 0;
	pthread_t readers[READERS];
	atomic_store(&done, false);
	current = make(0);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_create(&readers[i], NULL, read_all, &failures), 0);
	}

	for (uint32_t round = 1; round <= ROUNDS; round++) {
		struct snapshot *old = rcu_xchg_pointer(&current, make(round));
		synchronize_rcu();
		snapshot_unref(old);
	}

	atomic_store(&done, true);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	}
	snapshot_unref(current);
	assert_int_equal(failures, 0);
}

/*! \brief A view that is handed to the next one on a reload: two holders, the last one frees. */
static void test_shared(void **state)
{
	(void)state;
	atomic_int failures = 0;
	pthread_t reader;
	atomic_store(&done, false);
	current = make(1);
	assert_int_equal(pthread_create(&reader, NULL, read_all, &failures), 0);

	for (int round = 0; round < ROUNDS; round++) {
		struct snapshot *held = snapshot_ref(current);
		struct snapshot *old = rcu_xchg_pointer(&current, make(2));
		synchronize_rcu();
		snapshot_unref(old);
		assert_non_null(snapshot_find(held, (const uint8_t *)"\002xa\005mesos"));
		snapshot_unref(held);
	}

	atomic_store(&done, true);
	assert_int_equal(pthread_join(reader, NULL), 0);
	snapshot_unref(current);
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_shared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
