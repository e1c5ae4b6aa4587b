/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Whom a poll asks: ZooKeeper's masters, the static ones, the last good one first.
 *
 * The cluster's thread calls.
 */
#pragma once

#include "module/cluster/cluster_private.h"

/*!
 * \brief Finds the masters and asks them in turn, until one leads to the leader's state.
 *
 * \param errors  Out: what went wrong, also if it went well in the end.
 *
 * \return As master_fetch(); a failure's outcome in \a reply is the one that says most.
 */
int fetch_state(struct cluster *cluster, struct master_reply *reply,
                char errors[static CLUSTER_ERROR_MAX]);
