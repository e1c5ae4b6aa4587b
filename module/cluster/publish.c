/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include <urcu.h>

#include "module/base/util.h"
#include "module/cluster/members.h"
#include "module/cluster/names.h"
#include "module/cluster/publish.h"
#include "module/cluster/report.h"
#include "module/cluster/wanted.h"
#include "module/http/http.h"

/*! \brief Adds a task to the tally, or takes it out. */
static void count_task(struct tally *tally, const struct inventory_side *side, int diff)
{
	bool runs = side->task != NULL && side->task->life == TASK_RUNS;
	tally->running += (uint64_t)(runs ? diff : 0);
	tally->serving += (uint64_t)(runs && side->agent != NULL ? diff : 0);
}

void publish_hear(void *ctx, const struct inventory_change *change)
{
	struct cluster *cluster = ctx;
	count_task(&cluster->tally, &change->before, -1);
	count_task(&cluster->tally, &change->after, 1);
	for (size_t i = 0; i < cluster->turns_count; i++) {
		projection_change(&cluster->turns[i].view->projection, change);
	}
}

int publish_begin(struct cluster *cluster)
{
	if (cluster->turns != NULL) {
		return KNOT_EOK;
	}
	pthread_mutex_lock(&cluster->lock);
	cluster->views_wait = false;
	size_t count = 0;
	for (const struct view *view = cluster->views; view != NULL; view = view->next) {
		count++;
	}
	cluster->turns = calloc(count + 1, sizeof(*cluster->turns));
	if (cluster->turns != NULL) {
		for (struct view *view = cluster->views; view != NULL; view = view->next) {
			if (!wanted_is_met(cluster, view)) {
				/* It hears of nothing until it can be served. */
				projection_forget(&view->projection);
				continue;
			}
			view->refs++;
			cluster->turns[cluster->turns_count++].view = view;
		}
	}
	pthread_mutex_unlock(&cluster->lock);
	return cluster->turns != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

/*! \brief Gives the references to the views back. */
static void end_turns(struct cluster *cluster)
{
	pthread_mutex_lock(&cluster->lock);
	for (size_t i = 0; i < cluster->turns_count; i++) {
		members_drop_view(cluster, cluster->turns[i].view);
	}
	pthread_mutex_unlock(&cluster->lock);
	free(cluster->turns);
	cluster->turns = NULL;
	cluster->turns_count = 0;
}

/*! \brief Makes the inventory what the state says. */
static int take_state(struct cluster *cluster, const struct master_reply *reply, int64_t asked)
{
	struct stock *stock = cluster->stock;
	pthread_mutex_lock(&stock->lock);
	int ret = inventory_commit(stock->inventory);
	if (ret == KNOT_EOK) {
		stock->leader = failover_leader(&reply->facts, asked);
	}
	pthread_mutex_unlock(&stock->lock);
	return ret;
}

/*! \brief Makes the new snapshots; KNOT_EOK, or what was wrong with the first that failed. */
static int make_snapshots(struct cluster *cluster, bool is_state)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; i < cluster->turns_count; i++) {
		struct turn *turn = &cluster->turns[i];
		pthread_mutex_lock(&cluster->lock);
		uint32_t ttl = turn->view->ttl;
		pthread_mutex_unlock(&cluster->lock);
		turn->ret = atomic_load(&cluster->stop)
		                    ? KNOT_ECONNABORTED
		                    : projection_commit(&turn->view->projection,
		                                        cluster->stock->inventory, cluster->shown,
		                                        ttl, is_state, &turn->snapshot);
		ret = ret == KNOT_EOK ? turn->ret : ret;
	}
	return ret;
}

/*! \brief Shows a view's new snapshot to queries, if there is one; true if so. */
static bool show(struct turn *turn, int64_t time)
{
	struct view *view = turn->view;
	if (turn->ret != KNOT_EOK) {
		return false;
	}
	const struct records_loss *loss = &view->projection.loss;
	view->skipped = loss->skipped + loss->cut;
	view->task_max = view->projection.rules.task_max;
	bool is_new = turn->snapshot != NULL;
	if (is_new) {
		turn->snapshot = rcu_xchg_pointer(&view->answer.snapshot, turn->snapshot);
		view->publications++;
	}
	atomic_store_explicit(&view->answer.time, time, memory_order_relaxed);
	return is_new;
}

