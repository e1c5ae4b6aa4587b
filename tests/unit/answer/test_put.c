/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief How sets go into a message: whole, truncated, cut, to be signed, and their targets'
 * addresses.
 */
#include "tests/unit/answer/query.h"

/*! \brief Most that a case has of records of one name. */
#define MANY 3000

/*! \brief How many addresses a name has. */
struct many {
	const knot_dname_t *owner;
	uint32_t count;
};

static void add_many(struct snapshot_table *table, const void *arg)
{
	const struct many *many = arg;
	for (uint32_t i = 0; i < many->count; i++) {
		add_address(table, many->owner, i);
	}
	add_service(table, SERVICE, 1, many->owner);
}

/*! \brief A snapshot in which a name has \a count addresses, and the service a target there. */
static struct snapshot *make_many(const knot_dname_t *owner, uint32_t count)
{
	return build(add_many, &(struct many){ owner, count });
}

static void begin_for(struct process *process, const knot_dname_t *name, uint16_t type,
                      knotd_query_proto_t proto, uint16_t size, uint16_t id)
{
	begin_question(process, &(struct question){ name, type, id, proto, size, false, false });
}

/*! \brief Records of a section as its reader finds them, all different and of one length. */
static unsigned count_read(const struct process *process, knot_section_t section)
{
	knot_pkt_t *read = read_reply(process);
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

/*! \brief Octets kept for signatures, and for what a resolver says over TCP. */
#define SIGNATURES (12 + 18 + 255 + 256)
#define SPARE      512

static void begin_signed(struct process *process, const knot_dname_t *name, uint16_t type,
                         knotd_query_proto_t proto, uint16_t size, uint16_t id)
{
	begin_question(process, &(struct question){ name, type, id, proto, size, true, true });
}

/*! \brief What will be signed over UDP comes whole, with room for signatures, or not at all. */
static void test_signed_truncated(void **state)
{
	(void)state;
	stub.ctx.signer = true;
	static const knot_dname_t *const NAMES[] = { DEEP, ALIAS };
	for (uint32_t count = 1; count < 70; count += 17) {
		view.snapshot = make_many(DEEP, count);
		for (uint16_t size = 100; size < 100 + SIGNATURES + 16 * 70; size++) {
			struct process process;
			const knot_dname_t *name = NAMES[size % 2];
			begin_signed(&process, name, KNOT_RRTYPE_A, KNOTD_QUERY_PROTO_UDP, size,
			             size * 977);
			step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
			size_t head = 30;
			if (name == ALIAS) {
				put_static(&process, ALIAS, KNOT_RRTYPE_CNAME, DEEP,
				           knot_dname_size(DEEP), 0);
				head = process.reply->size;
				process.state = KNOTD_IN_STATE_MISS;
				step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
			}
			bool whole = size >= head + SIGNATURES + 16 * count;
			assert_int_equal(process.state,
			                 whole ? KNOTD_IN_STATE_HIT : KNOTD_IN_STATE_TRUNC);
			assert_int_equal(knot_wire_get_tc(process.reply->wire) != 0, !whole);
			assert_int_equal(count_read(&process, KNOT_ANSWER), whole ? count : 0);
			assert_int_equal(process.reply->rrset_count,
			                 whole ? 1 + (name == ALIAS) : 0);
			assert_int_equal(process.reply->reserved, 0);
			end(&process);
		}
		snapshot_unref(view.snapshot);
	}
	stub.ctx.signer = false;
}

/*! \brief A name of 255 octets. */
static const knot_dname_t *long_name(void)
{
	static knot_dname_t name[KNOT_DNAME_MAXLEN];
	static const uint8_t LABELS[] = { 63, 63, 63, 55 };
	uint8_t *at = name;
	for (size_t i = 0; i < sizeof(LABELS); i++, at += 1 + *at) {
		*at = LABELS[i];
		memset(at + 1, 'a' + i, *at);
	}
	memcpy(at, ZONE, 7);
	assert_int_equal(knot_dname_size(name), KNOT_DNAME_MAXLEN);
	return name;
}

/*! \brief Owners are written out for a signature, in 64 KiB; that may be less than a message. */
static void test_signed_owners(void **state)
{
	(void)state;
	stub.ctx.signer = true;
	const uint32_t most = 65535 / (255 + 10 + 4);
	for (uint32_t count = most - 1; count <= most + 1; count++) {
		view.snapshot = make_many(long_name(), count);
		for (int tcp = 0; tcp <= 1; tcp++) {
			struct process process;
			begin_signed(&process, long_name(), KNOT_RRTYPE_A,
			             tcp ? KNOTD_QUERY_PROTO_TCP : KNOTD_QUERY_PROTO_UDP, 8192, 1);
			step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
			bool truncated = !tcp && count > most;
			assert_int_equal(process.state,
			                 truncated ? KNOTD_IN_STATE_TRUNC : KNOTD_IN_STATE_HIT);
			assert_int_equal(count_read(&process, KNOT_ANSWER),
			                 truncated ? 0 : MIN(count, most));
			end(&process);
		}
		snapshot_unref(view.snapshot);
	}
	stub.ctx.signer = false;
}

/*! \brief Records of a set whose lengths vary. */
#define VARIED 2900

/*! \brief The n-th target, of 2 to 32 octets more than the zone. */
static void make_target(knot_dname_t target[KNOT_DNAME_MAXLEN], uint32_t n)
{
	*target = 1 + n * 7 % 31;
	memset(target + 1, 'a', *target);
	memcpy(target + 1 + *target, ZONE, 7);
}

static void add_varied(struct snapshot_table *table, const void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < VARIED; i++) {
		knot_dname_t target[KNOT_DNAME_MAXLEN];
		make_target(target, i);
		add_service(table, SERVICE, i, target);
	}
}

