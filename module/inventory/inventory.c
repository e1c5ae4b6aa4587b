/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/inventory/apply.h"
#include "module/inventory/log.h"
#include "module/inventory/node.h"
#include "module/inventory/order.h"

struct inventory {
	struct nodes nodes;
	struct event_log log; /*!< Since a state was expected, or began. */
	bool is_expecting;    /*!< A state is asked for, or is on its way. */
	struct object_writer writer;
	inventory_listener_f listener;
	void *ctx;
	size_t kept;        /*!< Agents that are kept since the last state. */
	struct order order; /*!< Of the state that is on its way. */
};

struct inventory *inventory_new(inventory_listener_f listener, void *ctx)
{
	struct inventory *inventory = calloc(1, sizeof(*inventory));
	if (inventory == NULL || nodes_init(&inventory->nodes) != KNOT_EOK) {
		free(inventory);
		return NULL;
	}
	inventory->listener = listener;
	inventory->ctx = ctx;
	return inventory;
}

void inventory_free(struct inventory *inventory)
{
	if (inventory == NULL) {
		return;
	}
	inventory_forget(inventory);
	nodes_free(&inventory->nodes);
	object_writer_free(&inventory->writer);
	free(inventory);
}

/*! \brief Ends a change as it went: all of it is told and true, or none. */
static int end(struct inventory *inventory, int ret, bool keep)
{
	if (ret == KNOT_EOK) {
		nodes_tell(&inventory->nodes, inventory->listener, inventory->ctx);
		nodes_end(&inventory->nodes, keep);
	} else {
		nodes_undo(&inventory->nodes);
	}
	return ret;
}

void inventory_expect(struct inventory *inventory)
{
	inventory_forget(inventory);
	inventory->is_expecting = true;
}

void inventory_forget(struct inventory *inventory)
{
	inventory->is_expecting = false;
	inventory_abort(inventory);
	inventory_disown(inventory);
}

void inventory_disown(struct inventory *inventory)
{
	event_log_free(&inventory->log, &inventory->nodes);
}

void inventory_read_anew(struct inventory *inventory)
{
	inventory->nodes.text_key[1]++;
}

void inventory_begin(struct inventory *inventory)
{
	inventory_abort(inventory);
	inventory->nodes.load++;
	inventory->nodes.is_loading = true;
}

void inventory_abort(struct inventory *inventory)
{
	if (!inventory->nodes.is_loading) {
		return;
	}
	inventory->nodes.is_loading = false;
	inventory->order = (struct order){ 0 };
	inventory->nodes.awaited = NULL;
	if (!inventory->is_expecting) {
		inventory_disown(inventory);
	}
	nodes_unstage(&inventory->nodes);
	nodes_shrink(&inventory->nodes);
}

/*! \brief Stages an object for the node of its ID, made if there is none; \a out is that node. */
static int stage(struct inventory *inventory, enum node_kind kind, struct node *framework,
                 const struct object *object, struct node **out)
{
	struct node *node;
	int ret = nodes_find_or_add(&inventory->nodes, kind, framework,
	                            object_text(object, object->id), &node);
	if (ret == KNOT_EOK) {
		*out = node;
		ret = nodes_stage(&inventory->nodes, node, object);
		nodes_settle(&inventory->nodes, node);
	} else if (framework != NULL) {
		nodes_settle(&inventory->nodes, framework);
	}
	return ret;
}

int inventory_agent_object(struct inventory *inventory, const struct agent_object *agent)
{
	struct node *node;
	if (agent->registered) {
		return stage(inventory, NODE_AGENT, NULL, &agent->object, &node);
	}
	/* Of one that nothing is known of nothing can be kept. */
	node = nodes_find(&inventory->nodes, NODE_AGENT, NULL,
	                  object_text(agent, agent->object.id));
	if (node != NULL) {
		node->recovered = inventory->nodes.load;
	}
	return KNOT_EOK;
}

