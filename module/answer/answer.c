/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <urcu.h>

#include "module/answer/answer.h"
#include "module/answer/stats.h"
#include "module/base/util.h"

/*!
 * \brief Octets that mod-onlinesign needs for the signatures of an answer.
 *
 * It fails (SERVFAIL) where its RRSIG (RFC 4034, section 3.1) does not fit, so this is kept free:
 * owner, header, fixed fields, signer, and one RSA-2048 or four ECDSA P-256 signatures.
 */
#define SIGNATURES_SIZE (12 + 18 + KNOT_DNAME_MAXLEN + 256)

/*! \brief What a query sees of the snapshot; \a snapshot is NULL if there is none to use. */
struct sight {
	const struct answer *ctx; /*!< Whose it is. */
	const struct snapshot *snapshot;
	bool stale;
	bool found;             /*!< The snapshot has the name that was asked for. */
	enum stats_answer kind; /*!< What became of the query, as far as is known. */
};

/*!
 * \brief What the query sees that this worker is at.
 *
 * Set in the first hook. The others follow in the same RCU read-side section, or not at all (Knot:
 * `answer_query()`), so that what was found stays until they are done. The last one ends it.
 */
static _Thread_local struct sight current;

static struct sight look(const struct answer *ctx)
{
	struct sight sight = { .ctx = ctx,
		               .snapshot = rcu_dereference(ctx->view->snapshot),
		               .kind = STATS_OTHER };
	if (sight.snapshot == NULL) {
		return sight;
	}

	int64_t age = clock_ms(CLOCK_MONOTONIC_COARSE) - snapshot_time(sight.snapshot);
	sight.stale = age > ctx->stale_after;
	if (ctx->max_age > 0 && age > ctx->max_age) {
		sight.snapshot = NULL;
	}
	return sight;
}

/*!
 * \brief What the first hook of this query saw: an answer is made of one snapshot.
 *
 * In a zone with several instances of the module, only one has its own kept: the one that
 * answered, or the last one.
 *
 * \param other  Room for what is seen if that is not this instance.
 */
static struct sight *look_again(const struct answer *ctx, struct sight *other)
{
	struct sight *sight = &current;
	if (sight->ctx != ctx) {
		sight = sight->ctx == NULL ? sight : other;
		*sight = look(ctx);
	}
	return sight;
}

/*! \brief Marks an answer that the snapshot had a part in (RFC 8914, section 4.4). */
static void mark_stale(knotd_qdata_t *qdata, const struct sight *sight)
{
	if (sight->stale && qdata->rcode_ede == KNOT_EDNS_EDE_NONE) {
		qdata->rcode_ede = KNOT_EDNS_EDE_STALE;
	}
}

static size_t room(const knot_pkt_t *pkt)
{
	return pkt->max_size - pkt->size - pkt->reserved;
}

static bool is_udp(const knotd_qdata_t *qdata)
{
	return qdata->params->proto == KNOTD_QUERY_PROTO_UDP;
}

