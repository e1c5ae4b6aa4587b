/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief From a state to what queries see: host names, records, snapshots, RCU.
 *
 * The cluster's thread calls.
 */
#pragma once

#include "module/cluster/cluster_private.h"

/*! \brief Finds the addresses of all hosts that make records; waits as the resolver does. */
void publish_resolve(struct cluster *cluster, const struct state *state);

/*!
 * \brief Builds and publishes the snapshots of all views, and says what they lack.
 *
 * \param time  When the state was true: CLOCK_MONOTONIC in ms.
 *
 * \return KNOT_EOK, or as view_build(): what is published stays.
 */
int publish_state(struct cluster *cluster, const struct state *state, int64_t time);
