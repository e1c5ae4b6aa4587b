/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "module/cluster/cluster_private.h"
#include "module/base/util.h"

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

/*! \brief Adds an error to others; what is amiss here is said once, however many masters there are.
 */
static void add_error(char errors[static CLUSTER_ERROR_MAX], const char *error,
                      enum poll_outcome outcome)
{
	size_t len = strlen(errors);
	if (outcome != POLL_LOCAL || strstr(errors, error) == NULL) {
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

int poller_fetch(struct cluster *cluster, const char *problem, const struct master_watch *watch,
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
