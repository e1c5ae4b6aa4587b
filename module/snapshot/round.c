/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/base/util.h"
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

void round_init(struct round *round, const knot_dname_t *zone)
{
	*round = (struct round){ .changes = { .item = sizeof(struct sort_item) } };
	round->zone_len = knot_dname_to_wire(round->zone, zone, sizeof(round->zone));
}

/*!
 * \brief Octets of an uncompressed name that begins within \a max octets; 0 if there is none.
 *
 * As knot_dname_wire_check(), which is a third of the work of taking a change.
 */
static size_t name_size(const uint8_t *name, size_t max)
{
	max = MIN(max, KNOT_DNAME_MAXLEN);
	size_t at = 0;
	while (at < max && name[at] != 0 && name[at] <= KNOT_DNAME_MAXLABELLEN) {
		at += 1 + name[at];
	}
	return at < max && name[at] == 0 ? at + 1 : 0;
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
	       name_size(rdata + before, len - before) == len - before;
}

/*! \brief True if a name of \a len octets lies below the zone's apex. */
static bool is_below(const struct round *round, const knot_dname_t *name, size_t len)
{
	const knot_dname_t *rest = name, *end = name + len;
	while ((size_t)(end - rest) > round->zone_len) {
		rest += 1 + *rest;
	}
	return rest > name && (size_t)(end - rest) == round->zone_len &&
	       memcmp(rest, round->zone, round->zone_len) == 0;
}

