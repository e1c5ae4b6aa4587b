/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/snapshot/layout.h"
#include "module/snapshot/pool.h"
#include "module/base/util.h"

/*! \brief Most targets that are fetched ahead; processors have few more loads under way. */
#define PREFETCH_MAX 8

/*! \brief Bytes of a cache line; a target with one address takes two. */
#define PREFETCH_LINE 64

/*! \brief More names with an address each than 64 KiB hold (28 octets for an A record). */
#define TRIES_MAX 2400

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	if (snapshot != NULL) {
		__atomic_add_fetch(&snapshot->refs, 1, __ATOMIC_RELAXED);
	}
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
	if (snapshot == NULL) {
		return;
	}
	/* At zero the publisher may free the snapshot at once, but not the pool. */
	struct pool *pool = snapshot->pool;
	if (__atomic_sub_fetch(&snapshot->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		pool_unref(pool);
	}
}

const struct snapshot_name *entry_find(const struct entry *entry, const knot_dname_t *name,
                                       size_t len, uint64_t hash, uint32_t *place)
{
	const struct shard *shard = entry->shard;
	uint32_t tag = (uint32_t)hash, i = slot_start(tag, entry->slots_count);
	for (;;) {
		const struct slot *slot = &shard->slots[i];
		if (slot->place == 0) {
			return NULL;
		}
		if (slot->tag == tag) {
			const struct snapshot_name *found = shard_name(shard, slot->place);
			if (found->owner_len == len && memcmp(name_owner(found), name, len) == 0) {
				if (place != NULL) {
					*place = i;
				}
				return found;
			}
		}
		i = i + 1 < entry->slots_count ? i + 1 : 0;
	}
}

const struct snapshot_name *snapshot_find_sized(const struct snapshot *snapshot,
                                                const knot_dname_t *name, size_t len)
{
	uint64_t hash = name_hash(snapshot->key, name, len);
	const struct entry *entry = &snapshot->entries[hash_prefix(hash, snapshot->bits)];
	return entry_find(entry, name, len, hash, NULL);
}

