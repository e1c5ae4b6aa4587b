/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "module/snapshot/snapshot_build.h"

/*! \brief Slots of the first table. */
#define TABLE_FIRST 1024

/*! \brief Octets of an SRV record's data before its target (RFC 2782). */
#define SRV_FIXED 6

struct snapshot_builder *snapshot_builder_new(const knot_dname_t *zone, uint32_t ttl)
{
	struct snapshot_builder *b = calloc(1, sizeof(*b));
	if (b == NULL) {
		return NULL;
	}

	arena_init(&b->arena, SNAPSHOT_MEMORY_MAX);
	b->ttl = ttl;
	b->zone_len = knot_dname_to_wire(b->zone, zone, sizeof(b->zone));
	b->mask = TABLE_FIRST - 1;
	b->table = calloc(b->mask + 1, sizeof(*b->table));
	if (b->table == NULL || getrandom(b->key, sizeof(b->key), 0) != sizeof(b->key)) {
		snapshot_builder_free(b);
		return NULL;
	}
	return b;
}

void snapshot_builder_free(struct snapshot_builder *b)
{
	if (b != NULL) {
		arena_free(&b->arena);
		free(b->nodes);
		free(b->table);
		free(b);
	}
}

void snapshot_builder_limit(struct snapshot_builder *b, size_t bytes, const atomic_bool *stop)
{
	b->arena.limit = bytes;
	b->stop = stop;
}

/*! \brief Counts bytes that the snapshot will take; false if that is more than may be. */
static bool reserve(struct snapshot_builder *b, size_t bytes)
{
	bool fits = arena_charge(&b->arena, bytes);
	b->reserved += fits ? bytes : 0;
	return fits;
}

/*! \brief Doubles the room for nodes if it is used up. */
static int make_node_room(struct snapshot_builder *b)
{
	if (b->nodes_count < b->nodes_room) {
		return KNOT_EOK;
	}
	uint32_t more = b->nodes_room > 0 ? b->nodes_room : 256;
	/* At most four slots each in the snapshot's table. */
	if (!arena_charge(&b->arena, more * sizeof(struct node *)) ||
	    !reserve(b, more * 4 * sizeof(struct slot))) {
		return KNOT_ESPACE;
	}
	struct node **nodes = reallocarray(b->nodes, (size_t)b->nodes_room + more, sizeof(*nodes));
	if (nodes == NULL) {
		return KNOT_ENOMEM;
	}
	b->nodes = nodes;
	b->nodes_room += more;
	return KNOT_EOK;
}

/*! \brief Doubles the table if it is half full. */
static int make_table_room(struct snapshot_builder *b)
{
	if (b->nodes_count <= b->mask / 2) {
		return KNOT_EOK;
	}

	uint32_t mask = 2 * b->mask + 1;
	size_t old_size = ((size_t)b->mask + 1) * sizeof(struct place);
	if (!arena_charge(&b->arena, 2 * old_size)) {
		return KNOT_ESPACE;
	}
	struct place *table = calloc((size_t)mask + 1, sizeof(*table));
	if (table == NULL) {
		return KNOT_ENOMEM;
	}
	for (uint32_t old = 0; old <= b->mask; old++) {
		if (b->table[old].node == 0) {
			continue;
		}
		uint32_t i = b->table[old].tag & mask;
		while (table[i].node != 0) {
			i = (i + 1) & mask;
		}
		table[i] = b->table[old];
	}
	free(b->table);
	arena_discharge(&b->arena, b->mask >= TABLE_FIRST ? old_size : 0);
	b->table = table;
	b->mask = mask;
	return KNOT_EOK;
}

static bool has_owner(const struct snapshot_builder *b, uint32_t node, const knot_dname_t *owner,
                      size_t len)
{
	return node != 0 && b->nodes[node - 1]->owner_len == len &&
	       memcmp(b->nodes[node - 1]->owner, owner, len) == 0;
}

/*! \brief Finds the slot of a name, or the empty one where it belongs. */
static struct place *find_place(const struct snapshot_builder *b, const knot_dname_t *owner,
                                size_t len, uint32_t tag)
{
	uint32_t i = tag & b->mask;
	while (b->table[i].node != 0 &&
	       (b->table[i].tag != tag || !has_owner(b, b->table[i].node, owner, len))) {
		i = (i + 1) & b->mask;
	}
	return &b->table[i];
}

