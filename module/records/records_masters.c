/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include <libknot/errcode.h>

#include "module/records/records_maker.h"

/*! \brief Puts an SRV record of a service under tcp and udp, such as `_leader`. */
static void put_both(struct maker *m, const char *service, uint16_t port, const struct name *target)
{
	static const char *const protocols[] = { "\004_tcp", "\004_udp" };

	for (size_t i = 0; i < 2; i++) {
		char labels[32];
		int len = snprintf(labels, sizeof(labels), "%s%s", service, protocols[i]);
		struct name owner;
		maker_zone_name(m, &owner, labels, len);
		maker_put_srv(m, &owner, port, target);
	}
}

/*! \brief Puts the records of the \a index-th known master. */
static void put_master(struct maker *m, uint32_t index, struct state_addresses addrs, uint16_t port)
{
	if (addrs.count == 0) {
		return;
	}

	char label[1 + sizeof("master4294967295")];
	int len = snprintf(label + 1, sizeof(label) - 1, "master%u", index);
	label[0] = (char)len;

	struct name all, own;
	maker_zone_name(m, &all, "\006master", 7);
	maker_zone_name(m, &own, label, 1 + len);
	maker_put_addresses(m, &all, addrs);
	maker_put_addresses(m, &own, addrs);
	put_both(m, "\007_master", port, &own);
}

static bool same_master(const struct records_master *master, struct state_addresses leader,
                        uint16_t port)
{
	for (uint32_t i = 0; i < master->addresses.count && master->port == port; i++) {
		for (uint32_t j = 0; j < leader.count; j++) {
			if (address_equal(&master->addresses.list[i], &leader.list[j])) {
				return true;
			}
		}
	}
	return false;
}

int records_of_masters(const struct records_rules *rules, const struct records_masters *masters,
                       struct records_output *output)
{
	struct maker m;
	maker_init(&m, rules, output);
	if (rules->reverse) {
		return KNOT_EOK;
	}

	struct state_addresses leader = masters->leader;
	if (leader.count > 0) {
		struct name name;
		maker_zone_name(&m, &name, "\006leader", 7);
		maker_put_addresses(&m, &name, leader);
		put_both(&m, "\007_leader", masters->leader_port, &name);
	}

	bool known = false;
	for (uint32_t i = 0; i < masters->count; i++) {
		const struct records_master *master = &masters->list[i];
		put_master(&m, i, master->addresses, master->port);
		known = known || same_master(master, leader, masters->leader_port);
	}
	if (!known) {
		put_master(&m, masters->count, leader, masters->leader_port);
	}
	return m.ret;
}
