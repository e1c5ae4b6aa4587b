/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/snapshot/chunk.h"
#include "module/base/util.h"

/*! \brief Records of a chunk that is made along with others: there is room for more. */
#define CHUNK_FILL 48

/*! \brief A chunk with fewer records is merged with the next. */
#define CHUNK_MIN 16

/*! \brief A record to be laid into a piece. */
struct listed {
	const knot_rdata_t *rdata;
	uint64_t hash; /*!< Of its target; 0: not known. */
};

void set_init(struct maker *maker)
{
	maker->rdata.item = sizeof(struct listed);
}

static int push_rdata(struct maker *maker, const knot_rdata_t *rdata, uint64_t hash)
{
	struct listed *place = vector_push(&maker->rdata, &maker->charge);
	if (place == NULL) {
		return KNOT_ENOMEM;
	}
	*place = (struct listed){ rdata, hash };
	return KNOT_EOK;
}

/*! \brief Takes the hash of a record's target, if that is a piece's next one. */
static uint64_t take_hash(struct piece *piece, const knot_rdata_t *rdata)
{
	const struct target *target = piece->targets;
	if (piece->targets_count == 0 || (const uint8_t *)rdata != piece->rdata + target->rdata) {
		return 0;
	}
	piece->targets++;
	piece->targets_count--;
	return target_hash(target);
}

/*! \brief Lists a piece's records with some edits made, in order. */
static int merge(struct maker *maker, struct piece piece, const struct edit *edits, uint32_t count)
{
	const knot_rdata_t *rdata = (const knot_rdata_t *)piece.rdata;
	uint32_t left = piece.count;
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK && (left > 0 || count > 0)) {
		if (maker_stopped(maker)) {
			return KNOT_ECONNABORTED;
		}
		int diff = left == 0 ? 1 : count == 0 ? -1 : knot_rdata_cmp(rdata, edits->rdata);
		uint64_t hash = diff <= 0 ? take_hash(&piece, rdata) : 0;
		if (diff < 0) {
			ret = push_rdata(maker, rdata, hash);
		} else if (diff > 0 && edits->add) {
			ret = push_rdata(maker, edits->rdata, 0);
		} else if (diff > 0 || edits->add) {
			ret = KNOT_EINVAL;
		}
		if (diff <= 0) {
			rdata = rdata_next(rdata);
			left--;
		}
		if (diff >= 0) {
			edits++;
			count--;
		}
	}
	return ret;
}

/*! \brief Finds the distinct targets of some SRV records; returns how many. */
static uint32_t find_targets(const struct maker *maker, const struct listed *list, uint32_t count,
                             struct target targets[SNAPSHOT_CHUNK])
{
	const knot_rdata_t *owners[SNAPSHOT_CHUNK];
	uint32_t found = 0, place = 0;
	for (uint32_t i = 0; i < count; i++) {
		const knot_rdata_t *rdata = list[i].rdata;
		size_t len = rdata->len - SRV_FIXED;
		uint64_t hash = list[i].hash;
		if (hash == 0) {
			hash = name_hash(maker->key, rdata->data + SRV_FIXED, len);
		}
		const uint32_t halves[2] = { (uint32_t)hash, hash >> 32 };
		uint32_t j = 0;
		while (j < found &&
		       (memcmp(targets[j].hash, halves, sizeof(halves)) != 0 ||
		        owners[j]->len != rdata->len ||
		        memcmp(owners[j]->data + SRV_FIXED, rdata->data + SRV_FIXED, len) != 0)) {
			j++;
		}
		if (j == found) {
			owners[found] = rdata;
			targets[found++] = (struct target){ { halves[0], halves[1] }, place, i };
		}
		place += knot_rdata_size(rdata->len);
	}
	return found;
}

/*! \brief Writes records one after the other. */
static void write_rdata(const struct listed *list, uint32_t count, uint8_t *out)
{
	for (uint32_t i = 0; i < count; i++) {
		knot_rdata_init((knot_rdata_t *)out, list[i].rdata->len, list[i].rdata->data);
		out += knot_rdata_size(list[i].rdata->len);
	}
}

/*! \brief Bytes of some records as they lie. */
static uint32_t measure(const struct listed *list, uint32_t count)
{
	uint32_t bytes = 0;
	for (uint32_t i = 0; i < count; i++) {
		bytes += knot_rdata_size(list[i].rdata->len);
	}
	return bytes;
}

/*! \brief Makes a set of one piece of the listed records. */
static int make_small(struct maker *maker, struct made_set *out)
{
	const struct listed *list = maker->rdata.data;
	uint32_t count = maker->rdata.count;
	struct target targets[SNAPSHOT_CHUNK];
	out->set.extent = measure(list, count);
	if (out->set.type == KNOT_RRTYPE_SRV) {
		out->set.targets_count = find_targets(maker, list, count, targets);
	}
	size_t targets_size = out->set.targets_count * sizeof(*targets);
	uint8_t *data = arena_alloc(&maker->arena, targets_size + out->set.extent,
	                            _Alignof(struct target));
	if (data == NULL) {
		return KNOT_ENOMEM;
	}
	memcpy(data, targets, targets_size);
	write_rdata(list, count, data + targets_size);
	out->data = data;
	return KNOT_EOK;
}

