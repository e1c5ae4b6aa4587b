/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/snapshot/chunk.h"
#include "module/snapshot/head.h"
#include "module/snapshot/shard.h"

/*! \brief Most sets of a name: as many as there are types. */
#define SETS_MAX 4

/*! \brief A name of the shard that is being made. */
struct item {
	const struct snapshot_name *name; /*!< As it will lie there. */
	uint64_t hash;                    /*!< Its lower half alone, before shards are split. */
};

void shard_init(struct maker *maker)
{
	maker->items.item = sizeof(struct item);
}

static int push_item(struct maker *maker, const struct snapshot_name *name, uint64_t hash)
{
	struct item *item = vector_push(&maker->items, &maker->charge);
	if (item == NULL) {
		return KNOT_ENOMEM;
	}
	*item = (struct item){ name, hash };
	return KNOT_EOK;
}

/*! \brief Lays a name out as a shard will have it; NULL if memory runs out. */
static const struct snapshot_name *make_name(struct maker *maker, const struct patch *patch,
                                             const struct made_set *made, uint32_t count)
{
	size_t places[SETS_MAX];
	size_t size = sizeof(struct snapshot_name) + count * sizeof(struct snapshot_set);
	size += patch->len;
	for (uint32_t i = 0; i < count; i++) {
		bool large = set_is_large(&made[i].set);
		places[i] = align_up(size, large ? NAME_ALIGN : _Alignof(struct target));
		size = places[i] + set_data_size(&made[i].set);
	}
	size = align_up(size, NAME_ALIGN);

	uint8_t *memory = arena_alloc(&maker->arena, size, NAME_ALIGN);
	if (memory == NULL || size > UINT32_MAX) {
		return NULL;
	}
	memset(memory, 0, size);
	struct snapshot_name *name = (struct snapshot_name *)memory;
	name->size = size;
	name->sets_count = count;
	name->owner_len = patch->len;
	for (uint32_t i = 0; i < count; i++) {
		name->sets[i] = made[i].set;
		name->sets[i].data = places[i] - ((uint8_t *)&name->sets[i] - memory);
		memcpy(memory + places[i], made[i].data, set_data_size(&made[i].set));
	}
	memcpy(&name->sets[count], patch->owner, patch->len);
	return name;
}

/*! \brief Makes the sets of a name with edits made, and says how many there are. */
static int make_sets(struct maker *maker, const struct snapshot_name *old,
                     const struct patch *patch, struct made_set made[SETS_MAX], uint32_t *count)
{
	const struct edit *edits = (const struct edit *)maker->edits.data + patch->first;
	const struct edit *end = edits + patch->count;
	uint32_t left = old != NULL ? old->sets_count : 0;
	const struct snapshot_set *set = left > 0 ? old->sets : NULL;
	int ret = KNOT_EOK;
	*count = 0;
	while (ret == KNOT_EOK && *count < SETS_MAX && (left > 0 || edits < end)) {
		struct made_set *out = &made[*count];
		if (edits == end || (left > 0 && set->type < edits->type)) {
			*out = set_keep(set++);
			left--;
			(*count)++;
			continue;
		}
		const struct edit *first = edits;
		while (edits < end && edits->type == first->type) {
			edits++;
		}
		bool both = left > 0 && set->type == first->type;
		ret = set_make(maker, both ? set : NULL, first, edits - first, out);
		if (both) {
			set++;
			left--;
		}
		*count += ret == KNOT_EOK && out->set.count > 0;
	}
	return ret;
}

/*!
 * \brief Makes a name anew and lists it, unless it goes or stays as it is.
 *
 * \param old  NULL if it is not there.
 *
 * \retval KNOT_ENOENT  The name stays as it is.
 */
static int patch_name(struct maker *maker, const struct snapshot_name *old,
                      const struct patch *patch)
{
	struct made_set made[SETS_MAX];
	uint32_t count = 0;
	if (patch->count > 0) {
		int ret = make_sets(maker, old, patch, made, &count);
		if (ret != KNOT_EOK) {
			return ret;
		}
	} else if (old != NULL && old->sets_count > 0) {
		return KNOT_ENOENT;
	}
	bool listed = count > 0 ||
	              ledger_is_above(&maker->ledger, patch->owner, patch->len, patch->hash);
	if (patch->count == 0 && listed == (old != NULL)) {
		return KNOT_ENOENT;
	}
	if (!listed) {
		return KNOT_EOK;
	}
	const struct snapshot_name *name = make_name(maker, patch, made, count);
	return name != NULL ? push_item(maker, name, patch->hash) : KNOT_ENOMEM;
}

/*! \brief Makes room to mark the slots of a shard, none of them marked. */
static bool *clear_gone(struct maker *maker, uint32_t slots_count)
{
	while (maker->gone.count < slots_count) {
		if (vector_push(&maker->gone, &maker->charge) == NULL) {
			return NULL;
		}
	}
	return memset(maker->gone.data, 0, slots_count);
}

/*! \brief Lists the names of a shard but for those that are marked; \a gone may be NULL. */
static int list_names(struct maker *maker, const struct shard *shard, const bool *gone)
{
	int ret = KNOT_EOK;
	for (uint32_t i = 0; i < shard->slots_count && ret == KNOT_EOK; i++) {
		const struct slot *slot = &shard->slots[i];
		if (slot->place != 0 && (gone == NULL || !gone[i])) {
			ret = push_item(maker, shard_name(shard, slot->place), slot->tag);
		}
	}
	return ret;
}

static void drop_shard(struct maker *maker, struct shard *shard)
{
	maker->depths[shard->depth]--;
	block_drop(maker, &shard->block);
}

