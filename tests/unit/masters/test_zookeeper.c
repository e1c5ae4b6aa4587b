/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "module/base/util.h"
#include "module/masters/zookeeper.h"
#include "tests/unit/masters/names_fake.h"
#include "tests/unit/masters/zookeeper_fake.h"

/*! \brief Far longer than anything here takes, in ms; for a slow machine. */
#define LONG_MS 60000

static const char *address_of_zk = "192.0.2.1";

static bool fake_address(const char *name, char out[static 46])
{
	(void)name;
	strcpy(out, address_of_zk);
	return address_of_zk[0] != '\0';
}

/*! \brief A watch and what it needs. */
struct fixture {
	atomic_bool stop;
	struct resolver *resolver;
	struct zk_address *address;
	struct zookeeper *zk;
	atomic_uint news;
};

static void count_news(void *ctx)
{
	((struct fixture *)ctx)->news++;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	address_of_zk = "192.0.2.1";
	f->resolver = resolver_new(&f->stop);
	assert_null(zk_address_parse("zk://user:pass@zk.test:1,192.0.2.9/mesos", &f->address));
	f->zk = zookeeper_new(f->address, false, count_news, f);
	assert_non_null(f->zk);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	zookeeper_free(f->zk);
	assert_false(library.open);
	zk_address_free(f->address);
	resolver_free(f->resolver);
	free(f);
	return 0;
}

/*! \brief Tends the watch, as a poll does, until the servers are these. */
static void tend_until(struct fixture *f, const char *servers)
{
	int64_t end = clock_ms(CLOCK_MONOTONIC) + LONG_MS;
	do {
		assert_true(clock_ms(CLOCK_MONOTONIC) < end);
		resolver_begin(f->resolver);
		zookeeper_tend(f->zk, f->resolver);
	} while (!library.open || strcmp(library.servers, servers) != 0);
}

static void connect_it(struct fixture *f)
{
	tend_until(f, "192.0.2.1:1,192.0.2.9:2181");
	turn(ZOO_CONNECTED_STATE);
}

static void answer_children(const char *names_of)
{
	char text[256];
	strcpy(text, names_of);
	answer(ZOK, text, strlen(text));
}

/*! \brief Answers with a master at 10.0.0.\a number. */
static void answer_master(int number)
{
	char text[128];
	snprintf(text, sizeof(text), "{\"address\":{\"ip\":\"10.0.0.%d\",\"port\":5050}}", number);
	answer(ZOK, text, strlen(text));
}

static void check_masters(struct fixture *f, const char *expected)
{
	struct endpoint masters[ZOOKEEPER_MASTERS_MAX];
	size_t count = zookeeper_masters(f->zk, masters);
	char all[1024] = "";
	for (size_t i = 0; i < count; i++) {
		char text[ENDPOINT_TEXT_MAX];
		strcat(strcat(all, i > 0 ? " " : ""), endpoint_text(&masters[i], false, text));
	}
	assert_string_equal(all, expected);
}

#define TWO "json.info_0000000002 log_replicas json.info_0000000001"

/*! \brief Both masters are known. */
static void know_two(struct fixture *f)
{
	connect_it(f);
	answer_children(TWO);
	answer_master(1);
	answer_master(2);
	check_masters(f, "10.0.0.1:5050 10.0.0.2:5050");
	assert_int_equal(f->news, 1);
}

static void test_masters(void **state)
{
	struct fixture *f = *state;
	know_two(f);
	/* The same again is no news. */
	fire_watch();
	answer_children(TWO);
	answer_master(1);
	answer_master(2);
	assert_int_equal(f->news, 1);
}

