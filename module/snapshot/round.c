/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/snapshot/round.h"
#include "module/snapshot/shard.h"
#include "module/snapshot/visible.h"

/*! \brief Bytes of a vector that are kept for the next round. */
#define KEEP_MAX ((size_t)64 << 10)

struct change_owner {
	uint64_t hash;
	uint8_t len;
	knot_dname_t name[];
};

/*! \brief A change that was gathered. */
struct change {
	const struct change_owner *owner;
	uint16_t type;
	int8_t diff;
	uint8_t preference;
	knot_rdata_t rdata; /*!< With its data. */
};

/*! \brief What is sorted. */
struct change_ref {
	uint64_t hash; /*!< Of the owner. */
	const struct change *change;
};

void round_init(struct round *round, const knot_dname_t *zone)
{
	*round = (struct round){ .changes = { .item = sizeof(struct change_ref) } };
	round->zone_len = knot_dname_to_wire(round->zone, zone, sizeof(round->zone));
}

/*! \brief True if data are what a type has. */
static bool is_rdata(uint16_t type, const uint8_t *rdata, uint16_t len)
{
	size_t before = 0;
	switch (type) {
	case KNOT_RRTYPE_A: return len == 4;
	case KNOT_RRTYPE_AAAA: return len == 16;
	case KNOT_RRTYPE_SRV: before = SRV_FIXED; break;
	case KNOT_RRTYPE_PTR: break;
	default: return false;
	}
	return len > before && len <= SNAPSHOT_RDATA_MAX &&
	       knot_dname_wire_check(rdata + before, rdata + len, NULL) == (int)(len - before);
}

/*! \brief Finds or copies the owner of a change. */
static int take_owner(struct round *round, struct maker *maker, const knot_dname_t *owner)
{
	size_t len = knot_dname_size(owner);
	if (round->last != NULL && round->last->len == len &&
	    memcmp(round->last->name, owner, len) == 0) {
		return KNOT_EOK;
	}
	if (knot_dname_in_bailiwick(owner, round->zone) <= 0) {
		return KNOT_EINVAL;
	}
	struct change_owner *copy = arena_alloc(&maker->gathered, sizeof(*copy) + len,
	                                        _Alignof(struct change_owner));
	if (copy == NULL) {
		return KNOT_ENOMEM;
	}
	copy->hash = name_hash(maker->key, owner, len);
	copy->len = len;
	memcpy(copy->name, owner, len);
	round->bytes += sizeof(*copy) + len;
	round->last = copy;
	return KNOT_EOK;
}

int round_add(struct round *round, struct maker *maker, int diff, const knot_dname_t *owner,
              uint16_t type, const uint8_t *rdata, uint16_t len, unsigned preference)
{
	if (abs(diff) != 1 || preference >= LEDGER_CLASSES || !is_rdata(type, rdata, len)) {
		return KNOT_EINVAL;
	}
	int ret = take_owner(round, maker, owner);
	if (ret != KNOT_EOK) {
		return ret;
	}
	size_t size = sizeof(struct change) + len + 1;
	struct change *change = arena_alloc(&maker->gathered, size, _Alignof(struct change));
	struct change_ref *ref = change != NULL ? vector_push(&round->changes, &maker->charge)
	                                        : NULL;
	if (ref == NULL) {
		return KNOT_ENOMEM;
	}
	change->owner = round->last;
	change->type = type;
	change->diff = (int8_t)diff;
	change->preference = (uint8_t)preference;
	knot_rdata_init(&change->rdata, len, rdata);
	*ref = (struct change_ref){ round->last->hash, change };
	round->bytes += size + sizeof(*ref);
	return KNOT_EOK;
}

static int compare_names(const knot_dname_t *a, size_t a_len, const knot_dname_t *b, size_t b_len)
{
	return a_len != b_len ? (a_len < b_len ? -1 : 1) : memcmp(a, b, a_len);
}