const struct snapshot_name *snapshot_find(const struct snapshot *snapshot, const knot_dname_t *name)
{
	return snapshot_find_sized(snapshot, name, knot_dname_size(name));
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

/*! \brief Finds the part of a large set that has its \a index-th record. */
static uint32_t find_part(const struct snapshot_set *set, uint32_t index)
{
	const struct part *parts = set_data(set);
	uint32_t low = 0, high = set->extent;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (parts[middle].first <= index) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return low;
}

struct piece set_chunk(const struct snapshot_set *set, uint32_t index)
{
	const struct part *part = (const struct part *)set_data(set) + find_part(set, index);
	return chunk_piece(part->chunk, part->first);
}

uint32_t snapshot_chunk(const struct snapshot_set *set, uint32_t first)
{
	struct piece piece = set_chunk(set, first);
	return piece.first + piece.count - first;
}

/*! \brief Offset of a piece's \a index-th rdata from its first; of their end for its count. */
static uint32_t rdata_offset(const struct piece *piece, uint32_t index)
{
	if (index == piece->count) {
		return piece->rdata_size;
	}
	uint32_t offset = 0;
	for (; index > 0; index--) {
		offset += knot_rdata_size(((const knot_rdata_t *)(piece->rdata + offset))->len);
	}
	return offset;
}

void snapshot_rrset(const struct snapshot *snapshot, const struct snapshot_set *set,
                    const knot_dname_t *owner, uint32_t first, uint32_t count, knot_rrset_t *rrset)
{
	struct piece piece = set_is_large(set) ? set_piece(set, first) : small_piece(set);
	uint32_t start = 0, end = piece.rdata_size;
	if (count < piece.count) {
		start = rdata_offset(&piece, first - piece.first);
		end = rdata_offset(&piece, first - piece.first + count);
	}

	/* libknot reads RRsets without const; nothing of one is written in putting it. */
	knot_rrset_init(rrset, (knot_dname_t *)(uintptr_t)owner, set->type, KNOT_CLASS_IN,
	                snapshot->ttl);
	rrset->rrs.count = count;
	rrset->rrs.size = end - start;
	rrset->rrs.rdata = (knot_rdata_t *)((uintptr_t)piece.rdata + start);
}

/*! \brief Copies the rdata of a run, if there is room for it; returns their bytes. */
static size_t copy_run(const struct snapshot *snapshot, const struct snapshot_set *set,
                       struct snapshot_run run, uint8_t *room)
{
	size_t size = 0;
	for (uint32_t done = 0, here; done < run.count; done += here) {
		knot_rrset_t rrset;
		here = MIN(snapshot_piece(set, run.first + done), run.count - done);
		snapshot_rrset(snapshot, set, NULL, run.first + done, here, &rrset);
		if (room != NULL) {
			memcpy(room + size, rrset.rrs.rdata, rrset.rrs.size);
		}
		size += rrset.rrs.size;
	}
	return size;
}

int snapshot_rrset_whole(const struct snapshot *snapshot, const struct snapshot_set *set,
                         const knot_dname_t *owner, const struct snapshot_run *runs, size_t count,
                         knot_mm_t *mm, knot_rrset_t *rrset, bool *copied)
{
	uint32_t here = snapshot_piece(set, runs->first);
	snapshot_rrset(snapshot, set, owner, runs->first, MIN(here, runs->count), rrset);
	*copied = count > 1 || runs->count > here;
	if (!*copied) {
		return KNOT_EOK;
	}

	size_t size = 0;
	uint32_t records = 0;
	for (size_t i = 0; i < count; i++) {
		size += copy_run(snapshot, set, runs[i], NULL);
		records += runs[i].count;
	}
	uint8_t *copy = mm->alloc(mm->ctx, size);
	if (copy == NULL) {
		*copied = false;
		return KNOT_ENOMEM;
	}
	size = 0;
	for (size_t i = 0; i < count; i++) {
		size += copy_run(snapshot, set, runs[i], copy + size);
	}
	rrset->rrs.rdata = (knot_rdata_t *)copy;
	rrset->rrs.count = records;
	rrset->rrs.size = size;
	return KNOT_EOK;
}

bool snapshot_holds(const struct snapshot_set *set, const void *data)
{
	for (uint32_t i = 0; set != NULL && i < set->count;) {
		struct piece piece = set_piece(set, i);
		uintptr_t start = (uintptr_t)piece.rdata, place = (uintptr_t)data;
		if (place >= start && place - start < piece.rdata_size) {
			return true;
		}
		i = piece.first + piece.count;
	}
	return false;
}

static const struct entry *target_entry(const struct snapshot *snapshot,
                                        const struct target *target)
{
	return &snapshot->entries[hash_prefix(target_hash(target), snapshot->bits)];
}

void snapshot_prefetch(const struct snapshot *snapshot, const struct snapshot_set *set)
{
	if (set->type != KNOT_RRTYPE_SRV || set_is_large(set)) {
		return;
	}
	struct piece piece = small_piece(set);
	for (uint32_t i = 0; i < MIN(piece.targets_count, PREFETCH_MAX); i++) {
		const struct entry *entry = target_entry(snapshot, &piece.targets[i]);
		uint32_t slot = slot_start(piece.targets[i].hash[0], entry->slots_count);
		__builtin_prefetch(&entry->shard->slots[slot]);
	}
}

void snapshot_prefetch_names(const struct snapshot *snapshot, const struct snapshot_set *set)
{
	if (set->type != KNOT_RRTYPE_SRV || set_is_large(set)) {
		return;
	}
	struct piece piece = small_piece(set);
	for (uint32_t i = 0; i < MIN(piece.targets_count, PREFETCH_MAX); i++) {
		const struct entry *entry = target_entry(snapshot, &piece.targets[i]);
		uint32_t slot = slot_start(piece.targets[i].hash[0], entry->slots_count);
		const uint8_t *name = (const uint8_t *)entry->shard +
		                      entry->shard->slots[slot].place;
		__builtin_prefetch(name);
		__builtin_prefetch(name + PREFETCH_LINE);
	}
}

/*! \brief Makes the piece of a record the one at hand. */
static void take_piece(struct snapshot_targets *walk, uint32_t index)
{
	struct piece piece = set_piece(walk->set, index);
	walk->targets = (const uint8_t *)piece.targets;
	walk->rdata = piece.rdata;
	walk->count = piece.targets_count;
	walk->next = 0;
	walk->left = piece.targets_count;
	walk->first = (piece.first + piece.count) % walk->set->count;
	walk->records -= piece.count;
}

void snapshot_targets(const struct snapshot *snapshot, const struct snapshot_set *set,
                      uint32_t first, struct snapshot_targets *walk)
{
	*walk = (struct snapshot_targets){
		.snapshot = snapshot,
		.set = set,
		.records = set->count,
		.tries = TRIES_MAX,
	};
	take_piece(walk, first);
	if (!set_is_large(set) && walk->count > 0) {
		walk->next = first % walk->count;
	}
}

const struct snapshot_name *snapshot_target_next(struct snapshot_targets *walk,
                                                 const knot_dname_t **owner, uint32_t *index)
{
	while (walk->tries > 0) {
		if (walk->left == 0) {
			if (walk->records == 0) {
				return NULL;
			}
			take_piece(walk, walk->first);
			walk->tries--;
			continue;
		}
		const struct target *target = (const struct target *)walk->targets + walk->next;
		walk->next = walk->next + 1 < walk->count ? walk->next + 1 : 0;
		walk->left--;
		walk->tries--;

		const knot_rdata_t *rdata = (const knot_rdata_t *)(walk->rdata + target->rdata);
		*owner = rdata->data + SRV_FIXED;
		*index = target->index;
		const struct snapshot_name *name = entry_find(target_entry(walk->snapshot, target),
		                                              *owner, rdata->len - SRV_FIXED,
		                                              target_hash(target), NULL);
		if (name != NULL) {
			return name;
		}
	}
	return NULL;
}

const struct snapshot_name *snapshot_next(const struct snapshot *snapshot,
                                          struct snapshot_cursor *cursor)
{
	while (cursor->entry >> snapshot->bits == 0) {
		const struct shard *shard = snapshot->entries[cursor->entry].shard;
		if (cursor->place == 0) {
			cursor->place = shard_names(shard->slots_count);
		}
		if (cursor->place < shard->block.size) {
			const struct snapshot_name *name = shard_name(shard, cursor->place);
			cursor->place += name->size;
			return name;
		}
		/* The same shard stands in all entries that begin with its prefix. */
		cursor->entry += UINT32_C(1) << (snapshot->bits - shard->depth);
		cursor->place = 0;
	}
	return NULL;
}

const knot_dname_t *snapshot_owner(const struct snapshot_name *name)
{
	return name_owner(name);
}

const struct snapshot_set *snapshot_sets(const struct snapshot_name *name, uint32_t *count)
{
	*count = name->sets_count;
	return name->sets;
}

uint32_t snapshot_ttl(const struct snapshot *snapshot)
{
	return snapshot->ttl;
}

struct snapshot_stats snapshot_stats(const struct snapshot *snapshot)
{
	return snapshot->stats;
}
