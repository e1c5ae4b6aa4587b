/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A round of changes: gathered, netted, decided on, made; for the files of this folder.
 *
 * The publisher's thread only.
 */
#pragma once

#include "module/snapshot/maker.h"

struct change_owner;

struct round {
	struct vector changes;           /*!< Private to round.c. */
	const struct change_owner *last; /*!< The owner that a change came for last. */
	knot_dname_storage_t zone;
	size_t zone_len;
	size_t bytes; /*!< What the changes take. */
};

/*! \brief Starts without changes. */
void round_init(struct round *round, const knot_dname_t *zone);

/*!
 * \brief Gathers a change; see snapshot_table_change().
 *
 * \retval KNOT_EOK, KNOT_EINVAL, KNOT_ENOMEM
 */
int round_add(struct round *round, struct maker *maker, int diff, const knot_dname_t *owner,
              uint16_t type, const uint8_t *rdata, uint16_t len, unsigned preference);

/*!
 * \brief Takes the changes into the ledger, and lists the patches that come of them.
 *
 * \param base  What the shards are as yet.
 *
 * \retval KNOT_EOK, KNOT_ENOENT, KNOT_ERANGE, KNOT_ENOMEM, KNOT_ECONNABORTED
 */
int round_decide(struct round *round, struct maker *maker, const struct snapshot *base);

/*!
 * \brief Makes the listed patches.
 *
 * \retval KNOT_EOK, KNOT_EINVAL, KNOT_ENOMEM, KNOT_ECONNABORTED
 */
int round_make(struct maker *maker, struct snapshot **head);

/*! \brief Forgets the changes and patches; what they have left is kept for the next ones. */
void round_end(struct round *round, struct maker *maker);

/*! \brief Frees all that round_end() keeps. */
void round_free(struct round *round, struct maker *maker);
