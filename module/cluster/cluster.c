/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <urcu.h>

#include "module/base/util.h"
#include "module/cluster/cluster.h"
#include "module/cluster/counted.h"
#include "module/cluster/follow.h"
#include "module/cluster/members.h"
#include "module/cluster/poller.h"
#include "module/cluster/publish.h"
#include "module/cluster/serve.h"
#include "module/cluster/wanted.h"

/*! \brief Shortest time between two attempts to start a thread that queries ask for, in ms. */
#define START_AGAIN_MS 1000

/*!
 * \brief All clusters of this process, behind one mutex; touched at load and unload only.
 *
 * Those that end do it by themselves and side by side: they are joined when they are done, or when
 * no other is left, so that no thread outlives the last unload.
 */
static struct {
	pthread_mutex_t lock;
	struct cluster *clusters;
	struct cluster *ending; /*!< Nobody is attached to these any more. */
} registry = { .lock = PTHREAD_MUTEX_INITIALIZER };

/*! \brief Makes and frees what only one thread at a time may (resolver_new(), resolver_free()). */
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

/*! \brief Frees all that a cluster has, but for itself. */
static void clear_cluster(struct cluster *cluster)
{
	zookeeper_free(cluster->zk);
	stock_unref(cluster->before);
	stock_unref(cluster->stock);
	free(cluster->shown);
	free(cluster->masters);
	wanted_clear(cluster);
	pthread_mutex_lock(&making);
	follow_clear(cluster);
	master_free(cluster->client);
	resolver_free(cluster->resolver);
	pthread_mutex_unlock(&making);
	pthread_mutex_destroy(&cluster->lock);
	settings_free(cluster->settings);
}

static void *run(void *ctx)
{
	struct cluster *cluster = ctx;
	/* By itself, before it starts ZooKeeper's threads, which inherit the name. */
	(void)pthread_setname_np(pthread_self(), "mesos");
	(void)poller_run(cluster);
	/* Whoever has ended it is done with it, but for joining. */
	pthread_mutex_lock(&cluster->lock);
	pthread_mutex_unlock(&cluster->lock);
	clear_cluster(cluster);
	return NULL;
}

/*! \brief Starts the thread if it does not run; returns an errno. */
static int start_thread(struct cluster *cluster)
{
	int idle = THREAD_NONE;
	if (!atomic_compare_exchange_strong(&cluster->phase, &idle, THREAD_STARTING)) {
		return 0;
	}
	/* knotd's signals are for its main thread. */
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int ret = pthread_create(&cluster->thread, NULL, run, cluster);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	atomic_store(&cluster->start_again, clock_ms(CLOCK_MONOTONIC) + START_AGAIN_MS);
	atomic_store(&cluster->phase, ret == 0 ? THREAD_RUNS : THREAD_NONE);
	return ret;
}

bool cluster_runs(const struct member *member)
{
	return atomic_load(&member->cluster->phase) == THREAD_RUNS;
}

void cluster_tend(struct member *member)
{
	struct cluster *cluster = member->cluster;
	if (atomic_load(&cluster->phase) == THREAD_NONE &&
	    clock_ms(CLOCK_MONOTONIC_COARSE) >= atomic_load(&cluster->start_again)) {
		(void)start_thread(cluster);
	}
}

/*! \brief Wants a poll at once; ZooKeeper's threads call, too. */
static void poll_now(void *ctx)
{
	struct cluster *cluster = ctx;
	pthread_mutex_lock(&cluster->lock);
	cluster->poll_now = true;
	pthread_mutex_unlock(&cluster->lock);
	/* Who is asked may not lead any more. */
	master_wake(cluster->client);
}

static struct cluster *new_cluster(struct settings *settings)
{
	struct cluster *cluster = calloc(1, sizeof(*cluster));
	if (cluster == NULL) {
		return NULL;
	}

	pthread_mutex_init(&cluster->lock, NULL);
	cluster->settings = settings_ref(settings);
	cluster->stock = stock_new(publish_hear, cluster);
	const struct master_sink sink = {
		.objects = &stock_sink,
		.begin = stock_begin,
		.abort = stock_abort,
		.ctx = cluster->stock,
	};
	pthread_mutex_lock(&making);
	cluster->resolver = resolver_new(&cluster->stop);
	cluster->masters = calloc(ZOOKEEPER_MASTERS_MAX + settings->masters_count,
	                          sizeof(*cluster->masters));
	if (cluster->resolver != NULL) {
		cluster->client = master_new(&settings->client, cluster->resolver, &cluster->stop,
		                             &sink);
	}
	int ret = cluster->client != NULL ? follow_init(cluster) : KNOT_ENOMEM;
	pthread_mutex_unlock(&making);
	if (settings->zk != NULL) {
		cluster->zk = zookeeper_new(settings->zk, settings_zk_tls(settings), poll_now,
		                            cluster);
	}
	if (cluster->masters == NULL || cluster->stock == NULL || ret != KNOT_EOK ||
	    (settings->zk != NULL && cluster->zk == NULL)) {
		clear_cluster(cluster);
		free(cluster);
		return NULL;
	}
	return cluster;
}

