/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Logins while memory runs out at each place in turn: nothing is lost of it but that login.
 */
#include "module/masters/credential.h"
#include "module/masters/iam_account.h"
#include "tests/unit/failing_everywhere.h"
#include "tests/unit/masters/login_fake.h"

#define NO_MEMORY "out of memory"

/*! \brief Most allocations that something here may need. */
#define MOST 2000

static void test_read(void **state)
{
	(void)state;
	struct test *test = start();
	bool has_all = false;
	long n = 0;
	for (; !has_all; n++) {
		struct iam_account account;
		fail_at(n);
		const char *error = iam_account_read(test->settings.iam_file, &account);
		has_all = !has_failed();
		assert_true(n < MOST);
		if (error == NULL) {
			assert_string_equal(account.uid, "dns");
			assert_non_null(strstr(account.private_key, "-----END PRIVATE KEY-----"));
			assert_string_equal(account.login.endpoint.host, "127.0.0.9");
		} else {
			assert_false(has_all);
			assert_string_equal(error, NO_MEMORY);
			assert_null(account.uid);
			assert_null(account.private_key);
		}
		iam_account_clear(&account);
	}
	assert_in_range(n, AT_LEAST(4), MOST);

	fail_at(0);
	uint8_t digest[IAM_DIGEST_LEN];
	assert_string_equal(iam_account_digest(test->settings.iam_file, digest), NO_MEMORY);
	assert_true(has_failed());
	end(test);
}

static void test_question(void **state)
{
	(void)state;
	struct test *test = start();
	struct iam_account account;
	assert_null(iam_account_read(test->settings.iam_file, &account));
	char *whole = iam_account_login(&account, 1000);
	assert_non_null(whole);
	long n = 0;
	for (bool has_all = false; !has_all; n++) {
		assert_true(n < MOST);
		fail_at(n);
		char *text = iam_account_login(&account, 1000);
		has_all = !has_failed();
		if (has_all || text != NULL) {
			assert_string_equal(text, whole);
		}
		credential_free(text);
	}
	assert_in_range(n, AT_LEAST(4), MOST);
	credential_free(whole);
	iam_account_clear(&account);
	end(test);
}

static void test_answer(void **state)
{
	(void)state;
	static const char reply[] = "{\"token\":\"" TOKEN "\"}";
	long n = 0;
	for (bool has_all = false; !has_all; n++) {
		assert_true(n < MOST);
		char *token = NULL;
		int64_t expires = 0;
		fail_at(n);
		const char *error = iam_token_read(reply, strlen(reply), &token, &expires);
		has_all = !has_failed();
		if (error != NULL) {
			assert_false(has_all);
			assert_string_equal(error, NO_MEMORY);
			continue;
		}
		assert_string_equal(token, "token=" TOKEN);
		assert_true(expires == 1000 || (!has_all && expires == INT64_MAX));
		credential_free(token);
	}
	assert_in_range(n, AT_LEAST(4), MOST);
}

/*! \brief Subscribes, and answers the login if it comes; true once the master is told the token. */
static bool subscribe_with_token(struct test *test)
{
	int64_t until = clock_ms(CLOCK_MONOTONIC) + PATIENCE_MS;
	bool is_answered = false;
	if (stream_open(test->stream, &master, false) != KNOT_EOK) {
		return false;
	}
	while (stream_phase(test->stream) == STREAM_OPENING) {
		int64_t now = clock_ms(CLOCK_MONOTONIC);
		assert_true(now < until);
		master_wait(test->client, now + 1, NULL);
		struct peer *peer = &side.peers[side.count - (side.count > 0)];
		if (side.count == 0 || strstr(read_request(peer), "\"}") == NULL) {
			continue;
		}
		if (peer->port == master.port) {
			return is_told(peer, TOKEN);
		} else if (!is_answered) {
			is_answered = true;
			answer(peer, GIVES(TOKEN));
		}
	}
	return false;
}

/*! \brief Whatever fails, it is said, and the next login does not. */
static void test_login(void **state)
{
	(void)state;
	long n = 0;
	for (bool has_all = false; !has_all; n++) {
		assert_true(n < MOST);
		struct test *test = start();
		fail_at(n);
		bool is_through = subscribe_with_token(test);
		has_all = !has_failed();
		if (!is_through) {
			assert_false(has_all);
			assert_non_null(strstr(stream_reason(test->stream), NO_MEMORY));
			assert_int_equal(stream_outcome(test->stream), POLL_LOCAL);
			stream_close(test->stream);
			turns(test);
			forget_peers();
			assert_true(subscribe_with_token(test));
		}
		end(test);
	}
	assert_in_range(n, AT_LEAST(20), MOST);
}

int main(int argc, char **argv)
{
	assert_int_equal(argc, 2);
	data_dir = argv[1];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_login),
	};
	return can_fail() ? cmocka_run_group_tests(tests, NULL, NULL) : SKIPPED;
}
