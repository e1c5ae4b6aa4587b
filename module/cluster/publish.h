/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief From a state to what queries see: the inventory, host names, records, snapshots, RCU.
 *
 * The cluster's thread calls.
 */
#pragma once

#include "module/cluster/cluster_private.h"

/*! \brief The inventory's listener; the context is a cluster. */
void publish_hear(void *cluster, const struct inventory_change *change);

/*!
 * \brief Makes the state that has come true, and publishes what changes in all views.
 *
 * \param reply  What came with it; the stock has the objects.
 * \param asked  When it was asked for: CLOCK_MONOTONIC in ms.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ECONNABORTED  Stopped.
 * \return Else as inventory_commit() or projection_commit(). What is published stays where a view
 *         could not be made; the next state makes up for it.
 */
int publish_state(struct cluster *cluster, const struct master_reply *reply, int64_t asked);

/*!
 * \brief Publishes views that have come, or have changed, of what there is already.
 *
 * Before there is anything it does nothing. Also in the middle of a fetch.
 *
 * \return As publish_state().
 */
int publish_views(struct cluster *cluster);