/*! \brief What could be read in part only changes nothing, whichever part it was. */
static void test_lost_in_between(void **state)
{
	struct fixture *f = *state;
	know_two(f);
	for (int lost = 0; lost < 2; lost++) {
		fire_watch();
		answer_children(TWO);
		for (int i = 0; i < 2; i++) {
			if (i == lost) {
				answer(ZCONNECTIONLOSS, NULL, 0);
			} else {
				answer_master(3 + i);
			}
		}
		assert_int_equal(library.asks_count, 0);
		check_masters(f, "10.0.0.1:5050 10.0.0.2:5050");
		assert_int_equal(f->news, 1);
	}
	/* One that resigned in between is another matter. */
	fire_watch();
	answer_children(TWO);
	answer(ZNONODE, NULL, 0);
	answer_master(2);
	check_masters(f, "10.0.0.2:5050");
	assert_int_equal(f->news, 2);
}

/*! \brief Never two looks at once: their answers could be taken for each other's. */
static void test_one_look_at_a_time(void **state)
{
	struct fixture *f = *state;
	connect_it(f);
	answer_children("");
	assert_int_equal(library.asks_count, 0);
	/* The connection is lost, which we have not heard yet; the request waits for the next. */
	library.state = ZOO_CONNECTING_STATE;
	zookeeper_tend(f->zk, f->resolver);
	assert_int_equal(library.asks_count, 1);
	library.watcher(HANDLE, ZOO_SESSION_EVENT, ZOO_CONNECTING_STATE, "", library.ctx);
	turn(ZOO_CONNECTED_STATE);
	assert_int_equal(library.asks_count, 1);
	answer_children("");
	/* And then the other. */
	assert_int_equal(library.asks_count, 1);
	answer_children(TWO);
	answer_master(1);
	answer_master(2);
	check_masters(f, "10.0.0.1:5050 10.0.0.2:5050");
}

/*! \brief Without a session the servers are looked for where their names lead now. */
static void test_servers_move(void **state)
{
	struct fixture *f = *state;
	connect_it(f);
	turn(ZOO_CONNECTING_STATE);
	address_of_zk = "192.0.2.2";
	tend_until(f, "192.0.2.2:1,192.0.2.9:2181");
	/* Names that do not resolve for a while take nothing away. */
	address_of_zk = "";
	tend_until(f, "192.0.2.9:2181");
	address_of_zk = "192.0.2.3";
	tend_until(f, "192.0.2.3:1,192.0.2.9:2181");

	/* With one there is nothing to look for. */
	turn(ZOO_CONNECTED_STATE);
	unsigned asked = fake_names.asked;
	resolver_begin(f->resolver);
	zookeeper_tend(f->zk, f->resolver);
	assert_int_equal(fake_names.asked, asked);

	/* A session that has ended is replaced by one where they are now. */
	turn(ZOO_EXPIRED_SESSION_STATE);
	assert_int_equal(f->news, 1);
	address_of_zk = "192.0.2.4";
	tend_until(f, "192.0.2.4:1,192.0.2.9:2181");
}

/*! \brief The end of a session with a server that hangs. */
static void test_end_while_it_hangs(void **state)
{
	struct fixture *f = *state;
	connect_it(f);
	library.hangs = true;
	int64_t began = clock_ms(CLOCK_MONOTONIC);
	zookeeper_end(f->zk);
	zookeeper_end(f->zk);
	zookeeper_free(f->zk);
	assert_true(clock_ms(CLOCK_MONOTONIC) - began < LONG_MS);
	assert_true(library.open);

	/* What comes now is for nobody. */
	zk_address_free(f->address);
	f->address = NULL;
	answer_children(TWO);
	assert_int_equal(library.asks_count, 0);
	library.watcher(HANDLE, ZOO_SESSION_EVENT, ZOO_EXPIRED_SESSION_STATE, "", library.ctx);
	fire_watch();
	assert_int_equal(f->news, 0);
	library.hangs = false;
	while (library.open && clock_ms(CLOCK_MONOTONIC) - began < LONG_MS) {
		usleep(1000);
	}
	f->zk = NULL;
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_masters),
		TEST(test_lost_in_between),
		TEST(test_one_look_at_a_time),
		TEST(test_servers_move),
		TEST(test_end_while_it_hangs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
