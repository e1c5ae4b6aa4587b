/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What zones were served from when their last instance was unloaded.
 *
 *     kept_put(zone, "cluster", &served);
 *     struct served again = kept_take(zone, "cluster");
 *     served_drop(&again);
 *
 * Restoring a zone from a backup unloads an instance and loads it again; until the masters have
 * been asked anew, the zone goes on with what it had. Kept by the names of zone and section, so
 * that sections inherit nothing from each other.
 *
 * - Kept for KEPT_MS, by count of zones that went; kept_expire() frees what is older.
 * - Any thread may call; nothing waits.
 */
#pragma once

#include "module/snapshot/snapshot.h"
#include "module/state/state.h"
#include "module/cluster/counters.h"

/*! \brief How long it is kept, in milliseconds. */
#define KEPT_MS 60000

/*! \brief What a zone is served from. */
struct served {
	struct snapshot *snapshot; /*!< A reference; NULL if there is none. */
	struct state *state; /*!< A reference to what it was made of; NULL if there is none. */
	struct counters_load load; /*!< What is shown of that. */
	uint64_t skipped;          /*!< Names and records that the snapshot lacks. */
};

/*! \brief Gives the references back. */
void served_drop(struct served *served);

/*!
 * \brief Keeps what a zone was served from; no query may reach it any more.
 *
 * \param served  The references go to the store, or are given back if there is no memory.
 */
void kept_put(const knot_dname_t *zone, const char *id, struct served *served);

/*! \brief Takes out what a zone was served from, with the references; all zeros if nothing. */
struct served kept_take(const knot_dname_t *zone, const char *id);

/*! \brief Frees what has been kept for long enough. */
void kept_expire(void);
