/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Asks Mesos masters for the state of the one that leads, and waits for what they send.
 *
 * - All that is under way waits in one place: a fetch, and a stream of events (stream.h) beside it.
 * - A fetch is bounded in time (struct master_settings), bytes (MASTER_REPLY_MAX), redirects
 *   (MASTER_REDIRECTS_MAX) and depth; the reply goes through the parser as it arrives.
 * - A master that sends nothing for MASTER_SILENT_MS may only be slow, or hang while another one
 *   leads: the other known masters are asked beside it, and the first whole state counts.
 * - A state goes to a sink object by object while it arrives, one state at a time: a second one
 * that begins meanwhile is held back until the first is over, or has been silent for
 * MASTER_SILENT_MS and is given up for it.
 * - A client belongs to one thread but for master_wake().
 */
#pragma once

#include "module/masters/outcome.h"
#include "module/masters/resolver.h"
#include "module/state/objects.h"

/*! \brief Longest reply, after decompression. */
#define MASTER_REPLY_MAX ((uint64_t)1 << 30)

/*! \brief Most hops from the master asked first to the one that leads. */
#define MASTER_REDIRECTS_MAX 5

/*! \brief Longest time for a connection, in milliseconds. */
#define MASTER_CONNECT_MS 3000

/*! \brief How long a master may send nothing before others are asked too, in milliseconds. */
#define MASTER_SILENT_MS 5000

/*! \brief Room for the reason of a failure and two masters' names. */
#define MASTER_ERROR_MAX 768

struct master_client;

/*! \brief How to ask; all of it stays the owner's. */
struct master_settings {
	uint32_t timeout;      /*!< How long one fetch from one master may take, in seconds. */
	char *credential_file; /*!< Who we are for HTTP; paths, NULL if not given, as all that
	                          follow. */
	char *iam_file;        /*!< The same by a login (login.h), in place of that one. */
	char *ca_file;         /*!< Whom to trust, in place of the system's CAs. */
	char *cert_file;       /*!< Who we are for TLS. */
	char *key_file;
};

/*!
 * \brief Who takes a state while it arrives; called by the thread that fetches.
 *
 * What it has taken since \a begin counts when the fetch succeeds, and not before.
 */
struct master_sink {
	const struct objects_sink *objects; /*!< Takes the objects; an error ends that reply. */
	void (*begin)(void *ctx);           /*!< A state begins. */
	void (*abort)(void *ctx); /*!< It is none, or not the leader's, or it has broken off. */
	void *ctx;                /*!< Parameter of all of them. */
};

/*!
 * \brief Makes a client.
 *
 * \param settings  Must outlive the client.
 * \param resolver  Finds addresses of names; must outlive the client, same thread.
 * \param stop      Ends a fetch when it becomes true and master_wake() is called.
 * \param sink      Takes the states; copied.
 *
 * \return NULL if memory runs out.
 */
struct master_client *master_new(const struct master_settings *settings, struct resolver *resolver,
                                 const atomic_bool *stop, const struct master_sink *sink);

/*!
 * \brief Has states that are asked for from now on read with what is wanted.
 *
 * \param wants  A reference is taken; NULL: nothing beyond what is always read.
 */
void master_want(struct master_client *client, struct wants *wants);

/*! \brief Frees a client; NULL is fine. */
void master_free(struct master_client *client);

/*! \brief Ends a wait; makes a fetch look at \a stop and at its watch; any thread may call. */
void master_wake(struct master_client *client);

/*!
 * \brief Begins a poll: tells the masters that are configured, or that ZooKeeper names.
 *
 * They may be told the credential, and are asked who leads while another one is silent. Forgets
 * which masters have failed.
 *
 * \param masters  Must stay as they are until the next call or master_free().
 */
void master_set_known(struct master_client *client, const struct endpoint *masters, size_t count);

/*! \brief True if that master has failed since master_set_known(), asked for itself or not. */
bool master_has_failed(const struct master_client *client, const struct endpoint *master);

/*! \brief Who looks on while a client works; called by its thread. */
struct master_watch {
	/*! \brief True if the fetch is to be given up; asked after each master_wake(). */
	bool (*is_over)(void *ctx);
	/*! \brief A master has sent nothing for MASTER_SILENT_MS; at most once in a fetch. */
	void (*on_silence)(void *ctx, const struct endpoint *master);
	/*!
	 * \brief All that had come has been taken in, of a stream (stream.h) also; NULL if that
	 *        concerns nobody.
	 *
	 * May open and close a stream, and call master_wake() to end a master_wait().
	 */
	void (*on_turn)(void *ctx);
	void *ctx; /*!< Their parameter. */
};

/*! \brief What a fetch gave. */
struct master_reply {
	struct objects_parser *state; /*!< Has read it, and owns what \a facts points to; to be
	                                 freed by the caller. */
	struct master_facts facts;    /*!< What the state says of its master. */
	struct endpoint asked;        /*!< The known master that led to it. */
	struct endpoint answered;     /*!< Who gave it. */
	bool trusted;                 /*!< That one may be told the credential. */
	struct endpoint leader;       /*!< Who it says leads: the same, maybe by another name. */
	uint64_t bytes;               /*!< Length of the document. */
	int64_t date;                 /*!< Its `Date`, seconds since 1970; 0 without one. */
	char error[MASTER_ERROR_MAX]; /*!< Why there is none, for a log. */
	enum poll_outcome outcome;    /*!< The same for counters; POLL_OK if there is one. */
};

/*!
 * \brief Fetches the leader's state, asking one of the known masters first.
 *
 * \param watch  May be NULL.
 *
 * \retval KNOT_EOK       \a reply has all but the error; the sink has the state.
 * \retval KNOT_ECONN     That master gave none; error and outcome of \a reply say why.
 * \retval KNOT_EAGAIN    The watch has given it up.
 * \retval KNOT_ECONNABORTED  Stopped.
 */
int master_fetch(struct master_client *client, const struct endpoint *master,
                 const struct master_watch *watch, struct master_reply *reply);

/*!
 * \brief Waits, and lets a stream go on meanwhile, until a time, a master_wake() or the stop.
 *
 * What has come already is taken in at least once, also if the time is over; a wake-up that came
 * before counts, and is used up.
 *
 * \param until  CLOCK_MONOTONIC in ms.
 * \param watch  Of which on_turn() only is called; may be NULL.
 */
void master_wait(struct master_client *client, int64_t until, const struct master_watch *watch);

/*!
 * \brief Tells why nobody at all can be reached from here.
 *
 * \return errno of socket(), such as EMFILE; 0 if sockets can be made.
 */
int master_local_trouble(void);
