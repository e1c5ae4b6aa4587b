/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/libknot.h>

#include "module/base/siphash.h"
#include "module/base/util.h"
#include "module/records/records_maker.h"

void maker_init(struct maker *m, const struct records_rules *rules, struct records_output *output)
{
	*output = (struct records_output){
		.put = output->put,
		.sink = output->sink,
		.choose = output->choose,
		.names_only = output->names_only,
	};
	*m = (struct maker){
		.rules = rules,
		.output = output,
		.zone_len = knot_dname_size(rules->zone),
		.weight = rules->srv_weight,
	};
}

/*! \brief Tells texts apart. The sum of such numbers tells sets of them apart. */
static uint64_t digest(struct text text)
{
	static const uint64_t key[2] = { 0 };
	return siphash13(key, text.data, text.len);
}

void maker_skip(struct maker *m, struct text name)
{
	struct records_loss *loss = &m->output->loss;
	loss->skipped++;
	loss->digest += digest(name);
	loss->example = name;
}

void maker_cut(struct maker *m, const struct task_object *task, uint64_t records)
{
	if (records > 0) {
		struct records_loss *loss = &m->output->loss;
		loss->cut += records;
		loss->cut_tasks++;
		loss->cut_digest += digest(object_text(task, task->object.id));
		loss->cut_example = task_title(task);
	}
}

uint64_t maker_task_max(const struct maker *m)
{
	uint32_t max = m->rules->task_max;
	return max > 0 ? MIN(max, RECORDS_TASK_MAX) : RECORDS_TASK_MAX;
}

bool maker_label(const struct maker *m, struct text text, uint8_t out[static 1 + LABEL_MAX])
{
	out[0] = label_make(m->rules->labels, text, out + 1);
	return out[0] > 0;
}

void maker_zone_name(const struct maker *m, struct name *name, const void *labels, size_t len)
{
	name_start(name);
	name_labels(name, labels, len);
	name_end(name, m->rules->zone, m->zone_len);
}

void maker_put(struct maker *m, const struct name *owner, uint16_t type, const uint8_t *rdata,
               uint16_t len)
{
	struct records_output *output = m->output;
	if (m->ret != KNOT_EOK || !name_valid(owner)) {
		return;
	}
	if (output->put != NULL) {
		m->ret = output->put(output->sink, owner->wire, type, rdata, len, m->preference);
	}
	if (m->ret == KNOT_EOK) {
		uint32_t octets = (uint32_t)owner->len + len;
		output->records++;
		output->octets += octets;
		output->widest = MAX(output->widest, octets);
	}
}

void maker_put_address(struct maker *m, const struct name *owner, const struct address *addr)
{
	uint16_t type = addr->len == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA;
	maker_put(m, owner, type, addr->bytes, addr->len);
}

void maker_put_addresses(struct maker *m, const struct name *owner, struct state_addresses addrs)
{
	for (uint32_t i = 0; i < addrs.count && m->ret == KNOT_EOK; i++) {
		maker_put_address(m, owner, &addrs.list[i]);
	}
}

static void write_number(uint8_t *out, uint16_t number)
{
	out[0] = number >> 8;
	out[1] = number & 0xff;
}

void maker_put_srv(struct maker *m, const struct name *owner, uint16_t port,
                   const struct name *target)
{
	if (name_valid(target)) {
		uint8_t rdata[6 + LABEL_NAME_MAX];
		write_number(rdata, m->priority);
		write_number(rdata + 2, m->weight);
		write_number(rdata + 4, port);
		memcpy(rdata + 6, target->wire, target->len);
		maker_put(m, owner, KNOT_RRTYPE_SRV, rdata, 6 + target->len);
	}
}
