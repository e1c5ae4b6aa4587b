/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief /v1/enumerate: frameworks, their tasks, and the records that each task makes.
 *
 * `{"frameworks": [{"tasks": [{"name", "id", "records": [{"name", "host", "rtype"}]}], "name"}]}`
 *
 * - Frameworks stand in the order of their IDs, and so do a framework's tasks: Mesos gives them in
 *   no order that would stay.
 * - A record stands under the first task that makes it. A task all of whose records stand under
 *   others has `null`; a task that makes no records is not listed.
 * - What the snapshot does not have is not listed: names that belong to others, or that a task that
 *   is not well leaves to those that are.
 */
#pragma once

#include "module/cluster/roster.h"
#include "module/http/body.h"
#include "module/records/records.h"
#include "module/snapshot/snapshot.h"

/*!
 * \brief Writes the list. Any thread.
 *
 * \param rules     How records are made.
 * \param snapshot  What queries see.
 *
 * \return KNOT_E* as http_body_add() or roster_take().
 */
int enumerate_write(struct http_body *out, struct stock *stock, const struct records_rules *rules,
                    const struct snapshot *snapshot);
