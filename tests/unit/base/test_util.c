/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "module/base/util.h"

/*! \brief A tenth less at one end, a tenth more at the other, the time itself in the middle. */
static void test_spread(void **state)
{
	(void)state;
	static const int64_t times[] = { 0, 1000, 30000, 86400000 };
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		assert_int_equal(spread_ms(times[i], 0), times[i] * 9 / 10);
		assert_int_equal(spread_ms(times[i], UINT32_MAX), times[i] * 11 / 10);
		int64_t middle = spread_ms(times[i], UINT32_MAX / 2 + 1);
		assert_true(middle >= times[i] - 1 && middle <= times[i] + 1);
	}
	assert_int_equal(spread_ms(1000, UINT32_MAX / 4), 949);
}

/*! \brief A longer way for a larger number, also of the longest time that can be configured. */
static void test_spread_grows(void **state)
{
	(void)state;
	int64_t last = 0;
	for (uint64_t random = 0; random <= UINT32_MAX; random += UINT32_MAX / 1024) {
		int64_t now = spread_ms(86400000, (uint32_t)random);
		assert_true(now > last);
		last = now;
	}
}

/*! \brief A tenth less at one end, the time itself at the other, and never longer. */
static void test_shorten(void **state)
{
	(void)state;
	static const int64_t times[] = { 0, 1000, 10000, 300000, 86400000 };
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		assert_int_equal(shorten_ms(times[i], 0), times[i] * 9 / 10);
		assert_int_equal(shorten_ms(times[i], UINT32_MAX), times[i]);
		for (uint64_t random = 0; random <= UINT32_MAX; random += UINT32_MAX / 1024) {
			assert_true(shorten_ms(times[i], (uint32_t)random) <= times[i]);
		}
	}
	assert_int_equal(shorten_ms(1000, UINT32_MAX / 4), 924);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_spread_grows),
		cmocka_unit_test(test_shorten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
