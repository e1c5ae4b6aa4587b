/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the instances that are attached to a cluster have of it: counters and views.
 */
#pragma once

#include "module/cluster/cluster_private.h"

/*! \brief Shows what is said of polls in an instance's counters; the cluster's lock is held. */
void members_show(const struct member *member);

/*! \brief Counts a poll; all instances show it, and what else is said of polls. */
void members_count_poll(struct cluster *cluster, enum poll_outcome outcome);

/*! \brief Gives up a reference to a view; the cluster's lock is held. */
void members_drop_view(struct cluster *cluster, struct view *view);
