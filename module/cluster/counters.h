/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief All counters of an instance, in knotd's module statistics.
 *
 * - Workers count answers (module/answer/stats.h). What is said of polls lies in the first worker's
 *   memory, in words that no worker writes. It belongs to the cluster and its views, and is shown
 *   by each of their instances.
 */
#pragma once

#include <knot/module.h>

#include "module/masters/outcome.h"
#include "module/snapshot/snapshot.h"
#include "module/state/state.h"

/*! \brief What the last good poll gave. */
struct counters_load {
	uint64_t time;     /*!< Seconds since 1970. */
	uint64_t duration; /*!< From its start to records being served, in milliseconds. */
	uint64_t bytes;    /*!< Length of the document. */
	uint64_t tasks, agents, frameworks;
};

/*! \brief What a cluster's polls gave. */
struct counters_polls {
	uint64_t count[POLL_OUTCOMES];
	uint64_t leader_changes;
	struct counters_load last; /*!< Zeros before the first good poll. */
};

/*!
 * \brief Registers the counters; before any other call for an instance, in its load().
 *
 * \return KNOT_E* as knotd_mod_stats_add().
 */
int counters_register(knotd_mod_t *mod);

/*! \brief What a state is shown as; \a load keeps what does not come from there. */
void counters_take_state(struct counters_load *load, const struct state *state);

/*!
 * \brief Shows what polls gave; one thread at a time.
 *
 * \param snapshot  What the instance answers from, or NULL.
 * \param skipped   Names and records that it lacks.
 */
void counters_show(knotd_mod_t *mod, const struct counters_polls *polls,
                   const struct snapshot *snapshot, uint64_t skipped);
