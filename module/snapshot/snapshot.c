/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/base/pages.h"
#include "module/snapshot/snapshot_layout.h"
#include "module/base/util.h"

/*! \brief Most targets that are fetched ahead; processors have few more loads under way. */
#define PREFETCH_MAX 8

/*! \brief Bytes of a cache line; a target with one address takes two. */
#define PREFETCH_LINE 64

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	if (snapshot != NULL) {
		__atomic_add_fetch(&snapshot->refs, 1, __ATOMIC_RELAXED);
	}
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
	if (snapshot != NULL && __atomic_sub_fetch(&snapshot->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		pages_free(snapshot, snapshot->stats.bytes);
	}
}

const struct snapshot_name *snapshot_find(const struct snapshot *snapshot, const knot_dname_t *name)
{
	size_t len = knot_dname_size(name);
	uint64_t hash = name_hash(snapshot->key, name, len);
	uint32_t tag = hash >> 32;

	for (uint32_t i = hash & snapshot->mask;; i = (i + 1) & snapshot->mask) {
		const struct slot *slot = &snapshot->slots[i];
		if (slot->name == 0) {
			return NULL;
		}
		if (slot->tag == tag) {
			const struct snapshot_name *found = at(snapshot, slot->name);
			if (found->owner_len == len && memcmp(name_owner(found), name, len) == 0) {
				return found;
			}
		}
	}
}

const struct snapshot_set *snapshot_set(const struct snapshot_name *name, uint16_t type)
{
	for (uint32_t i = 0; i < name->sets_count; i++) {
		if (name->sets[i].type == type || type == KNOT_RRTYPE_ANY) {
			return &name->sets[i];
		}
	}
	return NULL;
}

/*! \brief Offset of a set's \a index-th rdata from its first; of their end for the set's count. */
static uint32_t rdata_offset(const struct snapshot *snapshot, const struct snapshot_set *set,
                             uint32_t index)
{
	if (index == set->count) {
		return set->rdata_size;
	}

	const uint8_t *rdata = at(snapshot, set->rdata);
	uint32_t offset = 0;
	if (index >= SNAPSHOT_CHUNK) {
		const uint32_t *marks = at(snapshot, set->marks);
		offset = marks[index / SNAPSHOT_CHUNK - 1];
	}
	for (uint32_t i = index % SNAPSHOT_CHUNK; i > 0; i--) {
		offset += knot_rdata_size(((const knot_rdata_t *)(rdata + offset))->len);
	}
	return offset;
}

void snapshot_rrset(const struct snapshot *snapshot, const struct snapshot_set *set,
                    const knot_dname_t *owner, uint32_t first, uint32_t count, knot_rrset_t *rrset)
{
	uint32_t start = rdata_offset(snapshot, set, first);

	/* libknot reads RRsets without const; nothing of one is written in putting it. */
	knot_rrset_init(rrset, (knot_dname_t *)(uintptr_t)owner, set->type, KNOT_CLASS_IN,
	                snapshot->ttl);
	rrset->rrs.count = count;
	rrset->rrs.size = rdata_offset(snapshot, set, first + count) - start;
	rrset->rrs.rdata = (knot_rdata_t *)((uintptr_t)at(snapshot, set->rdata) + start);
}

const struct snapshot_target *snapshot_targets(const struct snapshot *snapshot,
                                               const struct snapshot_set *set)
{
	return at(snapshot, set->targets);
}

const struct snapshot_name *snapshot_target_name(const struct snapshot *snapshot,
                                                 const struct snapshot_target *target,
                                                 const knot_dname_t **owner)
{
	const struct snapshot_name *name = at(snapshot, target->name);
	*owner = name_owner(name);
	return name;
}

void snapshot_prefetch(const struct snapshot *snapshot, const struct snapshot_set *set)
{
	const struct snapshot_target *targets = snapshot_targets(snapshot, set);
	uint32_t count = MIN(set->targets_count, PREFETCH_MAX);
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *name = at(snapshot, targets[i].name);
		__builtin_prefetch(name);
		__builtin_prefetch(name + PREFETCH_LINE);
	}
}

bool snapshot_holds(const struct snapshot *snapshot, const void *data)
{
	uintptr_t start = (uintptr_t)snapshot, place = (uintptr_t)data;
	return place >= start && place - start < snapshot->stats.bytes;
}

int64_t snapshot_time(const struct snapshot *snapshot)
{
	return snapshot->time;
}

void snapshot_set_time(struct snapshot *snapshot, int64_t ms)
{
	snapshot->time = ms;
}

struct snapshot_stats snapshot_stats(const struct snapshot *snapshot)
{
	return snapshot->stats;
}
