/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the hooks decide: what is answered from the snapshot, what is Knot's, what is
 * neither.
 */
#include "tests/unit/answer/world.h"

static void begin(struct process *process, uint16_t type)
{
	begin_with(process, SERVICE, type, false);
}

static void add_both(struct snapshot_table *table, const void *arg)
{
	const uint8_t *number = arg;
	add_service(table, SERVICE, *number, TARGET);
	add_address(table, TARGET, *number);
}

/*! \brief Makes a snapshot whose service has a port, and whose target an address, of a number. */
static struct snapshot *make(uint8_t number)
{
	return build(add_both, &number);
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

	/* Somebody else has answered, after a query that was given up; or nobody was asked. */
	struct process given_up, process;
	begin(&given_up, KNOT_RRTYPE_SRV);
	step(&given_up, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
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
	end(&given_up);
	assert_int_equal(stub.counted[STATS_OTHER], 0);
	snapshot_unref(view.snapshot);
}

/*! \brief In a reverse zone the zone file comes first at any name. */
static void test_reverse(void **state)
{
	(void)state;
	view.snapshot = build(add_world, NULL);
	for (int reverse = 0; reverse <= 1; reverse++) {
		stub.ctx.reverse = reverse;
		struct process process;
		begin_with(&process, DEEP, A, false);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, reverse ? NODATA : HIT);
		end(&process);
	}
	stub.ctx.reverse = false;
	snapshot_unref(view.snapshot);
}

/*! \brief Without a snapshot, nothing is said that only one could tell. */
static void test_not_ready(void **state)
{
	(void)state;
	static const struct {
		const knot_dname_t *name;
		uint16_t type;
		knotd_in_state_t zone;
		bool open, open_reverse;
	} CASES[] = {
		{ DEEP, A, MISS, true, true },
		{ DEEP, KNOT_RRTYPE_TXT, MISS, true, true },
		{ DEEP, A, NODATA, true, false },
		{ DEEP, KNOT_RRTYPE_AAAA, NODATA, true, false },
		{ DEEP, KNOT_RRTYPE_SRV, NODATA, true, false },
		{ DEEP, KNOT_RRTYPE_PTR, NODATA, false, true },
		{ DEEP, ANY, NODATA, true, true },
		{ DEEP, KNOT_RRTYPE_TXT, NODATA, false, false },
		{ ZONE, A, NODATA, false, false },
		{ DEEP, A, HIT, false, false },
		{ DEEP, A, DELEG, false, false },
	};
	view.snapshot = NULL;
	for (size_t i = 0; i < 2 * sizeof(CASES) / sizeof(*CASES); i++) {
		stub.ctx.reverse = i % 2;
		bool open = i % 2 ? CASES[i / 2].open_reverse : CASES[i / 2].open;
		struct process process;
		begin_with(&process, CASES[i / 2].name, CASES[i / 2].type, false);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, KNOTD_IN_STATE_BEGIN);
		process.state = CASES[i / 2].zone;
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, open ? KNOTD_IN_STATE_ERROR : CASES[i / 2].zone);
		assert_int_equal(process.qdata.rcode,
		                 open ? KNOT_RCODE_SERVFAIL : KNOT_RCODE_NOERROR);
		assert_int_equal(process.qdata.rcode_ede,
		                 open ? KNOT_EDNS_EDE_NOT_READY : KNOT_EDNS_EDE_NONE);
		end(&process);
	}
	stub.ctx.reverse = false;
}

/*! \brief The state after the first two hooks for an A query of a name that the zone has not. */
static void ask_old(const knot_dname_t *name, knotd_in_state_t zone, int said,
                    knotd_in_state_t expected, int error)
{
	struct process process;
	begin_with(&process, name, A, false);
	process.qdata.rcode_ede = said;
	step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
	if (process.state != HIT) {
		process.state = zone;
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
	}
	assert_int_equal(process.state, expected);
	assert_int_equal(process.qdata.rcode_ede, error);
	end(&process);
}

