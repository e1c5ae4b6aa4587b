/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Polled clusters and the module instances attached to them.
 *
 * - Instances whose options say the same about polling share one cluster: one thread, one client
 *   for the masters, whatever the number of zones.
 * - Any thread may attach and detach; neither waits for the network.
 * - The poller publishes snapshots by RCU; it is the only one that frees old ones.
 */
#pragma once

#include "module/answer/answer.h"
#include "module/cluster/settings.h"

/*! \brief An attached instance; opaque. */
struct member;

/*!
 * \brief Attaches an instance: polls the cluster at once, serves what is there until then.
 *
 * A new instance of a zone and section starts with the snapshot of the old one, also of one that
 * was detached shortly before. If no thread can be started (the log says so), see cluster_tend().
 *
 * \param mod      Instance; must live until cluster_detach().
 * \param id       Name of its section, copied.
 * \param settings Its options; a reference is taken.
 * \param answer   Context of the instance's hooks, but for its view, which it gets.
 * \param out      Out: for cluster_detach().
 *
 * \retval KNOT_EOK, KNOT_ENOMEM
 */
int cluster_attach(knotd_mod_t *mod, const char *id, struct settings *settings,
                   struct answer *answer, struct member **out);

/*! \brief False if no thread could be started yet; cluster_tend() is to be called then. */
bool cluster_runs(const struct member *member);

/*!
 * \brief Starts the thread of a cluster that has none, at most once a second.
 *
 * For workers, with each query: takes no lock. A zone that nobody asks needs no polls.
 */
void cluster_tend(struct member *member);

/*!
 * \brief Detaches an instance that no query can reach any more; the last one ends the thread.
 *
 * The thread ends by itself within a second, also in the middle of a poll, and does not touch the
 * instance any more. Only whoever detaches the last instance of all waits, for all threads.
 */
void cluster_detach(struct member *member);
