/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <libknot/errcode.h>

#include "module/base/list.h"

#define COUNT 20000

struct thing {
	struct list_item item;
	unsigned number;
};

static struct thing things[COUNT];

static int compare(const struct sort_item *a, const struct sort_item *b)
{
	const struct thing *x = a->item, *y = b->item;
	return (x->number > y->number) - (x->number < y->number);
}

static struct list_item *make(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		/* 7919 is a prime: each number comes once. */
		things[i].number = i * 7919 % count;
		things[i].item.next = i + 1 < count ? &things[i + 1].item : NULL;
	}
	return count > 0 ? &things[0].item : NULL;
}

static void test_sorts(void **state)
{
	(void)state;
	static const unsigned counts[] = { 0, 1, 2, 3, 100, COUNT };
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct list_item *first = make(counts[i]);
		assert_int_equal(list_sort(&first, compare, NULL), KNOT_EOK);
		unsigned number = 0;
		for (const struct list_item *item = first; item != NULL; item = item->next) {
			assert_int_equal(((const struct thing *)item)->number, number++);
		}
		assert_int_equal(number, counts[i]);
	}
}

/*! \brief The list is as it was. */
static void assert_unchanged(const struct list_item *first)
{
	unsigned i = 0;
	for (const struct list_item *item = first; item != NULL; item = item->next) {
		assert_ptr_equal(item, &things[i++].item);
	}
	assert_int_equal(i, COUNT);
}

static void test_stops(void **state)
{
	(void)state;
	atomic_bool stop = true;
	struct list_item *first = make(COUNT);
	assert_int_equal(list_sort(&first, compare, &stop), KNOT_ECONNABORTED);
	assert_unchanged(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorts),
		cmocka_unit_test(test_stops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
