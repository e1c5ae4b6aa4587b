/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/random.h>
#include <time.h>

#include <urcu.h>

#include "module/base/util.h"
#include "module/cluster/fetch.h"
#include "module/cluster/follow.h"
#include "module/cluster/members.h"
#include "module/cluster/poller.h"
#include "module/cluster/publish.h"
#include "module/cluster/report.h"
#include "module/cluster/wanted.h"

/*! \brief First wait after a failure, in milliseconds; doubles up to RETRY_MAX_MS. */
#define RETRY_MS 1000

/*! \brief Longest wait after a failure, in milliseconds, unless poll-interval is less. */
#define RETRY_MAX_MS 5000

/*! \brief Shortest time between two polls, in milliseconds, whoever wants them. */
#define PAUSE_MS 100

/*! \brief How long ZooKeeper has for its first answer, before the first poll, in milliseconds. */
#define ZOOKEEPER_WAIT_MS 3000

/*! \brief How long after an election a poll comes every RETRY_MS, in seconds. */
#define FAILOVER_SECONDS 60

/*! \brief Spreads a time by chance, so that replicas do not poll together. */
static int64_t jitter(int64_t ms, int64_t (*spread)(int64_t ms, uint32_t random))
{
	uint32_t random = 0;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random)) {
		return ms;
	}
	return spread(ms, random);
}

/*! \brief Notes what a good poll gave. */
static void note_load(struct cluster *cluster, const struct master_reply *reply, int64_t asked)
{
	const struct inventory_stats stats = inventory_stats(cluster->stock->inventory);
	struct counters_load load = {
		.time = time(NULL),
		.duration = clock_ms(CLOCK_MONOTONIC) - asked,
		.bytes = reply->bytes,
		.tasks = cluster->tally.serving,
		.agents = stats.agents,
		.frameworks = stats.frameworks,
	};

	pthread_mutex_lock(&cluster->lock);
	cluster->stats.last = load;
	cluster->stats.events = cluster->follow.counted;
	cluster->inventory_bytes = stats.bytes;
	struct stock *before = cluster->before;
	cluster->before = NULL;
	cluster->has_begun = true;
	pthread_mutex_unlock(&cluster->lock);
	stock_unref(before);
}

/*! \brief Takes note of a good poll. */
static void note_success(struct cluster *cluster, const struct master_reply *reply)
{
	if (cluster->loaded && !endpoint_equal(&cluster->leader, &reply->leader)) {
		pthread_mutex_lock(&cluster->lock);
		cluster->stats.leader_changes++;
		pthread_mutex_unlock(&cluster->lock);
	}
	cluster->loaded = true;
	cluster->leader = reply->leader;
	cluster->failures = 0;
}

/*! \brief Notes that a poll has failed for a reason that is here. */
static enum poll_outcome fail(struct cluster *cluster, int ret)
{
	if (ret == KNOT_ECONNABORTED) {
		return POLL_LOCAL;
	}
	cluster->failures++;
	switch (ret) {
	case KNOT_ESPACE: report_failure(cluster, "the state makes more records than fit"); break;
	case KNOT_EAGAIN:
		report_failure(cluster, "more events than can be kept came with the state");
		break;
	default: report_failure(cluster, knot_strerror(ret));
	}
	return POLL_LOCAL;
}

/*! \brief Makes true what a reply says. */
static enum poll_outcome take_reply(struct cluster *cluster, const struct master_reply *reply,
                                    int64_t asked, const char *errors)
{
	const struct master_facts *facts = &reply->facts;
	const struct failover_leader before = cluster->stock->leader;
	double since = failover_age(&cluster->age, facts, asked, &before, reply->date,
	                            clock_ms(CLOCK_MONOTONIC));
	if (failover_is_blank(facts, &before, since)) {
		stock_abort(cluster->stock);
		cluster->hurry = true;
		report_failure(cluster,
		               "the leader has no agents and may not have read its registry yet");
		return POLL_UNREAD_REGISTRY;
	}

	follow_catch_up(cluster, reply);
	/* Events do not wait for names. */
	int ret = publish_state(cluster, reply, asked, !follow_lives(cluster));
	if (ret != KNOT_EOK) {
		return fail(cluster, ret);
	}
	report_success(cluster, reply, errors);
	note_success(cluster, reply);
	report_kept(cluster, (uint32_t)inventory_stats(cluster->stock->inventory).kept);
	follow_leader(cluster, reply);
	cluster->hurry = facts->recovered_count > 0 && since < FAILOVER_SECONDS &&
	                 !follow_lives(cluster);
	note_load(cluster, reply, asked);
	return POLL_OK;
}

/*! \brief Takes over what the cluster is to begin with. */
static int inherit(struct cluster *cluster)
{
	pthread_mutex_lock(&cluster->lock);
	struct stock *before = stock_ref(cluster->before);
	pthread_mutex_unlock(&cluster->lock);
	if (before == NULL) {
		return KNOT_EOK;
	}
	int ret = stock_copy(cluster->stock, before, &cluster->stop);
	if (ret == KNOT_EOK) {
		pthread_mutex_lock(&cluster->lock);
		cluster->before = NULL;
		pthread_mutex_unlock(&cluster->lock);
		stock_unref(before);
	}
	stock_unref(before);
	return ret;
}

