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

#include "module/state/state.h"

/*!
 * \brief Takes over what the state before had for agents that are recovered but not registered.
 *
 * The agents are marked as kept and get their address; the tasks that they had when they were
 * registered are copied as far as the state does not list them itself (same ID, framework and
 * agent), with the frameworks that are missing. So a state never has more than it lists and what
 * the agents had then, however many polls go by. A framework that is recovered itself keeps its
 * scheduler's address. Nothing in \a state points to \a before afterwards.
 *
 * Time grows as that of sorting both.
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
 * A state without agents and frameworks is taken for that until its leader has been elected for
 * longer than its flag `registry_fetch_timeout`; but not if the leader has been believed before,
 * such as with agents: a registry is read once.
 *
 * \param state         The leader's state, as it came.
 * \param before        The state served until now; NULL if there is none.
 * \param since_elected Seconds since the leader was elected.
 */
bool failover_is_blank(const struct state *state, const struct state *before, double since_elected);
