/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Random histories of a cluster, with all options that choose names and with some of them.
 *
 * After each step the snapshot is what one is that begins anew, and after each state what one is
 * that knows nothing else. What a task says of its health takes no record away and makes none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/cluster/follower.h"
#include "tests/unit/inventory/history_feed.h"
#include "tests/unit/records/record_text.h"

static struct text text_of(const char *text)
{
	return (struct text){ text, (uint32_t)strlen(text) };
}

/*! \brief What options point to. */
static struct format formats[5];
static struct text networks[2];

/*! \brief Options, each a bit of a set of them. */
enum option {
	HEALTH,
	REQUIRE, /*!< Another value of it. */
	FORMATS,
	NETWORKS,
	VISIBILITY,
	PREFIX,
	AGENTS_NAMES,
	PORT_INDEX,
	WEIGHT,
	OPTIONS, /*!< How many there are. */
};

/*! \brief Rules with a set of options. */
static struct records_rules rules_with(unsigned set, bool reverse)
{
	struct records_rules rules = make_rules(reverse);
	rules.health = !(set >> HEALTH & 1) ? HEALTH_IGNORE
	               : set >> REQUIRE & 1 ? HEALTH_REQUIRE
	                                    : HEALTH_AVOID;
	if (reverse) {
		/* Of the addresses that tasks have. */
		rules.zone = (const knot_dname_t *)"\00210\007in-addr\004arpa";
	}
	rules.formats = formats;
	rules.formats_count = set >> FORMATS & 1 ? 5 : 0;
	rules.networks = networks;
	rules.networks_count = set >> NETWORKS & 1 ? 2 : 0;
	if (set >> VISIBILITY & 1) {
		rules.visibility = 1 << VISIBILITY_CLUSTER | 1 << VISIBILITY_FRAMEWORK;
	}
	if (set >> PREFIX & 1) {
		rules.label_hide = text_of("dns-hide");
		rules.label_weight = text_of("dns-weight");
		rules.label_priority = text_of("dns-priority");
	}
	rules.agent_names = set >> AGENTS_NAMES & 1;
	rules.port_index = set >> PORT_INDEX & 1;
	rules.srv_weight = set >> WEIGHT & 1 ? 5 : 1;
	return rules;
}

/*! \brief All that any of the options wants is read; returns what it is. */
static struct wants *read_all(void)
{
	static const char *const texts[] = { "{label:dns-name}", "{task}.{environment}",
		                             "{version}-x.{framework}",
		                             "{role}.{attribute:rack}.{agent-host}",
		                             "all.{agent}" };
	struct wants *wants = wants_new();
	assert_non_null(wants);
	for (unsigned i = 0; i < 5; i++) {
		assert_null(format_parse(texts[i], LABEL_RFC1123, &formats[i]));
		assert_int_equal(format_want(&formats[i], wants), KNOT_EOK);
	}
	networks[0] = text_of("overlay");
	networks[1] = text_of("bridge");
	wants->bits |= WANTS_HEALTH | WANTS_VISIBILITY;
	const char *const labels[] = { "dns-hide", "dns-weight", "dns-priority" };
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(wants_add(wants, WANTS_LABELS, text_of(labels[i])), KNOT_EOK);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(wants_add(wants, WANTS_NETWORKS, networks[i]), KNOT_EOK);
	}
	other_wants = wants;
	return wants;
}

/*! \brief Commits; there is a new snapshot if and only if there is something new to see. */
static void step(struct follower *f)
{
	uint64_t before = f->snapshot != NULL ? digest(f->snapshot) : 0;
	bool is_first = f->snapshot == NULL;
	bool is_new = follow(f);
	assert_int_equal(is_new, is_first || digest(f->snapshot) != before);
	assert_as_anew(f);
}

/*! \brief Asserts that all is as of a state of this moment, taken by who knows nothing else. */
static void check_afresh(const struct follower *f, const struct cluster_model *m)
{
	struct follower fresh;
	start_with(&fresh, &f->projection.rules, f->projection.octets_max);
	load_now(m, fresh.inventory);
	assert_int_equal(commit_as(&fresh, TTL), KNOT_EOK);
	assert_true(digest(fresh.snapshot) == digest(f->snapshot));
	end(&fresh);
}

/*! \brief Gathers the records of all that an inventory has. */
struct gathering {
	const struct records_rules *rules;
	struct lines lines;
};

static void gather(void *ctx, const struct inventory_change *change)
{
	struct gathering *g = ctx;
	struct records_output output = { .put = lines_put, .sink = &g->lines };
	assert_int_equal(records_of(g->rules, change->kind, &change->after, &output), KNOT_EOK);
}

/*! \brief Takes the brackets of class 1 from a line; tells if there were any. */
static bool take_class(char *line)
{
	size_t len = strlen(line);
	if (line[0] != '(') {
		return false;
	}
	memmove(line, line + 1, len - 2);
	line[len - 2] = '\0';
	return true;
}

/*! \brief All records, without their classes, sorted; returns how many are of class 1. */
static size_t records_now(const struct follower *f, struct lines *lines)
{
	struct gathering g = { .rules = &f->projection.rules };
	size_t unwell = 0;
	inventory_walk(f->inventory, gather, &g);
	for (size_t i = 0; i < g.lines.count; i++) {
		unwell += take_class(g.lines.list[i]);
	}
	lines_sort(&g.lines);
	*lines = g.lines;
	return unwell;
}

