/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The hooks of one query while the snapshot is replaced between them.
 *
 * The hooks are called as knotd calls them: `answer_query()` in Knot's internet.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/knotd_stub.h"

static const knot_dname_t *const ZONE = (const knot_dname_t *)"\005mesos";
static const knot_dname_t *const SERVICE = (const knot_dname_t *)"\004_web\005mesos";
static const knot_dname_t *const TARGET = (const knot_dname_t *)"\003web\005mesos";

static struct answer_view view;
/*! \brief A query on its way. */
struct process {
	knot_pkt_t *query, *reply;
	knotd_qdata_params_t params;
	knotd_qdata_t qdata;
	knotd_in_state_t state;
};

static void begin(struct process *process, uint16_t type)
{
	*process = (struct process){ .state = KNOTD_IN_STATE_BEGIN };
	process->query = knot_pkt_new(NULL, KNOT_WIRE_MAX_PKTSIZE, NULL);
	process->reply = knot_pkt_new(NULL, KNOT_WIRE_MAX_PKTSIZE, NULL);
	assert_int_equal(knot_pkt_put_question(process->query, SERVICE, KNOT_CLASS_IN, type),
	                 KNOT_EOK);
	assert_int_equal(knot_pkt_parse(process->query, 0), KNOT_EOK);
	assert_int_equal(knot_pkt_init_response(process->reply, process->query), KNOT_EOK);
	process->params.proto = KNOTD_QUERY_PROTO_UDP;
	process->qdata.query = process->query;
	process->qdata.params = &process->params;
	process->qdata.name = SERVICE;
	process->qdata.rcode_ede = KNOT_EDNS_EDE_NONE;
}

static void step(struct process *process, knotd_stage_t stage, knot_section_t section)
{
	if (section != process->reply->current) {
		assert_int_equal(knot_pkt_begin(process->reply, section), KNOT_EOK);
	}
	process->state = stub.in_hooks[stage](process->state, process->reply, &process->qdata,
	                                      NULL);
}

static void end(struct process *process)
{
	(void)stub.end(KNOTD_STATE_DONE, process->reply, &process->qdata, NULL);
	knot_pkt_free(process->reply);
	knot_pkt_free(process->query);
}

/*! \brief Makes a snapshot whose service has a port, and whose target an address, of a number. */
static struct snapshot *make(uint8_t number)
{
	const uint8_t address[] = { 10, 0, 0, number };
	uint8_t srv[6 + 11] = { 0, 0, 0, 1, 0, number };
	memcpy(srv + 6, TARGET, 11);
	struct snapshot_builder *builder = snapshot_builder_new(ZONE, 30);
	assert_non_null(builder);
	assert_int_equal(snapshot_builder_add(builder, SERVICE, KNOT_RRTYPE_SRV, srv, 17),
	                 KNOT_EOK);
	assert_int_equal(snapshot_builder_add(builder, TARGET, KNOT_RRTYPE_A, address, 4),
	                 KNOT_EOK);
	struct snapshot *snapshot = NULL;
	assert_int_equal(snapshot_builder_finish(builder, &snapshot), KNOT_EOK);
	snapshot_builder_free(builder);
	return snapshot;
}

/*! \brief Asserts that a section is one record, in whose data a number is at an offset. */
static void assert_number(const struct process *process, knot_section_t section, size_t at,
                          uint8_t number)
{
	const knot_pktsection_t *found = knot_pkt_section(process->reply, section);
	assert_int_equal(found->count, 1);
	const knot_rdataset_t *rrs = &knot_pkt_rr(found, 0)->rrs;
	assert_int_equal(rrs->count, 1);
	assert_int_equal(rrs->rdata->data[at], number);
}

/*! \brief Ports of one snapshot do not come with addresses of another. */
static void test_replaced(void **state)
{
	(void)state;
	struct snapshot *old = make(1), *new = make(2);
	struct process process;
	view.snapshot = old;
	begin(&process, KNOT_RRTYPE_SRV);
	step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
	view.snapshot = new;
	step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
	step(&process, KNOTD_STAGE_ADDITIONAL, KNOT_ADDITIONAL);
	assert_int_equal(process.state, KNOTD_IN_STATE_HIT);
	assert_number(&process, KNOT_ANSWER, 5, 1);
	assert_number(&process, KNOT_ADDITIONAL, 3, 1);
	end(&process);

	/* The next query sees the new one, and the old one may be gone. */
	snapshot_unref(old);
	begin(&process, KNOT_RRTYPE_SRV);
	step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
	step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
	step(&process, KNOTD_STAGE_ADDITIONAL, KNOT_ADDITIONAL);
	assert_number(&process, KNOT_ANSWER, 5, 2);
	assert_number(&process, KNOT_ADDITIONAL, 3, 2);
	end(&process);
	snapshot_unref(new);
}

