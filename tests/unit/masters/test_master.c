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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_failures) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
