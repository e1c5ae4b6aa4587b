/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/base/util.h"
#include "module/cluster/config_page.h"
#include "module/cluster/enumerate.h"
#include "module/cluster/metrics.h"
#include "module/cluster/serve.h"
#include "module/http/http.h"

static int write_config(void *ctx, struct http_body *out)
{
	const struct member *member = ctx;
	struct cluster *cluster = member->cluster;
	struct config_page page = {
		.settings = member->settings,
		.zone = member->view->zone,
		.listener = member->settings->http[0].host,
		.port = member->settings->http[0].port,
	};

	pthread_mutex_lock(&cluster->lock);
	page.ttl = member->view->ttl;
	page.serial = cluster->stats.last.time;
	for (const struct view *view = cluster->views; view != NULL; view = view->next) {
		page.has_reverse = page.has_reverse || view->reverse;
	}
	pthread_mutex_unlock(&cluster->lock);
	return config_page_write(out, &page);
}

static int write_enumerate(void *ctx, const struct snapshot *snapshot, struct http_body *out)
{
	const struct member *member = ctx;
	struct cluster *cluster = member->cluster;
	pthread_mutex_lock(&cluster->lock);
	struct stock *stock = stock_ref(cluster->before != NULL ? cluster->before : cluster->stock);
	const struct records_rules rules = view_rules(member->view);
	pthread_mutex_unlock(&cluster->lock);

	int ret = enumerate_write(out, stock, &rules, snapshot);
	stock_unref(stock);
	return ret;
}

static void tell_counters(void *ctx, struct http_counters *out)
{
	const struct member *member = ctx;
	const struct view *view = member->view;
	struct cluster *cluster = member->cluster;
	pthread_mutex_lock(&cluster->lock);
	const struct counters_view shown = {
		.snapshot = view->answer.snapshot,
		.skipped = view->skipped,
		.publications = view->publications,
	};
	const struct metrics_more more = {
		.has_age = shown.snapshot != NULL,
		.age = (uint64_t)MAX(clock_ms(CLOCK_MONOTONIC) - atomic_load(&view->answer.time),
		                     0),
		.inventory_bytes = cluster->inventory_bytes,
	};
	metrics_tell(out, &cluster->stats, &shown, member->stats, &more);
	pthread_mutex_unlock(&cluster->lock);
}

static void write_log(void *ctx, int priority, const char *text)
{
	const struct member *member = ctx;
	knotd_mod_log(member->mod, priority, "%s", text);
}

void serve_begin(struct member *member, struct settings *settings, const struct answer *answer)
{
	member->settings = settings_ref(settings);
	const struct http_source source = {
		.name = member->view->zone,
		.reverse = member->view->reverse,
		.snapshot = &member->view->answer.snapshot,
		.time = &member->view->answer.time,
		.stale_after = answer->stale_after,
		.max_age = answer->max_age,
		.refresh = settings->poll_interval,
		.ctx = member,
		.config = write_config,
		.enumerate = write_enumerate,
		.counters = tell_counters,
		.log = write_log,
	};
	if (http_attach(&source, settings->http, settings->http_count, &member->http) != KNOT_EOK) {
		knotd_mod_log(member->mod, LOG_ERR,
		              "out of memory, nothing is served over HTTP until a reload");
	}
}

void serve_end(struct member *member)
{
	http_detach(member->http);
	settings_free(member->settings);
}