/*! \brief What is made of an old snapshot says so, until it is too old to be used. */
static void test_old(void **state)
{
	(void)state;
	view.snapshot = build(add_world, NULL);
	view.time = clock_ms(CLOCK_MONOTONIC_COARSE) - 10000;
	for (int stale = 0; stale <= 1; stale++) {
		stub.ctx.stale_after = stale ? 5000 : 60000;
		int error = stale ? KNOT_EDNS_EDE_STALE : KNOT_EDNS_EDE_NONE;
		for (int limit = 0; limit <= 1; limit++) {
			stub.ctx.max_age = limit ? 60000 : 0;
			ask_old(DEEP, MISS, KNOT_EDNS_EDE_NONE, HIT, error);
			ask_old(FRAMEWORK, MISS, KNOT_EDNS_EDE_NONE, HIT, error);
			ask_old(SIX, NODATA, KNOT_EDNS_EDE_NONE, NODATA, error);
			ask_old(OTHER, MISS, KNOT_EDNS_EDE_NONE, MISS, error);
			ask_old(OTHER, DELEG, KNOT_EDNS_EDE_NONE, DELEG, KNOT_EDNS_EDE_NONE);
			ask_old(DEEP, MISS, KNOT_EDNS_EDE_FILTERED, HIT, KNOT_EDNS_EDE_FILTERED);
		}
		stub.ctx.max_age = 5000;
		ask_old(DEEP, MISS, KNOT_EDNS_EDE_NONE, KNOTD_IN_STATE_ERROR,
		        KNOT_EDNS_EDE_NOT_READY);
		stub.ctx.max_age = 1;
		ask_old(DEEP, MISS, KNOT_EDNS_EDE_NONE, KNOTD_IN_STATE_ERROR,
		        KNOT_EDNS_EDE_NOT_READY);
		stub.ctx.max_age = 0;
	}
	stub.ctx.stale_after = 60000;
	snapshot_unref(view.snapshot);
}

/*! \brief In a zone that Knot has signed, the SOA record alone denies; elsewhere Knot does. */
static void test_denied(void **state)
{
	(void)state;
	view.snapshot = build(add_world, NULL);
	uint8_t rdata[2 + 20] = { 0, 0, [21] = 60 };
	knot_rrset_init(&stub.soa, (knot_dname_t *)(uintptr_t)ZONE, KNOT_RRTYPE_SOA, KNOT_CLASS_IN,
	                300);
	assert_int_equal(knot_rrset_add_rdata(&stub.soa, rdata, sizeof(rdata), NULL), KNOT_EOK);
	for (int way = 0; way < 8; way++) {
		bool dnssec = way & 1;
		stub.zone_signed = way & 2;
		stub.ctx.signer = way & 4;
		bool ours = way == 3;
		struct process process;
		begin_with(&process, SIX, A, dnssec);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, NODATA);
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, ours ? HIT : NODATA);
		for (int again = 0; again <= 1; again++) {
			step(&process, KNOTD_STAGE_AUTHORITY, KNOT_AUTHORITY);
			assert_int_equal(process.state, ours ? HIT : NODATA);
			const knot_pktsection_t *put = knot_pkt_section(process.reply,
			                                                KNOT_AUTHORITY);
			assert_int_equal(put->count, ours);
		}
		if (ours) {
			knot_pkt_t *read = read_reply(&process);
			const knot_rrset_t *soa = knot_pkt_rr(
			        knot_pkt_section(read, KNOT_AUTHORITY), 0);
			assert_int_equal(soa->type, KNOT_RRTYPE_SOA);
			assert_int_equal(soa->ttl, 60);
			knot_pkt_free(read);
		}
		memset(stub.counted, 0, sizeof(stub.counted));
		end(&process);
		assert_int_equal(stub.counted[STATS_NODATA], 1);
	}

	/* No room for it, and one that cannot be put. */
	stub.ctx.signer = false;
	stub.zone_signed = true;
	for (int broken = 0; broken <= 1; broken++) {
		struct process process;
		begin_with(&process, SIX, A, true);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
		if (broken) {
			stub.soa.rrs.rdata->len = 1;
		} else {
			process.reply->max_size = process.reply->size + 20;
		}
		step(&process, KNOTD_STAGE_AUTHORITY, KNOT_AUTHORITY);
		assert_int_equal(process.state,
		                 broken ? KNOTD_IN_STATE_ERROR : KNOTD_IN_STATE_TRUNC);
		assert_int_equal(knot_wire_get_tc(process.reply->wire), 0);
		end(&process);
	}
	stub.zone_signed = false;
	knot_rdataset_clear(&stub.soa.rrs, NULL);
	knot_rrset_init_empty(&stub.soa);
	snapshot_unref(view.snapshot);
}

