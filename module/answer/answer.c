/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <urcu.h>

#include "module/answer/answer_private.h"
#include "module/answer/stats.h"
#include "module/base/util.h"

/*! \brief What a query sees of the snapshot; \a snapshot is NULL if there is none to use. */
struct sight {
	const struct answer *ctx; /*!< Whose it is. */
	const struct snapshot *snapshot;
	bool stale;
	bool found; /*!< The snapshot has the name that was asked for. */
	/*! What the snapshot has, unless the zone file does; put after the zone has been searched.
	 */
	const struct snapshot_set *waiting;
	const struct snapshot_set *put; /*!< What was put of the snapshot; NULL if nothing. */
	bool denied;                    /*!< The SOA record is still to be put, and no proof. */
	enum stats_answer kind;         /*!< What became of the query, as far as is known. */
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

	int64_t age = clock_ms(CLOCK_MONOTONIC_COARSE) -
	              atomic_load_explicit(&ctx->view->time, memory_order_relaxed);
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

/*!
 * \brief True if the zone file's records of a name win over the snapshot's.
 *
 * They do directly below the apex, where a framework could take the name of a name server, and in
 * reverse zones. Only Knot can search the zone, so such names are answered after it has. That is
 * too late if mod-onlinesign comes first: it signs no more.
 */
static bool is_zone_first(const struct answer *ctx, knotd_qdata_t *qdata, const knot_dname_t *name)
{
	if (ctx->signer_first) {
		return false;
	}
	return ctx->reverse ||
	       knot_dname_is_equal(name + 1 + name[0], knotd_qdata_zone_name(qdata));
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
	const struct snapshot_name *name = snapshot_find_sized(sight->snapshot, qdata->name,
	                                                       qdata->query->qname_size);
	if (name == NULL) {
		return state;
	}
	sight->found = true;
	const struct snapshot_set *set = snapshot_set(name, knot_pkt_qtype(pkt));
	if (set == NULL) {
		/* The zone is searched still; a miss there becomes NODATA. */
		return KNOTD_IN_STATE_NODATA;
	}

	snapshot_prefetch(sight->snapshot, set);
	if (is_zone_first(ctx, qdata, qdata->name)) {
		sight->waiting = set;
		return KNOTD_IN_STATE_NODATA;
	}
	sight->kind = STATS_RECORDS;
	sight->put = set;
	mark_stale(qdata, sight);
	knot_wire_set_aa(pkt->wire);
	return answer_put(pkt, qdata, ctx, sight->snapshot, set, qdata->name,
	                  KNOT_COMPR_HINT_QNAME);
}

/*! \brief True if an RRset follows that Knot has put for a name of the answer. */
static bool has_put(const knot_pkt_t *pkt, uint16_t pos)
{
	/* Signatures stand behind all else. */
	return pos < pkt->rrset_count && pkt->rr[pos].type != KNOT_RRTYPE_RRSIG;
}

/*!
 * \brief True if Knot has made an RRset of a wildcard of the zone file.
 *
 * It puts that with its own owner and a hint where the question's name is, and as a copy elsewhere.
 * The CNAME record that it makes of a DNAME is a copy as well.
 */
static bool is_of_wildcard(const knot_pkt_t *pkt, uint16_t pos)
{
	const knot_dname_t *owner = pkt->rr[pos].owner;
	if (pkt->rr_info[pos].flags & KNOT_PF_FREE) {
		return pos == 0 || pkt->rr[pos - 1].type != KNOT_RRTYPE_DNAME;
	}
	return knot_dname_is_wildcard(owner) && !knot_dname_is_equal(owner, knot_pkt_qname(pkt));
}

/*! \brief True if a wildcard of the zone file has had a part in the answer. */
static bool has_wildcard(const knot_pkt_t *pkt)
{
	for (uint16_t pos = 0; has_put(pkt, pos); pos++) {
		if (is_of_wildcard(pkt, pos)) {
			return true;
		}
	}
	return false;
}

/*!
 * \brief True if the zone file, but for its wildcards, has an answer for a name.
 *
 * \param pos  Where its RRset would be.
 */
static bool zone_has(knotd_in_state_t state, const knot_pkt_t *pkt, uint16_t pos)
{
	return has_put(pkt, pos) ? !is_of_wildcard(pkt, pos)
	                         : state != KNOTD_IN_STATE_MISS && state != KNOTD_IN_STATE_NODATA;
}

/*! \brief Puts what the snapshot has of the name asked for, as the zone file has nothing. */
static knotd_in_state_t put_waiting(knot_pkt_t *pkt, knotd_qdata_t *qdata, const struct answer *ctx,
                                    struct sight *sight)
{
	answer_take_back(pkt, 0);
	qdata->name = knot_pkt_qname(qdata->query);
	qdata->rcode = KNOT_RCODE_NOERROR;
	sight->kind = STATS_RECORDS;
	sight->put = sight->waiting;
	mark_stale(qdata, sight);
	knot_wire_set_aa(pkt->wire);
	return answer_put(pkt, qdata, ctx, sight->snapshot, sight->waiting, qdata->name,
	                  KNOT_COMPR_HINT_QNAME);
}

/*!
 * \brief Goes on where a CNAME of the zone file leads to a name of the snapshot.
 *
 * Knot follows a chain inside the zone's contents only, where it may have found a wildcard for such
 * a name, a delegation above it, or nothing; the snapshot comes first, but see is_zone_first().
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
		const struct snapshot_set *set = snapshot_set(name, knot_pkt_qtype(pkt));
		if (set == NULL
		            ? has_put(pkt, i + 1)
		            : is_zone_first(ctx, qdata, target) && zone_has(state, pkt, i + 1)) {
			continue;
		}
		mark_stale(qdata, sight);
		if (set == NULL) {
			sight->found = true;
			return state == KNOTD_IN_STATE_MISS ? KNOTD_IN_STATE_NODATA : state;
		}
		if (ctx->signer_first && answer_is_signed(ctx, qdata)) {
			/* Too late for a signature: the resolver asks on for the target. */
			return KNOTD_IN_STATE_HIT;
		}
		sight->kind = STATS_RECORDS;
		sight->put = set;
		answer_take_back(pkt, i + 1);
		qdata->name = target;
		uint16_t hint = knot_compr_hint(&pkt->rr_info[i], KNOT_COMPR_HINT_RDATA);
		return answer_put(pkt, qdata, ctx, sight->snapshot, set, target, hint);
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
	if (state == KNOTD_IN_STATE_HIT
	            ? !has_wildcard(pkt)
	            : state != KNOTD_IN_STATE_NODATA ||
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

/*!
 * \brief Denies records of a name that the snapshot has, with the zone's SOA record alone.
 *
 * Knot proves what it denies if the zone is signed and the client wants to see (DO), which fails
 * for a name that is not in the zone's contents. So it is not told: the SOA record is put by us.
 */
static knotd_in_state_t deny(knotd_qdata_t *qdata, const struct answer *ctx, struct sight *sight)
{
	sight->kind = STATS_NODATA;
	if (ctx->signer || !knot_pkt_has_dnssec(qdata->query)) {
		return KNOTD_IN_STATE_NODATA;
	}
	knot_rrset_t signatures = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_RRSIG);
	sight->denied = !knot_rrset_empty(&signatures);
	return sight->denied ? KNOTD_IN_STATE_HIT : KNOTD_IN_STATE_NODATA;
}