/*! \brief A name that was looked for before there was a snapshot is not denied with the first. */
static void test_first(void **state)
{
	(void)state;
	struct process process;
	view.snapshot = NULL;
	begin(&process, KNOT_RRTYPE_SRV);
	step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
	assert_int_equal(process.state, KNOTD_IN_STATE_BEGIN);
	view.snapshot = make(1);
	process.state = KNOTD_IN_STATE_MISS; /* The zone file has no such name. */
	step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
	assert_int_equal(process.state, KNOTD_IN_STATE_ERROR);
	assert_int_equal(process.qdata.rcode, KNOT_RCODE_SERVFAIL);
	assert_int_equal(process.qdata.rcode_ede, KNOT_EDNS_EDE_NOT_READY);
	end(&process);
	snapshot_unref(view.snapshot);
}

/*! \brief One query for the service's records of a type; \a zone is what the zone file says. */
static void ask(uint16_t type, knotd_in_state_t zone)
{
	struct process process;
	begin(&process, type);
	step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
	if (process.state != KNOTD_IN_STATE_HIT) {
		process.state = zone;
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
	}
	end(&process);
}

/*! \brief Each query is counted once, as what became of it. */
static void test_counted(void **state)
{
	(void)state;
	memset(stub.counted, 0, sizeof(stub.counted));
	view.snapshot = NULL;
	ask(KNOT_RRTYPE_SRV, KNOTD_IN_STATE_MISS);
	assert_int_equal(stub.counted[STATS_NOT_READY], 1);
	ask(KNOT_RRTYPE_SRV, KNOTD_IN_STATE_HIT);
	assert_int_equal(stub.counted[STATS_NOT_FOUND], 1);

	view.snapshot = make(1);
	ask(KNOT_RRTYPE_SRV, KNOTD_IN_STATE_MISS);
	assert_int_equal(stub.counted[STATS_RECORDS], 1);
	ask(KNOT_RRTYPE_TXT, KNOTD_IN_STATE_NODATA);
	assert_int_equal(stub.counted[STATS_NODATA], 1);
	ask(KNOT_RRTYPE_TXT, KNOTD_IN_STATE_HIT);
	assert_int_equal(stub.counted[STATS_NOT_FOUND], 2);
	ask(KNOT_RRTYPE_TXT, KNOTD_IN_STATE_DELEG);
	assert_int_equal(stub.counted[STATS_NOT_FOUND], 3);

	/* Somebody else has answered, or nobody was asked. */
	struct process process;
	begin(&process, KNOT_RRTYPE_SRV);
	process.state = KNOTD_IN_STATE_HIT;
	step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
	step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
	step(&process, KNOTD_STAGE_ADDITIONAL, KNOT_ADDITIONAL);
	end(&process);
	begin(&process, KNOT_RRTYPE_SRV);
	end(&process);
	assert_int_equal(stub.counted[STATS_RECORDS], 1);
	assert_int_equal(stub.counted[STATS_NOT_FOUND], 3);
	assert_int_equal(stub.counted[STATS_OTHER], 0);
	snapshot_unref(view.snapshot);
}

/*! \brief Most that a case has of records of one name. */
#define MANY 3000

static const knot_dname_t *const FRAMEWORK = (const knot_dname_t *)"\002fw\005mesos";
static const knot_dname_t *const DEEP = (const knot_dname_t *)"\003web\002fw\005mesos";
static const knot_dname_t *const WILDCARD = (const knot_dname_t *)"\001*\005mesos";
static const knot_dname_t *const OTHER = (const knot_dname_t *)"\001x\004test";

/*! \brief A snapshot in which a name has \a count addresses, and the service a target there. */
static struct snapshot *make_many(const knot_dname_t *owner, uint32_t count)
{
	struct snapshot_builder *builder = snapshot_builder_new(ZONE, 30);
	assert_non_null(builder);
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t address[] = { 10, 1, i >> 8, i };
		assert_int_equal(snapshot_builder_add(builder, owner, KNOT_RRTYPE_A, address, 4),
		                 KNOT_EOK);
	}
	uint8_t srv[6 + KNOT_DNAME_MAXLEN] = { 0, 0, 0, 1, 0, 1 };
	size_t len = knot_dname_size(owner);
	memcpy(srv + 6, owner, len);
	assert_int_equal(snapshot_builder_add(builder, SERVICE, KNOT_RRTYPE_SRV, srv, 6 + len),
	                 KNOT_EOK);
	struct snapshot *snapshot = NULL;
	assert_int_equal(snapshot_builder_finish(builder, &snapshot), KNOT_EOK);
	snapshot_builder_free(builder);
	return snapshot;
}

