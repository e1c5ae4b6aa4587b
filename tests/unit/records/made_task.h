/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Makes tasks of any content, also such as no parser would.
 */
#pragma once

#include <stdlib.h>

#include "module/state/object.h"

/*! \brief A port of a discovery. */
struct made_port {
	uint16_t number;
	struct text name;
	struct text protocol;
};

/*! \brief What a task that runs is to say. */
struct made_task {
	struct text id;
	struct text name;
	struct text discovery;
	const struct state_port_range *ranges;
	uint32_t ranges_count;
	const struct made_port *ports;
	uint32_t ports_count;
	struct state_addresses netinfo;
	struct state_addresses mesos;
	struct state_addresses docker;
	bool maps_ports;
};

/*! \brief Appends a list; what lies behind is good for any type. */
static inline struct object_slice made_list(char *base, size_t *len, const void *list,
                                            uint32_t count, size_t item)
{
	struct object_slice slice = { (uint32_t)*len, count };
	if (count > 0) {
		memcpy(base + *len, list, count * item);
	}
	*len += (count * item + 15) / 16 * 16;
	return slice;
}

static inline struct object_slice made_text(char *base, size_t *len, struct text text)
{
	return made_list(base, len, text.data, text.len, 1);
}

/*! \brief Bytes that a task takes at most. */
static inline size_t made_task_size(const struct made_task *from)
{
	const struct state_addresses *addrs[] = { &from->netinfo, &from->mesos, &from->docker };
	size_t size = sizeof(struct task_object) + sizeof(struct status_object) + 16 * 16 +
	              from->id.len + from->name.len + from->discovery.len +
	              from->ranges_count * sizeof(*from->ranges) +
	              from->ports_count * sizeof(struct port_object);
	for (size_t i = 0; i < 3; i++) {
		size += addrs[i]->count * sizeof(struct address);
	}
	for (uint32_t i = 0; i < from->ports_count; i++) {
		size += from->ports[i].name.len + from->ports[i].protocol.len + 32UL;
	}
	return size;
}

static inline void made_ports(char *base, size_t *len, struct task_object *task,
                              const struct made_task *from)
{
	struct port_object *list = (struct port_object *)(void *)(base + *len);
	task->ports = (struct object_slice){ (uint32_t)*len, from->ports_count };
	*len += (from->ports_count * sizeof(*list) + 15) / 16 * 16;
	for (uint32_t i = 0; i < from->ports_count; i++) {
		list[i].number = from->ports[i].number;
		list[i].name = made_text(base, len, from->ports[i].name);
		list[i].protocol = made_text(base, len, from->ports[i].protocol);
	}
}

/*! \brief Makes a task, to be freed with free(). */
static inline struct task_object *make_task_object(const struct made_task *from)
{
	char *base = calloc(1, made_task_size(from));
	if (base == NULL) {
		abort();
	}
	struct task_object *task = (struct task_object *)(void *)base;
	size_t len = (sizeof(*task) + 15) / 16 * 16;
	struct status_object status = { .maps_ports = from->maps_ports,
		                        .last = true,
		                        .state = TASK_STATE_RUNNING };
	status.netinfo = made_list(base, &len, from->netinfo.list, from->netinfo.count,
	                           sizeof(struct address));
	status.mesos = made_list(base, &len, from->mesos.list, from->mesos.count,
	                         sizeof(struct address));
	status.docker = made_list(base, &len, from->docker.list, from->docker.count,
	                          sizeof(struct address));
	task->statuses = made_list(base, &len, &status, 1, sizeof(status));
	task->ranges = made_list(base, &len, from->ranges, from->ranges_count,
	                         sizeof(*from->ranges));
	made_ports(base, &len, task, from);
	task->object.id = made_text(base, &len, from->id);
	task->name = made_text(base, &len, from->name);
	task->discovery = made_text(base, &len, from->discovery);
	task->life = TASK_RUNS;
	task->object.size = (uint32_t)len;
	return task;
}