static int push_part(struct maker *maker, struct chunk *chunk, uint32_t count)
{
	struct part *part = vector_push(&maker->parts, &maker->charge);
	if (part == NULL) {
		return KNOT_ENOMEM;
	}
	part->chunk = chunk;
	part->count = count;
	return KNOT_EOK;
}

static int make_chunk(struct maker *maker, uint16_t type, const struct listed *list, uint32_t count)
{
	struct target targets[SNAPSHOT_CHUNK];
	uint32_t targets_count = 0, bytes = measure(list, count);
	if (type == KNOT_RRTYPE_SRV) {
		targets_count = find_targets(maker, list, count, targets);
	}
	struct chunk *chunk = block_new(
	        maker, sizeof(*chunk) + targets_count * sizeof(*targets) + bytes, count);
	if (chunk == NULL) {
		return KNOT_ENOMEM;
	}
	chunk->rdata_size = bytes;
	chunk->targets_count = targets_count;
	memcpy(chunk->targets, targets, targets_count * sizeof(*targets));
	write_rdata(list, count, (uint8_t *)&chunk->targets[targets_count]);
	return push_part(maker, chunk, count);
}

/*! \brief Drops the chunks that were listed as replaced. */
static void drop_old(struct maker *maker)
{
	struct chunk **old = maker->old.data;
	for (size_t i = 0; i < maker->old.count; i++) {
		block_drop(maker, &old[i]->block);
	}
	maker->old.count = 0;
}

static int push_old(struct maker *maker, struct chunk *chunk)
{
	struct chunk **place = vector_push(&maker->old, &maker->charge);
	if (place == NULL) {
		return KNOT_ENOMEM;
	}
	*place = chunk;
	return KNOT_EOK;
}

/*! \brief Lays the listed records into chunks of about the same size. */
static int make_chunks(struct maker *maker, uint16_t type)
{
	const struct listed *list = maker->rdata.data;
	uint32_t left = maker->rdata.count;
	uint32_t chunks = left <= SNAPSHOT_CHUNK ? left > 0 : (left + CHUNK_FILL - 1) / CHUNK_FILL;
	int ret = KNOT_EOK;
	for (; chunks > 0 && ret == KNOT_EOK; chunks--) {
		if (maker_stopped(maker)) {
			return KNOT_ECONNABORTED;
		}
		uint32_t count = (left + chunks - 1) / chunks;
		ret = make_chunk(maker, type, list, count);
		list += count;
		left -= count;
	}
	maker->rdata.count = 0;
	return ret;
}

/*! \brief Takes the last chunk back, to lay its records together with the few that are listed. */
static int take_back(struct maker *maker)
{
	struct part *parts = maker->parts.data;
	struct chunk *chunk = parts[--maker->parts.count].chunk;
	size_t few = maker->rdata.count;
	int ret = merge(maker, chunk_piece(chunk, 0), NULL, 0);
	if (ret != KNOT_EOK) {
		return ret;
	}

	struct listed list[CHUNK_MIN], *all = maker->rdata.data;
	memcpy(list, all, few * sizeof(*all));
	memmove(all, all + few, (maker->rdata.count - few) * sizeof(*all));
	memcpy(all + maker->rdata.count - few, list, few * sizeof(*all));
	return push_old(maker, chunk);
}

static const knot_rdata_t *chunk_first(const struct chunk *chunk)
{
	return (const knot_rdata_t *)chunk_piece(chunk, 0).rdata;
}

