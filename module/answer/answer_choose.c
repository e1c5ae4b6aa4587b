/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <string.h>

#include "module/answer/answer_private.h"
#include "module/base/util.h"

/*! \brief Bits of an address that tell its subnet. */
#define SUBNET_BITS4 24
#define SUBNET_BITS6 64

/*! \brief Bits of an IPv6 address before the IPv4 address that it maps (RFC 4291, 2.5.5.2). */
#define MAPPED_BITS 96

/*! \brief Families of addresses in the option (RFC 7871, section 6). */
enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 };

/*! \brief A subnet of the addresses of a set's type. */
struct subnet {
	const uint8_t *address; /*!< In it. */
	unsigned bits;          /*!< Those of them that are known. */
	unsigned whole;         /*!< Those that tell a subnet. */
	unsigned before;        /*!< Bits before them in the option. */
};

/*!
 * \brief Takes an address as the asker's, if it can be in one subnet with those of a set.
 *
 * \param known  So many of its bits are known.
 */
static bool take_address(const uint8_t *address, bool is_ipv6, unsigned known, uint16_t type,
                         struct subnet *subnet)
{
	static const uint8_t mapped[MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

	unsigned before = 0;
	if (is_ipv6 && known > MAPPED_BITS && memcmp(address, mapped, sizeof(mapped)) == 0) {
		before = MAPPED_BITS;
		is_ipv6 = false;
	}
	if (is_ipv6 != (type == KNOT_RRTYPE_AAAA)) {
		return false;
	}
	unsigned whole = is_ipv6 ? SUBNET_BITS6 : SUBNET_BITS4;
	*subnet = (struct subnet){
		.address = address + before / 8,
		.bits = MIN(known - before, whole),
		.whole = whole,
		.before = before,
	};
	return true;
}

/*! \brief Takes the address that a query came from. */
static bool take_remote(knotd_qdata_t *qdata, uint16_t type, struct subnet *subnet)
{
	const struct sockaddr_storage *remote = knotd_qdata_remote_addr(qdata);
	if (remote != NULL && remote->ss_family == AF_INET) {
		const struct sockaddr_in *ipv4 = (const void *)remote;
		return take_address((const uint8_t *)&ipv4->sin_addr, false,
		                    8 * sizeof(ipv4->sin_addr), type, subnet);
	}
	if (remote != NULL && remote->ss_family == AF_INET6) {
		const struct sockaddr_in6 *ipv6 = (const void *)remote;
		return take_address((const uint8_t *)&ipv6->sin6_addr, true,
		                    8 * sizeof(ipv6->sin6_addr), type, subnet);
	}
	return false;
}

/*! \brief True if all addresses of a set are in one subnet: then nobody's is another's. */
static bool is_one_subnet(const struct snapshot *snapshot, const struct snapshot_set *set,
                          unsigned bits)
{
	knot_rrset_t first;
	snapshot_rrset(snapshot, set, NULL, 0, 1, &first);
	return snapshot_subnet(set, first.rrs.rdata->data, bits).count == set->count;
}

/*!
 * \brief Finds the addresses of the asker's subnet; none of a set of others.
 *
 * A client's subnet that is not told (RFC 7871, section 7.1.2) is as good as no option. One that is
 * told in part stands for all that begin so, and the reply says that more would be of use.
 */
static struct snapshot_run find_near(knotd_qdata_t *qdata, const struct snapshot *snapshot,
                                     const struct snapshot_set *set)
{
	static const struct snapshot_run none = { 0, 0 };

	if (set->type != KNOT_RRTYPE_A && set->type != KNOT_RRTYPE_AAAA) {
		return none;
	}
	struct subnet subnet;
	knot_edns_client_subnet_t *client = qdata->ecs;
	if (client == NULL || client->source_len == 0) {
		return take_remote(qdata, set->type, &subnet)
		               ? snapshot_subnet(set, subnet.address, subnet.bits)
		               : none;
	}
	if (!take_address(client->address, client->family == FAMILY_IPV6, client->source_len,
	                  set->type, &subnet)) {
		return none;
	}
	if (!is_one_subnet(snapshot, set, subnet.whole)) {
		client->scope_len = subnet.before + subnet.whole;
	}
	return snapshot_subnet(set, subnet.address, subnet.bits);
}

/*! \brief Where to begin among so many records. */
static uint32_t find_turn(uint16_t id, uint32_t count)
{
	/* The ID alone would never come to those beyond the first 65536. */
	return count <= SNAPSHOT_CHUNK ? id % count : (uint64_t)id * count >> 16;
}

/*! \brief Adds records from a set's \a first on, which may be beyond its end, round to it again. */
static void add_records(struct answer_choice *choice, const struct snapshot_set *set,
                        uint32_t first, uint32_t count)
{
	first %= set->count;
	while (count > 0) {
		uint32_t here = MIN(count, set->count - first);
		choice->runs[choice->runs_count++] = (struct snapshot_run){ first, here };
		choice->count += here;
		count -= here;
		first = 0;
	}
}

/*! \brief Adds some of \a count records from a set's \a first on, the query's turn first. */
static void add_turned(struct answer_choice *choice, const struct snapshot_set *set, uint16_t id,
                       uint32_t first, uint32_t count, uint32_t most)
{
	if (most > 0) {
		uint32_t turn = find_turn(id, count), before = MIN(most, count - turn);
		add_records(choice, set, first + turn, before);
		add_records(choice, set, first, most - before);
	}
}

void answer_choose(const struct answer *ctx, knotd_qdata_t *qdata, const struct snapshot *snapshot,
                   const struct snapshot_set *set, uint32_t limit, struct answer_choice *choice)
{
	uint16_t id = answer_turn(qdata);
	struct snapshot_run near = { 0, 0 };
	if (ctx->subnet_first) {
		near = find_near(qdata, snapshot, set);
	}
	choice->runs_count = 0;
	choice->count = 0;
	choice->has_subnet = near.count > 0 && near.count < set->count;
	uint32_t most = MIN(limit, set->count), from_near = MIN(near.count, most);
	add_turned(choice, set, id, near.first, near.count, from_near);
	add_turned(choice, set, id, near.first + near.count, set->count - near.count,
	           most - from_near);
}

size_t answer_choice_size(const struct snapshot *snapshot, const struct snapshot_set *set,
                          const struct answer_choice *choice)
{
	if (choice->count == set->count) {
		return set->size;
	}
	size_t size = 0;
	for (unsigned i = 0; i < choice->runs_count; i++) {
		struct answer_walk walk = { .snapshot = snapshot,
			                    .set = set,
			                    .next = choice->runs[i].first };
		for (uint32_t left = choice->runs[i].count; left > 0; left--) {
			size += answer_walk_size(&walk);
		}
	}
	return size;
}

/*! \brief Puts what is chosen, in its order, until no more fits. */
static int put_choice(knot_pkt_t *pkt, const struct snapshot *snapshot,
                      const struct snapshot_set *set, const knot_dname_t *owner, uint16_t hint,
                      const struct answer_choice *choice, uint32_t *left)
{
	int ret = KNOT_EOK;
	uint32_t over = 0;
	*left = choice->count;
	for (unsigned i = 0; i < choice->runs_count && ret == KNOT_EOK && over == 0; i++) {
		const struct snapshot_run *run = &choice->runs[i];
		ret = answer_put_pieces(pkt, snapshot, set, owner, hint, run->first, run->count,
		                        &over);
		*left -= run->count - over;
	}
	return ret;
}

knotd_in_state_t answer_put_chosen(knot_pkt_t *pkt, knotd_qdata_t *qdata, const struct answer *ctx,
                                   const struct snapshot *snapshot, const struct snapshot_set *set,
                                   const knot_dname_t *owner, uint16_t hint,
                                   struct answer_choice *choice, size_t size, size_t space)
{
	bool udp = qdata->params->proto == KNOTD_QUERY_PROTO_UDP;
	uint32_t left = 0;
	int ret;
	if (!answer_is_signed(ctx, qdata)) {
		ret = put_choice(pkt, snapshot, set, owner, hint, choice, &left);
	} else if (answer_can_be_signed(owner, size, choice->count, space)) {
		ret = answer_put_as_one(pkt, snapshot, set, owner, hint, choice);
	} else if (udp) {
		left = choice->count;
		ret = KNOT_EOK;
		answer_take_back(pkt, 0);
	} else if (set->type == KNOT_RRTYPE_SRV) {
		ret = answer_put_signed_part(pkt, snapshot, set, owner, hint, answer_turn(qdata),
		                             space, choice->count);
	} else {
		uint32_t most = answer_most_signed(owner, size / choice->count, space);
		ret = KNOT_ESPACE;
		if (most > 0) {
			answer_choose(ctx, qdata, snapshot, set, most, choice);
			ret = answer_put_as_one(pkt, snapshot, set, owner, hint, choice);
		}
	}
	return answer_has_put(pkt, ret, left > 0 && udp);
}
