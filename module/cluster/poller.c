/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/random.h>
#include <time.h>

#include <urcu.h>

#include "module/base/util.h"
#include "module/cluster/fetch.h"
#include "module/cluster/members.h"
#include "module/cluster/poller.h"
#include "module/cluster/publish.h"
#include "module/cluster/report.h"

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
static int64_t jitter(int64_t ms)
{
	uint32_t random = 0;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random)) {
		return ms;
	}
	return spread_ms(ms, random);
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
	if (ret != KNOT_ECONNABORTED) {
		cluster->failures++;
		report_failure(cluster, ret == KNOT_ESPACE ? "the state makes more records than fit"
		                                           : knot_strerror(ret));
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

	int ret = publish_state(cluster, reply, asked);
	if (ret != KNOT_EOK) {
		return fail(cluster, ret);
	}
	report_success(cluster, reply, errors);
	note_success(cluster, reply);
	report_kept(cluster, (uint32_t)inventory_stats(cluster->stock->inventory).kept);
	cluster->hurry = facts->recovered_count > 0 && since < FAILOVER_SECONDS;
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
	ret = fetch_state(cluster, &reply, errors);
	enum poll_outcome outcome = reply.outcome;
	if (ret == KNOT_ECONN) {
		cluster->failures++;
		report_failure(cluster, errors);
	} else if (ret == KNOT_EOK) {
		outcome = take_reply(cluster, &reply, began, errors);
		objects_parser_free(reply.state);
	} else {
		/* Stopped; or ZooKeeper names another leader, and the next poll comes at once. */
		return;
	}
	members_count_poll(cluster, outcome);
}

/*! \brief Time until the next poll, in milliseconds. */
static int64_t next_wait(const struct cluster *cluster)
{
	int64_t wait = (int64_t)cluster->settings->poll_interval * 1000;
	if (cluster->failures > 0) {
		int64_t retry = (int64_t)RETRY_MS << MIN(cluster->failures - 1, 20);
		wait = MIN(wait, MIN(retry, RETRY_MAX_MS));
	}
	if (cluster->hurry) {
		wait = RETRY_MS;
	}
	return jitter(wait);
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

/*! \brief Waits until \a until (CLOCK_MONOTONIC in ms), or only to \a soonest for a poll at once.
 */
static void wait_until(struct cluster *cluster, int64_t until, int64_t soonest)
{
	pthread_mutex_lock(&cluster->lock);
	while (!atomic_load(&cluster->stop)) {
		if (cluster->views_wait) {
			serve_views(cluster);
			continue;
		}
		int64_t end = cluster->poll_now ? soonest : until;
		if (clock_ms(CLOCK_MONOTONIC) >= end) {
			break;
		}
		pthread_mutex_unlock(&cluster->lock);
		master_wait(cluster->client, end, NULL);
		pthread_mutex_lock(&cluster->lock);
	}
	cluster->poll_now = false;
	pthread_mutex_unlock(&cluster->lock);
}

void *poller_run(void *ctx)
{
	struct cluster *cluster = ctx;
	/* For knotd's log, which is read under RCU and replaced by a reload. */
	rcu_register_thread();
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	if (cluster->zk != NULL) {
		resolver_begin(cluster->resolver);
		zookeeper_tend(cluster->zk, cluster->resolver);
		wait_until(cluster, now + ZOOKEEPER_WAIT_MS, now + PAUSE_MS);
	} else {
		/* The zones that are loaded with the first one share its first poll. */
		wait_until(cluster, now + PAUSE_MS, now + PAUSE_MS);
	}
	while (!atomic_load(&cluster->stop)) {
		poll_once(cluster);
		now = clock_ms(CLOCK_MONOTONIC);
		wait_until(cluster, now + next_wait(cluster), now + PAUSE_MS);
	}
	/* Here each cluster's thread waits by itself. */
	zookeeper_end(cluster->zk);
	rcu_unregister_thread();
	return NULL;
}
