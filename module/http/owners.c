/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/base/util.h"
#include "module/http/owners.h"

static int compare(const struct sort_item *a, const struct sort_item *b)
{
	/* Their first octets are their lengths. */
	const uint8_t *x = ((const struct http_owner *)a->item)->key;
	const uint8_t *y = ((const struct http_owner *)b->item)->key;
	int ret = memcmp(x + 1, y + 1, MIN(x[0], y[0]));
	return ret != 0 ? ret : (int)x[0] - (int)y[0];
}

int http_owners_sort(const struct snapshot *snapshot, const atomic_bool *stop,
                     struct http_owners *out)
{
	out->first = NULL;
	arena_init(&out->arena, SIZE_MAX);

	struct list_item *list = NULL;
	struct snapshot_cursor cursor = { 0 };
	for (const struct snapshot_name *name = snapshot_next(snapshot, &cursor); name != NULL;
	     name = snapshot_next(snapshot, &cursor)) {
		uint32_t sets;
		(void)snapshot_sets(name, &sets);
		if (sets == 0) {
			continue;
		}
		knot_dname_storage_t room;
		const uint8_t *key = knot_dname_lf(snapshot_owner(name), room);
		struct http_owner *item = arena_alloc(&out->arena, sizeof(*item),
		                                      _Alignof(struct http_owner));
		const uint8_t *copy = arena_copy(&out->arena, key, 1 + (size_t)key[0]);
		if (item == NULL || copy == NULL) {
			return KNOT_ENOMEM;
		}
		*item = (struct http_owner){ .item.next = list, .name = name, .key = copy };
		list = &item->item;
	}
	int ret = list_sort(&list, compare, stop);
	if (ret == KNOT_EOK) {
		out->first = (const struct http_owner *)list;
	}
	return ret;
}

void http_owners_free(struct http_owners *owners)
{
	arena_free(&owners->arena);
	owners->first = NULL;
}