/*! \brief As begin(), for any name, in a reply of at most \a size octets. */
static void begin_for(struct process *process, const knot_dname_t *name, uint16_t type,
                      knotd_query_proto_t proto, uint16_t size, uint16_t id)
{
	begin(process, type);
	knot_pkt_clear(process->query);
	knot_pkt_clear(process->reply);
	assert_int_equal(knot_pkt_put_question(process->query, name, KNOT_CLASS_IN, type),
	                 KNOT_EOK);
	knot_wire_set_id(process->query->wire, id);
	assert_int_equal(knot_pkt_init_response(process->reply, process->query), KNOT_EOK);
	process->reply->max_size = size;
	process->params.proto = proto;
	process->qdata.name = knot_pkt_qname(process->query);
}

/*! \brief Records of a section as its reader finds them, all different and of one length. */
static unsigned count_read(const struct process *process, knot_section_t section)
{
	knot_pkt_t *read = knot_pkt_new(process->reply->wire, process->reply->size, NULL);
	assert_non_null(read);
	assert_int_equal(knot_pkt_parse(read, 0), KNOT_EOK);
	static bool seen[MANY];
	memset(seen, 0, sizeof(seen));
	const knot_pktsection_t *found = knot_pkt_section(read, section);
	unsigned count = 0;
	for (uint16_t i = 0; i < found->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(found, i);
		if (rr->type == KNOT_RRTYPE_A) {
			unsigned number = rr->rrs.rdata->data[2] << 8 | rr->rrs.rdata->data[3];
			assert_false(seen[number]);
			seen[number] = true;
			count++;
		}
	}
	knot_pkt_free(read);
	return count;
}

/*! \brief Over UDP all that fits, and TC only if something does not. */
static void test_truncated(void **state)
{
	(void)state;
	/* The question takes 12 + 14 + 4 octets, an address 16. */
	for (uint32_t count = 1; count < 70; count++) {
		view.snapshot = make_many(DEEP, count);
		for (uint16_t size = 30; size < 30 + 16 * 70; size += 5) {
			unsigned fitting = (size - 30) / 16;
			struct process process;
			begin_for(&process, DEEP, KNOT_RRTYPE_A, KNOTD_QUERY_PROTO_UDP, size,
			          size * 977);
			step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
			bool whole = fitting >= count;
			assert_int_equal(process.state,
			                 whole ? KNOTD_IN_STATE_HIT : KNOTD_IN_STATE_TRUNC);
			assert_int_equal(knot_wire_get_tc(process.reply->wire) != 0, !whole);
			assert_int_not_equal(knot_wire_get_aa(process.reply->wire), 0);
			assert_int_equal(count_read(&process, KNOT_ANSWER),
			                 whole ? count : fitting);
			assert_int_equal(process.reply->reserved, 0);
			end(&process);
		}
		snapshot_unref(view.snapshot);
	}
}

/*! \brief Over TCP there are no bits set, and 512 octets are left. */
static void test_cut(void **state)
{
	(void)state;
	view.snapshot = make_many(DEEP, MANY);
	for (unsigned size = 30 + 512; size < 30000; size += 997) {
		struct process process;
		begin_for(&process, DEEP, KNOT_RRTYPE_A, KNOTD_QUERY_PROTO_TCP, size, size);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, KNOTD_IN_STATE_HIT);
		assert_int_equal(knot_wire_get_tc(process.reply->wire), 0);
		assert_int_equal(count_read(&process, KNOT_ANSWER), (size - 30 - 512) / 16);
		end(&process);
	}
	snapshot_unref(view.snapshot);
}

/*! \brief A target's addresses come in pieces that libknot walks over in no time, or not at all. */
static void test_large_target(void **state)
{
	(void)state;
	view.snapshot = make_many(TARGET, 500);
	for (unsigned size = 600; size < 9000; size += 100) {
		struct process process;
		begin_for(&process, SERVICE, KNOT_RRTYPE_SRV, KNOTD_QUERY_PROTO_TCP, size, 1);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
		step(&process, KNOTD_STAGE_ADDITIONAL, KNOT_ADDITIONAL);
		/* The question, and the SRV record with an own copy of its target. */
		bool fits = size >= 12 + 12 + 4 + 12 + 6 + 11 + 500 * 16;
		assert_int_equal(count_read(&process, KNOT_ADDITIONAL), fits ? 500 : 0);
		const knot_pktsection_t *added = knot_pkt_section(process.reply, KNOT_ADDITIONAL);
		for (uint16_t i = 0; i < added->count; i++) {
			assert_true(knot_pkt_rr(added, i)->rrs.count <= SNAPSHOT_CHUNK);
		}
		end(&process);
	}
	snapshot_unref(view.snapshot);
}

