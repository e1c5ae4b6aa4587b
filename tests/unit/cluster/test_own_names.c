/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Names that formats give to tasks give way to frameworks' own, whichever comes first, and
 *        come back: after any history all is as if it began anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/cluster/follower.h"
#include "tests/unit/failing_alloc.h"

enum { FRAMEWORKS = 5, TASKS = 8, STEPS = 400 };

/*! \brief Names of frameworks and tasks alike; one of them is the cluster's. */
static const char *const names[] = { "a", "b", "c.d", "leader", "A" };

struct task {
	bool is_there;
	unsigned framework;
	unsigned name;
};

/*! \brief What there is: names of frameworks (one more than in \a names: not there), and tasks. */
struct world {
	unsigned frameworks[FRAMEWORKS];
	struct task tasks[TASKS];
	unsigned random;
};

#define NAMES (sizeof(names) / sizeof(*names))

static unsigned pick(struct world *w, unsigned n)
{
	w->random = w->random * 1664525 + 1013904223;
	return (w->random >> 16) % n;
}

/*! \brief Rules with formats of all kinds: shared, of one's own, and a framework's by intent. */
static struct records_rules make_formats(struct format formats[static 4])
{
	static const char *const texts[] = { "{task}", "{framework}.x", "{framework}",
		                             "{hash}.{task}" };
	struct records_rules rules = make_rules(false);
	for (size_t i = 0; i < 4; i++) {
		assert_null(format_parse(texts[i], LABEL_RFC1123, &formats[i]));
	}
	rules.formats = formats;
	rules.formats_count = 4;
	return rules;
}

static void print_tasks(FILE *out, const struct world *w, unsigned framework)
{
	const char *comma = "";
	for (unsigned t = 0; t < TASKS; t++) {
		const struct task *task = &w->tasks[t];
		if (task->is_there && task->framework == framework) {
			fprintf(out,
			        "%s{\"id\":\"t%u\",\"name\":\"%s\",\"slave_id\":\"x-S1\","
			        "\"state\":\"TASK_RUNNING\"}",
			        comma, t, names[task->name]);
			comma = ",";
		}
	}
}

/*! \brief A state of this moment. */
static void load(struct follower *f, const struct world *w)
{
	char *text = NULL;
	size_t size = 0;
	const char *comma = "";
	FILE *out = open_memstream(&text, &size);
	fputs("{\"leader\":\"m@10.0.0.1:5050\",\"slaves\":[{\"id\":\"x-S1\",\"pid\":"
	      "\"slave(1)@10.0.0.11:5051\"}],\"frameworks\":[",
	      out);
	for (unsigned i = 0; i < FRAMEWORKS; i++) {
		if (w->frameworks[i] < NAMES) {
			fprintf(out,
			        "%s{\"id\":\"F%u\",\"name\":\"%s\",\"pid\":\"s@10.1.0.%u:9\","
			        "\"tasks\":[",
			        comma, i, names[w->frameworks[i]], i);
			print_tasks(out, w, i);
			fputs("]}", out);
			comma = ",";
		}
	}
	fputs("]}", out);
	fclose(out);
	assert_int_equal(feed_state(f->inventory, text), KNOT_EOK);
	free(text);
}

__attribute__((format(printf, 2, 3))) static void tell(struct follower *f, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	assert_int_equal(feed_event(f->inventory, text, NULL), KNOT_EOK);
}

static void change_framework(struct follower *f, struct world *w, unsigned i)
{
	bool was_there = w->frameworks[i] < NAMES;
	w->frameworks[i] = pick(w, NAMES + 2);
	if (w->frameworks[i] < NAMES) {
		tell(f,
		     "{\"type\":\"FRAMEWORK_ADDED\",\"framework_added\":{\"framework\":{"
		     "\"framework_info\":{\"id\":{\"value\":\"F%u\"},\"name\":\"%s\","
		     "\"hostname\":\"10.1.0.%u\"}}}}",
		     i, names[w->frameworks[i]], i);
		return;
	}
	w->frameworks[i] = NAMES;
	for (unsigned t = 0; t < TASKS; t++) {
		w->tasks[t].is_there = w->tasks[t].is_there && w->tasks[t].framework != i;
	}
	if (was_there) {
		tell(f,
		     "{\"type\":\"FRAMEWORK_REMOVED\",\"framework_removed\":{\"framework_info\":{"
		     "\"id\":{\"value\":\"F%u\"}}}}",
		     i);
	}
}

