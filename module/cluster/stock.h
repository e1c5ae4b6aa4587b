/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A cluster's inventory, which later clusters of the same zones may need to begin with.
 *
 * Options that change in the middle of a failover make a new cluster, which has to know what the
 * new leader has not found out yet: it copies the inventory of the one before, which may be polled
 * on, or have ended.
 *
 *     struct stock *stock = stock_new(listener, cluster);
 *     ret = stock_copy(stock, before, &stop);
 *     stock_unref(before);
 *
 * - References are counted: any thread may take and give them. What is counted outlives the
 * cluster.
 * - Only the cluster's thread changes the inventory, and only with the lock held; others may hold
 * it to read. Whoever holds two has taken the older one's first.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "module/cluster/failover_age.h"
#include "module/inventory/inventory.h"

/*! \brief An inventory with its lock. */
struct stock {
	uint32_t refs;
	pthread_mutex_t lock; /*!< Guards what follows. */
	struct inventory *inventory;
	struct failover_leader leader; /*!< Whose last state it has; all zeros before the first. */
};

/*!
 * \brief Makes an empty one with one reference.
 *
 * \param listener  Hears of changes with the lock held; called by whoever makes them.
 *
 * \return NULL if memory runs out.
 */
struct stock *stock_new(inventory_listener_f listener, void *ctx);

/*! \brief Takes a further reference; returns \a stock, which may be NULL. */
struct stock *stock_ref(struct stock *stock);

/*! \brief Gives a reference back, frees the stock with the last one; NULL is fine. */
void stock_unref(struct stock *stock);

/*!
 * \brief Makes a stock's inventory what another one's is, and its leader the same.
 *
 * \param to    Has no state on its way.
 * \param from  Another one.
 * \param stop  Looked at now and then.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ECONNABORTED  Stopped.
 * \retval KNOT_ESPACE, KNOT_ENOMEM
 *
 * On any error nothing has changed.
 */
int stock_copy(struct stock *to, struct stock *from, const atomic_bool *stop);

/*! \brief Takes a state's objects with a stock as context, locking it for each. */
extern const struct objects_sink stock_sink;

/*! \brief A state is about to be asked for (inventory_expect()). */
void stock_expect(struct stock *stock);

/*! \brief None is expected any more (inventory_forget()). */
void stock_forget(struct stock *stock);

/*! \brief Drops the events that are kept for it (inventory_disown()). */
void stock_disown(struct stock *stock);

/*! \brief Takes an event (inventory_event()). */
int stock_event(struct stock *stock, const struct event *event, struct inventory_news *news);

/*! \brief Has all tasks read by the next state (inventory_read_anew()). */
void stock_read_anew(struct stock *stock);

/*! \brief Begins to take a state (inventory_begin()); the context is a stock. */
void stock_begin(void *ctx);

/*! \brief Forgets the state that was begun (inventory_abort()); the context is a stock. */
void stock_abort(void *ctx);
