/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <stdlib.h>

#include <urcu.h>

#include "module/cluster_private.h"

/*! \brief All clusters of this process, behind one mutex; touched at load and unload only. */
static struct {
	pthread_mutex_t lock;
	struct cluster *clusters;
} registry = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void free_cluster(struct cluster *cluster)
{
	zookeeper_free(cluster->zk);
	state_free(cluster->before);
	free(cluster->masters);
	master_free(cluster->client);
	resolver_free(cluster->resolver);
	pthread_cond_destroy(&cluster->changed);
	pthread_mutex_destroy(&cluster->lock);
	options_free(cluster->options);
	free(cluster);
}

static int start_thread(struct cluster *cluster)
{
	/* knotd's signals are for its main thread. */
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int ret = pthread_create(&cluster->thread, NULL, poller_run, cluster);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret != 0) {
		return KNOT_ERROR;
	}
	(void)pthread_setname_np(cluster->thread, "mesos");
	return KNOT_EOK;
}

static struct cluster *new_cluster(struct options *options)
{
	struct cluster *cluster = calloc(1, sizeof(*cluster));
	if (cluster == NULL) {
		return NULL;
	}

	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&cluster->changed, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&cluster->lock, NULL);
	cluster->options = options_ref(options);
	cluster->fetching = true;
	cluster->resolver = resolver_new(&cluster->stop);
	cluster->masters = calloc(ZOOKEEPER_MASTERS_MAX + options->masters_count,
	                          sizeof(*cluster->masters));
	if (cluster->resolver != NULL) {
		cluster->client = master_new(options, cluster->resolver, &cluster->stop);
	}
	if (options->zk != NULL) {
		/* ZooKeeper has no place for a scheme; who brings a CA means https. */
		bool tls = options->ca_file != NULL || options->cert_file != NULL;
		cluster->zk = zookeeper_new(options->zk, tls, cluster_poll_now, cluster);
	}
	if (cluster->masters == NULL || cluster->client == NULL ||
	    (options->zk != NULL && cluster->zk == NULL)) {
		free_cluster(cluster);
		return NULL;
	}
	return cluster;
}

void cluster_poll_now(void *ctx)
{
	struct cluster *cluster = ctx;
	pthread_mutex_lock(&cluster->lock);
	cluster->poll_now = true;
	pthread_cond_signal(&cluster->changed);
	pthread_mutex_unlock(&cluster->lock);
	/* Who is asked may not lead any more. */
	master_wake(cluster->client);
}

static struct cluster *find_cluster(const struct options *options)
{
	for (struct cluster *cluster = registry.clusters; cluster != NULL;
	     cluster = cluster->next) {
		if (options_same_polling(cluster->options, options)) {
			return cluster;
		}
	}
	return NULL;
}

/*! \brief Shows what is said of polls in an instance's counters; the cluster's lock is held. */
static void show(const struct member *member)
{
	const struct view *view = member->view;
	stats_show(member->mod, &member->cluster->stats, view->answer.snapshot, view->skipped);
}

void cluster_count_poll(struct cluster *cluster, enum poll_outcome outcome)
{
	pthread_mutex_lock(&cluster->lock);
	cluster->stats.count[outcome]++;
	for (const struct member *member = cluster->members; member != NULL;
	     member = member->next) {
		show(member);
	}
	pthread_mutex_unlock(&cluster->lock);
}

/*! \brief What a zone is served from now, for its new instance to go on with. */
struct current {
	struct snapshot *snapshot; /*!< A reference; NULL if there is none. */
	struct state *state;    /*!< A reference to what it was made of; NULL if there is none. */
	struct stats_load load; /*!< What is shown of that. */
	uint64_t skipped;       /*!< Names and records that the snapshot lacks. */
};

/*! \brief Finds what a zone is served from now. */
static struct current find_current(const knot_dname_t *zone)
{
	struct current current = { 0 };
	for (struct cluster *cluster = registry.clusters;
	     cluster != NULL && current.snapshot == NULL; cluster = cluster->next) {
		pthread_mutex_lock(&cluster->lock);
		struct view *view = cluster->views;
		while (view != NULL && !knot_dname_is_equal(view->zone, zone)) {
			view = view->next;
		}
		if (view != NULL && view->answer.snapshot != NULL) {
			current.snapshot = snapshot_ref(view->answer.snapshot);
			current.state = state_ref(cluster->before);
			current.load = cluster->stats.last;
			current.skipped = view->skipped;
		}
		pthread_mutex_unlock(&cluster->lock);
	}
	return current;
}

