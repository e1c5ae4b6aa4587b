/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Serves names over HTTP: the face to whoever has zones to serve.
 *
 *     ret = http_attach(&source, addresses, count, &zone);
 *     ...
 *     http_published();
 *     ...
 *     http_detach(zone);
 *
 * - One thread for all addresses and zones of the process, started with the first zone and ended
 *   with the last. It is registered with RCU and holds up neither queries nor publishers.
 * - An address is bound as long as any zone names it. One that cannot be is tried again.
 * - Of several zones of one name (a reload's old and new instance) the one that came last is asked.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "module/http/body.h"
#include "module/http/socket_address.h"
#include "module/snapshot/snapshot.h"

struct http_counters;

/*! \brief A zone that is served; opaque to its owner. */
struct http_zone;

/*!
 * \brief What a zone is served from.
 *
 * Its owner keeps all that is pointed to until http_detach() has returned. Callbacks come from the
 * server's threads, never after http_detach() has returned; a lock that http_detach() takes is held
 * by none but log().
 */
struct http_source {
	const knot_dname_t *name;    /*!< Lower case; copied. */
	bool reverse;                /*!< PTR records and no others. */
	struct snapshot **snapshot;  /*!< RCU pointer; NULL before there is one. */
	const _Atomic int64_t *time; /*!< When that was last true: CLOCK_MONOTONIC in ms. */
	int64_t stale_after;         /*!< Age in ms from which it is stale. */
	int64_t max_age;             /*!< Age in ms from which it is not used; 0: never. */
	uint32_t refresh;            /*!< Seconds between two polls. */
	void *ctx;                   /*!< For what follows. */

	/*! Writes the document of /v1/config. Returns KNOT_E*. Quick. */
	int (*config)(void *ctx, struct http_body *out);

	/*!
	 * Writes the document of /v1/enumerate, of what \a snapshot has; may take its time, and
	 * wait for other threads, as long as it ends soon after \a out->stop. Returns KNOT_E*;
	 * KNOT_EAGAIN: not ready yet.
	 */
	int (*enumerate)(void *ctx, const struct snapshot *snapshot, struct http_body *out);

	/*! Tells all counters (module/http/metrics.h). Quick. */
	void (*counters)(void *ctx, struct http_counters *out);

	/*! Writes a line to the log, with a priority of syslog(3). Calls nothing of this file. */
	void (*log)(void *ctx, int priority, const char *text);
};

/*! \brief False if this build cannot: zones are attached, and nothing is served. */
bool http_is_supported(void);

/*!
 * \brief Serves a zone at addresses; they need not be free, nor memory and threads be there now.
 *
 * \param addresses  Copied.
 * \param count      Of them; with 0 nothing is done and \a out is NULL.
 * \param out        Out: for http_detach().
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM  Nothing is served; the caller may go on without.
 */
int http_attach(const struct http_source *source, const struct http_address *addresses,
                size_t count, struct http_zone **out);

/*!
 * \brief Ends that; NULL is fine.
 *
 * Waits until no callback of the zone runs, which is short: lists that are being written are given
 * up, and written anew from another zone of the name if there is one.
 */
void http_detach(struct http_zone *zone);

/*! \brief Says that snapshots have been published. Any thread; costs a write to a descriptor. */
void http_published(void);

/*! \brief Starts a thread that could not be started, at most once a second. Any thread, now and
 *         then. */
void http_tend(void);
