/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A master's events as they come (Mesos: `POST /api/v1`, `SUBSCRIBE`).
 *
 *     struct stream *stream = stream_new(client, &handler, ctx);
 *     (void)stream_open(stream, &reply.answered, reply.trusted);
 *     master_wait(client, until, &watch);             // the handler gets the records
 *     if (stream_phase(stream) == STREAM_ENDED) {
 *         log("no events: %s", stream_reason(stream));
 *     }
 *     stream_free(stream);
 *
 * - It goes on within master_fetch() and master_wait() of its client, whose thread it belongs to.
 * - Reaches a master as a fetch does (credential, files for TLS, redirects to the leader). Its
 *   bounds: MASTER_CONNECT_MS for a connection, the settings' timeout until events begin, and
 *   from then on the longest silence.
 * - Nothing of a record is kept: the handler gets it in the pieces that it comes in.
 * - Whether an event is well-formed, and when to subscribe again, are its user's to say.
 */
#pragma once

#include "module/masters/master.h"
#include "module/masters/recordio.h"

/*! \brief Seconds between two heartbeats of a master that has not said it yet (Mesos: 15). */
#define STREAM_HEARTBEAT 15

/*! \brief How many heartbeats may be missed before a stream is given up. */
#define STREAM_MISSED_MAX 3

/*! \brief Where a stream is. */
enum stream_phase {
	STREAM_CLOSED,  /*!< Nothing is asked. */
	STREAM_OPENING, /*!< A master has been asked. */
	STREAM_OPEN,    /*!< Events come. */
	STREAM_ENDED,   /*!< It has ended, or never began; stream_reason() says why. */
};

struct stream;

/*!
 * \brief Makes a stream, closed; a client has one at most.
 *
 * \param client   Must outlive the stream.
 * \param handler  Gets the records, must outlive the stream. It is called from within libcurl and
 *                 must not open, close or free the stream. An error of its own ends the stream;
 *                 KNOT_EMALF says that a record is not JSON.
 *
 * \return NULL if memory runs out.
 */
struct stream *stream_new(struct master_client *client, const struct recordio_handler *handler,
                          void *ctx);

/*! \brief Closes and frees a stream; NULL is fine. */
void stream_free(struct stream *stream);

/*!
 * \brief Subscribes to a master; closes what was open before.
 *
 * Does not wait, but for a host name of which nobody has asked yet (resolver_find()).
 *
 * \param trusted  It may be told the credential; it may be anyway if it is a known master
 *                 (master_set_known()).
 *
 * \retval KNOT_EOK    It is opening.
 * \retval KNOT_ECONN  It has ended.
 */
int stream_open(struct stream *stream, const struct endpoint *master, bool trusted);

/*! \brief Ends a subscription without a word. */
void stream_close(struct stream *stream);

/*! \brief Where it is. */
enum stream_phase stream_phase(const struct stream *stream);

/*! \brief Whom it has asked last, after redirects; valid since the first stream_open(). */
const struct endpoint *stream_master(const struct stream *stream);

/*! \brief Why it has ended, for a log; without the master's name. Empty if it has not. */
const char *stream_reason(const struct stream *stream);

/*! \brief The same for counters; POLL_OK if it has not. */
enum poll_outcome stream_outcome(const struct stream *stream);

/*! \brief When it was asked, or has sent something: CLOCK_MONOTONIC in ms; 0 before. */
int64_t stream_heard(const struct stream *stream);

/*! \brief Octets of records and their lengths that have come, since stream_new(). */
uint64_t stream_bytes(const struct stream *stream);

/*!
 * \brief Says what the master has said of its heartbeats; until the next stream_open().
 *
 * \param seconds  Between two of them; what is not above 0 means STREAM_HEARTBEAT.
 */
void stream_set_heartbeat(struct stream *stream, double seconds);

/*! \brief Milliseconds between two heartbeats, as it was said or is assumed. */
int64_t stream_heartbeat(const struct stream *stream);

/*!
 * \brief Takes in all that has come, until the stream would have to be waited for.
 *
 * \param until  When to leave it at that: CLOCK_MONOTONIC in ms.
 * \param watch  As master_wait().
 */
void stream_drain(struct stream *stream, int64_t until, const struct master_watch *watch);
