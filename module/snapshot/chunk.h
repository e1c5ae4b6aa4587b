/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Makes sets of what they were and what changes; for the files of this folder alone.
 *
 * A set of at most SNAPSHOT_CHUNK records is made anew. A larger one lies in chunks, and only those
 * are made anew that a record comes into or goes out of (or that are merged with such a one). The
 * publisher's thread only.
 */
#pragma once

#include "module/snapshot/maker.h"

/*! \brief A set that is ready to be laid beside a name. */
struct made_set {
	struct snapshot_set set; /*!< Without its place; of count 0: there is none. */
	const void *data;        /*!< Of set_data_size(); lives as long as the shard is made. */
};

/*! \brief Makes a maker's vector of records ready. */
void set_init(struct maker *maker);

/*! \brief True if a set, which may be NULL, has a record. */
bool set_has(const struct snapshot_set *set, const knot_rdata_t *rdata);

/*! \brief Takes a set as it is. */
struct made_set set_keep(const struct snapshot_set *old);

/*!
 * \brief Makes a set of an old one.
 *
 * \param old    NULL if there is none.
 * \param edits  Of one type, in canonical order, each record once; at least one.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  What is to come is there already, or what is to go is not.
 * \retval KNOT_ENOMEM
 * \retval KNOT_ECONNABORTED
 */
int set_make(struct maker *maker, const struct snapshot_set *old, const struct edit *edits,
             uint32_t count, struct made_set *out);
