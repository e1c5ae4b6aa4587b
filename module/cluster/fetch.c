/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/base/util.h"
#include "module/cluster/fetch.h"
#include "module/cluster/follow.h"
#include "module/cluster/publish.h"
#include "module/cluster/report.h"

/*! \brief Adds a master to those that are asked, once. */
static void add_master(struct cluster *cluster, const struct endpoint *master)
{
	for (size_t i = 0; i < cluster->masters_count; i++) {
		if (endpoint_equal(&cluster->masters[i], master)) {
			return;
		}
	}
	cluster->masters[cluster->masters_count++] = *master;
	resolver_want_endpoint(cluster->resolver, master);
}

/*!
 * \brief Finds out whom to ask: ZooKeeper's masters, the leader first, then the static ones.
 *
 * \param problem  Out: what is wrong with ZooKeeper; empty if nothing is.
 */
static void find_masters(struct cluster *cluster, char problem[static ZOOKEEPER_PROBLEM_MAX])
{
	struct endpoint found[ZOOKEEPER_MASTERS_MAX];
	size_t count = 0;
	problem[0] = '\0';
	if (cluster->zk != NULL) {
		zookeeper_tend(cluster->zk, cluster->resolver);
		count = zookeeper_masters(cluster->zk, found);
		(void)zookeeper_problem(cluster->zk, problem);
		if (cluster->zk_failed && problem[0] == '\0') {
			report(cluster, NULL, LOG_NOTICE, "ZooKeeper answers again");
		}
		cluster->zk_failed = problem[0] != '\0';
	}

	cluster->masters_count = 0;
	for (size_t i = 0; i < count; i++) {
		add_master(cluster, &found[i]);
	}
	/* Whoever leads: a failover renumbers nobody. */
	cluster->known_count = cluster->masters_count;
	cluster->known = cluster->announced;
	memcpy(cluster->announced, cluster->masters,
	       cluster->known_count * sizeof(*cluster->announced));
	qsort(cluster->announced, cluster->known_count, sizeof(*cluster->announced),
	      endpoint_compare);
	for (size_t i = 0; i < cluster->settings->masters_count; i++) {
		add_master(cluster, &cluster->settings->masters[i]);
	}
	if (cluster->known_count == 0) {
		cluster->known = cluster->masters;
		cluster->known_count = cluster->masters_count;
	}
	master_set_known(cluster->client, cluster->masters, cluster->masters_count);
}

/*! \brief The master that ZooKeeper says leads; all zero if it says nothing. */
static struct endpoint named_leader(const struct cluster *cluster)
{
	struct endpoint found[ZOOKEEPER_MASTERS_MAX] = { 0 };
	if (cluster->zk != NULL) {
		(void)zookeeper_masters(cluster->zk, found);
	}
	return found[0];
}

/*!
 * \brief True if ZooKeeper names another leader than at the poll's begin (struct master_watch).
 *
 * Also publishes views that have come meanwhile: it is asked when the thread is woken.
 */
static bool is_over(void *ctx)
{
	struct cluster *cluster = ctx;
	if (publish_views(cluster) != KNOT_EOK) {
		pthread_mutex_lock(&cluster->lock);
		cluster->poll_now = true;
		pthread_mutex_unlock(&cluster->lock);
	}
	struct endpoint leader = named_leader(cluster);
	return !endpoint_equal(&leader, &cluster->named);
}

/*! \brief Notes that a master is silent (struct master_watch). */
static void on_silence(void *ctx, const struct endpoint *master)
{
	report_silence(ctx, master);
}

/*! \brief Index of the master to ask first: the last good one, if there is no ZooKeeper to say. */
static size_t first_master(const struct cluster *cluster)
{
	for (size_t i = 0; i < cluster->masters_count && cluster->zk == NULL; i++) {
		if (endpoint_equal(&cluster->masters[i], &cluster->last_good)) {
			return i;
		}
	}
	return 0;
}

/*!
 * \brief Adds an error to others; what is amiss here, or with the login, is said once, however many
 *        masters there are.
 */
static void add_error(char errors[static CLUSTER_ERROR_MAX], const char *error,
                      enum poll_outcome outcome)
{
	size_t len = strlen(errors);
	bool is_of_one = outcome != POLL_LOCAL && outcome != POLL_LOGIN;
	if (is_of_one || strstr(errors, error) == NULL) {
		snprintf(errors + len, CLUSTER_ERROR_MAX - len, "%s%s", len > 0 ? "; " : "", error);
	}
}

/*! \brief Notes what is wrong with ZooKeeper, or here if that may be why. */
static enum poll_outcome note_problem(const char *problem, char errors[static CLUSTER_ERROR_MAX])
{
	errors[0] = '\0';
	if (problem[0] == '\0') {
		return POLL_ZOOKEEPER;
	}
	int trouble = master_local_trouble();
	enum poll_outcome outcome = trouble != 0 ? POLL_LOCAL : POLL_ZOOKEEPER;
	add_error(errors, trouble != 0 ? strerrordesc_np(trouble) : problem, outcome);
	return outcome;
}

/*! \brief Prefers the master that led to a state for the next poll. */
static void note_good(struct cluster *cluster, const struct master_reply *reply)
{
	cluster->last_good = reply->asked;
	for (size_t i = 0; i < cluster->masters_count; i++) {
		if (endpoint_equal(&cluster->masters[i], &reply->answered)) {
			cluster->last_good = cluster->masters[i];
		}
	}
}

/*! \brief Asks the masters in turn; \a problem is what is wrong with ZooKeeper. */
static int ask(struct cluster *cluster, const char *problem, const struct master_watch *watch,
               struct master_reply *reply, char errors[static CLUSTER_ERROR_MAX])
{
	enum poll_outcome outcome = note_problem(problem, errors);
	size_t first = first_master(cluster);
	int ret = KNOT_ECONN;
	for (size_t i = 0; i < cluster->masters_count && ret == KNOT_ECONN; i++) {
		/* first, 0, 1, ... without first */
		size_t next = i == 0 ? first : i <= first ? i - 1 : i;
		if (master_has_failed(cluster->client, &cluster->masters[next])) {
			continue;
		}
		ret = master_fetch(cluster->client, &cluster->masters[next], watch, reply);
		if (ret == KNOT_ECONN) {
			add_error(errors, reply->error, reply->outcome);
			outcome = MAX(outcome, reply->outcome);
		}
	}
	if (ret == KNOT_EOK) {
		note_good(cluster, reply);
	} else {
		reply->outcome = outcome;
	}
	return ret;
}

int fetch_state(struct cluster *cluster, struct master_reply *reply,
                char errors[static CLUSTER_ERROR_MAX])
{
	const struct master_watch watch = {
		.is_over = is_over,
		.on_silence = on_silence,
		.on_turn = follow_turn,
		.ctx = cluster,
	};
	char problem[ZOOKEEPER_PROBLEM_MAX];
	/* Before the masters: a leader that is named in between is another one. */
	cluster->named = named_leader(cluster);
	find_masters(cluster, problem);
	return ask(cluster, problem, &watch, reply, errors);
}
