/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/failover.h"
#include "module/state_text.h"

/*! \brief Says that an agent or framework of the state before has no counterpart. */
#define NONE UINT32_MAX

/*! \brief An ID and where it is in its list. */
struct entry {
	struct text id;
	uint32_t index;
};

/*! \brief One run of failover_keep(). */
struct keeper {
	struct state *state;
	const struct state *before;
	uint32_t *agents;     /*!< Index in the state of each agent of the state before, or NONE. */
	uint32_t *frameworks; /*!< The same of frameworks. */
};

static int compare(const void *a, const void *b)
{
	const struct text *x = &((const struct entry *)a)->id;
	const struct text *y = &((const struct entry *)b)->id;
	if (x->len != y->len) {
		return x->len < y->len ? -1 : 1;
	}
	return x->len > 0 ? memcmp(x->data, y->data, x->len) : 0;
}

static uint32_t find(const struct entry *entries, size_t count, struct text id)
{
	struct entry key = { .id = id };
	const struct entry *found = bsearch(&key, entries, count, sizeof(key), compare);
	return found != NULL ? found->index : NONE;
}

/*! \brief Finds the kept agents: recovered, not registered, and served until now. */
static int match_agents(struct keeper *k)
{
	struct state *state = k->state;
	struct entry *entries = calloc(state->recovered_count + 1, sizeof(*entries));
	if (entries == NULL) {
		return KNOT_ENOMEM;
	}
	size_t count = 0;
	for (uint32_t i = 0; i < state->agents_count; i++) {
		const struct state_agent *agent = &state->agents[i];
		if (agent->recovered && !agent->registered) {
			entries[count++] = (struct entry){ agent->id, i };
		}
	}
	qsort(entries, count, sizeof(*entries), compare);

	int ret = KNOT_EOK;
	for (uint32_t i = 0; i < k->before->agents_count; i++) {
		const struct state_agent *old = &k->before->agents[i];
		k->agents[i] = NONE;
		if (ret != KNOT_EOK || !state_agent_serves(old)) {
			continue;
		}
		k->agents[i] = find(entries, count, old->id);
		if (k->agents[i] == NONE) {
			continue;
		}
		struct state_agent *agent = &state->agents[k->agents[i]];
		agent->kept = true;
		if (agent->host.len == 0) {
			agent->port = old->port;
			ret = text_copy(state->memory, old->host, &agent->host);
		}
	}
	free(entries);
	return ret;
}

/*! \brief Gives a framework the address its scheduler had, as far as it has none. */
static int copy_scheduler(struct state *state, const struct state_framework *old,
                          struct state_framework *framework)
{
	int ret = KNOT_EOK;
	if (framework->pid_host.len == 0) {
		framework->pid_port = old->pid_port;
		ret = text_copy(state->memory, old->pid_host, &framework->pid_host);
	}
	if (ret == KNOT_EOK && framework->hostname.len == 0) {
		ret = text_copy(state->memory, old->hostname, &framework->hostname);
	}
	return ret;
}

/*! \brief Finds the frameworks that both states have. */
static int match_frameworks(struct keeper *k)
{
	struct state *state = k->state;
	struct entry *entries = calloc(state->frameworks_count + 1, sizeof(*entries));
	if (entries == NULL) {
		return KNOT_ENOMEM;
	}
	for (uint32_t i = 0; i < state->frameworks_count; i++) {
		entries[i] = (struct entry){ state->frameworks[i].id, i };
	}
	qsort(entries, state->frameworks_count, sizeof(*entries), compare);

	int ret = KNOT_EOK;
	for (uint32_t i = 0; i < k->before->frameworks_count; i++) {
		const struct state_framework *old = &k->before->frameworks[i];
		/* Without an ID any could be the same. */
		k->frameworks[i] = old->id.len > 0 ? find(entries, state->frameworks_count, old->id)
		                                   : NONE;
		if (ret != KNOT_EOK || k->frameworks[i] == NONE) {
			continue;
		}
		struct state_framework *framework = &state->frameworks[k->frameworks[i]];
		if (framework->recovered) {
			ret = copy_scheduler(state, old, framework);
		}
	}
	free(entries);
	return ret;
}

/*! \brief Adds a framework of the state before. */
static int add_framework(struct keeper *k, uint32_t index)
{
	struct state *state = k->state;
	const struct state_framework *old = &k->before->frameworks[index];

	/* There is room for all of the state before. */
	struct state_framework *framework = &state->frameworks[state->frameworks_count];
	*framework = (struct state_framework){ .recovered = true };
	int ret = text_copy(state->memory, old->id, &framework->id);
	if (ret == KNOT_EOK) {
		ret = text_copy(state->memory, old->name, &framework->name);
	}
	if (ret == KNOT_EOK) {
		ret = copy_scheduler(state, old, framework);
	}
	k->frameworks[index] = state->frameworks_count++;
	return ret;
}

