/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/answer/answer_private.h"
#include "module/base/util.h"

uint16_t answer_turn(const knotd_qdata_t *qdata)
{
	/* Of each worker, so that none waits for another. Nobody is to be kept from guessing it. */
	static _Thread_local uint32_t random;
	uint16_t id = knot_wire_get_id(qdata->query->wire);
	if (id != 0) {
		return id;
	}
	random = random * 1664525 + 1013904223;
	return random >> 16;
}

int answer_put_runs(knot_pkt_t *pkt, const struct snapshot *snapshot,
                    const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                    const struct snapshot_run *runs, size_t count, uint16_t rotate)
{
	knot_rrset_t rrset;
	bool copied;
	int ret = snapshot_rrset_whole(snapshot, set, owner, runs, count, &pkt->mm, &rrset,
	                               &copied);
	if (ret != KNOT_EOK) {
		return ret;
	}
	uint16_t flags = KNOT_PF_NOTRUNC;
	if (copied) {
		flags |= KNOT_PF_FREE;
		rrset.owner = knot_dname_copy(owner, &pkt->mm);
		ret = rrset.owner != NULL ? KNOT_EOK : KNOT_ENOMEM;
	}
	if (ret == KNOT_EOK) {
		ret = knot_pkt_put_rotate(pkt, hint, &rrset, rotate, flags);
	}
	if (ret != KNOT_EOK && copied) {
		knot_rrset_clear(&rrset, &pkt->mm);
	}
	return ret;
}

int answer_put_pieces(knot_pkt_t *pkt, const struct snapshot *snapshot,
                      const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                      uint32_t first, uint32_t count, uint32_t *left)
{
	uint32_t most = SNAPSHOT_CHUNK;
	*left = count;
	while (*left > 0 && most > 0) {
		uint32_t next = MIN(MIN(snapshot_piece(set, first), most), *left);

		int ret = answer_put_rrset(pkt, snapshot, set, owner, hint, first, next, 0);
		if (ret == KNOT_ESPACE) {
			most = next / 2;
			continue;
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
		*left -= next;
		first = (first + next) % set->count;
	}
	return KNOT_EOK;
}

size_t answer_walk_size(struct answer_walk *walk)
{
	if (walk->left == 0) {
		knot_rrset_t rrset;
		walk->left = snapshot_piece(walk->set, walk->next);
		snapshot_rrset(walk->snapshot, walk->set, NULL, walk->next, walk->left, &rrset);
		walk->rdata = rrset.rrs.rdata;
	}
	size_t size = ANSWER_RECORD_SIZE + walk->rdata->len;
	walk->rdata = knot_rdataset_next(walk->rdata);
	walk->left--;
	walk->next++;
	return size;
}

void answer_take_back(knot_pkt_t *pkt, uint16_t keep)
{
	if (keep >= pkt->rrset_count) {
		return;
	}

	pkt->size = pkt->rr_info[keep].pos;
	for (uint16_t i = keep; i < pkt->rrset_count; i++) {
		int16_t count = -(int16_t)pkt->rr[i].rrs.count;
		if (pkt->current == KNOT_ANSWER) {
			knot_wire_add_ancount(pkt->wire, count);
		} else {
			knot_wire_add_arcount(pkt->wire, count);
		}
		pkt->sections[pkt->current].count--;
		if (pkt->rr_info[i].flags & KNOT_PF_FREE) {
			knot_rrset_clear(&pkt->rr[i], &pkt->mm);
		}
	}
	pkt->rrset_count = keep;
	answer_forget_names(pkt);
}
