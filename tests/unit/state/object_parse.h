/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Parses states and events into the text of their objects; to be included after cmocka.h.
 */
#pragma once

#include <libknot/errcode.h>

#include "tests/unit/state/health_wants.h"
#include "tests/unit/state/object_dump.h"

/*! \brief Takes objects as lines. */
struct dumper {
	char *lines[4096];
	size_t count;
};

static inline FILE *begin_line(struct dumper *d, size_t *size)
{
	assert_true(d->count < sizeof(d->lines) / sizeof(*d->lines));
	FILE *out = open_memstream(&d->lines[d->count++], size);
	assert_non_null(out);
	return out;
}

/*! \brief Copies an object to memory of just its size, so that a read beyond is seen. */
static inline void *tight_copy(const struct object *object)
{
	void *copy = aligned_alloc(16, (object->size + 15UL) & ~15UL);
	assert_non_null(copy);
	return memcpy(copy, object, object->size);
}

static inline int dumper_agent(void *ctx, const struct agent_object *agent)
{
	size_t size;
	FILE *out = begin_line(ctx, &size);
	void *copy = tight_copy(&agent->object);
	dump_agent_object(out, copy);
	free(copy);
	return fclose(out) == 0 ? KNOT_EOK : KNOT_ERROR;
}

static inline int dumper_framework(void *ctx, const struct framework_object *framework)
{
	size_t size;
	FILE *out = begin_line(ctx, &size);
	void *copy = tight_copy(&framework->object);
	dump_framework_object(out, copy);
	free(copy);
	return fclose(out) == 0 ? KNOT_EOK : KNOT_ERROR;
}

static inline int dumper_task(void *ctx, const struct task_object *task)
{
	size_t size;
	FILE *out = begin_line(ctx, &size);
	void *copy = tight_copy(&task->object);
	dump_task_object(out, copy);
	free(copy);
	return fclose(out) == 0 ? KNOT_EOK : KNOT_ERROR;
}

static const struct objects_sink dumper_sink = { dumper_agent, dumper_framework, dumper_task };

static inline int dumper_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void dump_facts(FILE *out, const struct master_facts *facts)
{
	fputs("master", out);
	dump_text(out, "id", facts->id);
	dump_text(out, "leader", facts->leader_host);
	fprintf(out, ":%u", facts->leader_port);
	dump_text(out, "pid", facts->pid_host);
	fprintf(out,
	        ":%u elected=%.3f started=%.3f timeout=%.3f registered=%u recovered=%u "
	        "frameworks=%u\n",
	        facts->pid_port, facts->elected_time, facts->start_time,
	        facts->registry_fetch_timeout, facts->registered_count, facts->recovered_count,
	        facts->frameworks_count);
}

/*! \brief Parses a state in chunks; its facts and its objects, sorted, or "error" and the code. */
static inline char *dump_objects(const char *doc, size_t len, size_t chunk)
{
	struct dumper dumper = { .count = 0 };
	struct master_facts facts;
	struct objects_parser *parser = objects_parser_wanting(&dumper_sink, &dumper,
	                                                       health_wants());
	assert_non_null(parser);
	int ret = KNOT_EOK;
	for (size_t at = 0; at < len && ret == KNOT_EOK; at += chunk) {
		ret = objects_parser_feed(parser, doc + at, len - at < chunk ? len - at : chunk);
	}
	int end = objects_parser_finish(parser, &facts);
	assert_true(ret == KNOT_EOK || ret == end);

	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (end == KNOT_EOK) {
		dump_facts(out, &facts);
	} else {
		fprintf(out, "error %d\n", end);
	}
	qsort(dumper.lines, dumper.count, sizeof(*dumper.lines), dumper_compare);
	for (size_t i = 0; i < dumper.count; i++) {
		fputs(end == KNOT_EOK ? dumper.lines[i] : "", out);
		free(dumper.lines[i]);
	}
	fclose(out);
	objects_parser_free(parser);
	return text;
}

/*! \brief Ends a record; its event as text, or "error" and the code. */
static inline char *finish_event(struct event_parser *parser)
{
	struct event event;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int ret = event_parser_finish(parser, &event);
	if (ret != KNOT_EOK) {
		fprintf(out, "error %d\n", ret);
	} else if (event.object == NULL) {
		dump_event(out, &event);
	} else {
		struct object *copy = tight_copy(event.object);
		event.object = copy;
		dump_event(out, &event);
		free(copy);
	}
	fclose(out);
	return text;
}

/*! \brief Parses an event that comes in two parts. */
static inline char *dump_split_event(struct event_parser *parser, const char *doc, size_t split)
{
	int ret = event_parser_feed(parser, doc, split);
	if (ret == KNOT_EOK) {
		(void)event_parser_feed(parser, doc + split, strlen(doc + split));
	}
	return finish_event(parser);
}
