/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <urcu.h>

#include "module/base/util.h"
#include "module/cluster/masters_copy.h"
#include "module/cluster/members.h"
#include "module/cluster/publish.h"
#include "module/cluster/report.h"

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

/*! \brief Takes a reference to every view; from now on they hear of changes. */
static int take_turns(struct cluster *cluster)
{
	pthread_mutex_lock(&cluster->lock);
	cluster->views_wait = false;
	size_t count = 0;
	for (const struct view *view = cluster->views; view != NULL; view = view->next) {
		count++;
	}
	cluster->turns = calloc(count + 1, sizeof(*cluster->turns));
	if (cluster->turns != NULL) {
		for (struct view *view = cluster->views; view != NULL; view = view->next) {
			view->refs++;
			cluster->turns[cluster->turns_count++].view = view;
		}
	}
	pthread_mutex_unlock(&cluster->lock);
	return cluster->turns != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

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

static void want_host(void *resolver, struct text host)
{
	resolver_want(resolver, host, RESOLVER_STRANGERS);
}

/*! \brief One run over all host names. */
struct resolution {
	struct cluster *cluster;
	int ret;
};

static void take_host(void *ctx, struct text host)
{
	struct resolution *resolution = ctx;
	const struct cluster *cluster = resolution->cluster;
	if (resolution->ret == KNOT_EOK && !atomic_load(&cluster->stop)) {
		resolution->ret = inventory_resolved(cluster->stock->inventory, host,
		                                     resolver_get(cluster->resolver, host));
	}
}

/*! \brief Where the leader is, by its own word; an address in text is put in \a literal. */
static struct state_addresses find_leader(struct cluster *cluster, struct text host,
                                          struct address *literal)
{
	return address_parse(host, literal) ? (struct state_addresses){ literal, 1 }
	                                    : resolver_get(cluster->resolver, host);
}

/*! \brief Finds the addresses of all hosts that make records; waits as the resolver does. */
static int resolve(struct cluster *cluster, const struct master_reply *reply)
{
	struct stock *stock = cluster->stock;
	for (size_t i = 0; i < cluster->known_count; i++) {
		resolver_want_endpoint(cluster->resolver, &cluster->known[i]);
	}
	struct address literal;
	if (!address_parse(reply->facts.leader_host, &literal)) {
		resolver_want(cluster->resolver, reply->facts.leader_host, RESOLVER_STRANGERS);
	}
	inventory_hosts(stock->inventory, want_host, cluster->resolver);
	resolver_wait(cluster->resolver);

	struct resolution resolution = { .cluster = cluster };
	pthread_mutex_lock(&stock->lock);
	inventory_hosts(stock->inventory, take_host, &resolution);
	pthread_mutex_unlock(&stock->lock);
	return resolution.ret;
}

/*! \brief Notes who the masters are, and where. */
static int take_masters(struct cluster *cluster, const struct master_reply *reply)
{
	struct records_master *list = calloc(cluster->known_count + 1, sizeof(*list));
	if (list == NULL) {
		return KNOT_ENOMEM;
	}
	for (size_t i = 0; i < cluster->known_count; i++) {
		struct text host = { cluster->known[i].host, strlen(cluster->known[i].host) };
		list[i].addresses = resolver_get(cluster->resolver, host);
		list[i].port = cluster->known[i].port;
	}
	struct address literal;
	const struct records_masters masters = {
		.list = list,
		.count = (uint32_t)cluster->known_count,
		.leader = find_leader(cluster, reply->facts.leader_host, &literal),
		.leader_port = reply->facts.leader_port,
	};
	struct records_masters *copy = masters_copy(&masters);
	free(list);
	if (copy == NULL) {
		return KNOT_ENOMEM;
	}
	free(cluster->shown);
	cluster->shown = copy;
	return KNOT_EOK;
}

/*! \brief Makes the new snapshots; KNOT_EOK, or what was wrong with the first that failed. */
static int make_snapshots(struct cluster *cluster)
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
		                                        ttl, &turn->snapshot);
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
	bool is_new = turn->snapshot != NULL;
	if (is_new) {
		turn->snapshot = rcu_xchg_pointer(&view->answer.snapshot, turn->snapshot);
		view->publications++;
	}
	atomic_store_explicit(&view->answer.time, time, memory_order_relaxed);
	return is_new;
}

/*! \brief Makes and shows new snapshots, and frees the old ones when nobody looks at them. */
static int show_all(struct cluster *cluster)
{
	int ret = make_snapshots(cluster);
	bool is_new = false;
	pthread_mutex_lock(&cluster->lock);
	for (size_t i = 0; i < cluster->turns_count; i++) {
		is_new |= show(&cluster->turns[i], cluster->time);
	}
	pthread_mutex_unlock(&cluster->lock);
	if (is_new) {
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

int publish_state(struct cluster *cluster, const struct master_reply *reply, int64_t asked)
{
	int64_t time = clock_ms(CLOCK_MONOTONIC);
	int ret = take_turns(cluster);
	if (ret != KNOT_EOK) {
		stock_abort(cluster->stock);
		return ret;
	}
	ret = take_state(cluster, reply, asked);
	if (ret == KNOT_EOK) {
		ret = resolve(cluster, reply);
	}
	if (ret == KNOT_EOK) {
		ret = take_masters(cluster, reply);
	}
	if (ret == KNOT_EOK) {
		cluster->time = time;
		ret = show_all(cluster);
	}
	end_turns(cluster);
	return ret;
}

int publish_views(struct cluster *cluster)
{
	pthread_mutex_lock(&cluster->lock);
	bool is_due = cluster->views_wait && cluster->loaded;
	pthread_mutex_unlock(&cluster->lock);
	if (!is_due) {
		return KNOT_EOK;
	}
	int ret = take_turns(cluster);
	if (ret == KNOT_EOK) {
		ret = show_all(cluster);
		end_turns(cluster);
	}
	pthread_mutex_lock(&cluster->lock);
	members_show_all(cluster);
	pthread_mutex_unlock(&cluster->lock);
	return ret;
}
