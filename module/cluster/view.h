/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief One zone's side of a polled cluster: how its names are made, and its current snapshot.
 *
 * Module instances of one zone with the same options share a view, so that the new instance of a
 * reload goes on where the old one is. Its maker guards it with the cluster's lock, but for
 * view_build(), which needs none.
 */
#pragma once

#include "module/answer/answer.h"
#include "module/cluster/settings.h"
#include "module/masters/resolver.h"

/*! \brief Room for a section's name, NUL included. */
#define VIEW_ID_MAX 256

/*! \brief A view. */
struct view {
	struct view *next;         /*!< In its cluster's list. */
	uint32_t refs;             /*!< Instances, and the poller while it works on it. */
	struct answer_view answer; /*!< The snapshot, as queries see it. */
	struct settings *settings; /*!< How names are made; a reference. */
	knot_dname_storage_t zone; /*!< Lower case. */
	char id[VIEW_ID_MAX];      /*!< Of the section, cut if longer. */
	bool reverse;              /*!< The zone lies in in-addr.arpa. or ip6.arpa. */
	uint64_t skipped;          /*!< Names and records left out of it; set by the poller. */
	uint32_t skipped_names;    /*!< Which; the poller's alone, as all that follow. */
	uint64_t skipped_digest;
	uint32_t cut_tasks; /*!< Tasks of which records are left out. */
	uint64_t cut_digest;
};

/*!
 * \brief Makes a view with one reference.
 *
 * \param zone      Name of the zone, lower case; copied.
 * \param id        Name of the section; copied.
 * \param settings  A reference is taken.
 * \param snapshot  What to serve at first; a reference is taken, NULL for nothing.
 *
 * \return NULL if memory runs out.
 */
struct view *view_new(const knot_dname_t *zone, const char *id, struct settings *settings,
                      struct snapshot *snapshot);

/*! \brief Frees a view that no query and nobody else can reach any more. */
void view_free(struct view *view);

/*! \brief True if the view is of that zone and section. */
bool view_is(const struct view *view, const knot_dname_t *zone, const char *id);

/*!
 * \brief Builds the view's snapshot of a state.
 *
 * \param masters   The masters that are known, \a count of them.
 * \param resolver  Knows the hosts of masters and state.
 * \param stop      Looked at now and then.
 * \param skipped   Out: what is said of names that were left out.
 * \param out       Out: snapshot with one reference.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ECONNABORTED  Stopped.
 * \retval KNOT_ENOMEM
 */
int view_build(const struct view *view, const struct state *state, const struct endpoint *masters,
               size_t count, struct resolver *resolver, const atomic_bool *stop,
               struct records_output *skipped, struct snapshot **out);
