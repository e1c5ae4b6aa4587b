/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/inventory/node.h"
#include "module/inventory/node_link.h"
#include "module/base/siphash.h"
#include "module/state/state_text.h"

/*! \brief Slots of the smallest table. */
#define SLOTS_MIN 64

/*! \brief What a node goes by; absent if nothing of it is left. */
static struct text id_of(const struct node *node)
{
	if (node->kind != NODE_TASK) {
		return (struct text){ node->id, node->id_len };
	}
	const struct object *object = node->object;
	if (object == NULL) {
		object = node->staged != NULL ? node->staged : node->next;
	}
	return object != NULL ? object_text(object, object->id) : (struct text){ 0 };
}

static uint64_t hash_of(const struct nodes *nodes, const struct node *framework, struct text id)
{
	uint64_t hash = siphash13(nodes->key, id.data, id.len);
	/* Both are keyed; turning one keeps a task from meeting its framework's other tasks. */
	return framework != NULL ? hash ^ siphash_rotl(framework->hash, 32) : hash;
}

static bool is_of(const struct node *node, uint64_t hash, const struct node *framework,
                  struct text id)
{
	if (node->hash != hash ||
	    (framework != NULL && node->links[LINK_FRAMEWORK].to != framework)) {
		return false;
	}
	struct text own = id_of(node);
	return own.data != NULL && text_equal(own, id);
}

struct node *nodes_find(const struct nodes *nodes, enum node_kind kind,
                        const struct node *framework, struct text id)
{
	const struct node_table *table = &nodes->tables[kind];
	if (table->count == 0 || (kind == NODE_TASK && framework == NULL)) {
		return NULL;
	}
	uint64_t hash = hash_of(nodes, framework, id);
	size_t mask = table->slots_count - 1;
	for (size_t i = hash & mask; table->slots[i] != NULL; i = (i + 1) & mask) {
		if (is_of(table->slots[i], hash, framework, id)) {
			return table->slots[i];
		}
	}
	return NULL;
}

/*! \brief Puts a node into the first free slot of its hash. */
static void put(struct node **slots, size_t count, struct node *node)
{
	size_t i = node->hash & (count - 1);
	while (slots[i] != NULL) {
		i = (i + 1) & (count - 1);
	}
	slots[i] = node;
}

static int resize(struct nodes *nodes, struct node_table *table, size_t count)
{
	int error = KNOT_EOK;
	struct node **slots = nodes_alloc(nodes, count * sizeof(struct node *), &error);
	if (slots == NULL) {
		return error;
	}
	memset(slots, 0, count * sizeof(struct node *));
	for (size_t i = 0; i < table->slots_count; i++) {
		if (table->slots[i] != NULL) {
			put(slots, count, table->slots[i]);
		}
	}
	nodes_dealloc(nodes, table->slots, table->slots_count * sizeof(struct node *));
	table->slots = slots;
	table->slots_count = count;
	return KNOT_EOK;
}

int nodes_find_or_add(struct nodes *nodes, enum node_kind kind, struct node *framework,
                      struct text id, struct node **out)
{
	*out = nodes_find(nodes, kind, framework, id);
	if (*out != NULL) {
		return KNOT_EOK;
	}
	struct node_table *table = &nodes->tables[kind];
	if (table->count >= table->slots_count / 2) {
		int ret = resize(nodes, table,
		                 table->slots_count > 0 ? 2 * table->slots_count : SLOTS_MIN);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}

	uint32_t tail = kind == NODE_TASK ? 0 : id.len;
	int error = KNOT_EOK;
	struct node *node = nodes_alloc(nodes, sizeof(*node) + tail, &error);
	if (node == NULL) {
		return error;
	}
	memset(node, 0, sizeof(*node));
	node->hash = hash_of(nodes, framework, id);
	node->kind = (uint8_t)kind;
	node->id_len = tail;
	if (tail > 0) {
		memcpy(node->id, id.data, tail);
	}
	put(table->slots, table->slots_count, node);
	table->count++;
	node_link(node, LINK_FRAMEWORK, framework);
	*out = node;
	return KNOT_EOK;
}

/*! \brief Takes a slot's node out, and closes the gap that it leaves in the chains behind it. */
static void take_out(struct node_table *table, size_t gap)
{
	size_t mask = table->slots_count - 1;
	for (size_t i = (gap + 1) & mask; table->slots[i] != NULL; i = (i + 1) & mask) {
		size_t home = table->slots[i]->hash & mask;
		if (((i - home) & mask) >= ((i - gap) & mask)) {
			table->slots[gap] = table->slots[i];
			gap = i;
		}
	}
	table->slots[gap] = NULL;
	table->count--;
}

void nodes_settle(struct nodes *nodes, struct node *node)
{
	if (node->kind == NODE_HOST && node->dependents == NULL && !node->is_changing) {
		/* What nobody has needs no addresses. */
		node_drop_object(nodes, node);
	}
	if (node->object != NULL || node->staged != NULL || node->dependents != NULL ||
	    node->is_changing) {
		return;
	}
	struct node *framework = node->links[LINK_FRAMEWORK].to;
	if (nodes->awaited == node) {
		nodes->awaited = node_next_dependent(node, LINK_FRAMEWORK);
	}
	node_unlink(node, LINK_PLACE);
	node_unlink(node, LINK_FRAMEWORK);
	struct node_table *table = &nodes->tables[node->kind];
	size_t i = node->hash & (table->slots_count - 1);
	while (table->slots[i] != node) {
		i = (i + 1) & (table->slots_count - 1);
	}
	take_out(table, i);
	nodes_dealloc(nodes, node, sizeof(*node) + node->id_len);
	if (framework != NULL) {
		nodes_settle(nodes, framework);
	}
}

/*!
 * Where a node goes, others move towards its slot: that one is looked at again. What moves to the
 * table's end from its beginning is looked at twice, which does no harm.
 */
int nodes_each(struct nodes *nodes, enum node_kind kind,
               int (*each)(struct nodes *nodes, struct node *node, void *ctx), void *ctx)
{
	const struct node_table *table = &nodes->tables[kind];
	int ret = KNOT_EOK;
	for (size_t i = 0; i < table->slots_count && ret == KNOT_EOK;) {
		struct node *node = table->slots[i];
		ret = node != NULL ? each(nodes, node, ctx) : KNOT_EOK;
		i += node == NULL || table->slots[i] == node;
	}
	return ret;
}

/*!
 * A table that is mostly empty is given back; without memory for a smaller one it stays.
 */
void nodes_shrink(struct nodes *nodes)
{
	for (unsigned kind = 0; kind < NODE_KINDS; kind++) {
		struct node_table *table = &nodes->tables[kind];
		size_t count = table->slots_count;
		while (count > SLOTS_MIN && table->count < count / 8) {
			count /= 2;
		}
		if (count < table->slots_count) {
			(void)resize(nodes, table, count);
		}
	}
}
