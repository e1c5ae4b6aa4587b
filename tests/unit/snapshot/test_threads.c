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

#include "module/snapshot/table.h"

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

/*! \brief Who makes the snapshots, and the address that the last one has. */
static struct snapshot_table *table;
static uint32_t shown;

static void change(int diff, uint32_t number)
{
	for (int i = 0; i < OWNERS; i++) {
		uint8_t owner[16], rdata[4];
		make_owner(owner, i);
		memcpy(rdata, &number, sizeof(rdata));
		assert_int_equal(
		        snapshot_table_change(table, diff, owner, KNOT_RRTYPE_A, rdata, 4, 0),
		        KNOT_EOK);
	}
}

/*! \brief Makes a snapshot in which every owner has the address \a number and no other. */
static struct snapshot *make(uint32_t number)
{
	if (table == NULL) {
		table = snapshot_table_new(ZONE, 30);
		assert_non_null(table);
	} else {
		change(-1, shown);
	}
	change(1, number);
	shown = number;
	struct snapshot *snapshot = NULL;
	assert_int_equal(snapshot_table_commit(table, &snapshot), KNOT_EOK);
	assert_non_null(snapshot);
	return snapshot;
}

/*! \brief Shows the next snapshot to readers and frees the one before when none looks at it. */
static void publish(struct snapshot *snapshot)
{
	struct snapshot *old = rcu_xchg_pointer(&current, snapshot);
	synchronize_rcu();
	snapshot_table_retire(table, old);
}

/*! \brief Ends it all; the last snapshot outlives its table. */
static void end(void)
{
	snapshot_table_free(table);
	table = NULL;
	assert_non_null(snapshot_find(current, (const uint8_t *)"\002xa\005mesos"));
	snapshot_unref(current);
}

/*! \brief What a worker does with a query; true if all was of one snapshot. */
static bool read_once(void)
{
	bool same = true;
	uint32_t first = 0;
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
		first = i == 0 ? number : first;
		same = same && set->count == 1 && number == first;
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
		publish(make(round));
	}

	atomic_store(&done, true);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	}
	end();
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

	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct snapshot *held = snapshot_ref(current);
		publish(make(2 + round));
		assert_non_null(snapshot_find(held, (const uint8_t *)"\002xa\005mesos"));
		snapshot_unref(held);
	}

	atomic_store(&done, true);
	assert_int_equal(pthread_join(reader, NULL), 0);
	end();
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
