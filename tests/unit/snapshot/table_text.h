/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Changes and snapshots of a table with names as text; to be included after cmocka.h.
 */
#pragma once

#include "tests/unit/snapshot/table_model.h"

/*! \brief Makes a name of text. */
static inline const knot_dname_t *dname(const char *text)
{
	static knot_dname_storage_t storage;
	assert_non_null(knot_dname_from_str(storage, text, sizeof(storage)));
	return storage;
}

static inline struct snapshot_table *new_table(void)
{
	struct snapshot_table *table = snapshot_table_new(MODEL_ZONE, 30);
	assert_non_null(table);
	return table;
}

static inline void change(struct snapshot_table *table, int diff, const char *owner, uint16_t type,
                          const void *rdata, uint16_t len, unsigned preference)
{
	assert_int_equal(
	        snapshot_table_change(table, diff, dname(owner), type, rdata, len, preference),
	        KNOT_EOK);
}

static inline void change_a(struct snapshot_table *table, int diff, const char *owner,
                            const char *address, unsigned preference)
{
	change(table, diff, owner, KNOT_RRTYPE_A, address, 4, preference);
}

static inline void change_srv(struct snapshot_table *table, int diff, const char *owner,
                              uint16_t port, const char *target)
{
	uint8_t rdata[6 + KNOT_DNAME_MAXLEN] = { 0, 0, 0, 1, port >> 8, port & 0xff };
	int len = knot_dname_to_wire(rdata + 6, dname(target), KNOT_DNAME_MAXLEN);
	change(table, diff, owner, KNOT_RRTYPE_SRV, rdata, 6 + len, 0);
}

static inline void change_ptr(struct snapshot_table *table, int diff, const char *owner,
                              const char *target)
{
	knot_dname_storage_t name;
	int len = knot_dname_to_wire(name, dname(target), sizeof(name));
	change(table, diff, owner, KNOT_RRTYPE_PTR, name, len, 0);
}

/*! \brief Commits; NULL if there is nothing to see. */
static inline struct snapshot *commit(struct snapshot_table *table)
{
	struct snapshot *snapshot = NULL;
	assert_int_equal(snapshot_table_commit(table, &snapshot), KNOT_EOK);
	return snapshot;
}

/*! \brief Commits what is to be seen, in place of what was. */
static inline void replace(struct snapshot_table *table, struct snapshot **current)
{
	struct snapshot *next = commit(table);
	assert_non_null(next);
	snapshot_table_retire(table, *current);
	*current = next;
}

static inline const struct snapshot_set *find_set(const struct snapshot *snapshot,
                                                  const char *owner, uint16_t type)
{
	const struct snapshot_name *name = snapshot_find(snapshot, dname(owner));
	return name != NULL ? snapshot_set(name, type) : NULL;
}

static inline void check_a(const struct snapshot *snapshot, const char *owner,
                           const char *addresses)
{
	const struct snapshot_set *set = find_set(snapshot, owner, KNOT_RRTYPE_A);
	uint32_t count = strlen(addresses) / 4;
	if (count == 0) {
		assert_null(set);
		return;
	}
	assert_non_null(set);
	assert_int_equal(set->count, count);
	knot_rrset_t rrset;
	snapshot_rrset(snapshot, set, MODEL_ZONE, 0, count, &rrset);
	knot_rdata_t *rdata = rrset.rrs.rdata;
	for (uint32_t i = 0; i < count; i++, rdata = knot_rdataset_next(rdata)) {
		assert_int_equal(rdata->len, 4);
		assert_memory_equal(rdata->data, addresses + 4 * i, 4);
	}
}
