/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Polled clusters and the module instances attached to them.
 *
 * - Instances whose options say the same about polling share one cluster: one thread, one client
 *   for the masters, whatever the number of zones.
 * - Attaching and detaching happen on knotd's main thread; neither waits for the network.
 * - The poller publishes snapshots by RCU; it is the only one that frees old ones.
 */
#pragma once

#include "module/answer.h"
#include "module/options.h"

/*! \brief An attached instance; opaque. */
struct member;

/*!
 * \brief Attaches an instance: polls the cluster at once, serves what is there until then.
 *
 * A new instance of a zone starts with the snapshot of the old one.
 *
 * \param mod      Instance; must live until cluster_detach().
 * \param options  Its options; a reference is taken.
 * \param answer   Context of the instance's hooks; gets its view.
 * \param out      Out: for cluster_detach().
 *
 * \retval KNOT_EOK, KNOT_ENOMEM, KNOT_ERROR (no thread)
 */
int cluster_attach(knotd_mod_t *mod, struct options *options, struct answer *answer,
                   struct member **out);

/*!
 * \brief Detaches an instance that no query can reach any more; the last one ends the thread.
 *
 * Takes less than a second, also in the middle of a poll.
 */
void cluster_detach(struct member *member);
