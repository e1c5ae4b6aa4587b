/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Memory that runs out while a zone's records follow the inventory: at each allocation in
 *        turn.
 *
 * What was shown stays; the next commit makes up for all that was missed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "module/snapshot/pool.h"
#include "tests/unit/cluster/follower.h"
#include "tests/unit/failing_alloc.h"

void *__real_pool_alloc(struct pool *pool, size_t size);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_pool_alloc(struct pool *pool, size_t size);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);

void *__wrap_pool_alloc(struct pool *pool, size_t size)
{
	return alloc_fails() ? NULL : __real_pool_alloc(pool, size);
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return alloc_fails() ? MAP_FAILED : __real_mmap(addr, len, prot, flags, fd, offset);
}

/*! \brief The projection's allocations to go until one fails; the inventory's do not count. */
static long to_go;

static void arm(bool begins)
{
	if (begins) {
		alloc_fails_in = to_go;
	} else {
		to_go = alloc_fails_in;
		alloc_fails_in = -1;
	}
}

#define MANY TASK("a", "1-40") "," TASK("b", "1-3") "," TASK("c", "7-9")

/*! \brief What happens, one after the other. */
static void step(struct follower *f, unsigned which)
{
	switch (which) {
	case 0: assert_int_equal(feed_state(f->inventory, STATE(TASK("a", "1-2"))), 0); break;
	case 1: assert_int_equal(feed_state(f->inventory, STATE(MANY)), 0); break;
	case 2: f->masters.count = 2; break;
	case 3:
		if (!f->projection.rules.reverse) {
			/* Too many for what there may be from now on. */
			f->projection.octets_max = f->projection.octets * 2 / 3;
		}
		assert_int_equal(feed_state(f->inventory, STATE(MANY "," TASK("d", "1"))), 0);
		break;
	case 4: assert_int_equal(feed_state(f->inventory, STATE(TASK("b", "1-40"))), 0); break;
	default: f->masters.leader.count = 0; break;
	}
}

#define STEPS 6

/*! \brief Lets the n-th allocation of a step fail; tells if there was one. */
static bool fails_at(unsigned which, long n, bool reverse)
{
	struct follower f;
	start(&f, reverse, RECORDS_OCTETS_MAX);
	for (unsigned i = 0; i < which; i++) {
		step(&f, i);
		follow(&f);
	}
	uint64_t before = f.snapshot != NULL ? digest(f.snapshot) : 0;
	f.around = arm;
	to_go = n;
	alloc_has_failed = false;
	step(&f, which);
	int ret = commit_as(&f, TTL);
	bool has_failed = alloc_has_failed;
	f.around = NULL;
	if (ret != KNOT_EOK) {
		assert_true(has_failed);
		assert_int_equal(ret, KNOT_ENOMEM);
		assert_true(f.snapshot == NULL || digest(f.snapshot) == before);
		follow(&f);
	}
	/* What fails unseen was done without, or made up for at once. */
	assert_non_null(f.snapshot);
	assert_as_anew(&f);
	for (unsigned i = which + 1; i < STEPS; i++) {
		step(&f, i);
		follow(&f);
		assert_as_anew(&f);
	}
	end(&f);
	return has_failed;
}

static void test_each_in_turn(void **unused)
{
	(void)unused;
	for (unsigned which = 0; which < STEPS * 2; which++) {
		long n = 0;
		while (fails_at(which % STEPS, n, which >= STEPS)) {
			n++;
			assert_true(n < 10000);
		}
		assert_true(which > 0 || n > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_in_turn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