/*! \brief ANSWER: what the zone's contents gave is completed from the snapshot. */
static knotd_in_state_t complete_answer(knotd_in_state_t state, knot_pkt_t *pkt,
                                        knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	bool chain = pkt->rrset_count > 0 &&
	             (pkt->rr[0].type == KNOT_RRTYPE_CNAME || pkt->rr[0].type == KNOT_RRTYPE_DNAME);
	if (state == KNOTD_IN_STATE_HIT && !chain && !has_wildcard(pkt)) {
		return state;
	}
	const struct answer *ctx = knotd_mod_ctx(mod);
	struct sight other, *sight = look_again(ctx, &other);
	if (sight->waiting != NULL && !zone_has(state, pkt, 0)) {
		return put_waiting(pkt, qdata, ctx, sight);
	}
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
	if (is_open_question(state, pkt, qdata, ctx)) {
		mark_stale(qdata, sight);
	}
	if (sight->found && state == KNOTD_IN_STATE_NODATA) {
		return deny(qdata, ctx, sight);
	}
	return state;
}

/*! \brief AUTHORITY: what belongs to a denial of ours. */
static knotd_in_state_t complete_denial(knotd_in_state_t state, knot_pkt_t *pkt,
                                        knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	if (state != KNOTD_IN_STATE_HIT || !knot_pkt_has_dnssec(qdata->query)) {
		/* Nothing that deny() has to do with, for most queries. */
		return state;
	}
	struct sight *sight = &current;
	if (sight->ctx != knotd_mod_ctx(mod) || !sight->denied) {
		return state;
	}
	sight->denied = false;
	return answer_put_soa(pkt, qdata);
}

/*! \brief ADDITIONAL: addresses of SRV targets (RFC 2782), never at the price of a TC bit. */
static knotd_in_state_t add_addresses(knotd_in_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                                      knotd_mod_t *mod)
{
	if (state != KNOTD_IN_STATE_HIT || knot_pkt_qtype(pkt) != KNOT_RRTYPE_SRV) {
		return state;
	}
	const struct answer *ctx = knotd_mod_ctx(mod);
	if (answer_is_signed(ctx, qdata)) {
		/* mod-onlinesign cannot sign a record that is in no zone: it crashes. */
		return state;
	}
	struct sight other;
	const struct sight *sight = look_again(ctx, &other);
	if (sight->snapshot != NULL) {
		answer_glue(pkt, qdata, ctx, sight->snapshot, sight->put);
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
		if (sight->kind != STATS_OTHER) {
			stats_count(ctx->uncounted ? NULL : mod, ctx->stats, qdata, sight->kind,
			            pkt);
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
		ret = add_hook(mod, KNOTD_STAGE_AUTHORITY, complete_denial);
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
