/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A small snapshot, and a zone file's records beside it.
 *
 * For one source file of a program.
 */
#pragma once

#include "tests/unit/answer/query.h"

#define A          KNOT_RRTYPE_A
#define ANY        KNOT_RRTYPE_ANY
#define CNAME      KNOT_RRTYPE_CNAME
#define DNAME_TYPE KNOT_RRTYPE_DNAME
#define HIT        KNOTD_IN_STATE_HIT
#define MISS       KNOTD_IN_STATE_MISS
#define NODATA     KNOTD_IN_STATE_NODATA
#define DELEG      KNOTD_IN_STATE_DELEG
#define FREE       KNOT_PF_FREE

static inline void begin_with(struct process *process, const knot_dname_t *name, uint16_t type,
                              bool dnssec)
{
	begin_question(process, &(struct question){ .name = name,
	                                            .type = type,
	                                            .proto = KNOTD_QUERY_PROTO_UDP,
	                                            .size = 1232,
	                                            .dnssec = dnssec });
}

/*! \brief Asserts that a section is one record, in whose data a number is at an offset. */
static inline void assert_number(const struct process *process, knot_section_t section, size_t at,
                                 uint8_t number)
{
	const knot_pktsection_t *found = knot_pkt_section(process->reply, section);
	assert_int_equal(found->count, 1);
	const knot_rdataset_t *rrs = &knot_pkt_rr(found, 0)->rrs;
	assert_int_equal(rrs->count, 1);
	assert_int_equal(rrs->rdata->data[at], number);
}

static const knot_dname_t *const SIX = DNAME("\003six\002fw\005mesos");
static const knot_dname_t *const ELSEWHERE = DNAME("\004else\005mesos");

/*! \brief One address below the framework, one of its own, and a name without any. */
static inline void add_world(struct snapshot_table *table, const void *arg)
{
	(void)arg;
	add_address(table, DEEP, 1);
	add_address(table, FRAMEWORK, 2);
	add_address6(table, SIX, 3);
}

/*! \brief Puts a record of the zone file: an address, a signature, or what leads to \a target. */
static inline void put_leading(struct process *process, const knot_dname_t *owner, uint16_t type,
                               const knot_dname_t *target, uint16_t flags)
{
	static const uint8_t ADDRESS[] = { 192, 0, 2, 1 }, SIGNATURE[18 + 1 + 64];
	if (type == KNOT_RRTYPE_CNAME || type == KNOT_RRTYPE_DNAME) {
		put_static(process, owner, type, target, knot_dname_size(target), flags);
	} else if (type == KNOT_RRTYPE_RRSIG) {
		put_static(process, owner, type, SIGNATURE, sizeof(SIGNATURE), flags);
	} else {
		put_static(process, owner, type, ADDRESS, sizeof(ADDRESS), flags);
	}
}
