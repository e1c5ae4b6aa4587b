/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the files of the answer path share.
 *
 * answer.c decides, answer_put.c puts sets into the answer section, answer_glue.c adds addresses.
 * Below them answer_choose.c chooses some of a set's records, answer_signed.c makes them such that
 * they can be signed, answer_rrset.c puts them.
 */
#pragma once

#include "module/answer/answer.h"

/*! \brief Octets that are left in a message. */
static inline size_t answer_room(const knot_pkt_t *pkt)
{
	return pkt->max_size - pkt->size - pkt->reserved;
}

/*!
 * \brief A number that turns the order of an answer: the query's ID.
 *
 * Over QUIC and HTTPS that is always 0 (RFC 9250, section 4.2.1; RFC 8484, section 4.1): then it is
 * another one each time. May be called again for the same query, and need not give the same.
 */
uint16_t answer_turn(const knotd_qdata_t *qdata);

/*!
 * \brief The state of an answer whose records have been put, or could not be (\a ret).
 *
 * \param is_cut  What is missing is to be asked for over TCP: the packet gets TC (RFC 2181,
 *                section 9).
 */
static inline knotd_in_state_t answer_has_put(knot_pkt_t *pkt, int ret, bool is_cut)
{
	if (ret != KNOT_EOK) {
		return KNOTD_IN_STATE_ERROR;
	}
	if (is_cut) {
		knot_wire_set_tc(pkt->wire);
		return KNOTD_IN_STATE_TRUNC;
	}
	return KNOTD_IN_STATE_HIT;
}

/*! \brief True if mod-onlinesign signs this answer. */
static inline bool answer_is_signed(const struct answer *ctx, const knotd_qdata_t *qdata)
{
	return ctx->signer && knot_pkt_has_dnssec(qdata->query);
}

/*!
 * \brief Keeps room for an Extended DNS Error, which Knot puts after all else, and only if it fits.
 *
 * \return Octets to give back with knot_pkt_reclaim().
 */
static inline uint16_t answer_keep_room(knot_pkt_t *pkt, const knotd_qdata_t *qdata)
{
	bool wanted = qdata->rcode_ede != KNOT_EDNS_EDE_NONE && knot_pkt_has_edns(qdata->query);
	return wanted && knot_pkt_reserve(pkt, KNOT_EDNS_EDE_MIN_LENGTH) == KNOT_EOK
	               ? KNOT_EDNS_EDE_MIN_LENGTH
	               : 0;
}

/*!
 * \brief Makes libknot compress against the question again.
 *
 * It would do so against the last name that it wrote, even if that was of an RRset that did not
 * fit, or that is not in the message any more.
 */
static inline void answer_forget_names(knot_pkt_t *pkt)
{
	pkt->compr.rrinfo = NULL;
	pkt->compr.suffix.pos = 0;
	pkt->compr.suffix.labels = 0;
}

/*! \brief Puts records as one RRset: of those in several pieces a copy, which the packet frees. */
int answer_put_runs(knot_pkt_t *pkt, const struct snapshot *snapshot,
                    const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                    const struct snapshot_run *runs, size_t count, uint16_t rotate);

/*! \brief Puts records \a first to \a first + \a count - 1 as one RRset. */
static inline int answer_put_rrset(knot_pkt_t *pkt, const struct snapshot *snapshot,
                                   const struct snapshot_set *set, const knot_dname_t *owner,
                                   uint16_t hint, uint32_t first, uint32_t count, uint16_t rotate)
{
	int ret;
	if (count <= snapshot_piece(set, first)) {
		knot_rrset_t rrset;
		snapshot_rrset(snapshot, set, owner, first, count, &rrset);
		ret = knot_pkt_put_rotate(pkt, hint, &rrset, rotate, KNOT_PF_NOTRUNC);
	} else {
		const struct snapshot_run run = { first, count };
		ret = answer_put_runs(pkt, snapshot, set, owner, hint, &run, 1, rotate);
	}
	if (ret != KNOT_EOK) {
		answer_forget_names(pkt);
	}
	return ret;
}

/*!
 * \brief Puts records of a set in pieces, from \a first on and on from the set's start, until no
 *        more fits.
 *
 * libknot finds the n-th record of an RRset by walking over n - 1: in pieces that stays linear.
 *
 * \param count      Records, not more than the set has.
 * \param[out] left  Records that did not fit.
 *
 * \return KNOT_E* as knot_pkt_put(), but KNOT_EOK where no more fits.
 */
int answer_put_pieces(knot_pkt_t *pkt, const struct snapshot *snapshot,
                      const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                      uint32_t first, uint32_t count, uint32_t *left);

/*!
 * \brief Takes back the packet's RRsets after the first \a keep.
 *
 * All of them are of the section that is being written, the answer or the additional one.
 */
void answer_take_back(knot_pkt_t *pkt, uint16_t keep);

/*! \brief A record's octets in a message, without its data: its owner is a pointer. */
#define ANSWER_RECORD_SIZE 12

/*! \brief A walk over a set's records, which lie in one or more pieces. */
struct answer_walk {
	const struct snapshot *snapshot;
	const struct snapshot_set *set;
	uint32_t next; /*!< The record that is next; less than the set's count. */
	uint32_t left; /*!< Records of the piece at hand, \a rdata being the first of them. */
	knot_rdata_t *rdata;
};

