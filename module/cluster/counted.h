/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What workers have counted of each zone and section, from one instance to the next.
 *
 *     struct stats *stats = counted_get(zone, "cluster", knotd_mod_threads(mod));
 *     // a worker counts
 *     counted_put(stats);
 *
 * A reload loads a new instance before the old one is gone, restoring a backup after it: who
 * scrapes counters should see neither, so they go on where they were.
 *
 * - What nobody has a reference to is kept for COUNTED_MS; counted_put() and counted_get() free
 * what is older.
 * - Any thread may call; nothing waits.
 */
#pragma once

#include <libknot/dname.h>

#include "module/answer/stats.h"

/*! \brief How long it is kept, in milliseconds. */
#define COUNTED_MS 600000

/*!
 * \brief Takes a reference to what the workers of a zone and section have counted.
 *
 * \param workers  How many there are. If they are more than before, all begins at 0.
 *
 * \return For counted_put(); NULL if memory runs out.
 */
struct stats *counted_get(const knot_dname_t *zone, const char *id, uint32_t workers);

/*! \brief Gives a reference back; no worker may count there for its holder any more. NULL is fine.
 */
void counted_put(struct stats *stats);
