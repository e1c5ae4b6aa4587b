/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The host names that make records: an agent's, a scheduler's, the masters'.
 *
 * - A state has all of them asked for (names_want()), and is waited for a little with it unless
 *   events come. What comes later is taken when it comes (names_tend()).
 * - While events come there are few polls: then names are looked up every poll-interval
 *   (names_renew()), and new ones as soon as an event brings them.
 * - The cluster's thread calls.
 */
#pragma once

#include "module/cluster/cluster_private.h"

/*!
 * \brief Asks for the names of all that the inventory has, and of the masters.
 *
 * \param wait  Wait for them, as long as a poll may (resolver_wait()).
 */
void names_want(struct cluster *cluster, bool wait);

/*!
 * \brief Tells the inventory what is known of its names, and notes where the masters are.
 *
 * \return As inventory_resolved().
 */
int names_take(struct cluster *cluster);

/*! \brief Has every name looked up again, ZooKeeper's servers' included. */
void names_renew(struct cluster *cluster);

/*! \brief An event has come that may have brought a name; true if it has to be looked up. */
bool names_hear(struct cluster *cluster);

/*!
 * \brief Does what is due: asks for names that are new, looks what has come.
 *
 * \param is_news  Set to true if names_take() would find something new; else left alone.
 *
 * \return When to call again: CLOCK_MONOTONIC in ms; INT64_MAX if nothing is on its way.
 */
int64_t names_tend(struct cluster *cluster, bool *is_news);