/*! \brief Finds or makes the view for a zone, with a reference for the caller. */
static struct view *get_view(struct cluster *cluster, const knot_dname_t *zone,
                             struct options *options)
{
	struct current current = find_current(zone);

	pthread_mutex_lock(&cluster->lock);
	if (cluster->before == NULL) {
		/* Other settings, maybe in the middle of a failover: what was kept stays kept. */
		cluster->before = state_ref(current.state);
		cluster->stats.last = current.load;
	}
	struct view *view = cluster->views;
	while (view != NULL && !view_fits(view, zone, options)) {
		view = view->next;
	}
	if (view != NULL) {
		view->refs++;
		cluster->poll_now = true;
	} else {
		view = view_new(zone, options, current.snapshot);
		if (view != NULL) {
			view->skipped = current.skipped;
			view->next = cluster->views;
			cluster->views = view;
			cluster->poll_now = cluster->poll_now || !cluster->fetching;
		}
	}
	pthread_cond_signal(&cluster->changed);
	pthread_mutex_unlock(&cluster->lock);

	state_free(current.state);
	snapshot_unref(current.snapshot);
	return view;
}

void cluster_drop_view(struct cluster *cluster, struct view *view)
{
	if (--view->refs > 0) {
		return;
	}
	struct view **link = &cluster->views;
	while (*link != view) {
		link = &(*link)->next;
	}
	*link = view->next;
	view_free(view);
}

/*! \brief Ends and frees a cluster that nobody is attached to; the registry's lock is held. */
static void end_cluster(struct cluster *cluster, bool started)
{
	struct cluster **link = &registry.clusters;
	while (*link != NULL && *link != cluster) {
		link = &(*link)->next;
	}
	if (*link != NULL) {
		*link = cluster->next;
	}

	if (started) {
		pthread_mutex_lock(&cluster->lock);
		atomic_store(&cluster->stop, true);
		pthread_cond_signal(&cluster->changed);
		pthread_mutex_unlock(&cluster->lock);
		master_wake(cluster->client);
		pthread_join(cluster->thread, NULL);
	}
	free_cluster(cluster);
}

/*! \brief Attaches a member to a cluster, which is started if it is new. */
static int join_cluster(struct cluster *cluster, bool is_new, struct member *member,
                        struct options *options)
{
	member->cluster = cluster;
	member->view = get_view(cluster, knotd_mod_zone(member->mod), options);
	if (member->view == NULL) {
		return KNOT_ENOMEM;
	}

	pthread_mutex_lock(&cluster->lock);
	member->next = cluster->members;
	cluster->members = member;
	show(member);
	pthread_mutex_unlock(&cluster->lock);

	int ret = KNOT_EOK;
	if (is_new) {
		ret = start_thread(cluster);
		cluster->next = registry.clusters;
		registry.clusters = cluster;
	}
	return ret;
}

/*! \brief Takes a member out of its cluster; true if it was the last one. */
static bool leave_cluster(struct member *member)
{
	struct cluster *cluster = member->cluster;

	pthread_mutex_lock(&cluster->lock);
	struct member **link = &cluster->members;
	while (*link != NULL && *link != member) {
		link = &(*link)->next;
	}
	if (*link != NULL) {
		*link = member->next;
	}
	if (member->view != NULL) {
		cluster_drop_view(cluster, member->view);
	}
	bool last = cluster->members == NULL;
	pthread_mutex_unlock(&cluster->lock);
	return last;
}

int cluster_attach(knotd_mod_t *mod, struct options *options, struct answer *answer,
                   struct member **out)
{
	struct member *member = calloc(1, sizeof(*member));
	if (member == NULL) {
		return KNOT_ENOMEM;
	}
	member->mod = mod;

	pthread_mutex_lock(&registry.lock);
	int ret = KNOT_ENOMEM;
	struct cluster *cluster = find_cluster(options);
	bool is_new = cluster == NULL;
	if (is_new) {
		cluster = new_cluster(options);
	}
	if (cluster != NULL) {
		ret = join_cluster(cluster, is_new, member, options);
		if (ret != KNOT_EOK && leave_cluster(member)) {
			end_cluster(cluster, false);
		}
	}
	pthread_mutex_unlock(&registry.lock);

	if (ret != KNOT_EOK) {
		free(member);
		return ret;
	}
	answer->view = &member->view->answer;
	answer->reverse = member->view->reverse;
	*out = member;
	return KNOT_EOK;
}

void cluster_detach(struct member *member)
{
	pthread_mutex_lock(&registry.lock);
	if (leave_cluster(member)) {
		end_cluster(member->cluster, true);
	}
	pthread_mutex_unlock(&registry.lock);
	free(member);
}
