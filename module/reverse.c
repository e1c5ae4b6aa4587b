/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include <libknot/libknot.h>

#include "module/arena.h"
#include "module/reverse.h"

/*! \brief A name that an address belongs to. */
struct pair {
	struct address addr;
	uint8_t name_len;
	const uint8_t *name; /*!< In the arena. */
};

struct reverse {
	const knot_dname_t *zone;
	struct arena names;
	struct pair *pairs;
	size_t count;
	size_t room;
};

/*! \brief Makes an address's name in in-addr.arpa. or ip6.arpa. (RFC 1035, 3.5; RFC 3596, 2.5). */
static void owner_name(const struct address *addr, struct name *owner)
{
	static const char hex[] = "0123456789abcdef";

	name_start(owner);
	for (int i = addr->len - 1; i >= 0; i--) {
		uint8_t byte = addr->bytes[i];
		if (addr->len == 4) {
			char label[5];
			label[0] = (char)snprintf(label + 1, sizeof(label) - 1, "%u", byte);
			name_labels(owner, (const uint8_t *)label, 1 + label[0]);
		} else {
			const uint8_t labels[] = { 1, hex[byte & 0xf], 1, hex[byte >> 4] };
			name_labels(owner, labels, sizeof(labels));
		}
	}
	if (addr->len == 4) {
		name_end(owner, (const uint8_t *)"\007in-addr\004arpa", 14);
	} else {
		name_end(owner, (const uint8_t *)"\003ip6\004arpa", 10);
	}
}

struct reverse *reverse_new(const knot_dname_t *zone)
{
	struct reverse *reverse = calloc(1, sizeof(*reverse));
	if (reverse != NULL) {
		reverse->zone = zone;
		arena_init(&reverse->names, SIZE_MAX);
	}
	return reverse;
}

int reverse_add(struct reverse *reverse, const struct address *addr, const struct name *name)
{
	struct name owner;
	owner_name(addr, &owner);
	/* The apex is the zone file's. */
	if (knot_dname_in_bailiwick(owner.wire, reverse->zone) <= 0) {
		return KNOT_EOK;
	}

	if (reverse->count == reverse->room) {
		size_t room = reverse->room > 0 ? 2 * reverse->room : 256;
		struct pair *pairs = reallocarray(reverse->pairs, room, sizeof(*pairs));
		if (pairs == NULL) {
			return KNOT_ENOMEM;
		}
		reverse->pairs = pairs;
		reverse->room = room;
	}

	struct pair *pair = &reverse->pairs[reverse->count];
	pair->addr = *addr;
	pair->name_len = name->len;
	pair->name = arena_copy(&reverse->names, name->wire, name->len);
	if (pair->name == NULL) {
		return KNOT_ENOMEM;
	}
	reverse->count++;
	return KNOT_EOK;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct address *x = &((const struct pair *)a)->addr;
	const struct address *y = &((const struct pair *)b)->addr;
	return x->len != y->len ? x->len - y->len : memcmp(x->bytes, y->bytes, x->len);
}

static bool same_name(const struct pair *a, const struct pair *b)
{
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

int reverse_put(struct reverse *reverse, struct records_output *output)
{
	if (reverse->count == 0) {
		return KNOT_EOK;
	}
	qsort(reverse->pairs, reverse->count, sizeof(*reverse->pairs), compare_addresses);

	for (size_t i = 0, end; i < reverse->count; i = end) {
		const struct pair *first = &reverse->pairs[i];
		bool alone = true;
		for (end = i + 1; end < reverse->count; end++) {
			const struct pair *pair = &reverse->pairs[end];
			if (!address_equal(&first->addr, &pair->addr)) {
				break;
			}
			alone = alone && same_name(first, pair);
		}
		if (!alone) {
			continue;
		}

		struct name owner;
		owner_name(&first->addr, &owner);
		int ret = output->put(output->sink, owner.wire, KNOT_RRTYPE_PTR, first->name,
		                      first->name_len);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return KNOT_EOK;
}

void reverse_free(struct reverse *reverse)
{
	if (reverse != NULL) {
		free(reverse->pairs);
		arena_free(&reverse->names);
		free(reverse);
	}
}
