/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The zones that are served over HTTP, and where.
 *
 * - One list for the process, behind one mutex that is held for moments only. Any thread may call.
 * - Of several zones of one name at an address, the one that came last is meant.
 * - Who works on zones holds them; who takes one away waits until nobody does, which is told to
 *   stop.
 */
#pragma once

#include "module/http/http.h"

/*! \brief Adds a zone, as http_attach(); NULL if memory runs out. */
struct http_zone *zones_add(const struct http_source *source, const struct http_address *addresses,
                            size_t count);

/*! \brief Takes a zone away, as http_detach(), and frees it; returns how many there are left. */
size_t zones_remove(struct http_zone *zone);

/*! \brief Forgets the zones that have gone: nobody can ask any more. */
void zones_forget(void);

/*!
 * \brief Lists the addresses that zones name, each once.
 *
 * \param out  Out: an array, to be freed.
 *
 * \return How many; SIZE_MAX if memory runs out.
 */
size_t zones_addresses(struct http_address **out);

/*! \brief Says something about an address in the log of a zone that names it. */
void zones_log(const struct http_address *address, int priority, const char *text);

/*! \brief What a name, or a zone, has to give. */
enum zones_state {
	ZONES_NONE,      /*!< There is no such zone here. */
	ZONES_NOT_READY, /*!< The zone has no records yet, they are too old, or it has just gone. */
	ZONES_READY,
};

/*!
 * \brief Finds the snapshot of the zone that a name lies in: the longest of those at an address.
 *
 * \param name  Lower case.
 * \param out   Out: a counted reference, or NULL.
 */
enum zones_state zones_find(const struct http_address *address, const knot_dname_t *name,
                            struct snapshot **out);

/*! \brief When a zone that has gone will be none any more: CLOCK_MONOTONIC in ms, INT64_MAX: never.
 */
int64_t zones_next_end(void);

/*!
 * \brief Writes whether all zones at an address have records that are not stale.
 *
 * \return True if they have.
 */
bool zones_ready(const struct http_address *address, struct http_body *out);

/*! \brief Zones that somebody works on. */
struct zones_held {
	struct zones_held *next;          /*!< Private. */
	struct http_zone **held;          /*!< Private. */
	const struct http_source **zones; /*!< By name, each name once. */
	size_t count;
	const struct http_source *zone; /*!< The one that is meant, one of \a zones. */
	struct snapshot *snapshot;      /*!< Its, counted; NULL if there is none to use. */
	int64_t time;                   /*!< When that was last true. */
	atomic_bool stop;               /*!< One of them is to go: stop the work. */
};

/*!
 * \brief Holds the zones at an address.
 *
 * \param name  The zone that is meant; NULL: the first forward one, or the first.
 * \param held  All zeros; must stay where it is until zones_release().
 *
 * \retval KNOT_EOK      To be released.
 * \retval KNOT_ENOZONE  There is no such zone.
 * \retval KNOT_ENOMEM
 */
int zones_hold(const struct http_address *address, const knot_dname_t *name,
               struct zones_held *held);

/*! \brief Ends that. */
void zones_release(struct zones_held *held);