int inventory_framework_object(struct inventory *inventory,
                               const struct framework_object *framework)
{
	struct node *node = nodes_find(&inventory->nodes, NODE_FRAMEWORK, NULL,
	                               object_text(framework, framework->object.id));
	const struct object *merged = framework_merge(
	        &inventory->writer, framework,
	        node != NULL ? (const struct framework_object *)node->object : NULL);
	return merged != NULL ? stage(inventory, NODE_FRAMEWORK, NULL, merged, &node) : KNOT_ENOMEM;
}

int inventory_task_object(struct inventory *inventory, const struct task_object *task)
{
	struct nodes *nodes = &inventory->nodes;
	struct text id = object_text(task, task->framework);
	struct node *framework = order_framework(&inventory->order, id), *node;
	int ret = framework != NULL
	                  ? KNOT_EOK
	                  : nodes_find_or_add(nodes, NODE_FRAMEWORK, NULL, id, &framework);
	if (ret == KNOT_EOK) {
		ret = stage(inventory, NODE_TASK, framework, &task->object, &node);
	}
	if (ret == KNOT_EOK) {
		order_put(nodes, &inventory->order, node);
	}
	return ret;
}

size_t inventory_expect_text(struct inventory *inventory, struct text framework)
{
	return inventory->nodes.is_loading
	               ? order_expect(&inventory->nodes, &inventory->order, framework)
	               : 0;
}

bool inventory_know_text(struct inventory *inventory, struct text text)
{
	return inventory->nodes.is_loading &&
	       order_know(&inventory->nodes, &inventory->order, text);
}

void inventory_keep_text(struct inventory *inventory, struct text text)
{
	order_keep(&inventory->nodes, &inventory->order, text);
}

static int take_agent(void *ctx, const struct agent_object *agent)
{
	return inventory_agent_object(ctx, agent);
}

static int take_framework(void *ctx, const struct framework_object *framework)
{
	return inventory_framework_object(ctx, framework);
}

static int take_task(void *ctx, const struct task_object *task)
{
	return inventory_task_object(ctx, task);
}

static size_t expect_text(void *ctx, struct text framework)
{
	return inventory_expect_text(ctx, framework);
}

static bool know_text(void *ctx, struct text text)
{
	return inventory_know_text(ctx, text);
}

static void keep_text(void *ctx, struct text text)
{
	inventory_keep_text(ctx, text);
}

const struct objects_sink inventory_sink = {
	.agent = take_agent,
	.framework = take_framework,
	.task = take_task,
	.expect_text = expect_text,
	.know_text = know_text,
	.keep_text = keep_text,
};

/*! \brief True if the state has an agent among those that are not registered again. */
static bool is_kept(const struct nodes *nodes, const struct node *agent)
{
	return agent != NULL && agent->object != NULL && agent->recovered == nodes->load &&
	       agent->seen != nodes->load;
}

/*! \brief True if a task that the state has stays, or one that it cannot know. */
static bool has_tasks(const struct node *framework)
{
	const struct node *task = framework->dependents;
	while (task != NULL && node_next(task) == NULL) {
		task = node_next_dependent(task, LINK_FRAMEWORK);
	}
	return task != NULL;
}

/*! \brief Sets a node to what the state says of it; counts agents that are kept in \a ctx. */
static int set_staged(struct nodes *nodes, struct node *node, void *ctx)
{
	size_t *kept = ctx;
	bool stays = false;
	if (node->seen == nodes->load) {
		return node->staged != NULL ? nodes_set_own(nodes, node, node->staged) : KNOT_EOK;
	}
	switch (node->kind) {
	case NODE_AGENT:
		stays = is_kept(nodes, node);
		*kept += stays;
		break;
	case NODE_TASK: stays = is_kept(nodes, node->links[LINK_PLACE].to); break;
	case NODE_FRAMEWORK: stays = has_tasks(node); break;
	default: break;
	}
	return stays || node->object == NULL ? KNOT_EOK : nodes_set(nodes, node, NULL);
}

