/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief How a projection takes changes in; for projection.c and projection_commit.c alone.
 */
#pragma once

#include "module/cluster/projection.h"
#include "module/records/limit.h"

/*! \brief True if there is to be an end to it. One task alone may make thousands of records. */
static inline bool projection_is_stopped(const struct projection *p)
{
	return atomic_load_explicit(p->stop, memory_order_relaxed);
}

/*! \brief Notes that the table does not have all any more. */
void projection_lose(struct projection *p, int ret);

/*! \brief Puts the records of one side of a change into the table (\a diff is 1), or takes them out
 *         (-1).
 */
void projection_put(struct projection *p, int diff, enum inventory_kind kind,
                    const struct inventory_side *side);

/*! \brief Puts other masters' records in place of those that are there. */
int projection_change_masters(struct projection *p, const struct records_masters *masters);

/*! \brief Counts for the limit what there is without one; \a diff as above. */
int projection_count(struct projection *p, struct limit *limit, int diff, enum inventory_kind kind,
                     const struct inventory_side *side);

/*! \brief The same of the masters' records: as an agent's, they are what nobody can cut. */
int projection_count_masters(const struct projection *p, struct limit *limit, int diff,
                             const struct records_masters *masters);

/*! \brief True if names are chosen by formats. */
bool projection_has_formats(const struct projection *p);

/*! \brief Counts a framework that has a name of its own, or (\a diff is -1) had it. */
int projection_count_own_name(struct projection *p, const struct framework_object *framework,
                              int diff);
