/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/inventory/node_link.h"
#include "module/state/state_text.h"

/*! \brief The two moments of a change. */
enum moment { BEFORE, AFTER };

/*! \brief Room for a side's addresses that are written as such. */
struct literals {
	struct address agent;
	struct address scheduler;
};

static const struct object *object_at(const struct node *node, enum moment moment)
{
	return moment == AFTER ? node_next(node) : node->object;
}

static const struct node *place_at(const struct node *node, enum moment moment)
{
	return moment == BEFORE && node->is_changing ? node->place_before
	                                             : node->links[LINK_PLACE].to;
}

/*! \brief Addresses of an agent's or framework's host; an address in text is put in \a literal. */
static struct state_addresses addresses_at(const struct node *node, struct text host,
                                           enum moment moment, struct address *literal)
{
	if (host.len > 0 && address_parse(host, literal)) {
		return (struct state_addresses){ literal, 1 };
	}
	const struct node *place = place_at(node, moment);
	const struct object *found = place != NULL ? object_at(place, moment) : NULL;
	return found != NULL
	               ? object_addresses(found, ((const struct host_object *)found)->addresses)
	               : (struct state_addresses){ 0 };
}

static void fill_agent(struct inventory_side *side, const struct node *node, enum moment moment,
                       struct literals *literals)
{
	side->agent = (const struct agent_object *)object_at(node, moment);
	if (side->agent != NULL) {
		side->agent_addresses = addresses_at(node,
		                                     object_text(side->agent, side->agent->host),
		                                     moment, &literals->agent);
	}
}

static void fill_framework(struct inventory_side *side, const struct node *node, enum moment moment,
                           struct literals *literals)
{
	side->framework = (const struct framework_object *)object_at(node, moment);
	if (side->framework != NULL) {
		side->scheduler_addresses = addresses_at(
		        node, framework_object_host(side->framework), moment, &literals->scheduler);
	}
}

static void fill_task(struct inventory_side *side, const struct node *node, enum moment moment,
                      struct literals *literals)
{
	side->task = (const struct task_object *)object_at(node, moment);
	if (side->task == NULL) {
		return;
	}
	side->framework = (const struct framework_object *)object_at(node->links[LINK_FRAMEWORK].to,
	                                                             moment);
	const struct node *agent = place_at(node, moment);
	if (agent != NULL) {
		fill_agent(side, agent, moment, literals);
	}
}

static void fill(struct inventory_side *side, const struct node *node, enum moment moment,
                 struct literals *literals)
{
	switch (node->kind) {
	case NODE_AGENT: fill_agent(side, node, moment, literals); break;
	case NODE_FRAMEWORK: fill_framework(side, node, moment, literals); break;
	case NODE_TASK: fill_task(side, node, moment, literals); break;
	default: break;
	}
}

static const enum inventory_kind kinds[NODE_KINDS] = {
	[NODE_AGENT] = INVENTORY_AGENT,
	[NODE_FRAMEWORK] = INVENTORY_FRAMEWORK,
	[NODE_TASK] = INVENTORY_TASK,
};

static void tell(const struct node *node, inventory_listener_f listener, void *ctx)
{
	struct literals before, after;
	struct inventory_change change = { .kind = kinds[node->kind] };
	fill(&change.before, node, BEFORE, &before);
	fill(&change.after, node, AFTER, &after);
	listener(ctx, &change);
}

/*! \brief True if what the names of a framework's tasks are made of becomes another. */
static bool is_other_name(const struct object *a, const struct object *b)
{
	const struct framework_object *x = (const struct framework_object *)a;
	const struct framework_object *y = (const struct framework_object *)b;
	return a == NULL || b == NULL ||
	       !text_equal(object_text(x, x->name), object_text(y, y->name)) ||
	       !text_equal(object_text(x, x->role), object_text(y, y->role));
}

/*! \brief True if a node changes in a way that those which depend on it have to be told. */
static bool concerns_dependents(const struct node *node)
{
	bool is_other = node->next != node->object;
	switch (node->kind) {
	case NODE_AGENT: return is_other || node->is_touched;
	/* Its tasks have its name, and its role; its scheduler's address is its own. */
	case NODE_FRAMEWORK: return is_other && is_other_name(node->object, node->next);
	default: return is_other;
	}
}

/*! \brief Touches all that is concerned by what changes; hosts first, then what has them. */
static void touch_dependents(struct nodes *nodes)
{
	for (unsigned kind = NODE_HOST; kind < NODE_TASK; kind++) {
		unsigned link = kind == NODE_FRAMEWORK ? LINK_FRAMEWORK : LINK_PLACE;
		for (struct node *node = nodes->changing[kind]; node != NULL;
		     node = node->next_changing) {
			struct node *dependent = concerns_dependents(node) ? node->dependents
			                                                   : NULL;
			for (; dependent != NULL;
			     dependent = node_next_dependent(dependent, link)) {
				node_touch(nodes, dependent);
			}
		}
	}
}

void nodes_tell(struct nodes *nodes, inventory_listener_f listener, void *ctx)
{
	touch_dependents(nodes);
	for (unsigned kind = NODE_AGENT; kind < NODE_KINDS; kind++) {
		for (const struct node *node = nodes->changing[kind]; node != NULL;
		     node = node->next_changing) {
			bool is_there = node->object != NULL || node->next != NULL;
			if (is_there && (node->object != node->next || node->is_touched)) {
				tell(node, listener, ctx);
			}
		}
	}
}

void nodes_walk(const struct nodes *nodes, inventory_listener_f listener, void *ctx)
{
	for (unsigned kind = NODE_AGENT; kind < NODE_KINDS; kind++) {
		const struct node_table *table = &nodes->tables[kind];
		for (size_t i = 0; i < table->slots_count; i++) {
			struct literals literals;
			struct inventory_change change = { .kind = kinds[kind] };
			if (table->slots[i] != NULL && table->slots[i]->object != NULL) {
				fill(&change.after, table->slots[i], AFTER, &literals);
				listener(ctx, &change);
			}
		}
	}
}