static void change_task(struct follower *f, struct world *w, unsigned t)
{
	struct task *task = &w->tasks[t];
	if (task->is_there) {
		task->is_there = false;
		tell(f,
		     "{\"type\":\"TASK_UPDATED\",\"task_updated\":{\"framework_id\":{\"value\":"
		     "\"F%u\"},\"status\":{\"task_id\":{\"value\":\"t%u\"},\"state\":"
		     "\"TASK_FINISHED\"},\"state\":\"TASK_FINISHED\"}}",
		     task->framework, t);
		return;
	}
	unsigned framework = pick(w, FRAMEWORKS);
	if (w->frameworks[framework] >= NAMES) {
		return;
	}
	*task = (struct task){ true, framework, pick(w, NAMES) };
	tell(f,
	     "{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":{\"name\":\"%s\",\"task_id\":{"
	     "\"value\":\"t%u\"},\"framework_id\":{\"value\":\"F%u\"},\"agent_id\":{\"value\":"
	     "\"x-S1\"},\"state\":\"TASK_RUNNING\"}}}",
	     names[task->name], t, framework);
}

static void happen(struct follower *f, struct world *w)
{
	switch (pick(w, 8)) {
	case 0: load(f, w); break;
	case 1:
	case 2: change_framework(f, w, pick(w, FRAMEWORKS)); break;
	default: change_task(f, w, pick(w, TASKS)); break;
	}
}

/*! \brief Addresses that a name has; it has none that are not all the agent's or all schedulers'.
 */
static bool is_agents(const struct follower *f, const char *owner, bool *is_there)
{
	const struct snapshot_set *set = find_set(f->snapshot, owner, KNOT_RRTYPE_A);
	*is_there = set != NULL;
	if (set == NULL) {
		return false;
	}
	knot_rrset_t rrset;
	snapshot_rrset(f->snapshot, set, (const knot_dname_t *)"\001a\005mesos", 0, 1, &rrset);
	return rrset.rrs.rdata->data[1] == 0;
}

/*! \brief Asserts what a name of both has to be. */
static void check_name(const struct follower *f, const struct world *w, unsigned name,
                       const char *owner)
{
	bool is_frameworks = false, is_tasks = false, is_there;
	for (unsigned i = 0; i < FRAMEWORKS; i++) {
		is_frameworks |= w->frameworks[i] < NAMES &&
		                 strcasecmp(names[w->frameworks[i]], names[name]) == 0;
	}
	for (unsigned t = 0; t < TASKS; t++) {
		is_tasks |= w->tasks[t].is_there &&
		            strcasecmp(names[w->tasks[t].name], names[name]) == 0;
	}
	bool is_agent = is_agents(f, owner, &is_there);
	assert_int_equal(is_agent, is_tasks && !is_frameworks);
	if (!is_frameworks) {
		assert_int_equal(is_there, is_tasks);
	}
}

static void test_histories(void **unused)
{
	(void)unused;
	static struct format formats[4];
	unsigned skipped = 0;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct world w = { .random = seed };
		struct follower f;
		struct records_rules rules = make_formats(formats);
		start_with(&f, &rules, RECORDS_OCTETS_MAX);
		for (unsigned i = 0; i < FRAMEWORKS; i++) {
			w.frameworks[i] = NAMES;
		}
		load(&f, &w);
		for (unsigned i = 0; i < STEPS; i++) {
			/* Several changes are published together at times. */
			for (unsigned n = 1 + pick(&w, 3); n > 0; n--) {
				happen(&f, &w);
			}
			(void)follow(&f);
			assert_as_anew(&f);
			check_name(&f, &w, 0, "a.mesos");
			check_name(&f, &w, 1, "b.mesos");
			skipped += f.projection.loss.skipped > 0;
		}
		end(&f);
	}
	assert_in_range(skipped, 1000, 20 * STEPS);
}

