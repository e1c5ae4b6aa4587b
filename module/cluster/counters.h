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

#include "module/answer/stats.h"
#include "module/masters/outcome.h"
#include "module/state/event.h"
#include "module/snapshot/snapshot.h"

/*! \brief What the last good poll gave. */
struct counters_load {
	uint64_t time;     /*!< Seconds since 1970. */
	uint64_t duration; /*!< From its start to records being served, in milliseconds. */
	uint64_t bytes;    /*!< Length of the document. */
	uint64_t tasks, agents, frameworks;
};

/*! \brief What a cluster's events gave. */
struct counters_events {
	uint64_t count[EVENT_KINDS];
	uint64_t subscriptions; /*!< Streams that have begun. */
	uint64_t following;     /*!< 1 while events come, else 0. */
	uint64_t lag;           /*!< Of the last publication: from reading, in microseconds. */
};

/*! \brief What a cluster's polls and events gave. */
struct counters_polls {
	uint64_t count[POLL_OUTCOMES];
	uint64_t leader_changes;
	struct counters_events events;
	struct counters_load last; /*!< Zeros before the first good poll. */
};

/*!
 * \brief Registers the counters; before any other call for an instance, in its load().
 *
 * \return KNOT_E* as knotd_mod_stats_add().
 */
int counters_register(knotd_mod_t *mod);

/*! \brief What an instance answers from. */
struct counters_view {
	const struct snapshot *snapshot; /*!< NULL if there is none. */
	uint64_t skipped;                /*!< Names and records that it lacks. */
	uint64_t publications;           /*!< How often a new one was shown. */
};

/*! \brief Shows what polls gave, and what became of it; one thread at a time. */
void counters_show(knotd_mod_t *mod, const struct counters_polls *polls,
                   const struct counters_view *view);

/*!
 * \brief Takes a counter.
 *
 * \param name   Its name, as knotc shows it; a constant.
 * \param index  Name of the index, of a counter that has several; NULL of one that has none.
 */
typedef void (*counters_each_f)(void *ctx, const char *name, const char *index, uint64_t value);

/*!
 * \brief Calls back for each counter and index, with what counters_show() shows.
 *
 * \param answers  What workers have counted (stats_sum()).
 */
void counters_each(const struct counters_polls *polls, const struct counters_view *view,
                   const uint64_t answers[static STATS_KINDS], counters_each_f each, void *ctx);
