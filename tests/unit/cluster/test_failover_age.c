/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/errcode.h>

#include "module/cluster/failover_age.h"

/*! \brief What a state says that has nothing but a flag; NULL: the master has no ID. */
static struct master_facts blank(const char *id, double registry_fetch_timeout)
{
	return (struct master_facts){
		.id = { id, id != NULL ? strlen(id) : 0 },
		.registry_fetch_timeout = registry_fetch_timeout,
	};
}

static const struct failover_leader NOBODY;

static void test_blank(void **unused)
{
	(void)unused;
	struct master_facts facts = blank(NULL, 60);
	assert_true(failover_is_blank(&facts, &NOBODY, 0));
	assert_true(failover_is_blank(&facts, &NOBODY, 60));
	assert_false(failover_is_blank(&facts, &NOBODY, 60.5));
	/* Two without an ID are not the same. */
	struct failover_leader same = failover_leader(&facts, 1);
	assert_true(failover_is_blank(&facts, &same, 0));

	facts = blank(NULL, 10);
	assert_true(failover_is_blank(&facts, &NOBODY, 10));
	assert_false(failover_is_blank(&facts, &NOBODY, 11));

	facts = blank(NULL, 60);
	facts.recovered_count = 1;
	assert_false(failover_is_blank(&facts, &NOBODY, 0));
	facts = blank(NULL, 60);
	facts.frameworks_count = 1;
	assert_false(failover_is_blank(&facts, &NOBODY, 0));
	facts = blank(NULL, 60);
	facts.registered_count = 1;
	assert_false(failover_is_blank(&facts, &NOBODY, 0));
}

/*! \brief Who has been believed has read its registry, whatever it says now. */
static void test_blank_after_agents(void **unused)
{
	(void)unused;
	struct master_facts m1 = blank("m1", 60), m2 = blank("m2", 60), m11 = blank("m11", 60);
	struct failover_leader before = failover_leader(&m1, 5);
	assert_false(failover_is_blank(&m1, &before, 0));
	assert_true(failover_is_blank(&m1, &NOBODY, 0));
	assert_true(failover_is_blank(&m2, &before, 0));
	assert_true(failover_is_blank(&m11, &before, 0));
}

/*! \brief A leader, its clock and ours. */
struct clocks {
	struct failover_age age;
	struct failover_leader before;
	int64_t now; /*!< Ours, in ms. */
};

/*! \brief What is found out of a reply after \a ms more; \a started as start_time, 0 for none. */
static double age_of(struct clocks *clocks, const char *id, double started, double elected,
                     int64_t date, int64_t ms)
{
	clocks->now += ms;
	struct master_facts facts = {
		.id = { id, strlen(id) },
		.start_time = started,
		.elected_time = elected,
	};
	return failover_age(&clocks->age, &facts, clocks->now - 10, &clocks->before, date,
	                    clocks->now);
}

static void assert_seconds(double is, double should)
{
	assert_true(is > should - 0.1 && is < should + 0.1);
}

static void test_age_by_its_clock(void **unused)
{
	(void)unused;
	struct clocks clocks = { .now = 5000 };
	assert_seconds(age_of(&clocks, "m1", 900, 1000.5, 1100, 0), 99.5);
	assert_seconds(age_of(&clocks, "m1", 900, 1000.5, 1101, 1000), 100.5);
	/* Elected within the second that the Date says. */
	assert_seconds(age_of(&clocks, "m2", 900, 1101.9, 1101, 1000), 0);
	/* Another leads since, and has for a time that can be. */
	assert_seconds(age_of(&clocks, "m3", 0, 9000, 9005, 6000), 5);
}

/*! \brief Without what it takes: since it was first seen. */
static void test_age_without_times(void **unused)
{
	(void)unused;
	struct clocks clocks = { .now = 1 };
	assert_seconds(age_of(&clocks, "m1", 0, 0, 1000, 10), 0);
	assert_seconds(age_of(&clocks, "m1", 0, 500, 0, 7000), 7);
	assert_seconds(age_of(&clocks, "m2", 0, 0, 0, 1000), 0);
	assert_seconds(age_of(&clocks, "m2", 0, 0, 0, 3000), 3);
}

static void test_age_that_makes_no_sense(void **unused)
{
	(void)unused;
	enum { YEAR = 365 * 86400 };
	struct clocks clocks = { .now = 100000 };
	/* A year behind: negative. */
	assert_seconds(age_of(&clocks, "m1", 0, YEAR, 1000, 0), 0);
	assert_seconds(age_of(&clocks, "m1", 0, YEAR, 1061, 61000), 61);
	/* Set back between its start and its election. */
	assert_seconds(age_of(&clocks, "m2", 2000, 1000, 1500, 1000000), 0);
	assert_seconds(age_of(&clocks, "m2", 2000, 1000, 1505, 5000), 5);

	/* A year ahead, and another led five seconds ago. */
	assert_seconds(age_of(&clocks, "m3", 0, 1000, 1000 + YEAR, 5000), 0);
	assert_seconds(age_of(&clocks, "m3", 0, 1000, 1010 + YEAR, 10000), 10);
	/* Set right again. */
	assert_seconds(age_of(&clocks, "m3", 0, 1000, 1021, 10000), 21);

	/* Set a year ahead while it leads, the first that is seen. */
	clocks = (struct clocks){ .now = 100000 };
	assert_seconds(age_of(&clocks, "m1", 0, 1000, 1005, 0), 5);
	assert_seconds(age_of(&clocks, "m1", 0, 1000, 1006 + YEAR, 1000), 1);
}

/*! \brief Nobody was seen before: what is long can be true. Slow replies are no lies. */
static void test_age_at_first(void **unused)
{
	(void)unused;
	struct clocks clocks = { .now = 5000 };
	assert_seconds(age_of(&clocks, "m1", 1000, 2000, 1000000, 0), 998000);
	for (int i = 1; i < 10; i++) {
		clocks.now += 20000;
		struct master_facts facts = {
			.id = { "m1", 2 },
			.start_time = 1000,
			.elected_time = 2000,
		};
		int64_t asked = clocks.now - (i % 2 == 0 ? 1 : 15000);
		int64_t date = 1000000 + (asked - 5000) / 1000;
		assert_true(failover_age(&clocks.age, &facts, asked, &NOBODY, date, clocks.now) >
		            997990);
	}
}

/*! \brief What another poller has served of is known, too. */
static void test_age_after_another_poller(void **unused)
{
	(void)unused;
	struct failover_leader before = { .id = "m1", .asked = 90000 };
	struct clocks clocks = { .before = before, .now = 100000 };
	assert_seconds(age_of(&clocks, "m2", 0, 1000, 2000, 0), 0);
	assert_seconds(age_of(&clocks, "m2", 0, 1000, 1009, 0), 9);

	clocks = (struct clocks){ .before = before, .now = 100000 };
	assert_seconds(age_of(&clocks, "m1", 0, 0, 0, 0), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blank),
		cmocka_unit_test(test_blank_after_agents),
		cmocka_unit_test(test_age_by_its_clock),
		cmocka_unit_test(test_age_without_times),
		cmocka_unit_test(test_age_that_makes_no_sense),
		cmocka_unit_test(test_age_at_first),
		cmocka_unit_test(test_age_after_another_poller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