/*! \brief A limit of records counts the names that are chosen, whatever gave way before. */
static void test_limited(void **unused)
{
	(void)unused;
	static struct format formats[4];
	struct follower f;
	struct records_rules rules = make_formats(formats);
	start_with(&f, &rules, 900);
	struct world w = { .random = 7 };
	for (unsigned i = 0; i < FRAMEWORKS; i++) {
		w.frameworks[i] = NAMES;
	}
	unsigned limited = 0;
	load(&f, &w);
	for (unsigned i = 0; i < STEPS; i++) {
		happen(&f, &w);
		load(&f, &w);
		int ret = commit_as(&f, TTL);
		if (ret == KNOT_ESPACE) {
			continue;
		}
		assert_int_equal(ret, KNOT_EOK);
		assert_as_anew(&f);
		limited += f.projection.rules.task_max < RECORDS_TASK_MAX;
	}
	assert_in_range(limited, 20, STEPS);
	end(&f);
}

/*! \brief An allocation that fails costs a new beginning at most, and never a wrong name. */
static void test_no_memory(void **unused)
{
	(void)unused;
	static struct format formats[4];
	struct records_rules rules = make_formats(formats);
	unsigned failures = 0;
	for (long fail_at = 0; fail_at < 400; fail_at++) {
		struct world w = { .frameworks = { 0, 1, NAMES, NAMES, NAMES }, .random = 3 };
		w.tasks[0] = (struct task){ true, 0, 1 };
		w.tasks[1] = (struct task){ true, 1, 2 };
		struct follower f;
		start_with(&f, &rules, RECORDS_OCTETS_MAX);
		load(&f, &w);
		(void)follow(&f);
		w.frameworks[2] = 2;
		w.frameworks[1] = 4;
		load(&f, &w);
		alloc_fails_in = fail_at;
		int ret = commit_as(&f, TTL);
		alloc_fails_in = -1;
		if (ret != KNOT_EOK) {
			assert_int_equal(ret, KNOT_ENOMEM);
			failures++;
		}
		(void)follow(&f);
		assert_as_anew(&f);
		check_name(&f, &w, 0, "a.mesos");
		check_name(&f, &w, 1, "b.mesos");
		end(&f);
	}
	assert_in_range(failures, 5, 400);
}

/*! \brief Nothing is looked at again for a name that no task has. */
static void test_concern(void **unused)
{
	(void)unused;
	struct own_names own = { 0 };
	struct name a = { .wire = "\001a\005mesos", .len = 9 },
	            b = { .wire = "\001b\005mesos", .len = 9 };
	int ret = KNOT_EOK;
	assert_int_equal(own_names_count(&own, &a, 1), KNOT_EOK);
	assert_false(own_names_concern(&own));
	assert_true(own_names_choose(&own, &a, 1, &ret));
	assert_true(own_names_concern(&own));
	assert_true(own_names_is_other(&own, &a));
	assert_false(own_names_is_other(&own, &b));
	own_names_settle(&own);
	assert_false(own_names_concern(&own));
	assert_false(own_names_choose(&own, &a, 0, &ret));
	assert_true(own_names_choose(&own, &b, 0, &ret));
	assert_int_equal(own_names_count(&own, &a, -1), KNOT_EOK);
	assert_true(own_names_concern(&own));
	assert_false(own_names_choose(&own, &a, -1, &ret));
	assert_false(own_names_concern(&own));
	own_names_settle(&own);
	assert_true(own_names_choose(&own, &a, 0, &ret));
	assert_int_equal(ret, KNOT_EOK);
	assert_int_equal(own.own.count, 0);
	assert_int_equal(own.chosen.count, 0);
	own_names_free(&own);
}

/*! \brief Many frameworks that come and go leave nothing. */
static void test_many(void **unused)
{
	(void)unused;
	struct own_names own = { 0 };
	for (int diff = 1; diff >= -1; diff -= 2) {
		for (unsigned i = 0; i < 5000; i++) {
			struct name name = { .wire = "\003abc\005mesos", .len = 11 };
			name.wire[1] = (uint8_t)(i >> 8);
			name.wire[2] = (uint8_t)i;
			assert_int_equal(own_names_count(&own, &name, diff), KNOT_EOK);
		}
		own_names_settle(&own);
		assert_int_equal(own.own.count, diff > 0 ? 5000 : 0);
	}
	own_names_free(&own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histories), cmocka_unit_test(test_limited),
		cmocka_unit_test(test_no_memory), cmocka_unit_test(test_concern),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
