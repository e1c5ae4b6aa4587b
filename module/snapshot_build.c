/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "module/arena.h"
#include "module/snapshot_layout.h"

/*! \brief A record that was added. */
struct entry {
	struct entry *next;
	uint16_t type;
	uint16_t len;
	uint8_t rdata[];
};

/*! \brief A name that was added, or lies above one. */
struct node {
	struct entry *entries;
	struct snapshot_target *targets; /*!< Of its SRV set; .name is an index into nodes here. */
	uint32_t targets_count;
	uint32_t entries_count;
	uint32_t tag;   /*!< Upper half of its hash. */
	uint32_t start; /*!< Lower half of its hash. */
	uint32_t place; /*!< Where it will lie in the snapshot. */
	uint8_t sets_count;
	bool has_address; /*!< Has an A or AAAA record. */
	uint8_t owner_len;
	uint8_t owner[];
};

struct snapshot_builder {
	uint64_t key[2];
	uint32_t ttl;
	knot_dname_storage_t zone;
	size_t zone_len;
	struct arena arena;
	struct node **nodes;
	uint32_t nodes_count;
	uint32_t nodes_room;
	uint32_t *table; /*!< Index into nodes plus one; 0: empty. At most half full. */
	uint32_t mask;
	void *scratch; /*!< For sorting the entries or targets of one node. */
	size_t scratch_size;
	struct snapshot_stats stats;
};

struct snapshot_builder *snapshot_builder_new(const knot_dname_t *zone, uint32_t ttl)
{
	struct snapshot_builder *b = calloc(1, sizeof(*b));
	if (b == NULL) {
		return NULL;
	}

	arena_init(&b->arena, SNAPSHOT_MEMORY_MAX);
	b->ttl = ttl;
	b->zone_len = knot_dname_to_wire(b->zone, zone, sizeof(b->zone));
	b->mask = 1023;
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
		free(b->scratch);
		free(b);
	}
}

/*! \brief Doubles the table if it is half full, and the room for nodes with it. */
static int make_room(struct snapshot_builder *b)
{
	if (b->nodes_count == b->nodes_room) {
		uint32_t room = b->nodes_room > 0 ? 2 * b->nodes_room : 256;
		struct node **nodes = reallocarray(b->nodes, room, sizeof(*nodes));
		if (nodes == NULL) {
			return KNOT_ENOMEM;
		}
		b->nodes = nodes;
		b->nodes_room = room;
	}
	if (b->nodes_count <= b->mask / 2) {
		return KNOT_EOK;
	}

	uint32_t mask = 2 * b->mask + 1;
	uint32_t *table = calloc((size_t)mask + 1, sizeof(*table));
	if (table == NULL) {
		return KNOT_ENOMEM;
	}
	for (uint32_t n = 0; n < b->nodes_count; n++) {
		uint32_t i = b->nodes[n]->start & mask;
		while (table[i] != 0) {
			i = (i + 1) & mask;
		}
		table[i] = n + 1;
	}
	free(b->table);
	b->table = table;
	b->mask = mask;
	return KNOT_EOK;
}

/*! \brief Finds the slot of a name, or the empty one where it belongs. */
static uint32_t find_slot(const struct snapshot_builder *b, const knot_dname_t *owner, size_t len,
                          uint64_t hash)
{
	uint32_t i = hash & b->mask;
	for (; b->table[i] != 0; i = (i + 1) & b->mask) {
		const struct node *node = b->nodes[b->table[i] - 1];
		if (node->tag == hash >> 32 && node->owner_len == len &&
		    memcmp(node->owner, owner, len) == 0) {
			break;
		}
	}
	return i;
}

