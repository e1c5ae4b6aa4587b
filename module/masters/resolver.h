/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Host names to addresses through the system's resolver, never waiting long.
 *
 *     resolver_begin(resolver);                       // a poll: it may wait RESOLVER_WAIT_MS in
 * all struct state_addresses addrs = resolver_find(resolver, master); resolver_want(resolver, host,
 * RESOLVER_STRANGERS); // as often as there are names resolver_wait(resolver); addrs =
 * resolver_get(resolver, host);
 *
 * - Look-ups run in threads of the process (resolver_pool.h), those of masters and ZooKeeper's
 *   servers apart from those of names that frameworks and agents bring along: however many of those
 *   hang, ours do not wait for them.
 * - What is not there in time is taken up when it comes; until then the name has the addresses that
 *   it had.
 * - A resolver belongs to one thread; what it returned lives until its next resolver_begin().
 */
#pragma once

#include <stdatomic.h>

#include "module/masters/endpoint.h"
#include "module/state/state.h"

/*! \brief Longest that one poll waits for names, in milliseconds. */
#define RESOLVER_WAIT_MS 1000

/*! \brief Most names of one kind that are looked up; a cluster's addresses are no names. */
#define RESOLVER_NAMES_MAX 4096

/*! \brief Whose name it is. */
enum resolver_whose {
	RESOLVER_OURS,      /*!< A master's or a ZooKeeper server's. */
	RESOLVER_STRANGERS, /*!< A framework's or an agent's. */
};

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

/*! \brief Starts a poll: every name is looked up again when asked for, the waiting time is full. */
void resolver_begin(struct resolver *resolver);

/*! \brief Asks for a name, if it is one; an address is not looked up. */
void resolver_want(struct resolver *resolver, struct text host, enum resolver_whose whose);

/*! \brief Asks for a master's name, as resolver_want(). */
void resolver_want_endpoint(struct resolver *resolver, const struct endpoint *endpoint);

/*! \brief Waits for all names that were asked for, or until the waiting time is used up. */
void resolver_wait(struct resolver *resolver);

/*!
 * \brief Takes what has come, without waiting.
 *
 * \param is_news  Set to true if a look-up has ended; left alone if none has.
 *
 * \return True if names that were asked for are still on their way.
 */
bool resolver_look(struct resolver *resolver, bool *is_news);

/*! \brief Addresses of a name or an address; none if it did not resolve (yet). */
struct state_addresses resolver_get(struct resolver *resolver, struct text host);

/*! \brief Asks for a name of ours, waits as long for it alone, and gives its addresses. */
struct state_addresses resolver_find(struct resolver *resolver, struct text host);
