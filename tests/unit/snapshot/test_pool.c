/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/snapshot/pool.h"

/*! \brief A slab, and some room for heads. */
#define SLAB ((size_t)2 << 20)

enum { COUNT = 3000 };

struct piece {
	uint8_t *data;
	size_t size;
};

/*! \brief Fills a piece with a byte, or checks that it still is. */
static void mark(const struct piece *piece, uint8_t byte, bool check)
{
	for (size_t i = 0; check && i < piece->size; i++) {
		assert_int_equal(piece->data[i], byte);
	}
	memset(piece->data, byte, piece->size);
}

static void test_sizes(void **state)
{
	(void)state;
	static struct piece pieces[COUNT];
	struct pool *pool = pool_new();
	assert_int_equal(pool_taken(pool), 0);
	size_t sum = 0;
	for (uint32_t i = 0; i < COUNT; i++) {
		/* 1 to 4 KiB mostly; each hundredth up to 300 KiB, which lie in no slab. */
		pieces[i].size = i % 100 == 0 ? 100 * i + 1 : 1 + i * 7919 % 4096;
		pieces[i].data = pool_alloc(pool, pieces[i].size);
		assert_non_null(pieces[i].data);
		assert_int_equal((uintptr_t)pieces[i].data % 16, 0);
		mark(&pieces[i], (uint8_t)i, false);
		sum += pieces[i].size;
	}
	assert_int_equal(pool_allocations(pool), COUNT);
	/* No more is lost than an eighth, an open span for each size, and a slab. */
	assert_in_range(pool_taken(pool), sum, sum + sum / 8 + 34 * ((size_t)256 << 10) + SLAB);
	for (uint32_t i = 0; i < COUNT; i++) {
		mark(&pieces[i], (uint8_t)i, true);
		pool_free(pool, pieces[i].data, pieces[i].size);
	}
	assert_int_equal(pool_taken(pool), SLAB);
	pool_unref(pool);
}

/*! \brief What is freed serves again: for the same size at once, for others once spans are empty.
 */
static void test_again(void **state)
{
	(void)state;
	static struct piece pieces[COUNT];
	struct pool *pool = pool_new();
	size_t most = 0;
	for (size_t size = 1000; size < 20000; size += 1000) {
		for (uint32_t i = 0; i < COUNT; i++) {
			struct piece old = pieces[i];
			pieces[i] = (struct piece){ pool_alloc(pool, size), size };
			assert_non_null(pieces[i].data);
			if (old.data != NULL) {
				pool_free(pool, old.data, old.size);
			}
		}
		most = size * COUNT;
		assert_in_range(pool_taken(pool), most, most + most / 5 + 2 * SLAB);
	}
	/* Full spans have room again for what goes out of them. */
	size_t taken = pool_taken(pool);
	for (uint32_t i = 0; i < 20 * COUNT; i++) {
		struct piece *piece = &pieces[i * 7 % COUNT];
		pool_free(pool, piece->data, piece->size);
		piece->data = pool_alloc(pool, piece->size);
		assert_non_null(piece->data);
	}
	assert_int_equal(pool_taken(pool), taken);
	pool_ref(pool);
	pool_unref(pool);
	mark(&pieces[0], 1, false);
	pool_unref(pool);
	pool_unref(NULL);
}

/*! \brief All blocks of some full spans go, one of each span at a time. */
static void test_full(void **state)
{
	(void)state;
	static struct piece pieces[COUNT];
	struct pool *pool = pool_new();
	for (uint32_t i = 0; i < COUNT; i++) {
		pieces[i] = (struct piece){ pool_alloc(pool, 4096), 4096 };
		assert_non_null(pieces[i].data);
	}
	size_t taken = pool_taken(pool);
	for (uint32_t i = 0; i < COUNT; i += 2) {
		pool_free(pool, pieces[i].data, pieces[i].size);
	}
	for (uint32_t i = 0; i < COUNT; i += 2) {
		pieces[i].data = pool_alloc(pool, 4096);
		assert_non_null(pieces[i].data);
		mark(&pieces[i], 2, false);
	}
	assert_int_equal(pool_taken(pool), taken);
	assert_null(pool_alloc(pool, SIZE_MAX));
	assert_null(pool_alloc(pool, SIZE_MAX - 100));
	pool_unref(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
