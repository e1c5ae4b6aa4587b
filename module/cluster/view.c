/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/cluster/view.h"

static bool is_reverse(const knot_dname_t *zone)
{
	return knot_dname_in_bailiwick(zone, (const uint8_t *)"\007in-addr\004arpa") >= 0 ||
	       knot_dname_in_bailiwick(zone, (const uint8_t *)"\003ip6\004arpa") >= 0;
}

struct view *view_new(const knot_dname_t *zone, const char *id, struct settings *settings,
                      struct snapshot *snapshot)
{
	struct view *view = calloc(1, sizeof(*view));
	if (view != NULL) {
		view->refs = 1;
		view->answer.snapshot = snapshot_ref(snapshot);
		view->settings = settings_ref(settings);
		(void)knot_dname_to_wire(view->zone, zone, sizeof(view->zone));
		snprintf(view->id, sizeof(view->id), "%s", id);
		view->reverse = is_reverse(zone);
	}
	return view;
}

void view_free(struct view *view)
{
	snapshot_unref(view->answer.snapshot);
	settings_free(view->settings);
	free(view);
}

bool view_is(const struct view *view, const knot_dname_t *zone, const char *id)
{
	return knot_dname_is_equal(view->zone, zone) &&
	       strncmp(view->id, id, sizeof(view->id) - 1) == 0;
}

/*! \brief What a snapshot is built with. */
struct build {
	struct snapshot_builder *builder; /*!< NULL if memory ran out. */
	const struct view *view;
	const atomic_bool *stop;
};

static int put_record(void *ctx, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
                      uint16_t rdata_len)
{
	struct build *build = ctx;
	return snapshot_builder_add(build->builder, owner, type, rdata, rdata_len);
}

/*! \brief Begins, or begins again. */
static int start_build(void *ctx)
{
	struct build *build = ctx;
	snapshot_builder_free(build->builder);
	build->builder = snapshot_builder_new(build->view->zone, build->view->settings->ttl);
	if (build->builder == NULL) {
		return KNOT_ENOMEM;
	}
	snapshot_builder_limit(build->builder, SNAPSHOT_MEMORY_MAX, build->stop);
	return KNOT_EOK;
}

static struct state_addresses look_up(void *resolver, struct text host)
{
	return resolver_get(resolver, host);
}

int view_build(const struct view *view, const struct state *state, const struct endpoint *masters,
               size_t count, struct resolver *resolver, const atomic_bool *stop,
               struct records_output *skipped, struct snapshot **out)
{
	struct records_master *known = calloc(count + 1, sizeof(*known));
	struct build build = { .view = view, .stop = stop };
	int ret = start_build(&build);
	if (known == NULL) {
		ret = KNOT_ENOMEM;
	}
	if (ret == KNOT_EOK) {
		for (size_t i = 0; i < count; i++) {
			struct text host = { masters[i].host, strlen(masters[i].host) };
			known[i].addresses = resolver_get(resolver, host);
			known[i].port = masters[i].port;
		}
		struct records_input input = {
			.zone = view->zone,
			.origin = view->settings->origin,
			.reverse = view->reverse,
			.rules = view->settings->rules,
			.sources_count = view->settings->sources_count,
			.masters = known,
			.masters_count = count,
			.lookup = look_up,
			.hosts = resolver,
			/* Some of what a builder takes always lies idle. */
			.budget.memory = SNAPSHOT_MEMORY_MAX / 64 * 63,
			.stop = stop,
		};
		memcpy(input.sources, view->settings->sources, sizeof(input.sources));
		*skipped = (struct records_output){
			.put = put_record,
			.restart = start_build,
			.sink = &build,
		};
		ret = records_make(state, &input, skipped);
	}
	if (ret == KNOT_EOK) {
		ret = snapshot_builder_finish(build.builder, out);
	}
	snapshot_builder_free(build.builder);
	free(known);
	return ret;
}
