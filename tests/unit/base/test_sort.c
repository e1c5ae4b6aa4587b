/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/base/sort.h"

#define COUNT 20000

static struct sort_item items[COUNT];
static char places[COUNT];
static unsigned compared;
static atomic_bool stop;

/*! \brief Items are compared by where they point, which makes the order a single one. */
static int compare_items(const struct sort_item *a, const struct sort_item *b)
{
	compared++;
	const char *x = a->item, *y = b->item;
	return (x > y) - (x < y);
}

static int compare_keys(const struct sort_item *a, const struct sort_item *b)
{
	compared++;
	return (a->key > b->key) - (a->key < b->key);
}

static uint64_t rising(unsigned i)
{
	return i;
}

static uint64_t falling(unsigned i)
{
	return UINT64_MAX - i;
}

/*! \brief As hashes are. */
static uint64_t mixed(unsigned i)
{
	return (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t few(unsigned i)
{
	return mixed(i * 7919 % 101) & UINT64_C(0xff000000000000ff);
}

static uint64_t same(unsigned i)
{
	(void)i;
	return 7;
}

static uint64_t (*const keys[])(unsigned) = { rising, falling, mixed, few, same };

#define KEYS (sizeof(keys) / sizeof(*keys))

static void fill(unsigned count, uint64_t (*key)(unsigned))
{
	for (unsigned i = 0; i < count; i++) {
		/* Each place once, as the number has no divisor of any count here. */
		items[i] = (struct sort_item){ key(i), &places[i * 7919UL % count] };
	}
	compared = 0;
}

static void test_keyed(void **unused)
{
	(void)unused;
	static const unsigned counts[] = { 0, 1, 2, 3, 23, 24, 25, 26, 1000, COUNT };
	for (size_t i = 0; i < KEYS * sizeof(counts) / sizeof(*counts); i++) {
		static unsigned char seen[COUNT];
		unsigned count = counts[i / KEYS];
		fill(count, keys[i % KEYS]);
		assert_true(sort_keyed(items, count, compare_items, i % 2 == 0 ? &stop : NULL));
		memset(seen, 0, sizeof(seen));
		for (unsigned j = 0; j < count; j++) {
			assert_true(j == 0 || items[j - 1].key < items[j].key ||
			            (items[j - 1].key == items[j].key &&
			             items[j - 1].item < items[j].item));
			assert_int_equal(seen[(const char *)items[j].item - places]++, 0);
		}
		/* n * log2 n with something to spare. */
		assert_in_range(compared, 0, 3 * 15 * count);
	}
	/* Those of different keys need no comparison. */
	fill(COUNT, mixed);
	assert_true(sort_keyed(items, COUNT, compare_items, NULL));
	assert_int_equal(compared, 0);
}

static void test_compared(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < KEYS; i++) {
		fill(COUNT, keys[i]);
		assert_true(sort_compared(items, COUNT, compare_keys, &stop));
		for (unsigned j = 1; j < COUNT; j++) {
			assert_true(items[j - 1].key <= items[j].key);
		}
		assert_in_range(compared, COUNT - 1, 3 * 15 * COUNT);
	}
}

static void test_stop(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < KEYS; i++) {
		atomic_store(&stop, true);
		fill(COUNT, keys[i]);
		assert_false(sort_keyed(items, COUNT, compare_items, &stop));
		assert_in_range(compared, 0, 3 * 4096);
		fill(COUNT, keys[i]);
		assert_false(sort_compared(items, COUNT, compare_keys, &stop));
		assert_in_range(compared, 0, 3 * 4096);
		atomic_store(&stop, false);
		assert_true(sort_keyed(items, COUNT, compare_items, &stop));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keyed),
		cmocka_unit_test(test_compared),
		cmocka_unit_test(test_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