/*! \brief Copies an array into the state's memory; sets \a ret on failure. */
static const void *copy_array(struct state *state, const void *array, size_t size, size_t align,
                              int *ret)
{
	if (size == 0 || *ret != KNOT_EOK) {
		return NULL;
	}
	void *copy = arena_alloc(state->memory, size, align);
	if (copy == NULL) {
		*ret = arena_error(state->memory);
		return NULL;
	}
	return memcpy(copy, array, size);
}

static void copy_addresses(struct state *state, struct state_addresses *addrs, int *ret)
{
	addrs->list = copy_array(state, addrs->list, addrs->count * sizeof(*addrs->list),
	                         _Alignof(struct address), ret);
}

static void copy_text(struct state *state, struct text *text, int *ret)
{
	if (*ret == KNOT_EOK) {
		*ret = text_copy(state->memory, *text, text);
	}
}

/*! \brief Copies the ports of a task's discovery with their texts. */
static void copy_ports(struct state *state, struct state_task *task, int *ret)
{
	if (task->discovery_count == 0 || *ret != KNOT_EOK) {
		return;
	}
	size_t size = task->discovery_count * sizeof(*task->discovery_ports);
	struct state_port *ports = arena_alloc(state->memory, size, _Alignof(struct state_port));
	if (ports == NULL) {
		*ret = arena_error(state->memory);
		return;
	}
	memcpy(ports, task->discovery_ports, size);
	for (uint32_t i = 0; i < task->discovery_count; i++) {
		copy_text(state, &ports[i].name, ret);
		copy_text(state, &ports[i].protocol, ret);
	}
	task->discovery_ports = ports;
}

/*! \brief Adds a task of the state before. */
static int add_task(struct keeper *k, const struct state_task *old)
{
	struct state *state = k->state;
	int ret = KNOT_EOK;
	if (k->frameworks[old->framework] == NONE) {
		ret = add_framework(k, old->framework);
	}

	/* There is room for all of the state before. */
	struct state_task *task = &state->tasks[state->tasks_count++];
	*task = *old;
	task->agent = k->agents[old->agent];
	task->framework = k->frameworks[old->framework];
	copy_text(state, &task->id, &ret);
	copy_text(state, &task->name, &ret);
	copy_text(state, &task->discovery, &ret);
	copy_ports(state, task, &ret);
	task->ranges = copy_array(state, old->ranges, old->ranges_count * sizeof(*old->ranges),
	                          _Alignof(struct state_port_range), &ret);
	copy_addresses(state, &task->netinfo, &ret);
	copy_addresses(state, &task->mesos, &ret);
	copy_addresses(state, &task->docker, &ret);
	return ret;
}

/*! \brief Makes room for the tasks and frameworks of the state before. */
static int make_room(struct state *state, const struct state *before)
{
	void *tasks = reallocarray(state->tasks,
	                           (size_t)state->tasks_count + before->tasks_count + 1,
	                           sizeof(*state->tasks));
	if (tasks == NULL) {
		return KNOT_ENOMEM;
	}
	state->tasks = tasks;

	void *frameworks = reallocarray(
	        state->frameworks, (size_t)state->frameworks_count + before->frameworks_count + 1,
	        sizeof(*state->frameworks));
	if (frameworks == NULL) {
		return KNOT_ENOMEM;
	}
	state->frameworks = frameworks;
	return KNOT_EOK;
}

static int keep(struct keeper *k)
{
	int ret = make_room(k->state, k->before);
	if (ret == KNOT_EOK) {
		ret = match_agents(k);
	}
	if (ret == KNOT_EOK) {
		ret = match_frameworks(k);
	}
	for (uint32_t i = 0; i < k->before->tasks_count && ret == KNOT_EOK; i++) {
		const struct state_task *task = &k->before->tasks[i];
		if (k->agents[task->agent] != NONE) {
			ret = add_task(k, task);
		}
	}
	return ret;
}

int failover_keep(struct state *state, const struct state *before)
{
	if (before == NULL) {
		return KNOT_EOK;
	}

	struct keeper k = {
		.state = state,
		.before = before,
		.agents = calloc(before->agents_count + 1, sizeof(*k.agents)),
		.frameworks = calloc(before->frameworks_count + 1, sizeof(*k.frameworks)),
	};
	int ret = k.agents != NULL && k.frameworks != NULL ? keep(&k) : KNOT_ENOMEM;
	free(k.agents);
	free(k.frameworks);
	return ret;
}

bool failover_is_blank(const struct state *state, double since_elected)
{
	return state->registered_count == 0 && state->recovered_count == 0 &&
	       !(since_elected > state->registry_fetch_timeout);
}
