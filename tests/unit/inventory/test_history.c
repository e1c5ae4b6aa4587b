/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Random histories of a small cluster, by events and by whole states.
 *
 * A simple model of a master makes both. What an inventory serves after events has to be what one
 * serves that knows nothing but the state of that moment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/inventory/history_feed.h"

static void ignore(void *ctx, const struct inventory_change *change)
{
	(void)ctx, (void)change;
}

/*! \brief Asserts that an inventory serves what the state says. */
static void check(const struct inventory *inventory, const char *state, bool has_frameworks)
{
	struct inventory *fresh = inventory_new(ignore, NULL);
	assert_int_equal(feed_state(fresh, state), KNOT_EOK);
	char *text = served_text(inventory, has_frameworks);
	char *expected = served_text(fresh, has_frameworks);
	assert_string_equal(text, expected);
	free(text);
	free(expected);
	inventory_free(fresh);
}

static void check_now(const struct cluster_model *m, const struct inventory *inventory,
                      bool has_frameworks)
{
	char *state = print_state(m);
	check(inventory, state, has_frameworks);
	free(state);
}

/*! \brief Takes a whole state while things happen; perhaps it breaks off. */
static void load_meanwhile(struct cluster_model *m, struct inventory *inventory)
{
	struct master_facts facts;
	bool is_broken = pick(m, 4) == 0;
	inventory_begin(inventory);
	for (unsigned i = pick(m, 8); i > 0; i--) {
		happen(m);
		read_events(m, inventory, pick(m, 3));
	}
	char *state = print_state(m);
	size_t len = strlen(state), at = 0;
	struct objects_parser *parser = objects_parser_wanting(&inventory_sink, inventory,
	                                                       health_wants());
	int ret = KNOT_EOK;
	while (at < len - is_broken && ret == KNOT_EOK) {
		size_t part = 1 + pick(m, 300);
		part = part < len - is_broken - at ? part : len - is_broken - at;
		ret = objects_parser_feed(parser, state + at, part);
		at += part;
		if (pick(m, 3) == 0) {
			happen(m);
		}
		read_events(m, inventory, pick(m, 3));
	}
	assert_int_equal(ret, KNOT_EOK);
	ret = objects_parser_finish(parser, &facts);
	assert_int_equal(ret, is_broken ? KNOT_EMALF : KNOT_EOK);
	objects_parser_free(parser);
	free(state);

	read_events(m, inventory, QUEUE);
	if (is_broken) {
		inventory_abort(inventory);
	} else {
		assert_int_equal(inventory_commit(inventory), KNOT_EOK);
	}
}

static void run(unsigned seed, bool is_skewed, unsigned steps)
{
	struct cluster_model m = { .random = seed, .is_skewed = is_skewed };
	struct mirror mirror = { 0 };
	struct inventory *inventory = inventory_new(mirror_change, &mirror);
	load_now(&m, inventory);
	for (unsigned i = 0; i < steps; i++) {
		switch (pick(&m, 20)) {
		case 0:
			read_events(&m, inventory, QUEUE);
			happen_silently(&m);
			load_now(&m, inventory);
			check_now(&m, inventory, true);
			break;
		case 1:
			if (!is_skewed) {
				load_meanwhile(&m, inventory);
			}
			break;
		default:
			happen(&m);
			read_events(&m, inventory, pick(&m, 3));
			break;
		}
		if (m.queued == 0) {
			check_now(&m, inventory, false);
			free(mirror_check(&mirror, inventory));
		}
		if (m.queued > QUEUE / 2) {
			read_events(&m, inventory, QUEUE);
		}
	}
	read_events(&m, inventory, QUEUE);
	load_now(&m, inventory);
	check_now(&m, inventory, true);
	free(mirror_check(&mirror, inventory));

	/* Once more: nothing is told. */
	mirror.changes = 0;
	size_t bytes = inventory_stats(inventory).bytes;
	load_now(&m, inventory);
	assert_int_equal(mirror.changes, 0);
	assert_int_equal(inventory_stats(inventory).bytes, bytes);
	inventory_free(inventory);
	mirror_clear(&mirror);
}

