/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What queries see: an immutable table of record sets, in shards.
 *
 *     const struct snapshot_name *name = snapshot_find(snapshot, owner);
 *     const struct snapshot_set *set = snapshot_set(name, KNOT_RRTYPE_A);
 *     knot_rrset_t rrset;
 *     snapshot_rrset(snapshot, set, owner, 0, snapshot_piece(set, 0), &rrset);
 *
 * - A look-up is one keyed hash, one load of the head's array, and usually one comparison; what it
 *   finds can be put into a packet as it is.
 * - Snapshots are made by a table (table.h), each sharing with the one before it all that did not
 *   change. The price: a set of more than SNAPSHOT_CHUNK records lies in several pieces.
 * - Names above an owner exist without sets (empty non-terminals, RFC 8020); the apex does not.
 * - Any number of threads read. Who holds a counted reference may keep what is found as long; a
 *   reader inside an RCU read-side section needs none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! \brief Most records that lie in one piece. */
#define SNAPSHOT_CHUNK 64

/*! \brief Most octets of a record's data: an SRV record with the longest of names needs 261. */
#define SNAPSHOT_RDATA_MAX 512

struct snapshot;

/*! \brief A name of the snapshot; opaque. */
struct snapshot_name;

/*! \brief Records of one owner and type, in canonical order (RFC 4034, section 6.3). */
struct snapshot_set {
	uint16_t type;
	uint16_t targets_count; /*!< Of an SRV set in one piece: distinct targets; private. */
	uint32_t count;         /*!< Records; may exceed what a message can hold. */
	uint32_t size;          /*!< Octets they take in a message, if the owners are pointers. */
	uint32_t data;          /*!< Where the records lie, from here; private. */
	uint32_t extent;        /*!< Bytes of the rdata, or number of pieces; private. */
};

/*! \brief Records of a set that follow each other. */
struct snapshot_run {
	uint32_t first;
	uint32_t count; /*!< Not beyond the set's end. */
};

/*! \brief Numbers for logs and counters. */
struct snapshot_stats {
	uint32_t names;   /*!< Owners, without empty non-terminals. */
	uint32_t records; /*!< Records. */
	size_t bytes;     /*!< Memory, what is shared with other snapshots included. */
};

/*! \brief Where a walk over all names is; all zeros: at the start. */
struct snapshot_cursor {
	uint32_t entry; /*!< Private. */
	uint32_t place; /*!< Private. */
};

/*! \brief A walk over the targets of an SRV set; private. */
struct snapshot_targets {
	const struct snapshot *snapshot;
	const struct snapshot_set *set;
	const uint8_t *targets; /*!< Of the piece at hand. */
	const uint8_t *rdata;   /*!< Of the piece at hand. */
	uint32_t count;         /*!< Targets of the piece at hand. */
	uint32_t next;          /*!< The next of them. */
	uint32_t left;          /*!< Of the piece at hand. */
	uint32_t first;         /*!< First record of the next piece. */
	uint32_t records;       /*!< Records in the pieces to come. */
	uint32_t tries;         /*!< Look-ups that are still allowed. */
};

/*! \brief Takes a further reference; returns \a snapshot, which may be NULL. Any thread. */
struct snapshot *snapshot_ref(struct snapshot *snapshot);

/*!
 * \brief Gives a reference back; NULL is fine. Any thread, no reader left that has none of its own.
 *
 * While the table lives, it frees the memory at its next commit or snapshot_table_retire(). Of a
 * table that is gone, the last holder of any snapshot frees all.
 */
void snapshot_unref(struct snapshot *snapshot);

/*! \brief Finds a name, lower case; NULL if it is neither an owner nor above one. */
const struct snapshot_name *snapshot_find(const struct snapshot *snapshot,
                                          const knot_dname_t *name);

/*! \brief The same for who knows the name's octets, \a len. */
const struct snapshot_name *snapshot_find_sized(const struct snapshot *snapshot,
                                                const knot_dname_t *name, size_t len);

/*! \brief Finds a name's set of a type, of any one type for KNOT_RRTYPE_ANY; NULL if none. */
const struct snapshot_set *snapshot_set(const struct snapshot_name *name, uint16_t type);

/*! \brief snapshot_piece() of a set that is in several. */
uint32_t snapshot_chunk(const struct snapshot_set *set, uint32_t first);

