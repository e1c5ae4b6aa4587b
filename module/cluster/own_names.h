/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Which names are frameworks' own, so that no format gives them to a task.
 *
 * Frameworks and tasks come and go in any order, so a task's records are made with the names that
 * were frameworks' own when that was last settled:
 *
 *     ret = own_names_count(&names, &name, 1);           // a framework has come
 *     is_free = own_names_choose(&names, &chosen, 1, &ret); // a task's records are made
 *     if (own_names_concern(&names)) {
 *         // ... of each task whose chosen names are own_names_is_other(): take its records away
 * ... names.is_settling = true;
 *         // ... and make them again ...
 *     }
 *     own_names_settle(&names);
 *
 * - What tasks have chosen is counted, too: a name that no task has concerns none.
 * - About 80 bytes for each name. Names come from strangers: the hash has a random key.
 * - One thread at a time.
 */
#pragma once

#include "module/records/name.h"
#include "module/snapshot/map.h"

/*! \brief All zeros: none. */
struct own_names {
	uint64_t key[2];
	bool has_key;
	bool is_changed;   /*!< Some may be other than they were. */
	bool is_settling;  /*!< What is made now is made with what is settled next. */
	struct map own;    /*!< Frameworks'. */
	struct map chosen; /*!< How many tasks have one of a hash, whether they may or not. */
};

/*! \brief Frees all and leaves none. */
void own_names_free(struct own_names *names);

/*! \brief Forgets what tasks have chosen. */
void own_names_forget_chosen(struct own_names *names);

/*! \brief Counts a framework of a name more or less (\a diff); KNOT_EOK, KNOT_ENOMEM, KNOT_ERROR.
 */
int own_names_count(struct own_names *names, const struct name *name, int diff);

/*!
 * \brief Counts a task more or less that has chosen a name; 0: only asks.
 *
 * \param ret  Set if that fails, else left alone: KNOT_ENOMEM, KNOT_ERROR.
 *
 * \return False if the name is a framework's own.
 */
bool own_names_choose(struct own_names *names, const struct name *name, int diff, int *ret);

/*! \brief True if names have become frameworks' own, or are not any more, that tasks have chosen.
 */
bool own_names_concern(const struct own_names *names);

/*! \brief True if a name has become a framework's own, or is not any more. */
bool own_names_is_other(const struct own_names *names, const struct name *name);

/*! \brief Makes the names that are frameworks' own now those that tasks' records are made with. */
void own_names_settle(struct own_names *names);
