/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "module/masters/resolver.h"
#include "module/masters/resolver_pool.h"
#include "module/base/util.h"
#include "tests/unit/masters/names_fake.h"

/*! \brief Far longer than anything here takes, in ms; for a slow machine. */
#define LONG_MS 60000

static atomic_bool stop;

/*! \brief Names with a `none` in them do not exist. */
static bool fake_address(const char *name, char out[static 46])
{
	strcpy(out, "192.0.2.1");
	return strstr(name, "none") == NULL;
}

static struct text text_of(const char *name)
{
	return (struct text){ name, strlen(name) };
}

static bool has(struct resolver *resolver, const char *name)
{
	struct state_addresses addrs = resolver_get(resolver, text_of(name));
	return addrs.count == 1 && addrs.list[0].len == 4 && addrs.list[0].bytes[0] == 192;
}

static void want_strangers(struct resolver *resolver, const char *prefix, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char name[64];
		snprintf(name, sizeof(name), "%s%u.test", prefix, i);
		resolver_want(resolver, text_of(name), RESOLVER_STRANGERS);
	}
}

/*! \brief Lets everything that hangs end, and waits for it. */
static void release(void)
{
	fake_names.hang = false;
	int64_t end = clock_ms(CLOCK_MONOTONIC) + LONG_MS;
	while (fake_names.running > 0 && clock_ms(CLOCK_MONOTONIC) < end) {
		usleep(1000);
	}
	assert_int_equal(fake_names.running, 0);
	fake_names.most = 0;
	fake_names.asked = 0;
}

/*! \brief Polls until a name is there. */
static void poll_until(struct resolver *resolver, const char *name)
{
	int64_t end = clock_ms(CLOCK_MONOTONIC) + LONG_MS;
	while (!has(resolver, name) && clock_ms(CLOCK_MONOTONIC) < end) {
		resolver_begin(resolver);
		resolver_want(resolver, text_of(name), RESOLVER_STRANGERS);
		resolver_wait(resolver);
	}
	assert_true(has(resolver, name));
}

static void test_names(void **state)
{
	(void)state;
	struct resolver *resolver = resolver_new(&stop);
	resolver_begin(resolver);
	assert_false(has(resolver, "a.test"));
	resolver_want(resolver, text_of("A.test"), RESOLVER_STRANGERS);
	resolver_want(resolver, text_of("192.0.2.7"), RESOLVER_STRANGERS);
	resolver_want(resolver, text_of("none.test"), RESOLVER_STRANGERS);
	resolver_want(resolver, text_of("not a name"), RESOLVER_STRANGERS);
	resolver_wait(resolver);
	assert_true(has(resolver, "192.0.2.7"));
	assert_false(has(resolver, "none.test") || has(resolver, "not a name"));
	poll_until(resolver, "a.test");
	assert_int_equal(resolver_find(resolver, text_of("not a name")).count, 0);
	resolver_free(resolver);
	resolver_free(NULL);
	release();
}

/*! \brief Each name once a poll, and again at the next. */
static void test_once_a_poll(void **state)
{
	(void)state;
	struct resolver *resolver = resolver_new(&stop);
	for (unsigned i = 1; i <= 3; i++) {
		resolver_begin(resolver);
		for (int again = 0; again < 3; again++) {
			resolver_want(resolver, text_of("a.test"), RESOLVER_OURS);
			resolver_want(resolver, text_of("none.test"), RESOLVER_STRANGERS);
			resolver_wait(resolver);
		}
		poll_until(resolver, "a.test");
		assert_true(fake_names.asked <= 2 * i);
	}
	resolver_free(resolver);
	release();
}

