/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The agents of a state, each once, found by their id.
 *
 * - Ids come from strangers: the table's hash has a random key.
 * - Memory counts against the arena, which also owns the ids' bytes.
 * - One thread at a time, the one that has the arena.
 */
#pragma once

#include "module/state/state.h"
#include "module/base/vector.h"

struct state_agents {
	struct arena *arena;
	struct vector list;   /*!< Of struct state_agent, in order of their appearance. */
	uint32_t *slots;      /*!< Hash table: 1 + index into \a list, 0 if free. */
	uint32_t slots_count; /*!< A power of two, or 0. */
	uint64_t key[2];      /*!< Of the hash. */
};

/*! \brief Makes an empty table; KNOT_EOK, or KNOT_ERROR if the system has no random bytes. */
int state_agents_init(struct state_agents *agents, struct arena *arena);

/*!
 * \brief Finds the agent of an id, or adds it.
 *
 * \param id     Its id, not empty; copied.
 * \param index  Out: its index in \a list.
 *
 * \return KNOT_EOK, KNOT_ESPACE or KNOT_ENOMEM.
 */
int state_agents_intern(struct state_agents *agents, struct text id, uint32_t *index);

/*! \brief Frees the table and the list, unless list.data has been taken out. */
void state_agents_free(struct state_agents *agents);
