/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief When whole states are read for events that say that there is more to know.
 *
 *     struct pace pace = { 0 };
 *     read_at = MIN(read_at, pace_want(&pace, now, poll_interval));    // such an event
 *     // ... then
 *     pace_ask(&pace, now, poll_interval);                             // a state is asked for
 *
 * - The first is read within a second, the next one 2 s after it at the soonest, then 4 s, ...
 *   up to poll-interval, while such events go on: one framework that comes and goes must not make
 *   the master write its state all the time. After a poll-interval without it begins anew.
 * - Times are CLOCK_MONOTONIC in ms, spans are ms. Plain values, no memory; one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*! \brief What is remembered; all zeros before the first event. */
struct pace {
	bool is_wanted; /*!< A state is wanted, and was not asked for yet. */
	int64_t event;  /*!< When the last such event came. */
	int64_t asked;  /*!< When the last state for such an event was asked for. */
	int64_t pause;  /*!< Shortest time between that and the next one. */
};

/*! \brief Such an event has come; gives the time at which a state is to be read. */
int64_t pace_want(struct pace *pace, int64_t now, int64_t poll_interval);

/*! \brief A state is asked for now, for such an event or for anything else. */
void pace_ask(struct pace *pace, int64_t now, int64_t poll_interval);
