/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The server with addresses that come and go, and requests that are asked twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "tests/unit/http/http_client.h"

static atomic_int lines;

static void count_line(void *ctx, int priority, const char *text)
{
	(void)ctx, (void)priority, (void)text;
	lines++;
}

/*! \brief Waits for a line of the log. */
static void wait_line(int before)
{
	int64_t until = clock_ms(CLOCK_MONOTONIC) + CLIENT_PATIENCE * 1000;
	while (lines == before) {
		assert_true(clock_ms(CLOCK_MONOTONIC) < until);
		(void)usleep(1000);
	}
}

/*! \brief Waits at a name for another answer than the present one. */
static int wait_at(const struct served *served, const char *path)
{
	char head[HEAD_MAX], query[HEAD_MAX];
	int fd = client_ask(served, path);
	assert_int_equal(client_head(fd, head), 200);
	const char *index = strstr(head, "X-Index: ");
	assert_non_null(index);
	(void)close(fd);
	(void)snprintf(query, sizeof(query), "%s?index=%llu&wait=5m", path,
	               strtoull(index + strlen("X-Index: "), NULL, 10));
	fd = client_ask(served, query);
	/* The server has read it when it has served others that came later. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(client_status(served, "/health"), 200);
	}
	return fd;
}

/*! \brief True if something has been sent to a client. */
static bool has_come(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

/*! \brief An address that could never be had goes: who waits at another one waits on. */
static void test_another_address_goes(void **state)
{
	(void)state;
	struct served served;
	int taken;
	char head[HEAD_MAX];
	struct http_address address = free_address(&taken);
	struct http_zone *zone;
	served_begin(&served);
	assert_int_equal(listen(taken, 1), 0);
	int waits = wait_at(&served, "/v1/hosts/web.mesos");

	struct http_source other = served.source;
	other.name = (const knot_dname_t *)"\005other";
	other.log = count_line;
	int before = lines;
	assert_int_equal(http_attach(&other, &address, 1, &zone), KNOT_EOK);
	wait_line(before);
	assert_int_equal(client_status(&served, "/health"), 200);
	http_detach(zone);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(client_status(&served, "/health"), 200);
	}
	assert_false(has_come(waits));

	served_change(&served, 1, "\003web\005mesos", 0x0a000002);
	served_publish(&served);
	assert_int_equal(client_head(waits, head), 200);
	(void)close(waits);
	(void)close(taken);
	served_end(&served);
}

/*! \brief A zone goes while clients wait at its names, and comes back: only then are they told. */
static void test_a_zone_goes(void **state)
{
	(void)state;
	struct served served;
	int other_fd;
	char head[HEAD_MAX];
	served_begin(&served);
	/* Another zone keeps the address. */
	struct http_source source = served.source;
	struct http_zone *other;
	source.name = (const knot_dname_t *)"\005other";
	assert_int_equal(http_attach(&source, &served.address, 1, &other), KNOT_EOK);
	other_fd = wait_at(&served, "/v1/hosts/x.other");
	int waits = wait_at(&served, "/v1/hosts/web.mesos");
	int missing = wait_at(&served, "/v1/hosts/missing.mesos");

	http_detach(served.zone);
	assert_int_equal(client_status(&served, "/v1/hosts/web.mesos"), 503);
	assert_false(has_come(waits) || has_come(missing) || has_come(other_fd));

	served_change(&served, 1, "\003web\005mesos", 0x0a000002);
	served_publish(&served);
	assert_int_equal(http_attach(&served.source, &served.address, 1, &served.zone), KNOT_EOK);
	assert_int_equal(client_head(waits, head), 200);
	assert_int_equal(client_status(&served, "/v1/hosts/web.mesos"), 200);
	assert_false(has_come(missing) || has_come(other_fd));
	(void)close(waits);
	/* These still wait when all ends. */
	http_detach(other);
	served_end(&served);
	assert_int_equal(client_head(missing, head), 0);
	(void)close(missing);
	(void)close(other_fd);
}

/*! \brief RFC 9112, section 3.2: exactly one Host in HTTP/1.1, and not two in HTTP/1.0 either. */
static void test_hosts(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 200 },
		{ "GET /health HTTP/1.1\r\nHost:\r\n\r\n", 200 },
		{ "GET /health HTTP/1.1\r\n\r\n", 400 },
		{ "GET /health HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
		{ "GET /health HTTP/1.1\r\nHost: a\r\nX: y\r\nhost: b\r\n\r\n", 400 },
		{ "GET /health HTTP/1.0\r\n\r\n", 200 },
		{ "GET /health HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
	};
	struct served served;
	char head[HEAD_MAX];
	served_begin(&served);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = client_connect(&served.address);
		size_t len = strlen(cases[i].text);
		assert_int_equal(send(fd, cases[i].text, len, MSG_NOSIGNAL), len);
		assert_int_equal(client_head(fd, head), cases[i].status);
		(void)close(fd);
	}
	served_end(&served);
}

/*! \brief Has the process open no more than so many descriptors beyond those that it has. */
static struct rlimit limit_descriptors(int more)
{
	struct rlimit before, limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	/* The lowest that is free is the next; there are none above it. */
	int next = dup(STDIN_FILENO);
	assert_true(next >= 0);
	(void)close(next);
	limit = before;
	limit.rlim_cur = (rlim_t)(next + more);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return before;
}

static int64_t cpu_ms(void)
{
	return clock_ms(CLOCK_PROCESS_CPUTIME_ID);
}

/*! \brief No descriptor is left: who connects waits, and no processor is used up meanwhile. */
static void test_no_descriptors(void **state)
{
	(void)state;
	/* valgrind itself ends connections whose descriptors are too many. */
	const char *preload = getenv("LD_PRELOAD");
	if (preload != NULL && strstr(preload, "vgpreload") != NULL) {
		skip();
	}
	struct served served;
	char head[HEAD_MAX];
	served_begin(&served);
	assert_int_equal(client_status(&served, "/health"), 200);
	/* The server has seen that it hung up. */
	int64_t until = clock_ms(CLOCK_MONOTONIC) + CLIENT_PATIENCE * 1000;
	for (int before = -1, next = 0; before != next; before = next) {
		(void)usleep(50000);
		next = dup(STDIN_FILENO);
		(void)close(next);
		assert_true(clock_ms(CLOCK_MONOTONIC) < until);
	}
	struct rlimit before = limit_descriptors(1);
	int fd = client_ask(&served, "/health");
	int64_t cpu = cpu_ms();
	(void)usleep(1000 * 1000);
	assert_true(cpu_ms() - cpu < 500);
	assert_false(has_come(fd));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(client_head(fd, head), 200);
	(void)close(fd);
	served_end(&served);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_address_goes),
		cmocka_unit_test(test_a_zone_goes),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_no_descriptors),
	};
	rcu_register_thread();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return failed;
}
