/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Writes objects as text, so that tests can compare them.
 */
#pragma once

#include "module/state/event.h"
#include "module/state/objects.h"
#include "tests/unit/state/state_dump.h"

static inline void dump_pairs(FILE *out, const void *object, struct object_slice slice)
{
	const struct pair_object *pairs = object_list(object, slice);
	for (uint32_t i = 0; i < slice.count; i++) {
		dump_text(out, pairs[i].of_discovery ? "discovery-key" : "key",
		          object_text(object, pairs[i].key));
		dump_text(out, "value", object_text(object, pairs[i].value));
	}
}

static inline void dump_agent_object(FILE *out, const struct agent_object *agent)
{
	fputs("agent", out);
	dump_text(out, "id", object_text(agent, agent->object.id));
	dump_text(out, "host", object_text(agent, agent->host));
	fprintf(out, " port=%u registered=%d", agent->port, agent->registered);
	if (agent->has_more) {
		dump_text(out, "hostname", object_text(agent, agent_object_more(agent)->hostname));
		dump_pairs(out, agent, agent_object_more(agent)->attributes);
	}
	fputc('\n', out);
}

static inline void dump_framework_object(FILE *out, const struct framework_object *framework)
{
	fputs("framework", out);
	dump_text(out, "id", object_text(framework, framework->object.id));
	dump_text(out, "name", object_text(framework, framework->name));
	dump_text(out, "pid", object_text(framework, framework->pid_host));
	fprintf(out, ":%u", framework->pid_port);
	dump_text(out, "hostname", object_text(framework, framework->hostname));
	if (framework->role.count > 0) {
		dump_text(out, "role", object_text(framework, framework->role));
	}
	fprintf(out, " recovered=%d told=%d\n", framework->recovered, framework->told);
}

/*! \brief What a task has that is not always wanted. */
static inline void dump_task_more(FILE *out, const struct task_object *task)
{
	const struct task_more *more = task_object_more(task);
	fprintf(out, " visibility=%u", more->visibility);
	dump_text(out, "environment", object_text(task, more->environment));
	dump_text(out, "location", object_text(task, more->location));
	dump_text(out, "version", object_text(task, more->version));
	dump_text(out, "role", object_text(task, more->role));
	dump_pairs(out, task, more->labels);
	for (uint32_t i = 0; i < task->statuses.count; i++) {
		const struct network_object *networks = object_list(task, more->networks[i]);
		for (uint32_t j = 0; j < more->networks[i].count; j++) {
			dump_text(out, "network", object_text(task, networks[j].name));
			fprintf(out, " of %u", networks[j].count);
		}
	}
}

static inline const char *health_name(enum task_health health)
{
	static const char *const names[] = { "", " good", " bad" };
	return names[health];
}

/*! \brief What of a task its records are made of. */
static inline void dump_task_parts(FILE *out, const struct task_object *task)
{
	dump_text(out, "id", object_text(task, task->object.id));
	dump_text(out, "name", object_text(task, task->name));
	dump_text(out, "discovery", object_text(task, task->discovery));
	dump_text(out, "agent", object_text(task, task->agent));
	fputs(" ranges=", out);
	const struct state_port_range *ranges = object_list(task, task->ranges);
	for (uint32_t i = 0; i < task->ranges.count; i++) {
		fprintf(out, "%u-%u,", ranges[i].first, ranges[i].last);
	}
	fputs(" ports=", out);
	const struct port_object *ports = object_list(task, task->ports);
	for (uint32_t i = 0; i < task->ports.count; i++) {
		fprintf(out, "(%u", ports[i].number);
		dump_text(out, "name", object_text(task, ports[i].name));
		dump_text(out, "protocol", object_text(task, ports[i].protocol));
		fputc(')', out);
	}
	const struct status_object *status = task_object_status(task);
	static const struct state_addresses none;
	dump_addresses(out, "netinfo", status ? object_addresses(task, status->netinfo) : none);
	dump_addresses(out, "mesos", status ? object_addresses(task, status->mesos) : none);
	dump_addresses(out, "docker", status ? object_addresses(task, status->docker) : none);
	fprintf(out, " maps_ports=%d", task_object_maps_ports(task));
	fprintf(out, "%s%s", task->has_health_check ? " checked" : "",
	        health_name(task_object_health(task).health));
}

static inline void dump_task_object(FILE *out, const struct task_object *task)
{
	fputs("task", out);
	dump_task_parts(out, task);
	dump_text(out, "framework", object_text(task, task->framework));
	fprintf(out, " life=%u statuses=", task->life);
	const struct status_object *statuses = object_list(task, task->statuses);
	for (uint32_t i = 0; i < task->statuses.count; i++) {
		fprintf(out, "(%.3f%s%s%s)", statuses[i].timestamp, statuses[i].last ? " last" : "",
		        statuses[i].state == TASK_STATE_RUNNING ? "" : " other",
		        health_name(statuses[i].health));
	}
	if (task->has_more) {
		dump_task_more(out, task);
	}
	fputc('\n', out);
}

static inline void dump_event(FILE *out, const struct event *event)
{
	static const char *const kinds[EVENT_KINDS] = {
		"other",
		"odd",
		"subscribed",
		"heartbeat",
		"task_added",
		"task_updated",
		"framework_added",
		"framework_updated",
		"framework_removed",
		"agent_added",
		"agent_removed",
	};

	fprintf(out, "%s %g ", kinds[event->kind], event->heartbeat);
	switch (event->kind) {
	case EVENT_TASK_ADDED:
	case EVENT_TASK_UPDATED:
		dump_task_object(out, (const struct task_object *)event->object);
		break;
	case EVENT_FRAMEWORK_ADDED:
	case EVENT_FRAMEWORK_UPDATED:
	case EVENT_FRAMEWORK_REMOVED:
		dump_framework_object(out, (const struct framework_object *)event->object);
		break;
	case EVENT_AGENT_ADDED:
	case EVENT_AGENT_REMOVED:
		dump_agent_object(out, (const struct agent_object *)event->object);
		break;
	default: fputc('\n', out); break;
	}
}
