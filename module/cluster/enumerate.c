/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <libknot/libknot.h>

#include "module/base/siphash.h"
#include "module/base/util.h"
#include "module/cluster/enumerate.h"
#include "module/http/said.h"

/*!
 * \brief Which records stand in the list already: their hashes.
 *
 * Of 128 bits with a random key, so that no two records will ever have the same one: the records
 * themselves need not be kept.
 */
struct listed {
	uint64_t keys[2][2];
	uint64_t (*slots)[2]; /*!< Open addressing; all zeros: empty. */
	size_t slots_count;   /*!< A power of two, or 0. */
	size_t count;
};

/*! \brief The list, as it is being written. */
struct list {
	struct http_body *out;
	const struct records_rules *rules;
	const struct snapshot *snapshot;
	struct listed listed;
	uint32_t records; /*!< Of the task at hand: those that stand under it. */
	bool is_shown;    /*!< The snapshot has records of it. */
};

/*! \brief Which of a set's data comes first: see struct snapshot_set. */
static int compare(const knot_rdata_t *a, const uint8_t *data, uint16_t len)
{
	int ret = memcmp(a->data, data, MIN(a->len, len));
	return ret != 0 ? ret : (int)a->len - (int)len;
}

/*! \brief True if queries see a record. */
static bool is_shown(const struct snapshot *snapshot, const knot_dname_t *owner, uint16_t type,
                     const uint8_t *data, uint16_t len)
{
	const struct snapshot_name *name = snapshot_find(snapshot, owner);
	const struct snapshot_set *set = name != NULL ? snapshot_set(name, type) : NULL;
	uint32_t low = 0, high = set != NULL ? set->count : 0;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		knot_rrset_t rrset;
		snapshot_rrset(snapshot, set, owner, middle, 1, &rrset);
		int order = compare(rrset.rrs.rdata, data, len);
		if (order == 0) {
			return true;
		}
		low = order < 0 ? middle + 1 : low;
		high = order < 0 ? high : middle;
	}
	return false;
}

/*! \brief Finds the place of a hash: where it is, or an empty slot. */
static uint64_t *find_slot(const struct listed *listed, const uint64_t hash[static 2])
{
	size_t mask = listed->slots_count - 1, i = hash[0] & mask;
	while ((listed->slots[i][0] != hash[0] || listed->slots[i][1] != hash[1]) &&
	       (listed->slots[i][0] | listed->slots[i][1]) != 0) {
		i = (i + 1) & mask;
	}
	return listed->slots[i];
}

/*! \brief Makes room for one more; KNOT_ENOMEM if there is no memory. */
static int grow(struct listed *listed)
{
	if (2 * listed->count < listed->slots_count) {
		return KNOT_EOK;
	}
	struct listed larger = *listed;
	larger.slots_count = listed->slots_count > 0 ? 2 * listed->slots_count : 1024;
	larger.slots = calloc(larger.slots_count, sizeof(*larger.slots));
	if (larger.slots == NULL) {
		return KNOT_ENOMEM;
	}
	for (size_t i = 0; i < listed->slots_count; i++) {
		if ((listed->slots[i][0] | listed->slots[i][1]) != 0) {
			memcpy(find_slot(&larger, listed->slots[i]), listed->slots[i],
			       sizeof(*listed->slots));
		}
	}
	free(listed->slots);
	*listed = larger;
	return KNOT_EOK;
}

/*! \brief Adds a record; \a is_new is false if it is there. */
static int add(struct listed *listed, const knot_dname_t *owner, uint16_t type,
               const uint8_t *rdata, uint16_t rdata_len, bool *is_new)
{
	uint8_t record[KNOT_DNAME_MAXLEN + sizeof(type) + 6 + KNOT_DNAME_MAXLEN];
	size_t len = knot_dname_size(owner);
	memcpy(record, owner, len);
	memcpy(record + len, &type, sizeof(type));
	len += sizeof(type);
	memcpy(record + len, rdata, rdata_len);
	len += rdata_len;

	int ret = grow(listed);
	if (ret == KNOT_EOK) {
		const uint64_t hash[2] = { siphash13(listed->keys[0], record, len) | 1,
			                   siphash13(listed->keys[1], record, len) };
		uint64_t *slot = find_slot(listed, hash);
		*is_new = slot[0] == 0;
		memcpy(slot, hash, sizeof(hash));
		listed->count += *is_new;
	}
	return ret;
}

