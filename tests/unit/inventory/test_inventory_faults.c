/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/failing_alloc.h"
#include "tests/unit/inventory/inventory_fixture.h"

static void test_broken_states(void **unused)
{
	(void)unused;
	struct fixture f;
	struct master_facts facts;
	const char *other = HEAD "\"slaves\":[" AGENT("S1", "10.0.9.1") "," AGENT(
	        "S4",
	        "x.test") "],\"frameworks\":[" FRAMEWORK_OF("F1", "",
	                                                    TASK_AT("a", "S1", "TASK_STARTING") "," TASK_AT(
	                                                            "z", "S9",
	                                                            RUNNING)) "," FRAMEWORK_OF("F3",
	                                                                                       "",
	                                                                                       "") "]}";
	begin_two(&f);
	load(&f, other);
	load(&f, TWO);
	f.mirror.changes = 0;
	size_t bytes = inventory_stats(f.inventory).bytes;
	for (size_t len = 0; len < strlen(other); len++) {
		inventory_begin(f.inventory);
		assert_int_not_equal(feed_objects(f.inventory, other, len, &facts), KNOT_EOK);
		inventory_abort(f.inventory);
		assert_int_equal(f.mirror.changes, 0);
		assert_int_equal(inventory_stats(f.inventory).bytes, bytes);
	}
	expect(&f, 0, LINES_TWO);
	end(&f);
}

/*! \brief A state that is begun anew: nothing of the first one counts, events before it neither. */
static void test_begun_twice(void **unused)
{
	(void)unused;
	struct fixture f;
	struct master_facts facts;
	const char *other = HEAD "\"slaves\":[" AGENT("S7", "10.0.0.17") "],\"frameworks\":[]}";
	begin_two(&f);
	size_t bytes = inventory_stats(f.inventory).bytes;
	inventory_begin(f.inventory);
	assert_int_equal(feed_objects(f.inventory, other, strlen(other), &facts), KNOT_EOK);
	apply(&f, V1_UPDATE("a", "F1", "TASK_FAILED", "1", "::1"));
	expect(&f, 1, LINE_S1 LINE_S2 LINE_F2 LINE_F1 LINE_B LINE_C);
	inventory_begin(f.inventory);
	assert_int_equal(feed_objects(f.inventory, TWO, strlen(TWO), &facts), KNOT_EOK);
	assert_int_equal(inventory_commit(f.inventory), KNOT_EOK);
	expect(&f, 1, LINES_TWO);
	assert_int_equal(inventory_stats(f.inventory).bytes, bytes);

	/* The end may come at any time. */
	inventory_begin(f.inventory);
	assert_int_equal(feed_objects(f.inventory, other, strlen(other), &facts), KNOT_EOK);
	apply(&f, V1_TASK("x", "F9", "S9", RUNNING));
	end(&f);
}

static void test_too_many_events(void **unused)
{
	(void)unused;
	struct fixture f;
	begin_two(&f);
	inventory_begin(f.inventory);
	struct event_parser *parser = event_parser_new();
	struct event event;
	struct inventory_news news;
	const char *json = V1_UPDATE("b", "F1", RUNNING, "1", "10.2.0.1");
	assert_int_equal(event_parser_feed(parser, json, strlen(json)), KNOT_EOK);
	assert_int_equal(event_parser_finish(parser, &event), KNOT_EOK);
	for (size_t bytes = 0; bytes <= INVENTORY_LOG_MAX; bytes += event.object->size) {
		assert_int_equal(inventory_event(f.inventory, &event, &news), KNOT_EOK);
	}
	event_parser_free(parser);
	struct master_facts facts;
	assert_int_equal(feed_objects(f.inventory, TWO, strlen(TWO), &facts), KNOT_EOK);
	f.mirror.changes = 0;
	assert_int_equal(inventory_commit(f.inventory), KNOT_EAGAIN);
	const char *now = LINE_S1 LINE_S2 LINE_F2 LINE_F1 LINE_A LINE_TASK(
	        "b", "10.2.0.1,", "S2", "F1", "10.0.0.12,") LINE_C;
	expect(&f, 0, now);
	load(&f, TWO);
	expect(&f, 1, LINES_TWO);
	end(&f);
}

