/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <urcu.h>

#include "module/cluster/cluster_private.h"
#include "module/cluster/failover.h"
#include "module/base/util.h"

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

/*! \brief Bytes of a skipped name that a log line shows. */
#define EXAMPLE_MAX 40

/*! \brief Spreads a time by chance, so that replicas do not poll together. */
static int64_t jitter(int64_t ms)
{
	uint32_t random = 0;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random)) {
		return ms;
	}
	return spread_ms(ms, random);
}

/*! \brief Finds the instance to say something through: of the view if given, forward if possible.
 */
static const struct member *speaker(const struct cluster *cluster, const struct view *view)
{
	const struct member *found = NULL;
	for (const struct member *member = cluster->members; member != NULL;
	     member = member->next) {
		if (view != NULL ? member->view == view : found == NULL || !member->view->reverse) {
			found = member;
		}
	}
	return found;
}

/*! \brief Says something about a view, or about the cluster for NULL. */
__attribute__((format(printf, 4, 5))) static void
say(struct cluster *cluster, const struct view *view, int priority, const char *fmt, ...)
{
	pthread_mutex_lock(&cluster->lock);
	const struct member *member = speaker(cluster, view);
	if (member != NULL) {
		va_list args;
		va_start(args, fmt);
		knotd_mod_vlog(member->mod, priority, fmt, args);
		va_end(args);
	}
	pthread_mutex_unlock(&cluster->lock);
}

/*! \brief Starts to look a master's host name up. */
static void want_master(struct cluster *cluster, const struct endpoint *master)
{
	struct text host = { master->host, strlen(master->host) };
	resolver_want(cluster->resolver, host, RESOLVER_OURS);
}

