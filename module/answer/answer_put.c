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

/*! \brief Puts records that lie in several pieces as one RRset: a copy, which the packet frees. */
static int put_copy(knot_pkt_t *pkt, const struct snapshot *snapshot,
                    const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                    uint32_t first, uint32_t count, uint16_t rotate)
{
	knot_rrset_t rrset;
	bool copied;
	int ret = snapshot_rrset_whole(snapshot, set, owner, first, count, &pkt->mm, &rrset,
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

/*! \brief Puts records \a first to \a first + \a count - 1 as one RRset. */
static int put_rrset(knot_pkt_t *pkt, const struct snapshot *snapshot,
                     const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                     uint32_t first, uint32_t count, uint16_t rotate)
{
	int ret;
	if (count <= snapshot_piece(set, first)) {
		knot_rrset_t rrset;
		snapshot_rrset(snapshot, set, owner, first, count, &rrset);
		ret = knot_pkt_put_rotate(pkt, hint, &rrset, rotate, KNOT_PF_NOTRUNC);
	} else {
		ret = put_copy(pkt, snapshot, set, owner, hint, first, count, rotate);
	}
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
		uint32_t count = MIN(MIN(snapshot_piece(set, first), most), *left);

		int ret = put_rrset(pkt, snapshot, set, owner, hint, first, count, 0);
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

/*! \brief A record's octets in a message, without its data: its owner is a pointer. */
#define RECORD_SIZE 12

/*! \brief Most records that a message over TCP has room for: addresses of IPv4. */
#define RECORDS_MAX (KNOT_WIRE_MAX_PKTSIZE / (RECORD_SIZE + 4))

/*!
 * \brief True if \a count records of \a size octets can be put and signed.
 *
 * What a signature covers has its owners written out (RFC 4034, section 3.1.8.1). Knot makes it in
 * as much room as a message has (Knot: `sign_ctx_add_records()`) and fails where that is too
 * little, long before the message is full.
 *
 * \param space  Octets for them in the message.
 */
static bool can_be_signed(const knot_dname_t *owner, size_t size, uint32_t count, size_t space)
{
	size_t written_out = size + count * (knot_dname_size(owner) - sizeof(uint16_t));
	return size <= space && written_out <= KNOT_WIRE_MAX_PKTSIZE;
}

/*! \brief A walk over a set's records, which lie in one or more pieces. */
struct walk {
	const struct snapshot *snapshot;
	const struct snapshot_set *set;
	uint32_t next; /*!< The record that is next; less than the set's count. */
	uint32_t left; /*!< Records of the piece at hand, \a rdata being the first of them. */
	knot_rdata_t *rdata;
};

/*! \brief Octets in a message of the record that is next. */
static size_t walk_size(struct walk *walk)
{
	if (walk->left == 0) {
		knot_rrset_t rrset;
		walk->left = snapshot_piece(walk->set, walk->next);
		snapshot_rrset(walk->snapshot, walk->set, NULL, walk->next, walk->left, &rrset);
		walk->rdata = rrset.rrs.rdata;
	}
	size_t size = RECORD_SIZE + walk->rdata->len;
	walk->rdata = knot_rdataset_next(walk->rdata);
	walk->left--;
	walk->next++;
	return size;
}

/*! \brief The first record of a set, too large as a whole, whose successors all go with it. */
static uint32_t find_last_start(const struct snapshot *snapshot, const struct snapshot_set *set,
                                const knot_dname_t *owner, size_t space)
{
	uint32_t first = set->count - MIN(set->count, RECORDS_MAX);
	struct walk walk = { .snapshot = snapshot, .set = set, .next = first };
	size_t size = 0;
	while (walk.next < set->count) {
		size += walk_size(&walk);
	}
	walk = (struct walk){ .snapshot = snapshot, .set = set, .next = first };
	while (walk.next < set->count &&
	       !can_be_signed(owner, size, set->count - walk.next, space)) {
		size -= walk_size(&walk);
	}
	return walk.next;
}

/*!
 * \brief Puts as much of a set as can be put and signed, a different part each time.
 *
 * A signature covers an RRset, so what is put is one, in its canonical order: no two pieces, and
 * none that goes on from the set's end to its beginning.
 */
static int put_signed_part(knot_pkt_t *pkt, const struct snapshot *snapshot,
                           const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                           uint16_t id, size_t space)
{
	uint32_t last = find_last_start(snapshot, set, owner, space);
	if (last == set->count) {
		return KNOT_ESPACE; /* Not a single one. */
	}
	uint32_t first = id * ((uint64_t)last + 1) >> 16;
	struct walk walk = { .snapshot = snapshot, .set = set, .next = first };
	uint32_t count = 0;
	size_t size = 0;
	while (walk.next < set->count) {
		size += walk_size(&walk);
		if (!can_be_signed(owner, size, count + 1, space)) {
			break;
		}
		count++;
	}
	return put_rrset(pkt, snapshot, set, owner, hint, first, count, 0);
}

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
		ret = answer_put_pieces(pkt, snapshot, set, owner, hint, first, &left);
	} else if (udp) {
		left = set->count;
		answer_take_back(pkt, 0);
	} else {
		ret = put_signed_part(pkt, snapshot, set, owner, hint, id, space);
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
		/* Beyond the reach of pointers, each record has its own. */
		space -= MIN(space, set->count * knot_dname_size(owner));
	}

	knotd_in_state_t state = KNOTD_IN_STATE_HIT;
	bool whole = sign ? can_be_signed(owner, set->size, set->count, space)
	                  : set->size <= space && set->count <= SNAPSHOT_CHUNK;
	if (whole) {
		int ret = put_rrset(pkt, snapshot, set, owner, hint, 0, set->count, id);
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
