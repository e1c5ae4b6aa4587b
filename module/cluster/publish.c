/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include <urcu.h>

#include "module/cluster/members.h"
#include "module/cluster/publish.h"
#include "module/cluster/report.h"

static bool want_host(void *resolver, struct text host)
{
	resolver_want(resolver, host, RESOLVER_STRANGERS);
	return true;
}

void publish_resolve(struct cluster *cluster, const struct state *state)
{
	for (size_t i = 0; i < cluster->known_count; i++) {
		resolver_want_endpoint(cluster->resolver, &cluster->known[i]);
	}
	records_hosts(state, want_host, cluster->resolver);
	resolver_wait(cluster->resolver);
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
		members_drop_view(cluster, views[i]);
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

int publish_state(struct cluster *cluster, const struct state *state, int64_t time)
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
			report_skipped(cluster, views[i], &output);
		}
	}
	give_views(cluster, views);
	return ret;
}
