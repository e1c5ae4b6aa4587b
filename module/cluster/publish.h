/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief From what comes to what queries see: the inventory, host names, records, snapshots, RCU.
 *
 *     ret = publish_begin(cluster);
 *     // ... events go to the stock ...
 *     ret = publish_changes(cluster);
 *
 * The cluster's thread calls.
 */
#pragma once

#include "module/cluster/cluster_private.h"

/*! \brief The inventory's listener; the context is a cluster. */
void publish_hear(void *cluster, const struct inventory_change *change);

/*!
 * \brief All views hear of the inventory's changes, until they are published.
 *
 * Before any of them; further calls do nothing.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM  Nothing may change now.
 */
int publish_begin(struct cluster *cluster);

/*! \brief Publishes what has changed since publish_begin(); returns as publish_state(). */
int publish_changes(struct cluster *cluster);

/*! \brief Publishes what host names that have come change; returns as publish_state(). */
int publish_names(struct cluster *cluster);

/*! \brief Shows when what is served was last known to be true, and the counters. */
void publish_life(struct cluster *cluster);

/*!
 * \brief Makes the state that has come true, and publishes what changes in all views.
 *
 * \param reply  What came with it; the stock has the objects.
 * \param asked  When it was asked for: CLOCK_MONOTONIC in ms.
 * \param wait   Wait a little for host names; else what is not there yet is for publish_names().
 *
 * \retval KNOT_EOK
 * \retval KNOT_ECONNABORTED  Stopped.
 * \return Else as inventory_commit() or projection_commit(). What is published stays where a view
 *         could not be made; the next state makes up for it.
 */
int publish_state(struct cluster *cluster, const struct master_reply *reply, int64_t asked,
                  bool wait);

/*!
 * \brief Publishes views that have come, or have changed, of what there is already.
 *
 * Before there is anything it does nothing. Also in the middle of a fetch.
 *
 * \return As publish_state().
 */
int publish_views(struct cluster *cluster);
