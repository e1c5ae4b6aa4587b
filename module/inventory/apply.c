/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/inventory/apply.h"

/*! \brief Gives the node of an ID its next object; adds the node if there is none. */
static int set_by_id(struct nodes *nodes, enum node_kind kind, struct node *framework,
                     const struct object *object)
{
	struct node *node;
	int ret = nodes_find_or_add(nodes, kind, framework, object_text(object, object->id), &node);
	if (ret == KNOT_EOK) {
		ret = nodes_set(nodes, node, object);
		nodes_settle(nodes, node);
	} else if (framework != NULL) {
		nodes_settle(nodes, framework);
	}
	return ret;
}

static struct node *find_task(const struct nodes *nodes, const struct task_object *task)
{
	const struct node *framework = nodes_find(nodes, NODE_FRAMEWORK, NULL,
	                                          object_text(task, task->framework));
	return nodes_find(nodes, NODE_TASK, framework, object_text(task, task->object.id));
}

static int add_task(struct nodes *nodes, const struct object *object)
{
	const struct task_object *task = (const struct task_object *)object;
	if (task->life == TASK_GONE) {
		struct node *node = find_task(nodes, task);
		return node != NULL ? nodes_set(nodes, node, NULL) : KNOT_EOK;
	}
	struct node *framework;
	int ret = nodes_find_or_add(nodes, NODE_FRAMEWORK, NULL, object_text(task, task->framework),
	                            &framework);
	return ret == KNOT_EOK ? set_by_id(nodes, NODE_TASK, framework, object) : ret;
}

static int update_task(struct nodes *nodes, struct object_writer *writer,
                       const struct object *object, struct inventory_news *news)
{
	const struct task_object *update = (const struct task_object *)object;
	struct node *node = find_task(nodes, update);
	const struct object *task = node != NULL ? node_next(node) : NULL;
	news->passed_over = task == NULL;
	if (task == NULL) {
		return KNOT_EOK;
	}
	if (update->life == TASK_GONE) {
		return nodes_set(nodes, node, NULL);
	}
	const struct object *updated = object_write_updated(
	        writer, (const struct task_object *)task, update);
	return updated != NULL ? nodes_set(nodes, node, updated) : KNOT_ENOMEM;
}

const struct object *framework_merge(struct object_writer *writer,
                                     const struct framework_object *now,
                                     const struct framework_object *known)
{
	struct framework_parts parts = {
		.id = object_text(now, now->object.id),
		.name = object_text(now, now->name),
		.pid_host = object_text(now, now->pid_host),
		.hostname = object_text(now, now->hostname),
		.role = object_text(now, now->role),
		.pid_port = now->pid_port,
		.recovered = now->recovered,
		.told = now->told,
	};
	/* A state says all, but a leader whose scheduler is not back cannot know where it was. */
	if (known != NULL && (!now->told || now->recovered) && parts.pid_host.len == 0) {
		parts.pid_host = object_text(known, known->pid_host);
		parts.pid_port = known->pid_port;
		parts.told = parts.told || known->told;
	}
	if (known != NULL && now->recovered && parts.hostname.len == 0) {
		parts.hostname = object_text(known, known->hostname);
	}
	return object_write_framework(writer, &parts);
}

static int set_framework(struct nodes *nodes, struct object_writer *writer,
                         const struct object *object)
{
	const struct node *node = nodes_find(nodes, NODE_FRAMEWORK, NULL,
	                                     object_text(object, object->id));
	const struct object *merged = framework_merge(
	        writer, (const struct framework_object *)object,
	        node != NULL ? (const struct framework_object *)node_next(node) : NULL);
	return merged != NULL ? set_by_id(nodes, NODE_FRAMEWORK, NULL, merged) : KNOT_ENOMEM;
}

/*! \brief Removes an agent or framework with all its tasks. */
static int remove_with_tasks(struct nodes *nodes, enum node_kind kind, const struct object *object,
                             struct inventory_news *news)
{
	unsigned link = kind == NODE_AGENT ? LINK_PLACE : LINK_FRAMEWORK;
	struct node *node = nodes_find(nodes, kind, NULL, object_text(object, object->id));
	news->passed_over = node == NULL || node_next(node) == NULL;
	if (node == NULL) {
		return KNOT_EOK;
	}
	/* Neither the node nor any task of it goes for good before the change ends. */
	int ret = nodes_set(nodes, node, NULL);
	struct node *task = node->dependents;
	while (task != NULL && ret == KNOT_EOK) {
		struct node *next = node_next_dependent(task, link);
		ret = node_next(task) != NULL ? nodes_set(nodes, task, NULL) : KNOT_EOK;
		task = next;
	}
	return ret;
}

/*! \brief True if an agent comes that was missed: a state says which of its tasks are still there.
 */
static bool is_back(const struct nodes *nodes, const struct object *object)
{
	const struct node *node = nodes_find(nodes, NODE_AGENT, NULL,
	                                     object_text(object, object->id));
	return node != NULL && node->object != NULL;
}

int event_apply(struct nodes *nodes, struct object_writer *writer, const struct event *event,
                struct inventory_news *news)
{
	*news = (struct inventory_news){ 0 };
	switch (event->kind) {
	case EVENT_TASK_ADDED: return add_task(nodes, event->object);
	case EVENT_TASK_UPDATED: return update_task(nodes, writer, event->object, news);
	case EVENT_FRAMEWORK_ADDED:
	case EVENT_FRAMEWORK_UPDATED:
		news->is_more = true;
		return set_framework(nodes, writer, event->object);
	case EVENT_AGENT_ADDED:
		news->is_more = is_back(nodes, event->object);
		return set_by_id(nodes, NODE_AGENT, NULL, event->object);
	case EVENT_FRAMEWORK_REMOVED:
		return remove_with_tasks(nodes, NODE_FRAMEWORK, event->object, news);
	case EVENT_AGENT_REMOVED: return remove_with_tasks(nodes, NODE_AGENT, event->object, news);
	default: return KNOT_EOK;
	}
}
