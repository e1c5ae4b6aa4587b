/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The owners of a snapshot's records in a fixed order, for lists.
 *
 *     struct http_owners owners;
 *     int ret = http_owners_sort(snapshot, stop, &owners);
 *     for (const struct http_owner *n = owners.first; n != NULL; n = http_owner_next(n)) ...
 *     http_owners_free(&owners);
 *
 * The order is the canonical one (RFC 4034, section 6.1): the same at every replica, and what
 * belongs to a framework stands together. A snapshot's own is another in each process.
 */
#pragma once

#include "module/base/arena.h"
#include "module/base/list.h"
#include "module/snapshot/snapshot.h"

/*! \brief An owner. */
struct http_owner {
	struct list_item item; /*!< Private. */
	const struct snapshot_name *name;
	const uint8_t *key; /*!< Private: its labels, the last one first. */
};

/*! \brief The owners; good as long as the snapshot. */
struct http_owners {
	const struct http_owner *first; /*!< NULL: there is none. */
	struct arena arena;             /*!< Private. */
};

static inline const struct http_owner *http_owner_next(const struct http_owner *name)
{
	return (const struct http_owner *)name->item.next;
}

/*!
 * \brief Finds and sorts the owners.
 *
 * \param stop  Ends it; may be NULL.
 * \param out   Out: for http_owners_free(), also on errors.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ECONNABORTED  Stopped.
 * \retval KNOT_ENOMEM
 */
int http_owners_sort(const struct snapshot *snapshot, const atomic_bool *stop,
                     struct http_owners *out);

/*! \brief Frees what http_owners_sort() has allocated. */
void http_owners_free(struct http_owners *owners);
