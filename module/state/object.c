/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/state/object.h"
#include "module/state/state_text.h"

static struct text find_pair(const void *object, struct object_slice slice, struct text key,
                             bool of_discovery)
{
	const struct pair_object *pairs = object_list(object, slice);
	for (uint32_t i = 0; i < slice.count; i++) {
		if (pairs[i].of_discovery == of_discovery &&
		    text_equal(object_text(object, pairs[i].key), key)) {
			return object_text(object, pairs[i].value);
		}
	}
	return (struct text){ 0 };
}

struct text task_object_own_label(const struct task_object *task, struct text key,
                                  bool of_discovery)
{
	return find_pair(task, task_object_more(task)->labels, key, of_discovery);
}

struct text task_object_label(const struct task_object *task, struct text key)
{
	struct text own = task_object_own_label(task, key, false);
	return own.len > 0 ? own : task_object_own_label(task, key, true);
}

struct text agent_object_attribute(const struct agent_object *agent, struct text key)
{
	return find_pair(agent, agent_object_more(agent)->attributes, key, false);
}

struct state_addresses task_object_network(const struct task_object *task,
                                           const struct status_object *status, struct text name)
{
	const struct status_object *statuses = object_list(task, task->statuses);
	struct object_slice slice = task_object_more(task)->networks[status - statuses];
	const struct network_object *networks = object_list(task, slice);
	const struct address *addresses = object_list(task, status->netinfo);
	for (uint32_t i = 0; i < slice.count; addresses += networks[i++].count) {
		if (text_equal(object_text(task, networks[i].name), name)) {
			return (struct state_addresses){ addresses, networks[i].count };
		}
	}
	return (struct state_addresses){ 0 };
}
