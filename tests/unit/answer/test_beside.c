/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the hooks decide where both the zone file and the snapshot have something to say.
 */
#include "tests/unit/answer/world.h"

static void put_record(struct process *process, const knot_dname_t *owner, uint16_t type,
                       uint16_t flags)
{
	put_leading(process, owner, type, OTHER, flags);
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
		/* A wildcard's copy, and a signature of something else. */
		{ KNOTD_IN_STATE_HIT, FRAMEWORK, KNOT_RRTYPE_A, KNOT_PF_FREE, KNOTD_IN_STATE_HIT,
		  true },
		{ KNOTD_IN_STATE_MISS, FRAMEWORK, KNOT_RRTYPE_RRSIG, 0, KNOTD_IN_STATE_HIT, true },
		{ KNOTD_IN_STATE_HIT, FRAMEWORK, KNOT_RRTYPE_CNAME, 0, KNOTD_IN_STATE_HIT, false },
		{ KNOTD_IN_STATE_MISS, FRAMEWORK, KNOT_RRTYPE_CNAME, 0, KNOTD_IN_STATE_MISS,
		  false },
		{ KNOTD_IN_STATE_DELEG, WILDCARD, KNOT_RRTYPE_CNAME, 0, KNOTD_IN_STATE_HIT, true },
	};
	view.snapshot = build(add_world, NULL);
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		const struct beside *one = &CASES[i];
		struct process process;
		begin_with(&process, FRAMEWORK, KNOT_RRTYPE_A, false);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, KNOTD_IN_STATE_NODATA);
		assert_int_equal(knot_wire_get_ancount(process.reply->wire), 0);
		process.qdata.rcode = KNOT_RCODE_NXDOMAIN;
		if (one->owner != NULL) {
			put_record(&process, one->owner, one->type, one->flags);
		}
		process.state = one->zone;
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, one->state);
		if (one->ours) {
			assert_number(&process, KNOT_ANSWER, 3, 2);
			assert_int_equal(process.qdata.rcode, KNOT_RCODE_NOERROR);
			assert_ptr_equal(process.qdata.name, knot_pkt_qname(process.query));
			assert_int_not_equal(knot_wire_get_aa(process.reply->wire), 0);
		} else {
			assert_int_equal(knot_wire_get_ancount(process.reply->wire),
			                 one->owner != NULL);
		}
		end(&process);
	}
	snapshot_unref(view.snapshot);
}

/*! \brief A chain of the zone file's records, and where it ends. */
struct chain {
	knotd_in_state_t zone; /*!< Knot's state. */
	uint16_t asked;
	const knot_dname_t *target; /*!< Of the alias. */
	/*! What Knot has put behind it, if anything; an alias leads to DEEP. */
	const knot_dname_t *next;
	uint16_t next_type;
	uint16_t next_flags;
	knotd_in_state_t state; /*!< Ours. */
	uint8_t number;         /*!< Of the snapshot's address that is put last; 0: none is. */
	bool part;              /*!< The snapshot had a part in it. */
	enum stats_answer kind;
};

static void follow(const struct chain *chain, uint16_t first_type, bool stale)
{
	struct process process;
	begin_with(&process, ALIAS, chain->asked, false);
	step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
	assert_int_equal(process.state, KNOTD_IN_STATE_BEGIN);
	put_leading(&process, ALIAS, first_type, chain->target, 0);
	if (chain->next != NULL) {
		put_leading(&process, chain->next, chain->next_type, DEEP, chain->next_flags);
	}
	uint16_t before = process.reply->rrset_count;
	process.state = chain->zone;
	step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
	assert_int_equal(process.state, chain->state);
	assert_int_equal(process.qdata.rcode_ede,
	                 stale && chain->part ? KNOT_EDNS_EDE_STALE : KNOT_EDNS_EDE_NONE);

	knot_pkt_t *read = read_reply(&process);
	const knot_pktsection_t *answer = knot_pkt_section(read, KNOT_ANSWER);
	assert_int_equal(knot_wire_get_ancount(read->wire), answer->count);
	if (chain->number != 0) {
		const knot_rrset_t *last = knot_pkt_rr(answer, answer->count - 1);
		const knot_dname_t *target = chain->next_type == CNAME ? DEEP : chain->target;
		assert_true(knot_dname_is_equal(last->owner, target));
		assert_true(knot_dname_is_equal(process.qdata.name, target));
		assert_int_equal(last->rrs.rdata->data[3], chain->number);
		assert_int_equal(last->ttl, 30);
		/* What Knot had put for the target is gone, and nothing else is. */
		bool kept = chain->next == NULL || chain->next_type == CNAME;
		assert_int_equal(answer->count, kept ? before + 1 : before);
	} else {
		assert_int_equal(answer->count, before);
	}
	knot_pkt_free(read);
	memset(stub.counted, 0, sizeof(stub.counted));
	end(&process);
	assert_int_equal(stub.counted[chain->kind], 1);
}

