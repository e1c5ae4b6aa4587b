/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The array that finds a hash's shard, while it is made; for the files of this folder alone.
 *
 * The publisher's thread only.
 */
#pragma once

#include "module/snapshot/maker.h"

/*! \brief Makes a head with room for 2^\a bits entries, none of them set; NULL if out of memory. */
struct snapshot *head_new(struct maker *maker, uint32_t bits);

/*! \brief Makes a copy with one reference; NULL if memory runs out. */
struct snapshot *head_copy(struct maker *maker, const struct snapshot *old);

/*! \brief Frees a head, without its shards. */
void head_free(struct maker *maker, struct snapshot *head);

/*!
 * \brief Puts a shard in all entries that begin with a prefix of its depth.
 *
 * \param head  Replaced by one twice as large, or more, if the shard is deeper.
 *
 * \retval KNOT_EOK, KNOT_ENOMEM
 */
int head_put(struct maker *maker, struct snapshot **head, uint32_t prefix, struct shard *shard);

/*! \brief Halves a head for as long as no shard needs all its bits. */
void head_shrink(const struct maker *maker, struct snapshot *head);

/*! \brief Bytes of a head. */
size_t head_size(const struct snapshot *head);