static struct cluster *find_cluster(const struct settings *settings)
{
	for (struct cluster *cluster = registry.clusters; cluster != NULL;
	     cluster = cluster->next) {
		if (settings_same_polling(cluster->settings, settings)) {
			return cluster;
		}
	}
	return NULL;
}

/*! \brief What a view is served from, with references; its cluster's lock is held. */
static struct served take_served(const struct cluster *cluster, const struct view *view)
{
	return (struct served){
		.snapshot = snapshot_ref(view->answer.snapshot),
		.stock = stock_ref(cluster->before != NULL ? cluster->before : cluster->stock),
		.time = atomic_load_explicit(&view->answer.time, memory_order_relaxed),
		.load = cluster->stats.last,
		.skipped = view->skipped,
	};
}

/*! \brief Finds what a zone is served from now by a section, for its new instance to go on with. */
static struct served find_served(const knot_dname_t *zone, const char *id)
{
	struct served served = { 0 };
	for (struct cluster *cluster = registry.clusters;
	     cluster != NULL && served.snapshot == NULL; cluster = cluster->next) {
		pthread_mutex_lock(&cluster->lock);
		for (struct view *view = cluster->views; view != NULL && served.snapshot == NULL;
		     view = view->next) {
			if (view_is(view, zone, id) && view->answer.snapshot != NULL) {
				served = take_served(cluster, view);
			}
		}
		pthread_mutex_unlock(&cluster->lock);
	}
	return served;
}

/*! \brief Keeps what a zone was served from if no other instance serves it; takes the references.
 */
static void keep_served(const knot_dname_t *zone, const char *id, struct served *served)
{
	struct served other = find_served(zone, id);
	if (served->snapshot != NULL && other.snapshot == NULL) {
		kept_put(zone, id, served);
	} else {
		served_drop(served);
	}
	served_drop(&other);
}

/*! \brief Lets a cluster that has nothing begin with what a zone was served from; it is locked. */
static void begin_with(struct cluster *cluster, const struct served *served)
{
	if (!cluster->has_begun && served->stock != NULL) {
		/* Other settings, maybe in the middle of a failover: what is kept stays kept. */
		cluster->has_begun = true;
		cluster->before = stock_ref(served->stock);
		cluster->stats.last = served->load;
	}
}

/*! \brief Finds the view of a zone, whose TTL may change; NULL if there is none. It is locked. */
static struct view *find_view(struct cluster *cluster, const knot_dname_t *zone, const char *id,
                              const struct settings *settings)
{
	struct view *view = cluster->views;
	while (view != NULL &&
	       (!view_is(view, zone, id) || !settings_same_naming(view->settings, settings))) {
		view = view->next;
	}
	if (view != NULL) {
		view->refs++;
		cluster->views_wait = cluster->views_wait || view->ttl != settings->ttl;
		view->ttl = settings->ttl;
		cluster->poll_now = true;
	}
	return view;
}

/*! \brief Adds a view of a zone, which is served as it was at first; NULL if memory runs out. It is
 *         locked.
 */
static struct view *add_view(struct cluster *cluster, const knot_dname_t *zone, const char *id,
                             struct settings *settings, const struct served *served)
{
	struct view *view = view_new(zone, id, settings, &cluster->stop);
	if (view != NULL) {
		view->answer.snapshot = snapshot_ref(served->snapshot);
		atomic_store(&view->answer.time, served->time);
		view->skipped = served->skipped;
		view->next = cluster->views;
		cluster->views = view;
		cluster->views_wait = true;
		cluster->wants_wait = true;
	}
	return view;
}

/*! \brief Finds or makes the view for a zone, with a reference for the caller. */
static struct view *get_view(struct cluster *cluster, const knot_dname_t *zone, const char *id,
                             struct settings *settings)
{
	struct served current = find_served(zone, id);
	struct served kept = kept_take(zone, id);
	if (current.snapshot == NULL) {
		served_drop(&current);
		current = kept;
	} else {
		served_drop(&kept);
	}

	pthread_mutex_lock(&cluster->lock);
	begin_with(cluster, &current);
	struct view *view = find_view(cluster, zone, id, settings);
	if (view == NULL) {
		view = add_view(cluster, zone, id, settings, &current);
	}
	/* Also in the middle of a fetch. */
	master_wake(cluster->client);
	pthread_mutex_unlock(&cluster->lock);

	if (view == NULL) {
		/* For the next attempt. */
		keep_served(zone, id, &current);
	}
	served_drop(&current);
	return view;
}

/*! \brief Frees the clusters that have ended; all of them, and waits for it, if no other is left.
 */