/*! \brief Who does not wait looks now and then, and is told once. */
static void test_look(void **state)
{
	(void)state;
	struct resolver *resolver = resolver_new(&stop);
	resolver_begin(resolver);
	bool is_news = false;
	assert_false(resolver_look(resolver, &is_news));
	fake_names.hang = true;
	resolver_want(resolver, text_of("hang.test"), RESOLVER_STRANGERS);
	resolver_want(resolver, text_of("192.0.2.7"), RESOLVER_STRANGERS);
	assert_true(resolver_look(resolver, &is_news));
	assert_false(is_news);
	release();
	int64_t end = clock_ms(CLOCK_MONOTONIC) + LONG_MS;
	while (resolver_look(resolver, &is_news) && clock_ms(CLOCK_MONOTONIC) < end) {
		usleep(1000);
	}
	assert_true(is_news);
	assert_true(has(resolver, "hang.test"));
	is_news = false;
	assert_false(resolver_look(resolver, &is_news));
	assert_false(is_news);
	resolver_free(resolver);
}

/*! \brief Names of frameworks that hang, in several clusters, do not hold up a master's. */
static void test_strangers_do_not_hold_up_ours(void **state)
{
	(void)state;
	fake_names.hang = true;
	struct resolver *resolvers[3];
	for (int i = 0; i < 3; i++) {
		resolvers[i] = resolver_new(&stop);
		resolver_begin(resolvers[i]);
		want_strangers(resolvers[i], "hang", 40);
	}
	for (int i = 0; i < 3; i++) {
		/* One that is a stranger's, too, and stands in line already. */
		resolver_want(resolvers[i], text_of("both.test"), RESOLVER_STRANGERS);
	}
	int64_t end = clock_ms(CLOCK_MONOTONIC) + LONG_MS;
	for (int i = 0; i < 3; i++) {
		while (!has(resolvers[i], "both.test") || !has(resolvers[i], "master.test")) {
			assert_true(clock_ms(CLOCK_MONOTONIC) < end);
			(void)resolver_find(resolvers[i], text_of("both.test"));
			(void)resolver_find(resolvers[i], text_of("master.test"));
			resolver_begin(resolvers[i]);
		}
		assert_false(has(resolvers[i], "hang0.test"));
	}
	assert_true(fake_names.most <= 3 * POOL_THREADS);
	for (int i = 0; i < 3; i++) {
		resolver_free(resolvers[i]);
	}
	release();
}

/*! \brief Waits until so many look-ups hang. */
static void wait_running(unsigned count)
{
	int64_t end = clock_ms(CLOCK_MONOTONIC) + LONG_MS;
	while (fake_names.running < count && clock_ms(CLOCK_MONOTONIC) < end) {
		usleep(1000);
	}
	assert_int_equal(fake_names.running, count);
}

/*! \brief Threads are bounded for the process, also by what nobody waits for any more. */
static void test_threads_are_bounded(void **state)
{
	(void)state;
	fake_names.hang = true;
	for (int i = 0; i < 10; i++) {
		struct resolver *resolver = resolver_new(&stop);
		resolver_begin(resolver);
		want_strangers(resolver, "hang", 40);
		for (char name[] = "hang.a"; name[5] <= 'j'; name[5]++) {
			resolver_want(resolver, text_of(name), RESOLVER_OURS);
		}
		wait_running(2 * POOL_THREADS);
		resolver_free(resolver);
	}
	assert_int_equal(fake_names.most, 2 * POOL_THREADS);
	/* What was in line is not looked up afterwards. */
	unsigned asked = fake_names.asked;
	fake_names.hang = false;
	usleep(50000);
	assert_int_equal(fake_names.asked, asked);
	release();
}

/*! \brief Names that took long stand in line by themselves from then on. */
static void test_slow_names_do_not_starve_others(void **state)
{
	(void)state;
	fake_names.hang = true;
	struct resolver *resolver = resolver_new(&stop);
	resolver_begin(resolver);
	want_strangers(resolver, "hang-none", POOL_THREADS);
	wait_running(POOL_THREADS);
	usleep((RESOLVER_WAIT_MS + 200) * 1000);
	release();
	resolver_wait(resolver);
	fake_names.hang = true;
	int64_t end = clock_ms(CLOCK_MONOTONIC) + LONG_MS;
	while (!has(resolver, "good.test")) {
		assert_true(clock_ms(CLOCK_MONOTONIC) < end);
		resolver_begin(resolver);
		want_strangers(resolver, "hang-none", POOL_THREADS);
		resolver_want(resolver, text_of("good.test"), RESOLVER_STRANGERS);
		resolver_wait(resolver);
	}
	wait_running(POOL_THREADS);
	resolver_free(resolver);
	release();
}

