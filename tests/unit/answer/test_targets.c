/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Addresses of services' targets in the additional section.
 */
#include "tests/unit/answer/query.h"

static const knot_dname_t *const FIRST = DNAME("\001a\002fw\005mesos");
static const knot_dname_t *const SECOND = DNAME("\001b\002fw\005mesos");

/*! \brief Two services at three targets, of which one is in no snapshot. */
static void add_targets(struct snapshot_table *table, const void *arg)
{
	(void)arg;
	add_address(table, FIRST, 1);
	add_address(table, FIRST, 2);
	add_address6(table, FIRST, 3);
	add_address(table, SECOND, 4);
	add_address6(table, SECOND, 5);
	add_address6(table, SECOND, 6);
	add_service(table, DEEP, 1, FIRST);
	add_service(table, DEEP, 2, SECOND);
	add_service(table, DEEP, 3, OTHER);
}

/*! \brief How many addresses of a target are in the additional section. */
static unsigned count_added(const struct process *process, const knot_dname_t *owner, uint16_t type)
{
	knot_pkt_t *read = read_reply(process);
	const knot_pktsection_t *added = knot_pkt_section(read, KNOT_ADDITIONAL);
	assert_int_equal(knot_wire_get_arcount(read->wire), added->count);
	unsigned count = 0;
	for (uint16_t i = 0; i < added->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(added, i);
		count += rr->type == type && knot_dname_is_equal(rr->owner, owner);
	}
	knot_pkt_free(read);
	return count;
}

static void assert_added(const struct process *process, const knot_dname_t *owner, uint16_t type,
                         unsigned expected)
{
	assert_int_equal(count_added(process, owner, type), expected);
}

