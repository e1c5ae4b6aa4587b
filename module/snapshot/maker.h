/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What is at hand while shards and chunks are made; for the files of this folder alone.
 *
 * One commit is made of one or more rounds. Blocks made for the commit under way are freed at once
 * when they are replaced, since no reader has seen them; older ones are listed as dead.
 */
#pragma once

#include <stdatomic.h>

#include "module/base/arena.h"
#include "module/base/sort.h"
#include "module/snapshot/layout.h"
#include "module/snapshot/ledger.h"
#include "module/snapshot/pool.h"
#include "module/base/vector.h"

/*! \brief A record that comes into a set or goes out of it. */
struct edit {
	const knot_rdata_t *rdata; /*!< Lives as long as the round. */
	uint16_t type;
	bool add;
};

/*! \brief A name in which queries see a difference. */
struct patch {
	uint64_t hash;
	const knot_dname_t *owner; /*!< Lives as long as the round. */
	uint8_t len;
	uint32_t first; /*!< First edit, of those that the maker has. */
	uint32_t count; /*!< Edits; 0: only names below it came or went. */
};

/*! \brief What a round of changes comes to for one record. */
struct net {
	const knot_rdata_t *rdata;       /*!< Lives as long as the round. */
	struct ledger_record *record;    /*!< Its entry, NULL if none; see visible.c. */
	int64_t diff[LEDGER_CLASSES];    /*!< How many more there are of each class. */
	uint32_t before[LEDGER_CLASSES]; /*!< How many there were; see visible.c. */
	uint32_t after[LEDGER_CLASSES];  /*!< How many there are; see visible.c. */
	uint16_t type;
};

struct maker {
	struct pool *pool;
	uint64_t key[2];
	uint64_t version;            /*!< The commit under way. */
	struct block *dead;          /*!< Blocks of earlier commits that it does without. */
	size_t bytes;                /*!< Of all shards and chunks in use. */
	struct ledger ledger;        /*!< What the shards do not tell. */
	struct snapshot_stats stats; /*!< Of the snapshot, without its memory. */
	size_t octets;               /*!< Of owners and data of all records, each once. */
	uint64_t round;              /*!< Rounds so far. */
	struct arena gathered;       /*!< What lives as long as a round. */
	struct arena arena;          /*!< What lives while a shard is made. */
	struct arena charge;         /*!< The vectors'; it holds no memory. */
	struct vector nets;          /*!< struct net, of the owner at hand. */
	struct vector edits;         /*!< struct edit, of all patches of a round. */
	struct vector patches;       /*!< struct patch. */
	struct vector order; /*!< struct sort_item, the patches in the order of their keys. */
	struct vector items; /*!< struct item, of the shard being made. */
	struct vector gone;  /*!< bool by slot, of the shard that is replaced. */
	struct vector rdata; /*!< struct listed, records to be laid into pieces. */
	struct vector parts; /*!< struct part, of the set being made. */
	struct vector old;   /*!< struct chunk *, chunks that \a rdata points into. */
	uint32_t depths[DEPTH_MAX + 1]; /*!< Number of shards of each depth. */
	const atomic_bool *stop;        /*!< See snapshot_table_set_stop(); NULL: nobody stops. */
};

/*! \brief True if whoever waits does not want the commit any more. */
static inline bool maker_stopped(const struct maker *maker)
{
	return maker->stop != NULL && atomic_load_explicit(maker->stop, memory_order_relaxed);
}

/*! \brief Makes a block; NULL if memory runs out. */
static inline void *block_new(struct maker *maker, uint32_t size, uint32_t count)
{
	struct block *block = pool_alloc(maker->pool, size);
	if (block != NULL) {
		*block = (struct block){ .version = maker->version, .size = size, .count = count };
		maker->bytes += size;
	}
	return block;
}

/*! \brief Does without a block from now on. */
static inline void block_drop(struct maker *maker, struct block *block)
{
	maker->bytes -= block->size;
	if (block->version == maker->version) {
		pool_free(maker->pool, block, block->size);
	} else {
		block->next = maker->dead;
		maker->dead = block;
	}
}

/*! \brief Rounds up to a multiple of \a to, a power of two. */
static inline size_t align_up(size_t size, size_t to)
{
	return (size + to - 1) & ~(to - 1);
}