/*! \brief Finds or makes the node of a name; its index plus one goes to \a found. */
static int find_node(struct snapshot_builder *b, const knot_dname_t *owner, size_t len,
                     uint32_t *found)
{
	uint64_t hash = name_hash(b->key, owner, len);
	uint32_t tag = hash >> 32;
	struct place *place = find_place(b, owner, len, tag);
	if (place->node != 0) {
		*found = place->node;
		return KNOT_EOK;
	}

	int ret = make_node_room(b);
	if (ret == KNOT_EOK) {
		ret = make_table_room(b);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	size_t size = sizeof(struct snapshot_name) + len + _Alignof(struct snapshot_name);
	if (!reserve(b, size)) {
		return KNOT_ESPACE;
	}
	struct node *node = arena_alloc(&b->arena, sizeof(*node) + len, _Alignof(struct node));
	if (node == NULL) {
		return arena_error(&b->arena);
	}
	*node = (struct node){ .tag = tag, .start = (uint32_t)hash, .owner_len = len };
	memcpy(node->owner, owner, len);
	b->nodes[b->nodes_count++] = node;
	*find_place(b, owner, len, tag) = (struct place){ tag, b->nodes_count };
	*found = b->nodes_count;
	return KNOT_EOK;
}

/*! \brief Lists an owner and the names between it and the apex, as far as they are not yet. */
static int list_owner(struct snapshot_builder *b, struct node *node)
{
	if (knot_dname_in_bailiwick(node->owner, b->zone) <= 0) {
		return KNOT_EINVAL;
	}

	const knot_dname_t *owner = node->owner;
	size_t len = node->owner_len;
	while (!node->is_listed) {
		node->is_listed = true;
		len -= 1 + *owner;
		owner += 1 + *owner;
		if (len <= b->zone_len) {
			break;
		}
		uint32_t above;
		int ret = find_node(b, owner, len, &above);
		if (ret != KNOT_EOK) {
			return ret;
		}
		node = b->nodes[above - 1];
	}
	return KNOT_EOK;
}

/*! \brief Finds the node of an SRV record's target. */
static int find_target(struct snapshot_builder *b, const knot_dname_t *target, size_t len,
                       uint32_t *found)
{
	for (uint32_t i = 0; i < TARGETS_RECENT; i++) {
		if (has_owner(b, b->targets[i], target, len)) {
			*found = b->targets[i];
			return KNOT_EOK;
		}
	}
	int ret = find_node(b, target, len, found);
	if (ret == KNOT_EOK) {
		b->targets[b->targets_next] = *found;
		b->targets_next = (b->targets_next + 1) % TARGETS_RECENT;
	}
	return ret;
}

static uint8_t kind_of(uint16_t type)
{
	switch (type) {
	case KNOT_RRTYPE_A: return KIND_A;
	case KNOT_RRTYPE_AAAA: return KIND_AAAA;
	case KNOT_RRTYPE_SRV: return KIND_SRV;
	default: return KIND_OTHER;
	}
}

/*! \brief Counts what a record of a node will take in the snapshot, \a len octets of data. */
static bool charge_record(struct snapshot_builder *b, const struct node *node, uint16_t type,
                          uint16_t len)
{
	/* A mark is four bytes for each SNAPSHOT_CHUNK records. */
	size_t size = knot_rdata_size(len) + 1;
	size += type == KNOT_RRTYPE_SRV ? sizeof(struct snapshot_target) : 0;
	size += (node->kinds & kind_of(type)) == 0 ? sizeof(struct snapshot_set) + 8 : 0;
	return reserve(b, size);
}

int snapshot_builder_add(struct snapshot_builder *b, const knot_dname_t *owner, uint16_t type,
                         const uint8_t *rdata, uint16_t len)
{
	size_t owner_len = knot_dname_size(owner);
	int ret = KNOT_EOK;
	if (!has_owner(b, b->last, owner, owner_len)) {
		ret = find_node(b, owner, owner_len, &b->last);
	}
	if (ret == KNOT_EOK && !b->nodes[b->last - 1]->is_listed) {
		ret = list_owner(b, b->nodes[b->last - 1]);
	}
	if (ret == KNOT_EOK && !charge_record(b, b->nodes[b->last - 1], type, len)) {
		ret = KNOT_ESPACE;
	}
	uint32_t target = 0;
	if (ret == KNOT_EOK && type == KNOT_RRTYPE_SRV) {
		ret = find_target(b, rdata + SRV_FIXED, len - SRV_FIXED, &target);
		len = SRV_FIXED;
	}
	if (ret != KNOT_EOK) {
		return ret;
	}

	struct entry *entry = arena_alloc(&b->arena, sizeof(*entry) + len, _Alignof(struct entry));
	if (entry == NULL) {
		return arena_error(&b->arena);
	}
	struct node *node = b->nodes[b->last - 1];
	*entry = (struct entry){
		.link = { node->entries },
		.target = target > 0 ? target - 1 : 0,
		.type = type,
		.len = len,
	};
	memcpy(entry->rdata, rdata, len);
	node->entries = &entry->link;
	node->entries_count++;
	node->kinds |= kind_of(type);
	return KNOT_EOK;
}
