/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <libknot/errcode.h>

#include "module/masters/master.h"
#include "module/base/util.h"

/*! \brief A failure is remembered until the next poll, and is of one scheme only. */
static void test_failures(void **state)
{
	(void)state;
	const atomic_bool stop = false;
	const struct master_settings settings = { .timeout = 10 };
	const struct endpoint nobody = { .host = "127.0.0.1", .port = 1 };
	const struct endpoint secure = { .host = "127.0.0.1", .port = 1, .tls = true };
	struct resolver *resolver = resolver_new(&stop);
	const struct master_sink sink = { 0 };
	struct master_client *client = master_new(&settings, resolver, &stop, &sink);
	assert_non_null(resolver);
	assert_non_null(client);

	struct master_reply reply;
	resolver_begin(resolver);
	master_set_known(client, &nobody, 1);
	assert_false(master_has_failed(client, &nobody));
	assert_int_equal(master_fetch(client, &nobody, NULL, &reply), KNOT_ECONN);
	assert_int_equal(reply.outcome, POLL_CONNECT);
	assert_string_equal(reply.error, "127.0.0.1:1: Connection refused");
	assert_true(master_has_failed(client, &nobody));
	assert_false(master_has_failed(client, &secure));
	master_set_known(client, &nobody, 1);
	assert_false(master_has_failed(client, &nobody));

	master_free(client);
	resolver_free(resolver);
}

static void count_turn(void *ctx)
{
	unsigned *turns = ctx;
	(*turns)++;
}

/*! \brief A wait ends at its time, or once it was woken, before or during it. */
static void test_wait(void **state)
{
	(void)state;
	atomic_bool stop = false;
	const struct master_settings settings = { .timeout = 10 };
	unsigned turns = 0;
	const struct master_watch watch = { .on_turn = count_turn, .ctx = &turns };
	struct resolver *resolver = resolver_new(&stop);
	struct master_client *client = master_new(&settings, resolver, &stop,
	                                          &(struct master_sink){ 0 });
	assert_non_null(resolver);
	assert_non_null(client);

	/* The time is over: what has come is taken in all the same. */
	master_wait(client, 0, &watch);
	assert_int_equal(turns, 1);
	int64_t until = clock_ms(CLOCK_MONOTONIC) + 3100;
	master_wait(client, until, &watch);
	assert_true(clock_ms(CLOCK_MONOTONIC) >= until);
	/* It sleeps: a turn for its begin, for its end, and for what may be left of a wake-up. */
	assert_true(turns <= 6);

	/* A wake-up of before counts, once. */
	master_wake(client);
	until = clock_ms(CLOCK_MONOTONIC) + 60000;
	master_wait(client, until, NULL);
	assert_true(clock_ms(CLOCK_MONOTONIC) < until);
	until = clock_ms(CLOCK_MONOTONIC) + 200;
	master_wait(client, until, NULL);
	assert_true(clock_ms(CLOCK_MONOTONIC) >= until);

	stop = true;
	turns = 0;
	until = clock_ms(CLOCK_MONOTONIC) + 60000;
	master_wait(client, until, &watch);
	assert_true(clock_ms(CLOCK_MONOTONIC) < until);
	assert_int_equal(turns, 0);
	master_free(client);
	resolver_free(resolver);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_failures),
		                            cmocka_unit_test(test_wait) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