/*! \brief What the zone file has of a name directly below the zone, and what comes of it. */
struct beside {
	knotd_in_state_t zone;     /*!< Knot's state. */
	const knot_dname_t *owner; /*!< Of what it has put; NULL: nothing. */
	uint16_t type;
	uint16_t flags;
	knotd_in_state_t state; /*!< Ours. */
	bool ours;              /*!< The answer is the snapshot's record alone. */
};

static void test_beside(void **state)
{
	(void)state;
	static const struct beside CASES[] = {
		{ KNOTD_IN_STATE_MISS, NULL, 0, 0, KNOTD_IN_STATE_HIT, true },
		{ KNOTD_IN_STATE_NODATA, NULL, 0, 0, KNOTD_IN_STATE_HIT, true },
		{ KNOTD_IN_STATE_DELEG, NULL, 0, 0, KNOTD_IN_STATE_DELEG, false },
		{ KNOTD_IN_STATE_HIT, NULL, 0, 0, KNOTD_IN_STATE_HIT, false },
		{ KNOTD_IN_STATE_HIT, FRAMEWORK, KNOT_RRTYPE_A, 0, KNOTD_IN_STATE_HIT, false },
		{ KNOTD_IN_STATE_HIT, WILDCARD, KNOT_RRTYPE_A, 0, KNOTD_IN_STATE_HIT, true },
		{ KNOTD_IN_STATE_HIT, FRAMEWORK, KNOT_RRTYPE_CNAME, 0, KNOTD_IN_STATE_HIT, false },
		{ KNOTD_IN_STATE_MISS, FRAMEWORK, KNOT_RRTYPE_CNAME, 0, KNOTD_IN_STATE_MISS,
		  false },
		{ KNOTD_IN_STATE_DELEG, WILDCARD, KNOT_RRTYPE_CNAME, 0, KNOTD_IN_STATE_HIT, true },
	};
	static const uint8_t STATIC[] = { 192, 0, 2, 1 };

	view.snapshot = make_many(FRAMEWORK, 1);
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		const struct beside *one = &CASES[i];
		struct process process;
		begin_for(&process, FRAMEWORK, KNOT_RRTYPE_A, KNOTD_QUERY_PROTO_UDP, 512, 1);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, KNOTD_IN_STATE_NODATA);
		assert_int_equal(knot_wire_get_ancount(process.reply->wire), 0);
		knot_rrset_t rrset;
		knot_rrset_init(&rrset, (knot_dname_t *)(uintptr_t)one->owner, one->type,
		                KNOT_CLASS_IN, 5);
		if (one->owner != NULL) {
			const void *rdata = one->type == KNOT_RRTYPE_A ? STATIC : OTHER;
			size_t len = one->type == KNOT_RRTYPE_A ? sizeof(STATIC)
			                                        : knot_dname_size(OTHER);
			assert_int_equal(knot_rrset_add_rdata(&rrset, rdata, len, NULL), KNOT_EOK);
			assert_int_equal(knot_pkt_put(process.reply, KNOT_COMPR_HINT_QNAME, &rrset,
			                              one->flags),
			                 KNOT_EOK);
		}
		process.state = one->zone;
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, one->state);
		if (one->ours) {
			assert_number(&process, KNOT_ANSWER, 0, 10);
			assert_int_equal(count_read(&process, KNOT_ANSWER), 1);
			assert_int_not_equal(knot_wire_get_aa(process.reply->wire), 0);
		} else {
			assert_int_equal(knot_wire_get_ancount(process.reply->wire),
			                 one->owner != NULL);
		}
		end(&process);
		knot_rdataset_clear(&rrset.rrs, NULL);
	}
	snapshot_unref(view.snapshot);
}

int main(void)
{
	stub.ctx.view = &view;
	stub.zone = ZONE;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced), cmocka_unit_test(test_first),
		cmocka_unit_test(test_counted),  cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_cut),      cmocka_unit_test(test_large_target),
		cmocka_unit_test(test_beside),
	};
	if (answer_hooks(NULL) != KNOT_EOK) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