/*! \brief Finds or makes the node of a name; \a is_new tells which. */
static int get_node(struct snapshot_builder *b, const knot_dname_t *owner, size_t len,
                    struct node **out, bool *is_new)
{
	uint64_t hash = name_hash(b->key, owner, len);
	uint32_t i = find_slot(b, owner, len, hash);
	*is_new = b->table[i] == 0;
	if (!*is_new) {
		*out = b->nodes[b->table[i] - 1];
		return KNOT_EOK;
	}

	if (make_room(b) != KNOT_EOK) {
		return KNOT_ENOMEM;
	}
	struct node *node = arena_alloc(&b->arena, sizeof(*node) + len, _Alignof(struct node));
	if (node == NULL) {
		return arena_error(&b->arena);
	}
	*node = (struct node){ .tag = hash >> 32, .start = (uint32_t)hash, .owner_len = len };
	memcpy(node->owner, owner, len);
	b->nodes[b->nodes_count++] = node;
	b->table[find_slot(b, owner, len, hash)] = b->nodes_count;
	*out = node;
	return KNOT_EOK;
}

/*! \brief Makes the nodes of the names between an owner and the apex, as far as they are new. */
static int add_ancestors(struct snapshot_builder *b, const knot_dname_t *owner, size_t len)
{
	bool is_new = true;
	while (is_new) {
		len -= 1 + *owner;
		owner += 1 + *owner;
		if (len <= b->zone_len) {
			break;
		}
		struct node *node;
		int ret = get_node(b, owner, len, &node, &is_new);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return KNOT_EOK;
}

int snapshot_builder_add(struct snapshot_builder *b, const knot_dname_t *owner, uint16_t type,
                         const uint8_t *rdata, uint16_t len)
{
	if (knot_dname_in_bailiwick(owner, b->zone) <= 0) {
		return KNOT_EINVAL;
	}

	size_t owner_len = knot_dname_size(owner);
	struct node *node;
	bool is_new;
	int ret = get_node(b, owner, owner_len, &node, &is_new);
	if (ret == KNOT_EOK && is_new) {
		ret = add_ancestors(b, owner, owner_len);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}

	struct entry *entry = arena_alloc(&b->arena, sizeof(*entry) + len, _Alignof(struct entry));
	if (entry == NULL) {
		return arena_error(&b->arena);
	}
	*entry = (struct entry){ .next = node->entries, .type = type, .len = len };
	memcpy(entry->rdata, rdata, len);
	node->entries = entry;
	node->entries_count++;
	node->has_address |= type == KNOT_RRTYPE_A || type == KNOT_RRTYPE_AAAA;
	return KNOT_EOK;
}

/*! \brief Gives room for \a count things of a size; NULL if memory runs out. */
static void *get_scratch(struct snapshot_builder *b, size_t count, size_t size)
{
	if (count * size > b->scratch_size) {
		free(b->scratch);
		b->scratch_size = 2 * count * size;
		b->scratch = malloc(b->scratch_size);
		if (b->scratch == NULL) {
			b->scratch_size = 0;
		}
	}
	return b->scratch;
}

/*! \brief By type, then in canonical order (RFC 4034, section 6.3). */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a;
	const struct entry *y = *(struct entry *const *)b;

	if (x->type != y->type) {
		return x->type < y->type ? -1 : 1;
	}
	int diff = memcmp(x->rdata, y->rdata, x->len < y->len ? x->len : y->len);
	return diff != 0 ? diff : x->len - y->len;
}

/*! \brief Puts a node's entries in order and drops the equal ones. */
static int sort_entries(struct snapshot_builder *b, struct node *node)
{
	struct entry **list = get_scratch(b, node->entries_count, sizeof(*list));
	if (list == NULL) {
		return KNOT_ENOMEM;
	}
	uint32_t count = 0;
	for (struct entry *entry = node->entries; entry != NULL; entry = entry->next) {
		list[count++] = entry;
	}
	qsort(list, count, sizeof(*list), compare_entries);

	struct entry **link = &node->entries;
	node->entries_count = 0;
	node->sets_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0 && compare_entries(&list[i - 1], &list[i]) == 0) {
			continue;
		}
		node->sets_count += i == 0 || list[i - 1]->type != list[i]->type;
		node->entries_count++;
		*link = list[i];
		link = &list[i]->next;
	}
	*link = NULL;
	return KNOT_EOK;
}

