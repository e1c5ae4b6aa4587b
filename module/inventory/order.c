/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/base/siphash.h"
#include "module/base/util.h"
#include "module/inventory/node_link.h"
#include "module/inventory/order.h"

static struct node *framework_of(const struct node *task)
{
	return task->links[LINK_FRAMEWORK].to;
}

struct node *order_framework(const struct order *order, struct text id)
{
	/* The task, which the load has, keeps its framework's node. */
	struct node *framework = order->last != NULL ? framework_of(order->last) : NULL;
	bool is_same = framework != NULL && framework->id_len == id.len &&
	               memcmp(framework->id, id.data, id.len) == 0;
	return is_same ? framework : NULL;
}

size_t order_expect(struct nodes *nodes, const struct order *order, struct text framework)
{
	if (order->owed > 0) {
		return 0;
	}
	if (order_framework(order, framework) == NULL) {
		const struct node *node = nodes_find(nodes, NODE_FRAMEWORK, NULL, framework);
		nodes->awaited = node != NULL ? node->dependents : NULL;
	}
	return nodes->awaited != NULL ? nodes->awaited->text_len : 0;
}

bool order_know(struct nodes *nodes, struct order *order, struct text text)
{
	struct node *task = nodes->awaited;
	uint64_t hash[2];
	siphash13_wide(nodes->text_key, text.data, text.len, hash);
	if (task == NULL || task->text_len != text.len ||
	    memcmp(task->text_hash, hash, sizeof(hash)) != 0) {
		order->owed = text.len;
		return false;
	}
	nodes_stage_same(nodes, task);
	order_put(nodes, order, task);
	return true;
}

void order_put(struct nodes *nodes, struct order *order, struct node *task)
{
	struct node *last = order->last, *framework = framework_of(task);
	if (last != NULL && framework_of(last) != framework) {
		last = NULL;
	}
	struct node *first = last != NULL ? last->links[LINK_FRAMEWORK].next
	                                  : framework->dependents;
	/* One that is new stands before all others, and says nothing of what comes next. */
	if (task->object != NULL || task == nodes->awaited) {
		nodes->awaited = task->links[LINK_FRAMEWORK].next;
	}
	if (task != first && task != last) {
		node_unlink(task, LINK_FRAMEWORK);
		node_link_after(task, LINK_FRAMEWORK, framework, last);
	}
	order->last = task;
}

void order_keep(const struct nodes *nodes, struct order *order, struct text text)
{
	struct node *task = order->last;
	order->owed -= MIN(order->owed, text.len);
	if (task != NULL && task->object != NULL && task->staged == NULL) {
		task->text_len = text.len;
		siphash13_wide(nodes->text_key, text.data, text.len, task->text_hash);
	}
}
