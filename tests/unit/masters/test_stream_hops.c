/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/masters/stream_fake.h"

#include <sys/mman.h>

#include "tests/unit/masters/names_fake.h"

/*! \brief Names that exist; an address in text is its own. */
static bool fake_address(const char *name, char out[static 46])
{
	struct in_addr address;
	bool is_literal = inet_pton(AF_INET, name, &address) == 1;
	strcpy(out, is_literal ? name : "127.0.0.7");
	return is_literal || strcmp(name, "leader.test") == 0;
}

#define REDIRECT(LOCATION) \
	"HTTP/1.1 307 Temporary Redirect\r\nLocation: " LOCATION "\r\nContent-Length: 0\r\n\r\n"

/*! \brief Answers as a master. */
static void answer(struct peer *peer, const char *reply)
{
	say(peer, reply, strlen(reply));
}

/*! \brief What the last hop was told of us. */
static bool is_told(const struct peer *peer)
{
	/* user:word */
	return strstr(peer->request, "\r\nAuthorization: Basic dXNlcjp3b3Jk\r\n") != NULL;
}

/*! \brief Gives a client a credential; in the file so long as the test lives. */
static int set_credential(struct test *test, char path[static 64])
{
	static const char credential[] = "{\"principal\":\"user\",\"secret\":\"word\"}";
	int fd = memfd_create("credential", 0);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, credential, strlen(credential)), strlen(credential));
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	test->settings.credential_file = path;
	return fd;
}

/*! \brief What is asked, to the letter. */
static void test_question(void **state)
{
	(void)state;
	struct test *test = new_test();
	struct peer *peer = subscribe(test);
	assert_string_equal(peer->host, "127.0.0.1");
	assert_int_equal(peer->port, 5050);
	assert_string_equal(peer->request, "POST /api/v1 HTTP/1.1\r\n"
	                                   "Host: 127.0.0.1:5050\r\n"
	                                   "User-Agent: mod-mesos\r\n"
	                                   "Accept: application/json\r\n"
	                                   "Content-Type: application/json\r\n"
	                                   "Content-Length: 20\r\n\r\n"
	                                   "{\"type\":\"SUBSCRIBE\"}");
	assert_true(endpoint_equal(stream_master(test->stream), &master));
	free_test(test);
}

static void test_refusals(void **state)
{
	(void)state;
	static const struct {
		const char *status;
		const char *reason;
	} refusals[] = {
		{ "401 Unauthorized",
		  "HTTP status 401: it wants a (better) credential-file or iam-file" },
		{ "403 Forbidden", "HTTP status 403: the principal may not follow the events" },
		{ "404 Not Found", "HTTP status 404: it has no event stream" },
		{ "405 Method Not Allowed", "HTTP status 405: it has no event stream" },
		{ "415 Unsupported Media Type", "HTTP status 415" },
		{ "503 Service Unavailable", "HTTP status 503: it has not read its registry yet" },
		{ "204 No Content", "HTTP status 204" },
		{ "307 Temporary Redirect", "HTTP status 307 without a Location" },
	};
	/* The last one's body never ends. */
	static const char *const rests[] = {
		"\r\nContent-Length: 0\r\n\r\n",
		"\r\nContent-Length: 8\r\n\r\n5\nwords!",
		"\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
	};
	struct test *test = new_test();
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		for (size_t j = 0; j < sizeof(rests) / sizeof(*rests); j++) {
			struct peer *peer = subscribe(test);
			answer(peer, "HTTP/1.1 ");
			answer(peer, refusals[i].status);
			answer(peer, rests[j]);
			check_end(test, POLL_HTTP_STATUS, refusals[i].reason);
			assert_int_equal(stream_bytes(test->stream), 0);
			assert_string_equal(test->notes.text, "");
		}
	}
	free_test(test);
}

