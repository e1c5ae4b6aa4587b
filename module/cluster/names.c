/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "module/base/util.h"
#include "module/cluster/masters_copy.h"
#include "module/cluster/names.h"

/*! \brief First time between two looks at what is on its way, in milliseconds; doubles ... */
#define LOOK_MS 10

/*! \brief ... up to this. */
#define LOOK_MAX_MS 1000

static struct text endpoint_host(const struct endpoint *endpoint)
{
	return (struct text){ endpoint->host, strlen(endpoint->host) };
}

static void want_host(void *resolver, struct text host)
{
	resolver_want(resolver, host, RESOLVER_STRANGERS);
}

void names_want(struct cluster *cluster, bool wait)
{
	struct address literal;
	struct text leader = endpoint_host(&cluster->names.leader);
	for (size_t i = 0; i < cluster->known_count; i++) {
		resolver_want_endpoint(cluster->resolver, &cluster->known[i]);
	}
	if (leader.len > 0 && !address_parse(leader, &literal)) {
		want_host(cluster->resolver, leader);
	}
	inventory_hosts(cluster->stock->inventory, want_host, cluster->resolver);
	if (wait) {
		resolver_wait(cluster->resolver);
	}
	cluster->names.look_at = clock_ms(CLOCK_MONOTONIC);
	cluster->names.pause = LOOK_MS;
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

static int take_hosts(struct cluster *cluster)
{
	struct stock *stock = cluster->stock;
	struct resolution resolution = { .cluster = cluster };
	pthread_mutex_lock(&stock->lock);
	inventory_hosts(stock->inventory, take_host, &resolution);
	pthread_mutex_unlock(&stock->lock);
	return resolution.ret;
}

/*! \brief Where a master is; an address in text is put in \a literal. */
static struct state_addresses find_master(struct cluster *cluster, const struct endpoint *master,
                                          struct address *literal)
{
	struct text host = endpoint_host(master);
	return address_parse(host, literal) ? (struct state_addresses){ literal, 1 }
	                                    : resolver_get(cluster->resolver, host);
}

/*! \brief Notes who the masters are, and where. */
static int take_masters(struct cluster *cluster)
{
	struct records_master *list = calloc(cluster->known_count + 1, sizeof(*list));
	if (list == NULL) {
		return KNOT_ENOMEM;
	}
	for (size_t i = 0; i < cluster->known_count; i++) {
		list[i].addresses = resolver_get(cluster->resolver,
		                                 endpoint_host(&cluster->known[i]));
		list[i].port = cluster->known[i].port;
	}
	struct address literal;
	const struct records_masters masters = {
		.list = list,
		.count = (uint32_t)cluster->known_count,
		.leader = find_master(cluster, &cluster->names.leader, &literal),
		.leader_port = cluster->names.leader.port,
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

int names_take(struct cluster *cluster)
{
	int ret = take_hosts(cluster);
	return ret == KNOT_EOK ? take_masters(cluster) : ret;
}

void names_renew(struct cluster *cluster)
{
	resolver_begin(cluster->resolver);
	if (cluster->zk != NULL) {
		zookeeper_tend(cluster->zk, cluster->resolver);
	}
	names_want(cluster, false);
}

bool names_hear(struct cluster *cluster)
{
	if (inventory_stats(cluster->stock->inventory).unresolved == 0) {
		return false;
	}
	cluster->names.is_wanting = true;
	cluster->names.look_at = 0;
	return true;
}

int64_t names_tend(struct cluster *cluster, bool *is_news)
{
	struct names *names = &cluster->names;
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	if (now < names->look_at) {
		return names->look_at;
	}
	if (names->is_wanting) {
		names->is_wanting = false;
		names->pause = LOOK_MS;
		inventory_hosts(cluster->stock->inventory, want_host, cluster->resolver);
	}
	bool waits = resolver_look(cluster->resolver, is_news);
	names->look_at = waits ? now + names->pause : INT64_MAX;
	names->pause = MIN(2 * names->pause, LOOK_MAX_MS);
	return names->look_at;
}
