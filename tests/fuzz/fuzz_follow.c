/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What a master streams, all the way into a snapshot: records, events, objects, names.
 *
 *     fuzz_follow -dict=tests/fuzz/events.dict tests/fuzz/corpus/follow
 *
 * The first two bytes of the input choose the chunks; the rest is a stream of records. A record is
 * an event, or `s` and a whole state. What has to be true: however the stream is cut, what is shown
 * at its end is the same; and it is what a table shows that is made at once of what there is then.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "module/cluster/projection.h"
#include "module/masters/recordio.h"
#include "tests/unit/snapshot/snapshot_digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*! \brief Octets of records that there may be: tasks of many ports are cut. */
#define OCTETS_MAX 20000

/*! \brief Who reads a stream. */
struct follower {
	struct inventory *inventory;
	struct projection projection;
	struct snapshot *snapshot;
	struct event_parser *events;
	struct objects_parser *objects; /*!< Of the state that is being read; NULL if none is. */
	bool has_begun;                 /*!< The record's first byte was read. */
	bool is_broken;                 /*!< There is no room even for one record of each task. */
};

static const atomic_bool never = false;
static const struct address leader = { .len = 4, .bytes = { 10, 0, 0, 1 } };
static const struct records_masters masters = { NULL, 0, { &leader, 1 }, 5050 };
static const struct records_rules rules = {
	.zone = (const knot_dname_t *)"\005mesos",
	.origin = (const knot_dname_t *)"\005mesos",
	.sources = { IP_SOURCE_NETINFO, IP_SOURCE_HOST },
	.sources_count = 2,
};

static void hear(void *ctx, const struct inventory_change *change)
{
	projection_change(ctx, change);
}

/*! \brief Makes what has changed visible, as whoever follows a leader does. */
static void commit(struct follower *f, bool is_state)
{
	struct snapshot *next;
	int ret = projection_commit(&f->projection, f->inventory, &masters, 30, is_state, &next);
	assert(ret == KNOT_EOK || ret == KNOT_ESPACE);
	f->is_broken = ret != KNOT_EOK;
	if (next != NULL) {
		projection_retire(&f->projection, f->snapshot);
		f->snapshot = next;
	}
}

static int on_begin(void *ctx)
{
	struct follower *f = ctx;
	f->has_begun = false;
	return KNOT_EOK;
}

static int on_data(void *ctx, const char *data, size_t len)
{
	struct follower *f = ctx;
	if (!f->has_begun && *data == 's') {
		f->objects = objects_parser_new(&inventory_sink, f->inventory);
		assert(f->objects != NULL);
		inventory_begin(f->inventory);
		data++;
		len--;
	}
	f->has_begun = true;
	if (f->objects != NULL) {
		(void)objects_parser_feed(f->objects, data, len);
	} else {
		(void)event_parser_feed(f->events, data, len);
	}
	return KNOT_EOK;
}

static int on_end(void *ctx)
{
	struct follower *f = ctx;
	struct event event;
	struct inventory_news news;
	struct master_facts facts;
	bool is_state = f->objects != NULL;
	if (!is_state) {
		int ret = event_parser_finish(f->events, &event);
		if (ret != KNOT_EOK) {
			return ret;
		}
		(void)inventory_event(f->inventory, &event, &news);
	} else if (objects_parser_finish(f->objects, &facts) == KNOT_EOK) {
		(void)inventory_commit(f->inventory);
	} else {
		inventory_abort(f->inventory);
	}
	objects_parser_free(f->objects);
	f->objects = NULL;
	commit(f, is_state);
	return KNOT_EOK;
}

static void feed(struct recordio *stream, const uint8_t *data, size_t size, const size_t chunks[2])
{
	int ret = KNOT_EOK;
	for (size_t at = 0, turn = 0, part; at < size && ret == KNOT_EOK; at += part, turn ^= 1) {
		part = size - at < chunks[turn] ? size - at : chunks[turn];
		/* Each chunk in memory of just its size. */
		char *copy = malloc(part);
		assert(copy != NULL);
		memcpy(copy, data + at, part);
		ret = recordio_feed(stream, copy, part);
		free(copy);
	}
}

/*! \brief What is shown at a stream's end; 0 if nothing can be. */
static uint64_t follow(const uint8_t *data, size_t size, size_t first, size_t second)
{
	static const struct recordio_handler handler = { on_begin, on_data, on_end };
	struct follower f = { .events = event_parser_new() };
	struct recordio stream;
	projection_init(&f.projection, &rules, OCTETS_MAX, &never);
	f.inventory = inventory_new(hear, &f.projection);
	assert(f.events != NULL && f.inventory != NULL);
	recordio_init(&stream, &handler, &f);
	feed(&stream, data, size, (const size_t[]){ first, second });
	if (f.objects != NULL) {
		inventory_abort(f.inventory);
		objects_parser_free(f.objects);
	}
	/* A limit is raised by states alone. */
	commit(&f, true);

	uint64_t sum = f.is_broken ? 0 : digest(f.snapshot);
	struct projection fresh;
	struct snapshot *snapshot;
	projection_init(&fresh, &rules, OCTETS_MAX, &never);
	int ret = projection_commit(&fresh, f.inventory, &masters, 30, true, &snapshot);
	if ((ret == KNOT_EOK) == f.is_broken || (!f.is_broken && digest(snapshot) != sum)) {
		fprintf(stderr, "what is shown is not what there is\n");
		abort();
	}
	snapshot_unref(snapshot);
	projection_free(&fresh);
	snapshot_unref(f.snapshot);
	projection_free(&f.projection);
	inventory_free(f.inventory);
	event_parser_free(f.events);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3) {
		return 0;
	}
	uint64_t whole = follow(data + 2, size - 2, size, size);
	if (whole != follow(data + 2, size - 2, 1 + data[0] % 64U, 1 + data[1])) {
		fprintf(stderr, "chunks make a difference\n");
		abort();
	}
	return 0;
}
