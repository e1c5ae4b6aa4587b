/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/answer/answer_private.h"
#include "module/base/util.h"

/*! \brief Most records that a message over TCP has room for: addresses of IPv4. */
#define RECORDS_MAX (KNOT_WIRE_MAX_PKTSIZE / (ANSWER_RECORD_SIZE + 4))

/*! \brief The first record of a set, too large as a whole, whose successors all go with it. */
static uint32_t find_last_start(const struct snapshot *snapshot, const struct snapshot_set *set,
                                const knot_dname_t *owner, size_t space)
{
	uint32_t first = set->count - MIN(set->count, RECORDS_MAX);
	struct answer_walk walk = { .snapshot = snapshot, .set = set, .next = first };
	size_t size = 0;
	while (walk.next < set->count) {
		size += answer_walk_size(&walk);
	}
	walk = (struct answer_walk){ .snapshot = snapshot, .set = set, .next = first };
	while (walk.next < set->count &&
	       !answer_can_be_signed(owner, size, set->count - walk.next, space)) {
		size -= answer_walk_size(&walk);
	}
	return walk.next;
}

int answer_put_signed_part(knot_pkt_t *pkt, const struct snapshot *snapshot,
                           const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                           uint16_t id, size_t space, uint32_t most)
{
	uint32_t last = find_last_start(snapshot, set, owner, space);
	if (last == set->count) {
		return KNOT_ESPACE; /* Not a single one. */
	}
	uint32_t first = id * ((uint64_t)last + 1) >> 16;
	struct answer_walk walk = { .snapshot = snapshot, .set = set, .next = first };
	uint32_t count = 0;
	size_t size = 0;
	while (walk.next < set->count && count < most) {
		size += answer_walk_size(&walk);
		if (!answer_can_be_signed(owner, size, count + 1, space)) {
			break;
		}
		count++;
	}
	return answer_put_rrset(pkt, snapshot, set, owner, hint, first, count, 0);
}

/*! \brief Records of a choice that come before a run of it in the set. */
static uint32_t records_before(const struct answer_choice *choice, unsigned run)
{
	uint32_t count = 0;
	for (unsigned i = 0; i < choice->runs_count; i++) {
		if (choice->runs[i].first < choice->runs[run].first) {
			count += choice->runs[i].count;
		}
	}
	return count;
}

/*! \brief Puts records that have just been put in the set's order into that of a choice. */
static void reorder(knot_pkt_t *pkt, size_t start, const struct answer_choice *choice)
{
	uint8_t copy[KNOT_WIRE_MAX_PKTSIZE], *place = pkt->wire + start;
	size_t record = (pkt->size - start) / choice->count;
	memcpy(copy, place, pkt->size - start);
	for (unsigned i = 0; i < choice->runs_count; i++) {
		size_t size = choice->runs[i].count * record;
		memcpy(place, copy + records_before(choice, i) * record, size);
		place += size;
	}
}

/*! \brief Lists a choice's runs in the set's order, those that meet as one; returns how many. */
static size_t set_order(const struct answer_choice *choice, struct snapshot_run runs[ANSWER_RUNS])
{
	size_t count = 0;
	for (uint32_t done = 0; done < choice->count;) {
		unsigned next = 0;
		while (records_before(choice, next) != done) {
			next++;
		}
		struct snapshot_run run = choice->runs[next];
		done += run.count;
		if (count > 0 && runs[count - 1].first + runs[count - 1].count == run.first) {
			runs[count - 1].count += run.count;
		} else {
			runs[count++] = run;
		}
	}
	return count;
}

int answer_put_as_one(knot_pkt_t *pkt, const struct snapshot *snapshot,
                      const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                      const struct answer_choice *choice)
{
	struct snapshot_run runs[ANSWER_RUNS];
	size_t count = set_order(choice, runs), start = pkt->size;
	bool moves = choice->has_subnet && hint != KNOT_COMPR_HINT_NONE;
	uint16_t rotate = moves ? 0 : (uint16_t)records_before(choice, 0);
	int ret = answer_put_runs(pkt, snapshot, set, owner, hint, runs, count, rotate);
	if (ret == KNOT_EOK && moves) {
		reorder(pkt, start, choice);
	}
	return ret;
}

uint32_t answer_most_signed(const knot_dname_t *owner, size_t record, size_t space)
{
	size_t written_out = record + knot_dname_size(owner) - sizeof(uint16_t);
	return MIN(space / record, KNOT_WIRE_MAX_PKTSIZE / written_out);
}
