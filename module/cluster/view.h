/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief One zone's side of a polled cluster: how its names are made, and its current snapshot.
 *
 * Module instances of one zone with the same options share a view, so that the new instance of a
 * reload goes on where the old one is. Its maker guards it with the cluster's lock, but for the
 * projection, which is the cluster's thread's as long as that holds a reference.
 */
#pragma once

#include "module/answer/answer.h"
#include "module/cluster/projection.h"
#include "module/cluster/settings.h"

/*! \brief Room for a section's name, NUL included. */
#define VIEW_ID_MAX 256

/*! \brief When it may be said again what is left out; times are in ms. */
struct saying {
	int64_t again; /*!< Not before that: CLOCK_MONOTONIC. */
	int64_t pause; /*!< Between the last two times; 0 before the first. */
};

/*! \brief A view. */
struct view {
	struct view *next;         /*!< In its cluster's list. */
	uint32_t refs;             /*!< Instances, and the poller while it works on it. */
	struct answer_view answer; /*!< The snapshot, as queries see it. */
	struct settings *settings; /*!< How names are made; a reference. */
	knot_dname_storage_t zone; /*!< Lower case. */
	char id[VIEW_ID_MAX];      /*!< Of the section, cut if longer. */
	bool reverse;              /*!< The zone lies in in-addr.arpa. or ip6.arpa. */
	uint32_t ttl;              /*!< Of its records, in seconds. */
	uint64_t skipped;          /*!< Names and records left out of it; set by the poller. */
	uint64_t publications;     /*!< How often a new snapshot was shown. */
	uint32_t task_max; /*!< Most records of a task in it; 0: RECORDS_TASK_MAX. Set by the
	                      poller. */

	/* The poller's alone. */
	struct projection projection; /*!< What makes its snapshots. */
	uint32_t skipped_names;       /*!< What was last said to be left out. */
	uint64_t skipped_digest;
	struct saying skipped_saying;
	uint32_t cut_tasks; /*!< Tasks of which records were last said to be left out. */
	uint64_t cut_digest;
	struct saying cut_saying;
};

/*!
 * \brief Makes a view with one reference.
 *
 * \param zone      Name of the zone, lower case; copied.
 * \param id        Name of the section; copied.
 * \param settings  A reference is taken.
 * \param stop      Ends what the projection does; must outlive the view.
 *
 * \return NULL if memory runs out.
 */
struct view *view_new(const knot_dname_t *zone, const char *id, struct settings *settings,
                      const atomic_bool *stop);

/*! \brief How a view's records are made, as long as it lives; its maker's lock is held. */
struct records_rules view_rules(const struct view *view);

/*! \brief Frees a view that no query and nobody else can reach any more. */
void view_free(struct view *view);

/*! \brief True if the view is of that zone and section. */
bool view_is(const struct view *view, const knot_dname_t *zone, const char *id);
