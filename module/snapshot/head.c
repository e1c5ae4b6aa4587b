/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/snapshot/head.h"

static size_t size_of(uint32_t bits)
{
	return sizeof(struct snapshot) + (sizeof(struct entry) << bits);
}

size_t head_size(const struct snapshot *head)
{
	return size_of(head->room);
}

struct snapshot *head_new(struct maker *maker, uint32_t bits)
{
	struct snapshot *head = pool_alloc(maker->pool, size_of(bits));
	if (head != NULL) {
		*head = (struct snapshot){
			.refs = 1,
			.bits = bits,
			.room = bits,
			.key = { maker->key[0], maker->key[1] },
			.pool = maker->pool,
		};
	}
	return head;
}

struct snapshot *head_copy(struct maker *maker, const struct snapshot *old)
{
	struct snapshot *head = head_new(maker, old->bits);
	if (head != NULL) {
		memcpy(head->entries, old->entries, sizeof(*old->entries) << old->bits);
	}
	return head;
}

void head_free(struct maker *maker, struct snapshot *head)
{
	pool_free(maker->pool, head, head_size(head));
}

/*! \brief Makes a head's array larger. */
static int grow(struct maker *maker, struct snapshot **head, uint32_t bits)
{
	struct snapshot *old = *head, *larger = head_new(maker, bits);
	if (larger == NULL) {
		return KNOT_ENOMEM;
	}
	for (uint32_t i = 0; i >> bits == 0; i++) {
		larger->entries[i] = old->entries[i >> (bits - old->bits)];
	}
	head_free(maker, old);
	*head = larger;
	return KNOT_EOK;
}

int head_put(struct maker *maker, struct snapshot **head, uint32_t prefix, struct shard *shard)
{
	if (shard->depth > (*head)->bits) {
		int ret = grow(maker, head, shard->depth);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	uint32_t spare = (*head)->bits - shard->depth;
	struct entry *entries = &(*head)->entries[prefix << spare];
	for (uint32_t i = 0; i >> spare == 0; i++) {
		entries[i] = (struct entry){ .shard = shard, .slots_count = shard->slots_count };
	}
	return KNOT_EOK;
}

void head_shrink(const struct maker *maker, struct snapshot *head)
{
	while (head->bits > 0 && maker->depths[head->bits] == 0) {
		head->bits--;
		for (uint32_t i = 0; i >> head->bits == 0; i++) {
			head->entries[i] = head->entries[2 * i];
		}
	}
}
