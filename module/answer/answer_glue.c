/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/answer/answer_private.h"

/*! \brief True if records of a type are added for the targets of SRV records (RFC 2782). */
static bool is_added(uint16_t type)
{
	return type == KNOT_RRTYPE_A || type == KNOT_RRTYPE_AAAA;
}

/*! \brief Puts a target's records of a type, if all of them fit. */
static int put_addresses(knot_pkt_t *pkt, const struct snapshot *snapshot,
                         const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint)
{
	if (set->size > answer_room(pkt)) {
		return KNOT_ESPACE;
	}
	if (set->count <= SNAPSHOT_CHUNK) {
		return answer_put_rrset(pkt, snapshot, set, owner, hint, 0, set->count, 0);
	}
	uint16_t before = pkt->rrset_count;
	uint32_t left = 0;
	int ret = answer_put_pieces(pkt, snapshot, set, owner, hint, 0, set->count, &left);
	if (ret == KNOT_EOK && left > 0) {
		ret = KNOT_ESPACE;
	}
	if (ret != KNOT_EOK) {
		answer_take_back(pkt, before);
	}
	return ret;
}

/*! \brief Puts the A and AAAA records of a name; stops at the first that does not fit. */
static int put_glue(knot_pkt_t *pkt, const struct snapshot *snapshot,
                    const struct snapshot_name *name, const knot_dname_t *owner, uint16_t hint)
{
	uint32_t count;
	const struct snapshot_set *sets = snapshot_sets(name, &count);
	int ret = KNOT_EOK;
	for (uint32_t i = 0; i < count && ret == KNOT_EOK; i++) {
		if (is_added(sets[i].type)) {
			ret = put_addresses(pkt, snapshot, &sets[i], owner, hint);
		}
	}
	return ret;
}

/*! \brief Slots for the targets of a large set that were met: twice as many as a walk meets. */
#define MET_MAX 8192

/*!
 * \brief True if a name has been met before in this walk; notes it.
 *
 * \param slots  Number of slots, a power of two.
 */
static bool has_met(const struct snapshot_name **met, uint32_t slots,
                    const struct snapshot_name *name)
{
	uint32_t i = (uint32_t)((uintptr_t)name / 8 * 2654435761U) % slots;
	while (met[i] != NULL && met[i] != name) {
		i = (i + 1) % slots;
	}
	bool found = met[i] == name;
	met[i] = name;
	return found;
}

/*! \brief Puts the targets' addresses of a set in one piece. */
static void put_small_glue(knot_pkt_t *pkt, const struct snapshot *snapshot,
                           const struct snapshot_set *set, uint16_t answer_pos, uint16_t id)
{
	struct snapshot_targets walk;
	snapshot_targets(snapshot, set, id % set->count, &walk);
	const struct snapshot_name *name;
	const knot_dname_t *owner;
	uint32_t index;
	while ((name = snapshot_target_next(&walk, &owner, &index)) != NULL) {
		uint16_t hint = knot_compr_hint(&pkt->rr_info[answer_pos],
		                                KNOT_COMPR_HINT_RDATA + index);
		if (put_glue(pkt, snapshot, name, owner, hint) != KNOT_EOK) {
			return;
		}
	}
}

/*! \brief Puts those of a set in several pieces, each target once; names are not compressed. */
static void put_large_glue(knot_pkt_t *pkt, const struct snapshot *snapshot,
                           const struct snapshot_set *set, uint16_t id)
{
	const struct snapshot_name *met[MET_MAX] = { NULL };
	struct snapshot_targets walk;
	snapshot_targets(snapshot, set, (uint64_t)id * set->count >> 16, &walk);
	const struct snapshot_name *name;
	const knot_dname_t *owner;
	uint32_t index;
	while ((name = snapshot_target_next(&walk, &owner, &index)) != NULL) {
		if (!has_met(met, MET_MAX, name) &&
		    put_glue(pkt, snapshot, name, owner, KNOT_COMPR_HINT_NONE) != KNOT_EOK) {
			return;
		}
	}
}

/*! \brief Slots for the targets of a few records. */
#define MET_FEW 256

