/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Feeds an inventory with JSON; to be included after cmocka.h.
 */
#pragma once

#include <libknot/errcode.h>

#include "module/inventory/inventory.h"
#include "tests/unit/inventory/mirror.h"
#include "tests/unit/state/health_wants.h"

/*! \brief Gives the objects of a state to an inventory that has begun one. */
static inline int feed_objects(struct inventory *inventory, const char *json, size_t len,
                               struct master_facts *facts)
{
	struct objects_parser *parser = objects_parser_wanting(&inventory_sink, inventory,
	                                                       health_wants());
	if (parser == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = objects_parser_feed(parser, json, len / 2);
	if (ret == KNOT_EOK) {
		ret = objects_parser_feed(parser, json + len / 2, len - len / 2);
	}
	if (ret == KNOT_EOK) {
		ret = objects_parser_finish(parser, facts);
	}
	objects_parser_free(parser);
	return ret;
}

/*! \brief Takes a whole state, committed if it is good. */
static inline int feed_state(struct inventory *inventory, const char *json)
{
	struct master_facts facts;
	inventory_begin(inventory);
	int ret = feed_objects(inventory, json, strlen(json), &facts);
	if (ret == KNOT_EOK) {
		return inventory_commit(inventory);
	}
	inventory_abort(inventory);
	return ret;
}

/*! \brief Applies an event. */
static inline int feed_event(struct inventory *inventory, const char *json,
                             struct inventory_news *news)
{
	struct inventory_news unused;
	struct event event;
	struct event_parser *parser = health_event_parser();
	if (parser == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = event_parser_feed(parser, json, strlen(json));
	if (ret == KNOT_EOK) {
		ret = event_parser_finish(parser, &event);
	}
	if (ret == KNOT_EOK) {
		ret = inventory_event(inventory, &event, news != NULL ? news : &unused);
	}
	event_parser_free(parser);
	return ret;
}

/*! \brief What is served: lines, and whether the frameworks' own are among them. */
struct served {
	char *lines[4096];
	size_t count;
	bool has_frameworks;
};

static inline void serve(void *ctx, const struct inventory_change *change)
{
	struct served *served = ctx;
	const struct inventory_side *now = &change->after;
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);
	if (change->kind == INVENTORY_AGENT) {
		fprintf(out, "agent port=%u", now->agent->port);
		dump_addresses(out, "addresses", now->agent_addresses);
	} else if (change->kind == INVENTORY_FRAMEWORK && served->has_frameworks) {
		fprintf(out, "framework port=%u", now->framework->pid_port);
		dump_text(out, "name", object_text(now->framework, now->framework->name));
		dump_addresses(out, "addresses", now->scheduler_addresses);
	} else if (change->kind == INVENTORY_TASK && now->agent != NULL && now->framework != NULL &&
	           now->task->life == TASK_RUNS) {
		fputs("task", out);
		dump_task_parts(out, now->task);
		dump_text(out, "of", object_text(now->framework, now->framework->name));
		dump_addresses(out, "addresses", now->agent_addresses);
	}
	fclose(out);
	if (size == 0) {
		free(line);
		return;
	}
	assert_true(served->count < sizeof(served->lines) / sizeof(*served->lines));
	served->lines[served->count++] = line;
}

static inline int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*! \brief What records are made of, sorted; to be freed with free(). */
static inline char *served_text(const struct inventory *inventory, bool has_frameworks)
{
	struct served served = { .has_frameworks = has_frameworks };
	char *text = NULL;
	size_t size = 0;
	inventory_walk(inventory, serve, &served);
	qsort(served.lines, served.count, sizeof(*served.lines), compare_lines);
	FILE *out = open_memstream(&text, &size);
	for (size_t i = 0; i < served.count; i++) {
		fprintf(out, "%s\n", served.lines[i]);
		free(served.lines[i]);
	}
	fclose(out);
	return text;
}
