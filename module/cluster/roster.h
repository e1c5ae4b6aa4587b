/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A copy of what an inventory has: frameworks by ID, and each one's tasks by ID.
 *
 *     struct roster *roster = NULL;
 *     int ret = roster_take(stock, &stop, &roster);
 *     for (const struct roster_framework *f = roster->frameworks; f != NULL; ...) ...
 *     roster_free(roster);
 *
 * Whoever makes a long list of it would hold up the cluster's thread for as long. So it is copied
 * with the stock's lock held, which takes some milliseconds for ten thousand tasks, and looked at
 * without.
 *
 * - It has the tasks that run, of frameworks that are known, on agents that are known.
 * - A roster owns all it points to. It belongs to one thread at a time.
 */
#pragma once

#include "module/base/arena.h"
#include "module/base/list.h"
#include "module/cluster/stock.h"

/*! \brief A task; what its records depend on is in \a side. */
struct roster_task {
	struct list_item item; /*!< To the framework's next one. */
	struct inventory_side side;
};

/*! \brief A framework. */
struct roster_framework {
	struct list_item item; /*!< To the next one. */
	const struct framework_object *framework;
	struct list_item *tasks; /*!< Its first; NULL if it has none. */
};

/*! \brief The copy. */
struct roster {
	struct list_item *frameworks; /*!< The first; NULL if there is none. */
	struct arena arena;           /*!< Private. */
};

static inline const struct roster_framework *roster_framework(const struct list_item *item)
{
	return (const struct roster_framework *)item;
}

static inline const struct roster_task *roster_task(const struct list_item *item)
{
	return (const struct roster_task *)item;
}

/*!
 * \brief Copies what a stock has. Any thread.
 *
 * \param stop  Ends it; may be NULL.
 * \param out   Out: for roster_free().
 *
 * \retval KNOT_EOK
 * \retval KNOT_ECONNABORTED  Stopped.
 * \retval KNOT_ESPACE, KNOT_ENOMEM
 */
int roster_take(struct stock *stock, const atomic_bool *stop, struct roster **out);

/*! \brief Frees a roster; NULL is fine. */
void roster_free(struct roster *roster);
