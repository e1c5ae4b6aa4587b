/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/answer/answer_private.h"

static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
#define TYPES (sizeof(types) / sizeof(*types))

/*! \brief Puts a target's records of a type, if all of them fit. */
static int put_addresses(knot_pkt_t *pkt, const struct snapshot *snapshot,
                         const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint)
{
	if (set->size > answer_room(pkt)) {
		return KNOT_ESPACE;
	}
	uint16_t before = pkt->rrset_count;
	uint32_t left = 0;
	int ret = answer_put_pieces(pkt, snapshot, set, owner, hint, 0, &left);
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
	int ret = KNOT_EOK;
	for (size_t i = 0; i < TYPES && ret == KNOT_EOK; i++) {
		const struct snapshot_set *set = snapshot_set(name, types[i]);
		if (set != NULL) {
			ret = put_addresses(pkt, snapshot, set, owner, hint);
		}
	}
	return ret;
}

/*! \brief Puts the targets' addresses of a set of the snapshot. */
static void put_set_glue(knot_pkt_t *pkt, const struct snapshot *snapshot,
                         const struct snapshot_set *set, uint16_t answer_pos, uint16_t rotate)
{
	const struct snapshot_target *targets = snapshot_targets(snapshot, set);
	for (uint32_t i = 0; i < set->targets_count; i++) {
		const struct snapshot_target *target = &targets[(rotate + i) % set->targets_count];
		/* A set in pieces has its hints elsewhere than under its own index. */
		uint16_t hint = KNOT_COMPR_HINT_NONE;
		if (set->count <= SNAPSHOT_CHUNK) {
			hint = knot_compr_hint(&pkt->rr_info[answer_pos],
			                       KNOT_COMPR_HINT_RDATA + target->index);
		}
		const knot_dname_t *owner;
		const struct snapshot_name *name = snapshot_target_name(snapshot, target, &owner);
		if (put_glue(pkt, snapshot, name, owner, hint) != KNOT_EOK) {
			break;
		}
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
		for (size_t k = 0; name != NULL && k < TYPES; k++) {
			const struct snapshot_set *set = snapshot_set(name, types[k]);
			if (set != NULL && !has_added(pkt, target, types[k]) &&
			    put_addresses(pkt, snapshot, set, target, KNOT_COMPR_HINT_NONE) !=
			            KNOT_EOK) {
				return;
			}
		}
	}
}

void answer_glue(knot_pkt_t *pkt, const knotd_qdata_t *qdata, const struct snapshot *snapshot)
{
	uint16_t kept = answer_keep_room(pkt, qdata);
	const knot_pktsection_t *answer = knot_pkt_section(pkt, KNOT_ANSWER);
	for (uint16_t i = 0; i < answer->count; i++) {
		/* A copy: putting records may move the packet's. */
		const knot_rrset_t rr = *knot_pkt_rr(answer, i);
		if (rr.type != KNOT_RRTYPE_SRV) {
			continue;
		}
		if (!snapshot_holds(snapshot, rr.rrs.rdata)) {
			put_static_glue(pkt, snapshot, &rr);
			continue;
		}
		const struct snapshot_name *name = snapshot_find(snapshot, rr.owner);
		put_set_glue(pkt, snapshot, snapshot_set(name, KNOT_RRTYPE_SRV), answer->pos + i,
		             knot_wire_get_id(qdata->query->wire));
		/* Further pieces are of the same set. */
		break;
	}
	(void)knot_pkt_reclaim(pkt, kept);
}