/*! \brief While it is looked up again a name has the addresses that it had; not afterwards. */
static void test_old_addresses(void **state)
{
	(void)state;
	struct resolver *resolver = resolver_new(&stop);
	poll_until(resolver, "hang.test");
	fake_names.hang = true;
	for (int i = 0; i < 2; i++) {
		resolver_begin(resolver);
		resolver_want(resolver, text_of("hang.test"), RESOLVER_STRANGERS);
		resolver_wait(resolver);
		assert_true(has(resolver, "hang.test"));
	}
	fake_names.gone = true;
	fake_names.hang = false;
	int64_t end = clock_ms(CLOCK_MONOTONIC) + LONG_MS;
	while (has(resolver, "hang.test")) {
		assert_true(clock_ms(CLOCK_MONOTONIC) < end);
		resolver_begin(resolver);
		resolver_want(resolver, text_of("hang.test"), RESOLVER_STRANGERS);
		resolver_wait(resolver);
	}
	fake_names.gone = false;
	resolver_free(resolver);
	release();
}

/*! \brief A poll does not look up more strangers' names than its bound; ours always. */
static void test_names_are_bounded(void **state)
{
	(void)state;
	struct resolver *resolver = resolver_new(&stop);
	int64_t end = clock_ms(CLOCK_MONOTONIC) + LONG_MS;
	char last[64], beyond[64];
	snprintf(last, sizeof(last), "n%d.test", RESOLVER_NAMES_MAX - 1);
	snprintf(beyond, sizeof(beyond), "n%d.test", RESOLVER_NAMES_MAX);
	while (!has(resolver, last) || !has(resolver, "master.test")) {
		assert_true(clock_ms(CLOCK_MONOTONIC) < end);
		resolver_begin(resolver);
		want_strangers(resolver, "n", RESOLVER_NAMES_MAX + 5);
		resolver_want(resolver, text_of("master.test"), RESOLVER_OURS);
		resolver_wait(resolver);
	}
	for (int i = 0; i < 3; i++) {
		resolver_begin(resolver);
		want_strangers(resolver, "n", RESOLVER_NAMES_MAX + 5);
		resolver_wait(resolver);
		assert_false(has(resolver, beyond));
	}
	/* What is not wanted any more makes room. */
	resolver_begin(resolver);
	resolver_begin(resolver);
	poll_until(resolver, beyond);
	resolver_free(resolver);
	release();
}

/*! \brief Nobody waits once it is to end. */
static void test_stop(void **state)
{
	(void)state;
	fake_names.hang = true;
	stop = true;
	struct resolver *resolver = resolver_new(&stop);
	int64_t began = clock_ms(CLOCK_MONOTONIC);
	for (int i = 0; i < 100; i++) {
		resolver_begin(resolver);
		want_strangers(resolver, "hang", 1);
		resolver_wait(resolver);
		(void)resolver_find(resolver, text_of("hang.master"));
	}
	assert_true(clock_ms(CLOCK_MONOTONIC) - began < 100 * RESOLVER_WAIT_MS);
	stop = false;
	resolver_free(resolver);
	release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_once_a_poll),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_strangers_do_not_hold_up_ours),
		cmocka_unit_test(test_threads_are_bounded),
		cmocka_unit_test(test_slow_names_do_not_starve_others),
		cmocka_unit_test(test_old_addresses),
		cmocka_unit_test(test_names_are_bounded),
		cmocka_unit_test(test_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