/*! \brief How many edits come before the first record of a chunk. */
static uint32_t count_before(const struct edit *edits, uint32_t count, const struct chunk *chunk)
{
	uint32_t low = 0, high = count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (knot_rdata_cmp(edits[middle].rdata, chunk_first(chunk)) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/*! \brief Finds the part, not before \a from, where a record lies or would lie. */
static uint32_t find_part(const struct snapshot_set *set, uint32_t from, const knot_rdata_t *rdata)
{
	const struct part *parts = set_data(set);
	uint32_t low = from, high = set->extent;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (knot_rdata_cmp(chunk_first(parts[middle].chunk), rdata) <= 0) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return low;
}

/*! \brief Takes parts of the old set as they are; their chunks are not even looked at. */
static int keep_parts(struct maker *maker, const struct part *parts, uint32_t count)
{
	int ret = KNOT_EOK;
	for (uint32_t i = 0; i < count && ret == KNOT_EOK; i++) {
		ret = push_part(maker, parts[i].chunk, parts[i].count);
	}
	return ret;
}

/*! \brief Lists the records of a chunk with edits made, and makes chunks of what is listed. */
static int edit_chunk(struct maker *maker, uint16_t type, struct chunk *chunk, bool last,
                      const struct edit *edits, uint32_t count)
{
	int ret = merge(maker, chunk_piece(chunk, 0), edits, count);
	if (ret == KNOT_EOK) {
		ret = push_old(maker, chunk);
	}
	bool few = maker->rdata.count < CHUNK_MIN;
	if (ret != KNOT_EOK || (few && !last)) {
		/* They go with those of the next one. */
		return ret;
	}
	if (few && maker->rdata.count > 0 && maker->parts.count > 0) {
		ret = take_back(maker);
	}
	return ret == KNOT_EOK ? make_chunks(maker, type) : ret;
}

/*! \brief Lists the chunks that a large set will have, in place of those it has. */
static int edit_chunks(struct maker *maker, const struct snapshot_set *old,
                       const struct edit *edits, uint32_t count)
{
	const struct part *parts = set_data(old);
	int ret = KNOT_EOK;
	for (uint32_t i = 0; ret == KNOT_EOK;) {
		if (maker->rdata.count == 0) {
			uint32_t next = count > 0 ? find_part(old, i, edits->rdata) : old->extent;
			ret = keep_parts(maker, parts + i, next - i);
			i = next;
		}
		if (ret != KNOT_EOK || i == old->extent) {
			break;
		}
		bool last = i + 1 == old->extent;
		uint32_t here = last ? count : count_before(edits, count, parts[i + 1].chunk);
		ret = edit_chunk(maker, old->type, parts[i].chunk, last, edits, here);
		edits += here;
		count -= here;
		i++;
	}
	return ret;
}

/*! \brief Makes a large set of the listed chunks; its number of records and octets are known. */
static int make_large(struct maker *maker, struct made_set *out)
{
	struct part *parts = maker->parts.data;
	uint32_t first = 0;
	for (size_t i = 0; i < maker->parts.count; i++) {
		parts[i].first = first;
		first += parts[i].count;
	}
	size_t size = maker->parts.count * sizeof(*parts);
	void *data = arena_alloc(&maker->arena, size, _Alignof(struct part));
	if (data == NULL) {
		return KNOT_ENOMEM;
	}
	memcpy(data, parts, size);
	out->set.extent = maker->parts.count;
	out->data = data;
	return KNOT_EOK;
}

/*! \brief Lists all records that a set will have. */
static int list_all(struct maker *maker, const struct snapshot_set *old, const struct edit *edits,
                    uint32_t count)
{
	if (old == NULL || !set_is_large(old)) {
		struct piece piece = old != NULL ? small_piece(old) : (struct piece){ 0 };
		return merge(maker, piece, edits, count);
	}
	const struct part *parts = set_data(old);
	int ret = KNOT_EOK;
	for (uint32_t i = 0; i < old->extent && ret == KNOT_EOK; i++) {
		uint32_t here = i + 1 == old->extent
		                        ? count
		                        : count_before(edits, count, parts[i + 1].chunk);
		ret = merge(maker, chunk_piece(parts[i].chunk, 0), edits, here);
		edits += here;
		count -= here;
		if (ret == KNOT_EOK) {
			ret = push_old(maker, parts[i].chunk);
		}
	}
	return ret;
}

bool set_has(const struct snapshot_set *set, const knot_rdata_t *rdata)
{
	if (set == NULL) {
		return false;
	}
	struct piece piece;
	if (set_is_large(set)) {
		const struct part *parts = set_data(set);
		piece = chunk_piece(parts[find_part(set, 0, rdata)].chunk, 0);
	} else {
		piece = small_piece(set);
	}
	const knot_rdata_t *here = (const knot_rdata_t *)piece.rdata;
	for (uint32_t i = 0; i < piece.count; i++, here = rdata_next(here)) {
		int diff = knot_rdata_cmp(here, rdata);
		if (diff >= 0) {
			return diff == 0;
		}
	}
	return false;
}

struct made_set set_keep(const struct snapshot_set *old)
{
	return (struct made_set){ *old, set_data(old) };
}

int set_make(struct maker *maker, const struct snapshot_set *old, const struct edit *edits,
             uint32_t count, struct made_set *out)
{
	struct snapshot_set set = { .type = edits->type };
	if (old != NULL) {
		set.count = old->count;
		set.size = old->size;
	}
	for (uint32_t i = 0; i < count; i++) {
		set.count += edits[i].add ? 1 : -1;
		set.size += edits[i].add ? rdata_octets(edits[i].rdata)
		                         : -rdata_octets(edits[i].rdata);
	}
	*out = (struct made_set){ .set = set };
	maker->rdata.count = 0;
	maker->parts.count = 0;
	maker->old.count = 0;

	int ret;
	if (set_is_large(&set) && old != NULL && set_is_large(old)) {
		ret = edit_chunks(maker, old, edits, count);
	} else {
		ret = list_all(maker, old, edits, count);
		if (ret == KNOT_EOK && set_is_large(&set)) {
			ret = make_chunks(maker, set.type);
		}
	}
	if (ret == KNOT_EOK) {
		ret = set_is_large(&set) ? make_large(maker, out) : make_small(maker, out);
	}
	if (ret == KNOT_EOK) {
		drop_old(maker);
	}
	return ret;
}
