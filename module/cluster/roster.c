/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/base/util.h"
#include "module/cluster/roster.h"
#include "module/snapshot/map.h"

/*! \brief Objects between two looks at whether to stop. */
#define STEPS 1024

/*! \brief An agent. */
struct agent_copy {
	const struct agent_object *agent;
	struct state_addresses addresses;
};

/*! \brief What tasks refer to: where the inventory has it, and what was made of it. */
struct referred {
	const void *original;
	void *copy; /*!< A struct agent_copy or roster_framework. */
};

/*! \brief One run of roster_take(). */
struct taking {
	struct roster *roster;
	struct map referred; /*!< Agents and frameworks, by their places. */
	const atomic_bool *stop;
	unsigned steps;
	int ret;
};

/*! \brief Hash of a place in memory, which nobody else chooses (Knuth's multiplicative one). */
static uint64_t place_hash(const void *place)
{
	uint64_t hash = ((uint64_t)(uintptr_t)place >> 4) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 32;
}

/*! \brief What was made of an agent or framework; NULL if it was not seen. */
static void *find(const struct taking *taking, const void *original)
{
	uint64_t hash = place_hash(original);
	uint32_t at;
	const struct referred *found = map_first(&taking->referred, hash, &at);
	while (found != NULL && found->original != original) {
		found = map_next(&taking->referred, hash, &at);
	}
	return found != NULL ? found->copy : NULL;
}

/*! \brief Allocates; NULL, and a reason in \a ret, if there is no memory. */
static void *take_memory(struct taking *taking, size_t size)
{
	void *memory = arena_alloc(&taking->roster->arena, size, _Alignof(max_align_t));
	if (memory == NULL) {
		taking->ret = arena_error(&taking->roster->arena);
	}
	return memory;
}

/*! \brief Copies bytes; NULL if there is no memory. */
static const void *take_copy(struct taking *taking, const void *original, size_t size)
{
	void *copy = take_memory(taking, size);
	return copy != NULL && size > 0 ? memcpy(copy, original, size) : copy;
}

/*! \brief Lets tasks find what was made of an object. */
static void refer(struct taking *taking, const void *original, void *copy)
{
	struct referred *referred = take_memory(taking, sizeof(*referred));
	if (referred != NULL) {
		*referred = (struct referred){ original, copy };
		taking->ret = map_put(&taking->referred, place_hash(original), referred);
	}
}

static void take_agent(struct taking *taking, const struct inventory_side *side)
{
	const struct state_addresses addresses = side->agent_addresses;
	struct agent_copy *item = take_memory(taking, sizeof(*item));
	const void *agent = take_copy(taking, side->agent, side->agent->object.size);
	const void *list = take_copy(taking, addresses.list,
	                             addresses.count * sizeof(*addresses.list));
	if (item != NULL && agent != NULL && list != NULL) {
		*item = (struct agent_copy){ agent, { list, addresses.count } };
		refer(taking, side->agent, item);
	}
}

static void take_framework(struct taking *taking, const struct inventory_side *side)
{
	struct roster_framework *item = take_memory(taking, sizeof(*item));
	const void *framework = take_copy(taking, side->framework, side->framework->object.size);
	if (item != NULL && framework != NULL) {
		*item = (struct roster_framework){
			.item.next = taking->roster->frameworks,
			.framework = framework,
		};
		taking->roster->frameworks = &item->item;
		refer(taking, side->framework, item);
	}
}

static void take_task(struct taking *taking, const struct inventory_side *side)
{
	struct roster_framework *framework = find(taking, side->framework);
	const struct agent_copy *agent = find(taking, side->agent);
	if (side->task->life != TASK_RUNS || framework == NULL || agent == NULL) {
		return;
	}
	struct roster_task *item = take_memory(taking, sizeof(*item));
	const void *task = take_copy(taking, side->task, side->task->object.size);
	if (item != NULL && task != NULL) {
		*item = (struct roster_task){
			.item.next = framework->tasks,
			.side = { .task = task,
			          .framework = framework->framework,
			          .agent = agent->agent,
			          .agent_addresses = agent->addresses },
		};
		framework->tasks = &item->item;
	}
}

/*! \brief Hears of all that there is: agents and frameworks before tasks. */
static void take(void *ctx, const struct inventory_change *change)
{
	struct taking *taking = ctx;
	if (++taking->steps % STEPS == 0 && taking->stop != NULL && atomic_load(taking->stop)) {
		taking->ret = KNOT_ECONNABORTED;
	}
	if (taking->ret != KNOT_EOK) {
		return;
	}
	switch (change->kind) {
	case INVENTORY_AGENT: take_agent(taking, &change->after); break;
	case INVENTORY_FRAMEWORK: take_framework(taking, &change->after); break;
	case INVENTORY_TASK: take_task(taking, &change->after); break;
	}
}

static int compare_ids(const void *a, struct object_slice a_id, const void *b,
                       struct object_slice b_id)
{
	struct text x = object_text(a, a_id), y = object_text(b, b_id);
	int ret = memcmp(x.data, y.data, MIN(x.len, y.len));
	return ret != 0 ? ret : (x.len > y.len) - (x.len < y.len);
}

static int compare_frameworks(const struct sort_item *a, const struct sort_item *b)
{
	const struct framework_object *x = roster_framework(a->item)->framework;
	const struct framework_object *y = roster_framework(b->item)->framework;
	return compare_ids(x, x->object.id, y, y->object.id);
}

static int compare_tasks(const struct sort_item *a, const struct sort_item *b)
{
	const struct task_object *x = roster_task(a->item)->side.task;
	const struct task_object *y = roster_task(b->item)->side.task;
	return compare_ids(x, x->object.id, y, y->object.id);
}

static int sort(struct roster *roster, const atomic_bool *stop)
{
	int ret = list_sort(&roster->frameworks, compare_frameworks, stop);
	for (struct list_item *item = roster->frameworks; ret == KNOT_EOK && item != NULL;
	     item = item->next) {
		struct roster_framework *framework = (struct roster_framework *)item;
		ret = list_sort(&framework->tasks, compare_tasks, stop);
	}
	return ret;
}

int roster_take(struct stock *stock, const atomic_bool *stop, struct roster **out)
{
	struct taking taking = { .roster = calloc(1, sizeof(struct roster)), .stop = stop };
	if (taking.roster == NULL) {
		return KNOT_ENOMEM;
	}
	arena_init(&taking.roster->arena, 2 * INVENTORY_MEMORY_MAX);

	pthread_mutex_lock(&stock->lock);
	inventory_walk(stock->inventory, take, &taking);
	pthread_mutex_unlock(&stock->lock);

	map_free(&taking.referred);
	if (taking.ret == KNOT_EOK) {
		taking.ret = sort(taking.roster, stop);
	}
	if (taking.ret == KNOT_EOK) {
		*out = taking.roster;
	} else {
		roster_free(taking.roster);
	}
	return taking.ret;
}

void roster_free(struct roster *roster)
{
	if (roster != NULL) {
		arena_free(&roster->arena);
		free(roster);
	}
}
