/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief How a snapshot lies in memory; for the files of this folder alone.
 *
 *     head: entries by the upper bits of an owner's hash -> shard: slots, names -> chunks
 *
 * - Extendible hashing: a shard of depth D has the names whose hashes begin with the same D bits,
 *   and stands in all entries of the head that begin with them. A shard that has grown splits
 *   alone; the head's array doubles only when a shard is deeper than it.
 * - A name is one stretch of bytes without absolute places: it is copied from shard to shard as it
 *   is. Sets of more than SNAPSHOT_CHUNK records have their chunks outside.
 */
#pragma once

#include <string.h>

#include "module/base/siphash.h"
#include "module/snapshot/snapshot.h"

/*! \brief Octets of an SRV record's data before its target (RFC 2782). */
#define SRV_FIXED 6

/*! \brief Most bits of the hash that choose a shard. */
#define DEPTH_MAX 24

/*! \brief Begins each shard and chunk. */
struct block {
	struct block *next; /*!< In the list of those to free; readers do not look at it. */
	uint64_t version;   /*!< The commit that it was made for. */
	uint32_t size;      /*!< Bytes, this included. */
	uint32_t count;     /*!< Names of a shard, records of a chunk. */
};

/*! \brief A slot of a shard's table (linear probing, at most half full). */
struct slot {
	uint32_t tag;   /*!< Lower half of the owner's hash. */
	uint32_t place; /*!< Where the name lies, in bytes from the shard's start; 0: empty. */
};

/*! \brief Some 64 to 128 names. */
struct shard {
	struct block block;
	uint32_t depth;       /*!< Bits that all its names' hashes begin with. */
	uint32_t slots_count; /*!< At least one more than there are names. */
	struct slot slots[];  /*!< Followed by the names. */
};

struct snapshot_name {
	uint32_t size;      /*!< Bytes, all that follows included; a multiple of 8. */
	uint8_t sets_count; /*!< 0: an empty non-terminal. */
	uint8_t owner_len;  /*!< Octets of the owner, which follows the sets. */
	uint16_t unused;    /*!< Zero. */
	struct snapshot_set sets[];
};

/*! \brief Alignment of names, and of what a large set has beside it. */
#define NAME_ALIGN 8

/*! \brief A distinct target of some SRV records that lie in one piece. */
struct target {
	uint32_t hash[2]; /*!< Of the name: lower and upper half. */
	uint16_t rdata;   /*!< Where the record lies, in bytes from the first one's. */
	uint16_t index;   /*!< Which record has it first. */
};

/*! \brief A piece of a large set. */
struct chunk {
	struct block block;
	uint32_t rdata_size; /*!< Bytes of all rdata. */
	uint32_t targets_count;
	struct target targets[]; /*!< Followed by the rdata. */
};

/*! \brief Where a large set has a chunk; these lie in order beside it. */
struct part {
	struct chunk *chunk;
	uint32_t first; /*!< Index of its first record in the set. */
	uint32_t count; /*!< Its records. */
};

/*! \brief An entry of the head: all that is needed to know which slot to look at. */
struct entry {
	struct shard *shard;
	uint32_t slots_count; /*!< Of the shard. */
	uint32_t unused;
};

struct pool;

struct snapshot {
	uint32_t refs;          /*!< The table's own included. */
	uint32_t ttl;           /*!< Seconds. */
	uint32_t bits;          /*!< Number of entries, as a power of two. */
	uint32_t room;          /*!< Bits that there is room for. */
	uint64_t key[2];        /*!< Of the hash: task names come from strangers. */
	struct pool *pool;      /*!< Where it and its shards and chunks lie. */
	struct snapshot *newer; /*!< The publisher's. */
	struct block *garbage;  /*!< What only this one and older ones have; the publisher's. */
	struct snapshot_stats stats;
	struct entry entries[];
};

/*! \brief Records of a set that lie in one piece. */
struct piece {
	const uint8_t *rdata;
	const struct target *targets;
	uint32_t first; /*!< Index of the first record in the set. */
	uint32_t count; /*!< Records. */
	uint32_t rdata_size;
	uint32_t targets_count;
};

