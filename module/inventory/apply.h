/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What an event changes.
 */
#pragma once

#include "module/inventory/node.h"
#include "module/state/object_write.h"

/*!
 * \brief Applies an event to what will be after the change that is being made.
 *
 * \param writer  Where objects are written for a moment.
 * \param news    Out.
 *
 * \return KNOT_EOK; or KNOT_ESPACE or KNOT_ENOMEM, then the change has to be undone.
 */
int event_apply(struct nodes *nodes, struct object_writer *writer, const struct event *event,
                struct inventory_news *news);

/*!
 * \brief Writes what a framework is, of what is said of it now and what was known.
 *
 * \param known  What was known; NULL if nothing.
 *
 * \return As object_write_framework() does.
 */
const struct object *framework_merge(struct object_writer *writer,
                                     const struct framework_object *now,
                                     const struct framework_object *known);
