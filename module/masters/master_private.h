/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What master.c (whom to ask), master_request.c (one request), master_reply.c (what its
 *        reply says), transfer.c (how a master is asked) and stream.c (its events) share.
 */
#pragma once

#include <curl/curl.h>

#include <libknot/libknot.h>

#include "module/masters/master.h"
#include "module/masters/master_gzip.h"
#include "module/masters/transfer.h"

/*! \brief What a master is asked for (Mesos: `/master/state`). */
#define STATE_PATH "/master/state"

/*! \brief Most requests side by side: more masters than any cluster has. */
#define REQUESTS_MAX 16

/*! \brief Most masters of a poll that are remembered to have failed. */
#define FAILED_MAX 16

struct login;
struct stream;

/*! \brief The way from a known master to the leader's state, one transfer at a time. */
struct request {
	struct transfer transfer; /*!< First: libcurl gives back its address. */
	int64_t deadline;         /*!< For the whole way: CLOCK_MONOTONIC in ms. */
	struct objects_parser *parser;
	struct master_gzip *gzip;  /*!< NULL if the reply is not packed. */
	uint64_t bytes;            /*!< Of the document so far. */
	int body_ret;              /*!< What the parser or the unpacker said. */
	bool is_held;              /*!< Its state waits for that of another request. */
	bool is_waiting;           /*!< It is not asked yet: a login is under way. */
	struct master_reply reply; /*!< What comes of it, but for error and outcome. */
};

/*! \brief A master that gave no state. */
struct failed {
	struct endpoint endpoint;
	enum poll_outcome outcome;
};

struct master_client {
	const struct master_settings *settings;
	struct resolver *resolver;
	const atomic_bool *stop;
	struct master_sink sink;
	struct wants *wants;          /*!< A reference; NULL if nothing is. */
	struct request *taken;        /*!< Whose state goes to the sink; NULL if none does. */
	const struct endpoint *known; /*!< Masters that may be told the credential. */
	size_t known_count;
	CURLM *multi;          /*!< All that is under way; where the thread waits. */
	bool can_wake;         /*!< Its wait can be ended; false without descriptors. */
	atomic_bool woken;     /*!< By master_wake(), not looked at yet. */
	struct stream *stream; /*!< Whose silence is looked at; NULL if there is none. */

	struct login *login;   /*!< NULL if there is no account. */
	char *credential;      /*!< PRINCIPAL:SECRET of the fetch under way, or NULL. */
	int64_t next_look;     /*!< When others are asked (again); 0: nobody was silent yet. */
	struct request *first; /*!< The one whose failure is the fetch's. */
	struct failed failed[FAILED_MAX]; /*!< Of this poll. */
	size_t failed_count;
	struct request requests[REQUESTS_MAX];
};

/*!
 * \brief Asks, or waits for a login; KNOT_ECONN with the reason in the transfer if that is not
 *        possible.
 */
int request_begin(struct request *req);

/*! \brief Ends the request under way, if there is one; the reply stays. */
void request_end(struct request *req);

/*! \brief Lets a state come that was held back. */
void request_release(struct request *req);

/*! \brief Says why there is no state: the transfer's fault, or the document's. */
int request_explain(struct request *req, CURLcode code);

/*!
 * \brief Looks at a complete reply: the leader's state, or the way to it.
 *
 * \retval KNOT_EOK    The reply has the state; or else the request has another hop.
 * \retval KNOT_ECONN  Neither; the transfer says why.
 */
int reply_take(struct request *req);

/*! \brief Whose stream it is. */
struct master_client *stream_client(const struct stream *stream);

/*! \brief Gives a stream up that has been silent too long; after each turn of libcurl's. */
void stream_tend(struct stream *stream);

/*! \brief When stream_tend() is due again, CLOCK_MONOTONIC in ms; INT64_MAX: never. */
int64_t stream_deadline(const struct stream *stream);

/*! \brief Ends a stream for want of memory. */
void stream_starve(struct stream *stream);
