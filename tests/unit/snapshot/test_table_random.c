/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Random histories: after each commit a table shows what a model made the slow way does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/snapshot/table_model.h"

/*! \brief What kind of history it is. */
struct history {
	uint32_t commits;
	uint32_t changes;  /*!< Most of a commit. */
	uint32_t owners;   /*!< Different owners. */
	uint32_t data;     /*!< Different data of one owner and type. */
	uint32_t depth;    /*!< Most labels of an owner. */
	uint32_t repeat;   /*!< Of 256: so often a record that is there comes again. */
	uint32_t unwell;   /*!< Of 256: so often one is of class 1. */
	uint32_t only_srv; /*!< One type alone. */
	uint32_t check;    /*!< Each so manieth commit is compared in full. */
	size_t gather;     /*!< Bytes that are gathered. */
};

/*! \brief Snapshots that a reader holds for some time. */
#define HELD 8

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014). */
	uint64_t z = (seed += 0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % below;
}

struct world {
	const struct history *history;
	struct snapshot_table *table;
	struct model model;
	struct snapshot *current;
	struct snapshot *held[HELD];
	uint64_t digests[HELD];
};

/*! \brief An owner of some labels; those of the same number are the same. */
static size_t make_owner(const struct history *history, uint8_t *out)
{
	uint32_t number = draw(history->owners), labels = 1 + number % history->depth;
	uint8_t *end = out;
	for (uint32_t i = 0; i < labels; i++) {
		/* Labels of the right half are few: names lie below each other. */
		uint32_t value = i == 0 ? number : number % (3 + 5 * (labels - i));
		int len = sprintf((char *)end + 1, i == 0 ? "t%u" : "n%u", value);
		*end = (uint8_t)len;
		end += 1 + len;
	}
	memcpy(end, MODEL_ZONE, 7);
	return end + 7 - out;
}

static uint16_t make_rdata(const struct history *history, uint16_t *type, uint8_t *out)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_SRV,
		                          KNOT_RRTYPE_PTR };
	uint32_t value = draw(history->data);
	*type = history->only_srv > 0 ? KNOT_RRTYPE_SRV : types[draw(4)];
	memset(out, 0, 16);
	switch (*type) {
	case KNOT_RRTYPE_A: memcpy(out, &value, sizeof(value)); return 4;
	case KNOT_RRTYPE_AAAA: memcpy(out + 8, &value, sizeof(value)); return 16;
	case KNOT_RRTYPE_SRV:
		out[4] = value >> 8;
		out[5] = value;
		return 6 + make_owner(history, out + 6);
	default: return make_owner(history, out);
	}
}

/*! \brief Makes one change; \a adding of 256 of them add. */
static void change(struct world *world, uint32_t adding)
{
	const struct history *history = world->history;
	knot_dname_storage_t owner = { 0 };
	uint8_t rdata[SNAPSHOT_RDATA_MAX];
	uint16_t type, len;
	unsigned preference = draw(256) < history->unwell;
	int diff = draw(256) < adding ? 1 : -1;
	bool again = diff < 0 || draw(256) < history->repeat;
	if (again && world->model.count > 0) {
		const struct model_record *record = world->model.list[draw(world->model.count)];
		memcpy(owner, record->bytes, record->owner_len);
		memcpy(rdata, record->bytes + record->owner_len, record->len);
		type = record->type;
		len = record->len;
		if (diff < 0) {
			preference = record->counts[0] == 0 ||
			             (record->counts[1] > 0 && draw(2) == 0);
		}
	} else {
		(void)make_owner(history, owner);
		len = make_rdata(history, &type, rdata);
		diff = 1;
	}
	assert_true(model_change(&world->model, diff, owner, type, rdata, len, preference));
	assert_int_equal(
	        snapshot_table_change(world->table, diff, owner, type, rdata, len, preference),
	        KNOT_EOK);
}

/*! \brief Lets a reader hold the current snapshot in place of another one. */
static void hold(struct world *world)
{
	uint32_t i = draw(HELD);
	if (world->held[i] != NULL) {
		assert_int_equal(model_digest(world->held[i]), world->digests[i]);
		snapshot_unref(world->held[i]);
	}
	world->held[i] = snapshot_ref(world->current);
	world->digests[i] = model_digest(world->current);
}

static void commit(struct world *world, bool check)
{
	struct snapshot *next;
	assert_int_equal(snapshot_table_commit(world->table, &next), KNOT_EOK);
	if (next != NULL) {
		struct snapshot *before = world->current;
		world->current = next;
		snapshot_table_retire(world->table, before);
	}
	if (check) {
		model_check(&world->model, world->table, world->current);
	}
}