/*! \brief How many records, from \a first on, can be put and signed. */
static uint32_t count_signable(uint32_t first, size_t space)
{
	size_t size = 0, written_out = 0;
	uint32_t count = 0;
	for (; first + count < VARIED; count++) {
		size_t data = 6 + 1 + (1 + (first + count) * 7 % 31) + 7;
		size += 12 + data;
		written_out += knot_dname_size(SERVICE) + 10 + data;
		if (size > space || written_out > 65535) {
			break;
		}
	}
	return count;
}

/*! \brief A set to be signed is cut to one RRset as large as can be, and every record has turns. */
static void test_signed_cut(void **state)
{
	(void)state;
	stub.ctx.signer = true;
	view.snapshot = build(add_varied, NULL);
	for (unsigned size = 30 + SPARE + SIGNATURES + 100; size < 65536; size += 1777) {
		size_t space = size - (12 + knot_dname_size(SERVICE) + 4) - SPARE - SIGNATURES;
		uint32_t last = VARIED;
		while (last > 0 && last - 1 + count_signable(last - 1, space) == VARIED) {
			last--;
		}
		for (uint32_t id = 1; id < 65536; id += MIN(13107, MAX(65535 - id, 1))) {
			struct process process;
			begin_signed(&process, SERVICE, KNOT_RRTYPE_SRV, KNOTD_QUERY_PROTO_TCP,
			             size, id);
			step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
			process.state = KNOTD_IN_STATE_MISS;
			step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
			assert_int_equal(process.state, KNOTD_IN_STATE_HIT);
			assert_int_equal(process.reply->rrset_count, 1);
			const knot_rdataset_t *rrs = &process.reply->rr[0].rrs;
			uint32_t first = rrs->rdata->data[4] << 8 | rrs->rdata->data[5];
			assert_int_equal(first, id * (uint64_t)(last + 1) >> 16);
			assert_int_equal(rrs->count, count_signable(first, space));
			if (id == 65535) {
				assert_int_equal(first + rrs->count, VARIED);
			}
			assert_int_equal(process.reply->reserved, 0);
			knot_pkt_free(read_reply(&process));
			end(&process);
		}
	}

	/* No room for a single one. */
	struct process process;
	begin_signed(&process, SERVICE, KNOT_RRTYPE_SRV, KNOTD_QUERY_PROTO_TCP,
	             30 + SPARE + SIGNATURES + 10, 65535);
	step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
	process.state = KNOTD_IN_STATE_MISS;
	step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
	assert_int_equal(process.state, KNOTD_IN_STATE_ERROR);
	assert_int_equal(process.reply->rrset_count, 0);
	end(&process);
	snapshot_unref(view.snapshot);
	stub.ctx.signer = false;
}