static int compare_owners(const struct change_ref *a, const struct change_ref *b)
{
	if (a->hash != b->hash) {
		return a->hash < b->hash ? -1 : 1;
	}
	const struct change_owner *x = a->change->owner, *y = b->change->owner;
	return x == y ? 0 : compare_names(x->name, x->len, y->name, y->len);
}

/*! \brief By owner's hash, owner, type, data. */
static int compare_changes(const void *a, const void *b)
{
	const struct change_ref *x = a, *y = b;
	int diff = compare_owners(x, y);
	if (diff == 0 && x->change->type != y->change->type) {
		diff = x->change->type < y->change->type ? -1 : 1;
	}
	return diff != 0 ? diff : knot_rdata_cmp(&x->change->rdata, &y->change->rdata);
}

/*! \brief Lists what one owner's changes come to; those that cancel each other are left out. */
static int net_owner(struct maker *maker, const struct change_ref *refs, size_t count)
{
	maker->nets.count = 0;
	struct net *net = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct change *change = refs[i].change;
		if (net == NULL || compare_changes(&refs[i - 1], &refs[i]) != 0) {
			if (net != NULL && net->diff[0] == 0 && net->diff[1] == 0) {
				maker->nets.count--;
			}
			net = vector_push(&maker->nets, &maker->charge);
			if (net == NULL) {
				return KNOT_ENOMEM;
			}
			net->type = change->type;
			net->rdata = &change->rdata;
		}
		net->diff[change->preference] += change->diff;
	}
	if (net != NULL && net->diff[0] == 0 && net->diff[1] == 0) {
		maker->nets.count--;
	}
	return KNOT_EOK;
}

static int push_patch(struct maker *maker, const struct patch *patch)
{
	struct patch *place = vector_push(&maker->patches, &maker->charge);
	if (place == NULL) {
		return KNOT_ENOMEM;
	}
	*place = *patch;
	return KNOT_EOK;
}

/*! \brief Counts a name more or less below those above it; the ones that come or go are touched. */
static int count_above(const struct round *round, struct maker *maker, const struct patch *patch,
                       int diff)
{
	const knot_dname_t *name = patch->owner + 1 + *patch->owner;
	size_t len = patch->len - (name - patch->owner);
	int ret = KNOT_EOK;
	while (len > round->zone_len && ret == KNOT_EOK) {
		uint64_t hash = name_hash(maker->key, name, len);
		bool changed;
		ret = ledger_count_below(&maker->ledger, name, len, hash, diff, &changed);
		if (ret == KNOT_EOK && changed) {
			struct patch above = { .hash = hash, .owner = name, .len = len };
			ret = push_patch(maker, &above);
		}
		len -= 1 + *name;
		name += 1 + *name;
	}
	return ret;
}

/*! \brief Decides on the changes of one owner. */
static int decide_owner(const struct round *round, struct maker *maker, const struct snapshot *base,
                        const struct change_ref *refs, size_t count)
{
	int ret = net_owner(maker, refs, count);
	if (ret != KNOT_EOK || maker->nets.count == 0) {
		return ret;
	}
	const struct change_owner *owner = refs->change->owner;
	struct patch patch = { .hash = owner->hash, .owner = owner->name, .len = owner->len };
	const struct entry *entry = &base->entries[hash_prefix(owner->hash, base->bits)];
	int more = 0;
	ret = visible_change(maker, &patch,
	                     entry_find(entry, owner->name, owner->len, owner->hash, NULL), &more);
	if (ret == KNOT_EOK && patch.count > 0) {
		ret = push_patch(maker, &patch);
	}
	if (ret == KNOT_EOK && more != 0) {
		ret = count_above(round, maker, &patch, more);
	}
	return ret;
}