/*! \brief All that goes away leaves nothing behind. */
static void empty(struct world *world)
{
	while (world->model.count > 0) {
		change(world, 0);
	}
	commit(world, true);
	assert_int_equal(snapshot_table_octets(world->table), 0);
	assert_int_equal(snapshot_table_cost(world->table).hidden, 0);
	assert_int_equal(snapshot_table_cost(world->table).shards, 1);

	/* The next one has no more room than it needs. */
	change(world, 256);
	commit(world, true);
	assert_in_range(snapshot_stats(world->current).bytes, 1, 1000);
	change(world, 0);
	commit(world, true);
}

static void run(const struct history *history)
{
	struct world world = { .history = history };
	world.table = snapshot_table_new(MODEL_ZONE, 30);
	assert_non_null(world.table);
	if (history->gather > 0) {
		snapshot_table_set_gather(world.table, history->gather);
	}
	uint32_t adding = 200;
	for (uint32_t i = 0; i < history->commits; i++) {
		if (i % (history->commits / 8 + 1) == 0) {
			/* It grows, shrinks, and stays about as it is, by turns. */
			static const uint8_t turns[] = { 230, 128, 60, 200, 90 };
			adding = turns[draw(sizeof(turns))];
		}
		uint32_t changes = draw(4) == 0 ? 1 + draw(history->changes) : 1 + draw(4);
		for (uint32_t j = 0; j < changes; j++) {
			change(&world, adding);
		}
		commit(&world, i % history->check == 0);
		if (draw(4) == 0) {
			hold(&world);
		}
	}
	empty(&world);
	for (uint32_t i = 0; i < HELD; i++) {
		/* Half of them outlive the table. */
		if (i == HELD / 2) {
			snapshot_unref(world.current);
			snapshot_table_free(world.table);
		}
		if (world.held[i] != NULL) {
			assert_int_equal(model_digest(world.held[i]), world.digests[i]);
			snapshot_unref(world.held[i]);
		}
	}
	model_free(&world.model);
}

/*! \brief Few names and records: all rules meet each other. */
static void test_small(void **state)
{
	(void)state;
	for (seed = 1; seed < 40;) {
		uint64_t first = seed;
		run(&(struct history){ .commits = 300,
		                       .changes = 20,
		                       .owners = 12,
		                       .data = 3,
		                       .depth = 5,
		                       .repeat = 100,
		                       .unwell = 100,
		                       .check = 1 });
		seed = first + 1;
	}
}

/*! \brief Many names: shards split and merge. */
static void test_names(void **state)
{
	(void)state;
	seed = 2;
	run(&(struct history){ .commits = 1200,
	                       .changes = 1500,
	                       .owners = 6000,
	                       .data = 2,
	                       .depth = 6,
	                       .repeat = 60,
	                       .unwell = 40,
	                       .check = 7 });
}

/*! \brief One round in many: nobody sees what is between. */
static void test_rounds(void **state)
{
	(void)state;
	seed = 3;
	run(&(struct history){ .commits = 300,
	                       .changes = 1500,
	                       .owners = 3000,
	                       .data = 3,
	                       .depth = 6,
	                       .repeat = 60,
	                       .unwell = 60,
	                       .check = 3,
	                       .gather = 2000 });
}

/*! \brief Sets about as large as one piece or two. */
static void test_pieces(void **state)
{
	(void)state;
	seed = 4;
	run(&(struct history){ .commits = 2000,
	                       .changes = 60,
	                       .owners = 4,
	                       .data = 70,
	                       .depth = 3,
	                       .repeat = 40,
	                       .unwell = 30,
	                       .check = 1 });
}

/*! \brief Sets of thousands of records. */
static void test_large_sets(void **state)
{
	(void)state;
	seed = 5;
	run(&(struct history){ .commits = 300,
	                       .changes = 1000,
	                       .owners = 2,
	                       .data = 20000,
	                       .depth = 2,
	                       .repeat = 40,
	                       .unwell = 0,
	                       .only_srv = 1,
	                       .check = 5 });
	run(&(struct history){ .commits = 200,
	                       .changes = 1000,
	                       .owners = 3,
	                       .data = 20000,
	                       .depth = 2,
	                       .repeat = 80,
	                       .unwell = 254,
	                       .check = 5 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),      cmocka_unit_test(test_names),
		cmocka_unit_test(test_rounds),     cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_large_sets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
