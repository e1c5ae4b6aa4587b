/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief PTR records: which address is the address of exactly one name.
 *
 * Collects pairs of address and name, then sorts them; what is collected lives until
 * reverse_free(). Belongs to one thread at a time.
 */
#pragma once

#include "module/records/name.h"
#include "module/records/records.h"

struct reverse;

/*! \brief A name that addresses belong to; opaque. */
struct claim;

/*!
 * \brief Makes a collection for a reverse zone.
 *
 * \param zone  The zone's name; must outlive the collection, as \a stop.
 * \param stop  Looked at now and then while PTR records are put; NULL if nobody wants to stop.
 *
 * \return NULL if out of memory.
 */
struct reverse *reverse_new(const knot_dname_t *zone, const atomic_bool *stop);

/*! \brief Octets of an address's name; 0 if it lies outside the zone, or at its apex. */
size_t reverse_owner_len(const struct reverse *reverse, const struct address *addr);

/*!
 * \brief Notes that a name has an address, which lies in the zone.
 *
 * \param claim  In and out: the name as it was noted with its first address; NULL before.
 *
 * \retval KNOT_EOK, KNOT_ENOMEM
 */
int reverse_add(struct reverse *reverse, const struct address *addr, const struct name *name,
                const struct claim **claim);

/*! \brief Forgets all that was noted. */
void reverse_clear(struct reverse *reverse);

/*!
 * \brief Puts a PTR record for every address that has one name only.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ECONNABORTED  Stopped.
 * \return Else what \a output->put returned.
 */
int reverse_put(struct reverse *reverse, struct records_output *output);

/*! \brief Frees a collection; NULL is fine. */
void reverse_free(struct reverse *reverse);
