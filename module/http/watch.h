/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Requests that wait until the answer for a name is another one.
 *
 * - Those that wait for the same answer are one watch: it is looked up once at each publication.
 * - The server's thread alone calls.
 */
#pragma once

#include "module/http/lookup.h"
#include "module/http/peer.h"
#include "module/http/zones.h"

struct watch;

/*! \brief A request that waits; all zeros at first. */
struct waiter {
	struct waiter *next, **link; /*!< Private. */
	struct watch *watch;         /*!< NULL: it does not wait. */
	struct peer *peer;           /*!< Whose it is. */
	int64_t until;               /*!< When its time is up: CLOCK_MONOTONIC in ms. */
};

/*!
 * \brief Lets a request wait; its peer is suspended.
 *
 * \param waiter   Its peer and its time are set; stays where it is until watch_remove().
 * \param address  Where it was asked; outlives the waiter.
 * \param lookup   What it asked for; copied.
 * \param index    Of the present answer.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ELIMIT  There are too many.
 * \retval KNOT_ENOMEM
 */
int watch_add(struct waiter *waiter, const struct http_address *address,
              const struct lookup *lookup, uint64_t index);

/*! \brief Forgets a request, which may not wait at all; its peer is not resumed. */
void watch_remove(struct waiter *waiter);

/*! \brief Goes on with all whose answer has changed. */
void watch_check(void);

/*! \brief Goes on with all whose time is up. */
void watch_expire(void);

/*! \brief Milliseconds until that is to be done again; -1: nobody waits. */
int watch_timeout(void);

/*!
 * \brief Tells the index of the present answer.
 *
 * \return As zones_find().
 */
enum zones_state watch_index(const struct http_address *address, const struct lookup *lookup,
                             uint64_t *index);
