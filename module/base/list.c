/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include <libknot/errcode.h>

#include "module/base/list.h"

int list_sort(struct list_item **first, sort_compare_f compare, const atomic_bool *stop)
{
	size_t count = 0;
	for (const struct list_item *item = *first; item != NULL; item = item->next) {
		count++;
	}
	if (count < 2) {
		return KNOT_EOK;
	}
	struct sort_item *items = reallocarray(NULL, count, sizeof(*items));
	if (items == NULL) {
		return KNOT_ENOMEM;
	}
	size_t i = 0;
	for (const struct list_item *item = *first; item != NULL; item = item->next) {
		items[i++] = (struct sort_item){ .item = item };
	}
	bool done = sort_compared(items, count, compare, stop);
	if (done) {
		struct list_item *next = NULL;
		while (i > 0) {
			struct list_item *item = (void *)(uintptr_t)items[--i].item;
			item->next = next;
			next = item;
		}
		*first = next;
	}
	free(items);
	return done ? KNOT_EOK : KNOT_ECONNABORTED;
}
