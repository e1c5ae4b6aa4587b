/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What a fetch does to the process it runs in.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "module/master.h"
#include "module/util.h"

static unsigned handlers_set;

/*! \brief In place of the system's: counts who changes the process's signals. */
int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	static int (*real)(int, const struct sigaction *, struct sigaction *);
	if (real == NULL) {
		void *found = dlsym(RTLD_NEXT, "sigaction");
		memcpy(&real, &found, sizeof(real));
	}
	handlers_set += action != NULL;
	return real(number, action, old);
}

/*! \brief knotd's signals are knotd's: a fetch changes none, not for a moment. */
static void test_signals_are_left_alone(void **state)
{
	(void)state;
	const atomic_bool stop = false;
	const struct options options = { .poll_timeout = 10 };
	const struct endpoint nobody = { .host = "127.0.0.1", .port = 1 };
	struct resolver *resolver = resolver_new(&stop);
	struct master_client *client = master_new(&options, resolver, &stop);
	assert_non_null(resolver);
	assert_non_null(client);

	/* The library's own start may do what it likes: it is knotd's main thread's. */
	handlers_set = 0;
	struct master_reply reply;
	resolver_begin(resolver);
	master_set_known(client, &nobody, 1);
	assert_int_equal(master_fetch(client, &nobody, NULL, &reply), KNOT_ECONN);
	assert_int_equal(reply.outcome, POLL_CONNECT);
	assert_string_equal(reply.error, "127.0.0.1:1: Connection refused");
	assert_true(master_has_failed(client, &nobody));
	assert_int_equal(handlers_set, 0);

	master_free(client);
	resolver_free(resolver);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_signals_are_left_alone) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
