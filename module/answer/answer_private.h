/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the files of the answer path share.
 *
 * answer.c decides, answer_put.c puts sets into the answer section, answer_glue.c adds addresses.
 */
#pragma once

#include "module/answer/answer.h"

/*! \brief Octets that are left in a message. */
static inline size_t answer_room(const knot_pkt_t *pkt)
{
	return pkt->max_size - pkt->size - pkt->reserved;
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

/*!
 * \brief Puts a set into the answer section, its order turned by the query's ID.
 *
 * What does not fit is left out, a different part each time.
 *
 * \param owner  Owner of the records, lower case.
 * \param hint   Compression hint for the owner.
 *
 * \return State to return from the hook.
 */
knotd_in_state_t answer_put(knot_pkt_t *pkt, const knotd_qdata_t *qdata, const struct answer *ctx,
                            const struct snapshot *snapshot, const struct snapshot_set *set,
                            const knot_dname_t *owner, uint16_t hint);

/*!
 * \brief Puts a set in pieces, from \a first on and round to it again, until no more fits.
 *
 * libknot finds the n-th record of an RRset by walking over n - 1: in pieces that stays linear.
 *
 * \param[out] left  Records that did not fit.
 *
 * \return KNOT_E* as knot_pkt_put(), but KNOT_EOK where no more fits.
 */
int answer_put_pieces(knot_pkt_t *pkt, const struct snapshot *snapshot,
                      const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                      uint32_t first, uint32_t *left);

/*!
 * \brief Takes back the packet's RRsets after the first \a keep.
 *
 * All of them are of the section that is being written, the answer or the additional one.
 */
void answer_take_back(knot_pkt_t *pkt, uint16_t keep);

/*! \brief Puts the zone's SOA record into the authority section, as Knot does for NODATA. */
knotd_in_state_t answer_put_soa(knot_pkt_t *pkt, knotd_qdata_t *qdata);

/*!
 * \brief Adds the addresses of the answer's SRV targets, as far as they fit.
 *
 * \param put  The snapshot's set that is in the answer, if that is known; else NULL.
 */
void answer_glue(knot_pkt_t *pkt, const knotd_qdata_t *qdata, const struct snapshot *snapshot,
                 const struct snapshot_set *put);
