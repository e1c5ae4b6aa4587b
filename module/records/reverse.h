/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The names of addresses: owners of PTR records.
 *
 * - No allocation, no state: any thread may call.
 */
#pragma once

#include <libknot/dname.h>

#include "module/records/name.h"

/*!
 * \brief Makes an address's name in in-addr.arpa. or ip6.arpa. (RFC 1035, 3.5; RFC 3596, 2.5).
 *
 * \return False if it lies outside the zone, or at its apex.
 */
bool reverse_owner(const knot_dname_t *zone, const struct address *addr, struct name *owner);