/*! \brief Aliases of the zone file lead to names of the snapshot. */
static void test_chain(void **state)
{
	(void)state;
	static const enum stats_answer RECORDS = STATS_RECORDS, NONE = STATS_NOT_FOUND;
	const struct chain chains[] = {
		{ MISS, A, DEEP, NULL, 0, 0, HIT, 1, true, RECORDS },
		{ DELEG, A, DEEP, NULL, 0, 0, HIT, 1, true, RECORDS },
		{ HIT, A, DEEP, DEEP, A, 0, HIT, 1, true, RECORDS },
		{ HIT, A, DEEP, DEEP, A, FREE, HIT, 1, true, RECORDS },
		/* The snapshot has the name, but no such records. */
		{ MISS, A, SIX, NULL, 0, 0, NODATA, 0, true, STATS_NODATA },
		{ NODATA, A, SIX, NULL, 0, 0, NODATA, 0, true, STATS_NODATA },
		{ DELEG, A, SIX, NULL, 0, 0, DELEG, 0, true, NONE },
		{ HIT, A, SIX, SIX, A, 0, HIT, 0, false, NONE },
		{ MISS, A, SIX, ALIAS, KNOT_RRTYPE_RRSIG, 0, NODATA, 0, true, STATS_NODATA },
		/* Directly below the zone, what the zone file has comes first. */
		{ MISS, A, FRAMEWORK, NULL, 0, 0, HIT, 2, true, RECORDS },
		{ NODATA, A, FRAMEWORK, NULL, 0, 0, HIT, 2, true, RECORDS },
		{ DELEG, A, FRAMEWORK, NULL, 0, 0, DELEG, 0, false, NONE },
		{ HIT, A, FRAMEWORK, NULL, 0, 0, HIT, 0, false, NONE },
		{ HIT, A, FRAMEWORK, FRAMEWORK, A, 0, HIT, 0, false, NONE },
		{ HIT, A, FRAMEWORK, FRAMEWORK, A, FREE, HIT, 2, true, RECORDS },
		{ HIT, A, FRAMEWORK, WILDCARD, A, 0, HIT, 2, true, RECORDS },
		/* Neither has it, or not yet. */
		{ MISS, A, OTHER, NULL, 0, 0, MISS, 0, true, NONE },
		{ HIT, A, OTHER, NULL, 0, 0, HIT, 0, false, NONE },
		{ MISS, A, ELSEWHERE, ELSEWHERE, CNAME, 0, HIT, 1, true, RECORDS },
		/* The alias itself is asked for. */
		{ HIT, CNAME, DEEP, NULL, 0, 0, HIT, 0, false, NONE },
		{ HIT, ANY, DEEP, NULL, 0, 0, HIT, 0, false, NONE },
	};
	static const struct chain RENAMED = { MISS, A,   OTHER, ELSEWHERE, CNAME,
		                              FREE, HIT, 1,     true,      RECORDS };

	for (int stale = 0; stale <= 1; stale++) {
		view.snapshot = build(add_world, NULL);
		view.time = clock_ms(CLOCK_MONOTONIC_COARSE) - 10000;
		stub.ctx.stale_after = stale ? 5000 : 60000;
		for (size_t i = 0; i < sizeof(chains) / sizeof(*chains); i++) {
			follow(&chains[i], CNAME, stale);
		}
		follow(&RENAMED, DNAME_TYPE, stale);
		snapshot_unref(view.snapshot);
	}
}

/*! \brief Behind a signer, records that it would not sign are left to be asked for. */
static void test_chain_signed(void **state)
{
	(void)state;
	view.snapshot = build(add_world, NULL);
	for (int way = 0; way < 8; way++) {
		bool dnssec = way & 1;
		stub.ctx.signer = way & 2;
		stub.ctx.signer_first = way & 4;
		struct process process;
		begin_with(&process, ALIAS, A, dnssec);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		put_leading(&process, ALIAS, CNAME, DEEP, 0);
		process.state = MISS;
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, HIT);
		assert_int_equal(knot_wire_get_ancount(process.reply->wire), way == 7 ? 1 : 2);
		end(&process);
	}
	/* There the snapshot comes first, also directly below the zone, and in the first hook. */
	for (int dnssec = 0; dnssec <= 1; dnssec++) {
		struct process process;
		begin_with(&process, FRAMEWORK, A, dnssec);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, HIT);
		assert_number(&process, KNOT_ANSWER, 3, 2);
		assert_int_not_equal(knot_wire_get_aa(process.reply->wire), 0);
		end(&process);
	}
	stub.ctx.signer = stub.ctx.signer_first = false;
	snapshot_unref(view.snapshot);
}

/*! \brief An alias that leads nowhere yet is not said to lead nowhere. */
static void test_chain_not_ready(void **state)
{
	(void)state;
	view.snapshot = NULL;
	for (int hit = 0; hit <= 1; hit++) {
		struct process process;
		begin_with(&process, ALIAS, A, false);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		put_leading(&process, ALIAS, CNAME, DEEP, 0);
		process.state = hit ? HIT : MISS;
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, hit ? HIT : KNOTD_IN_STATE_ERROR);
		end(&process);
	}
}

int main(void)
{
	stub.ctx.view = &view;
	stub.ctx.stale_after = 60000;
	stub.zone = ZONE;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_chain_signed),
		cmocka_unit_test(test_chain_not_ready),
	};
	if (answer_hooks(NULL) != KNOT_EOK) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
