/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/answer/answer_private.h"
#include "module/base/util.h"

/*!
 * \brief Octets that mod-onlinesign needs for the signatures of an answer.
 *
 * It fails (SERVFAIL) where its RRSIG (RFC 4034, section 3.1) does not fit, so this is kept free:
 * owner, header, fixed fields, signer, and one RSA-2048 or four ECDSA P-256 signatures.
 */
#define SIGNATURES_SIZE (12 + 18 + KNOT_DNAME_MAXLEN + 256)

/*!
 * \brief Octets of a message over TCP that no set takes.
 *
 * A resolver between says more than we do: a cookie (RFC 7873), an Extended DNS Error. Its clients
 * would get TC and nothing, and have no larger way to ask.
 */
#define SPARE_SIZE 512

/*! \brief Puts records \a first to \a first + \a count - 1 in one piece. */
static int put_piece(knot_pkt_t *pkt, const struct snapshot *snapshot,
                     const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                     uint32_t first, uint32_t count, uint16_t rotate)
{
	knot_rrset_t rrset;
	snapshot_rrset(snapshot, set, owner, first, count, &rrset);
	int ret = knot_pkt_put_rotate(pkt, hint, &rrset, rotate, KNOT_PF_NOTRUNC);
	if (ret != KNOT_EOK) {
		answer_forget_names(pkt);
	}
	return ret;
}

int answer_put_pieces(knot_pkt_t *pkt, const struct snapshot *snapshot,
                      const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                      uint32_t first, uint32_t *left)
{
	uint32_t most = SNAPSHOT_CHUNK;
	*left = set->count;
	while (*left > 0 && most > 0) {
		uint32_t count = SNAPSHOT_CHUNK - first % SNAPSHOT_CHUNK;
		count = MIN(MIN(count, most), MIN(*left, set->count - first));

		int ret = put_piece(pkt, snapshot, set, owner, hint, first, count, 0);
		if (ret == KNOT_ESPACE) {
			most = count / 2;
			continue;
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
		*left -= count;
		first = (first + count) % set->count;
	}
	return KNOT_EOK;
}

/*! \brief How many records from \a first on, up to the set's end, fit into \a space octets. */
static uint32_t count_fitting(const struct snapshot *snapshot, const struct snapshot_set *set,
                              uint32_t first, size_t space)
{
	knot_rrset_t rrset;
	snapshot_rrset(snapshot, set, NULL, first, 1, &rrset);

	const knot_rdata_t *rdata = rrset.rrs.rdata;
	uint32_t count = 0;
	while (first + count < set->count && count < UINT16_MAX) {
		size_t size = 12 + rdata->len;
		if (size > space) {
			break;
		}
		space -= size;
		count++;
		rdata = (const knot_rdata_t *)((const uint8_t *)rdata +
		                               knot_rdata_size(rdata->len));
	}
	return count;
}

/*!
 * \brief Puts what fits of a set that is too large, or too large to be walked over as one.
 *
 * Clients that have no TCP live on a truncated answer's records. They would not on signed ones.
 *
 * \param space  Octets for it.
 * \param sign   It will be signed: a signature covers an RRset, so what is put must be one.
 */
static knotd_in_state_t put_part(knot_pkt_t *pkt, const struct snapshot *snapshot,
                                 const struct snapshot_set *set, const knot_dname_t *owner,
                                 uint16_t hint, uint16_t id, size_t space, bool sign, bool udp)
{
	/* The ID alone would never start beyond the first 65536 records. */
	uint32_t first = (uint64_t)id * set->count >> 16;
	uint32_t left = 0;
	int ret = KNOT_EOK;
	if (!sign) {
		ret = answer_put_pieces(pkt, snapshot, set, owner, hint, first, &left);
	} else if (udp) {
		left = set->count;
		answer_take_back(pkt, 0);
	} else {
		uint32_t count = count_fitting(snapshot, set, first, space);
		ret = put_piece(pkt, snapshot, set, owner, hint, first, count, 0);
	}
	if (ret != KNOT_EOK) {
		return KNOTD_IN_STATE_ERROR;
	}
	if (left > 0 && udp) {
		knot_wire_set_tc(pkt->wire);
		return KNOTD_IN_STATE_TRUNC;
	}
	return KNOTD_IN_STATE_HIT;
}

knotd_in_state_t answer_put(knot_pkt_t *pkt, const knotd_qdata_t *qdata, const struct answer *ctx,
                            const struct snapshot *snapshot, const struct snapshot_set *set,
                            const knot_dname_t *owner, uint16_t hint)
{
	bool udp = qdata->params->proto == KNOTD_QUERY_PROTO_UDP;
	bool sign = answer_is_signed(ctx, qdata);
	uint16_t id = knot_wire_get_id(qdata->query->wire);

	uint16_t kept = 0;
	if (!udp && knot_pkt_reserve(pkt, SPARE_SIZE) == KNOT_EOK) {
		kept = SPARE_SIZE;
	} else if (udp && set->size > answer_room(pkt)) {
		kept = answer_keep_room(pkt, qdata);
	}
	size_t space = answer_room(pkt);
	if (sign) {
		space -= MIN(space, SIGNATURES_SIZE);
	}
	if (hint == KNOT_COMPR_HINT_NONE) {
		space -= MIN(space, knot_dname_size(owner));
	}

	knotd_in_state_t state = KNOTD_IN_STATE_HIT;
	if (set->size <= space && (sign || set->count <= SNAPSHOT_CHUNK)) {
		int ret = put_piece(pkt, snapshot, set, owner, hint, 0, set->count, id);
		state = ret == KNOT_EOK ? KNOTD_IN_STATE_HIT : KNOTD_IN_STATE_ERROR;
	} else {
		state = put_part(pkt, snapshot, set, owner, hint, id, space, sign, udp);
	}
	(void)knot_pkt_reclaim(pkt, kept);
	return state;
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

knotd_in_state_t answer_put_soa(knot_pkt_t *pkt, knotd_qdata_t *qdata)
{
	knot_rrset_t soa = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_SOA);
	int ret = knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &soa,
	                       KNOT_PF_NOTRUNC | KNOT_PF_SOAMINTTL);
	switch (ret) {
	case KNOT_EOK: return KNOTD_IN_STATE_HIT;
	case KNOT_ESPACE: return KNOTD_IN_STATE_TRUNC;
	default: return KNOTD_IN_STATE_ERROR;
	}
}
