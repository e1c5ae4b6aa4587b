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

int main(void)
{
	stub.ctx.view = &view;
	stub.zone = ZONE;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_counted),
	};
	if (answer_hooks(NULL) != KNOT_EOK) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
