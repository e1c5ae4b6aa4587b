/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "module/base/pages.h"
#include "module/snapshot/snapshot_build.h"

_Static_assert(SNAPSHOT_MEMORY_MAX <= UINT32_MAX, "places in a snapshot have 32 bits");

/*! \brief Compares texts of octets as RFC 4034, section 6.3, has it. */
static int compare_octets(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int diff = memcmp(a, b, a_len < b_len ? a_len : b_len);
	return diff != 0 ? diff : (a_len > b_len) - (a_len < b_len);
}

/*! \brief By type, then in canonical order. */
static int compare_entries(const struct link *a, const struct link *b, void *builder)
{
	const struct entry *x = (const struct entry *)a;
	const struct entry *y = (const struct entry *)b;

	if (x->type != y->type) {
		return x->type < y->type ? -1 : 1;
	}
	int diff = compare_octets(x->rdata, x->len, y->rdata, y->len);
	if (diff != 0 || x->target == y->target) {
		return diff;
	}
	const struct snapshot_builder *in = builder;
	const struct node *left = in->nodes[x->target], *right = in->nodes[y->target];
	return compare_octets(left->owner, left->owner_len, right->owner, right->owner_len);
}

/*! \brief Puts a node's entries in order and drops the equal ones. */
static int sort_entries(struct snapshot_builder *b, struct node *node)
{
	if (!sort_list(&node->entries, compare_entries, b, b->stop)) {
		return KNOT_ECONNABORTED;
	}
	node->entries_count = 1;
	node->sets_count = 1;
	for (struct entry *entry = to_entry(node->entries), *next;
	     (next = next_entry(entry)) != NULL;) {
		if (compare_entries(&entry->link, &next->link, b) == 0) {
			entry->link.next = next->link.next;
			continue;
		}
		node->sets_count += entry->type != next->type;
		node->entries_count++;
		entry = next;
	}
	return KNOT_EOK;
}

/*!
 * \brief Gives the node of an SRV record's target, once for each while \a seen is the same.
 *
 * \return NULL if it was met before, has no address, or there is none.
 */
static struct node *new_target(const struct snapshot_builder *b, const struct entry *entry,
                               uint32_t seen)
{
	struct node *target = entry->type == KNOT_RRTYPE_SRV ? b->nodes[entry->target] : NULL;
	if (target == NULL || !(target->kinds & (KIND_A | KIND_AAAA)) || target->seen == seen) {
		return NULL;
	}
	target->seen = seen;
	return target;
}

/*! \brief Octets of a record's data. */
static uint16_t entry_len(const struct snapshot_builder *b, const struct entry *entry)
{
	return entry->len +
	       (entry->type == KNOT_RRTYPE_SRV ? b->nodes[entry->target]->owner_len : 0);
}

