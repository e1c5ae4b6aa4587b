/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief One question to a master over HTTP, asked again of whomever it redirects to.
 *
 * What requests for a state (master_request.c) and a stream of events (stream.c) share: whom they
 * may ask, what they may tell them, how they reach them, and what is said of it if they do not.
 *
 * - A transfer belongs to the thread of its client.
 * - At most one connection at a time; it never lives longer than the question.
 */
#pragma once

#include <curl/curl.h>

#include "module/masters/master.h"

/*! \brief Longest path of a redirect that is followed. */
#define PATH_MAX_LEN 255

/*! \brief Room for the reason of a failure. */
#define TRANSFER_REASON_MAX 192

/*! \brief Where a question goes. */
struct hop {
	struct endpoint endpoint;
	char path[PATH_MAX_LEN + 1];
};

/*! \brief The way from the master asked first to the one that leads; all zero: none yet. */
struct transfer {
	struct master_client *client;
	/*! \brief Looks at what it has come to, outside of libcurl; NULL: it is a state's. */
	void (*on_done)(struct transfer *transfer, CURLcode code);
	struct hop hops[1 + MASTER_REDIRECTS_MAX]; /*!< The last one is being asked. */
	size_t hops_count;
	bool trusted;  /*!< That one may be told who we are. */
	int64_t heard; /*!< When it was asked, or has sent something: CLOCK_MONOTONIC in ms. */

	const char *token;     /*!< What `Authorization` is to say (login.h), or NULL; until it is
	                          prepared. */
	unsigned token_serial; /*!< Of the last one that was told; 0: none. */

	CURL *easy; /*!< NULL if nothing is under way. */
	struct curl_slist *headers;
	struct curl_slist *addresses;
	int socket_errno; /*!< Why no socket could be made; 0 if they could. */
	char curl_error[CURL_ERROR_SIZE];

	char reason[TRANSFER_REASON_MAX]; /*!< Why it has failed; empty if it has not. */
	enum poll_outcome outcome;        /*!< The same for counters. */
};

/*! \brief Whom a transfer asks. */
const struct endpoint *transfer_endpoint(const struct transfer *transfer);

/*!
 * \brief Reads the credential that is configured.
 *
 * \param out  Out: for transfer_prepare() and credential_free(); NULL if there is none.
 *
 * \return KNOT_EOK, or KNOT_ECONN: the transfer says what is wrong with its file.
 */
int transfer_credential(struct transfer *transfer, char **out);

/*!
 * \brief Makes a handle for the last hop: its address, files for TLS, headers, credential, token.
 *
 * \param headers     Lines, NULL-terminated.
 * \param credential  `PRINCIPAL:SECRET`, told to whom may know it; NULL for none.
 *
 * \retval KNOT_EOK    The caller adds what is its own and calls transfer_start(), or
 *                     transfer_end().
 * \retval KNOT_ECONN  That cannot be asked, the transfer says why; transfer_end() is still due.
 * \retval KNOT_ENOMEM
 */
int transfer_prepare(struct transfer *transfer, const char *const *headers, const char *credential);

/*! \brief Asks; KNOT_EOK or KNOT_ENOMEM. */
int transfer_start(struct transfer *transfer);

/*! \brief Ends what is under way, if anything is; hops and error stay. Not for callbacks. */
void transfer_end(struct transfer *transfer);

/*! \brief Notes why it has failed; returns KNOT_ECONN. */
__attribute__((format(printf, 3, 4))) int
transfer_fail(struct transfer *transfer, enum poll_outcome why, const char *fmt, ...);

/*! \brief Writes why it has failed, with the master's name if it is its fault; or nothing. */
void transfer_describe(const struct transfer *transfer, char out[static MASTER_ERROR_MAX]);

/*! \brief Notes why libcurl has given up, in words that are the same each time. */
int transfer_explain(struct transfer *transfer, CURLcode code);

/*! \brief A header of the reply; NULL without one. */
const char *transfer_header(const struct transfer *transfer, const char *name);

/*! \brief The reply's status; 0 if there is none yet. */
long transfer_status(const struct transfer *transfer);

/*! \brief True if the reply's status says that somebody else is to be asked. */
bool transfer_is_redirect(const struct transfer *transfer);

/*! \brief What a status means, in words for an operator. */
struct transfer_refusal {
	long status; /*!< 0 ends a list. */
	const char *words;
};

/*! \brief Notes that the reply's status is of no use; returns KNOT_ECONN. */
int transfer_refuse(struct transfer *transfer, const struct transfer_refusal *meanings);

/*! \brief True if two endpoints are one master's, by name or by address. */
bool transfer_same_master(struct master_client *client, const struct endpoint *a,
                          const struct endpoint *b);

/*!
 * \brief True if a master may be told the credential as far as it is known; in transfer_hop.c.
 *
 * \param other  What to say of one that is not known.
 */
bool transfer_is_known(const struct master_client *client, const struct endpoint *master,
                       bool other);

/*!
 * \brief Finds where a redirect leads to (Mesos: a standby's 307); in transfer_hop.c.
 *
 * \param path  Path to ask for if the redirect has none that can be asked for.
 *
 * \return KNOT_EOK, or KNOT_ECONN: nowhere, the transfer says why.
 */
int transfer_redirect(struct transfer *transfer, const char *path, struct hop *next);

/*! \brief Refuses (KNOT_ECONN) to ask the same of a master twice; in transfer_hop.c. */
int transfer_refuse_loop(struct transfer *transfer, const struct hop *next);

/*! \brief Turns to another hop, or refuses (KNOT_ECONN) too many; in transfer_hop.c. */
int transfer_go_on(struct transfer *transfer, const struct hop *next);
