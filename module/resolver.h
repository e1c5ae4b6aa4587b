/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Host names to addresses through the system's resolver, never waiting long.
 *
 *     resolver_begin(resolver);                // a poll starts: it may wait RESOLVER_WAIT_MS in
 * all resolver_want(resolver, host);           // as often as there are names
 *     resolver_wait(resolver);
 *     struct state_addresses addrs = resolver_get(resolver, host);
 *
 * - Look-ups run in glibc's threads (getaddrinfo_a()). What is not there in time is taken up when
 *   it comes: the next poll finds it.
 * - A resolver belongs to one thread; what it returned lives until its next resolver_begin().
 */
#pragma once

#include <stdatomic.h>

#include "module/state.h"

/*! \brief Longest that one poll waits for names, in milliseconds. */
#define RESOLVER_WAIT_MS 1000

/*! \brief Most names a poll looks up; a cluster's addresses are addresses, not names. */
#define RESOLVER_NAMES_MAX 4096

struct resolver;

/*!
 * \brief Makes a resolver.
 *
 * \param stop  Ends a wait when it becomes true; set by any thread, must outlive the resolver.
 *
 * \return NULL if memory runs out.
 */
struct resolver *resolver_new(const atomic_bool *stop);

/*! \brief Frees a resolver without waiting for anything; NULL is fine. */
void resolver_free(struct resolver *resolver);

/*! \brief Starts a poll: forgets what the last one learnt, refills the waiting time. */
void resolver_begin(struct resolver *resolver);

/*! \brief Asks for a name, if it is one; an address is not looked up. */
void resolver_want(struct resolver *resolver, struct text host);

/*! \brief Waits for the names that were asked for, or until the waiting time is used up. */
void resolver_wait(struct resolver *resolver);

/*! \brief Addresses of a name or an address; none if it did not resolve (yet). */
struct state_addresses resolver_get(struct resolver *resolver, struct text host);
