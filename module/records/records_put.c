/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/libknot.h>

#include "module/base/siphash.h"
#include "module/records/records_maker.h"

void maker_skip(struct maker *m, struct text name)
{
	static const uint64_t key[2] = { 0 };

	m->output->skipped++;
	m->output->digest += siphash13(key, name.data, name.len);
	m->output->example = name;
}

static void put(struct maker *m, const struct name *owner, uint16_t type, const uint8_t *rdata,
                uint16_t len, unsigned new_labels)
{
	if (maker_ended(m) || !maker_spend(m, owner->len, len, new_labels)) {
		return;
	}
	m->ret = m->output->put(m->output->sink, owner->wire, type, rdata, len);
	if (m->ret == KNOT_ESPACE && m->is_cut) {
		/* Rather this record than everybody's. */
		m->ret = KNOT_EOK;
		m->dropped++;
	}
}

void maker_put_address(struct maker *m, const struct name *owner, const struct address *addr,
                       unsigned new_labels)
{
	if (name_valid(owner)) {
		uint16_t type = addr->len == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA;
		put(m, owner, type, addr->bytes, addr->len, new_labels);
	}
}

void maker_put_srv(struct maker *m, const struct name *owner, uint16_t port,
                   const struct name *target, unsigned new_labels)
{
	if (name_valid(owner) && name_valid(target)) {
		uint8_t rdata[6 + LABEL_NAME_MAX] = { 0, 0, 0, 1, port >> 8, port & 0xff };
		memcpy(rdata + 6, target->wire, target->len);
		put(m, owner, KNOT_RRTYPE_SRV, rdata, 6 + target->len, new_labels);
	}
}