/*! \brief Where an answer is stale and the client would hear of it, there is room to say so. */
static void test_stale_room(void **state)
{
	(void)state;
	view.snapshot = make_many(DEEP, 40);
	view.time = clock_ms(CLOCK_MONOTONIC_COARSE) - 100000;
	for (uint16_t size = 60; size < 30 + 16 * 42; size++) {
		for (int edns = 0; edns <= 1; edns++) {
			struct process process;
			begin_question(&process, &(struct question){ DEEP, KNOT_RRTYPE_A, size,
			                                             KNOTD_QUERY_PROTO_UDP, size,
			                                             edns, false });
			step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
			bool whole = size >= 30 + 16 * 40;
			unsigned kept = edns ? KNOT_EDNS_EDE_MIN_LENGTH : 0;
			assert_int_equal(knot_wire_get_tc(process.reply->wire) != 0, !whole);
			assert_int_equal(count_read(&process, KNOT_ANSWER),
			                 whole ? 40 : (size - 30 - kept) / 16);
			assert_int_equal(process.reply->reserved, 0);
			end(&process);
		}
	}
	snapshot_unref(view.snapshot);
}

static void *no_memory(void *ctx, size_t size)
{
	(void)ctx, (void)size;
	return NULL;
}

/*! \brief A piece that cannot be put for another reason than its size is not just left out. */
static void test_no_memory(void **state)
{
	(void)state;
	view.snapshot = make_many(DEEP, MANY);
	struct process process;
	begin_for(&process, DEEP, KNOT_RRTYPE_A, KNOTD_QUERY_PROTO_TCP, 65535, 1);
	knot_mm_t mm = process.reply->mm;
	process.reply->mm.alloc = no_memory;
	step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
	assert_int_equal(process.state, KNOTD_IN_STATE_ERROR);
	process.reply->mm = mm;
	end(&process);
	snapshot_unref(view.snapshot);
}

/*! \brief Each part of a large set has its turn, also over TCP. */
static void test_turns(void **state)
{
	(void)state;
	view.snapshot = make_many(DEEP, MANY);
	const struct snapshot_set *set = snapshot_set(snapshot_find(view.snapshot, DEEP),
	                                              KNOT_RRTYPE_A);
	for (uint32_t id = 1; id < 65536; id += 4369) {
		struct process process;
		begin_for(&process, DEEP, KNOT_RRTYPE_A, KNOTD_QUERY_PROTO_TCP, 30 + SPARE + 640,
		          id);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		const uint8_t *first = process.reply->rr[0].rrs.rdata->data;
		assert_int_equal(first[2] << 8 | first[3], id * MANY >> 16);
		/* Pieces are the snapshot's; one that does not fit is tried by halves. */
		uint32_t piece = snapshot_piece(set, id * MANY >> 16);
		assert_int_equal(process.reply->rr[0].rrs.count, piece <= 40 ? piece : piece / 2);
		assert_int_equal(count_read(&process, KNOT_ANSWER), 40);
		end(&process);
	}
	snapshot_unref(view.snapshot);

	/* A small one turns by the ID itself. */
	view.snapshot = make_many(DEEP, 5);
	for (uint16_t id = 1; id < 11; id++) {
		struct process process;
		begin_for(&process, DEEP, KNOT_RRTYPE_A, KNOTD_QUERY_PROTO_UDP, 512, id);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		knot_pkt_t *read = read_reply(&process);
		const knot_pktsection_t *answer = knot_pkt_section(read, KNOT_ANSWER);
		assert_int_equal(answer->count, 5);
		assert_int_equal(knot_pkt_rr(answer, 0)->rrs.rdata->data[3], id % 5);
		knot_pkt_free(read);
		end(&process);
	}
	snapshot_unref(view.snapshot);
}

