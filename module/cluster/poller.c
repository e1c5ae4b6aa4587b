/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/random.h>
#include <time.h>

#include <urcu.h>

#include "module/base/util.h"
#include "module/cluster/failover.h"
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

/*! \brief Makes the records of a state, and of what it does not know yet after a failover. */
static int take_state(struct cluster *cluster, struct state *state, const struct state *before)
{
	int64_t time = clock_ms(CLOCK_MONOTONIC);
	int ret = failover_keep(state, before);
	if (ret == KNOT_EOK) {
		publish_resolve(cluster, state);
		ret = publish_state(cluster, state, time);
	}
	return ret;
}

/*! \brief Notes what a good poll gave. */
static void note_load(struct cluster *cluster, const struct master_reply *reply)
{
	struct counters_load load = {
		.time = time(NULL),
		.duration = clock_ms(CLOCK_MONOTONIC) - reply->state->asked,
		.bytes = reply->bytes,
	};
	counters_take_state(&load, reply->state);

	pthread_mutex_lock(&cluster->lock);
	cluster->stats.last = load;
	struct state *before = cluster->before;
	cluster->before = reply->state;
	pthread_mutex_unlock(&cluster->lock);
	state_free(before);
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

/*! \brief Makes records of a reply; its state goes to the cluster if that succeeds. */
static enum poll_outcome take_reply(struct cluster *cluster, const struct master_reply *reply,
                                    const struct state *before, const char *errors)
{
	struct state *state = reply->state;
	double since = failover_age(&cluster->age, state, before, reply->date,
	                            clock_ms(CLOCK_MONOTONIC));
	if (failover_is_blank(state, before, since)) {
		cluster->hurry = true;
		report_failure(cluster,
		               "the leader has no agents and may not have read its registry yet");
		return POLL_UNREAD_REGISTRY;
	}

	int ret = take_state(cluster, state, before);
	if (ret != KNOT_EOK) {
		cluster->failures++;
		report_failure(cluster, ret == KNOT_ESPACE ? "the state makes more records than fit"
		                                           : knot_strerror(ret));
		return POLL_LOCAL;
	}
	report_success(cluster, reply, errors);
	note_success(cluster, reply);
	report_kept(cluster, state);
	cluster->hurry = state->recovered_count > 0 && since < FAILOVER_SECONDS;
	note_load(cluster, reply);
	return POLL_OK;
}

/*! \brief Polls once. */
static void poll_once(struct cluster *cluster)
{
	char errors[CLUSTER_ERROR_MAX];
	struct master_reply reply;
	int64_t began = clock_ms(CLOCK_MONOTONIC);

	cluster->hurry = false;
	cluster->silence = false;
	resolver_begin(cluster->resolver);
	int ret = fetch_state(cluster, &reply, errors);
	enum poll_outcome outcome = reply.outcome;
	if (ret == KNOT_ECONN) {
		cluster->failures++;
		report_failure(cluster, errors);
	} else if (ret == KNOT_EOK) {
		reply.state->asked = began;
		pthread_mutex_lock(&cluster->lock);
		struct state *before = state_ref(cluster->before);
		pthread_mutex_unlock(&cluster->lock);
		outcome = take_reply(cluster, &reply, before, errors);
		state_free(before);
		if (outcome != POLL_OK) {
			state_free(reply.state);
		}
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

/*! \brief Waits until \a until (CLOCK_MONOTONIC in ms), or only to \a soonest for a poll at once.
 */
static void wait_until(struct cluster *cluster, int64_t until, int64_t soonest)
{
	pthread_mutex_lock(&cluster->lock);
	while (!atomic_load(&cluster->stop)) {
		int64_t end = cluster->poll_now ? soonest : until;
		if (clock_ms(CLOCK_MONOTONIC) >= end) {
			break;
		}
		pthread_mutex_unlock(&cluster->lock);
		master_wait(cluster->client, end, NULL);
		pthread_mutex_lock(&cluster->lock);
	}
	cluster->poll_now = false;
	cluster->fetching = true;
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