static const char *type_name(uint16_t type)
{
	switch (type) {
	case KNOT_RRTYPE_A: return "A";
	case KNOT_RRTYPE_AAAA: return "AAAA";
	case KNOT_RRTYPE_SRV: return "SRV";
	default: return "PTR";
	}
}

/*! \brief Takes a record of a task. */
static int put(void *ctx, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
               uint16_t rdata_len, unsigned preference)
{
	(void)preference;
	struct list *list = ctx;
	bool is_new = false;
	if (!is_shown(list->snapshot, owner, type, rdata, rdata_len)) {
		return KNOT_EOK;
	}
	list->is_shown = true;
	int ret = add(&list->listed, owner, type, rdata, rdata_len, &is_new);
	if (ret != KNOT_EOK || !is_new) {
		return ret;
	}
	(void)http_body_text(list->out, list->records++ == 0 ? "[{\"name\":" : ",{\"name\":");
	(void)http_said_name(list->out, "", owner);
	(void)http_body_text(list->out, ",\"host\":");
	(void)http_said_data(list->out, type, rdata);
	return http_body_print(list->out, ",\"rtype\":\"%s\"}", type_name(type));
}

static int write_text(struct http_body *out, const void *object, struct object_slice slice)
{
	struct text text = object_text(object, slice);
	return http_body_string(out, text.data, text.len);
}

/*! \brief Writes a task; \a is_first becomes false once one is written. */
static int write_task(struct list *list, const struct inventory_side *side, bool *is_first)
{
	size_t before = list->out->len;
	(void)http_body_text(list->out, *is_first ? "{\"name\":" : ",{\"name\":");
	(void)write_text(list->out, side->task, side->task->name);
	(void)http_body_text(list->out, ",\"id\":");
	(void)write_text(list->out, side->task, side->task->object.id);
	(void)http_body_text(list->out, ",\"records\":");

	struct records_output output = { .put = put, .sink = list };
	list->records = 0;
	list->is_shown = false;
	int ret = records_of(list->rules, INVENTORY_TASK, side, &output);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (!list->is_shown) {
		list->out->len = before;
		return list->out->error;
	}
	*is_first = false;
	return http_body_text(list->out, list->records > 0 ? "]}" : "null}");
}

static int write_framework(struct list *list, const struct roster_framework *framework)
{
	bool is_first = true;
	int ret = http_body_text(list->out, "{\"tasks\":[");
	for (const struct list_item *item = framework->tasks; ret == KNOT_EOK && item != NULL;
	     item = item->next) {
		ret = write_task(list, &roster_task(item)->side, &is_first);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	(void)http_body_text(list->out, "],\"name\":");
	(void)write_text(list->out, framework->framework, framework->framework->name);
	return http_body_text(list->out, "}");
}

static int write_frameworks(struct list *list, const struct roster *roster)
{
	if (roster->frameworks == NULL) {
		return http_body_text(list->out, "{\"frameworks\":null}");
	}
	int ret = http_body_text(list->out, "{\"frameworks\":");
	for (const struct list_item *item = roster->frameworks; ret == KNOT_EOK && item != NULL;
	     item = item->next) {
		(void)http_body_text(list->out, item == roster->frameworks ? "[" : ",");
		ret = write_framework(list, roster_framework(item));
	}
	return ret == KNOT_EOK ? http_body_text(list->out, "]}") : ret;
}

int enumerate_write(struct http_body *out, struct stock *stock, const struct records_rules *rules,
                    const struct snapshot *snapshot)
{
	struct list list = { .out = out, .rules = rules, .snapshot = snapshot };
	if (getrandom(list.listed.keys, sizeof(list.listed.keys), 0) !=
	    (ssize_t)sizeof(list.listed.keys)) {
		return KNOT_ERROR;
	}
	struct roster *roster = NULL;
	int ret = roster_take(stock, out->stop, &roster);
	if (ret == KNOT_EOK) {
		ret = write_frameworks(&list, roster);
	}
	free(list.listed.slots);
	roster_free(roster);
	return ret;
}