/*! \brief Several instances in one zone: each answers from its own, and counts its own. */
static void test_instances(void **state)
{
	(void)state;
	struct answer_view empty = { .snapshot = NULL };
	struct answer first = stub.ctx, second = stub.ctx;
	first.view = &empty;
	view.snapshot = build(add_world, NULL);

	/* The first has no snapshot; the second denies the name, as it has looked last. */
	memset(stub.counted, 0, sizeof(stub.counted));
	struct process process;
	begin_with(&process, SIX, A, false);
	step_of(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER, &first);
	step_of(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER, &second);
	assert_int_equal(process.state, NODATA);
	step_of(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER, &second);
	assert_int_equal(process.state, NODATA);
	/* What the first says of it is its own, and neither kept nor counted. */
	process.state = MISS;
	step_of(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER, &first);
	assert_int_equal(process.qdata.rcode_ede, KNOT_EDNS_EDE_NOT_READY);
	process.state = NODATA;
	step_of(&process, KNOTD_STAGE_AUTHORITY, KNOT_AUTHORITY, &first);
	(void)stub.end(KNOTD_STATE_DONE, process.reply, &process.qdata, (knotd_mod_t *)&first);
	assert_int_equal(stub.counted[STATS_NOT_READY] + stub.counted[STATS_NODATA], 0);
	(void)stub.end(KNOTD_STATE_DONE, process.reply, &process.qdata, (knotd_mod_t *)&second);
	assert_int_equal(stub.counted[STATS_NODATA], 1);
	end(&process);

	/* The second has answered: what the first hook of it saw stays. */
	begin_with(&process, DEEP, A, false);
	step_of(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER, &second);
	step_of(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER, &first);
	assert_int_equal(process.state, HIT);
	(void)stub.end(KNOTD_STATE_DONE, process.reply, &process.qdata, (knotd_mod_t *)&second);
	assert_int_equal(stub.counted[STATS_RECORDS], 1);
	end(&process);

	/* Somebody else has put an alias before our first hook: it is followed, and counted. */
	begin_with(&process, ALIAS, A, false);
	put_leading(&process, ALIAS, CNAME, DEEP, 0);
	process.state = MISS;
	step_of(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER, &second);
	step_of(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER, &second);
	assert_int_equal(process.state, HIT);
	(void)stub.end(KNOTD_STATE_DONE, process.reply, &process.qdata, (knotd_mod_t *)&second);
	assert_int_equal(stub.counted[STATS_RECORDS], 2);
	assert_ptr_equal(stub.counting, &second);
	end(&process);

	/* One that could not get its counters of knotd's: our own count. */
	second.uncounted = true;
	begin_with(&process, DEEP, A, false);
	step_of(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER, &second);
	(void)stub.end(KNOTD_STATE_DONE, process.reply, &process.qdata, (knotd_mod_t *)&second);
	assert_int_equal(stub.counted[STATS_RECORDS], 3);
	assert_null(stub.counting);
	end(&process);
	snapshot_unref(view.snapshot);
}

/*! \brief Hooks that cannot be registered for a moment are, and others are told of. */
static void test_hooks(void **state)
{
	(void)state;
	static const knotd_stage_t STAGES[] = { KNOTD_STAGE_PREANSWER, KNOTD_STAGE_ANSWER,
		                                KNOTD_STAGE_AUTHORITY, KNOTD_STAGE_ADDITIONAL,
		                                KNOTD_STAGE_END };
	for (size_t i = 0; i < sizeof(STAGES) / sizeof(*STAGES); i++) {
		stub.failing = STAGES[i];
		stub.failure = KNOT_ENOMEM;
		stub.failures = 2;
		assert_int_equal(answer_hooks(NULL), KNOT_EOK);
		assert_int_equal(stub.failures, 0);
		stub.failure = KNOT_EINVAL;
		stub.failures = 1;
		assert_int_equal(answer_hooks(NULL), KNOT_EINVAL);
		assert_int_equal(stub.failures, 0);
	}
	stub.failure = KNOT_ENOMEM;
	stub.failures = 100;
	assert_int_equal(answer_hooks(NULL), KNOT_ENOMEM);
	stub.failures = 0;
}

int main(void)
{
	stub.ctx.view = &view;
	stub.ctx.stale_after = 60000;
	stub.zone = ZONE;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced),  cmocka_unit_test(test_first),
		cmocka_unit_test(test_counted),   cmocka_unit_test(test_reverse),
		cmocka_unit_test(test_not_ready), cmocka_unit_test(test_old),
		cmocka_unit_test(test_denied),    cmocka_unit_test(test_instances),
		cmocka_unit_test(test_hooks),
	};
	if (answer_hooks(NULL) != KNOT_EOK) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
