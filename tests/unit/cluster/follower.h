/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief An inventory with a projection that follows it; to be included after cmocka.h.
 */
#pragma once

#include "module/cluster/projection.h"
#include "tests/unit/inventory/inventory_feed.h"
#include "tests/unit/snapshot/snapshot_digest.h"
#include "tests/unit/snapshot/table_text.h"

#define TTL 30

/*! \brief An inventory, and the projection that hears of it. */
struct follower {
	struct inventory *inventory;
	struct projection projection;
	struct records_masters masters;
	struct snapshot *snapshot;
	atomic_bool stop;
	unsigned publications;
	bool is_state; /*!< What is committed is as a state says. */
	void (*around)(
	        bool begins); /*!< Called before and after the projection works; may be NULL. */
};

static inline void around(const struct follower *f, bool begins)
{
	if (f->around != NULL) {
		f->around(begins);
	}
}

static inline void hear(void *ctx, const struct inventory_change *change)
{
	struct follower *f = ctx;
	around(f, true);
	projection_change(&f->projection, change);
	around(f, false);
}

static const struct address LEADER = { .len = 4, .bytes = { 10, 0, 0, 1 } };
static const struct records_master MASTERS[] = {
	{ .addresses = { &LEADER, 1 }, .port = 5050 },
	{ .addresses = { &LEADER, 1 }, .port = 5051 },
};

static inline struct records_rules make_rules(bool reverse)
{
	return (struct records_rules){
		.zone = reverse ? (const knot_dname_t *)"\00210\007in-addr\004arpa" : MODEL_ZONE,
		.origin = MODEL_ZONE,
		.reverse = reverse,
		.sources = { IP_SOURCE_NETINFO, IP_SOURCE_HOST },
		.sources_count = 2,
		.srv_weight = 1,
		.health = HEALTH_AVOID,
	};
}

/*! \brief Begins with rules of the caller's. */
static inline void start_with(struct follower *f, const struct records_rules *rules,
                              uint64_t octets_max)
{
	*f = (struct follower){ .masters = { MASTERS, 1, { &LEADER, 1 }, 5050 }, .is_state = true };
	projection_init(&f->projection, rules, octets_max, &f->stop);
	f->inventory = inventory_new(hear, f);
	assert_non_null(f->inventory);
}

static inline void start(struct follower *f, bool reverse, uint64_t octets_max)
{
	struct records_rules rules = make_rules(reverse);
	start_with(f, &rules, octets_max);
}

static inline int commit_as(struct follower *f, uint32_t ttl)
{
	struct snapshot *next = NULL;
	around(f, true);
	int ret = projection_commit(&f->projection, f->inventory, &f->masters, ttl, f->is_state,
	                            &next);
	around(f, false);
	if (next != NULL) {
		projection_retire(&f->projection, f->snapshot);
		f->snapshot = next;
		f->publications++;
	}
	return ret;
}

/*! \brief Commits; tells if there was a new snapshot. */
static inline bool follow(struct follower *f)
{
	unsigned before = f->publications;
	assert_int_equal(commit_as(f, TTL), KNOT_EOK);
	return f->publications > before;
}

/*! \brief Takes a state; tells if queries see a difference. */
static inline bool take(struct follower *f, const char *json)
{
	assert_int_equal(feed_state(f->inventory, json), KNOT_EOK);
	return follow(f);
}

static inline void end(struct follower *f)
{
	snapshot_unref(f->snapshot);
	projection_free(&f->projection);
	inventory_free(f->inventory);
}

/*! \brief Asserts that one which begins now shows the same and has lost the same. */
static inline void assert_as_anew(const struct follower *f)
{
	struct projection anew;
	struct records_rules rules = f->projection.rules;
	struct snapshot *snapshot;
	projection_init(&anew, &rules, f->projection.octets_max, &f->stop);
	assert_int_equal(projection_commit(&anew, f->inventory, &f->masters, TTL, true, &snapshot),
	                 KNOT_EOK);
	assert_non_null(snapshot);
	assert_true(digest(snapshot) == digest(f->snapshot));
	assert_int_equal(snapshot_stats(snapshot).names, snapshot_stats(f->snapshot).names);
	assert_int_equal(snapshot_stats(snapshot).records, snapshot_stats(f->snapshot).records);
	assert_int_equal(anew.rules.task_max, f->projection.rules.task_max);
	assert_true(anew.octets == f->projection.octets);
	const struct records_loss *a = &anew.loss, *b = &f->projection.loss;
	assert_true(a->skipped == b->skipped && a->digest == b->digest);
	assert_true(a->cut == b->cut && a->cut_tasks == b->cut_tasks);
	assert_true(a->cut_digest == b->cut_digest);
	snapshot_unref(snapshot);
	projection_free(&anew);
}

#define HEAD                                                                                       \
	"{\"leader\":\"master@10.0.0.1:5050\",\"slaves\":[{\"id\":\"S1\",\"pid\":\"slave(1)@10.0." \
	"0.11:5051\"}],"
#define TASK(name, ports)                                                                      \
	"{\"id\":\"" name "\",\"name\":\"" name                                                \
	"\",\"slave_id\":\"S1\",\"state\":\"TASK_RUNNING\",\"resources\":{\"ports\":\"[" ports \
	"]\"}}"
#define STATE(tasks) HEAD "\"frameworks\":[{\"id\":\"F\",\"name\":\"fw\",\"tasks\":[" tasks "]}]}"
#define NOTHING      HEAD "\"frameworks\":[]}"