static int by_name(const void *a, const void *b)
{
	const struct snapshot_target *x = a, *y = b;
	if (x->name != y->name) {
		return x->name < y->name ? -1 : 1;
	}
	return x->index < y->index ? -1 : x->index > y->index;
}

static int by_index(const void *a, const void *b)
{
	const struct snapshot_target *x = a, *y = b;
	return x->index < y->index ? -1 : x->index > y->index;
}

/*! \brief Finds the distinct targets of a node's SRV set. */
static int find_targets(struct snapshot_builder *b, struct node *node)
{
	struct snapshot_target *list = get_scratch(b, node->entries_count, sizeof(*list));
	if (list == NULL) {
		return KNOT_ENOMEM;
	}

	uint32_t count = 0, index = 0;
	for (const struct entry *entry = node->entries; entry != NULL; entry = entry->next) {
		if (entry->type != KNOT_RRTYPE_SRV) {
			continue;
		}
		const knot_dname_t *target = entry->rdata + 6;
		size_t len = entry->len - 6;
		uint32_t found =
		        b->table[find_slot(b, target, len, name_hash(b->key, target, len))];
		if (found != 0 && b->nodes[found - 1]->has_address) {
			list[count++] = (struct snapshot_target){ .name = found - 1,
				                                  .index = index };
		}
		index++;
	}
	if (count == 0) {
		return KNOT_EOK;
	}

	qsort(list, count, sizeof(*list), by_name);
	uint32_t distinct = 1;
	for (uint32_t i = 1; i < count; i++) {
		if (list[i].name != list[distinct - 1].name) {
			list[distinct++] = list[i];
		}
	}
	qsort(list, distinct, sizeof(*list), by_index);

	node->targets = arena_alloc(&b->arena, distinct * sizeof(*list),
	                            _Alignof(struct snapshot_target));
	if (node->targets == NULL) {
		return arena_error(&b->arena);
	}
	memcpy(node->targets, list, distinct * sizeof(*list));
	node->targets_count = distinct;
	return KNOT_EOK;
}

/*! \brief Numbers of the set that starts with an entry; returns the entry after it. */
static const struct entry *measure_set(const struct entry *first, struct snapshot_set *set)
{
	const struct entry *entry = first;
	*set = (struct snapshot_set){ .type = first->type };
	for (; entry != NULL && entry->type == first->type; entry = entry->next) {
		set->count++;
		/* Owner (pointer), type, class, TTL and length: RFC 1035, section 4.1.3. */
		set->size += 12 + entry->len;
		set->rdata_size += knot_rdata_size(entry->len);
	}
	return entry;
}

static uint32_t marks_count(const struct snapshot_set *set)
{
	return (set->count - 1) / SNAPSHOT_CHUNK;
}

static size_t align(size_t size, size_t to)
{
	return (size + to - 1) / to * to;
}

/*! \brief Bytes that a node will take. */
static size_t node_size(const struct node *node)
{
	size_t size = sizeof(struct snapshot_name) + node->owner_len;
	size = align(size + node->sets_count * sizeof(struct snapshot_set), 4);
	size += node->targets_count * sizeof(struct snapshot_target);

	for (const struct entry *entry = node->entries; entry != NULL;) {
		struct snapshot_set set;
		entry = measure_set(entry, &set);
		size = align(size + marks_count(&set) * sizeof(uint32_t) + set.rdata_size, 4);
	}
	return align(size, _Alignof(struct snapshot_name));
}

