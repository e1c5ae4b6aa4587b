/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What a cluster's views want of its states and events, and whether they have it.
 *
 *     wanted_update(cluster);      // before a state is asked for
 *     wanted_meet(cluster);        // it has come true
 *     if (wanted_is_met(cluster, view)) { ... }
 *
 * - What no view wants is not read. A view that wants more than there was has a state read at once;
 *   until it is there the view goes on with what its zone was served from.
 * - The cluster's thread calls.
 */
#pragma once

#include "module/cluster/cluster_private.h"

/*!
 * \brief Has states and events read with what the views want now.
 *
 * Not while a state is on its way.
 *
 * \retval KNOT_EOK, KNOT_ENOMEM
 */
int wanted_update(struct cluster *cluster);

/*! \brief True if more is wanted than what was read for the last state that came true. */
bool wanted_is_more(const struct cluster *cluster);

/*! \brief A state has come true; true if other views are met now than before. */
bool wanted_meet(struct cluster *cluster);

/*! \brief True if what there is has all that a view wants. */
bool wanted_is_met(const struct cluster *cluster, const struct view *view);

/*! \brief Gives the references back. */
void wanted_clear(struct cluster *cluster);
