/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What is true of a cluster while its new leader finds out.
 *
 * - A new leader knows from the registry which agents there are, and lists them as recovered until
 *   they have registered again; only then does it know of their tasks (Mesos: `Registry`,
 *   `ReregisterSlaveMessage`). What the state before had of such agents is still true.
 * - A leader that has not read the registry yet says that there is nothing at all.
 * - One thread at a time for the states that are passed.
 */
#pragma once

#include "module/state.h"

/*!
 * \brief Takes over what the state before had for agents that are recovered but not registered.
 *
 * The agents are marked as kept and get their address; their tasks are copied, with the frameworks
 * that are missing. A framework that is recovered itself keeps its scheduler's address. Nothing in
 * \a state points to \a before afterwards.
 *
 * \param state   The leader's state.
 * \param before  The state served until now, itself after this call; NULL if there is none.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ESPACE, KNOT_ENOMEM  \a state is of no use but for state_free().
 */
int failover_keep(struct state *state, const struct state *before);

/*!
 * \brief True if a state says nothing because its leader has not read the registry.
 *
 * A state without agents is taken for that until its leader has been elected for longer than its
 * flag `registry_fetch_timeout`.
 *
 * \param state         The leader's state.
 * \param since_elected Seconds since it was elected.
 */
bool failover_is_blank(const struct state *state, double since_elected);
