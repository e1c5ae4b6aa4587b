/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/masters/login_fake.h"

/*! \brief What has passed on top of the time that really has, in seconds. */
static time_t moved;

int __real_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int ret = __real_clock_gettime(clock, now);
	now->tv_sec += clock == CLOCK_MONOTONIC ? moved : 0;
	return ret;
}

/*! \brief As start(), at a time of before. */
static struct test *start_now(void)
{
	moved = 0;
	return start();
}

/*! \brief What is asked; the token itself is the account's affair (test_iam_account.c). */
static void test_question(void **state)
{
	(void)state;
	struct test *test = start_now();
	open_stream(test);
	struct peer *peer = await_post(test, 0, 81);
	assert_string_equal(peer->host, "127.0.0.9");
	const char *body = strstr(peer->request, "\r\n\r\n");
	assert_non_null(body);
	char head[512];
	snprintf(head, sizeof(head),
	         "POST /login HTTP/1.1\r\n"
	         "Host: 127.0.0.9:81\r\n"
	         "User-Agent: mod-mesos\r\n"
	         "Accept: application/json\r\n"
	         "Content-Type: application/json\r\n"
	         "Content-Length: %zu\r\n\r\n{\"uid\":\"dns\",\"token\":\"ey",
	         strlen(body + 4));
	assert_memory_equal(peer->request, head, strlen(head));
	assert_int_equal(stream_phase(test->stream), STREAM_OPENING);
	end(test);
}

/*! \brief One that ends soon is used, and another one asked for beside it. */
static void test_renewal(void **state)
{
	(void)state;
	struct test *test = start_now();
	log_in(test);

	/* Long before its end nothing is asked. */
	moved = 800;
	open_stream(test);
	assert_true(is_told(await_peer(test, 0), TOKEN));
	assert_int_equal(side.count, 1);
	forget_peers();

	/* Soon before: the old one goes on although no other can be had. */
	moved = 950;
	for (int i = 0; i < 2; i++) {
		open_stream(test);
		struct peer *login = await_post(test, 0, 81);
		assert_true(is_told(await_peer(test, 1), TOKEN));
		answer(login, "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n");
		turns(test);
		assert_int_equal(stream_phase(test->stream), STREAM_OPENING);
		forget_peers();
		await_phase(test, STREAM_ENDED);
	}

	/* Until there is another. */
	open_stream(test);
	answer(await_post(test, 0, 81), GIVES("h.eyJleHAiOjIwMDB9.t"));
	await_peer(test, 1);
	turns(test);
	forget_peers();
	open_stream(test);
	assert_true(is_told(await_peer(test, 0), "h.eyJleHAiOjIwMDB9.t"));
	end(test);
}

/*! \brief Once it has ended nobody is asked before there is another. */
static void test_end(void **state)
{
	(void)state;
	struct test *test = start_now();
	log_in(test);
	moved = 1000;
	open_stream(test);
	struct peer *login = await_post(test, 0, 81);
	assert_int_equal(side.count, 1);
	answer(login, "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n");
	check_end(test, POLL_LOGIN, "the login at 127.0.0.9:81: HTTP status 500");
	assert_int_equal(side.count, 1);
	end(test);
}

/*! \brief One that has ended before it is given is used for a second, however long ago that was. */
static void test_ended_before(void **state)
{
	(void)state;
	/* {"exp":0}, and the least that there is. */
	static const char *const tokens[] = {
		"h.eyJleHAiOjB9.s",
		"h.eyJleHAiOi05MjIzMzcyMDM2ODU0Nzc1ODA4fQ.s",
	};
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++) {
		struct test *test = start_now();
		char reply[256];
		open_stream(test);
		snprintf(reply, sizeof(reply), HEAD "Content-Length: %zu\r\n\r\n{\"token\":\"%s\"}",
		         strlen("{\"token\":\"\"}") + strlen(tokens[i]), tokens[i]);
		answer(await_post(test, 0, 81), reply);
		assert_true(is_told(await_peer(test, 1), tokens[i]));
		forget_peers();
		await_phase(test, STREAM_ENDED);

		moved = 2;
		open_stream(test);
		(void)await_post(test, 0, 81);
		assert_int_equal(side.count, 1);
		end(test);
	}
}

/*! \brief A login belongs to no stream: one that is closed leaves it to the next. */
static void test_login_outlives_its_asker(void **state)
{
	(void)state;
	struct test *test = start_now();
	open_stream(test);
	struct peer *login = await_post(test, 0, 81);
	stream_close(test->stream);
	turns(test);
	open_stream(test);
	answer(login, GIVES(TOKEN));
	assert_true(is_told(await_peer(test, 1), TOKEN));
	assert_int_equal(side.count, 2);
	end(test);
}

/*! \brief The account changes while a login with the old one is under way: that counts for nothing.
 */
static void test_changed_meanwhile(void **state)
{
	(void)state;
	struct test *test = start_now();
	open_stream(test);
	struct peer *login = await_post(test, 0, 81);
	write_account(test->settings.iam_file, "other");
	answer(login, GIVES(TOKEN));
	login = await_post(test, 1, 81);
	assert_non_null(strstr(login->request, "{\"uid\":\"other\","));
	answer(login, GIVES("h.eyJleHAiOjEwMDB9.t"));
	assert_true(is_told(await_peer(test, 2), "h.eyJleHAiOjEwMDB9.t"));
	end(test);
}

/*! \brief Who may not be told needs no login. */
static void test_strangers(void **state)
{
	(void)state;
	const struct endpoint other = { .host = "127.0.0.2", .port = 5050 };
	struct test *test = start_now();
	assert_int_equal(stream_open(test->stream, &other, false), KNOT_EOK);
	struct peer *peer = await_peer(test, 0);
	assert_null(strstr(peer->request, "Authorization"));
	answer(peer, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
	await_phase(test, STREAM_ENDED);
	assert_int_equal(side.count, 1);
	end(test);
}

int main(int argc, char **argv)
{
	assert_int_equal(argc, 2);
	data_dir = argv[1];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_renewal),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_ended_before),
		cmocka_unit_test(test_login_outlives_its_asker),
		cmocka_unit_test(test_changed_meanwhile),
		cmocka_unit_test(test_strangers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