/*! \brief True if mod-onlinesign signs this answer. */
static bool is_signed(const struct answer *ctx, const knotd_qdata_t *qdata)
{
	return ctx->signer && knot_pkt_has_dnssec(qdata->query);
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

/*! \brief Puts records \a first to \a first + \a count - 1 in one piece. */
static int put_piece(knot_pkt_t *pkt, const struct snapshot *snapshot,
                     const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                     uint32_t first, uint32_t count, uint16_t rotate)
{
	knot_rrset_t rrset;
	snapshot_rrset(snapshot, set, owner, first, count, &rrset);
	return knot_pkt_put_rotate(pkt, hint, &rrset, rotate, KNOT_PF_NOTRUNC);
}

/*!
 * \brief Puts a large set in pieces, from \a first on and round to it again, until no more fits.
 *
 * libknot finds the n-th record of an RRset by walking over n - 1: in pieces that stays linear.
 */
static int put_pieces(knot_pkt_t *pkt, const struct snapshot *snapshot,
                      const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                      uint32_t first)
{
	uint32_t left = set->count;
	while (left > 0) {
		uint32_t count = SNAPSHOT_CHUNK - first % SNAPSHOT_CHUNK;
		count = MIN(count, MIN(left, set->count - first));

		int ret = put_piece(pkt, snapshot, set, owner, hint, first, count, 0);
		if (ret == KNOT_ESPACE) {
			count = count_fitting(snapshot, set, first, room(pkt));
			return count > 0
			               ? put_piece(pkt, snapshot, set, owner, hint, first, count, 0)
			               : KNOT_EOK;
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
		left -= count;
		first = (first + count) % set->count;
	}
	return KNOT_EOK;
}

/*!
 * \brief Puts a set into the answer section, its order turned by the query's ID.
 *
 * \param owner  Owner of the records, lower case.
 * \param hint   Compression hint for the owner.
 *
 * \return State to return from the hook.
 */
static knotd_in_state_t put_set(knot_pkt_t *pkt, knotd_qdata_t *qdata, const struct answer *ctx,
                                const struct snapshot *snapshot, const struct snapshot_set *set,
                                const knot_dname_t *owner, uint16_t hint)
{
	bool sign = is_signed(ctx, qdata);
	size_t space = room(pkt);
	if (sign) {
		space -= MIN(space, SIGNATURES_SIZE);
	}
	if (hint == KNOT_COMPR_HINT_NONE) {
		space -= MIN(space, knot_dname_size(owner));
	}
	if (set->size > space && is_udp(qdata)) {
		knot_wire_set_tc(pkt->wire);
		return KNOTD_IN_STATE_TRUNC;
	}

	uint32_t rotate = knot_wire_get_id(qdata->query->wire);
	int ret;
	if (set->size <= space && (sign || set->count <= SNAPSHOT_CHUNK)) {
		ret = put_piece(pkt, snapshot, set, owner, hint, 0, set->count, rotate);
	} else {
		/* The ID alone would never start beyond the first 65536 records. */
		uint32_t first = (uint64_t)rotate * set->count >> 16;
		if (sign) {
			/* A signature covers an RRset: what is put must be one. */
			uint32_t count = count_fitting(snapshot, set, first, space);
			ret = put_piece(pkt, snapshot, set, owner, hint, first, count, 0);
		} else {
			ret = put_pieces(pkt, snapshot, set, owner, hint, first);
		}
	}
	return ret == KNOT_EOK ? KNOTD_IN_STATE_HIT : KNOTD_IN_STATE_ERROR;
}

/*! \brief PREANSWER: what the snapshot has is answered before the zone is searched. */
static knotd_in_state_t find_in_snapshot(knotd_in_state_t state, knot_pkt_t *pkt,
                                         knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	const struct answer *ctx = knotd_mod_ctx(mod);
	struct sight *sight = &current;
	if (state != KNOTD_IN_STATE_BEGIN) {
		/* Somebody else answers. Nothing of ours is left of an earlier query. */
		if (sight->ctx == ctx) {
			sight->ctx = NULL;
		}
		return state;
	}
	*sight = look(ctx);
	sight->kind = STATS_NOT_FOUND;
	if (sight->snapshot == NULL) {
		return state;
	}
	const struct snapshot_name *name = snapshot_find(sight->snapshot, qdata->name);
	if (name == NULL) {
		return state;
	}
	sight->found = true;
	const struct snapshot_set *set = snapshot_set(name, knot_pkt_qtype(pkt));
	if (set == NULL) {
		/* The zone is searched still; a miss there becomes NODATA. */
		return KNOTD_IN_STATE_NODATA;
	}

	sight->kind = STATS_RECORDS;
	snapshot_prefetch(sight->snapshot, set);
	mark_stale(qdata, sight);
	knot_wire_set_aa(pkt->wire);
	return put_set(pkt, qdata, ctx, sight->snapshot, set, qdata->name, KNOT_COMPR_HINT_QNAME);
}

/*! \brief Takes back the answer section's RRsets after the first \a keep. */
static void take_back(knot_pkt_t *pkt, uint16_t keep)
{
	if (keep >= pkt->rrset_count) {
		return;
	}

	pkt->size = pkt->rr_info[keep].pos;
	for (uint16_t i = keep; i < pkt->rrset_count; i++) {
		knot_wire_add_ancount(pkt->wire, -(int16_t)pkt->rr[i].rrs.count);
		pkt->sections[KNOT_ANSWER].count--;
		if (pkt->rr_info[i].flags & KNOT_PF_FREE) {
			knot_rrset_clear(&pkt->rr[i], &pkt->mm);
		}
	}
	pkt->rrset_count = keep;
	/* The last written name may be gone: nothing may be compressed against it. */
	pkt->compr.rrinfo = NULL;
	pkt->compr.suffix.pos = 0;
	pkt->compr.suffix.labels = 0;
}

/*!
 * \brief Goes on where a CNAME of the zone file leads to a name of the snapshot.
 *
 * Knot follows a chain inside the zone's contents only, where it may have found a wildcard for such
 * a name, a delegation above it, or nothing; the snapshot comes first.
 */
static knotd_in_state_t follow_cname(knotd_in_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                                     const struct answer *ctx, struct sight *sight)
{
	for (uint16_t i = 0; i < pkt->rrset_count; i++) {
		if (pkt->rr[i].type != KNOT_RRTYPE_CNAME) {
			continue;
		}
		const knot_dname_t *target = knot_cname_name(pkt->rr[i].rrs.rdata);
		const struct snapshot_name *name = snapshot_find(sight->snapshot, target);
		if (name == NULL) {
			continue;
		}
		mark_stale(qdata, sight);

		const struct snapshot_set *set = snapshot_set(name, knot_pkt_qtype(pkt));
		if (set == NULL) {
			sight->found = true;
			return state == KNOTD_IN_STATE_MISS ? KNOTD_IN_STATE_NODATA : state;
		}
		if (ctx->signer_first && is_signed(ctx, qdata)) {
			/* Too late for a signature: the resolver asks on for the target. */
			return KNOTD_IN_STATE_HIT;
		}
		sight->kind = STATS_RECORDS;
		take_back(pkt, i + 1);
		qdata->name = target;
		uint16_t hint = knot_compr_hint(&pkt->rr_info[i], KNOT_COMPR_HINT_RDATA);
		return put_set(pkt, qdata, ctx, sight->snapshot, set, target, hint);
	}
	return state;
}

/*! \brief True if only a snapshot could tell whether the name has records of the type asked. */
static bool is_open_question(knotd_in_state_t state, const knot_pkt_t *pkt, knotd_qdata_t *qdata,
                             const struct answer *ctx)
{
	if (state == KNOTD_IN_STATE_MISS) {
		return true;
	}
	if (state != KNOTD_IN_STATE_NODATA ||
	    knot_dname_is_equal(qdata->name, knotd_qdata_zone_name(qdata))) {
		return false;
	}
	switch (knot_pkt_qtype(pkt)) {
	case KNOT_RRTYPE_ANY: return true;
	case KNOT_RRTYPE_PTR: return ctx->reverse;
	case KNOT_RRTYPE_A:
	case KNOT_RRTYPE_AAAA:
	case KNOT_RRTYPE_SRV: return !ctx->reverse;
	default: return false;
	}
}

/*! \brief ANSWER: what the zone's contents gave is completed from the snapshot. */
static knotd_in_state_t complete_answer(knotd_in_state_t state, knot_pkt_t *pkt,
                                        knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	const struct answer *ctx = knotd_mod_ctx(mod);
	bool chain = pkt->rrset_count > 0 &&
	             (pkt->rr[0].type == KNOT_RRTYPE_CNAME || pkt->rr[0].type == KNOT_RRTYPE_DNAME);
	if (state == KNOTD_IN_STATE_HIT && !chain) {
		return state;
	}

	struct sight other, *sight = look_again(ctx, &other);
	if (sight->snapshot == NULL) {
		if (!is_open_question(state, pkt, qdata, ctx)) {
			return state;
		}
		sight->kind = STATS_NOT_READY;
		qdata->rcode = KNOT_RCODE_SERVFAIL;
		qdata->rcode_ede = KNOT_EDNS_EDE_NOT_READY;
		return KNOTD_IN_STATE_ERROR;
	}

	uint16_t type = knot_pkt_qtype(pkt);
	if (chain && type != KNOT_RRTYPE_CNAME && type != KNOT_RRTYPE_ANY) {
		state = follow_cname(state, pkt, qdata, ctx, sight);
	}
	if (sight->found && state == KNOTD_IN_STATE_NODATA) {
		sight->kind = STATS_NODATA;
	}
	if (is_open_question(state, pkt, qdata, ctx)) {
		mark_stale(qdata, sight);
	}
	return state;
}

/*! \brief Puts the A and AAAA records of a name; stops at the first that does not fit. */
static int put_glue(knot_pkt_t *pkt, const struct snapshot *snapshot,
                    const struct snapshot_name *name, const knot_dname_t *owner, uint16_t hint,
                    uint16_t flags)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const struct snapshot_set *set = snapshot_set(name, types[i]);
		if (set == NULL) {
			continue;
		}
		if (set->size > room(pkt)) {
			return KNOT_ESPACE;
		}
		knot_rrset_t rrset;
		snapshot_rrset(snapshot, set, owner, 0, set->count, &rrset);
		int ret = knot_pkt_put(pkt, hint, &rrset, KNOT_PF_NOTRUNC | flags);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return KNOT_EOK;
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
		if (put_glue(pkt, snapshot, name, owner, hint, 0) != KNOT_EOK) {
			break;
		}
	}
}

