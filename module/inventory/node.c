/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/random.h>

#include <libknot/errcode.h>

#include "module/inventory/node_link.h"

int nodes_init(struct nodes *nodes)
{
	*nodes = (struct nodes){ 0 };
	if (getentropy(nodes->key, sizeof(nodes->key)) != 0) {
		return KNOT_ERROR;
	}
	memcpy(nodes->text_key, nodes->key, sizeof(nodes->text_key));
	return KNOT_EOK;
}

static const struct object *copy_object(struct nodes *nodes, const struct object *object,
                                        int *error)
{
	void *copy = nodes_alloc(nodes, object->size, error);
	return copy != NULL ? memcpy(copy, object, object->size) : NULL;
}

/*!
 * A node's place changes with it, so that it lives as long as the node has to tell of it: nodes go
 * when their change ends, those last that others depend on.
 */
static void begin_change(struct nodes *nodes, struct node *node)
{
	if (node == NULL || node->is_changing) {
		return;
	}
	node->is_changing = true;
	node->next = node->object;
	node->place_before = node->links[LINK_PLACE].to;
	node->next_changing = nodes->changing[node->kind];
	nodes->changing[node->kind] = node;
	begin_change(nodes, node->place_before);
}

/*! \brief Finds the node that one with such an object depends on, beside a task's framework. */
static int find_place(struct nodes *nodes, const struct node *node, const struct object *object,
                      struct node **place)
{
	struct address literal;
	struct text host = { 0 };
	*place = NULL;

	switch (object != NULL ? node->kind : NODE_HOST) {
	case NODE_TASK: {
		const struct task_object *task = (const struct task_object *)object;
		struct text agent = object_text(task, task->agent);
		return nodes_find_or_add(nodes, NODE_AGENT, NULL, agent, place);
	}
	case NODE_AGENT:
		host = object_text(object, ((const struct agent_object *)object)->host);
		break;
	case NODE_FRAMEWORK:
		host = framework_object_host((const struct framework_object *)object);
		break;
	default: break;
	}
	if (host.len == 0 || address_parse(host, &literal)) {
		return KNOT_EOK;
	}
	return nodes_find_or_add(nodes, NODE_HOST, NULL, host, place);
}

/*! \brief Forgets what a node was to become. */
static void drop_next(struct nodes *nodes, struct node *node)
{
	if (node->next != node->object && node->next != node->staged) {
		nodes_drop_object(nodes, node->next);
	}
	node->next = node->object;
}

int nodes_set_own(struct nodes *nodes, struct node *node, const struct object *object)
{
	struct node *place;
	int ret = find_place(nodes, node, object, &place);
	if (ret != KNOT_EOK) {
		return ret;
	}
	begin_change(nodes, node);
	begin_change(nodes, place);
	node_unlink(node, LINK_PLACE);
	node_link(node, LINK_PLACE, place);
	drop_next(nodes, node);
	node->next = object;
	return KNOT_EOK;
}

int nodes_set(struct nodes *nodes, struct node *node, const struct object *object)
{
	if (object == NULL) {
		return nodes_set_own(nodes, node, NULL);
	}
	if (node->object != NULL && object_equal(node->object, object)) {
		return nodes_set_own(nodes, node, node->object);
	}
	int ret = KNOT_EOK;
	const struct object *copy = copy_object(nodes, object, &ret);
	if (copy != NULL) {
		ret = nodes_set_own(nodes, node, copy);
		if (ret != KNOT_EOK) {
			nodes_drop_object(nodes, copy);
		}
	}
	return ret;
}

void nodes_stage_same(struct nodes *nodes, struct node *node)
{
	nodes_drop_object(nodes, node->staged);
	node->staged = NULL;
	node->seen = nodes->load;
}

int nodes_stage(struct nodes *nodes, struct node *node, const struct object *object)
{
	int ret = KNOT_EOK;
	const struct object *copy = NULL;
	if (node->object == NULL || !object_equal(node->object, object)) {
		copy = copy_object(nodes, object, &ret);
		if (copy == NULL) {
			return ret;
		}
	}
	nodes_stage_same(nodes, node);
	node->staged = copy;
	return KNOT_EOK;
}

/*!
 * \brief Makes a node's next object its own.
 *
 * What the load under way has found unchanged has to be known to it as it was: that is staged.
 */
static void end_change(struct nodes *nodes, struct node *node, bool keep)
{
	const struct object *old = node->object;
	if (node->next != old) {
		nodes->tables[node->kind].objects += (node->next != NULL) - (size_t)(old != NULL);
		node->object = node->next;
		node->text_len = 0;
		bool is_known = keep && node->seen == nodes->load && node->staged == NULL;
		if (is_known) {
			node->staged = old;
		} else {
			nodes_drop_object(nodes, old);
		}
	}
	if (node->staged == node->object) {
		node->staged = NULL;
	} else if (!keep) {
		nodes_drop_object(nodes, node->staged);
		node->staged = NULL;
	}
}

/*! \brief Ends what makes a node changing; it goes if it stands for nothing. */
static void leave_change(struct nodes *nodes, struct node *node)
{
	node->is_changing = false;
	node->is_touched = false;
	nodes_settle(nodes, node);
}

/*! \brief Takes the first of the changing nodes, those first that others do not depend on. */
static struct node *take_changing(struct nodes *nodes)
{
	for (unsigned kind = NODE_KINDS; kind-- > 0;) {
		struct node *node = nodes->changing[kind];
		if (node != NULL) {
			nodes->changing[kind] = node->next_changing;
			return node;
		}
	}
	return NULL;
}

void nodes_end(struct nodes *nodes, bool keep)
{
	struct node *node;
	while ((node = take_changing(nodes)) != NULL) {
		end_change(nodes, node, keep);
		leave_change(nodes, node);
	}
}

void nodes_undo(struct nodes *nodes)
{
	struct node *node;
	while ((node = take_changing(nodes)) != NULL) {
		drop_next(nodes, node);
		node_unlink(node, LINK_PLACE);
		node_link(node, LINK_PLACE, node->place_before);
		leave_change(nodes, node);
	}
}

static int unstage(struct nodes *nodes, struct node *node, void *ctx)
{
	(void)ctx;
	nodes_drop_object(nodes, node->staged);
	node->staged = NULL;
	nodes_settle(nodes, node);
	return KNOT_EOK;
}

void nodes_unstage(struct nodes *nodes)
{
	for (unsigned kind = NODE_KINDS; kind-- > 0;) {
		(void)nodes_each(nodes, kind, unstage, NULL);
	}
}

void node_touch(struct nodes *nodes, struct node *node)
{
	begin_change(nodes, node);
	node->is_touched = true;
}

static int drop(struct nodes *nodes, struct node *node, void *ctx)
{
	(void)ctx;
	node_drop_object(nodes, node);
	node_unlink(node, LINK_PLACE);
	nodes_settle(nodes, node);
	return KNOT_EOK;
}

void nodes_free(struct nodes *nodes)
{
	nodes_unstage(nodes);
	for (unsigned kind = NODE_KINDS; kind-- > 0;) {
		struct node_table *table = &nodes->tables[kind];
		(void)nodes_each(nodes, kind, drop, NULL);
		nodes_dealloc(nodes, table->slots, table->slots_count * sizeof(struct node *));
		*table = (struct node_table){ 0 };
	}
}