/*! \brief No connection, for a reason of the master's, the network's or ours. */
static void test_no_connection(void **state)
{
	(void)state;
	const struct endpoint unknown = { .host = "nobody.test", .port = 5050 };
	const struct endpoint secure = { .host = "127.0.0.1", .port = 5051, .tls = true };
	struct test *test = new_test();
	side.refuse = ECONNREFUSED;
	assert_int_equal(stream_open(test->stream, &master, false), KNOT_EOK);
	check_end(test, POLL_CONNECT, "Connection refused");
	side.refuse = EADDRNOTAVAIL;
	assert_int_equal(stream_open(test->stream, &master, false), KNOT_EOK);
	check_end(test, POLL_LOCAL, "Cannot assign requested address");
	side.refuse = 0;

	assert_int_equal(stream_open(test->stream, &unknown, false), KNOT_ECONN);
	check_end(test, POLL_CONNECT, "host name does not resolve");

	char missing[] = "/nonexistent";
	test->settings.ca_file = missing;
	assert_int_equal(stream_open(test->stream, &secure, false), KNOT_ECONN);
	check_end(test, POLL_LOCAL, "cannot open '/nonexistent': No such file or directory");
	test->settings.ca_file = NULL;
	test->settings.credential_file = missing;
	assert_int_equal(stream_open(test->stream, &master, false), KNOT_ECONN);
	assert_int_equal(stream_outcome(test->stream), POLL_LOCAL);
	assert_ptr_equal(strstr(stream_reason(test->stream), "credential-file '/nonexistent' "),
	                 stream_reason(test->stream));
	assert_int_equal(side.count, 0);
	free_test(test);
}

/*! \brief Redirects are followed to the leader, with the same question. */
static void test_redirect(void **state)
{
	(void)state;
	static const struct {
		const char *location, *host, *path;
	} ways[] = {
		{ REDIRECT("//127.0.0.2:5051/master/api/v1"), "127.0.0.2", "/master/api/v1" },
		{ REDIRECT("http://127.0.0.2:5051/master/api/v1"), "127.0.0.2", "/master/api/v1" },
		{ REDIRECT("//127.0.0.2:5051"), "127.0.0.2", "/api/v1" },
		{ REDIRECT("//leader.test:5051/master/api/v1"), "127.0.0.7", "/master/api/v1" },
		{ "HTTP/1.1 307 T\r\nLocation: //127.0.0.2:5051\r\n\r\nwords", "127.0.0.2",
		  "/api/v1" },
	};
	struct test *test = new_test();
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct peer *peer = subscribe(test);
		answer(peer, ways[i].location);
		peer = await_peer(test, 1);
		assert_string_equal(peer->host, ways[i].host);
		assert_int_equal(peer->port, 5051);
		char line[64];
		snprintf(line, sizeof(line), "POST %s HTTP/1.1\r\n", ways[i].path);
		assert_memory_equal(peer->request, line, strlen(line));
		assert_int_equal(stream_phase(test->stream), STREAM_OPENING);

		answer(peer, CHUNKED "5\r\n3\nabc\r\n");
		await_phase(test, STREAM_OPEN);
		assert_int_equal(stream_master(test->stream)->port, 5051);
	}
	free_test(test);
}

/*! \brief Redirects that lead nowhere. */
static void test_astray(void **state)
{
	(void)state;
	struct test *test = new_test();
	answer(subscribe(test), REDIRECT("//127.0.0.1:5050/api/v1"));
	check_end(test, POLL_HTTP_STATUS, "it redirects to itself, it may just be starting");

	answer(subscribe(test), REDIRECT("//127.0.0.2:5050/api/v1"));
	answer(await_peer(test, 1), REDIRECT("//127.0.0.1:5050/api/v1"));
	check_end(test, POLL_HTTP_STATUS,
	          "it redirects back to 127.0.0.1:5050, they may just be electing");

	answer(subscribe(test), REDIRECT("ftp://127.0.0.2:5050/api/v1"));
	await_phase(test, STREAM_ENDED);
	assert_int_equal(stream_outcome(test->stream), POLL_HTTP_STATUS);

	/* The body of a redirect is not waited for; what the next one does is its own. */
	answer(subscribe(test), "HTTP/1.1 307 T\r\nLocation: //127.0.0.2:5050\r\n\r\nwords");
	hang_up(await_peer(test, 1));
	check_end(test, POLL_BAD_REPLY, "Server returned nothing (no headers, no data)");

	/* As many as are allowed, and one more. */
	struct peer *peer = subscribe(test);
	for (size_t i = 1; i <= MASTER_REDIRECTS_MAX; i++) {
		char reply[128];
		snprintf(reply, sizeof(reply), REDIRECT("//127.0.0.%zu:5050"), i + 1);
		answer(peer, reply);
		peer = await_peer(test, i);
	}
	answer(peer, REDIRECT("//127.0.0.99:5050"));
	check_end(test, POLL_HTTP_STATUS, "more than 5 redirects");
	assert_int_equal(side.count, 1 + MASTER_REDIRECTS_MAX);

	/* The last one that is allowed is heard. */
	peer = subscribe(test);
	for (size_t i = 1; i <= MASTER_REDIRECTS_MAX; i++) {
		char reply[128];
		snprintf(reply, sizeof(reply), REDIRECT("//127.0.0.%zu:5050"), i + 1);
		answer(peer, reply);
		peer = await_peer(test, i);
	}
	answer(peer, CHUNKED "5\r\n3\nabc\r\n");
	await_phase(test, STREAM_OPEN);
	free_test(test);
}