/*! \brief Puts the addresses of those targets of a zone file's SRV set that the snapshot has. */
static void put_static_glue(knot_pkt_t *pkt, const struct snapshot *snapshot,
                            const knot_rrset_t *srv)
{
	knot_rdata_t *rdata = srv->rrs.rdata;
	for (uint16_t i = 0; i < srv->rrs.count; i++, rdata = knot_rdataset_next(rdata)) {
		const knot_dname_t *target = knot_srv_name(rdata);
		const struct snapshot_name *name = snapshot_find(snapshot, target);
		if (name != NULL && put_glue(pkt, snapshot, name, target, KNOT_COMPR_HINT_NONE,
		                             KNOT_PF_CHECKDUP) != KNOT_EOK) {
			break;
		}
	}
}

/*! \brief ADDITIONAL: addresses of SRV targets (RFC 2782), never at the price of a TC bit. */
static knotd_in_state_t add_addresses(knotd_in_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                                      knotd_mod_t *mod)
{
	const struct answer *ctx = knotd_mod_ctx(mod);
	if (state != KNOTD_IN_STATE_HIT || knot_pkt_qtype(pkt) != KNOT_RRTYPE_SRV ||
	    is_signed(ctx, qdata)) {
		/* mod-onlinesign cannot sign a record that is in no zone: it crashes. */
		return state;
	}
	struct sight other;
	const struct snapshot *snapshot = look_again(ctx, &other)->snapshot;
	if (snapshot == NULL) {
		return state;
	}

	/* The Extended DNS Error is put after all else, and only if it fits. */
	bool keep_room = qdata->rcode_ede != KNOT_EDNS_EDE_NONE &&
	                 knot_pkt_reserve(pkt, KNOT_EDNS_EDE_MIN_LENGTH) == KNOT_EOK;

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

	if (keep_room) {
		(void)knot_pkt_reclaim(pkt, KNOT_EDNS_EDE_MIN_LENGTH);
	}
	return state;
}

