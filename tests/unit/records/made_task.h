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

/*! \brief A label. */
struct made_label {
	struct text key;
	struct text value;
	bool of_discovery;
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
	const struct made_label *labels;
	uint32_t labels_count;
	struct text environment;
	struct text version;
	struct text role;
	struct text network; /*!< That all of \a netinfo are of. */
	enum visibility visibility;
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
	for (uint32_t i = 0; i < from->labels_count; i++) {
		size += sizeof(struct pair_object) + from->labels[i].key.len +
		        from->labels[i].value.len + 48UL;
	}
	return size + sizeof(struct task_more) + sizeof(struct network_object) +
	       from->environment.len + from->version.len + from->role.len + from->network.len +
	       8 * 16UL;
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

/*! \brief Makes what is not always wanted of a task, right behind its struct. */
static inline void made_more(char *base, size_t *len, struct task_object *task,
                             const struct made_task *from)
{
	struct task_more *more = (struct task_more *)(void *)(task + 1);
	task->has_more = true;
	more->visibility = (uint8_t)from->visibility;
	more->environment = made_text(base, len, from->environment);
	more->version = made_text(base, len, from->version);
	more->role = made_text(base, len, from->role);
	struct pair_object *labels = (struct pair_object *)(void *)(base + *len);
	more->labels = (struct object_slice){ (uint32_t)*len, from->labels_count };
	*len += (from->labels_count * sizeof(*labels) + 15) / 16 * 16;
	for (uint32_t i = 0; i < from->labels_count; i++) {
		labels[i].key = made_text(base, len, from->labels[i].key);
		labels[i].value = made_text(base, len, from->labels[i].value);
		labels[i].of_discovery = from->labels[i].of_discovery;
	}
	if (from->network.len > 0) {
		struct network_object network = { .count = from->netinfo.count };
		network.name = made_text(base, len, from->network);
		more->networks[0] = made_list(base, len, &network, 1, sizeof(network));
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
	size_t len = (sizeof(*task) + sizeof(struct task_more) + 15) / 16 * 16;
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
	made_more(base, &len, task, from);
	task->object.size = (uint32_t)len;
	return task;
}
