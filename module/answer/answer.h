/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Answers queries from a snapshot.
 *
 * - Hooks run on knotd's workers, inside knotd's RCU read-side section: a reader is one
 *   rcu_dereference() of the view's snapshot, without lock or counter.
 * - Whoever replaces the snapshot waits for a grace period before it gives the old one back.
 */
#pragma once

#include <stdatomic.h>

#include <knot/module.h>

#include "module/snapshot/snapshot.h"

struct stats;

/*! \brief What one zone is answered from; shared by module instances of the same zone. */
struct answer_view {
	struct snapshot *snapshot; /*!< RCU pointer; NULL before the first poll has succeeded. */
	_Atomic int64_t time;      /*!< When it was last known to be true: CLOCK_MONOTONIC in ms. */
};

/*! \brief Context of one module instance; constant while queries run. */
struct answer {
	struct answer_view *view;
	struct stats *stats; /*!< What workers have counted; NULL: nobody wants to know. */
	int64_t stale_after; /*!< Age in ms from which answers are called stale. */
	int64_t max_age;     /*!< Age in ms from which the snapshot is not used; 0: never. */
	bool reverse;        /*!< A reverse zone: PTR records and no others. */
	bool uncounted;      /*!< The instance could not get its counters. */
	bool signer;         /*!< mod-onlinesign signs the zone. */
	bool signer_first;   /*!< ... and comes before this module in the zone's list. */
	bool chooses;        /*!< One of these is set: */
	bool subnet_first;   /*!< Addresses of the asker's own subnet come first. */
	uint32_t limit;      /*!< Most records of a set that are given at once; 0: all. */
};

/*!
 * \brief Registers the hooks of an instance whose context, a struct answer, is set.
 *
 * Tries for a while if memory runs out.
 *
 * \return KNOT_E* as knotd_mod_in_hook().
 */
int answer_hooks(knotd_mod_t *mod);
