/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What is kept while a snapshot is built; for snapshot_build.c and snapshot_write.c alone.
 */
#pragma once

#include "module/base/arena.h"
#include "module/snapshot/snapshot_layout.h"
#include "module/base/sort.h"

/*! \brief A record that was added. */
struct entry {
	struct link link;
	uint32_t target; /*!< SRV: index into nodes, in place of the rdata's end. */
	uint16_t type;
	uint16_t len; /*!< Octets of \a rdata: of an SRV record without its target. */
	uint8_t rdata[];
};

/*! \brief Types of record, as far as they make a difference. */
enum kind { KIND_A = 1, KIND_AAAA = 2, KIND_SRV = 4, KIND_OTHER = 8 };

/*! \brief A name that was added, lies above one that was, or is a target. */
struct node {
	struct link *entries;
	uint32_t entries_count;
	uint32_t targets_count; /*!< Distinct targets of its SRV set that have addresses. */
	uint32_t tag;           /*!< Upper half of its hash. */
	uint32_t start;         /*!< Lower half of its hash. */
	uint32_t place;         /*!< Where it will lie in the snapshot; 0 if not known yet. */
	uint32_t seen;          /*!< The last count of targets that met it. */
	uint8_t sets_count;
	uint8_t kinds;  /*!< Of enum kind, those that it has. */
	bool is_listed; /*!< Will be in the snapshot. */
	uint8_t owner_len;
	uint8_t owner[];
};

/*! \brief A slot of the builder's table; nodes are not touched to tell their hashes. */
struct place {
	uint32_t tag;
	uint32_t node; /*!< Index into nodes plus one; 0: the slot is empty. */
};

/*! \brief A task's records point at two targets by turns. */
#define TARGETS_RECENT 2

struct snapshot_builder {
	uint64_t key[2];
	uint32_t ttl;
	knot_dname_storage_t zone;
	size_t zone_len;
	struct arena arena;
	struct node **nodes;
	uint32_t nodes_count;
	uint32_t nodes_room;
	struct place *table; /*!< At most half full. */
	uint32_t mask;
	uint32_t last;                    /*!< Owner that was added last, as in struct place. */
	uint32_t targets[TARGETS_RECENT]; /*!< Targets that were added last, the same way. */
	uint32_t targets_next;            /*!< Which of them is replaced next. */
	uint32_t seen;                    /*!< Counts of targets so far. */
	size_t reserved; /*!< Bytes that the snapshot will take at most; the arena counts them. */
	struct snapshot_stats stats;
	const atomic_bool *stop; /*!< Set: to be given up; NULL: never. */
	uint32_t steps;          /*!< Records and names that were looked at. */
};

static inline struct entry *to_entry(struct link *link)
{
	return (struct entry *)link;
}

static inline struct entry *next_entry(const struct entry *entry)
{
	return (struct entry *)entry->link.next;
}

/*! \brief Looks now and then at whether to stop. */
static inline bool is_stopped(struct snapshot_builder *b)
{
	return ++b->steps % 1024 == 0 && b->stop != NULL && atomic_load(b->stop);
}
