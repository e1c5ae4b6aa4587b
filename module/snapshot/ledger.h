/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the shards do not tell of a table's records and names.
 *
 * - Records: a record that is there once, of class 0, and shown has no entry. Any other has one
 *   with its exact counts: made several times, of class 1, or hidden.
 * - Non-terminals: how many names with records lie below each name between an owner and the apex.
 * - About 80 bytes an entry beside names and data. Entries lie in the table's pool, with which they
 *   go all at once; they stay where they are until they are dropped. One thread at a time.
 */
#pragma once

#include "module/snapshot/map.h"
#include "module/snapshot/pool.h"
#include "module/snapshot/snapshot.h"

/*! \brief Classes of records: 0 is shown in preference to 1. */
#define LEDGER_CLASSES 2

/*! \brief What is decided together for an owner. */
enum ledger_group {
	LEDGER_ADDRESSES, /*!< A and AAAA. */
	LEDGER_SERVICES,  /*!< SRV. */
	LEDGER_CLAIMS,    /*!< PTR: shown only while there is a single one. */
	LEDGER_GROUPS
};

/*! \brief A record's entry. */
struct ledger_record {
	struct ledger_record *next, *prev; /*!< In its owner's group. */
	struct ledger_name *name;          /*!< Its owner. */
	uint64_t hash;
	uint64_t seen; /*!< The last round of changes that had the record. */
	uint32_t counts[LEDGER_CLASSES];
	uint16_t type;
	knot_rdata_t rdata; /*!< With its data. */
};

/*! \brief Entries of one owner's group. */
struct ledger_list {
	struct ledger_record *first;
	uint32_t count;    /*!< Entries. */
	bool shows_unwell; /*!< There is no record of class 0: those are shown. */
};

/*! \brief An owner that has entries. */
struct ledger_name {
	uint64_t hash;
	struct ledger_list lists[LEDGER_GROUPS];
	uint8_t len;
	knot_dname_t owner[];
};

/*! \brief All zeros but for the pool: empty. */
struct ledger {
	struct pool *pool;  /*!< The table's. */
	struct map names;   /*!< struct ledger_name. */
	struct map records; /*!< struct ledger_record. */
	struct map above;   /*!< struct ledger_above. */
};

/*! \brief The group of a type; LEDGER_GROUPS for one that no table has. */
enum ledger_group ledger_group(uint16_t type);

/*! \brief Finds an owner that has entries; NULL if it has none. */
struct ledger_name *ledger_name(const struct ledger *ledger, const knot_dname_t *owner, size_t len,
                                uint64_t hash);

/*! \brief Finds a record's entry; NULL if it has none. */
struct ledger_record *ledger_find(const struct ledger *ledger, const struct ledger_name *name,
                                  uint16_t type, const knot_rdata_t *rdata);

/*!
 * \brief Makes an entry for a record that has none, with counts of zero.
 *
 * \param name  Its owner, made if NULL.
 *
 * \return NULL if memory runs out.
 */
struct ledger_record *ledger_add(struct ledger *ledger, struct ledger_name **name,
                                 const knot_dname_t *owner, size_t len, uint64_t hash,
                                 uint16_t type, const knot_rdata_t *rdata);

/*! \brief Drops a record's entry; the owner stays until ledger_tidy(). */
void ledger_drop(struct ledger *ledger, struct ledger_record *record);

/*! \brief Drops an owner if it has no entries any more; NULL is fine. */
void ledger_tidy(struct ledger *ledger, struct ledger_name *name);

/*!
 * \brief Counts a name with records more (\a diff 1) or less (-1) below a name.
 *
 * \param changed  Set if the first one came or the last one went.
 *
 * \retval KNOT_EOK, KNOT_ENOMEM
 */
int ledger_count_below(struct ledger *ledger, const knot_dname_t *name, size_t len, uint64_t hash,
                       int diff, bool *changed);

/*! \brief True if names with records lie below a name. */
bool ledger_is_above(const struct ledger *ledger, const knot_dname_t *name, size_t len,
                     uint64_t hash);

/*! \brief Leaves the ledger empty, and its entries to the pool. */
void ledger_free(struct ledger *ledger);
