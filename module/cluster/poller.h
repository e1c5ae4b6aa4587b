/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The thread of a cluster: when to poll, and what becomes of a poll.
 */
#pragma once

#include "module/cluster/cluster_private.h"

/*! \brief Polls until the cluster's \a stop is set; to be run by a thread of its own. */
void *poller_run(void *cluster);
