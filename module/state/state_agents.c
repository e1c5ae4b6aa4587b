/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/random.h>

#include <libknot/errcode.h>

#include "module/base/siphash.h"
#include "module/state/state_agents.h"
#include "module/state/state_text.h"

int state_agents_init(struct state_agents *agents, struct arena *arena)
{
	*agents = (struct state_agents){ .arena = arena };
	agents->list.item = sizeof(struct state_agent);
	return getentropy(agents->key, sizeof(agents->key)) == 0 ? KNOT_EOK : KNOT_ERROR;
}

/*! \brief Finds the slot of an id: the one that has it, or the free one that it would get. */
static uint32_t *find_slot(const struct state_agents *agents, struct text id)
{
	const struct state_agent *list = agents->list.data;
	uint32_t mask = agents->slots_count - 1;
	uint32_t i = (uint32_t)siphash13(agents->key, id.data, id.len) & mask;
	while (agents->slots[i] != 0 && !text_equal(list[agents->slots[i] - 1].id, id)) {
		i = (i + 1) & mask;
	}
	return &agents->slots[i];
}

/*! \brief Doubles the table; the memory limit keeps its size far below 2^32. */
static int grow(struct state_agents *agents)
{
	uint32_t old_count = agents->slots_count;
	uint32_t count = old_count > 0 ? 2 * old_count : 64;
	size_t more = (count - old_count) * sizeof(*agents->slots);
	if (!arena_charge(agents->arena, more)) {
		return KNOT_ESPACE;
	}
	uint32_t *slots = calloc(count, sizeof(*slots));
	if (slots == NULL) {
		arena_discharge(agents->arena, more);
		return KNOT_ENOMEM;
	}
	free(agents->slots);
	agents->slots = slots;
	agents->slots_count = count;

	const struct state_agent *list = agents->list.data;
	for (uint32_t i = 0; i < agents->list.count; i++) {
		*find_slot(agents, list[i].id) = i + 1;
	}
	return KNOT_EOK;
}

int state_agents_intern(struct state_agents *agents, struct text id, uint32_t *index)
{
	/* At most half full, so that a probe is short and always ends. */
	if (agents->list.count >= agents->slots_count / 2) {
		int ret = grow(agents);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}

	uint32_t *slot = find_slot(agents, id);
	if (*slot == 0) {
		struct text copy;
		int ret = text_copy(agents->arena, id, &copy);
		if (ret != KNOT_EOK) {
			return ret;
		}
		struct state_agent *agent = vector_push(&agents->list, agents->arena);
		if (agent == NULL) {
			return arena_error(agents->arena);
		}
		agent->id = copy;
		*slot = (uint32_t)agents->list.count;
	}
	*index = *slot - 1;
	return KNOT_EOK;
}

void state_agents_free(struct state_agents *agents)
{
	arena_discharge(agents->arena, agents->slots_count * sizeof(*agents->slots));
	free(agents->slots);
	vector_free(&agents->list, agents->arena);
}
