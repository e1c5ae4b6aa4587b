/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Counts what became of queries, in knotd's module statistics.
 *
 * - knotd has a piece of memory for each of its workers, and adds them up when somebody asks. A
 *   worker counts in its own.
 * - Answers are counted from an instance's load on.
 */
#pragma once

#include <knot/module.h>

/*! \brief What became of a query. */
enum stats_answer {
	STATS_RECORDS,   /*!< The snapshot's records. */
	STATS_NODATA,    /*!< The snapshot has the name, and nobody a record of the type. */
	STATS_NOT_FOUND, /*!< The snapshot has nothing: left to the zone file. */
	STATS_NOT_READY, /*!< No snapshot to use, and nothing in the zone file. */
	STATS_OTHER,     /*!< The module had no part in it; not counted. */
};

/*!
 * \brief The number of the counter of answers among the module's.
 *
 * As many others have to be registered before it, with a cache line of words at least, and another
 * cache line of words after it: these are the only words that workers write, so that they share no
 * line with what knotd allocates next to them, as a rule the next worker's.
 */
#define STATS_ANSWERS 1

/*! \brief Octets of a cache line that two processors' workers should not both write to. */
#define STATS_CACHE_LINE 64

/*! \brief Registers the counter; KNOT_E* as knotd_mod_stats_add(). */
int stats_register(knotd_mod_t *mod);

/*!
 * \brief Counts an answer; on a worker, once for each query.
 *
 * \param kind   Not STATS_OTHER.
 * \param reply  Complete.
 */
void stats_count(knotd_mod_t *mod, const knotd_qdata_t *qdata, enum stats_answer kind,
                 const knot_pkt_t *reply);
