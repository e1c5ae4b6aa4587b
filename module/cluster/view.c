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

/*! \brief A text, absent if it is NULL. */
static struct text text_of(const char *text)
{
	return (struct text){ text, text != NULL ? (uint32_t)strlen(text) : 0 };
}

struct records_rules view_rules(const struct view *view)
{
	const struct settings *settings = view->settings;
	struct records_rules rules = {
		.zone = view->zone,
		.origin = settings->origin,
		.reverse = view->reverse,
		.task_max = view->task_max,
		.labels = settings->rules,
		.health = settings->health,
		.sources_count = settings->sources_count,
		.srv_weight = settings->srv_weight,
		.visibility = settings->visibility,
		.agent_names = settings->agent_names,
		.port_index = settings->port_index,
		.networks = settings->networks,
		.networks_count = (uint32_t)settings->networks_count,
		.formats = settings->formats,
		.formats_count = (uint32_t)settings->formats_count,
		.label_weight = text_of(settings->label_weight),
		.label_priority = text_of(settings->label_priority),
		.label_hide = text_of(settings->label_hide),
	};
	memcpy(rules.sources, settings->sources, sizeof(rules.sources));
	return rules;
}

struct view *view_new(const knot_dname_t *zone, const char *id, struct settings *settings,
                      const atomic_bool *stop)
{
	struct view *view = calloc(1, sizeof(*view));
	if (view == NULL) {
		return NULL;
	}
	view->refs = 1;
	view->settings = settings_ref(settings);
	view->ttl = settings->ttl;
	(void)knot_dname_to_wire(view->zone, zone, sizeof(view->zone));
	snprintf(view->id, sizeof(view->id), "%s", id);
	view->reverse = is_reverse(zone);

	const struct records_rules rules = view_rules(view);
	projection_init(&view->projection, &rules, RECORDS_OCTETS_MAX, stop);
	return view;
}

void view_free(struct view *view)
{
	snapshot_unref(view->answer.snapshot);
	projection_free(&view->projection);
	settings_free(view->settings);
	free(view);
}

bool view_is(const struct view *view, const knot_dname_t *zone, const char *id)
{
	return knot_dname_is_equal(view->zone, zone) &&
	       strncmp(view->id, id, sizeof(view->id) - 1) == 0;
}