/*! \brief Calls that are tried with each of their allocations failing in turn. */
static int try(struct fixture *f, unsigned which)
{
	struct address address;
	struct master_facts facts;
	assert_true(address_parse((struct text){ "10.7.0.1", 8 }, &address));
	const char *state = HEAD "\"slaves\":[" AGENT("S1", "a.test") "," AGENT(
	        "S4",
	        "10.0.0.14") "],\"recovered_slaves\":[{\"id\":\"S2\"}],\"frameworks\":"
	                     "[" FRAMEWORK_OF(
	                             "F1", "\"recovered\":true,",
	                             TASK_AT("a", "S4", RUNNING) "," TASK_AT(
	                                     "n", "S8",
	                                     RUNNING)) "," FRAMEWORK_OF("F3", "",
	                                                                TASK_AT("a", "S1",
	                                                                        RUNNING)) "]}";

	switch (which) {
	case 0: return feed_state(f->inventory, state);
	case 1: return feed_event(f->inventory, V1_TASK("d", "F7", "S7", RUNNING), NULL);
	case 2: return feed_event(f->inventory, V1_UPDATE("a", "F1", RUNNING, "1", "::1"), NULL);
	case 3: return feed_event(f->inventory, V1_AGENT("S2", "b.test"), NULL);
	case 4: return feed_event(f->inventory, V1_FRAMEWORK_UPDATED("F1", "n", ""), NULL);
	case 5: return feed_event(f->inventory, V1_AGENT_GONE("S2"), NULL);
	case 6: return feed_event(f->inventory, V1_FRAMEWORK_GONE("F1"), NULL);
	case 7:
		return inventory_resolved(f->inventory, (struct text){ "h.test", 6 },
		                          (struct state_addresses){ &address, 1 });
	default:
		/* All within a load. Whatever of an event fails comes with the commit. */
		inventory_begin(f->inventory);
		int ret = feed_objects(f->inventory, state, strlen(state), &facts);
		if (ret == KNOT_EOK) {
			ret = feed_event(f->inventory, V1_TASK("a", "F1", "S2", RUNNING), NULL);
		}
		if (ret == KNOT_EOK) {
			ret = inventory_commit(f->inventory);
		}
		inventory_abort(f->inventory);
		return ret;
	}
}

/*! \brief A state like TWO, with a host name. */
static const char *const WITH_HOST = HEAD "\"slaves\":[" AGENT("S1", "10.0.0.11") "," AGENT(
        "S2",
        "h.test") "],\"frameworks\":[" FRAMEWORK_OF("F1", PID,
                                                    TASK_AT("a", "S1", RUNNING) "," TASK_AT(
                                                            "b", "S2",
                                                            RUNNING)) "," FRAMEWORK_OF("F2", "",
                                                                                       TASK_AT("c",
                                                                                               "S2",
                                                                                               RUNNING)) "]}";

static void test_no_memory(void **unused)
{
	(void)unused;
	for (unsigned which = 0; which <= 8; which++) {
		char *done = NULL;
		bool has_failed = true;
		for (long n = 0; has_failed; n++) {
			assert_true(n < 1000);
			struct fixture f;
			begin(&f);
			load(&f, WITH_HOST);
			char *before = mirror_check(&f.mirror, f.inventory);
			alloc_fails_in = n;
			alloc_has_failed = false;
			int ret = try(&f, which);
			alloc_fails_in = -1;
			has_failed = alloc_has_failed;
			char *after = mirror_check(&f.mirror, f.inventory);
			if (ret != KNOT_EOK) {
				assert_true(has_failed);
				if (which < 8) {
					assert_string_equal(after, before);
				}
				assert_int_equal(try(&f, which), KNOT_EOK);
				free(after);
				after = mirror_check(&f.mirror, f.inventory);
			}
			/* What succeeds or is tried again gives always the same. */
			if (done == NULL) {
				done = strdup(after);
			}
			assert_string_equal(after, done);
			free(after);
			free(before);
			end(&f);
		}
		free(done);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broken_states),
		cmocka_unit_test(test_begun_twice),
		cmocka_unit_test(test_too_many_events),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