static void begin_targets(struct process *process, bool edns, bool dnssec, uint16_t id)
{
	begin_question(process, &(struct question){ DEEP, KNOT_RRTYPE_SRV, id,
	                                            KNOTD_QUERY_PROTO_UDP, 4096, edns, dnssec });
	step(process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
	step(process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
	assert_int_equal(process->state, KNOTD_IN_STATE_HIT);
}

static void begin_alias(struct process *process, uint16_t type)
{
	begin_question(process, &(struct question){ ALIAS, type, 0, KNOTD_QUERY_PROTO_UDP, 4096,
	                                            false, false });
}

/*! \brief Targets' addresses come as far as they fit, first those of whose turn it is. */
static void test_targets(void **state)
{
	(void)state;
	for (int stale = 0; stale <= 1; stale++) {
		view.snapshot = build(add_targets, NULL);
		view.time = clock_ms(CLOCK_MONOTONIC_COARSE) - (stale ? 100000 : 0);
		for (unsigned room = 0; room < 160; room++) {
			struct process process;
			bool turned = room % 2;
			begin_targets(&process, stale, false, 3 + turned);
			process.reply->max_size = process.reply->size + room;
			step(&process, KNOTD_STAGE_ADDITIONAL, KNOT_ADDITIONAL);
			assert_int_equal(process.state, KNOTD_IN_STATE_HIT);
			assert_int_equal(knot_wire_get_tc(process.reply->wire), 0);
			assert_int_equal(process.reply->reserved, 0);

			unsigned left = room - (stale ? MIN(room, KNOT_EDNS_EDE_MIN_LENGTH) : 0);
			unsigned sizes[2][2] = { { 2 * 16, 28 }, { 16, 2 * 28 } };
			unsigned counts[2][2] = { { 2, 1 }, { 1, 2 } }, added[2][2] = { 0 };
			for (unsigned i = 0; i < 4; i++) {
				unsigned target = (i / 2 + turned) % 2;
				if (sizes[target][i % 2] > left) {
					break;
				}
				left -= sizes[target][i % 2];
				added[target][i % 2] = counts[target][i % 2];
			}
			assert_added(&process, FIRST, KNOT_RRTYPE_A, added[0][0]);
			assert_added(&process, FIRST, KNOT_RRTYPE_AAAA, added[0][1]);
			assert_added(&process, SECOND, KNOT_RRTYPE_A, added[1][0]);
			assert_added(&process, SECOND, KNOT_RRTYPE_AAAA, added[1][1]);
			end(&process);
		}
		snapshot_unref(view.snapshot);
	}
}

/*! \brief More services than are put in one piece. */
#define SERVICES 40

/*! \brief The n-th of their targets. */
static void make_target(knot_dname_t target[KNOT_DNAME_MAXLEN], uint32_t n)
{
	memcpy(target, "\003t00\002fw\005mesos", 14);
	target[2] += n / 10;
	target[3] += n % 10;
}

static void add_services(struct snapshot_table *table, const void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < SERVICES; i++) {
		knot_dname_t target[KNOT_DNAME_MAXLEN];
		make_target(target, i);
		add_service(table, DEEP, i, target);
		add_address(table, target, i);
	}
}

/*! \brief Where the services come in pieces, the addresses still have the targets' names. */
static void test_many_targets(void **state)
{
	(void)state;
	view.snapshot = build(add_services, NULL);
	for (uint32_t id = 0; id < 65536; id += 9362) {
		struct process process;
		begin_targets(&process, false, false, id);
		step(&process, KNOTD_STAGE_ADDITIONAL, KNOT_ADDITIONAL);
		for (uint32_t i = 0; i < SERVICES; i++) {
			knot_dname_t target[KNOT_DNAME_MAXLEN];
			make_target(target, i);
			assert_added(&process, target, KNOT_RRTYPE_A, 1);
		}
		end(&process);
	}
	snapshot_unref(view.snapshot);
}

/*! \brief Nothing is added to what is none of ours, and to what will be signed. */
static void test_no_targets(void **state)
{
	(void)state;
	view.snapshot = build(add_targets, NULL);
	for (int way = 0; way < 4; way++) {
		stub.ctx.signer = way & 1;
		struct process process;
		begin_targets(&process, false, way & 2, 0);
		step(&process, KNOTD_STAGE_ADDITIONAL, KNOT_ADDITIONAL);
		assert_added(&process, FIRST, KNOT_RRTYPE_A, way == 3 ? 0 : 2);
		end(&process);
	}
	stub.ctx.signer = false;

	struct process process;
	begin_targets(&process, false, false, 0);
	process.state = KNOTD_IN_STATE_TRUNC;
	step(&process, KNOTD_STAGE_ADDITIONAL, KNOT_ADDITIONAL);
	assert_int_equal(process.state, KNOTD_IN_STATE_TRUNC);
	assert_added(&process, FIRST, KNOT_RRTYPE_A, 0);
	end(&process);

	/* Services of others in an answer to another question; and without a snapshot. */
	for (int gone = 0; gone <= 1; gone++) {
		struct snapshot *snapshot = view.snapshot;
		view.snapshot = gone ? NULL : snapshot;
		begin_alias(&process, gone ? KNOT_RRTYPE_SRV : KNOT_RRTYPE_TXT);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		uint8_t srv[6 + KNOT_DNAME_MAXLEN] = { 0 };
		memcpy(srv + 6, FIRST, knot_dname_size(FIRST));
		put_static(&process, ALIAS, KNOT_RRTYPE_SRV, srv, 6 + knot_dname_size(FIRST), 0);
		process.state = KNOTD_IN_STATE_HIT;
		step(&process, KNOTD_STAGE_ADDITIONAL, KNOT_ADDITIONAL);
		assert_added(&process, FIRST, KNOT_RRTYPE_A, 0);
		end(&process);
		view.snapshot = snapshot;
	}
	snapshot_unref(view.snapshot);
}

/*! \brief Services of the zone file get addresses of the snapshot, but for those that are there. */
static void test_static_services(void **state)
{
	(void)state;
	const knot_dname_t *const TARGETS[] = { OTHER, FIRST, SECOND };
	view.snapshot = build(add_targets, NULL);
	for (unsigned room = 0; room < 300; room++) {
		struct process process;
		begin_alias(&process, KNOT_RRTYPE_SRV);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		put_static(&process, ALIAS, KNOT_RRTYPE_CNAME, SERVICE, knot_dname_size(SERVICE),
		           0);
		knot_rrset_t *services = knot_rrset_new(SERVICE, KNOT_RRTYPE_SRV, KNOT_CLASS_IN, 5,
		                                        NULL);
		for (uint8_t i = 0; i < sizeof(TARGETS) / sizeof(*TARGETS); i++) {
			uint8_t srv[6 + KNOT_DNAME_MAXLEN] = { 0, 0, 0, 0, 0, i };
			size_t len = knot_dname_size(TARGETS[i]);
			memcpy(srv + 6, TARGETS[i], len);
			assert_int_equal(knot_rrset_add_rdata(services, srv, 6 + len, NULL),
			                 KNOT_EOK);
		}
		assert_int_equal(knot_pkt_put(process.reply, KNOT_COMPR_HINT_NONE, services, 0),
		                 KNOT_EOK);
		process.state = KNOTD_IN_STATE_HIT;
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, KNOTD_IN_STATE_HIT);
		/* Knot has put an address of one target. */
		assert_int_equal(knot_pkt_begin(process.reply, KNOT_ADDITIONAL), KNOT_EOK);
		static const uint8_t ADDRESS[] = { 192, 0, 2, 1 };
		put_static(&process, FIRST, KNOT_RRTYPE_A, ADDRESS, sizeof(ADDRESS), 0);
		process.reply->max_size = process.reply->size + room;
		step(&process, KNOTD_STAGE_ADDITIONAL, KNOT_ADDITIONAL);
		assert_int_equal(process.state, KNOTD_IN_STATE_HIT);
		assert_int_equal(knot_wire_get_tc(process.reply->wire), 0);
		assert_added(&process, FIRST, KNOT_RRTYPE_A, 1);
		/* All of a set or nothing. */
		assert_int_equal(count_added(&process, SECOND, KNOT_RRTYPE_AAAA) % 2, 0);
		if (room == 299) {
			assert_added(&process, FIRST, KNOT_RRTYPE_AAAA, 1);
			assert_added(&process, SECOND, KNOT_RRTYPE_A, 1);
			assert_added(&process, SECOND, KNOT_RRTYPE_AAAA, 2);
		} else if (room < 28) {
			/* The first that does not fit is the last. */
			assert_added(&process, FIRST, KNOT_RRTYPE_AAAA, 0);
			assert_added(&process, SECOND, KNOT_RRTYPE_A, 0);
		}
		end(&process);
		knot_rrset_free(services, NULL);
	}
	snapshot_unref(view.snapshot);
}

int main(void)
{
	stub.ctx.view = &view;
	stub.ctx.stale_after = 60000;
	stub.zone = ZONE;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_many_targets),
		cmocka_unit_test(test_no_targets),
		cmocka_unit_test(test_static_services),
	};
	if (answer_hooks(NULL) != KNOT_EOK) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