/*! \brief How many records from \a first on (less than the set's count) lie in one piece. */
static inline uint32_t snapshot_piece(const struct snapshot_set *set, uint32_t first)
{
	return set->count <= SNAPSHOT_CHUNK ? set->count - first : snapshot_chunk(set, first);
}

/*!
 * \brief Makes records \a first to \a first + \a count - 1 of a set an RRset; no copy is made.
 *
 * \param owner  Owner for the RRset; neither copied nor changed.
 * \param count  1 to snapshot_piece(set, first).
 */
void snapshot_rrset(const struct snapshot *snapshot, const struct snapshot_set *set,
                    const knot_dname_t *owner, uint32_t first, uint32_t count, knot_rrset_t *rrset);

/*!
 * \brief The same for any records of a set: copies them if they do not lie in one piece.
 *
 * For answers that are signed: what a signature covers has to be one RRset.
 *
 * \param runs   In their order, and no two of them overlap; 1 to 65535 records in all.
 * \param count  Runs, at least one.
 * \param mm     Where a copy is allocated; see \a copied.
 * \param copied  Set to true if the rdata are a copy, which is the caller's (KNOT_PF_FREE).
 *
 * \retval KNOT_EOK, KNOT_ENOMEM
 */
int snapshot_rrset_whole(const struct snapshot *snapshot, const struct snapshot_set *set,
                         const knot_dname_t *owner, const struct snapshot_run *runs, size_t count,
                         knot_mm_t *mm, knot_rrset_t *rrset, bool *copied);

/*!
 * \brief Finds the addresses of a subnet, which lie side by side in their set.
 *
 * \param set      Of type KNOT_RRTYPE_A or _AAAA.
 * \param address  Of that type.
 * \param bits     So many of its first bits are the subnet's; not more than it has.
 *
 * \return Them; a count of 0: there is none.
 */
struct snapshot_run snapshot_subnet(const struct snapshot_set *set, const uint8_t *address,
                                    unsigned bits);

/*! \brief True if \a data is a record's data (or part of it) in a set of a snapshot. */
bool snapshot_holds(const struct snapshot_set *set, const void *data);

/*!
 * \brief Lets the processor fetch where the first targets of a set are looked up.
 *
 * In a large snapshot they are in no cache, and would come one after the other otherwise. To be
 * called as soon as the set is known, and snapshot_prefetch_names() some work later.
 */
void snapshot_prefetch(const struct snapshot *snapshot, const struct snapshot_set *set);

/*! \brief Lets the processor fetch the names that snapshot_prefetch() has made ready. */
void snapshot_prefetch_names(const struct snapshot *snapshot, const struct snapshot_set *set);

/*!
 * \brief Starts a walk over the targets of an SRV set.
 *
 * \param first  Less than the set's count. In a set of one piece the walk starts at a target chosen
 *               by it, and meets each target once. In a larger one it starts with the targets of
 *               that record's piece, and may meet a target again in another piece.
 */
void snapshot_targets(const struct snapshot *snapshot, const struct snapshot_set *set,
                      uint32_t first, struct snapshot_targets *walk);

/*!
 * \brief Finds the next target that is a name of the snapshot.
 *
 * \param owner  Set to the target, which lies in the record's data.
 * \param index  Set to the first record that has it, counted from the start of its piece.
 *
 * \return NULL at the end, or after as many targets as no message holds addresses of.
 */
const struct snapshot_name *snapshot_target_next(struct snapshot_targets *walk,
                                                 const knot_dname_t **owner, uint32_t *index);

/*! \brief The next name of a walk over all, in no order; NULL at the end. */
const struct snapshot_name *snapshot_next(const struct snapshot *snapshot,
                                          struct snapshot_cursor *cursor);

/*! \brief A name's owner, in wire form. */
const knot_dname_t *snapshot_owner(const struct snapshot_name *name);

/*! \brief A name's sets, by type; \a count is 0 for an empty non-terminal. */
const struct snapshot_set *snapshot_sets(const struct snapshot_name *name, uint32_t *count);

/*! \brief TTL of all records, in seconds. */
uint32_t snapshot_ttl(const struct snapshot *snapshot);

/*! \brief Tells the numbers. */
struct snapshot_stats snapshot_stats(const struct snapshot *snapshot);