/*! \brief Writes a set's marks and rdata at \a *place, which moves on; returns the next set. */
static const struct entry *write_set(struct snapshot *snapshot, const struct entry *first,
                                     struct snapshot_set *set, uint32_t *place)
{
	const struct entry *end = measure_set(first, set);
	set->marks = *place;
	set->rdata = set->marks + marks_count(set) * sizeof(uint32_t);
	uint32_t *marks = (uint32_t *)((uint8_t *)snapshot + set->marks);
	uint8_t *rdata = (uint8_t *)snapshot + set->rdata, *start = rdata;

	uint32_t index = 0;
	for (const struct entry *entry = first; entry != end; entry = entry->next, index++) {
		if (index > 0 && index % SNAPSHOT_CHUNK == 0) {
			*marks++ = rdata - start;
		}
		knot_rdata_init((knot_rdata_t *)rdata, entry->len, entry->rdata);
		rdata += knot_rdata_size(entry->len);
	}
	*place = align(set->rdata + set->rdata_size, 4);
	return end;
}

static void write_node(const struct snapshot_builder *b, const struct node *node,
                       struct snapshot *snapshot)
{
	struct snapshot_name *name = (struct snapshot_name *)((uint8_t *)snapshot + node->place);
	name->sets_count = node->sets_count;
	name->owner_len = node->owner_len;
	memcpy(&name->sets[node->sets_count], node->owner, node->owner_len);

	uint32_t place = node->place + sizeof(*name) + node->owner_len;
	place = align(place + node->sets_count * sizeof(struct snapshot_set), 4);

	uint32_t targets_place = place;
	struct snapshot_target *targets = (struct snapshot_target *)((uint8_t *)snapshot + place);
	for (uint32_t i = 0; i < node->targets_count; i++) {
		targets[i].name = b->nodes[node->targets[i].name]->place;
		targets[i].index = node->targets[i].index;
	}
	place += node->targets_count * sizeof(*targets);

	const struct entry *entry = node->entries;
	for (uint32_t i = 0; entry != NULL; i++) {
		entry = write_set(snapshot, entry, &name->sets[i], &place);
		if (name->sets[i].type == KNOT_RRTYPE_SRV) {
			name->sets[i].targets = targets_place;
			name->sets[i].targets_count = node->targets_count;
		}
	}

	uint32_t slot = node->start & snapshot->mask;
	while (snapshot->slots[slot].name != 0) {
		slot = (slot + 1) & snapshot->mask;
	}
	snapshot->slots[slot] = (struct slot){ .tag = node->tag, .name = node->place };
}

int snapshot_builder_finish(struct snapshot_builder *b, struct snapshot **out)
{
	uint32_t mask = 15;
	while (mask / 2 < b->nodes_count) {
		mask = 2 * mask + 1;
	}

	size_t size = sizeof(struct snapshot) + ((size_t)mask + 1) * sizeof(struct slot);
	for (uint32_t i = 0; i < b->nodes_count; i++) {
		struct node *node = b->nodes[i];
		int ret = KNOT_EOK;
		if (node->entries != NULL) {
			ret = sort_entries(b, node);
			if (ret == KNOT_EOK) {
				ret = find_targets(b, node);
			}
			b->stats.names++;
			b->stats.records += node->entries_count;
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
		node->place = size;
		size += node_size(node);
		if (size > UINT32_MAX) {
			return KNOT_ESPACE;
		}
	}

	struct snapshot *snapshot = calloc(1, size);
	if (snapshot == NULL) {
		return KNOT_ENOMEM;
	}
	memcpy(snapshot->key, b->key, sizeof(snapshot->key));
	snapshot->mask = mask;
	snapshot->ttl = b->ttl;
	snapshot->refs = 1;
	snapshot->stats = b->stats;
	snapshot->stats.bytes = size;
	for (uint32_t i = 0; i < b->nodes_count; i++) {
		write_node(b, b->nodes[i], snapshot);
	}
	*out = snapshot;
	return KNOT_EOK;
}
