/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What master.c (whom to ask), master_request.c (one request) and master_reply.c (what its
 *        reply says) share.
 */
#pragma once

#include <curl/curl.h>

#include <libknot/libknot.h>

#include "module/masters/master.h"
#include "module/masters/master_gzip.h"

/*! \brief What a master is asked for (Mesos: `/master/state`). */
#define STATE_PATH "/master/state"

/*! \brief Longest path of a redirect that is followed. */
#define PATH_MAX_LEN 255

/*! \brief Most requests side by side: more masters than any cluster has. */
#define REQUESTS_MAX 16

/*! \brief Most masters of a poll that are remembered to have failed. */
#define FAILED_MAX 16

/*! \brief Where a request goes. */
struct hop {
	struct endpoint endpoint;
	char path[PATH_MAX_LEN + 1];
};

/*! \brief The way from a known master to the leader's state, one request at a time. */
struct request {
	struct master_client *client;
	struct hop hops[1 + MASTER_REDIRECTS_MAX]; /*!< The last one is being asked. */
	size_t hops_count;
	bool trusted;     /*!< That one may be told the credential. */
	int64_t deadline; /*!< For the whole way: CLOCK_MONOTONIC in ms. */
	int64_t heard;    /*!< When it was asked, or has sent something: CLOCK_MONOTONIC in ms. */

	CURL *easy; /*!< NULL if no request is under way. */
	struct curl_slist *headers;
	struct curl_slist *addresses;
	struct objects_parser *parser;
	struct master_gzip *gzip; /*!< NULL if the reply is not packed. */
	uint64_t bytes;           /*!< Of the document so far. */
	int body_ret;             /*!< What the parser or the unpacker said. */
	bool is_held;             /*!< Its state waits for that of another request. */
	int socket_errno;         /*!< Why no socket could be made; 0 if they could. */
	char curl_error[CURL_ERROR_SIZE];
	struct master_reply reply; /*!< What comes of it. */
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
	struct request *taken;        /*!< Whose state goes to the sink; NULL if none does. */
	const struct endpoint *known; /*!< Masters that may be told the credential. */
	size_t known_count;
	CURLM *multi;
	atomic_bool woken; /*!< By master_wake(), not looked at yet. */

	char *credential;      /*!< PRINCIPAL:SECRET of the fetch under way, or NULL. */
	int64_t next_look;     /*!< When others are asked (again); 0: nobody was silent yet. */
	struct request *first; /*!< The one whose failure is the fetch's. */
	struct failed failed[FAILED_MAX]; /*!< Of this poll. */
	size_t failed_count;
	struct request requests[REQUESTS_MAX];
};

/*! \brief Whom a request asks. */
const struct endpoint *request_endpoint(const struct request *req);

/*! \brief Asks; KNOT_ECONN with the reason in the reply if that is not possible. */
int request_begin(struct request *req);

/*! \brief Ends the request under way, if there is one; the reply stays. */
void request_end(struct request *req);

/*! \brief Lets a state come that was held back. */
void request_release(struct request *req);

/*! \brief Notes why there is no state; returns KNOT_ECONN. */
__attribute__((format(printf, 3, 4))) int request_fail(struct request *req, enum poll_outcome why,
                                                       const char *fmt, ...);

/*! \brief Says why a transfer failed, in words that do not change from poll to poll. */
int request_explain(struct request *req, CURLcode code);

/*! \brief A header of the reply; NULL without one. */
const char *request_header(const struct request *req, const char *name);

/*! \brief True if two endpoints are one master's, by name or by address. */
bool request_same_master(struct master_client *client, const struct endpoint *a,
                         const struct endpoint *b);

/*!
 * \brief Looks at a complete reply: the leader's state, or the way to it.
 *
 * \retval KNOT_EOK    The reply has the state; or else the request has another hop.
 * \retval KNOT_ECONN  Neither; the reply says why.
 */
int reply_take(struct request *req);