/*! \brief Hash of a name of \a len octets. */
static inline uint64_t name_hash(const uint64_t key[2], const knot_dname_t *name, size_t len)
{
	return siphash13(key, name, len);
}

/*! \brief Hash of a target's name. */
static inline uint64_t target_hash(const struct target *target)
{
	return (uint64_t)target->hash[1] << 32 | target->hash[0];
}

/*! \brief The first \a bits (at most DEPTH_MAX) of a hash. */
static inline uint32_t hash_prefix(uint64_t hash, uint32_t bits)
{
	return (hash >> 1) >> (63 - bits);
}

/*! \brief The slot where to begin looking for a name. */
static inline uint32_t slot_start(uint32_t tag, uint32_t slots_count)
{
	return (uint64_t)tag * slots_count >> 32;
}

/*! \brief The name at a place of a shard. */
static inline const struct snapshot_name *shard_name(const struct shard *shard, uint32_t place)
{
	return (const struct snapshot_name *)((const uint8_t *)shard + place);
}

/*! \brief Where the names of a shard begin. */
static inline uint32_t shard_names(uint32_t slots_count)
{
	return sizeof(struct shard) + slots_count * sizeof(struct slot);
}

/*! \brief The owner of a name. */
static inline const knot_dname_t *name_owner(const struct snapshot_name *name)
{
	return (const knot_dname_t *)&name->sets[name->sets_count];
}

/*! \brief True if a set lies in chunks. */
static inline bool set_is_large(const struct snapshot_set *set)
{
	return set->count > SNAPSHOT_CHUNK;
}

/*! \brief What lies beside a set: targets and rdata, or parts. */
static inline const void *set_data(const struct snapshot_set *set)
{
	return (const uint8_t *)set + set->data;
}

/*! \brief Bytes of what lies beside a set. */
static inline uint32_t set_data_size(const struct snapshot_set *set)
{
	return set_is_large(set) ? set->extent * sizeof(struct part)
	                         : set->targets_count * sizeof(struct target) + set->extent;
}

/*! \brief A chunk as a piece. */
static inline struct piece chunk_piece(const struct chunk *chunk, uint32_t first)
{
	return (struct piece){
		.rdata = (const uint8_t *)&chunk->targets[chunk->targets_count],
		.targets = chunk->targets,
		.first = first,
		.count = chunk->block.count,
		.rdata_size = chunk->rdata_size,
		.targets_count = chunk->targets_count,
	};
}

/*! \brief A set that is not large as a piece. */
static inline struct piece small_piece(const struct snapshot_set *set)
{
	const struct target *targets = set_data(set);
	return (struct piece){
		.rdata = (const uint8_t *)&targets[set->targets_count],
		.targets = targets,
		.count = set->count,
		.rdata_size = set->extent,
		.targets_count = set->targets_count,
	};
}

/*! \brief The record after another. */
static inline const knot_rdata_t *rdata_next(const knot_rdata_t *rdata)
{
	return (const knot_rdata_t *)((const uint8_t *)rdata + knot_rdata_size(rdata->len));
}

/*! \brief Octets of a record in a message: RFC 1035, section 4.1.3, with a pointer for its owner.
 */
static inline uint32_t rdata_octets(const knot_rdata_t *rdata)
{
	return 12 + rdata->len;
}

/*!
 * \brief Finds a name whose hash is known in an entry of the head.
 *
 * \param place  Set to its slot; may be NULL.
 */
const struct snapshot_name *entry_find(const struct entry *entry, const knot_dname_t *name,
                                       size_t len, uint64_t hash, uint32_t *place);

/*! \brief The piece of a large set that has its \a index-th record. */
struct piece set_chunk(const struct snapshot_set *set, uint32_t index);

/*! \brief The piece that has a set's \a index-th record. */
static inline struct piece set_piece(const struct snapshot_set *set, uint32_t index)
{
	return set_is_large(set) ? set_chunk(set, index) : small_piece(set);
}