/*! \brief Configured masters and whom they name are told the credential, nobody else is. */
static void test_credential(void **state)
{
	(void)state;
	char path[64];
	struct test *test = new_test();
	int fd = set_credential(test, path);

	/* A known one, whom it names, and whom that one names. */
	struct peer *peer = subscribe(test);
	assert_true(is_told(peer));
	answer(peer, REDIRECT("//127.0.0.2:5050/master/api/v1"));
	peer = await_peer(test, 1);
	assert_true(is_told(peer));
	answer(peer, REDIRECT("//127.0.0.3:5050/master/api/v1"));
	peer = await_peer(test, 2);
	assert_false(is_told(peer));
	/* A known one is told, whoever names it. */
	answer(peer, REDIRECT("//127.0.0.1:5050/master/api/v1"));
	assert_true(is_told(await_peer(test, 3)));

	/* One that is not known, unless the caller says that a known one has named it. */
	const struct endpoint other = { .host = "127.0.0.2", .port = 5050 };
	forget_peers();
	assert_int_equal(stream_open(test->stream, &other, false), KNOT_EOK);
	peer = await_peer(test, 0);
	assert_false(is_told(peer));
	answer(peer, REDIRECT("/master/api/v1"));
	assert_false(is_told(await_peer(test, 1)));
	forget_peers();
	assert_int_equal(stream_open(test->stream, &other, true), KNOT_EOK);
	peer = await_peer(test, 0);
	assert_true(is_told(peer));
	answer(peer, REDIRECT("/master/api/v1"));
	peer = await_peer(test, 1);
	assert_true(is_told(peer));
	answer(peer, REDIRECT("//127.0.0.3:5050/master/api/v1"));
	assert_false(is_told(await_peer(test, 2)));

	/* The same master, but where everybody can listen. */
	const struct endpoint secure = { .host = "127.0.0.1", .port = 5050, .tls = true };
	master_set_known(test->client, &secure, 1);
	forget_peers();
	assert_int_equal(stream_open(test->stream, &master, true), KNOT_EOK);
	assert_false(is_told(await_peer(test, 0)));
	close(fd);
	free_test(test);
}

/*! \brief A changed credential is read at the next attempt. */
static void test_new_credential(void **state)
{
	(void)state;
	char path[64];
	struct test *test = new_test();
	int fd = set_credential(test, path);
	assert_true(is_told(subscribe(test)));
	static const char other[] = "{\"principal\":\"user\",\"secret\":\"new!\"}";
	assert_int_equal(pwrite(fd, other, strlen(other), 0), strlen(other));
	assert_non_null(strstr(subscribe(test)->request, "\r\nAuthorization: Basic dXNlcjpuZXch"));
	close(fd);
	free_test(test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),       cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_no_connection),  cmocka_unit_test(test_redirect),
		cmocka_unit_test(test_astray),         cmocka_unit_test(test_credential),
		cmocka_unit_test(test_new_credential),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
