/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include <libknot/libknot.h>

#include "module/base/arena.h"
#include "module/records/reverse.h"
#include "module/base/sort.h"

struct claim {
	uint8_t len;
	uint8_t name[];
};

/*! \brief An address and a name that it belongs to. */
struct pair {
	struct link link;
	struct address addr;
	const struct claim *claim; /*!< In the arena. */
};

struct reverse {
	const knot_dname_t *zone;
	const atomic_bool *stop;
	struct arena arena;
	struct link *pairs;
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

struct reverse *reverse_new(const knot_dname_t *zone, const atomic_bool *stop)
{
	struct reverse *reverse = calloc(1, sizeof(*reverse));
	if (reverse != NULL) {
		reverse->zone = zone;
		reverse->stop = stop;
		arena_init(&reverse->arena, SIZE_MAX);
	}
	return reverse;
}

size_t reverse_owner_len(const struct reverse *reverse, const struct address *addr)
{
	struct name owner;
	owner_name(addr, &owner);
	/* The apex is the zone file's. */
	return knot_dname_in_bailiwick(owner.wire, reverse->zone) > 0 ? owner.len : 0;
}

int reverse_add(struct reverse *reverse, const struct address *addr, const struct name *name,
                const struct claim **claim)
{
	if (*claim == NULL) {
		struct claim *made = arena_alloc(&reverse->arena, sizeof(*made) + name->len,
		                                 _Alignof(struct claim));
		if (made == NULL) {
			return KNOT_ENOMEM;
		}
		made->len = name->len;
		memcpy(made->name, name->wire, name->len);
		*claim = made;
	}
	struct pair *pair = arena_alloc(&reverse->arena, sizeof(*pair), _Alignof(struct pair));
	if (pair == NULL) {
		return KNOT_ENOMEM;
	}
	*pair = (struct pair){ .link = { reverse->pairs }, .addr = *addr, .claim = *claim };
	reverse->pairs = &pair->link;
	return KNOT_EOK;
}

void reverse_clear(struct reverse *reverse)
{
	arena_free(&reverse->arena);
	reverse->pairs = NULL;
}

static int compare_addresses(const struct link *a, const struct link *b, void *ctx)
{
	(void)ctx;
	const struct address *x = &((const struct pair *)a)->addr;
	const struct address *y = &((const struct pair *)b)->addr;
	return x->len != y->len ? x->len - y->len : memcmp(x->bytes, y->bytes, x->len);
}

static bool same_name(const struct claim *a, const struct claim *b)
{
	return a == b || (a->len == b->len && memcmp(a->name, b->name, a->len) == 0);
}

int reverse_put(struct reverse *reverse, struct records_output *output)
{
	if (!sort_list(&reverse->pairs, compare_addresses, NULL, reverse->stop)) {
		return KNOT_ECONNABORTED;
	}

	for (const struct link *link = reverse->pairs, *end; link != NULL; link = end) {
		const struct pair *first = (const struct pair *)link;
		bool alone = true;
		for (end = link->next; end != NULL; end = end->next) {
			const struct pair *pair = (const struct pair *)end;
			if (!address_equal(&first->addr, &pair->addr)) {
				break;
			}
			alone = alone && same_name(first->claim, pair->claim);
		}
		if (!alone) {
			continue;
		}

		struct name owner;
		owner_name(&first->addr, &owner);
		int ret = output->put(output->sink, owner.wire, KNOT_RRTYPE_PTR, first->claim->name,
		                      first->claim->len);
		if (ret != KNOT_EOK) {
			return ret;
		}
		if (reverse->stop != NULL && atomic_load(reverse->stop)) {
			return KNOT_ECONNABORTED;
		}
	}
	return KNOT_EOK;
}

void reverse_free(struct reverse *reverse)
{
	if (reverse != NULL) {
		arena_free(&reverse->arena);
		free(reverse);
	}
}
