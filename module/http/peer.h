/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Who is connected: how many, for how long, and who waits.
 *
 * - A request has to arrive within PEER_REQUEST_MS of the connection, or of the answer before; an
 *   answer has to be taken at PEER_RATE at least. Who is too slow is cut off.
 * - Those that wait for a change are counted apart from all others.
 * - The server's thread alone calls.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

#include "module/http/loop.h"

/*!
 * \brief Most connections that do not wait for a change, and most that do.
 *
 * Those that do are no more than a quarter of the descriptors that the process may have: knotd
 * takes half of them for DNS over TCP.
 */
#define PEERS_MAX   64
#define WAITERS_MAX 1000

/*! \brief How long a request may take to arrive, in milliseconds. */
#define PEER_REQUEST_MS 10000

/*! \brief How long an answer may take: so many milliseconds, and one second for each so many
 *         octets. */
#define PEER_ANSWER_MS 30000
#define PEER_RATE      65536

/*! \brief A connection. */
struct peer {
	struct loop_event hangup; /*!< While it waits for a change. */
	struct peer *next, *prev; /*!< In the order in which they came, or were answered. */
	struct MHD_Connection *connection;
	void *request; /*!< The one under way; NULL: none. */
	int fd;
	int64_t deadline; /*!< When it is cut off: CLOCK_MONOTONIC in ms. */
	bool idle;        /*!< It has had an answer, and sent nothing since. */
	bool suspended;   /*!< Its request cannot be answered yet. */
	bool waits;       /*!< That is for a change. */
};

/*! \brief Takes note of a new connection; NULL if memory runs out: it is cut off. */
struct peer *peer_open(struct MHD_Connection *connection);

/*! \brief Takes note that a connection is closed; frees it. NULL is fine. */
void peer_close(struct peer *peer);

/*! \brief True if one more connection may come. */
bool peers_have_room(void);

/*! \brief True if somebody has had an answer and asks for nothing. */
bool peers_have_idle(void);

/*! \brief Cuts off who has been idle for longest, to make room; false if nobody is idle. */
bool peers_make_room(void);

/*! \brief Cuts off who is too slow. */
void peers_expire(void);

/*! \brief Milliseconds until that is to be done again; -1: nobody is there. */
int peers_timeout(void);

/*! \brief Takes note that a request begins to arrive. */
void peer_begins(struct peer *peer);

/*! \brief Takes note that an answer of so many octets is being sent. */
void peer_answers(struct peer *peer, uint64_t octets);

/*! \brief Takes note that an answer is sent. */
void peer_rests(struct peer *peer);

/*!
 * \brief Lets a request wait until peer_resume().
 *
 * \param waits  For a change, which may take long: counted apart, and goes on if the peer hangs up.
 *
 * \return False if there are too many.
 */
bool peer_suspend(struct peer *peer, bool waits);

/*! \brief Goes on with a request. */
void peer_resume(struct peer *peer);

/*! \brief Goes on with all of a daemon, or all for NULL, as it is to end. */
void peers_resume(struct MHD_Daemon *daemon);

/*! \brief How many connections there are, and how many of them wait for a change. */
void peers_count(size_t *all, size_t *waiting);
