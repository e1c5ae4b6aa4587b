/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What a table has to show, found out the slow way: one sorted list of all records.
 *
 *     struct model model = { 0 };
 *     if (model_change(&model, 1, owner, type, rdata, len, preference)) { ... the table's turn }
 *     model_check(&model, table, snapshot); // ends the process where they differ
 *     model_free(&model);
 *
 * It shares no line with what it checks.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/snapshot/snapshot.h"
#include "module/snapshot/table.h"

#define MODEL_CHECK(condition)                                                                    \
	do {                                                                                      \
		if (!(condition)) {                                                               \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                  \
		}                                                                                 \
	} while (0)

/*! \brief The zone of all records. */
#define MODEL_ZONE ((const knot_dname_t *)"\005mesos")

/*! \brief Fewest records of a piece, if there are several. */
#define MODEL_PIECE_MIN 16

struct model_record {
	uint32_t counts[2];
	uint16_t type;
	uint16_t len;
	uint8_t owner_len;
	uint8_t bytes[]; /*!< The owner, then the data. */
};

struct model {
	struct model_record **list; /*!< By owner, type, data. */
	size_t count;
	size_t room;
};

static inline int model_compare_bytes(const uint8_t *a, size_t a_len, const uint8_t *b,
                                      size_t b_len)
{
	int diff = memcmp(a, b, a_len < b_len ? a_len : b_len);
	return diff != 0 ? diff : (a_len > b_len) - (a_len < b_len);
}

static inline int model_compare(const struct model_record *a, const struct model_record *b)
{
	int diff = model_compare_bytes(a->bytes, a->owner_len, b->bytes, b->owner_len);
	if (diff == 0) {
		diff = a->type - b->type;
	}
	return diff != 0 ? diff
	                 : model_compare_bytes(a->bytes + a->owner_len, a->len,
	                                       b->bytes + b->owner_len, b->len);
}

/*! \brief Makes a record that is there no time. */
static inline struct model_record *model_record(const knot_dname_t *owner, uint16_t type,
                                                const uint8_t *rdata, uint16_t len)
{
	size_t owner_len = knot_dname_size(owner);
	struct model_record *record = calloc(1, sizeof(*record) + owner_len + len);
	MODEL_CHECK(record != NULL);
	record->type = type;
	record->len = len;
	record->owner_len = owner_len;
	memcpy(record->bytes, owner, owner_len);
	memcpy(record->bytes + owner_len, rdata, len);
	return record;
}

/*! \brief Takes a change; false, with nothing changed, if what is to go is not there. */
static inline bool model_change(struct model *model, int diff, const knot_dname_t *owner,
                                uint16_t type, const uint8_t *rdata, uint16_t len,
                                unsigned preference)
{
	struct model_record *record = model_record(owner, type, rdata, len);
	size_t low = 0, high = model->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (model_compare(model->list[middle], record) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	bool there = low < model->count && model_compare(model->list[low], record) == 0;
	if (diff < 0 && (!there || model->list[low]->counts[preference] == 0)) {
		free(record);
		return false;
	}
	if (!there) {
		if (model->count == model->room) {
			model->room = 2 * model->room + 64;
			model->list = realloc(model->list, model->room * sizeof(*model->list));
			MODEL_CHECK(model->list != NULL);
		}
		memmove(model->list + low + 1, model->list + low,
		        (model->count - low) * sizeof(*model->list));
		model->list[low] = record;
		model->count++;
	} else {
		free(record);
	}
	record = model->list[low];
	record->counts[preference] += diff;
	if (record->counts[0] == 0 && record->counts[1] == 0) {
		free(record);
		model->count--;
		memmove(model->list + low, model->list + low + 1,
		        (model->count - low) * sizeof(*model->list));
	}
	return true;
}

static inline void model_free(struct model *model)
{
	for (size_t i = 0; i < model->count; i++) {
		free(model->list[i]);
	}
	free(model->list);
	*model = (struct model){ 0 };
}

static inline bool model_same_owner(const struct model_record *a, const struct model_record *b)
{
	return a->owner_len == b->owner_len && memcmp(a->bytes, b->bytes, a->owner_len) == 0;
}

static inline bool model_is_address(uint16_t type)
{
	return type == KNOT_RRTYPE_A || type == KNOT_RRTYPE_AAAA;
}

/*! \brief What decides which of an owner's records are shown. */
struct model_facts {
	uint32_t claims;         /*!< PTR records. */
	uint32_t well_addresses; /*!< A and AAAA records that are there with class 0. */
	uint32_t well_services;  /*!< SRV records, the same. */
};

static inline struct model_facts model_facts(const struct model *model, size_t first, size_t end)
{
	struct model_facts facts = { 0 };
	for (size_t i = first; i < end; i++) {
		const struct model_record *record = model->list[i];
		bool well = record->counts[0] > 0;
		facts.claims += record->type == KNOT_RRTYPE_PTR;
		facts.well_addresses += well && model_is_address(record->type);
		facts.well_services += well && record->type == KNOT_RRTYPE_SRV;
	}
	return facts;
}

static inline bool model_shows(const struct model_facts *facts, const struct model_record *record)
{
	if (record->type == KNOT_RRTYPE_PTR) {
		return facts->claims == 1;
	}
	uint32_t well = model_is_address(record->type) ? facts->well_addresses
	                                               : facts->well_services;
	return record->counts[0] > 0 || well == 0;
}

/*! \brief Names in wire form. */
struct model_names {
	struct model_name {
		uint8_t len;
		const uint8_t *name;
	} * list;
	size_t count;
	size_t room;
};

static inline void model_push_name(struct model_names *names, const uint8_t *name, size_t len)
{
	if (names->count == names->room) {
		names->room = 2 * names->room + 64;
		names->list = realloc(names->list, names->room * sizeof(*names->list));
		MODEL_CHECK(names->list != NULL);
	}
	names->list[names->count++] = (struct model_name){ len, name };
}

static inline int model_compare_names(const void *a, const void *b)
{
	const struct model_name *x = a, *y = b;
	return model_compare_bytes(x->name, x->len, y->name, y->len);
}

/*! \brief Checks the targets that a set of one piece leads to, in order. */
static inline void model_check_targets(const struct snapshot *snapshot,
                                       const struct snapshot_set *set,
                                       struct model_record *const *records)
{
	struct snapshot_targets walk;
	snapshot_targets(snapshot, set, 0, &walk);
	for (uint32_t i = 0; i < set->count; i++) {
		const uint8_t *target = records[i]->bytes + records[i]->owner_len + 6;
		bool met = false;
		for (uint32_t j = 0; j < i; j++) {
			met = met || (records[j]->len == records[i]->len &&
			              memcmp(records[j]->bytes + records[j]->owner_len + 6, target,
			                     records[i]->len - 6) == 0);
		}
		const struct snapshot_name *name = snapshot_find(snapshot, target);
		if (met || name == NULL) {
			continue;
		}
		const knot_dname_t *owner;
		uint32_t index;
		MODEL_CHECK(snapshot_target_next(&walk, &owner, &index) == name);
		MODEL_CHECK(index == i);
		MODEL_CHECK(knot_dname_is_equal(owner, target));
	}
	const knot_dname_t *owner;
	uint32_t index;
	MODEL_CHECK(snapshot_target_next(&walk, &owner, &index) == NULL);
}

/*! \brief Checks that a walk over a large set's targets meets all of them. */
static inline void model_check_many_targets(const struct snapshot *snapshot,
                                            const struct snapshot_set *set,
                                            struct model_record *const *records)
{
	/* More would take long here, and are not walked to the end. */
	uint32_t count = set->count <= 300 ? set->count : 0;
	bool met[300] = { false };
	struct snapshot_targets walk;
	const knot_dname_t *owner;
	uint32_t index;
	snapshot_targets(snapshot, set, set->count - 1, &walk);
	while (snapshot_target_next(&walk, &owner, &index) != NULL) {
		MODEL_CHECK(index < SNAPSHOT_CHUNK);
		for (uint32_t i = 0; i < count; i++) {
			met[i] = met[i] ||
			         knot_dname_is_equal(records[i]->bytes + records[i]->owner_len + 6,
			                             owner);
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *target = records[i]->bytes + records[i]->owner_len + 6;
		MODEL_CHECK(met[i] == (snapshot_find(snapshot, target) != NULL));
	}
}

/*! \brief Checks one set, of which these are the records. */
static inline void model_check_set(const struct snapshot *snapshot, const struct snapshot_set *set,
                                   struct model_record *const *records, uint32_t count)
{
	MODEL_CHECK(set != NULL);
	MODEL_CHECK(set->type == records[0]->type);
	MODEL_CHECK(set->count == count);
	uint32_t size = 0;
	for (uint32_t i = 0, here; i < count; i += here) {
		here = snapshot_piece(set, i);
		MODEL_CHECK(here >= 1 && here <= SNAPSHOT_CHUNK && here <= count - i);
		MODEL_CHECK(here == count || here >= MODEL_PIECE_MIN);
		knot_rrset_t rrset;
		snapshot_rrset(snapshot, set, records[i]->bytes, i, here, &rrset);
		MODEL_CHECK(rrset.rrs.count == here);
		MODEL_CHECK(rrset.type == set->type);
		const uint8_t *end = (const uint8_t *)rrset.rrs.rdata + rrset.rrs.size;
		knot_rdata_t *rdata = rrset.rrs.rdata;
		for (uint32_t j = i; j < i + here; j++, rdata = knot_rdataset_next(rdata)) {
			const struct model_record *record = records[j];
			MODEL_CHECK(rdata->len == record->len);
			MODEL_CHECK(memcmp(rdata->data, record->bytes + record->owner_len,
			                   rdata->len) == 0);
			size += 12 + rdata->len;
		}
		MODEL_CHECK((const uint8_t *)rdata == end);
		MODEL_CHECK(snapshot_holds(set, rrset.rrs.rdata));
		snapshot_rrset(snapshot, set, records[i]->bytes, i + here - 1, 1, &rrset);
		MODEL_CHECK((const uint8_t *)rrset.rrs.rdata + rrset.rrs.size == end);
	}
	MODEL_CHECK(set->size == size);
	if (set->type == KNOT_RRTYPE_SRV && count <= SNAPSHOT_CHUNK) {
		model_check_targets(snapshot, set, records);
	} else if (set->type == KNOT_RRTYPE_SRV) {
		model_check_many_targets(snapshot, set, records);
	}
}

/*! \brief Checks an owner's sets; returns how many records are shown. */
static inline uint32_t model_check_owner(const struct model *model, const struct snapshot *snapshot,
                                         size_t first, size_t end)
{
	struct model_record **shown = malloc((end - first) * sizeof(*shown));
	MODEL_CHECK(shown != NULL);
	struct model_facts facts = model_facts(model, first, end);
	uint32_t count = 0, sets = 0, made;
	for (size_t i = first; i < end; i++) {
		if (model_shows(&facts, model->list[i])) {
			shown[count++] = model->list[i];
		}
	}
	const struct snapshot_name *name = snapshot_find(snapshot, model->list[first]->bytes);
	MODEL_CHECK(count == 0 || name != NULL);
	for (uint32_t i = 0, next; i < count; i = next, sets++) {
		next = i + 1;
		while (next < count && shown[next]->type == shown[i]->type) {
			next++;
		}
		model_check_set(snapshot, snapshot_set(name, shown[i]->type), shown + i, next - i);
	}
	if (name != NULL) {
		(void)snapshot_sets(name, &made);
		MODEL_CHECK(made == sets);
	}
	free(shown);
	return count;
}

/*! \brief Checks that a walk meets just these names, of which some may be listed repeatedly. */
static inline void model_check_walk(const struct snapshot *snapshot, struct model_names *names)
{
	if (names->count > 0) {
		qsort(names->list, names->count, sizeof(*names->list), model_compare_names);
	}
	size_t kept = 0;
	for (size_t i = 0; i < names->count; i++) {
		if (kept == 0 ||
		    model_compare_names(&names->list[kept - 1], &names->list[i]) != 0) {
			names->list[kept++] = names->list[i];
		}
	}
	size_t walked = 0;
	struct snapshot_cursor cursor = { 0 };
	const struct snapshot_name *name;
	while ((name = snapshot_next(snapshot, &cursor)) != NULL) {
		const knot_dname_t *owner = snapshot_owner(name);
		struct model_name key = { knot_dname_size(owner), owner };
		MODEL_CHECK(bsearch(&key, names->list, kept, sizeof(key), model_compare_names) !=
		            NULL);
		MODEL_CHECK(snapshot_find(snapshot, owner) == name);
		walked++;
	}
	MODEL_CHECK(walked == kept);
}

/*! \brief Checks that a snapshot shows what the model says. */
static inline void model_check(const struct model *model, const struct snapshot_table *table,
                               const struct snapshot *snapshot)
{
	struct model_names names = { 0 };
	size_t zone_len = knot_dname_size(MODEL_ZONE), octets = 0;
	uint32_t owners = 0, records = 0;
	for (size_t i = 0, end; i < model->count; i = end) {
		for (end = i;
		     end < model->count && model_same_owner(model->list[i], model->list[end]);
		     end++) {
			octets += model->list[end]->owner_len + model->list[end]->len;
		}
		uint32_t shown = model_check_owner(model, snapshot, i, end);
		owners += shown > 0;
		records += shown;
		const uint8_t *name = model->list[i]->bytes;
		size_t len = model->list[i]->owner_len;
		while (shown > 0 && len > zone_len) {
			model_push_name(&names, name, len);
			len -= 1 + *name;
			name += 1 + *name;
		}
	}
	MODEL_CHECK(snapshot_stats(snapshot).names == owners);
	MODEL_CHECK(snapshot_stats(snapshot).records == records);
	MODEL_CHECK(snapshot_table_octets(table) == octets);
	MODEL_CHECK(snapshot_find(snapshot, MODEL_ZONE) == NULL);
	model_check_walk(snapshot, &names);
	free(names.list);
}

/*! \brief A number that depends on all that a snapshot has, and where. */
static inline uint64_t model_digest(const struct snapshot *snapshot)
{
	uint64_t digest = 14695981039346656037u;
	struct snapshot_cursor cursor = { 0 };
	const struct snapshot_name *name;
	while ((name = snapshot_next(snapshot, &cursor)) != NULL) {
		uint32_t count;
		const struct snapshot_set *sets = snapshot_sets(name, &count);
		const knot_dname_t *owner = snapshot_owner(name);
		digest = (digest ^ (uintptr_t)name ^ knot_dname_size(owner)) * 1099511628211u;
		for (uint32_t i = 0; i < count; i++) {
			for (uint32_t j = 0, here; j < sets[i].count; j += here) {
				here = snapshot_piece(&sets[i], j);
				knot_rrset_t rrset;
				snapshot_rrset(snapshot, &sets[i], owner, j, here, &rrset);
				const uint8_t *bytes = (const uint8_t *)rrset.rrs.rdata;
				for (uint32_t k = 0; k < rrset.rrs.size; k++) {
					digest = (digest ^ bytes[k]) * 1099511628211u;
				}
			}
		}
	}
	return digest;
}
