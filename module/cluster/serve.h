/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief An instance's zone over HTTP: what the server asks the cluster for.
 */
#pragma once

#include "module/cluster/cluster_private.h"

/*!
 * \brief Serves an instance's zone where its settings say; it is attached, and stays so.
 *
 * If that fails the log says so; names are served all the same.
 */
void serve_begin(struct member *member, struct settings *settings, const struct answer *answer);

/*! \brief Ends that, before the instance is detached. */
void serve_end(struct member *member);
