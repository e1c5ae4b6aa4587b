/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/base/siphash.h"
#include "module/snapshot/ledger.h"

/*! \brief A name that others with records lie below. */
struct ledger_above {
	uint32_t below; /*!< How many. */
	uint8_t len;
	knot_dname_t name[];
};

static size_t name_size(size_t len)
{
	return sizeof(struct ledger_name) + len;
}

static size_t record_size(size_t len)
{
	return sizeof(struct ledger_record) + len + 1;
}

static size_t above_size(size_t len)
{
	return sizeof(struct ledger_above) + len;
}

enum ledger_group ledger_group(uint16_t type)
{
	switch (type) {
	case KNOT_RRTYPE_A:
	case KNOT_RRTYPE_AAAA: return LEDGER_ADDRESSES;
	case KNOT_RRTYPE_SRV: return LEDGER_SERVICES;
	case KNOT_RRTYPE_PTR: return LEDGER_CLAIMS;
	default: return LEDGER_GROUPS;
	}
}

struct ledger_name *ledger_name(const struct ledger *ledger, const knot_dname_t *owner, size_t len,
                                uint64_t hash)
{
	uint32_t at;
	struct ledger_name *name = map_first(&ledger->names, hash, &at);
	while (name != NULL && (name->len != len || memcmp(name->owner, owner, len) != 0)) {
		name = map_next(&ledger->names, hash, &at);
	}
	return name;
}

/*! \brief Hash of a record; the owner's, which is keyed, is the key. */
static uint64_t record_hash(const struct ledger_name *name, uint16_t type,
                            const knot_rdata_t *rdata)
{
	const uint64_t key[2] = { name->hash, type };
	return siphash13(key, rdata->data, rdata->len);
}

struct ledger_record *ledger_find(const struct ledger *ledger, const struct ledger_name *name,
                                  uint16_t type, const knot_rdata_t *rdata)
{
	if (name == NULL || name->lists[ledger_group(type)].count == 0) {
		return NULL;
	}
	uint32_t at;
	uint64_t hash = record_hash(name, type, rdata);
	struct ledger_record *record = map_first(&ledger->records, hash, &at);
	while (record != NULL && (record->name != name || record->type != type ||
	                          knot_rdata_cmp(&record->rdata, rdata) != 0)) {
		record = map_next(&ledger->records, hash, &at);
	}
	return record;
}

static struct ledger_name *add_name(struct ledger *ledger, const knot_dname_t *owner, size_t len,
                                    uint64_t hash)
{
	struct ledger_name *name = pool_alloc(ledger->pool, name_size(len));
	if (name == NULL) {
		return NULL;
	}
	*name = (struct ledger_name){ .hash = hash, .len = len };
	memcpy(name->owner, owner, len);
	if (map_put(&ledger->names, hash, name) != KNOT_EOK) {
		pool_free(ledger->pool, name, name_size(len));
		return NULL;
	}
	return name;
}

struct ledger_record *ledger_add(struct ledger *ledger, struct ledger_name **name,
                                 const knot_dname_t *owner, size_t len, uint64_t hash,
                                 uint16_t type, const knot_rdata_t *rdata)
{
	if (*name == NULL) {
		*name = add_name(ledger, owner, len, hash);
		if (*name == NULL) {
			return NULL;
		}
	}
	struct ledger_record *record = pool_alloc(ledger->pool, record_size(rdata->len));
	if (record == NULL) {
		return NULL;
	}
	struct ledger_list *list = &(*name)->lists[ledger_group(type)];
	*record = (struct ledger_record){
		.next = list->first,
		.name = *name,
		.hash = record_hash(*name, type, rdata),
		.type = type,
	};
	knot_rdata_init(&record->rdata, rdata->len, rdata->data);
	if (map_put(&ledger->records, record->hash, record) != KNOT_EOK) {
		pool_free(ledger->pool, record, record_size(rdata->len));
		return NULL;
	}
	if (list->first != NULL) {
		list->first->prev = record;
	}
	list->first = record;
	list->count++;
	return record;
}

void ledger_drop(struct ledger *ledger, struct ledger_record *record)
{
	struct ledger_list *list = &record->name->lists[ledger_group(record->type)];
	list->count--;
	if (record->prev != NULL) {
		record->prev->next = record->next;
	} else {
		list->first = record->next;
	}
	if (record->next != NULL) {
		record->next->prev = record->prev;
	}
	map_remove(&ledger->records, record->hash, record);
	pool_free(ledger->pool, record, record_size(record->rdata.len));
}

void ledger_tidy(struct ledger *ledger, struct ledger_name *name)
{
	if (name == NULL) {
		return;
	}
	for (int i = 0; i < LEDGER_GROUPS; i++) {
		if (name->lists[i].count > 0) {
			return;
		}
	}
	map_remove(&ledger->names, name->hash, name);
	pool_free(ledger->pool, name, name_size(name->len));
}

static struct ledger_above *find_above(const struct ledger *ledger, const knot_dname_t *name,
                                       size_t len, uint64_t hash)
{
	uint32_t at;
	struct ledger_above *above = map_first(&ledger->above, hash, &at);
	while (above != NULL && (above->len != len || memcmp(above->name, name, len) != 0)) {
		above = map_next(&ledger->above, hash, &at);
	}
	return above;
}

int ledger_count_below(struct ledger *ledger, const knot_dname_t *name, size_t len, uint64_t hash,
                       int diff, bool *changed)
{
	struct ledger_above *above = find_above(ledger, name, len, hash);
	*changed = above == NULL || (diff < 0 && above->below == 1);
	if (above != NULL) {
		above->below += diff;
		if (above->below == 0) {
			map_remove(&ledger->above, hash, above);
			pool_free(ledger->pool, above, above_size(len));
		}
		return KNOT_EOK;
	}

	above = pool_alloc(ledger->pool, above_size(len));
	if (above == NULL) {
		return KNOT_ENOMEM;
	}
	above->below = diff;
	above->len = len;
	memcpy(above->name, name, len);
	int ret = map_put(&ledger->above, hash, above);
	if (ret != KNOT_EOK) {
		pool_free(ledger->pool, above, above_size(len));
	}
	return ret;
}

bool ledger_is_above(const struct ledger *ledger, const knot_dname_t *name, size_t len,
                     uint64_t hash)
{
	return find_above(ledger, name, len, hash) != NULL;
}

void ledger_free(struct ledger *ledger)
{
	map_free(&ledger->names);
	map_free(&ledger->records);
	map_free(&ledger->above);
	ledger->pool = NULL;
}