/*! \brief What came of all flips. */
struct flips {
	unsigned all;
	unsigned classes;  /*!< Changed the class of records. */
	unsigned unseen;   /*!< Of these, changed nothing that queries see. */
	size_t most_moved; /*!< Most records whose class one has changed. */
};

/*! \brief A task falls ill or recovers: its records stay, whatever their class becomes. */
static void flip(struct follower *f, struct cluster_model *m, struct flips *flips)
{
	unsigned turn = pick(m, FRAMEWORKS * TASKS), tried = 0;
	while (tried < FRAMEWORKS * TASKS && !flip_health(m, turn / TASKS, turn % TASKS)) {
		turn = (turn + 1) % (FRAMEWORKS * TASKS);
		tried++;
	}
	if (tried == FRAMEWORKS * TASKS) {
		return;
	}
	struct lines before, after;
	size_t unwell = records_now(f, &before);
	size_t octets = snapshot_table_octets(f->projection.table);
	unsigned publications = f->publications;
	size_t made = snapshot_table_cost(f->projection.table).allocations;
	read_events(m, f->inventory, QUEUE);
	step(f);
	size_t now = records_now(f, &after);

	assert_int_equal(before.count, after.count);
	for (size_t i = 0; i < before.count; i++) {
		assert_string_equal(before.list[i], after.list[i]);
	}
	assert_int_equal(snapshot_table_octets(f->projection.table), octets);
	size_t moved = now > unwell ? now - unwell : unwell - now;
	/* A head, and for each record that moves an entry in the books, the shard and its name. */
	assert_in_range(snapshot_table_cost(f->projection.table).allocations - made, 0,
	                1 + 3 * moved);
	flips->all++;
	flips->classes += moved > 0;
	flips->unseen += moved > 0 && f->publications == publications;
	flips->most_moved = moved > flips->most_moved ? moved : flips->most_moved;
	lines_free(&before);
	lines_free(&after);
}

static void run(unsigned seed, unsigned set, bool reverse, uint64_t octets_max, struct flips *flips)
{
	struct cluster_model m = { .random = seed };
	struct follower f;
	struct records_rules rules = rules_with(set, reverse);
	start_with(&f, &rules, octets_max);
	for (unsigned i = 0; i < 250; i++) {
		switch (pick(&m, 12)) {
		case 0:
			read_events(&m, f.inventory, QUEUE);
			happen_silently(&m);
			load_now(&m, f.inventory);
			step(&f);
			check_afresh(&f, &m);
			break;
		case 1:
		case 2:
			read_events(&m, f.inventory, QUEUE);
			step(&f);
			if (octets_max == RECORDS_OCTETS_MAX) {
				flip(&f, &m, flips);
			}
			break;
		default:
			happen(&m);
			read_events(&m, f.inventory, pick(&m, 3));
			break;
		}
		if (m.queued > QUEUE / 2) {
			read_events(&m, f.inventory, QUEUE);
		}
		step(&f);
	}
	read_events(&m, f.inventory, QUEUE);
	load_now(&m, f.inventory);
	step(&f);
	check_afresh(&f, &m);
	end(&f);
}

#define ALL ((1U << OPTIONS) - 1)

/*! \brief All of them, forward and reverse, with room for all records and for some. */
static void test_all_options(void **unused)
{
	(void)unused;
	struct flips flips = { 0 };
	for (unsigned seed = 1; seed <= 24; seed++) {
		unsigned set = seed % 2 == 0 ? ALL : ALL & ~(1U << REQUIRE);
		run(seed, set, false, RECORDS_OCTETS_MAX, &flips);
		run(seed, set, false, 5000, &flips);
	}

	assert_in_range(flips.all, 200, 10000);
	assert_in_range(flips.classes, 100, flips.all);
	assert_in_range(flips.unseen, 10, flips.classes - 50);
	assert_in_range(flips.most_moved, 20, 100);
	struct flips reverse = { 0 };
	for (unsigned seed = 1; seed <= 12; seed++) {
		run(seed, ALL, true, RECORDS_OCTETS_MAX, &reverse);
	}
	assert_in_range(reverse.all, 100, 10000);
	assert_int_equal(reverse.classes, 0);
}

/*! \brief Each pair of them, and none. */
static void test_pairs(void **unused)
{
	(void)unused;
	struct flips flips = { 0 };
	for (unsigned a = 0; a < OPTIONS; a++) {
		for (unsigned b = a; b < OPTIONS; b++) {
			run(100 + OPTIONS * a + b, 1U << a | 1U << b, false, RECORDS_OCTETS_MAX,
			    &flips);
		}
	}
	assert_in_range(flips.classes, 50, flips.all);
	struct flips none = { 0 };
	run(1, 0, false, RECORDS_OCTETS_MAX, &none);
	assert_int_equal(none.classes, 0);
}

static int read_wants(void **state)
{
	*state = read_all();
	return 0;
}

static int drop_wants(void **state)
{
	wants_unref(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_options),
		cmocka_unit_test(test_pairs),
	};
	return cmocka_run_group_tests(tests, read_wants, drop_wants);
}