/*! \brief Queries that have no ID (RFC 9250, section 4.2.1) have their turns as well. */
static void test_turns_without_ids(void **state)
{
	(void)state;
	static const uint32_t counts[] = { 2, 5, 64, MANY };
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		view.snapshot = make_many(DEEP, counts[i]);
		bool first[MANY] = { false };
		uint32_t firsts = 0, asked = MIN(20 * counts[i], 1000);
		for (uint32_t n = 0; n < asked; n++) {
			struct process process;
			begin_for(&process, DEEP, KNOT_RRTYPE_A, KNOTD_QUERY_PROTO_TCP, 65535, 0);
			step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
			knot_pkt_t *read = read_reply(&process);
			const knot_pktsection_t *answer = knot_pkt_section(read, KNOT_ANSWER);
			const uint8_t *data = knot_pkt_rr(answer, 0)->rrs.rdata->data;
			uint32_t number = data[2] << 8 | data[3];
			firsts += !first[number];
			first[number] = true;
			knot_pkt_free(read);
			end(&process);
		}
		assert_true(firsts >= MIN(counts[i], asked / 2));
		snapshot_unref(view.snapshot);
	}
}

/*! \brief Beyond what a pointer reaches, an owner is written out, and there has to be room for it.
 */
static void test_far(void **state)
{
	(void)state;
	static uint8_t filler[17000];
	for (size_t i = 0; i < sizeof(filler); i += 200) {
		filler[i] = 199;
	}
	view.snapshot = make_many(DEEP, 20);
	unsigned before = 0;
	for (unsigned room = 0; room < 800; room++) {
		struct process process;
		begin_for(&process, ALIAS, KNOT_RRTYPE_A, KNOTD_QUERY_PROTO_UDP, 65535, 1);
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		put_static(&process, ALIAS, KNOT_RRTYPE_CNAME, OTHER, knot_dname_size(OTHER), 0);
		put_static(&process, ALIAS, KNOT_RRTYPE_TXT, filler, sizeof(filler), 0);
		put_static(&process, ALIAS, KNOT_RRTYPE_CNAME, DEEP, knot_dname_size(DEEP), 0);
		process.reply->max_size = process.reply->size + room;
		process.state = KNOTD_IN_STATE_MISS;
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
		unsigned count = count_read(&process, KNOT_ANSWER);
		assert_int_equal(process.state,
		                 count == 20 ? KNOTD_IN_STATE_HIT : KNOTD_IN_STATE_TRUNC);
		assert_true(count <= room / 16);
		assert_true(count > 0 || room < 40);
		before = count;
		end(&process);
	}
	assert_int_equal(before, 20);
	snapshot_unref(view.snapshot);
}

int main(void)
{
	stub.ctx.view = &view;
	stub.ctx.stale_after = 60000;
	stub.zone = ZONE;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truncated),     cmocka_unit_test(test_cut),
		cmocka_unit_test(test_large_target),  cmocka_unit_test(test_signed_truncated),
		cmocka_unit_test(test_signed_owners), cmocka_unit_test(test_signed_cut),
		cmocka_unit_test(test_stale_room),    cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_turns),         cmocka_unit_test(test_turns_without_ids),
		cmocka_unit_test(test_far),
	};
	if (answer_hooks(NULL) != KNOT_EOK) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
