/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief One number for all that a snapshot shows; for tests and fuzz targets.
 */
#pragma once

#include "module/snapshot/snapshot.h"

/*! \brief Goes on with a hash (FNV-1a). */
static inline uint64_t hash(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	for (size_t i = 0; i < len; i++) {
		hash = (hash ^ bytes[i]) * 0x100000001b3;
	}
	return hash;
}

/*!
 * \brief Spreads a hash over all bits, so that sums of hashes tell sets apart.
 *
 * FNV's last octet moves a sum by a few times one number, up or down.
 */
static inline uint64_t spread(uint64_t hash)
{
	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15;
	hash = (hash ^ hash >> 29) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 32;
}

/*! \brief Sum of a set's records, each hashed with its owner and type. */
static inline uint64_t digest_set(const struct snapshot *snapshot, const knot_dname_t *owner,
                                  const struct snapshot_set *set)
{
	uint64_t sum = 0;
	uint64_t start = hash(0xcbf29ce484222325, owner, knot_dname_size(owner));
	start = hash(start, &set->type, sizeof(set->type));
	for (uint32_t first = 0; first < set->count;) {
		knot_rrset_t rrset;
		uint32_t count = snapshot_piece(set, first);
		snapshot_rrset(snapshot, set, owner, first, count, &rrset);
		knot_rdata_t *rdata = rrset.rrs.rdata;
		for (uint32_t i = 0; i < count; i++, rdata = knot_rdataset_next(rdata)) {
			sum += spread(hash(start, rdata->data, rdata->len));
		}
		first += count;
	}
	return sum;
}

/*! \brief All that a snapshot shows, whatever made it. */
static inline uint64_t digest(const struct snapshot *snapshot)
{
	uint64_t sum = 0;
	struct snapshot_cursor cursor = { 0 };
	const struct snapshot_name *name;
	while ((name = snapshot_next(snapshot, &cursor)) != NULL) {
		uint32_t count;
		const struct snapshot_set *sets = snapshot_sets(name, &count);
		for (uint32_t i = 0; i < count; i++) {
			sum += digest_set(snapshot, snapshot_owner(name), &sets[i]);
		}
	}
	return sum;
}
