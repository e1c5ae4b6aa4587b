/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "module/base/sort.h"

struct item {
	struct link link;
	int number;
	int place;
};

#define COUNT 20000

static struct item items[COUNT];

static int compare_items(const struct link *a, const struct link *b, void *ctx)
{
	++*(unsigned *)ctx;
	return ((const struct item *)a)->number - ((const struct item *)b)->number;
}

static struct link *list(int count, int (*number)(int))
{
	for (int i = 0; i < count; i++) {
		items[i] = (struct item){ .number = number(i), .place = i };
		items[i].link.next = i + 1 < count ? &items[i + 1].link : NULL;
	}
	return count > 0 ? &items[0].link : NULL;
}

static int rising(int i)
{
	return i;
}

static int falling(int i)
{
	return -i;
}

static int mixed(int i)
{
	return i * 7919 % 1009;
}

/*! \brief Stretches that fall, as records of one task and those of the next. */
static int sawtooth(int i)
{
	return -(i % 500);
}

static int same(int i)
{
	(void)i;
	return 0;
}

static void test_sort(void **state)
{
	(void)state;
	static int (*const numbers[])(int) = { rising, falling, mixed, same, sawtooth };
	static const int counts[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9, 1000, COUNT };
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		for (size_t j = 0; j < sizeof(counts) / sizeof(*counts); j++) {
			unsigned compared = 0;
			struct link *first = list(counts[j], numbers[i]);
			assert_true(sort_list(&first, compare_items, &compared, NULL));
			int found = 0;
			const struct item *last = NULL;
			for (; first != NULL; first = first->next, found++) {
				const struct item *item = (const struct item *)first;
				if (last != NULL) {
					assert_in_range(last->number + COUNT, 0,
					                item->number + COUNT);
					/* Equal ones stay in order. */
					assert_true(last->number < item->number ||
					            last->place < item->place);
				}
				last = item;
			}
			assert_int_equal(found, counts[j]);
			/* n * log2 n, whatever the order was. */
			assert_in_range(compared, 0, 16U * (unsigned)counts[j]);
		}
	}
}

/*! \brief What is in order, or all the other way round, is only looked at once. */
static void test_runs(void **state)
{
	(void)state;
	static int (*const numbers[])(int) = { rising, falling, same };
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		unsigned compared = 0;
		struct link *first = list(COUNT, numbers[i]);
		assert_true(sort_list(&first, compare_items, &compared, NULL));
		assert_in_range(compared, COUNT - 1, COUNT + 1);
	}
}

static void test_stop(void **state)
{
	(void)state;
	atomic_bool stop = true;
	unsigned compared = 0;
	struct link *first = list(COUNT, mixed);
	assert_false(sort_list(&first, compare_items, &compared, &stop));
	assert_in_range(compared, 0, 8192);
	atomic_store(&stop, false);
	first = list(COUNT, mixed);
	assert_true(sort_list(&first, compare_items, &compared, &stop));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
