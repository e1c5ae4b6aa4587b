/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Which records an answer has, and in which order, where the instance chooses: by a limit,
 * by the asker's subnet, by both; for answers of all kinds.
 */
#include <netinet/in.h>

#include "tests/unit/answer/query.h"

/*! \brief Addresses of a name: so many subnets, in each so many addresses. */
struct plan {
	uint16_t type;
	unsigned subnets, each;
};

/*! \brief Most octets of an address. */
#define ADDRESS_MAX 16

/*! \brief The \a index-th address of a subnet: 10.1.SUBNET.N, or fd00::SUBNET:0:0:0:N. */
static uint16_t make_address(uint16_t type, unsigned subnet, unsigned index,
                             uint8_t out[ADDRESS_MAX])
{
	memset(out, 0, ADDRESS_MAX);
	if (type == KNOT_RRTYPE_A) {
		const uint8_t address[] = { 10, 1, subnet, index };
		memcpy(out, address, sizeof(address));
		return sizeof(address);
	}
	out[0] = 0xfd;
	out[6] = subnet >> 8;
	out[7] = subnet;
	out[14] = index >> 8;
	out[15] = index;
	return ADDRESS_MAX;
}

static unsigned subnet_of(uint16_t type, const uint8_t *address)
{
	return type == KNOT_RRTYPE_A ? address[2] : address[6] << 8 | address[7];
}

static void add_plan(struct snapshot_table *table, const void *arg)
{
	const struct plan *plan = arg;
	for (unsigned s = 0; s < plan->subnets; s++) {
		for (unsigned i = 0; i < plan->each; i++) {
			uint8_t address[ADDRESS_MAX];
			uint16_t len = make_address(plan->type, s, i, address);
			add_record(table, DEEP, plan->type, address, len);
		}
	}
}

/*! \brief Who asks. */
enum who {
	NOBODY,    /*!< An address that is not known. */
	REMOTE,    /*!< The query's own, in a subnet. */
	MAPPED,    /*!< The same, by way of IPv6. */
	CLIENT,    /*!< A client of it, by the option of RFC 7871. */
	MAPPED_IN, /*!< The same, IPv4 in an option of IPv6. */
	UNTOLD,    /*!< A client that does not say, of a resolver in a subnet. */
	WHO
};

static const uint8_t MAP[12] = { [10] = 0xff, [11] = 0xff };

/*! \brief An asker in a subnet of a plan. */
struct asker {
	enum who who;
	unsigned subnet;
	uint8_t known; /*!< Bits that a client tells. */
	struct sockaddr_storage remote;
	knot_edns_client_subnet_t client;
};

static void set_remote(struct asker *asker, uint16_t type, bool mapped)
{
	uint8_t address[ADDRESS_MAX];
	(void)make_address(type, asker->subnet, 250, address);
	if (type == KNOT_RRTYPE_A && !mapped) {
		struct sockaddr_in *ipv4 = (void *)&asker->remote;
		ipv4->sin_family = AF_INET;
		memcpy(&ipv4->sin_addr, address, 4);
		return;
	}
	struct sockaddr_in6 *ipv6 = (void *)&asker->remote;
	ipv6->sin6_family = AF_INET6;
	memcpy(&ipv6->sin6_addr, address, ADDRESS_MAX);
	if (mapped) {
		memcpy(&ipv6->sin6_addr, MAP, sizeof(MAP));
		memcpy((uint8_t *)&ipv6->sin6_addr + sizeof(MAP), address, 4);
	}
}

static void set_client(struct asker *asker, uint16_t type, bool mapped)
{
	uint8_t address[ADDRESS_MAX];
	uint16_t len = make_address(type, asker->subnet, 250, address);
	asker->client.family = type == KNOT_RRTYPE_A && !mapped ? 1 : 2;
	asker->client.source_len = asker->known + (mapped ? 96 : 0);
	memcpy(asker->client.address, MAP, sizeof(MAP));
	memcpy(asker->client.address + (mapped ? sizeof(MAP) : 0), address, len);
}

static void make_asker(struct asker *asker, uint16_t type)
{
	switch (asker->who) {
	case NOBODY: break;
	case REMOTE: set_remote(asker, type, false); break;
	case MAPPED: set_remote(asker, type, true); break;
	case CLIENT: set_client(asker, type, false); break;
	case MAPPED_IN: set_client(asker, type, true); break;
	default:
		set_remote(asker, type, false);
		asker->client.family = 1;
		asker->client.scope_len = 0;
		break;
	}
}