/*! \brief Octets in a message of the record that is next, which is passed. */
size_t answer_walk_size(struct answer_walk *walk);

/*! \brief Most runs of a choice: a subnet's from its middle on, and so all others. */
#define ANSWER_RUNS 5

/*! \brief Which records of a set an answer is to have, and in which order. */
struct answer_choice {
	struct snapshot_run runs[ANSWER_RUNS]; /*!< None of them empty, no two overlap. */
	unsigned runs_count;
	uint32_t count;  /*!< Records of all runs; at least one. */
	bool has_subnet; /*!< The first are those of the asker's subnet. */
};

/*!
 * \brief True if \a count records of \a size octets can be put and signed.
 *
 * What a signature covers has its owners written out (RFC 4034, section 3.1.8.1). Knot makes it in
 * as much room as a message has (Knot: `sign_ctx_add_records()`) and fails where that is too
 * little, long before the message is full.
 *
 * \param space  Octets for them in the message.
 */
static inline bool answer_can_be_signed(const knot_dname_t *owner, size_t size, uint32_t count,
                                        size_t space)
{
	size_t written_out = size + count * (knot_dname_size(owner) - sizeof(uint16_t));
	return size <= space && written_out <= KNOT_WIRE_MAX_PKTSIZE;
}

/*! \brief Most records of so many octets each that can be put and signed. */
uint32_t answer_most_signed(const knot_dname_t *owner, size_t record, size_t space);

/*!
 * \brief Puts as much of a set as can be put and signed, a different part each time.
 *
 * A signature covers an RRset, so what is put is one, in its canonical order: no two pieces, and
 * none that goes on from the set's end to its beginning.
 *
 * \param most  Most records.
 *
 * \return KNOT_E* as knot_pkt_put(); KNOT_ESPACE if not a single one fits.
 */
int answer_put_signed_part(knot_pkt_t *pkt, const struct snapshot *snapshot,
                           const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                           uint16_t id, size_t space, uint32_t most);

/*!
 * \brief Puts what is chosen as one RRset, which a signature can cover.
 *
 * The RRset has the set's order, as signing wants it (RFC 4034, section 6.3), the message the
 * choice's: it is turned, or if that is not enough its addresses, all of one length, are moved.
 *
 * \return KNOT_E* as knot_pkt_put().
 */
int answer_put_as_one(knot_pkt_t *pkt, const struct snapshot *snapshot,
                      const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                      const struct answer_choice *choice);

/*! \brief True if an instance that chooses has a choice among the records of a set. */
static inline bool answer_has_choice(const struct answer *ctx, const struct snapshot_set *set)
{
	bool addresses = set->type == KNOT_RRTYPE_A || set->type == KNOT_RRTYPE_AAAA;
	return (ctx->limit > 0 && ctx->limit < set->count) ||
	       (ctx->subnet_first && addresses && set->count > 1);
}

/*!
 * \brief Chooses records of a set: first those of the asker's subnet, no more than so many in all.
 *
 * Both kinds are turned by the query's ID, and each of them has its turn. If the answer depends on
 * a client's subnet (RFC 7871), the reply will say for whom it is.
 *
 * \param limit  Most records, at least one.
 */
void answer_choose(const struct answer *ctx, knotd_qdata_t *qdata, const struct snapshot *snapshot,
                   const struct snapshot_set *set, uint32_t limit, struct answer_choice *choice);

/*! \brief Octets of what is chosen in a message. */
size_t answer_choice_size(const struct snapshot *snapshot, const struct snapshot_set *set,
                          const struct answer_choice *choice);

/*!
 * \brief Puts what is chosen of a set, or what of it fits.
 *
 * \param choice  Made anew if it is to be signed and does not fit.
 * \param size    Octets of it.
 * \param space   Octets for it.
 *
 * \return State to return from the hook.
 */
knotd_in_state_t answer_put_chosen(knot_pkt_t *pkt, knotd_qdata_t *qdata, const struct answer *ctx,
                                   const struct snapshot *snapshot, const struct snapshot_set *set,
                                   const knot_dname_t *owner, uint16_t hint,
                                   struct answer_choice *choice, size_t size, size_t space);

/*!
 * \brief Puts a set into the answer section, its order turned by the query's ID.
 *
 * What does not fit is left out, a different part each time. Of a set that the instance chooses of,
 * what is chosen is put.
 *
 * \param owner  Owner of the records, lower case.
 * \param hint   Compression hint for the owner.
 *
 * \return State to return from the hook.
 */
knotd_in_state_t answer_put(knot_pkt_t *pkt, knotd_qdata_t *qdata, const struct answer *ctx,
                            const struct snapshot *snapshot, const struct snapshot_set *set,
                            const knot_dname_t *owner, uint16_t hint);

/*! \brief Puts the zone's SOA record into the authority section, as Knot does for NODATA. */
knotd_in_state_t answer_put_soa(knot_pkt_t *pkt, knotd_qdata_t *qdata);

/*!
 * \brief Adds the addresses of the answer's SRV targets, as far as they fit.
 *
 * \param put  The snapshot's set that is in the answer, if that is known; else NULL.
 */
void answer_glue(knot_pkt_t *pkt, const knotd_qdata_t *qdata, const struct answer *ctx,
                 const struct snapshot *snapshot, const struct snapshot_set *put);
