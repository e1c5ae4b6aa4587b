/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Queries that go through the hooks as in knotd: `answer_query()` in Knot's internet.c.
 *
 * For one source file of a program.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/base/util.h"
#include "module/snapshot/table.h"
#include "tests/knotd_stub.h"

#define DNAME(text) ((const knot_dname_t *)(text))

static const knot_dname_t *const ZONE = DNAME("\005mesos");
static const knot_dname_t *const SERVICE = DNAME("\004_web\005mesos");
static const knot_dname_t *const TARGET = DNAME("\003web\005mesos");
static const knot_dname_t *const FRAMEWORK = DNAME("\002fw\005mesos");
static const knot_dname_t *const DEEP = DNAME("\003web\002fw\005mesos");
static const knot_dname_t *const WILDCARD = DNAME("\001*\005mesos");
static const knot_dname_t *const ALIAS = DNAME("\005alias\005mesos");
static const knot_dname_t *const OTHER = DNAME("\001x\004test");

static struct answer_view view;

/*! \brief What is asked, and how. */
struct question {
	const knot_dname_t *name;
	uint16_t type;
	uint16_t id;
	knotd_query_proto_t proto;
	uint16_t size; /*!< Most octets of the reply. */
	bool edns, dnssec;
};

/*! \brief A query on its way. */
struct process {
	knot_pkt_t *sent, *query, *reply;
	knotd_qdata_params_t params;
	knotd_qdata_t qdata;
	knotd_in_state_t state;
};

static inline void begin_question(struct process *process, const struct question *question)
{
	*process = (struct process){ .state = KNOTD_IN_STATE_BEGIN };
	process->sent = knot_pkt_new(NULL, 1024, NULL);
	assert_int_equal(
	        knot_pkt_put_question(process->sent, question->name, KNOT_CLASS_IN, question->type),
	        KNOT_EOK);
	knot_wire_set_id(process->sent->wire, question->id);
	knot_rrset_t opt;
	assert_int_equal(knot_edns_init(&opt, question->size, 0, 0, NULL), KNOT_EOK);
	if (question->dnssec) {
		knot_edns_set_do(&opt);
	}
	assert_int_equal(knot_pkt_begin(process->sent, KNOT_ADDITIONAL), KNOT_EOK);
	if (question->edns || question->dnssec) {
		assert_int_equal(knot_pkt_put(process->sent, KNOT_COMPR_HINT_NONE, &opt, 0),
		                 KNOT_EOK);
	}
	process->query = knot_pkt_new(process->sent->wire, process->sent->size, NULL);
	assert_int_equal(knot_pkt_parse(process->query, 0), KNOT_EOK);
	knot_rrset_clear(&opt, NULL);

	process->reply = knot_pkt_new(NULL, KNOT_WIRE_MAX_PKTSIZE, NULL);
	assert_int_equal(knot_pkt_init_response(process->reply, process->query), KNOT_EOK);
	process->reply->max_size = question->size;
	process->params.proto = question->proto;
	process->qdata.query = process->query;
	process->qdata.params = &process->params;
	process->qdata.name = knot_pkt_qname(process->query);
	process->qdata.rcode_ede = KNOT_EDNS_EDE_NONE;
}

/*! \brief One hook of an instance; NULL: the usual one. */
static inline void step_of(struct process *process, knotd_stage_t stage, knot_section_t section,
                           struct answer *instance)
{
	if (section != process->reply->current) {
		assert_int_equal(knot_pkt_begin(process->reply, section), KNOT_EOK);
	}
	process->state = stub.in_hooks[stage](process->state, process->reply, &process->qdata,
	                                      (knotd_mod_t *)instance);
}

static inline void step(struct process *process, knotd_stage_t stage, knot_section_t section)
{
	step_of(process, stage, section, NULL);
}

#define STATICS_MAX 8

/*! \brief Records of the zone file that are in the reply; they last as long as it. */
static knot_rrset_t *statics[STATICS_MAX];
static size_t statics_count;

static inline void end(struct process *process)
{
	(void)stub.end(KNOTD_STATE_DONE, process->reply, &process->qdata, NULL);
	knot_pkt_free(process->reply);
	knot_pkt_free(process->query);
	knot_pkt_free(process->sent);
	while (statics_count > 0) {
		knot_rrset_free(statics[--statics_count], NULL);
	}
}

/*! \brief Puts a record of the zone file, as Knot does. */
static inline void put_static(struct process *process, const knot_dname_t *owner, uint16_t type,
                              const void *rdata, size_t len, uint16_t flags)
{
	knot_rrset_t *rrset = knot_rrset_new(owner, type, KNOT_CLASS_IN, 5, NULL);
	assert_non_null(rrset);
	assert_int_equal(knot_rrset_add_rdata(rrset, rdata, len, NULL), KNOT_EOK);
	assert_int_equal(knot_pkt_put(process->reply, KNOT_COMPR_HINT_NONE, rrset, flags),
	                 KNOT_EOK);
	if (flags & KNOT_PF_FREE) {
		free(rrset); /* What it holds is the packet's. */
	} else {
		statics[statics_count++] = rrset;
		assert_true(statics_count < STATICS_MAX);
	}
}

/*! \brief A snapshot of what \a add adds to it. */
static inline struct snapshot *build(void (*add)(struct snapshot_table *table, const void *arg),
                                     const void *arg)
{
	struct snapshot_table *table = snapshot_table_new(ZONE, 30);
	assert_non_null(table);
	add(table, arg);
	struct snapshot *snapshot = NULL;
	assert_int_equal(snapshot_table_commit(table, &snapshot), KNOT_EOK);
	snapshot_table_free(table);
	view.time = clock_ms(CLOCK_MONOTONIC_COARSE);
	return snapshot;
}

static inline void add_record(struct snapshot_table *table, const knot_dname_t *owner,
                              uint16_t type, const void *rdata, size_t len)
{
	assert_int_equal(snapshot_table_change(table, 1, owner, type, rdata, len, 0), KNOT_EOK);
}

static inline void add_address(struct snapshot_table *table, const knot_dname_t *owner,
                               uint16_t number)
{
	const uint8_t address[] = { 10, 1, number >> 8, number };
	add_record(table, owner, KNOT_RRTYPE_A, address, sizeof(address));
}

static inline void add_address6(struct snapshot_table *table, const knot_dname_t *owner,
                                uint16_t number)
{
	const uint8_t address[16] = { 0xfd, [14] = number >> 8, number };
	add_record(table, owner, KNOT_RRTYPE_AAAA, address, sizeof(address));
}

static inline void add_service(struct snapshot_table *table, const knot_dname_t *owner,
                               uint16_t port, const knot_dname_t *target)
{
	uint8_t srv[6 + KNOT_DNAME_MAXLEN] = { 0, 0, 0, 1, port >> 8, port };
	memcpy(srv + 6, target, knot_dname_size(target));
	add_record(table, owner, KNOT_RRTYPE_SRV, srv, 6 + knot_dname_size(target));
}

/*! \brief The reply as its reader finds it; for knot_pkt_free(). */
static inline knot_pkt_t *read_reply(const struct process *process)
{
	knot_pkt_t *read = knot_pkt_new(process->reply->wire, process->reply->size, NULL);
	assert_non_null(read);
	assert_int_equal(knot_pkt_parse(read, 0), KNOT_EOK);
	return read;
}