int round_decide(struct round *round, struct maker *maker, const struct snapshot *base)
{
	struct change_ref *refs = round->changes.data;
	size_t count = round->changes.count;
	maker->round++;
	if (count > 1) {
		qsort(refs, count, sizeof(*refs), compare_changes);
	}
	int ret = KNOT_EOK;
	for (size_t i = 0, end; i < count && ret == KNOT_EOK; i = end) {
		if (maker_stopped(maker)) {
			return KNOT_ECONNABORTED;
		}
		for (end = i + 1; end < count && compare_owners(&refs[i], &refs[end]) == 0;) {
			end++;
		}
		ret = decide_owner(round, maker, base, refs + i, end - i);
	}
	return ret;
}

/*! \brief By hash and owner; a patch with edits comes before those of the same owner without. */
static int compare_patches(const void *a, const void *b)
{
	const struct patch *x = a, *y = b;
	if (x->hash != y->hash) {
		return x->hash < y->hash ? -1 : 1;
	}
	int diff = compare_names(x->owner, x->len, y->owner, y->len);
	return diff != 0 ? diff : (x->count == 0) - (y->count == 0);
}

/*! \brief Puts the patches in order, and leaves each name once. */
static void sort_patches(struct maker *maker)
{
	struct patch *patches = maker->patches.data;
	qsort(patches, maker->patches.count, sizeof(*patches), compare_patches);
	size_t kept = 1;
	for (size_t i = 1; i < maker->patches.count; i++) {
		const struct patch *last = &patches[kept - 1];
		if (last->hash != patches[i].hash ||
		    compare_names(last->owner, last->len, patches[i].owner, patches[i].len) != 0) {
			patches[kept++] = patches[i];
		}
	}
	maker->patches.count = kept;
}

int round_make(struct maker *maker, struct snapshot **head)
{
	sort_patches(maker);
	/* The arena's first block stays for all shards. */
	if (arena_alloc(&maker->arena, 1, 1) == NULL) {
		return KNOT_ENOMEM;
	}
	struct arena_mark mark = arena_mark(&maker->arena);
	const struct patch *patches = maker->patches.data;
	int ret = KNOT_EOK;
	for (size_t i = 0, end; i < maker->patches.count && ret == KNOT_EOK; i = end) {
		if (maker_stopped(maker)) {
			return KNOT_ECONNABORTED;
		}
		uint32_t index = hash_prefix(patches[i].hash, (*head)->bits);
		uint32_t depth = (*head)->entries[index].shard->depth;
		uint32_t prefix = hash_prefix(patches[i].hash, depth);
		for (end = i + 1; end < maker->patches.count &&
		                  hash_prefix(patches[end].hash, depth) == prefix;) {
			end++;
		}
		ret = shard_patch(maker, head, patches + i, end - i);
		arena_rewind(&maker->arena, mark);
	}
	return ret;
}

/*! \brief Empties a vector, and frees it if it has grown large. */
static void empty_vector(struct vector *vector, struct maker *maker)
{
	vector->count = 0;
	if (vector->room * vector->item > KEEP_MAX) {
		vector_free(vector, &maker->charge);
	}
}

void round_end(struct round *round, struct maker *maker)
{
	arena_free(&maker->gathered);
	arena_free(&maker->arena);
	round->last = NULL;
	round->bytes = 0;
	empty_vector(&round->changes, maker);
	empty_vector(&maker->nets, maker);
	empty_vector(&maker->edits, maker);
	empty_vector(&maker->patches, maker);
	empty_vector(&maker->items, maker);
	empty_vector(&maker->gone, maker);
	empty_vector(&maker->rdata, maker);
	empty_vector(&maker->parts, maker);
	empty_vector(&maker->old, maker);
}

void round_free(struct round *round, struct maker *maker)
{
	struct vector *const all[] = { &round->changes, &maker->nets,  &maker->edits,
		                       &maker->patches, &maker->items, &maker->gone,
		                       &maker->rdata,   &maker->parts, &maker->old };
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		vector_free(all[i], &maker->charge);
	}
	arena_free(&maker->gathered);
	arena_free(&maker->arena);
	round->last = NULL;
	round->bytes = 0;
}