static void reap(void)
{
	for (struct cluster **link = &registry.ending; *link != NULL;) {
		struct cluster *cluster = *link;
		int ret = registry.clusters == NULL ? pthread_join(cluster->thread, NULL)
		                                    : pthread_tryjoin_np(cluster->thread, NULL);
		if (ret == 0) {
			*link = cluster->next;
			free(cluster);
		} else {
			link = &cluster->next;
		}
	}
}

/*! \brief Ends a cluster that nobody is attached to; the registry's lock is held. */
static void end_cluster(struct cluster *cluster)
{
	struct cluster **link = &registry.clusters;
	while (*link != NULL && *link != cluster) {
		link = &(*link)->next;
	}
	if (*link != NULL) {
		*link = cluster->next;
	}

	if (atomic_load(&cluster->phase) != THREAD_RUNS) {
		clear_cluster(cluster);
		free(cluster);
		return;
	}
	cluster->next = registry.ending;
	registry.ending = cluster;
	/* Under the lock: the thread frees the client when it has ended and had the lock. */
	pthread_mutex_lock(&cluster->lock);
	atomic_store(&cluster->stop, true);
	master_wake(cluster->client);
	pthread_mutex_unlock(&cluster->lock);
}

/*! \brief Attaches a member to a cluster. */
static int join_cluster(struct cluster *cluster, struct member *member, const char *id,
                        struct settings *settings)
{
	member->cluster = cluster;
	member->view = get_view(cluster, knotd_mod_zone(member->mod), id, settings);
	if (member->view == NULL) {
		return KNOT_ENOMEM;
	}

	pthread_mutex_lock(&cluster->lock);
	member->next = cluster->members;
	cluster->members = member;
	members_show(member);
	pthread_mutex_unlock(&cluster->lock);
	return KNOT_EOK;
}

/*! \brief Takes a member out of its cluster; true if it was the last one. */
static bool leave_cluster(struct member *member)
{
	struct cluster *cluster = member->cluster;

	pthread_mutex_lock(&cluster->lock);
	struct member **link = &cluster->members;
	while (*link != member) {
		link = &(*link)->next;
	}
	*link = member->next;
	members_drop_view(cluster, member->view);
	bool last = cluster->members == NULL;
	pthread_mutex_unlock(&cluster->lock);
	return last;
}

/*! \brief Attaches a member to the cluster of its settings, which is made if there is none. */
static int find_place(struct member *member, const char *id, struct settings *settings)
{
	struct cluster *cluster = find_cluster(settings);
	bool is_new = cluster == NULL;
	if (is_new) {
		cluster = new_cluster(settings);
	}
	if (cluster == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = join_cluster(cluster, member, id, settings);
	if (ret == KNOT_EOK && is_new) {
		cluster->next = registry.clusters;
		registry.clusters = cluster;
	} else if (ret != KNOT_EOK && is_new) {
		clear_cluster(cluster);
		free(cluster);
	}
	return ret;
}

int cluster_attach(knotd_mod_t *mod, const char *id, struct settings *settings,
                   struct answer *answer, struct member **out)
{
	struct member *member = calloc(1, sizeof(*member));
	if (member == NULL) {
		return KNOT_ENOMEM;
	}
	member->mod = mod;
	member->uncounted = answer->uncounted;
	member->stats = counted_get(knotd_mod_zone(mod), id, knotd_mod_threads(mod));

	pthread_mutex_lock(&registry.lock);
	int ret = member->stats != NULL ? find_place(member, id, settings) : KNOT_ENOMEM;
	int error = ret == KNOT_EOK ? start_thread(member->cluster) : 0;
	reap();
	pthread_mutex_unlock(&registry.lock);
	kept_expire();

	if (ret != KNOT_EOK) {
		counted_put(member->stats);
		free(member);
		return ret;
	}
	if (error != 0) {
		knotd_mod_log(mod, LOG_ERR, "polls fail, no thread can be started: %s",
		              strerrordesc_np(error));
	}
	answer->view = &member->view->answer;
	answer->stats = member->stats;
	answer->reverse = member->view->reverse;
	serve_begin(member, settings, answer);
	*out = member;
	return KNOT_EOK;
}

void cluster_detach(struct member *member)
{
	struct cluster *cluster = member->cluster;
	struct view *view = member->view;
	knot_dname_storage_t zone;
	char id[VIEW_ID_MAX];
	(void)knot_dname_to_wire(zone, view->zone, sizeof(zone));
	memcpy(id, view->id, sizeof(id));
	serve_end(member);

	pthread_mutex_lock(&registry.lock);
	pthread_mutex_lock(&cluster->lock);
	struct served served = take_served(cluster, view);
	pthread_mutex_unlock(&cluster->lock);
	if (leave_cluster(member)) {
		end_cluster(cluster);
	}
	keep_served(zone, id, &served);
	reap();
	pthread_mutex_unlock(&registry.lock);
	kept_expire();
	counted_put(member->stats);
	free(member);
}
