/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The publisher's side of snapshots: takes changes of records, makes the next snapshot.
 *
 *     struct snapshot_table *table = snapshot_table_new(zone, 30);
 *     int ret = snapshot_table_change(table, 1, owner, KNOT_RRTYPE_A, address, 4, 0);
 *     struct snapshot *snapshot = NULL;
 *     if (ret == KNOT_EOK) {
 *         ret = snapshot_table_commit(table, &snapshot); // NULL: queries see no difference
 *     }
 *     // publish it instead of the one before, wait until no reader is left that may have that,
 * then snapshot_table_retire(table, before); snapshot_table_free(table); // snapshots that are held
 * stay good
 *
 * - What is shown does not depend on how it came about: after any changes the snapshot has exactly
 *   what one made at once of all the records that there are has. Of A and AAAA together, and of
 *   SRV, an owner shows its records of class 0 (well), or if there are none those of class 1; of
 *   PTR it shows a record that is the only one. What is made several times is shown once.
 * - A commit costs what it changes: a copy of the head's array (16 bytes for some 64 to 128 names),
 *   each shard in which queries see a difference (some 10 to 20 KiB), and a chunk for each record
 *   of a large set.
 * - Changes are gathered (about 100 bytes each) and worked in at commit, or before it in rounds
 *   that nobody sees if they are many. Those that cancel each other in one round cost nothing more.
 * - Once memory has run out, or a record was to go that was not there, the table is lost: all calls
 *   return that error until snapshot_table_reset(). Snapshots already given out stay good.
 * - A table belongs to one thread at a time. It takes some 2 MiB at least.
 */
#pragma once

#include <stdatomic.h>

#include "module/snapshot/snapshot.h"

struct snapshot_table;

/*!
 * \brief Makes an empty table.
 *
 * \param zone  Name of the zone that all owners lie in, lower case; copied.
 * \param ttl   TTL of all records, in seconds.
 *
 * \return NULL if memory or randomness runs out.
 */
struct snapshot_table *snapshot_table_new(const knot_dname_t *zone, uint32_t ttl);

/*! \brief Frees a table; NULL is fine. Snapshots live as long as they are held. */
void snapshot_table_free(struct snapshot_table *table);

/*!
 * \brief Adds a record, or takes one away that was added with the same arguments.
 *
 * \param diff        1 or -1.
 * \param owner       Lower case, below the zone's apex; copied.
 * \param type        KNOT_RRTYPE_A, _AAAA, _SRV or _PTR.
 * \param rdata       Uncompressed, names in lower case; copied.
 * \param len         1 to SNAPSHOT_RDATA_MAX.
 * \param preference  The record's class: 0 or 1.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  The arguments break these rules; nothing was changed.
 * \retval KNOT_ENOENT, KNOT_ERANGE, KNOT_ENOMEM  The table is lost.
 */
int snapshot_table_change(struct snapshot_table *table, int diff, const knot_dname_t *owner,
                          uint16_t type, const uint8_t *rdata, uint16_t len, unsigned preference);

/*!
 * \brief Makes a snapshot of all changes so far.
 *
 * \param out  Set to the snapshot, with one reference for the caller; to NULL if queries would see
 *             no difference to the one before. The first of a new or reset table is always made.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOENT  A record was to go that is not there; the table is lost.
 * \retval KNOT_ERANGE  A record is there more than 2^32 - 1 times; the table is lost.
 * \retval KNOT_ENOMEM  The table is lost.
 */
int snapshot_table_commit(struct snapshot_table *table, struct snapshot **out);

/*!
 * \brief Gives a reference back and frees what no snapshot that is held has any more.
 *
 * Snapshots are freed in their order: what an older one that is held has stays.
 *
 * \param snapshot  NULL is fine: only frees.
 */
void snapshot_table_retire(struct snapshot_table *table, struct snapshot *snapshot);

/*!
 * \brief Empties a table, lost or not, as if it were new. Snapshots that are held stay good.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM  The table is lost (still).
 */
int snapshot_table_reset(struct snapshot_table *table);

/*! \brief Sets the TTL, in seconds, from the next commit on, which makes a snapshot for it. */
void snapshot_table_set_ttl(struct snapshot_table *table, uint32_t ttl);

/*!
 * \brief Sets a flag that ends a commit, or the work before it, soon after it becomes true.
 *
 * The call returns KNOT_ECONNABORTED then, and the table is lost.
 *
 * \param stop  Must outlive the table; NULL for none.
 */
void snapshot_table_set_stop(struct snapshot_table *table, const atomic_bool *stop);

/*!
 * \brief Sets how many bytes of changes are gathered at least before they are worked in.
 *
 * 4 MiB unless set, and never less than a quarter of the snapshot.
 */
void snapshot_table_set_gather(struct snapshot_table *table, size_t bytes);

/*!
 * \brief Octets of owners and data of all records, shown or hidden, each once.
 *
 * As of the last commit.
 */
size_t snapshot_table_octets(const struct snapshot_table *table);

/*! \brief What a table costs; for tests and measurements. */
struct snapshot_table_cost {
	size_t memory;      /*!< Bytes taken for shards, chunks, heads, and entries in its books. */
	size_t allocations; /*!< So many of these were made since the table was new or reset. */
	uint32_t hidden;    /*!< Records with an entry in the table's books. */
	uint32_t shards;    /*!< Of the last snapshot. */
};

/*! \brief Tells what a table costs. */
struct snapshot_table_cost snapshot_table_cost(const struct snapshot_table *table);
