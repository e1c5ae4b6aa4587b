/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief How long ago the leader that answers was elected.
 *
 *     struct failover_age age = { 0 };
 *     double seconds = failover_age(&age, state, before, date, clock_ms(CLOCK_MONOTONIC));
 *
 * - Its own clock says: `elected_time` held against the `Date` of the same reply. Our own time of
 *   day counts for nothing.
 * - That clock may have been set in between. What it says is taken for true only as far as we have
 *   not seen otherwise; else the time counts since this leader was first seen.
 * - Plain values, no memory; one thread.
 */
#pragma once

#include "module/state/state.h"

/*! \brief What is known of the leader that answered last; all zeros before the first. */
struct failover_age {
	char id[64];      /*!< Start of its ID. */
	int64_t first;    /*!< When its first answer had come: CLOCK_MONOTONIC in ms. */
	int64_t asked;    /*!< When its last answer was asked for; 0: nobody has answered yet. */
	int64_t earliest; /*!< It cannot have been elected before. */
};

/*!
 * \brief Tells for how long a leader has been one, in seconds, not negative.
 *
 * \param age     Of the leader before, of this one afterwards.
 * \param state   The leader's state, with the time when it was asked for.
 * \param before  The state served until now, maybe by another poller; NULL if there is none.
 * \param date    `Date` of the reply, seconds since 1970; 0 without one.
 * \param now     CLOCK_MONOTONIC in ms, when the state had come.
 */
double failover_age(struct failover_age *age, const struct state *state, const struct state *before,
                    int64_t date, int64_t now);
