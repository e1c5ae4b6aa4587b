/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Readers that are slow: what they may have in memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "module/http/reply.h"
#include "tests/unit/http/http_client.h"

/*! \brief Asks until a status comes. */
static void wait_status(const struct served *served, const char *path, int status)
{
	int64_t until = clock_ms(CLOCK_MONOTONIC) + CLIENT_PATIENCE * 1000;
	while (client_status(served, path) != status) {
		assert_true(clock_ms(CLOCK_MONOTONIC) < until);
		(void)usleep(10000);
	}
}

/*! \brief While lists that are being sent take too much memory, there are no more long ones. */
static void test_slow_readers(void **state)
{
	(void)state;
	struct served served;
	char head[HEAD_MAX];
	served_begin(&served);
	assert_int_equal(client_status(&served, "/v1/hosts/many.mesos"), 200);

	/* Its reader takes only the head. */
	served.list = REPLY_MEMORY_MAX + 1;
	int slow = client_ask(&served, "/v1/enumerate");
	assert_int_equal(client_head(slow, head), 200);
	for (size_t i = 0; i < 3; i++) {
		static const char *const long_ones[] = { "/v1/enumerate", "/v1/axfr",
			                                 "/v1/hosts/many.mesos" };
		int fd = client_ask(&served, long_ones[i]);
		assert_int_equal(client_head(fd, head), 503);
		assert_non_null(strstr(head, "Retry-After: "));
		(void)close(fd);
	}
	/* What is short is not refused. */
	assert_int_equal(client_status(&served, "/v1/hosts/web.mesos"), 200);
	assert_int_equal(client_status(&served, "/metrics"), 200);

	/* It gives up, and its memory is another's. */
	(void)close(slow);
	wait_status(&served, "/v1/axfr", 200);
	assert_int_equal(client_status(&served, "/v1/hosts/many.mesos"), 200);
	served_end(&served);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_readers),
	};
	rcu_register_thread();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return failed;
}