static void ask(struct process *process, struct asker *asker, const struct question *question)
{
	begin_question(process, question);
	make_asker(asker, question->type);
	bool none = asker->who == NOBODY || asker->who == CLIENT || asker->who == MAPPED_IN;
	process->params.remote = none ? NULL : &asker->remote;
	process->qdata.ecs = asker->who >= CLIENT ? &asker->client : NULL;
	step(process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
}

#define LIST_MAX 4000

/*! \brief The addresses of a reply, in their order. */
struct list {
	uint16_t type;
	unsigned count;
	uint8_t addresses[LIST_MAX][ADDRESS_MAX];
};

static struct list list;

/*! \brief Reads the addresses of a reply; all of them different. */
static void read_list(const struct process *process, uint16_t type)
{
	knot_pkt_t *read = read_reply(process);
	const knot_pktsection_t *answer = knot_pkt_section(read, KNOT_ANSWER);
	list.type = type;
	list.count = 0;
	for (uint16_t i = 0; i < answer->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(answer, i);
		assert_int_equal(rr->type, type);
		assert_true(knot_dname_is_equal(rr->owner, DEEP));
		memset(list.addresses[list.count], 0, ADDRESS_MAX);
		memcpy(list.addresses[list.count++], rr->rrs.rdata->data, rr->rrs.rdata->len);
	}
	knot_pkt_free(read);
	static struct list sorted;
	sorted = list;
	for (unsigned i = 1; i < sorted.count; i++) {
		for (unsigned j = i;
		     j > 0 && memcmp(sorted.addresses[j - 1], sorted.addresses[j], ADDRESS_MAX) > 0;
		     j--) {
			uint8_t swap[ADDRESS_MAX];
			memcpy(swap, sorted.addresses[j], ADDRESS_MAX);
			memcpy(sorted.addresses[j], sorted.addresses[j - 1], ADDRESS_MAX);
			memcpy(sorted.addresses[j - 1], swap, ADDRESS_MAX);
		}
		assert_true(memcmp(sorted.addresses[i - 1], sorted.addresses[i], ADDRESS_MAX) <= 0);
	}
	for (unsigned i = 1; i < sorted.count; i++) {
		assert_memory_not_equal(sorted.addresses[i - 1], sorted.addresses[i], ADDRESS_MAX);
	}
}

/*! \brief Asserts that the list begins with so many addresses of a subnet, and has no other. */
static void assert_first(unsigned subnet, unsigned count)
{
	for (unsigned i = 0; i < list.count; i++) {
		bool near = subnet_of(list.type, list.addresses[i]) == subnet;
		assert_int_equal(near, i < count);
	}
}

/*! \brief What will be signed is one RRset in canonical order with as many records as are read. */
static void assert_signable(const struct process *process)
{
	assert_int_equal(process->reply->rrset_count, 1);
	const knot_rdataset_t *rrs = &process->reply->rr[0].rrs;
	assert_int_equal(rrs->count, list.count);
	knot_rdata_t *rdata = rrs->rdata;
	for (uint16_t i = 1; i < rrs->count; i++) {
		knot_rdata_t *next = knot_rdataset_next(rdata);
		assert_true(knot_rdata_cmp(rdata, next) < 0);
		rdata = next;
	}
}

/*! \brief Whoever asks, in whatever way: his subnet's addresses come first, then all others. */
static void test_subnet_first(void **state)
{
	(void)state;
	static const struct plan plans[] = {
		{ KNOT_RRTYPE_A, 1, 1 },    { KNOT_RRTYPE_A, 2, 3 },    { KNOT_RRTYPE_A, 9, 7 },
		{ KNOT_RRTYPE_A, 4, 100 },  { KNOT_RRTYPE_AAAA, 2, 3 }, { KNOT_RRTYPE_AAAA, 5, 12 },
		{ KNOT_RRTYPE_AAAA, 3, 70 }
	};
	stub.ctx.subnet_first = stub.ctx.chooses = true;
	for (size_t p = 0; p < sizeof(plans) / sizeof(*plans); p++) {
		const struct plan *plan = &plans[p];
		bool ipv4 = plan->type == KNOT_RRTYPE_A;
		view.snapshot = build(add_plan, plan);
		for (unsigned turn = 0; turn < WHO * (plan->subnets + 1) * 2; turn++) {
			struct asker asker = { .who = turn % WHO,
				               .subnet = turn / WHO % (plan->subnets + 1),
				               .known = ipv4 ? 24 : 64 };
			if (!ipv4 && (asker.who == MAPPED || asker.who == MAPPED_IN)) {
				continue;
			}
			stub.ctx.signer = turn >= WHO * (plan->subnets + 1);
			struct process process;
			ask(&process, &asker,
			    &(struct question){ DEEP, plan->type, turn * 977, KNOTD_QUERY_PROTO_TCP,
			                        65535, true, true });
			assert_int_equal(process.state, KNOTD_IN_STATE_HIT);
			read_list(&process, plan->type);
			assert_int_equal(list.count, plan->subnets * plan->each);
			bool found = asker.who != NOBODY && asker.subnet < plan->subnets;
			assert_first(found ? asker.subnet : UINT16_MAX, found ? plan->each : 0);
			if (stub.ctx.signer) {
				assert_signable(&process);
			}
			/* Of one subnet alone, the answer is the same for all. */
			unsigned scope = asker.who == CLIENT      ? (ipv4 ? 24 : 64)
			                 : asker.who == MAPPED_IN ? 120
			                                          : 0;
			assert_int_equal(asker.client.scope_len, plan->subnets > 1 ? scope : 0);
			end(&process);
		}
		snapshot_unref(view.snapshot);
	}
	stub.ctx.signer = stub.ctx.subnet_first = stub.ctx.chooses = false;
}

/*! \brief Each address of the subnet is as often the first as the others, and so are the rest. */
static void test_turns(void **state)
{
	(void)state;
	static const struct plan plan = { KNOT_RRTYPE_A, 3, 7 }, large = { KNOT_RRTYPE_A, 3, 100 };
	stub.ctx.subnet_first = stub.ctx.chooses = true;
	for (int way = 0; way < 4; way++) {
		const struct plan *at = way < 2 ? &plan : &large;
		stub.ctx.signer = way % 2 > 0;
		view.snapshot = build(add_plan, at);
		unsigned firsts[100] = { 0 }, next[3][100] = { 0 };
		unsigned asked = 0;
		for (uint32_t id = 0; id < 65536; id += way < 2 ? 5 : 41) {
			struct asker asker = { .who = REMOTE, .subnet = 1 };
			struct process process;
			ask(&process, &asker,
			    &(struct question){ DEEP, KNOT_RRTYPE_A, id, KNOTD_QUERY_PROTO_TCP,
			                        65535, true, true });
			knot_pkt_t *read = read_reply(&process);
			const knot_pktsection_t *answer = knot_pkt_section(read, KNOT_ANSWER);
			const uint8_t *first = knot_pkt_rr(answer, 0)->rrs.rdata->data;
			const uint8_t *other = knot_pkt_rr(answer, at->each)->rrs.rdata->data;
			assert_int_equal(first[2], 1);
			assert_int_not_equal(other[2], 1);
			firsts[first[3]]++;
			next[other[2]][other[3]]++;
			asked++;
			knot_pkt_free(read);
			end(&process);
		}
		unsigned each = asked / at->each;
		for (unsigned i = 0; i < at->each; i++) {
			assert_in_range(firsts[i], each * 9 / 10, each * 11 / 10 + 1);
			assert_in_range(next[0][i], each * 4 / 10, each * 6 / 10 + 1);
			assert_in_range(next[2][i], each * 4 / 10, each * 6 / 10 + 1);
		}
		snapshot_unref(view.snapshot);
	}
	stub.ctx.signer = stub.ctx.subnet_first = stub.ctx.chooses = false;
}

/*! \brief Less than the subnet is known of a client: all that begins so is near, and more wanted.
 */
static void test_known_in_part(void **state)
{
	(void)state;
	static const struct plan plan = { KNOT_RRTYPE_A, 8, 2 };
	stub.ctx.subnet_first = stub.ctx.chooses = true;
	view.snapshot = build(add_plan, &plan);
	for (uint8_t known = 1; known <= 32; known++) {
		struct asker asker = { .who = CLIENT, .subnet = 5, .known = known };
		struct process process;
		ask(&process, &asker,
		    &(struct question){ DEEP, KNOT_RRTYPE_A, known * 999U, KNOTD_QUERY_PROTO_UDP,
		                        1232, true, false });
		read_list(&process, KNOT_RRTYPE_A);
		assert_int_equal(list.count, 16);
		/* 5 is 101: the last three of the 24 bits tell the subnets apart. */
		unsigned mask = known >= 24 ? 7 : known == 23 ? 6 : known == 22 ? 4 : 0;
		unsigned near = known >= 24 ? 2 : known == 23 ? 4 : known == 22 ? 8 : 16;
		for (unsigned i = 0; i < 16; i++) {
			assert_int_equal((list.addresses[i][2] & mask) == (5 & mask), i < near);
		}
		assert_int_equal(asker.client.scope_len, 24);
		end(&process);
	}
	/* A client of the other family has nothing near, whatever its bits are. */
	struct asker asker = { .who = CLIENT, .subnet = 5, .known = 64 };
	struct process process;
	begin_question(&process, &(struct question){ DEEP, KNOT_RRTYPE_A, 1, KNOTD_QUERY_PROTO_UDP,
	                                             1232, true, false });
	make_asker(&asker, KNOT_RRTYPE_AAAA);
	process.qdata.ecs = &asker.client;
	step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
	assert_int_equal(asker.client.scope_len, 0);
	end(&process);
	snapshot_unref(view.snapshot);
	stub.ctx.subnet_first = stub.ctx.chooses = false;
}

/*! \brief No more than so many, all of them in turn, no TC bit for those left out; the subnet's
 *         before others.
 */
static void test_limit(void **state)
{
	(void)state;
	static const struct plan plans[] = { { KNOT_RRTYPE_A, 1, 3 },
		                             { KNOT_RRTYPE_A, 4, 5 },
		                             { KNOT_RRTYPE_A, 5, 60 },
		                             { KNOT_RRTYPE_AAAA, 10, 30 } };
	static const uint32_t limits[] = { 1, 2, 3, 4, 7, 20, 64, 65, 299, 300, 301, 65535 };
	stub.ctx.chooses = true;
	for (size_t p = 0; p < sizeof(plans) / sizeof(*plans); p++) {
		const struct plan *plan = &plans[p];
		unsigned all = plan->subnets * plan->each;
		view.snapshot = build(add_plan, plan);
		for (unsigned i = 0; i < 8 * sizeof(limits) / sizeof(*limits); i++) {
			uint32_t limit = stub.ctx.limit = limits[i / 8];
			stub.ctx.subnet_first = i % 2 > 0;
			stub.ctx.signer = i / 2 % 2 > 0;
			bool udp = i / 4 % 2 > 0;
			struct asker asker = { .who = REMOTE, .subnet = i % plan->subnets };
			struct process process;
			ask(&process, &asker,
			    &(struct question){ DEEP, plan->type, i * 7919,
			                        udp ? KNOTD_QUERY_PROTO_UDP : KNOTD_QUERY_PROTO_TCP,
			                        65535, true, true });
			assert_int_equal(process.state, KNOTD_IN_STATE_HIT);
			assert_int_equal(knot_wire_get_tc(process.reply->wire), 0);
			read_list(&process, plan->type);
			assert_int_equal(list.count, MIN(limit, all));
			if (stub.ctx.subnet_first) {
				assert_first(asker.subnet, MIN(limit, plan->each));
			}
			if (stub.ctx.signer) {
				assert_signable(&process);
			}
			end(&process);
		}
		snapshot_unref(view.snapshot);
	}
	stub.ctx = (struct answer){ .view = &view, .stale_after = 60000 };
}

/*! \brief Every record is given as often as any other. */
static void test_limit_is_fair(void **state)
{
	(void)state;
	static const struct plan plan = { KNOT_RRTYPE_A, 2, 20 }, large = { KNOT_RRTYPE_A, 2, 100 };
	stub.ctx.chooses = true;
	stub.ctx.limit = 3;
	for (int way = 0; way < 4; way++) {
		const struct plan *at = way < 2 ? &plan : &large;
		stub.ctx.signer = way % 2 > 0;
		view.snapshot = build(add_plan, at);
		unsigned given[200] = { 0 }, asked = 0;
		for (uint32_t id = 0; id < 65536; id += 11) {
			struct asker asker = { .who = NOBODY };
			struct process process;
			ask(&process, &asker,
			    &(struct question){ DEEP, KNOT_RRTYPE_A, id, KNOTD_QUERY_PROTO_UDP,
			                        1232, true, true });
			read_list(&process, KNOT_RRTYPE_A);
			assert_int_equal(list.count, 3);
			for (unsigned i = 0; i < 3; i++) {
				const uint8_t *address = list.addresses[i];
				given[address[2] * at->each + address[3]]++;
			}
			asked++;
			end(&process);
		}
		unsigned mean = 3 * asked / (2 * at->each);
		for (unsigned i = 0; i < 2 * at->each; i++) {
			assert_in_range(given[i], mean * 8 / 10, mean * 12 / 10);
		}
		snapshot_unref(view.snapshot);
	}
	stub.ctx = (struct answer){ .view = &view, .stale_after = 60000 };
}

/*! \brief What of a choice does not fit is left out: with TC over UDP, nothing of it if signed. */
static void test_too_large(void **state)
{
	(void)state;
	static const struct plan plan = { KNOT_RRTYPE_A, 20, 200 };
	view.snapshot = build(add_plan, &plan);
	stub.ctx.chooses = stub.ctx.subnet_first = true;
	for (unsigned size = 600; size < 65536; size += 1999) {
		for (int way = 0; way < 4; way++) {
			bool udp = way % 2 > 0;
			stub.ctx.signer = way / 2 > 0;
			stub.ctx.limit = size % 3 == 0 ? 3000 : 0;
			struct asker asker = { .who = REMOTE, .subnet = size % 20 };
			struct process process;
			ask(&process, &asker,
			    &(struct question){ DEEP, KNOT_RRTYPE_A, size * 31,
			                        udp ? KNOTD_QUERY_PROTO_UDP : KNOTD_QUERY_PROTO_TCP,
			                        size, true, true });
			/* Head and question; a message over TCP keeps room, a signed one, too. */
			size_t kept = 30 + (udp ? 0 : 512) + (stub.ctx.signer ? 541 : 0);
			unsigned most = size < kept ? 0 : (size - kept) / 16;
			/* With owners written out a record is 14 octets and the owner's 14. */
			most = MIN(most, stub.ctx.signer ? 65535 / 28 : 4000);
			most = MIN(most, stub.ctx.limit > 0 ? 3000 : 4000);
			bool whole = most == (stub.ctx.limit > 0 ? 3000 : 4000);
			if (stub.ctx.signer && (udp ? !whole : most == 0)) {
				assert_int_equal(process.state,
				                 udp ? KNOTD_IN_STATE_TRUNC : KNOTD_IN_STATE_ERROR);
				assert_int_equal(process.reply->rrset_count, 0);
				end(&process);
				continue;
			}
			assert_int_equal(process.state,
			                 udp && !whole ? KNOTD_IN_STATE_TRUNC : KNOTD_IN_STATE_HIT);
			assert_int_equal(knot_wire_get_tc(process.reply->wire) != 0, udp && !whole);
			read_list(&process, KNOT_RRTYPE_A);
			assert_int_equal(list.count, most);
			assert_first(asker.subnet, MIN(most, 200));
			assert_int_equal(process.reply->reserved, 0);
			if (stub.ctx.signer) {
				assert_signable(&process);
			}
			end(&process);
		}
	}
	snapshot_unref(view.snapshot);
	stub.ctx = (struct answer){ .view = &view, .stale_after = 60000 };
}

#define TARGETS 300

static const knot_dname_t *target_name(unsigned number, knot_dname_storage_t out)
{
	out[0] = 4;
	out[1] = 't';
	for (unsigned i = 4; i >= 2; i--, number /= 10) {
		out[i] = '0' + number % 10;
	}
	memcpy(out + 5, ZONE, knot_dname_size(ZONE));
	return out;
}

/*! \brief Two services on each of many targets. */
static void add_services(struct snapshot_table *table, const void *arg)
{
	const unsigned *targets = arg;
	for (unsigned i = 0; i < *targets; i++) {
		knot_dname_storage_t target = { 0 };
		add_service(table, SERVICE, 2 * i, target_name(i, target));
		add_service(table, SERVICE, 2 * i + 1, target_name(i, target));
		add_address(table, target_name(i, target), i);
		add_address6(table, target_name(i, target), i);
	}
}

/*! \brief The addresses beside services are those of the targets that are given, each once. */
static void test_targets(void **state)
{
	(void)state;
	stub.ctx.chooses = true;
	for (unsigned targets = 2; targets <= TARGETS; targets += 149) {
		view.snapshot = build(add_services, &targets);
		for (unsigned i = 0; i < 200; i++) {
			stub.ctx.limit = i % 4 == 0 ? 200 : 1 + i % 9;
			struct process process;
			begin_question(&process, &(struct question){ SERVICE, KNOT_RRTYPE_SRV,
			                                             i * 331, KNOTD_QUERY_PROTO_TCP,
			                                             65535, true, false });
			step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
			step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
			step(&process, KNOTD_STAGE_ADDITIONAL, KNOT_ADDITIONAL);
			knot_pkt_t *read = read_reply(&process);
			const knot_pktsection_t *answer = knot_pkt_section(read, KNOT_ANSWER);
			const knot_pktsection_t *added = knot_pkt_section(read, KNOT_ADDITIONAL);
			assert_int_equal(answer->count, MIN(stub.ctx.limit, 2 * targets));
			bool given[TARGETS] = { false };
			unsigned count = 0;
			for (uint16_t k = 0; k < answer->count; k++) {
				const uint8_t *srv = knot_pkt_rr(answer, k)->rrs.rdata->data;
				unsigned number = (srv[4] << 8 | srv[5]) / 2;
				count += !given[number];
				given[number] = true;
			}
			for (uint16_t k = 0; k < added->count; k++) {
				const knot_rrset_t *rr = knot_pkt_rr(added, k);
				const uint8_t *end_of = rr->rrs.rdata->data + rr->rrs.rdata->len;
				unsigned number = end_of[-2] << 8 | end_of[-1];
				knot_dname_storage_t target = { 0 };
				assert_true(given[number]);
				assert_true(knot_dname_is_equal(rr->owner,
				                                target_name(number, target)));
			}
			assert_int_equal(added->count, 2 * count);
			knot_pkt_free(read);
			end(&process);
		}
		snapshot_unref(view.snapshot);
	}
	stub.ctx = (struct answer){ .view = &view, .stale_after = 60000 };
}

/*! \brief Services have a limit when signed, too, also where they do not fit. */
static void test_signed_services(void **state)
{
	(void)state;
	unsigned targets = TARGETS;
	view.snapshot = build(add_services, &targets);
	stub.ctx.chooses = stub.ctx.signer = stub.ctx.subnet_first = true;
	for (unsigned size = 1400; size < 40000; size += 701) {
		stub.ctx.limit = 1 + size % 97 * 5;
		struct process process;
		begin_question(&process,
		               &(struct question){ SERVICE, KNOT_RRTYPE_SRV, size * 77,
		                                   KNOTD_QUERY_PROTO_TCP, size, true, true });
		step(&process, KNOTD_STAGE_PREANSWER, KNOT_ANSWER);
		process.state = KNOTD_IN_STATE_MISS;
		step(&process, KNOTD_STAGE_ANSWER, KNOT_ANSWER);
		assert_int_equal(process.state, KNOTD_IN_STATE_HIT);
		knot_pkt_t *read = read_reply(&process);
		list.count = knot_pkt_section(read, KNOT_ANSWER)->count;
		knot_pkt_free(read);
		assert_signable(&process);
		/* An SRV record has 12 octets, 6 and its target's 12. */
		unsigned most = (size - (12 + 12 + 4) - 512 - 541) / 30;
		assert_true(list.count <= stub.ctx.limit);
		assert_int_equal(list.count, MIN(stub.ctx.limit, most));
		end(&process);
	}
	snapshot_unref(view.snapshot);
	stub.ctx = (struct answer){ .view = &view, .stale_after = 60000 };
}

int main(void)
{
	stub.ctx.view = &view;
	stub.ctx.stale_after = 60000;
	stub.zone = ZONE;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subnet_first),  cmocka_unit_test(test_turns),
		cmocka_unit_test(test_known_in_part), cmocka_unit_test(test_limit),
		cmocka_unit_test(test_limit_is_fair), cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_targets),       cmocka_unit_test(test_signed_services),
	};
	if (answer_hooks(NULL) != KNOT_EOK) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
