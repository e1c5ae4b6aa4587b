/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What a cluster says in knotd's log: one line for each change of condition.
 *
 * - What was said last is kept in the cluster, so that nothing is said twice.
 * - Lines go through an instance that is attached, of the view or of a forward zone if there is
 *   one; without any, nothing is said. The cluster's thread calls.
 */
#pragma once

#include "module/cluster/cluster_private.h"

/*! \brief Says something about a view, or about the cluster for NULL. */
__attribute__((format(printf, 4, 5))) void report(struct cluster *cluster, const struct view *view,
                                                  int priority, const char *fmt, ...);

/*!
 * \brief Says what is left out of a view, if that has changed.
 *
 * The more often it changes the more rarely, down to a line an hour: what is put off is said as it
 * is by then, when the view is next looked at after a change or a state.
 */
void report_skipped(struct cluster *cluster, struct view *view);

/*!
 * \brief Says what a good poll has changed, before the cluster takes note of it.
 *
 * \param troubles  What went wrong with other masters; empty if nothing did.
 */
void report_success(struct cluster *cluster, const struct master_reply *reply,
                    const char *troubles);

/*! \brief Says why polls give nothing, if it is news. */
void report_failure(struct cluster *cluster, const char *error);

/*! \brief Says how many agents are served as before the failover, if that has changed. */
void report_kept(struct cluster *cluster, uint32_t kept);

/*! \brief Says that a master is silent, if it is news. */
void report_silence(struct cluster *cluster, const struct endpoint *master);

/*! \brief Says that the leader's events are followed, if it is news. */
void report_following(struct cluster *cluster);

/*! \brief Says why there are no events, if it is news. */
void report_polling(struct cluster *cluster, const struct endpoint *master, const char *reason);
