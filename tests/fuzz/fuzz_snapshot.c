/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Any sequence of changes gives what building afresh gives.
 *
 *     fuzz_snapshot tests/fuzz/corpus/snapshot
 *
 * The first byte of the input says how many changes are gathered, and how it ends. Then each four
 * bytes are a step (see take_step()): a change, made a number of times over a range of data, or a
 * commit. A record that is not there is not taken away, but at the end, if the first byte says so:
 * that loses the table, and all is fed again.
 */
#include "tests/unit/snapshot/table_model.h"

/*! \brief Most records of all steps. */
#define RECORDS_MAX 6000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct snapshot_table *table;
	struct model model;
	struct snapshot *current;
	struct snapshot *held; /*!< By a reader, over one commit. */
	uint64_t digest;       /*!< Of \a held. */
	uint32_t records;      /*!< That were changed. */
};

/*! \brief Makes an owner of a number: names lie below each other. */
static size_t make_name(uint8_t number, uint8_t *out)
{
	uint8_t *end = out;
	for (uint8_t rest = number; rest > 0; rest >>= 2) {
		*end++ = 1;
		*end++ = 'a' + (rest & 3);
	}
	if (number == 0) {
		memcpy(end, "\003_no", 4);
		end += 4;
	}
	memcpy(end, MODEL_ZONE, 7);
	return end + 7 - out;
}

static uint16_t make_rdata(uint16_t type, uint16_t value, uint8_t *out)
{
	memset(out, 0, 16);
	switch (type) {
	case KNOT_RRTYPE_A:
	case KNOT_RRTYPE_AAAA:
		out[0] = value & 0xff;
		out[1] = value >> 8;
		return type == KNOT_RRTYPE_A ? 4 : 16;
	case KNOT_RRTYPE_SRV:
		out[4] = value >> 8;
		out[5] = value & 0xff;
		return 6 + make_name((uint8_t)(value >> 3), out + 6);
	default: return make_name((uint8_t)value, out);
	}
}

static void change(struct world *world, int diff, uint8_t number, uint16_t type, uint16_t value,
                   unsigned preference)
{
	knot_dname_storage_t owner = { 0 };
	uint8_t rdata[SNAPSHOT_RDATA_MAX];
	(void)make_name(number, owner);
	uint16_t len = make_rdata(type, value, rdata);
	if (world->records < RECORDS_MAX &&
	    model_change(&world->model, diff, owner, type, rdata, len, preference)) {
		world->records++;
		MODEL_CHECK(snapshot_table_change(world->table, diff, owner, type, rdata, len,
		                                  preference) == KNOT_EOK);
	}
}

static void commit(struct world *world)
{
	struct snapshot *next;
	MODEL_CHECK(snapshot_table_commit(world->table, &next) == KNOT_EOK);
	if (next != NULL) {
		snapshot_table_retire(world->table, world->current);
		world->current = next;
	}
	model_check(&world->model, world->table, world->current);
	if (world->held != NULL) {
		MODEL_CHECK(model_digest(world->held) == world->digest);
	}
	snapshot_unref(world->held);
	world->held = snapshot_ref(world->current);
	world->digest = model_digest(world->held);
}

/*! \brief Bits of the first byte: 1 and 2: type; 4: class; 8: less; 16: many; 32: commit. */
static void take_step(struct world *world, const uint8_t step[4])
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_SRV,
		                          KNOT_RRTYPE_PTR };
	uint32_t count = step[0] & 16 ? 1 + step[2] : 1;
	for (uint32_t i = 0; i < count; i++) {
		change(world, step[0] & 8 ? -1 : 1, step[1], types[step[0] & 3],
		       step[0] & 16 ? step[3] * 16 + i : step[2] | step[3] << 8,
		       (step[0] & 4) != 0);
	}
	if (step[0] & 32) {
		commit(world);
	}
}

/*! \brief Loses the table, and feeds it all again. */
static void lose(struct world *world)
{
	struct snapshot *none;
	static const knot_dname_t *const owner = (const knot_dname_t *)"\004none\005mesos";
	int ret = snapshot_table_change(world->table, -1, owner, KNOT_RRTYPE_A,
	                                (const uint8_t *)"none", 4, 0);
	MODEL_CHECK(ret == KNOT_EOK || ret == KNOT_ENOENT);
	MODEL_CHECK(snapshot_table_commit(world->table, &none) == KNOT_ENOENT);
	MODEL_CHECK(snapshot_table_reset(world->table) == KNOT_EOK);
	for (size_t i = 0; i < world->model.count; i++) {
		const struct model_record *record = world->model.list[i];
		for (uint32_t j = 0; j < record->counts[0] + record->counts[1]; j++) {
			MODEL_CHECK(snapshot_table_change(
			                    world->table, 1, record->bytes, record->type,
			                    record->bytes + record->owner_len, record->len,
			                    j >= record->counts[0]) == KNOT_EOK);
		}
	}
	commit(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) {
		return 0;
	}
	struct world world = { .table = snapshot_table_new(MODEL_ZONE, 30) };
	MODEL_CHECK(world.table != NULL);
	if (data[0] & 1) {
		snapshot_table_set_gather(world.table, data[0]);
	}
	for (size_t i = 1; i + 4 <= size; i += 4) {
		take_step(&world, data + i);
	}
	commit(&world);
	if (data[0] & 2) {
		lose(&world);
	}
	snapshot_unref(world.current);
	snapshot_table_free(world.table);
	MODEL_CHECK(model_digest(world.held) == world.digest);
	snapshot_unref(world.held);
	model_free(&world.model);
	return 0;
}
