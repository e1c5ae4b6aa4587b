/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief PTR records: which address is the address of exactly one name.
 *
 * Collects pairs of address and name, then sorts them; what is collected lives until
 * reverse_free(). Belongs to one thread at a time.
 */
#pragma once

#include "module/name.h"
#include "module/records.h"

struct reverse;

/*! \brief Makes a collection for a reverse zone (which must outlive it); NULL if out of memory. */
struct reverse *reverse_new(const knot_dname_t *zone);

/*!
 * \brief Notes that a name has an address; passed over if the address lies outside the zone.
 *
 * \retval KNOT_EOK, KNOT_ENOMEM
 */
int reverse_add(struct reverse *reverse, const struct address *addr, const struct name *name);

/*!
 * \brief Puts a PTR record for every address that has one name only.
 *
 * \retval KNOT_EOK
 * \return Else what \a output->put returned.
 */
int reverse_put(struct reverse *reverse, struct records_output *output);

/*! \brief Frees a collection; NULL is fine. */
void reverse_free(struct reverse *reverse);