/*! \brief Puts the targets' addresses of those records of a set that the answer has. */
static void put_given_glue(knot_pkt_t *pkt, const struct snapshot *snapshot, uint16_t pos,
                           const struct snapshot_name **met, uint32_t slots)
{
	const knot_pktsection_t *answer = knot_pkt_section(pkt, KNOT_ANSWER);
	for (uint16_t i = pos; i < answer->pos + answer->count; i++) {
		uint16_t count = pkt->rr[i].type == KNOT_RRTYPE_SRV ? pkt->rr[i].rrs.count : 0;
		knot_rdata_t *rdata = pkt->rr[i].rrs.rdata;
		for (uint16_t k = 0; k < count; k++, rdata = knot_rdataset_next(rdata)) {
			const knot_dname_t *target = knot_srv_name(rdata);
			const struct snapshot_name *name = snapshot_find(snapshot, target);
			uint16_t hint = knot_compr_hint(&pkt->rr_info[i],
			                                KNOT_COMPR_HINT_RDATA + k);
			if (name != NULL && !has_met(met, slots, name) &&
			    put_glue(pkt, snapshot, name, target, hint) != KNOT_EOK) {
				return;
			}
		}
	}
}

/*! \brief The same, with room to note them; there are no more than were allowed. */
static void put_chosen_glue(knot_pkt_t *pkt, const struct snapshot *snapshot, uint16_t pos,
                            uint32_t limit)
{
	if (limit <= MET_FEW / 2) {
		const struct snapshot_name *met[MET_FEW] = { NULL };
		put_given_glue(pkt, snapshot, pos, met, MET_FEW);
	} else {
		const struct snapshot_name *met[MET_MAX] = { NULL };
		put_given_glue(pkt, snapshot, pos, met, MET_MAX);
	}
}

/*! \brief True if the additional section has an owner's records of a type already. */
static bool has_added(const knot_pkt_t *pkt, const knot_dname_t *owner, uint16_t type)
{
	const knot_pktsection_t *additional = knot_pkt_section(pkt, KNOT_ADDITIONAL);
	for (uint16_t i = 0; i < additional->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(additional, i);
		if (rr->type == type && knot_dname_is_equal(rr->owner, owner)) {
			return true;
		}
	}
	return false;
}

/*!
 * \brief Puts the addresses of those targets of a zone file's SRV set that the snapshot has.
 *
 * Knot has put what the zone file has.
 */
static void put_static_glue(knot_pkt_t *pkt, const struct snapshot *snapshot,
                            const knot_rrset_t *srv)
{
	knot_rdata_t *rdata = srv->rrs.rdata;
	for (uint16_t i = 0; i < srv->rrs.count; i++, rdata = knot_rdataset_next(rdata)) {
		const knot_dname_t *target = knot_srv_name(rdata);
		const struct snapshot_name *name = snapshot_find(snapshot, target);
		uint32_t count = 0;
		const struct snapshot_set *sets = name != NULL ? snapshot_sets(name, &count) : NULL;
		for (uint32_t k = 0; k < count; k++) {
			if (is_added(sets[k].type) && !has_added(pkt, target, sets[k].type) &&
			    put_addresses(pkt, snapshot, &sets[k], target, KNOT_COMPR_HINT_NONE) !=
			            KNOT_EOK) {
				return;
			}
		}
	}
}

/*! \brief Finds the snapshot's set that an RRset of the answer is of; NULL if of none. */
static const struct snapshot_set *find_set(const struct snapshot *snapshot,
                                           const struct snapshot_set *put, const knot_rrset_t *rr)
{
	if (snapshot_holds(put, rr->rrs.rdata)) {
		return put;
	}
	const struct snapshot_name *name = snapshot_find(snapshot, rr->owner);
	const struct snapshot_set *set = name != NULL ? snapshot_set(name, rr->type) : NULL;
	return snapshot_holds(set, rr->rrs.rdata) ? set : NULL;
}

void answer_glue(knot_pkt_t *pkt, const knotd_qdata_t *qdata, const struct answer *ctx,
                 const struct snapshot *snapshot, const struct snapshot_set *put)
{
	uint16_t kept = answer_keep_room(pkt, qdata);
	const knot_pktsection_t *answer = knot_pkt_section(pkt, KNOT_ANSWER);
	for (uint16_t i = 0; i < answer->count; i++) {
		/* A copy: putting records may move the packet's. */
		const knot_rrset_t rr = *knot_pkt_rr(answer, i);
		if (rr.type != KNOT_RRTYPE_SRV) {
			continue;
		}
		const struct snapshot_set *set = find_set(snapshot, put, &rr);
		if (set == NULL) {
			put_static_glue(pkt, snapshot, &rr);
			continue;
		}
		uint16_t id = answer_turn(qdata);
		if (ctx->limit > 0 && ctx->limit < set->count) {
			put_chosen_glue(pkt, snapshot, answer->pos + i, ctx->limit);
		} else if (set->count <= SNAPSHOT_CHUNK) {
			put_small_glue(pkt, snapshot, set, answer->pos + i, id);
		} else {
			put_large_glue(pkt, snapshot, set, id);
		}
		/* Further pieces are of the same set. */
		break;
	}
	(void)knot_pkt_reclaim(pkt, kept);
}
