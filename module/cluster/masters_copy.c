/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "module/cluster/masters_copy.h"

/*! \brief What a copy is: masters, and all addresses behind them. */
struct block {
	struct records_masters masters;
	struct address *next; /*!< Where the next address goes. */
	struct records_master list[];
};

static struct state_addresses copy_addresses(struct block *block, struct state_addresses addrs)
{
	struct state_addresses copy = { block->next, addrs.count };
	if (addrs.count > 0) {
		memcpy(block->next, addrs.list, addrs.count * sizeof(*addrs.list));
		block->next += addrs.count;
	}
	return copy;
}

struct records_masters *masters_copy(const struct records_masters *masters)
{
	size_t addresses = masters->leader.count;
	for (uint32_t i = 0; i < masters->count; i++) {
		addresses += masters->list[i].addresses.count;
	}
	size_t lists = sizeof(struct block) + masters->count * sizeof(struct records_master);
	struct block *block = malloc(lists + addresses * sizeof(struct address));
	if (block == NULL) {
		return NULL;
	}
	block->masters = *masters;
	block->masters.list = block->list;
	block->next = (struct address *)(block->list + masters->count);
	block->masters.leader = copy_addresses(block, masters->leader);
	for (uint32_t i = 0; i < masters->count; i++) {
		block->list[i] = masters->list[i];
		block->list[i].addresses = copy_addresses(block, masters->list[i].addresses);
	}
	return &block->masters;
}

static bool same_addresses(struct state_addresses a, struct state_addresses b)
{
	bool same = a.count == b.count;
	for (uint32_t i = 0; i < a.count && same; i++) {
		same = address_equal(&a.list[i], &b.list[i]);
	}
	return same;
}

bool masters_equal(const struct records_masters *a, const struct records_masters *b)
{
	bool same = a->count == b->count && a->leader_port == b->leader_port &&
	            same_addresses(a->leader, b->leader);
	for (uint32_t i = 0; i < a->count && same; i++) {
		same = a->list[i].port == b->list[i].port &&
		       same_addresses(a->list[i].addresses, b->list[i].addresses);
	}
	return same;
}
