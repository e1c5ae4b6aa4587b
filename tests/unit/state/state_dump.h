/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Writes a state as text, so that tests can compare two of them.
 *
 * Two states give the same text if they say the same, whatever the order of their agents.
 */
#pragma once

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/state/state.h"

static inline void dump_text(FILE *out, const char *name, struct text text)
{
	fprintf(out, " %s=\"", name);
	for (uint32_t i = 0; i < text.len; i++) {
		unsigned char c = text.data[i];
		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
			fprintf(out, "\\x%02x", c);
		} else {
			fputc(c, out);
		}
	}
	fputc('"', out);
}

static inline void dump_addresses(FILE *out, const char *name, struct state_addresses addresses)
{
	fprintf(out, " %s=", name);
	for (uint32_t i = 0; i < addresses.count; i++) {
		char buf[ADDRESS_TEXT_MAX];
		fprintf(out, "%s,", address_text(&addresses.list[i], buf));
	}
}

static inline int dump_compare_agents(const void *a, const void *b)
{
	struct text x = (*(const struct state_agent *const *)a)->id;
	struct text y = (*(const struct state_agent *const *)b)->id;
	int diff = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);
	return diff != 0 ? diff : (x.len > y.len) - (x.len < y.len);
}

static inline void dump_agents(FILE *out, const struct state *state)
{
	const struct state_agent **agents = calloc(state->agents_count + 1, sizeof(*agents));
	assert(agents != NULL);
	for (uint32_t i = 0; i < state->agents_count; i++) {
		agents[i] = &state->agents[i];
	}
	qsort(agents, state->agents_count, sizeof(*agents), dump_compare_agents);
	for (uint32_t i = 0; i < state->agents_count; i++) {
		fputs("agent", out);
		dump_text(out, "id", agents[i]->id);
		dump_text(out, "host", agents[i]->host);
		fprintf(out, " port=%u registered=%d recovered=%d\n", agents[i]->port,
		        agents[i]->registered, agents[i]->recovered);
	}
	free(agents);
}

static inline void dump_task(FILE *out, const struct state *state, const struct state_task *task)
{
	assert(task->agent < state->agents_count && task->framework < state->frameworks_count);
	fputs("task", out);
	dump_text(out, "id", task->id);
	dump_text(out, "name", task->name);
	dump_text(out, "discovery", task->discovery);
	dump_text(out, "agent", state->agents[task->agent].id);
	fprintf(out, " framework=%" PRIu32 " ranges=", task->framework);
	for (uint32_t i = 0; i < task->ranges_count; i++) {
		fprintf(out, "%u-%u,", task->ranges[i].first, task->ranges[i].last);
	}
	fputs(" ports=", out);
	for (uint32_t i = 0; i < task->discovery_count; i++) {
		const struct state_port *port = &task->discovery_ports[i];
		fprintf(out, "(%u", port->number);
		dump_text(out, "name", port->name);
		dump_text(out, "protocol", port->protocol);
		fputc(')', out);
	}
	dump_addresses(out, "netinfo", task->netinfo);
	dump_addresses(out, "mesos", task->mesos);
	dump_addresses(out, "docker", task->docker);
	fprintf(out, " maps_ports=%d\n", task->maps_ports);
}

/*! \brief Returns the text of a state, to be freed with free(). */
static inline char *state_dump(const struct state *state)
{
	char *dump = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&dump, &size);
	assert(out != NULL);

	fputs("state", out);
	dump_text(out, "id", state->id);
	dump_text(out, "leader", state->leader_host);
	fprintf(out, ":%u", state->leader_port);
	dump_text(out, "pid", state->pid_host);
	fprintf(out,
	        ":%u started=%.6f elected=%.6f timeout=%.6f registered=%" PRIu32
	        " recovered=%" PRIu32 "\n",
	        state->pid_port, state->start_time, state->elected_time,
	        state->registry_fetch_timeout, state->registered_count, state->recovered_count);
	dump_agents(out, state);
	for (uint32_t i = 0; i < state->frameworks_count; i++) {
		const struct state_framework *framework = &state->frameworks[i];
		fputs("framework", out);
		dump_text(out, "id", framework->id);
		dump_text(out, "name", framework->name);
		dump_text(out, "pid", framework->pid_host);
		fprintf(out, ":%u", framework->pid_port);
		dump_text(out, "hostname", framework->hostname);
		fputc('\n', out);
	}
	for (uint32_t i = 0; i < state->tasks_count; i++) {
		dump_task(out, state, &state->tasks[i]);
	}
	fclose(out);
	return dump;
}
