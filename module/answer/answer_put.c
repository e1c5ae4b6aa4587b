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

/*!
 * \brief Puts what fits of a set that is too large, or too large to be walked over as one.
 *
 * Clients that have no TCP live on a truncated answer's records. They would not on signed ones.
 *
 * \param space  Octets for it.
 * \param sign   It will be signed.
 */
static knotd_in_state_t put_part(knot_pkt_t *pkt, const struct snapshot *snapshot,
                                 const struct snapshot_set *set, const knot_dname_t *owner,
                                 uint16_t hint, uint16_t id, size_t space, bool sign, bool udp)
{
	uint32_t left = 0;
	int ret = KNOT_EOK;
	if (!sign) {
		/* The ID alone would never start beyond the first 65536 records. */
		uint32_t first = (uint64_t)id * set->count >> 16;
		ret = answer_put_pieces(pkt, snapshot, set, owner, hint, first, set->count, &left);
	} else if (udp) {
		left = set->count;
		answer_take_back(pkt, 0);
	} else {
		ret = answer_put_signed_part(pkt, snapshot, set, owner, hint, id, space,
		                             UINT32_MAX);
	}
	return answer_has_put(pkt, ret, left > 0 && udp);
}

knotd_in_state_t answer_put(knot_pkt_t *pkt, knotd_qdata_t *qdata, const struct answer *ctx,
                            const struct snapshot *snapshot, const struct snapshot_set *set,
                            const knot_dname_t *owner, uint16_t hint)
{
	bool udp = qdata->params->proto == KNOTD_QUERY_PROTO_UDP;
	bool sign = answer_is_signed(ctx, qdata);
	uint16_t id = answer_turn(qdata);
	uint32_t count = set->count, size = set->size;
	struct answer_choice choice;
	bool choose = ctx->chooses && answer_has_choice(ctx, set);
	if (choose) {
		answer_choose(ctx, qdata, snapshot, set, ctx->limit > 0 ? ctx->limit : UINT32_MAX,
		              &choice);
		count = choice.count;
		size = answer_choice_size(snapshot, set, &choice);
	}

	uint16_t kept = 0;
	if (!udp && knot_pkt_reserve(pkt, SPARE_SIZE) == KNOT_EOK) {
		kept = SPARE_SIZE;
	} else if (udp && size > answer_room(pkt)) {
		kept = answer_keep_room(pkt, qdata);
	}
	size_t space = answer_room(pkt);
	if (sign) {
		space -= MIN(space, SIGNATURES_SIZE);
	}
	if (hint == KNOT_COMPR_HINT_NONE) {
		/* Beyond the reach of pointers, each record has its own. */
		space -= MIN(space, count * knot_dname_size(owner));
	}

	knotd_in_state_t state = KNOTD_IN_STATE_HIT;
	bool whole = sign ? answer_can_be_signed(owner, size, count, space)
	                  : size <= space && count <= SNAPSHOT_CHUNK;
	if (choose) {
		state = answer_put_chosen(pkt, qdata, ctx, snapshot, set, owner, hint, &choice,
		                          size, space);
	} else if (whole) {
		int ret = answer_put_rrset(pkt, snapshot, set, owner, hint, 0, set->count, id);
		state = ret == KNOT_EOK ? KNOTD_IN_STATE_HIT : KNOTD_IN_STATE_ERROR;
	} else {
		state = put_part(pkt, snapshot, set, owner, hint, id, space, sign, udp);
	}
	/* For answer_glue(), which Knot has come to only after some other things. */
	snapshot_prefetch_names(snapshot, set);
	(void)knot_pkt_reclaim(pkt, kept);
	return state;
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
