/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/snapshot/layout.h"

/*! \brief Compares a record's first bits with a subnet's. */
static int compare(const knot_rdata_t *rdata, const uint8_t *address, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	int diff = memcmp(rdata->data, address, whole);
	if (diff != 0 || rest == 0) {
		return diff;
	}
	return (rdata->data[whole] >> (8 - rest)) - (address[whole] >> (8 - rest));
}

/*! \brief The number of records before the subnet's, or with \a after of those up to its end. */
static uint32_t count_in_piece(const struct piece *piece, const uint8_t *address, unsigned bits,
                               bool after)
{
	const knot_rdata_t *first = (const knot_rdata_t *)piece->rdata;
	size_t size = knot_rdata_size(first->len); /* All addresses of a set have one length. */
	uint32_t low = 0, high = piece->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const knot_rdata_t *rdata = (const void *)(piece->rdata + middle * size);
		if (compare(rdata, address, bits) < (after ? 1 : 0)) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/*! \brief The same of a whole set: the last part that begins before that place has it. */
static uint32_t count_in_set(const struct snapshot_set *set, const uint8_t *address, unsigned bits,
                             bool after)
{
	if (!set_is_large(set)) {
		struct piece piece = small_piece(set);
		return count_in_piece(&piece, address, bits, after);
	}
	const struct part *parts = set_data(set);
	uint32_t low = 0, high = set->extent;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		struct piece piece = chunk_piece(parts[middle].chunk, parts[middle].first);
		if (compare((const knot_rdata_t *)piece.rdata, address, bits) < (after ? 1 : 0)) {
			low = middle;
		} else {
			high = middle;
		}
	}
	struct piece piece = chunk_piece(parts[low].chunk, parts[low].first);
	return piece.first + count_in_piece(&piece, address, bits, after);
}

struct snapshot_run snapshot_subnet(const struct snapshot_set *set, const uint8_t *address,
                                    unsigned bits)
{
	uint32_t first = count_in_set(set, address, bits, false);
	return (struct snapshot_run){ first, count_in_set(set, address, bits, true) - first };
}