/*! \brief Numbers of the set that starts with an entry; returns the entry after it. */
static const struct entry *measure_set(const struct snapshot_builder *b, const struct entry *first,
                                       struct snapshot_set *set)
{
	const struct entry *entry = first;
	*set = (struct snapshot_set){ .type = first->type };
	for (; entry != NULL && entry->type == first->type; entry = next_entry(entry)) {
		uint16_t len = entry_len(b, entry);
		set->count++;
		/* Owner (pointer), type, class, TTL and length: RFC 1035, section 4.1.3. */
		set->size += 12 + len;
		set->rdata_size += knot_rdata_size(len);
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
static size_t node_size(const struct snapshot_builder *b, const struct node *node)
{
	size_t size = sizeof(struct snapshot_name) + node->owner_len;
	size = align(size + node->sets_count * sizeof(struct snapshot_set), 4);
	size += node->targets_count * sizeof(struct snapshot_target);

	for (const struct entry *entry = to_entry(node->entries); entry != NULL;) {
		struct snapshot_set set;
		entry = measure_set(b, entry, &set);
		size = align(size + marks_count(&set) * sizeof(uint32_t) + set.rdata_size, 4);
	}
	return align(size, _Alignof(struct snapshot_name));
}

/*! \brief Puts a node's records in order and finds its place at \a *end, which moves on. */
static int place_node(struct snapshot_builder *b, struct node *node, size_t *end)
{
	if (node->place != 0 || !node->is_listed) {
		return KNOT_EOK;
	}
	if (node->entries != NULL) {
		int ret = sort_entries(b, node);
		if (ret != KNOT_EOK) {
			return ret;
		}
		b->stats.names++;
		b->stats.records += node->entries_count;
	}
	b->seen++;
	for (const struct entry *entry = to_entry(node->entries); entry != NULL;
	     entry = next_entry(entry)) {
		node->targets_count += new_target(b, entry, b->seen) != NULL;
	}
	node->place = *end;
	*end += node_size(b, node);
	return is_stopped(b) ? KNOT_ECONNABORTED : KNOT_EOK;
}

/*!
 * \brief Finds a place for each node, from \a *end on.
 *
 * The targets of a set follow it, as they are asked for together: a query for a set touches one
 * stretch of memory and not as many as there are targets.
 */
static int place_nodes(struct snapshot_builder *b, size_t *end)
{
	int ret = KNOT_EOK;
	for (uint32_t i = 0; i < b->nodes_count && ret == KNOT_EOK; i++) {
		ret = place_node(b, b->nodes[i], end);
		for (const struct entry *entry = to_entry(b->nodes[i]->entries);
		     entry != NULL && ret == KNOT_EOK; entry = next_entry(entry)) {
			if (entry->type == KNOT_RRTYPE_SRV) {
				ret = place_node(b, b->nodes[entry->target], end);
			}
		}
	}
	return ret;
}

/*! \brief Writes a record's data as libknot holds it; returns where the next one goes. */
static uint8_t *write_rdata(const struct snapshot_builder *b, const struct entry *entry,
                            uint8_t *out)
{
	knot_rdata_t *rdata = (knot_rdata_t *)out;
	rdata->len = entry_len(b, entry);
	memcpy(rdata->data, entry->rdata, entry->len);
	if (entry->type == KNOT_RRTYPE_SRV) {
		const struct node *target = b->nodes[entry->target];
		memcpy(rdata->data + entry->len, target->owner, target->owner_len);
	}
	return out + knot_rdata_size(rdata->len);
}

/*! \brief Writes a set's marks and rdata at \a *place, which moves on; returns the next set. */
static const struct entry *write_set(const struct snapshot_builder *b, struct snapshot *snapshot,
                                     const struct entry *first, struct snapshot_set *set,
                                     uint32_t *place)
{
	const struct entry *end = measure_set(b, first, set);
	set->marks = *place;
	set->rdata = set->marks + marks_count(set) * sizeof(uint32_t);
	uint32_t *marks = (uint32_t *)((uint8_t *)snapshot + set->marks);
	uint8_t *rdata = (uint8_t *)snapshot + set->rdata, *start = rdata;

	uint32_t index = 0;
	for (const struct entry *entry = first; entry != end; entry = next_entry(entry), index++) {
		if (index > 0 && index % SNAPSHOT_CHUNK == 0) {
			*marks++ = rdata - start;
		}
		rdata = write_rdata(b, entry, rdata);
	}
	*place = align(set->rdata + set->rdata_size, 4);
	return end;
}

/*! \brief Writes the distinct targets of an SRV set that begins with \a first. */
static void write_targets(struct snapshot_builder *b, const struct entry *first,
                          struct snapshot_target *out)
{
	uint32_t index = 0;
	b->seen++;
	for (const struct entry *entry = first; entry != NULL; entry = next_entry(entry), index++) {
		const struct node *target = new_target(b, entry, b->seen);
		if (target != NULL) {
			*out++ = (struct snapshot_target){ target->place, index };
		}
	}
}

static void write_node(struct snapshot_builder *b, const struct node *node,
                       struct snapshot *snapshot)
{
	struct snapshot_name *name = (struct snapshot_name *)((uint8_t *)snapshot + node->place);
	name->sets_count = node->sets_count;
	name->owner_len = node->owner_len;
	memcpy(&name->sets[node->sets_count], node->owner, node->owner_len);

	uint32_t place = node->place + sizeof(*name) + node->owner_len;
	place = align(place + node->sets_count * sizeof(struct snapshot_set), 4);
	uint32_t targets = place;
	place += node->targets_count * sizeof(struct snapshot_target);

	const struct entry *entry = to_entry(node->entries);
	for (uint32_t i = 0; entry != NULL; i++) {
		struct snapshot_set *set = &name->sets[i];
		const struct entry *first = entry;
		entry = write_set(b, snapshot, first, set, &place);
		if (first->type == KNOT_RRTYPE_SRV) {
			set->targets = targets;
			set->targets_count = node->targets_count;
			write_targets(b, first, (void *)((uint8_t *)snapshot + targets));
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
	size_t start = sizeof(struct snapshot) + ((size_t)mask + 1) * sizeof(struct slot);
	size_t size = start;
	int ret = place_nodes(b, &size);
	if (ret != KNOT_EOK) {
		return ret;
	}

	struct snapshot *snapshot = pages_alloc(size);
	if (snapshot == NULL) {
		return KNOT_ENOMEM;
	}
	memset(snapshot, 0, start);
	memcpy(snapshot->key, b->key, sizeof(snapshot->key));
	snapshot->mask = mask;
	snapshot->ttl = b->ttl;
	snapshot->refs = 1;
	snapshot->stats = b->stats;
	snapshot->stats.bytes = size;
	for (uint32_t i = 0; i < b->nodes_count; i++) {
		if (is_stopped(b)) {
			snapshot_unref(snapshot);
			return KNOT_ECONNABORTED;
		}
		if (b->nodes[i]->is_listed) {
			write_node(b, b->nodes[i], snapshot);
		}
	}
	*out = snapshot;
	return KNOT_EOK;
}
