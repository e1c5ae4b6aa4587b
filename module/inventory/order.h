/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Tasks in the order in which states list them: which one comes next, and whether it is as
 *        it was.
 *
 * A master lists its tasks in much the same order each time, and most of them unchanged. The list
 * of a framework's dependents is kept in that order; a task's node has the hash of the text that
 * its object was made of.
 *
 * - The hash has 128 bits and a key, and covers all of the text: who chooses texts cannot choose
 *   two of one hash.
 * - It is of \a object, never of what is staged: it is noted where a state's object is found to be
 *   the same, and forgotten where the object changes. So it holds whatever becomes of a load.
 * - What is made of a text depends on what is wanted of it: where that changes, the key does, and
 *   no text is known any more.
 * - A wrong guess costs a hash of the text that was expected, and as much again has to be read
 *   before the next guess.
 * - One thread at a time.
 */
#pragma once

#include "module/inventory/node.h"

/*! \brief Where a state that is being read is; all zeros at its beginning. */
struct order {
	struct node *last; /*!< Its last task so far; NULL if it has none yet. */
	uint64_t owed;     /*!< Bytes that have to be read before another guess. */
};

/*! \brief Finds the node of a framework, if it is that of the last task; else NULL. */
struct node *order_framework(const struct order *order, struct text id);

/*! \brief Bytes of the text of the task that is expected next; 0 if none is. */
size_t order_expect(struct nodes *nodes, const struct order *order, struct text framework);

/*! \brief True if a text is that of the task that is expected: it is staged as it is. */
bool order_know(struct nodes *nodes, struct order *order, struct text text);

/*! \brief Puts a task that has been staged where the state has it. */
void order_put(struct nodes *nodes, struct order *order, struct node *task);

/*! \brief Notes the text of the last task. */
void order_keep(const struct nodes *nodes, struct order *order, struct text text);