/*! \brief Applies what has happened since the state was asked for. */
static int replay(struct inventory *inventory)
{
	struct event event;
	struct inventory_news news;
	int ret = KNOT_EOK;
	for (size_t at = 0; ret == KNOT_EOK && event_log_next(&inventory->log, &at, &event);) {
		ret = event_apply(&inventory->nodes, &inventory->writer, &event, &news);
	}
	return ret;
}

int inventory_commit(struct inventory *inventory)
{
	/* Frameworks come after the tasks that they may have to stay for. */
	static const enum node_kind order[] = { NODE_AGENT, NODE_TASK, NODE_FRAMEWORK };

	if (!inventory->nodes.is_loading) {
		return KNOT_EINVAL;
	}
	size_t kept = 0;
	int ret = inventory->log.is_lost ? KNOT_EAGAIN : KNOT_EOK;
	for (size_t i = 0; i < sizeof(order) / sizeof(*order) && ret == KNOT_EOK; i++) {
		ret = nodes_each(&inventory->nodes, order[i], set_staged, &kept);
	}
	if (ret == KNOT_EOK) {
		ret = replay(inventory);
	}
	ret = end(inventory, ret, false);
	inventory->kept = ret == KNOT_EOK ? kept : inventory->kept;
	inventory_forget(inventory);
	return ret;
}

int inventory_event(struct inventory *inventory, const struct event *event,
                    struct inventory_news *news)
{
	struct nodes *nodes = &inventory->nodes;
	*news = (struct inventory_news){ 0 };
	if (event->object == NULL) {
		return KNOT_EOK;
	}
	if (nodes->is_loading || inventory->is_expecting) {
		event_log_add(&inventory->log, nodes, event);
	}
	int ret = event_apply(nodes, &inventory->writer, event, news);
	return end(inventory, ret, nodes->is_loading);
}

int inventory_resolved(struct inventory *inventory, struct text name,
                       struct state_addresses addresses)
{
	struct nodes *nodes = &inventory->nodes;
	struct node *node = nodes_find(nodes, NODE_HOST, NULL, name);
	if (node == NULL) {
		return KNOT_EOK;
	}
	const struct object *object = NULL;
	int ret = KNOT_EOK;
	if (addresses.count > 0) {
		object = object_write_host(&inventory->writer, addresses);
		ret = object != NULL ? KNOT_EOK : KNOT_ENOMEM;
	}
	ret = ret == KNOT_EOK ? nodes_set(nodes, node, object) : ret;
	return end(inventory, ret, nodes->is_loading);
}

/*! \brief Whom inventory_hosts() calls. */
struct hosts_caller {
	void (*each)(void *ctx, struct text name);
	void *ctx;
};

static int call_host(struct nodes *nodes, struct node *node, void *ctx)
{
	const struct hosts_caller *caller = ctx;
	(void)nodes;
	caller->each(caller->ctx, (struct text){ node->id, node->id_len });
	return KNOT_EOK;
}

void inventory_hosts(struct inventory *inventory, void (*each)(void *ctx, struct text name),
                     void *ctx)
{
	struct hosts_caller caller = { each, ctx };
	(void)nodes_each(&inventory->nodes, NODE_HOST, call_host, &caller);
}

void inventory_walk(const struct inventory *inventory, inventory_listener_f listener, void *ctx)
{
	nodes_walk(&inventory->nodes, listener, ctx);
}

struct inventory_stats inventory_stats(const struct inventory *inventory)
{
	const struct nodes *nodes = &inventory->nodes;
	return (struct inventory_stats){
		.agents = nodes->tables[NODE_AGENT].objects,
		.frameworks = nodes->tables[NODE_FRAMEWORK].objects,
		.tasks = nodes->tables[NODE_TASK].objects,
		.kept = inventory->kept,
		.unresolved = nodes->tables[NODE_HOST].count - nodes->tables[NODE_HOST].objects,
		.bytes = nodes->bytes,
	};
}