/*! \brief Makes and shows new snapshots, and frees the old ones when nobody looks at them. */
static int show_all(struct cluster *cluster, bool is_state)
{
	int ret = make_snapshots(cluster, is_state);
	bool is_new = false;
	pthread_mutex_lock(&cluster->lock);
	for (size_t i = 0; i < cluster->turns_count; i++) {
		is_new |= show(&cluster->turns[i], MAX(cluster->time, cluster->follow.time));
	}
	pthread_mutex_unlock(&cluster->lock);
	if (cluster->follow.read != 0) {
		int64_t lag = clock_us(CLOCK_MONOTONIC) - cluster->follow.read;
		cluster->follow.counted.lag = (uint64_t)lag;
		cluster->follow.read = 0;
	}
	if (is_new) {
		http_published();
		synchronize_rcu();
	}
	for (size_t i = 0; i < cluster->turns_count; i++) {
		struct turn *turn = &cluster->turns[i];
		if (turn->ret == KNOT_EOK) {
			projection_retire(&turn->view->projection, turn->snapshot);
			report_skipped(cluster, turn->view);
		}
	}
	return ret;
}

int publish_state(struct cluster *cluster, const struct master_reply *reply, int64_t asked,
                  bool wait)
{
	int64_t time = clock_ms(CLOCK_MONOTONIC);
	int ret = publish_begin(cluster);
	if (ret != KNOT_EOK) {
		stock_abort(cluster->stock);
		return ret;
	}
	ret = take_state(cluster, reply, asked);
	if (ret == KNOT_EOK && wanted_meet(cluster)) {
		end_turns(cluster);
		ret = publish_begin(cluster);
	}
	if (ret == KNOT_EOK) {
		cluster->names.leader = reply->leader;
		names_want(cluster, wait);
		ret = names_take(cluster);
	}
	if (ret == KNOT_EOK) {
		cluster->time = time;
	}
	/* Also of a state that did not come true: events may have. */
	int shown = cluster->shown != NULL ? show_all(cluster, true) : KNOT_EOK;
	end_turns(cluster);
	return ret == KNOT_EOK ? shown : ret;
}

/*! \brief Shows in the counters what there is now; the cluster's lock is held. */
static void show_counters(struct cluster *cluster)
{
	const struct inventory_stats stats = inventory_stats(cluster->stock->inventory);
	cluster->stats.last.tasks = cluster->tally.serving;
	cluster->stats.last.agents = stats.agents;
	cluster->stats.last.frameworks = stats.frameworks;
	cluster->inventory_bytes = stats.bytes;
	cluster->stats.events = cluster->follow.counted;
	members_show_all(cluster);
}

int publish_changes(struct cluster *cluster)
{
	int ret = cluster->turns != NULL ? show_all(cluster, false) : KNOT_EOK;
	end_turns(cluster);
	return ret;
}

int publish_names(struct cluster *cluster)
{
	int ret = publish_begin(cluster);
	if (ret == KNOT_EOK) {
		ret = names_take(cluster);
		int shown = publish_changes(cluster);
		ret = ret == KNOT_EOK ? shown : ret;
	}
	return ret;
}

void publish_life(struct cluster *cluster)
{
	pthread_mutex_lock(&cluster->lock);
	for (struct view *view = cluster->views; view != NULL; view = view->next) {
		if (view->answer.snapshot != NULL && wanted_is_met(cluster, view)) {
			atomic_store_explicit(&view->answer.time,
			                      MAX(cluster->time, cluster->follow.time),
			                      memory_order_relaxed);
		}
	}
	show_counters(cluster);
	pthread_mutex_unlock(&cluster->lock);
}

int publish_views(struct cluster *cluster)
{
	pthread_mutex_lock(&cluster->lock);
	bool is_due = cluster->views_wait && cluster->loaded;
	pthread_mutex_unlock(&cluster->lock);
	if (!is_due) {
		return KNOT_EOK;
	}
	int ret = publish_begin(cluster);
	if (ret == KNOT_EOK) {
		ret = publish_changes(cluster);
	}
	pthread_mutex_lock(&cluster->lock);
	members_show_all(cluster);
	pthread_mutex_unlock(&cluster->lock);
	return ret;
}
