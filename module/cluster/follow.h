/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Following the leader's events: when to subscribe, when a state is to be read all the same.
 *
 *     follow_expect(cluster);               // before a poll
 *     // ... the state comes, and events meanwhile (follow_watch) ...
 *     follow_catch_up(cluster, &reply);     // before it is made true
 *     follow_leader(cluster, &reply);       // once it is
 *
 * - A state leads to a subscription, and that to another state: what happened in between is in no
 *   event. From then on a state is read every resync-interval, and soon after an event that says
 *   that there is more to know than it tells, the more rarely the more often such events come.
 * - A stream that ends is asked for again after 1 s, 2 s, ... poll-interval; meanwhile there are
 *   polls. Two readers that a master ends for each other do not make it a storm.
 * - A leader that hangs is as silent as one to whom nothing happens: while it is quiet the other
 *   masters are asked who leads, unless ZooKeeper says so.
 * - Events are published together as they come together: those that one turn of libcurl's brings.
 * - The cluster's thread calls.
 */
#pragma once

#include "module/cluster/cluster_private.h"

/*!
 * \brief Makes what a cluster that is to follow events needs.
 *
 * \retval KNOT_EOK, KNOT_ENOMEM
 */
int follow_init(struct cluster *cluster);

/*! \brief Ends the subscription and frees all of it; before the client. */
void follow_clear(struct cluster *cluster);

/*! \brief True while events come, so that states are read for the rest of it only. */
bool follow_lives(const struct cluster *cluster);

/*! \brief A state is about to be asked for. */
void follow_expect(struct cluster *cluster);

/*! \brief Takes in the events that the state of a reply may lack. */
void follow_catch_up(struct cluster *cluster, const struct master_reply *reply);

/*! \brief A state has come true: its master is the one to subscribe to. */
void follow_leader(struct cluster *cluster, const struct master_reply *reply);

/*! \brief A poll has failed: nobody is known to lead. */
void follow_nobody(struct cluster *cluster);

/*! \brief Publishes what has come; struct master_watch's on_turn, with the cluster. */
void follow_turn(void *cluster);

/*!
 * \brief Does what is due; not in the middle of a fetch.
 *
 * \return When to call again: CLOCK_MONOTONIC in ms.
 */
int64_t follow_tend(struct cluster *cluster);

/*! \brief When events want a state to be read: CLOCK_MONOTONIC in ms; INT64_MAX: they do not. */
int64_t follow_state_at(const struct cluster *cluster);