/*! \brief Adds a master to those that are asked, once. */
static void add_master(struct cluster *cluster, const struct endpoint *master)
{
	for (size_t i = 0; i < cluster->masters_count; i++) {
		if (endpoint_equal(&cluster->masters[i], master)) {
			return;
		}
	}
	cluster->masters[cluster->masters_count++] = *master;
	want_master(cluster, master);
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
			say(cluster, NULL, LOG_NOTICE, "ZooKeeper answers again");
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
	for (size_t i = 0; i < cluster->options->masters_count; i++) {
		add_master(cluster, &cluster->options->masters[i]);
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

/*! \brief True if ZooKeeper names another leader than at the poll's begin (struct master_watch). */
static bool is_over(void *ctx)
{
	const struct cluster *cluster = ctx;
	struct endpoint leader = named_leader(cluster);
	return !endpoint_equal(&leader, &cluster->named);
}

/*! \brief Says that a master is silent, if it is news (struct master_watch). */
static void note_silence(void *ctx, const struct endpoint *master)
{
	struct cluster *cluster = ctx;
	char name[ENDPOINT_TEXT_MAX];
	cluster->silence = true;
	if (!cluster->silence_said) {
		say(cluster, NULL, LOG_WARNING, "%s has sent nothing for %d s, asking who leads",
		    endpoint_text(master, false, name), MASTER_SILENT_MS / 1000);
	}
	cluster->silence_said = true;
}

/*! \brief Finds the masters and fetches the leader's state. */
static int fetch(struct cluster *cluster, struct master_reply *reply,
                 char errors[static CLUSTER_ERROR_MAX])
{
	const struct master_watch watch = {
		.is_over = is_over,
		.on_silence = note_silence,
		.ctx = cluster,
	};
	char problem[ZOOKEEPER_PROBLEM_MAX];
	/* Before the masters: a leader that is named in between is another one. */
	cluster->named = named_leader(cluster);
	find_masters(cluster, problem);
	return poller_fetch(cluster, problem, &watch, reply, errors);
}

static bool want_host(void *resolver, struct text host)
{
	resolver_want(resolver, host, RESOLVER_STRANGERS);
	return true;
}

/*! \brief Finds the addresses of all hosts that make records. */
static void resolve(struct cluster *cluster, const struct state *state)
{
	for (size_t i = 0; i < cluster->known_count; i++) {
		want_master(cluster, &cluster->known[i]);
	}
	records_hosts(state, want_host, cluster->resolver);
	resolver_wait(cluster->resolver);
}

/*! \brief Makes a stranger's text fit for a log line. */
static const char *printable(struct text text, char out[static EXAMPLE_MAX + 1])
{
	uint32_t len = MIN(text.len, EXAMPLE_MAX);
	for (uint32_t i = 0; i < len; i++) {
		unsigned char c = text.data[i];
		out[i] = isascii(c) && isprint(c) ? (char)c : '?';
	}
	out[len] = '\0';
	return out;
}

/*! \brief Says that other names than before are left out. */
static void say_names(struct cluster *cluster, struct view *view,
                      const struct records_output *output)
{
	bool same = view->skipped_names == output->skipped &&
	            view->skipped_digest == output->digest;
	view->skipped_names = output->skipped;
	view->skipped_digest = output->digest;
	char example[EXAMPLE_MAX + 1];
	if (same) {
		return;
	} else if (output->skipped == 0) {
		say(cluster, view, LOG_INFO, "all names can be carried by DNS again");
	} else {
		say(cluster, view, LOG_NOTICE,
		    "%u names cannot be carried by DNS, or are the cluster's own, and are left "
		    "out, such as '%s'",
		    output->skipped, printable(output->example, example));
	}
}

/*! \brief Says that the records of other tasks than before are cut. */
static void say_cut(struct cluster *cluster, struct view *view, const struct records_output *output)
{
	bool same = view->cut_tasks == output->cut_tasks && view->cut_digest == output->cut_digest;
	view->cut_tasks = output->cut_tasks;
	view->cut_digest = output->cut_digest;
	char example[EXAMPLE_MAX + 1];
	if (same) {
		return;
	} else if (output->cut_tasks == 0) {
		say(cluster, view, LOG_INFO, "all records of all tasks fit again");
	} else {
		say(cluster, view, LOG_NOTICE,
		    "%u tasks make more records than fit, %llu of them are left out; one is '%s'",
		    output->cut_tasks, (unsigned long long)output->cut,
		    printable(output->cut_example, example));
	}
}

/*! \brief Says what is left out, if that has changed. */
static void say_skipped(struct cluster *cluster, struct view *view,
                        const struct records_output *output)
{
	pthread_mutex_lock(&cluster->lock);
	view->skipped = output->skipped + output->cut;
	pthread_mutex_unlock(&cluster->lock);
	if (!view->reverse) {
		say_names(cluster, view, output);
		say_cut(cluster, view, output);
	}
}

/*! \brief Takes a reference to every view; NULL-terminated, to be freed; NULL if out of memory. */
static struct view **take_views(struct cluster *cluster)
{
	pthread_mutex_lock(&cluster->lock);
	cluster->fetching = false;
	size_t count = 0;
	for (struct view *view = cluster->views; view != NULL; view = view->next) {
		count++;
	}
	struct view **views = calloc(count + 1, sizeof(*views));
	if (views != NULL) {
		count = 0;
		for (struct view *view = cluster->views; view != NULL; view = view->next) {
			view->refs++;
			views[count++] = view;
		}
	}
	pthread_mutex_unlock(&cluster->lock);
	return views;
}

static void give_views(struct cluster *cluster, struct view **views)
{
	pthread_mutex_lock(&cluster->lock);
	for (size_t i = 0; views[i] != NULL; i++) {
		cluster_drop_view(cluster, views[i]);
	}
	pthread_mutex_unlock(&cluster->lock);
	free(views);
}

/*! \brief Shows a view's new snapshot to queries and frees the old one when none looks at it. */
static void publish(struct cluster *cluster, struct view *view, struct snapshot *snapshot)
{
	pthread_mutex_lock(&cluster->lock);
	struct snapshot *old = rcu_xchg_pointer(&view->answer.snapshot, snapshot);
	pthread_mutex_unlock(&cluster->lock);
	synchronize_rcu();
	snapshot_unref(old);
}

/*! \brief Builds and publishes the snapshots of all views. */
static int build(struct cluster *cluster, const struct state *state, int64_t time)
{
	struct view **views = take_views(cluster);
	if (views == NULL) {
		return KNOT_ENOMEM;
	}

	int ret = KNOT_EOK;
	for (size_t i = 0; views[i] != NULL && ret == KNOT_EOK && !atomic_load(&cluster->stop);
	     i++) {
		struct records_output output;
		struct snapshot *snapshot = NULL;
		ret = view_build(views[i], state, cluster->known, cluster->known_count,
		                 cluster->resolver, &cluster->stop, &output, &snapshot);
		if (ret == KNOT_EOK) {
			snapshot_set_time(snapshot, time);
			publish(cluster, views[i], snapshot);
			say_skipped(cluster, views[i], &output);
		}
	}
	give_views(cluster, views);
	return ret;
}

/*! \brief Says what a good poll has changed. */
static void say_success(struct cluster *cluster, const struct master_reply *reply,
                        const char *troubles)
{
	const struct state *state = reply->state;
	char old[ENDPOINT_TEXT_MAX], new[ENDPOINT_TEXT_MAX];
	endpoint_text(&cluster->leader, false, old);
	endpoint_text(&reply->leader, false, new);

	if (cluster->loaded && !endpoint_equal(&cluster->leader, &reply->leader)) {
		pthread_mutex_lock(&cluster->lock);
		cluster->stats.leader_changes++;
		pthread_mutex_unlock(&cluster->lock);
	}
	if (!cluster->loaded) {
		say(cluster, NULL, LOG_INFO,
		    "loaded the state of leader %s: %u agents, %u frameworks, %u running tasks",
		    new, state->registered_count, state->frameworks_count, state->tasks_count);
	} else if (cluster->error[0] != '\0') {
		say(cluster, NULL, LOG_NOTICE, "polls succeed again, leader is %s", new);
	} else if (!endpoint_equal(&cluster->leader, &reply->leader)) {
		say(cluster, NULL, LOG_NOTICE, "leader changed from %s to %s", old, new);
	}
	if (troubles[0] != '\0' && strcmp(troubles, cluster->troubles) != 0) {
		say(cluster, NULL, LOG_WARNING, "some masters failed: %s", troubles);
	}
	/* Once they are over, the same ones are news again. */
	strcpy(cluster->troubles, troubles);

	cluster->loaded = true;
	cluster->leader = reply->leader;
	cluster->error[0] = '\0';
	cluster->failures = 0;
	cluster->silence_said = cluster->silence;
}

/*! \brief Says why polls give nothing, if it is news. */
static void say_failure(struct cluster *cluster, const char *error)
{
	if (strcmp(cluster->error, error) == 0) {
		return;
	}
	snprintf(cluster->error, sizeof(cluster->error), "%s", error);
	if (cluster->loaded) {
		say(cluster, NULL, LOG_WARNING, "polls fail, serving the last state: %s", error);
	} else {
		say(cluster, NULL, LOG_ERR, "polls fail, no state yet: %s", error);
	}
}

/*! \brief Says how many agents are served as before the failover, if that has changed. */
static void say_kept(struct cluster *cluster, const struct state *state)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < state->agents_count; i++) {
		kept += state->agents[i].kept;
	}
	if (kept > 0 && cluster->kept == 0) {
		say(cluster, NULL, LOG_NOTICE,
		    "%u agents have not registered with the new leader yet, their records are kept",
		    kept);
	} else if (kept == 0 && cluster->kept > 0) {
		say(cluster, NULL, LOG_NOTICE, "no more records are kept of before the failover");
	}
	cluster->kept = kept;
}

