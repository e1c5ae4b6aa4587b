/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Mesos's ways of writing things as text within a state.
 *
 * - Works on bytes with a length; any value may occur in them.
 * - No allocation but by text_copy(), no global state: any thread may call.
 */
#pragma once

#include "module/base/arena.h"
#include "module/state/state.h"

/*! \brief True if a text is the string literal. */
#define TEXT_IS(a, literal) text_equal((a), (struct text){ literal, sizeof(literal) - 1 })

/*! \brief True if both texts have the same bytes. */
bool text_equal(struct text a, struct text b);

/*!
 * \brief Reads a task's state (Mesos: `TaskState`).
 *
 * \return TASK_STATE_RUNNING; of the others each that is known has a number of its own, too, and
 *         those that are not have 0.
 */
uint8_t task_state(struct text text);

/*! \brief How far a task in such a state has come. */
enum task_life task_state_life(uint8_t state);

/*! \brief Copies a text into an arena; KNOT_EOK or arena_error(), then \a out is untouched. */
int text_copy(struct arena *arena, struct text text, struct text *out);

/*!
 * \brief Reads a duration such as `1mins` or `1.5hrs` (Mesos: `Duration::parse` in stout).
 *
 * \return True and its \a seconds, or false if the text is none.
 */
bool duration_parse(struct text text, double *seconds);

/*! \brief What is between the brackets of a list of ports, `[31000-31002, 32000-32100]`. */
struct text ranges_list(struct text text);

/*!
 * \brief Takes the next range out of a list of ports.
 *
 * Pieces that are no range of ports are passed over.
 *
 * \param list   What ranges_list() gave; what is left of it afterwards.
 * \param range  Out: the range.
 *
 * \return True, or false if there is none left.
 */
bool ranges_next(struct text *list, struct state_port_range *range);
