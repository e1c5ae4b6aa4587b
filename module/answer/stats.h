/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Counters of an instance, in knotd's module statistics.
 *
 * - knotd has a piece of memory for each of its workers, and adds them up when somebody asks. A
 *   worker counts answers in its own; what is said of polls lies in the first worker's, in words
 *   that no worker writes. No two workers write to one cache line.
 * - Answers are counted from an instance's load on. What is said of polls belongs to the cluster
 *   and its views, and is shown by each of their instances.
 */
#pragma once

#include <knot/module.h>

#include "module/masters/outcome.h"
#include "module/snapshot/snapshot.h"
#include "module/state/state.h"

/*! \brief What became of a query. */
enum stats_answer {
	STATS_RECORDS,   /*!< The snapshot's records. */
	STATS_NODATA,    /*!< The snapshot has the name, and nobody a record of the type. */
	STATS_NOT_FOUND, /*!< The snapshot has nothing: left to the zone file. */
	STATS_NOT_READY, /*!< No snapshot to use, and nothing in the zone file. */
	STATS_OTHER,     /*!< The module had no part in it; not counted. */
};

/*! \brief What the last good poll gave. */
struct stats_load {
	uint64_t time;     /*!< Seconds since 1970. */
	uint64_t duration; /*!< From its start to records being served, in milliseconds. */
	uint64_t bytes;    /*!< Length of the document. */
	uint64_t tasks, agents, frameworks;
};

/*! \brief What a cluster's polls gave. */
struct stats_polls {
	uint64_t count[POLL_OUTCOMES];
	uint64_t leader_changes;
	struct stats_load last; /*!< Zeros before the first good poll. */
};

/*!
 * \brief Registers the counters; before any other call for an instance, in its load().
 *
 * \return KNOT_E* as knotd_mod_stats_add().
 */
int stats_register(knotd_mod_t *mod);

/*!
 * \brief Counts an answer; on a worker, once for each query.
 *
 * \param kind   Not STATS_OTHER.
 * \param reply  Complete.
 */
void stats_count(knotd_mod_t *mod, const knotd_qdata_t *qdata, enum stats_answer kind,
                 const knot_pkt_t *reply);

/*! \brief What a state is shown as; \a load keeps what does not come from there. */
void stats_take_state(struct stats_load *load, const struct state *state);

/*!
 * \brief Shows what polls gave; one thread at a time.
 *
 * \param snapshot  What the instance answers from, or NULL.
 * \param skipped   Names and records that it lacks: DNS cannot carry them, or they do not fit.
 */
void stats_show(knotd_mod_t *mod, const struct stats_polls *polls, const struct snapshot *snapshot,
                uint64_t skipped);