/*! \brief END: what became of the query is known, and counted by the instance that looked. */
static knotd_state_t count(knotd_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                           knotd_mod_t *mod)
{
	struct sight *sight = &current;
	if (sight->ctx == knotd_mod_ctx(mod)) {
		const struct answer *ctx = sight->ctx;
		sight->ctx = NULL;
		if (sight->kind != STATS_OTHER && !ctx->uncounted) {
			stats_count(mod, qdata, sight->kind, pkt);
		}
	}
	return state;
}

/*! \brief Registers one hook within a query. */
static int add_hook(knotd_mod_t *mod, knotd_stage_t stage, knotd_mod_in_hook_f hook)
{
	int ret;
	unsigned turn = 0;
	do {
		ret = knotd_mod_in_hook(mod, stage, hook);
	} while (ret == KNOT_ENOMEM && pause_for_memory(&turn));
	return ret;
}

int answer_hooks(knotd_mod_t *mod)
{
	int ret = add_hook(mod, KNOTD_STAGE_PREANSWER, find_in_snapshot);
	if (ret == KNOT_EOK) {
		ret = add_hook(mod, KNOTD_STAGE_ANSWER, complete_answer);
	}
	if (ret == KNOT_EOK) {
		ret = add_hook(mod, KNOTD_STAGE_ADDITIONAL, add_addresses);
	}
	unsigned turn = 0;
	while (ret == KNOT_EOK &&
	       (ret = knotd_mod_hook(mod, KNOTD_STAGE_END, count)) == KNOT_ENOMEM &&
	       pause_for_memory(&turn)) {
		ret = KNOT_EOK;
	}
	return ret;
}