/*! \brief Makes the records of a state, and of what it does not know yet after a failover. */
static int take_state(struct cluster *cluster, struct state *state, const struct state *before)
{
	int64_t time = clock_ms(CLOCK_MONOTONIC);
	int ret = failover_keep(state, before);
	if (ret == KNOT_EOK) {
		resolve(cluster, state);
		ret = build(cluster, state, time);
	}
	return ret;
}

/*! \brief Notes what a good poll gave. */
static void note_load(struct cluster *cluster, const struct master_reply *reply)
{
	struct stats_load load = {
		.time = time(NULL),
		.duration = clock_ms(CLOCK_MONOTONIC) - reply->state->asked,
		.bytes = reply->bytes,
	};
	stats_take_state(&load, reply->state);

	pthread_mutex_lock(&cluster->lock);
	cluster->stats.last = load;
	struct state *before = cluster->before;
	cluster->before = reply->state;
	pthread_mutex_unlock(&cluster->lock);
	state_free(before);
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
		say_failure(cluster,
		            "the leader has no agents and may not have read its registry yet");
		return POLL_UNREAD_REGISTRY;
	}

	int ret = take_state(cluster, state, before);
	if (ret != KNOT_EOK) {
		cluster->failures++;
		say_failure(cluster, ret == KNOT_ESPACE ? "the state makes more records than fit"
		                                        : knot_strerror(ret));
		return POLL_LOCAL;
	}
	say_success(cluster, reply, errors);
	say_kept(cluster, state);
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
	int ret = fetch(cluster, &reply, errors);
	enum poll_outcome outcome = reply.outcome;
	if (ret == KNOT_ECONN) {
		cluster->failures++;
		say_failure(cluster, errors);
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
	cluster_count_poll(cluster, outcome);
}

/*! \brief Time until the next poll, in milliseconds. */
static int64_t next_wait(const struct cluster *cluster)
{
	int64_t wait = (int64_t)cluster->options->poll_interval * 1000;
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
