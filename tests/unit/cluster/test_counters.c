/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The counters: their names, their places, and what is put into them.
 *
 * What knotd does with them is done here as knotd does it (Knot: query_module.c, stats.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/answer/stats.h"
#include "module/cluster/counters.h"
#include "module/snapshot/table.h"

#define WORKERS 2
#define WORDS   64

/*! \brief Octets of a cache line. */
#define CACHE_LINE 64

static struct {
	const char *name;
	uint32_t first, count;
	knotd_mod_idx_to_str_f index_name;
} counters[WORDS];
static uint32_t counters_count, words_count;
static uint64_t words[WORKERS][WORDS];

int knotd_mod_stats_add(knotd_mod_t *mod, const char *name, uint32_t count,
                        knotd_mod_idx_to_str_f index_name)
{
	(void)mod;
	assert_true(words_count + count <= WORDS);
	counters[counters_count].name = name;
	counters[counters_count].first = words_count;
	counters[counters_count].count = count;
	counters[counters_count++].index_name = index_name;
	words_count += count;
	return KNOT_EOK;
}

static uint64_t *word(unsigned thread, uint32_t counter, uint32_t index)
{
	assert_true(thread < WORKERS && counter < counters_count);
	assert_true(index < counters[counter].count);
	return &words[thread][counters[counter].first + index];
}

void knotd_mod_stats_incr(knotd_mod_t *mod, unsigned thread, uint32_t counter, uint32_t index,
                          uint64_t value)
{
	(void)mod;
	*word(thread, counter, index) += value;
}

void knotd_mod_stats_store(knotd_mod_t *mod, unsigned thread, uint32_t counter, uint32_t index,
                           uint64_t value)
{
	(void)mod;
	*word(thread, counter, index) = value;
}

/*! \brief What knotd shows for `name` or `name[index]`. */
static uint64_t shown(const char *wanted)
{
	for (uint32_t i = 0; i < counters_count; i++) {
		for (uint32_t j = 0; j < counters[i].count; j++) {
			char name[64];
			snprintf(name, sizeof(name), "%s", counters[i].name);
			if (counters[i].index_name != NULL) {
				char *index = counters[i].index_name(j, counters[i].count);
				assert_non_null(index);
				snprintf(name, sizeof(name), "%s[%s]", counters[i].name, index);
				free(index);
			}
			if (strcmp(name, wanted) == 0) {
				return *word(0, i, j) + *word(1, i, j);
			}
		}
	}
	fail_msg("no counter %s", wanted);
	return 0;
}

/*! \brief Where else workers count; NULL: nowhere. */
static struct stats *own;

/*! \brief Stands for an instance that has got its counters. */
static knotd_mod_t *const MOD = (knotd_mod_t *)(void *)words;

static void count_for(knotd_mod_t *mod, unsigned thread, enum stats_answer kind, bool truncated,
                      bool stale)
{
	uint8_t wire[KNOT_WIRE_HEADER_SIZE] = { 0 };
	knot_pkt_t reply = { .wire = wire };
	knotd_qdata_params_t params = { .thread_id = thread };
	knotd_qdata_t qdata = {
		.params = &params,
		.rcode_ede = stale ? KNOT_EDNS_EDE_STALE : KNOT_EDNS_EDE_NONE,
	};
	if (truncated) {
		knot_wire_set_tc(wire);
	}
	stats_count(mod, own, &qdata, kind, &reply);
}

static void count(unsigned thread, enum stats_answer kind, bool truncated, bool stale)
{
	count_for(MOD, thread, kind, truncated, stale);
}

static void test_answers(void **state)
{
	(void)state;
	memset(words, 0, sizeof(words));
	count(0, STATS_RECORDS, false, false);
	count(1, STATS_RECORDS, true, false);
	count(1, STATS_NODATA, false, true);
	count(1, STATS_NOT_FOUND, false, false);
	count(0, STATS_NOT_READY, false, false);
	assert_int_equal(shown("answers[records]"), 2);
	assert_int_equal(shown("answers[nodata]"), 1);
	assert_int_equal(shown("answers[not-found]"), 1);
	assert_int_equal(shown("answers[not-ready]"), 1);
	assert_int_equal(shown("answers[truncated]"), 1);
	assert_int_equal(shown("answers[stale]"), 1);
}

/*! \brief Our own counters say the same as knotd's, and also what an instance without any saw. */
static void test_own(void **state)
{
	(void)state;
	memset(words, 0, sizeof(words));
	own = stats_new(WORKERS);
	assert_non_null(own);
	for (enum stats_answer kind = 0; kind < STATS_OTHER; kind++) {
		for (unsigned i = 0; i <= kind; i++) {
			count(i % WORKERS, kind, i == 0, i == 1);
		}
	}
	uint64_t sums[STATS_KINDS];
	stats_sum(own, sums);
	for (uint32_t kind = 0; kind < STATS_KINDS; kind++) {
		char name[32];
		snprintf(name, sizeof(name), "answers[%s]", stats_names[kind]);
		assert_true(sums[kind] > 0);
		assert_int_equal(sums[kind], shown(name));
	}

	count_for(NULL, 1, STATS_NODATA, false, false);
	assert_int_equal(shown("answers[nodata]"), sums[STATS_NODATA]);
	stats_sum(own, sums);
	assert_int_equal(shown("answers[nodata]") + 1, sums[STATS_NODATA]);
	free(own);
	own = NULL;
	count(0, STATS_NODATA, false, false);
}

/*! \brief No two workers write to one cache line, nor does anybody else to theirs. */
static void test_own_places(void **state)
{
	(void)state;
	own = stats_new(WORKERS);
	assert_non_null(own);
	uintptr_t first = (uintptr_t)&own->workers[0], last = (uintptr_t)&own->workers[WORKERS];
	assert_int_equal(first % CACHE_LINE, 0);
	assert_int_equal(last % CACHE_LINE, 0);
	assert_true(first - (uintptr_t)own >= CACHE_LINE);
	assert_int_equal(sizeof(struct stats_worker), CACHE_LINE);
	free(own);
	own = NULL;
}

/*! \brief What workers write lies a cache line away from both ends of a worker's memory. */
static void test_places(void **state)
{
	(void)state;
	memset(words, 0, sizeof(words));
	for (enum stats_answer kind = 0; kind < STATS_OTHER; kind++) {
		count(1, kind, true, true);
	}
	for (uint32_t i = 0; i < words_count; i++) {
		assert_int_equal(words[0][i], 0);
		if (words[1][i] > 0) {
			assert_true(i * sizeof(uint64_t) >= CACHE_LINE);
			assert_true((words_count - i - 1) * sizeof(uint64_t) >= CACHE_LINE);
		}
	}
}

static void test_polls(void **state)
{
	(void)state;
	memset(words, 0, sizeof(words));
	struct counters_polls polls = {
		.leader_changes = 5,
		.last = { 1000, 20, 300, .tasks = 7, .agents = 8, .frameworks = 9 },
	};
	for (uint32_t i = 0; i < POLL_OUTCOMES; i++) {
		polls.count[i] = 100 + i;
	}
	const uint8_t address[] = { 10, 0, 0, 1 };
	const knot_dname_t *zone = (const knot_dname_t *)"\005mesos";
	const knot_dname_t *owner = (const knot_dname_t *)"\003web\002fw\005mesos";
	struct snapshot_table *table = snapshot_table_new(zone, 30);
	struct snapshot *snapshot = NULL;
	assert_non_null(table);
	assert_int_equal(snapshot_table_change(table, 1, owner, KNOT_RRTYPE_A, address, 4, 0),
	                 KNOT_EOK);
	assert_int_equal(snapshot_table_commit(table, &snapshot), KNOT_EOK);
	snapshot_table_free(table);

	/* Twice: values are set, not added. */
	const struct counters_view view = { snapshot, .skipped = 3, .publications = 4 };
	counters_show(NULL, &polls, &view);
	counters_show(NULL, &polls, &view);
	assert_int_equal(shown("polls[ok]"), 100 + POLL_OK);
	assert_int_equal(shown("polls[zookeeper]"), 100 + POLL_ZOOKEEPER);
	assert_int_equal(shown("polls[connect]"), 100 + POLL_CONNECT);
	assert_int_equal(shown("polls[timeout]"), 100 + POLL_TIMEOUT);
	assert_int_equal(shown("polls[tls]"), 100 + POLL_TLS);
	assert_int_equal(shown("polls[http-status]"), 100 + POLL_HTTP_STATUS);
	assert_int_equal(shown("polls[bad-reply]"), 100 + POLL_BAD_REPLY);
	assert_int_equal(shown("polls[unread-registry]"), 100 + POLL_UNREAD_REGISTRY);
	assert_int_equal(shown("polls[local]"), 100 + POLL_LOCAL);
	assert_int_equal(shown("last-poll-time"), 1000);
	assert_int_equal(shown("poll-duration"), 20);
	assert_int_equal(shown("poll-bytes"), 300);
	assert_int_equal(shown("tasks"), 7);
	assert_int_equal(shown("agents"), 8);
	assert_int_equal(shown("frameworks"), 9);
	assert_int_equal(shown("names"), 1);
	assert_int_equal(shown("records"), 1);
	assert_int_equal(shown("skipped"), 3);
	assert_int_equal(shown("snapshot-bytes"), snapshot_stats(snapshot).bytes);
	assert_int_equal(shown("leader-changes"), 5);
	assert_int_equal(shown("publications"), 4);

	snapshot_unref(snapshot);
	counters_show(NULL, &polls, &(struct counters_view){ 0 });
	assert_int_equal(shown("names"), 0);
	assert_int_equal(shown("records"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),    cmocka_unit_test(test_own),
		cmocka_unit_test(test_own_places), cmocka_unit_test(test_places),
		cmocka_unit_test(test_polls),
	};
	if (counters_register(NULL) != KNOT_EOK) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