/*! \brief Makes a shard of names. */
static struct shard *write_shard(struct maker *maker, const struct item *items, size_t count,
                                 uint32_t depth)
{
	uint32_t slots_count = 2 * count + 1;
	size_t size = shard_names(slots_count);
	for (size_t i = 0; i < count; i++) {
		size += items[i].name->size;
	}
	struct shard *shard = size <= UINT32_MAX ? block_new(maker, size, count) : NULL;
	if (shard == NULL) {
		return NULL;
	}
	shard->depth = depth;
	shard->slots_count = slots_count;
	memset(shard->slots, 0, slots_count * sizeof(*shard->slots));
	uint32_t place = shard_names(slots_count);
	for (size_t i = 0; i < count; i++) {
		uint32_t tag = (uint32_t)items[i].hash, slot = slot_start(tag, slots_count);
		while (shard->slots[slot].place != 0) {
			slot = slot + 1 < slots_count ? slot + 1 : 0;
		}
		shard->slots[slot] = (struct slot){ .tag = tag, .place = place };
		memcpy((uint8_t *)shard + place, items[i].name, items[i].name->size);
		place += items[i].name->size;
	}
	maker->depths[depth]++;
	return shard;
}

struct shard *shard_empty(struct maker *maker)
{
	return write_shard(maker, NULL, 0, 0);
}

/*! \brief Moves names whose hash has a 1 after \a depth bits behind those with a 0. */
static size_t partition(struct item *items, size_t count, uint32_t depth)
{
	size_t zeros = 0;
	for (size_t i = 0; i < count; i++) {
		if ((items[i].hash >> (63 - depth) & 1) == 0) {
			struct item item = items[i];
			items[i] = items[zeros];
			items[zeros++] = item;
		}
	}
	return zeros;
}

/*! \brief Makes one shard of names, or as many as there have to be. */
static int write_shards(struct maker *maker, struct snapshot **head, struct item *items,
                        size_t count, uint32_t prefix, uint32_t depth)
{
	if (count <= SHARD_NAMES_MAX || depth == DEPTH_MAX) {
		struct shard *shard = write_shard(maker, items, count, depth);
		return shard != NULL ? head_put(maker, head, prefix, shard) : KNOT_ENOMEM;
	}
	size_t zeros = partition(items, count, depth);
	int ret = write_shards(maker, head, items, zeros, 2 * prefix, depth + 1);
	return ret == KNOT_EOK ? write_shards(maker, head, items + zeros, count - zeros,
	                                      2 * prefix + 1, depth + 1)
	                       : ret;
}

/*! \brief Finds out the upper halves of all names' hashes, for shards to be split. */
static void complete_hashes(const struct maker *maker)
{
	struct item *items = maker->items.data;
	for (size_t i = 0; i < maker->items.count; i++) {
		const struct snapshot_name *name = items[i].name;
		items[i].hash = name_hash(maker->key, name_owner(name), name->owner_len);
	}
}

/*! \brief The shard that differs from one of a prefix in the last bit; NULL if it is split. */
static struct shard *find_buddy(const struct snapshot *head, uint32_t prefix, uint32_t depth)
{
	struct shard *buddy = NULL;
	if (depth > 0) {
		buddy = head->entries[(prefix ^ 1) << (head->bits - depth)].shard;
	}
	return buddy != NULL && buddy->depth == depth ? buddy : NULL;
}

/*! \brief Makes the listed names a shard in place of an old one. */
static int replace(struct maker *maker, struct snapshot **head, struct shard *old, uint64_t hash)
{
	/* What is merged may be written only after it was read. */
	struct shard *merged[DEPTH_MAX];
	uint32_t merged_count = 0, depth = old->depth;
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK && maker->items.count < SHARD_NAMES_MIN) {
		struct shard *buddy = find_buddy(*head, hash_prefix(hash, depth), depth);
		if (buddy == NULL || maker->items.count + buddy->block.count > SHARD_NAMES_MERGED) {
			break;
		}
		ret = list_names(maker, buddy, NULL);
		merged[merged_count++] = buddy;
		depth--;
	}
	if (maker->items.count > SHARD_NAMES_MAX) {
		complete_hashes(maker);
	}
	if (ret == KNOT_EOK) {
		ret = write_shards(maker, head, maker->items.data, maker->items.count,
		                   hash_prefix(hash, depth), depth);
	}
	if (ret == KNOT_EOK) {
		drop_shard(maker, old);
		for (uint32_t i = 0; i < merged_count; i++) {
			drop_shard(maker, merged[i]);
		}
	}
	return ret;
}

int shard_patch(struct maker *maker, struct snapshot **head, const struct sort_item *order,
                size_t count)
{
	const struct entry entry = (*head)->entries[hash_prefix(order->key, (*head)->bits)];
	bool *gone = clear_gone(maker, entry.slots_count);
	if (gone == NULL) {
		return KNOT_ENOMEM;
	}
	bool changed = false;
	maker->items.count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct patch *patch = order[i].item;
		if (maker_stopped(maker)) {
			return KNOT_ECONNABORTED;
		}
		uint32_t slot;
		const struct snapshot_name *old = entry_find(&entry, patch->owner, patch->len,
		                                             patch->hash, &slot);
		int ret = patch_name(maker, old, patch);
		if (ret == KNOT_ENOENT) {
			continue;
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
		changed = true;
		if (old != NULL) {
			gone[slot] = true;
		}
	}
	if (!changed) {
		return KNOT_EOK;
	}
	int ret = list_names(maker, entry.shard, gone);
	return ret == KNOT_EOK ? replace(maker, head, entry.shard, order->key) : ret;
}
