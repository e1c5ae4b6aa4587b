/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Makes shards of what they were and what changes; for the files of this folder alone.
 *
 * A shard is copied name by name, but for the names that change. One of more than SHARD_NAMES_MAX
 * names is split by further bits of the hash; one of less than SHARD_NAMES_MIN is merged with the
 * one that differs in its last bit, if that is small enough, too. The publisher's thread only.
 */
#pragma once

#include "module/snapshot/maker.h"

/*! \brief Most names of a shard. */
#define SHARD_NAMES_MAX 128

/*! \brief A shard with less names is merged, into one of at most SHARD_NAMES_MERGED. */
#define SHARD_NAMES_MIN 24

/*! \brief Well below SHARD_NAMES_MAX: a merged shard is not split again soon. */
#define SHARD_NAMES_MERGED 72

/*! \brief Makes a maker's vector of items ready. */
void shard_init(struct maker *maker);

/*! \brief Makes a shard without names; NULL if memory runs out. */
struct shard *shard_empty(struct maker *maker);

/*!
 * \brief Makes the names anew that some patches of one shard touch.
 *
 * \param head     The head that is being made; its entries change, it may be replaced.
 * \param order    Of struct patch, sorted by hash, each name once, all of the same shard of the
 * head; at least one.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  An edit does not fit what is there.
 * \retval KNOT_ENOMEM, KNOT_ECONNABORTED  The head is of no use any more.
 */
int shard_patch(struct maker *maker, struct snapshot **head, const struct sort_item *order,
                size_t count);