/*! \brief Polls once. */
static void poll_once(struct cluster *cluster)
{
	int ret = inherit(cluster);
	if (ret == KNOT_EOK) {
		ret = wanted_update(cluster);
	}
	if (ret != KNOT_EOK) {
		members_count_poll(cluster, fail(cluster, ret));
		return;
	}
	char errors[CLUSTER_ERROR_MAX];
	struct master_reply reply;
	int64_t began = clock_ms(CLOCK_MONOTONIC);

	cluster->hurry = false;
	cluster->silence = false;
	resolver_begin(cluster->resolver);
	follow_expect(cluster);
	ret = fetch_state(cluster, &reply, errors);
	enum poll_outcome outcome = reply.outcome;
	if (ret == KNOT_ECONN) {
		cluster->failures++;
		follow_nobody(cluster);
		report_failure(cluster, errors);
	} else if (ret == KNOT_EOK) {
		outcome = take_reply(cluster, &reply, began, errors);
		objects_parser_free(reply.state);
	}
	stock_forget(cluster->stock);
	if (ret == KNOT_ECONN || ret == KNOT_EOK) {
		members_count_poll(cluster, outcome);
	}
	/* Else stopped; or ZooKeeper names another leader, and the next poll comes at once. */
}

/*! \brief Time until the next poll, in milliseconds. */
static int64_t next_wait(const struct cluster *cluster)
{
	const struct settings *settings = cluster->settings;
	bool follows = follow_lives(cluster);
	int64_t wait = INT64_C(1000) *
	               (follows ? settings->resync_interval : settings->poll_interval);
	if (cluster->failures > 0) {
		int64_t retry = (int64_t)RETRY_MS << MIN(cluster->failures - 1, 20);
		wait = MIN(wait, MIN(retry, RETRY_MAX_MS));
	}
	if (cluster->hurry) {
		wait = RETRY_MS;
	}
	/* What events leave out must not be wrong for longer. */
	return jitter(wait, follows ? shorten_ms : spread_ms);
}

/*!
 * \brief Serves views that have come; wants a poll if there is nothing to serve them from.
 *
 * The cluster's lock is held, but not all of the time.
 */
static void serve_views(struct cluster *cluster)
{
	bool is_served = false;
	if (cluster->loaded) {
		pthread_mutex_unlock(&cluster->lock);
		is_served = publish_views(cluster) == KNOT_EOK;
		pthread_mutex_lock(&cluster->lock);
	}
	if (!is_served) {
		cluster->views_wait = false;
		cluster->poll_now = true;
	}
}

/*!
 * \brief Has more read from now on if views that have come want it, and a poll at once.
 *
 * The cluster's lock is held, but not all of the time.
 */
static void want_more(struct cluster *cluster)
{
	cluster->wants_wait = false;
	pthread_mutex_unlock(&cluster->lock);
	bool is_due = wanted_update(cluster) != KNOT_EOK || wanted_is_more(cluster);
	pthread_mutex_lock(&cluster->lock);
	/* Without memory the poll says so. */
	cluster->poll_now |= is_due;
}

/*! \brief When the next poll is due: CLOCK_MONOTONIC in ms. */
static int64_t poll_due(const struct cluster *cluster, bool poll_now)
{
	return poll_now ? 0 : MIN(cluster->poll_at, follow_state_at(cluster));
}

/*!
 * \brief Waits for the next poll, and follows events meanwhile.
 *
 * \param soonest  Not before that, whoever wants it: CLOCK_MONOTONIC in ms.
 */
static void wait_for_poll(struct cluster *cluster, int64_t soonest)
{
	const struct master_watch watch = { .on_turn = follow_turn, .ctx = cluster };
	pthread_mutex_lock(&cluster->lock);
	while (!atomic_load(&cluster->stop)) {
		if (cluster->wants_wait) {
			want_more(cluster);
			continue;
		}
		if (cluster->views_wait) {
			serve_views(cluster);
			continue;
		}
		bool poll_now = cluster->poll_now;
		pthread_mutex_unlock(&cluster->lock);
		int64_t wake = follow_tend(cluster);
		int64_t due = MAX(poll_due(cluster, poll_now), soonest);
		bool is_due = clock_ms(CLOCK_MONOTONIC) >= due;
		if (!is_due) {
			master_wait(cluster->client, MIN(due, wake), &watch);
		}
		pthread_mutex_lock(&cluster->lock);
		if (is_due) {
			break;
		}
	}
	cluster->poll_now = false;
	pthread_mutex_unlock(&cluster->lock);
}

/*! \brief Waits for the next poll, which is due in \a ms. */
static void wait_at_most(struct cluster *cluster, int64_t ms)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	cluster->poll_at = now + ms;
	wait_for_poll(cluster, now + PAUSE_MS);
}

void *poller_run(void *ctx)
{
	struct cluster *cluster = ctx;
	/* For knotd's log, which is read under RCU and replaced by a reload. */
	rcu_register_thread();
	if (cluster->zk != NULL) {
		resolver_begin(cluster->resolver);
		zookeeper_tend(cluster->zk, cluster->resolver);
		wait_at_most(cluster, ZOOKEEPER_WAIT_MS);
	} else {
		/* The zones that are loaded with the first one share its first poll. */
		wait_at_most(cluster, PAUSE_MS);
	}
	while (!atomic_load(&cluster->stop)) {
		poll_once(cluster);
		wait_at_most(cluster, next_wait(cluster));
	}
	/* Here each cluster's thread waits by itself. */
	zookeeper_end(cluster->zk);
	rcu_unregister_thread();
	return NULL;
}
