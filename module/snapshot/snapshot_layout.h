/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief How a snapshot lies in memory; for snapshot.c and snapshot_build.c alone.
 *
 * One block: struct snapshot, its slots, then the names. Each name is followed by what belongs to
 * it: sets, owner, targets, marks, rdata. Places are offsets in bytes from the start of the block.
 */
#pragma once

#include "module/base/siphash.h"
#include "module/snapshot/snapshot.h"

/*! \brief A slot of the open-addressing table (linear probing, at most half full). */
struct slot {
	uint32_t tag;  /*!< Upper half of the name's hash. */
	uint32_t name; /*!< Where the name lies; 0: the slot is empty. */
};

struct snapshot_name {
	uint32_t sets_count; /*!< 0: an empty non-terminal. */
	uint32_t owner_len;  /*!< Octets of the owner, which follows the sets. */
	struct snapshot_set sets[];
};

struct snapshot {
	uint64_t key[2]; /*!< Of the hash: task names come from strangers. */
	uint32_t mask;   /*!< Number of slots, less one. */
	uint32_t ttl;    /*!< Seconds. */
	uint32_t refs;   /*!< Touched by makers only, never by readers. */
	int64_t time;    /*!< CLOCK_MONOTONIC in milliseconds. */
	struct snapshot_stats stats;
	struct slot slots[];
};

/*! \brief Hash of a name of \a len octets. */
static inline uint64_t name_hash(const uint64_t key[2], const knot_dname_t *name, size_t len)
{
	return siphash13(key, name, len);
}

/*! \brief What lies at a place. */
static inline const void *at(const struct snapshot *snapshot, uint32_t place)
{
	return (const uint8_t *)snapshot + place;
}

/*! \brief The owner of a name. */
static inline const knot_dname_t *name_owner(const struct snapshot_name *name)
{
	return (const knot_dname_t *)&name->sets[name->sets_count];
}