static void test_clocks_that_agree(void **unused)
{
	(void)unused;
	for (unsigned seed = 1; seed <= 20; seed++) {
		run(seed, false, 300);
	}
}

static void test_clocks_that_do_not(void **unused)
{
	(void)unused;
	for (unsigned seed = 1; seed <= 20; seed++) {
		run(seed, true, 300);
	}
}

/*! \brief An agent registers with a new leader: frameworks, its tasks, itself. */
static void come_back(struct cluster_model *leader, const struct cluster_model *before, unsigned a)
{
	leader->agents[a].is_recovered = false;
	leader->agents[a].is_there = true;
	for (unsigned i = 0; i < FRAMEWORKS * TASKS; i++) {
		unsigned f = i / TASKS, t = i % TASKS;
		const struct model_task *task = &before->frameworks[f].tasks[t];
		if (!task->is_there || task->agent != a) {
			continue;
		}
		if (!leader->frameworks[f].is_there) {
			leader->frameworks[f] = before->frameworks[f];
			memset(leader->frameworks[f].tasks, 0, sizeof(leader->frameworks[f].tasks));
			send_framework(leader, f, true);
		}
		leader->frameworks[f].tasks[t] = *task;
		send_task(leader, f, t);
	}
	send_agent(leader, a);
}

/*! \brief What agents and tasks there were is served through a failover, whatever comes back. */
static void failover(unsigned seed)
{
	struct cluster_model m = { .random = seed };
	struct mirror mirror = { 0 };
	struct inventory *inventory = inventory_new(mirror_change, &mirror);
	for (unsigned i = 0; i < 100; i++) {
		happen(&m);
		read_events(&m, inventory, QUEUE);
	}
	load_now(&m, inventory);
	char *before = served_text(inventory, true);

	/* The new leader knows the agents and nothing of them; each comes back as it was. */
	struct cluster_model leader = { .random = seed };
	for (unsigned a = 0; a < AGENTS; a++) {
		leader.agents[a] = m.agents[a];
		leader.agents[a].is_recovered = m.agents[a].is_there;
		leader.agents[a].is_there = false;
	}
	mirror.changes = 0;
	bool has_all = false;
	for (unsigned step = 0; !has_all; step++) {
		assert_true(step < 1000);
		unsigned a = pick(&leader, AGENTS), f = pick(&leader, FRAMEWORKS);
		if (pick(&leader, 3) == 0) {
			load_now(&leader, inventory);
		} else if (pick(&leader, 4) == 0 && m.frameworks[f].is_there &&
		           !leader.frameworks[f].is_there) {
			leader.frameworks[f] = m.frameworks[f];
			memset(leader.frameworks[f].tasks, 0, sizeof(m.frameworks[f].tasks));
			send_framework(&leader, f, true);
		} else if (leader.agents[a].is_recovered) {
			come_back(&leader, &m, a);
		}
		read_events(&leader, inventory, QUEUE);
		char *now = served_text(inventory, false);
		/* Frameworks without tasks may have gone: they are left out here. */
		const char *expected = strstr(before, "task ");
		const char *tasks = strstr(now, "task ");
		assert_string_equal(tasks != NULL ? tasks : "", expected != NULL ? expected : "");
		free(now);
		has_all = true;
		for (unsigned i = 0; i < AGENTS; i++) {
			has_all = has_all && !leader.agents[i].is_recovered;
		}
		for (unsigned i = 0; i < FRAMEWORKS; i++) {
			has_all = has_all &&
			          leader.frameworks[i].is_there == m.frameworks[i].is_there;
		}
	}
	load_now(&leader, inventory);
	char *after = served_text(inventory, true);
	assert_string_equal(after, before);
	free(after);
	free(before);
	free(mirror_check(&mirror, inventory));
	inventory_free(inventory);
	mirror_clear(&mirror);
}

static void test_failovers(void **unused)
{
	(void)unused;
	for (unsigned seed = 1; seed <= 40; seed++) {
		failover(seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clocks_that_agree),
		cmocka_unit_test(test_clocks_that_do_not),
		cmocka_unit_test(test_failovers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
