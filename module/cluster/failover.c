/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/cluster/failover.h"
#include "module/state/state_text.h"

/*! \brief Says that an agent or framework of the state before has no counterpart. */
#define NONE UINT32_MAX

/*! \brief An ID and where it is in its list. */
struct entry {
	struct text id;
	uint32_t index;
};

/*! \brief Which task it is, and where it is in its list. */
struct task_entry {
	uint32_t agent; /*!< Index into state.agents. */
	uint32_t index;
	struct text framework; /*!< ID. */
	struct text id;
};

/*! \brief One run of failover_keep(). */
struct keeper {
	struct state *state;
	const struct state *before;
	uint32_t *agents;     /*!< Index in the state of each agent of the state before, or NONE. */
	uint32_t *frameworks; /*!< The same of frameworks. */
	struct task_entry *listed; /*!< The state's own tasks on kept agents, sorted. */
	size_t listed_count;
	uint32_t *missing; /*!< Tasks of the state before, by index, that the state lacks. */
	uint32_t missing_count;
};

static int compare_text(const struct text *x, const struct text *y)
{
	if (x->len != y->len) {
		return x->len < y->len ? -1 : 1;
	}
	return x->len > 0 ? memcmp(x->data, y->data, x->len) : 0;
}

static int compare(const void *a, const void *b)
{
	return compare_text(&((const struct entry *)a)->id, &((const struct entry *)b)->id);
}

static int compare_tasks(const void *a, const void *b)
{
	const struct task_entry *x = a, *y = b;
	if (x->agent != y->agent) {
		return x->agent < y->agent ? -1 : 1;
	}
	int diff = compare_text(&x->framework, &y->framework);
	return diff != 0 ? diff : compare_text(&x->id, &y->id);
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
	for (uint32_t i = 0; i < k->before->agents_count && ret == KNOT_EOK; i++) {
		const struct state_agent *old = &k->before->agents[i];
		k->agents[i] = state_agent_serves(old) ? find(entries, count, old->id) : NONE;
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
	for (uint32_t i = 0; i < k->before->frameworks_count && ret == KNOT_EOK; i++) {
		const struct state_framework *old = &k->before->frameworks[i];
		/* Without an ID any could be the same. */
		k->frameworks[i] = old->id.len > 0 ? find(entries, state->frameworks_count, old->id)
		                                   : NONE;
		if (k->frameworks[i] == NONE) {
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
	task->kept = true;
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

/*! \brief Notes which tasks on kept agents the state has by itself. */
static int list_tasks(struct keeper *k)
{
	const struct state *state = k->state;
	for (uint32_t i = 0; i < state->tasks_count; i++) {
		k->listed_count += state->agents[state->tasks[i].agent].kept;
	}
	k->listed = calloc(k->listed_count + 1, sizeof(*k->listed));
	if (k->listed == NULL) {
		return KNOT_ENOMEM;
	}

	size_t count = 0;
	for (uint32_t i = 0; i < state->tasks_count; i++) {
		const struct state_task *task = &state->tasks[i];
		if (state->agents[task->agent].kept) {
			k->listed[count++] = (struct task_entry){
				task->agent, i, state->frameworks[task->framework].id, task->id
			};
		}
	}
	qsort(k->listed, count, sizeof(*k->listed), compare_tasks);
	return KNOT_EOK;
}

/*! \brief Finds a task of the state before in the state's own list; NONE without an ID, too. */
static uint32_t find_task(const struct keeper *k, const struct state_task *old)
{
	struct task_entry key = {
		.agent = k->agents[old->agent],
		.framework = k->before->frameworks[old->framework].id,
		.id = old->id,
	};
	const struct task_entry *found = NULL;
	if (old->id.len > 0) {
		found = bsearch(&key, k->listed, k->listed_count, sizeof(key), compare_tasks);
	}
	return found != NULL ? found->index : NONE;
}

/*!
 * \brief Finds the tasks that the state lacks.
 *
 * They are some of those that their agent had when it was registered: what a leader has said of an
 * agent that is not is its own to take back. So nothing grows, whatever leaders list.
 */
static int find_missing(struct keeper *k)
{
	const struct state *before = k->before;
	k->missing = calloc((size_t)before->tasks_count + 1, sizeof(*k->missing));
	if (k->missing == NULL) {
		return KNOT_ENOMEM;
	}
	for (uint32_t i = 0; i < before->tasks_count; i++) {
		const struct state_task *old = &before->tasks[i];
		bool known = old->kept || before->agents[old->agent].registered;
		if (k->agents[old->agent] == NONE || !known) {
			continue;
		}
		uint32_t listed = find_task(k, old);
		if (listed != NONE) {
			k->state->tasks[listed].kept = true;
		} else {
			k->missing[k->missing_count++] = i;
		}
	}
	return KNOT_EOK;
}

/*! \brief Enlarges a list of the state's by \a more items; KNOT_EOK or why it cannot. */
static int enlarge(struct state *state, void **list, size_t count, size_t more, size_t size)
{
	if (!arena_charge(state->memory, more * size)) {
		return KNOT_ESPACE;
	}
	void *larger = reallocarray(*list, count + more, size);
	if (larger == NULL) {
		arena_discharge(state->memory, more * size);
		return KNOT_ENOMEM;
	}
	*list = larger;
	return KNOT_EOK;
}

/*! \brief Makes room for the missing tasks and all frameworks of the state before. */
static int make_room(struct keeper *k)
{
	struct state *state = k->state;
	void *tasks = state->tasks, *frameworks = state->frameworks;
	int ret = enlarge(state, &tasks, state->tasks_count, k->missing_count,
	                  sizeof(*state->tasks));
	state->tasks = tasks;
	if (ret == KNOT_EOK) {
		ret = enlarge(state, &frameworks, state->frameworks_count,
		              k->before->frameworks_count, sizeof(*state->frameworks));
		state->frameworks = frameworks;
	}
	return ret;
}

static int add_missing(struct keeper *k)
{
	int ret = k->missing_count > 0 ? make_room(k) : KNOT_EOK;
	for (uint32_t i = 0; i < k->missing_count && ret == KNOT_EOK; i++) {
		ret = add_task(k, &k->before->tasks[k->missing[i]]);
	}
	return ret;
}

static int keep(struct keeper *k)
{
	int ret = match_agents(k);
	if (ret == KNOT_EOK) {
		ret = match_frameworks(k);
	}
	if (ret == KNOT_EOK) {
		ret = list_tasks(k);
	}
	if (ret == KNOT_EOK) {
		ret = find_missing(k);
	}
	if (ret == KNOT_EOK) {
		ret = add_missing(k);
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
	free(k.listed);
	free(k.missing);
	return ret;
}

bool failover_is_blank(const struct state *state, const struct state *before, double since_elected)
{
	bool is_empty = state->registered_count == 0 && state->recovered_count == 0 &&
	                state->frameworks_count == 0;
	bool was_believed = before != NULL && state->id.len > 0 &&
	                    text_equal(state->id, before->id);
	return is_empty && !was_believed && !(since_elected > state->registry_fetch_timeout);
}