/*! \brief Finds or copies the owner of a change. */
static int take_owner(struct round *round, struct maker *maker, const knot_dname_t *owner)
{
	size_t len = name_size(owner, KNOT_DNAME_MAXLEN);
	if (round->last != NULL && round->last->len == len &&
	    memcmp(round->last->name, owner, len) == 0) {
		return KNOT_EOK;
	}
	if (len == 0 || !is_below(round, owner, len)) {
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
	struct sort_item *ref = change != NULL ? vector_push(&round->changes, &maker->charge)
	                                       : NULL;
	if (ref == NULL) {
		return KNOT_ENOMEM;
	}
	change->owner = round->last;
	change->type = type;
	change->diff = (int8_t)diff;
	change->preference = (uint8_t)preference;
	knot_rdata_init(&change->rdata, len, rdata);
	*ref = (struct sort_item){ round->last->hash, change };
	round->bytes += size + sizeof(*ref);
	return KNOT_EOK;
}

static int compare_names(const knot_dname_t *a, size_t a_len, const knot_dname_t *b, size_t b_len)
{
	return a_len != b_len ? (a_len < b_len ? -1 : 1) : memcmp(a, b, a_len);
}

/*! \brief Of owners of one hash. */
static int compare_owners(const struct change_owner *a, const struct change_owner *b)
{
	return a == b ? 0 : compare_names(a->name, a->len, b->name, b->len);
}

/*! \brief By owner, type, data; the key is the owner's hash. */
static int compare_changes(const struct sort_item *a, const struct sort_item *b)
{
	const struct change *x = a->item, *y = b->item;
	int diff = compare_owners(x->owner, y->owner);
	if (diff == 0 && x->type != y->type) {
		diff = x->type < y->type ? -1 : 1;
	}
	return diff != 0 ? diff : knot_rdata_cmp(&x->rdata, &y->rdata);
}

/*! \brief Lists what one owner's changes come to; those that cancel each other are left out. */
static int net_owner(struct maker *maker, const struct sort_item *refs, size_t count)
{
	maker->nets.count = 0;
	struct net *net = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct change *change = refs[i].item;
		if (maker_stopped(maker)) {
			return KNOT_ECONNABORTED;
		}
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
                        const struct sort_item *refs, size_t count)
{
	int ret = net_owner(maker, refs, count);
	if (ret != KNOT_EOK || maker->nets.count == 0) {
		return ret;
	}
	const struct change_owner *owner = ((const struct change *)refs->item)->owner;
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

/*! \brief True if two changes are of one owner. */
static bool is_same_owner(const struct sort_item *a, const struct sort_item *b)
{
	const struct change *x = a->item, *y = b->item;
	return a->key == b->key && compare_owners(x->owner, y->owner) == 0;
}

int round_decide(struct round *round, struct maker *maker, const struct snapshot *base)
{
	struct sort_item *refs = round->changes.data;
	size_t count = round->changes.count;
	maker->round++;
	if (!sort_keyed(refs, count, compare_changes, maker->stop)) {
		return KNOT_ECONNABORTED;
	}
	int ret = KNOT_EOK;
	for (size_t i = 0, end; i < count && ret == KNOT_EOK; i = end) {
		if (maker_stopped(maker)) {
			return KNOT_ECONNABORTED;
		}
		for (end = i + 1; end < count && is_same_owner(&refs[i], &refs[end]);) {
			end++;
		}
		ret = decide_owner(round, maker, base, refs + i, end - i);
	}
	return ret;
}

/*! \brief By owner, those of one hash; a patch with edits comes before those without. */
static int compare_patches(const struct sort_item *a, const struct sort_item *b)
{
	const struct patch *x = a->item, *y = b->item;
	int diff = compare_names(x->owner, x->len, y->owner, y->len);
	return diff != 0 ? diff : (x->count == 0) - (y->count == 0);
}

/*! \brief Lists the patches in order, and each name once. */
static int order_patches(struct maker *maker)
{
	const struct patch *patches = maker->patches.data;
	maker->order.count = 0;
	for (size_t i = 0; i < maker->patches.count; i++) {
		struct sort_item *item = vector_push(&maker->order, &maker->charge);
		if (item == NULL) {
			return KNOT_ENOMEM;
		}
		*item = (struct sort_item){ patches[i].hash, &patches[i] };
	}
	struct sort_item *order = maker->order.data;
	if (!sort_keyed(order, maker->order.count, compare_patches, maker->stop)) {
		return KNOT_ECONNABORTED;
	}
	size_t kept = 1;
	for (size_t i = 1; i < maker->order.count; i++) {
		const struct patch *last = order[kept - 1].item, *patch = order[i].item;
		if (last->hash != patch->hash ||
		    compare_names(last->owner, last->len, patch->owner, patch->len) != 0) {
			order[kept++] = order[i];
		}
	}
	maker->order.count = kept;
	return KNOT_EOK;
}

int round_make(struct maker *maker, struct snapshot **head)
{
	int ret = order_patches(maker);
	/* The arena's first block stays for all shards. */
	if (ret == KNOT_EOK && arena_alloc(&maker->arena, 1, 1) == NULL) {
		ret = KNOT_ENOMEM;
	}
	struct arena_mark mark = arena_mark(&maker->arena);
	const struct sort_item *order = maker->order.data;
	for (size_t i = 0, end; i < maker->order.count && ret == KNOT_EOK; i = end) {
		if (maker_stopped(maker)) {
			return KNOT_ECONNABORTED;
		}
		uint32_t index = hash_prefix(order[i].key, (*head)->bits);
		uint32_t depth = (*head)->entries[index].shard->depth;
		uint32_t prefix = hash_prefix(order[i].key, depth);
		for (end = i + 1;
		     end < maker->order.count && hash_prefix(order[end].key, depth) == prefix;) {
			end++;
		}
		ret = shard_patch(maker, head, order + i, end - i);
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
	empty_vector(&maker->order, maker);
	empty_vector(&maker->items, maker);
	empty_vector(&maker->gone, maker);
	empty_vector(&maker->rdata, maker);
	empty_vector(&maker->parts, maker);
	empty_vector(&maker->old, maker);
}

void round_free(struct round *round, struct maker *maker)
{
	struct vector *const all[] = { &round->changes, &maker->nets,  &maker->edits,
		                       &maker->patches, &maker->order, &maker->items,
		                       &maker->gone,    &maker->rdata, &maker->parts,
		                       &maker->old };
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		vector_free(all[i], &maker->charge);
	}
	arena_free(&maker->gathered);
	arena_free(&maker->arena);
	round->last = NULL;
	round->bytes = 0;
}
