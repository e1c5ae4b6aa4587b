/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief How long ago the leader that answers was elected, and what it may not know yet.
 *
 *     struct failover_age age = { 0 };
 *     double seconds = failover_age(&age, &facts, asked, &before, date, clock_ms(CLOCK_MONOTONIC));
 *     if (!failover_is_blank(&facts, &before, seconds)) {
 *         before = failover_leader(&facts, asked);
 *     }
 *
 * - Its own clock says: `elected_time` held against the `Date` of the same reply. Our own time of
 *   day counts for nothing.
 * - That clock may have been set in between. What it says is taken for true only as far as we have
 *   not seen otherwise; else the time counts since this leader was first seen.
 * - A leader that has not read its registry yet says that there is nothing at all.
 * - Plain values, no memory; one thread.
 */
#pragma once

#include "module/state/objects.h"

/*! \brief Bytes of a master's ID that count, and a NUL; Mesos makes UUIDs of 36. */
#define FAILOVER_ID_MAX 64

/*! \brief Who has given a state. */
struct failover_leader {
	char id[FAILOVER_ID_MAX]; /*!< Its ID, or the start of it; empty if it said none. */
	int64_t asked;            /*!< When it was asked: CLOCK_MONOTONIC in ms; 0: nobody has. */
};

/*! \brief What is known of the leader that answered last; all zeros before the first. */
struct failover_age {
	struct failover_leader last; /*!< Who that was. */
	int64_t first;               /*!< When its first answer had come: CLOCK_MONOTONIC in ms. */
	int64_t earliest;            /*!< It cannot have been elected before. */
};

/*! \brief Who has given a state that was asked for at that time. */
struct failover_leader failover_leader(const struct master_facts *facts, int64_t asked);

/*!
 * \brief Tells for how long a leader has been one, in seconds, not negative.
 *
 * \param age     Of the leader before, of this one afterwards.
 * \param facts   What its state says of it.
 * \param asked   When that was asked for: CLOCK_MONOTONIC in ms.
 * \param before  Who gave the state served until now, maybe to another poller; zeros if nobody.
 * \param date    `Date` of the reply, seconds since 1970; 0 without one.
 * \param now     CLOCK_MONOTONIC in ms, when the state had come.
 */
double failover_age(struct failover_age *age, const struct master_facts *facts, int64_t asked,
                    const struct failover_leader *before, int64_t date, int64_t now);

/*!
 * \brief True if a state says nothing because its leader has not read the registry.
 *
 * A state without agents and frameworks is taken for that until its leader has been elected for
 * longer than its flag `registry_fetch_timeout`; but not if the leader has been believed before,
 * such as with agents: a registry is read once.
 *
 * \param before         As above.
 * \param since_elected  Seconds since the leader was elected.
 */
bool failover_is_blank(const struct master_facts *facts, const struct failover_leader *before,
                       double since_elected);
