/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "module/base/util.h"
#include "module/cluster/pace.h"

#define INTERVAL 30000

/*! \brief Longest time that the first event waits for its state, in milliseconds. */
#define SOON 1000

/*! \brief Any time of a clock that has run for a while. */
static const int64_t BEGIN = 1000000;

/*!
 * \brief Events come every 100 ms until a time, and states are read when they are due.
 *
 * \return How many were; when each was is in \a asked.
 */
static size_t flap(struct pace *pace, int64_t from, int64_t to, int64_t interval, int64_t *asked,
                   size_t max)
{
	size_t count = 0;
	int64_t due = INT64_MAX;
	for (int64_t now = from; now < to; now += 100) {
		if (now >= due) {
			assert_true(count < max);
			pace_ask(pace, now, interval);
			asked[count++] = now;
			due = INT64_MAX;
		}
		int64_t at = pace_want(pace, now, interval);
		assert_true(at > now);
		due = MIN(due, at);
	}
	return count;
}

static void test_first_is_soon(void **unused)
{
	(void)unused;
	struct pace pace = { 0 };
	int64_t at = pace_want(&pace, BEGIN, INTERVAL);
	assert_true(at > BEGIN && at < BEGIN + SOON);
}

static void test_ever_more_rarely(void **unused)
{
	(void)unused;
	static const int64_t pauses[] = { 2000, 4000, 8000, 16000, 30000, 30000 };
	struct pace pace = { 0 };
	int64_t asked[10];
	size_t count = flap(&pace, BEGIN, BEGIN + 95000, INTERVAL, asked, 10);
	assert_int_equal(count, 1 + sizeof(pauses) / sizeof(*pauses));
	assert_true(asked[0] < BEGIN + SOON);
	for (size_t i = 1; i < count; i++) {
		assert_int_equal(asked[i] - asked[i - 1], pauses[i - 1]);
	}
}

/*! \brief Never more rarely than polls would come, not even the first time. */
static void test_short_interval(void **unused)
{
	(void)unused;
	struct pace pace = { 0 };
	int64_t asked[20];
	size_t count = flap(&pace, BEGIN, BEGIN + 10000, 1000, asked, 20);
	for (size_t i = 1; i < count; i++) {
		assert_int_equal(asked[i] - asked[i - 1], 1000);
	}
	assert_int_equal(count, 10);
}

/*! \brief Once it has been quiet for a poll-interval, and not before. */
static void test_begins_anew(void **unused)
{
	(void)unused;
	static const struct {
		int64_t calm;
		int64_t pauses[2];
	} cases[] = {
		{ INTERVAL + 100, { 2000, 4000 } },
		{ INTERVAL - 100, { 16000, 30000 } },
	};
	for (size_t i = 0; i < 2; i++) {
		struct pace pace = { 0 };
		int64_t asked[10];
		/* States after 0.5, 2.5 and 6.5 s; 8 s have to pass until the next. */
		assert_int_equal(flap(&pace, BEGIN, BEGIN + 7000, INTERVAL, asked, 10), 3);
		int64_t again = BEGIN + 6900 + cases[i].calm;
		assert_true(flap(&pace, again, again + 50000, INTERVAL, asked, 10) >= 3);
		assert_true(asked[0] < again + SOON);
		assert_int_equal(asked[1] - asked[0], cases[i].pauses[0]);
		assert_int_equal(asked[2] - asked[1], cases[i].pauses[1]);
	}
}

/*! \brief States that are read for other reasons do not count. */
static void test_other_states(void **unused)
{
	(void)unused;
	struct pace pace = { 0 };
	for (int i = 0; i < 10; i++) {
		pace_ask(&pace, BEGIN + i, INTERVAL);
	}
	assert_true(pace_want(&pace, BEGIN + 100, INTERVAL) < BEGIN + 100 + SOON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_is_soon),  cmocka_unit_test(test_ever_more_rarely),
		cmocka_unit_test(test_short_interval), cmocka_unit_test(test_begins_anew),
		cmocka_unit_test(test_other_states),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
