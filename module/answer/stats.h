/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Counts what became of queries, in knotd's module statistics and in our own.
 *
 * - Both have a piece of memory for each of knotd's workers, and add them up when somebody asks. A
 *   worker counts in its own.
 * - knotd's cannot be read by a module, and count from an instance's load on. Ours can, and live as
 *   long as anybody holds them: the instances of a zone and section share them, one after the other
 *   (module/cluster/counted.h).
 */
#pragma once

#include <stdatomic.h>

#include <knot/module.h>

/*! \brief What became of a query. */
enum stats_answer {
	STATS_RECORDS,   /*!< The snapshot's records. */
	STATS_NODATA,    /*!< The snapshot has the name, and nobody a record of the type. */
	STATS_NOT_FOUND, /*!< The snapshot has nothing: left to the zone file. */
	STATS_NOT_READY, /*!< No snapshot to use, and nothing in the zone file. */
	STATS_OTHER,     /*!< The module had no part in it; not counted. */
};

/*! \brief Indices of the counter: those of enum stats_answer that are counted, and two besides. */
enum {
	STATS_STALE = STATS_OTHER,
	STATS_TRUNCATED,
	STATS_KINDS,
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

/*! \brief What one worker has counted; no other writes to its cache line. */
struct stats_worker {
	_Alignas(STATS_CACHE_LINE) _Atomic uint64_t answers[STATS_KINDS];
};

/*! \brief What a zone's workers have counted. */
struct stats {
	uint32_t workers_count;
	struct stats_worker workers[];
};

/*! \brief Registers the counter; KNOT_E* as knotd_mod_stats_add(). */
int stats_register(knotd_mod_t *mod);

/*! \brief Names of the kinds of answers, as the counter's indices have them. */
extern const char *const stats_names[STATS_KINDS];

/*! \brief Makes counters of 0; to be freed with free(). NULL if memory runs out. */
struct stats *stats_new(uint32_t workers_count);

/*! \brief Adds up what all workers have counted until now. Any thread. */
void stats_sum(const struct stats *stats, uint64_t out[static STATS_KINDS]);

/*!
 * \brief Counts an answer; on a worker, once for each query.
 *
 * \param mod    Whose statistics of knotd's count; NULL: none.
 * \param stats  Ours; NULL: none. Has all of knotd's workers.
 * \param kind   Not STATS_OTHER.
 * \param reply  Complete.
 */
void stats_count(knotd_mod_t *mod, struct stats *stats, const knotd_qdata_t *qdata,
                 enum stats_answer kind, const knot_pkt_t *reply);
