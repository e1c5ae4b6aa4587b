/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Decides which of the records that there are queries see; for the files of this folder.
 *
 * - A and AAAA together, and SRV: records of class 0, if there are any; else those of class 1.
 * - PTR: the record, if it is the only one, of whatever class; else none.
 *
 * The publisher's thread only.
 */
#pragma once

#include "module/snapshot/maker.h"

/*!
 * \brief Takes changes of one owner into the ledger, and appends what queries see of them.
 *
 * The maker's nets are the changes, by type and in canonical order. Its edits get a patch's, in the
 * same order.
 *
 * \param patch  Its hash and owner are set, the rest will be.
 * \param shown  What queries see of the owner now; NULL if nothing.
 * \param more   1 if the owner gets its first record that is seen, -1 if it loses its last, else 0.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOENT  A record is to go that is not there.
 * \retval KNOT_ERANGE  A record is there too many times.
 * \retval KNOT_ENOMEM
 * \retval KNOT_ECONNABORTED
 */
int visible_change(struct maker *maker, struct patch *patch, const struct snapshot_name *shown,
                   int *more);
