/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Events and states for an inventory, in any order, cut into chunks in two ways.
 *
 *     fuzz_events -dict=tests/fuzz/events.dict tests/fuzz/corpus/events
 *
 * The first two bytes of the input choose the chunks and what is wanted. The rest are documents,
 * one a line: a byte that says what is done with it, and the document. Inventories take the same in
 * other chunks, or without remembering texts, and have to be the same at the end; each is what its
 * listener was told.
 */
#include <libknot/errcode.h>

#include "module/inventory/inventory.h"
#include "tests/fuzz/fuzz_wants.h"
#include "tests/unit/state/object_dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*! \brief An inventory, and as what its objects add up for who listens. */
struct follower {
	struct inventory *inventory;
	uint64_t sum; /*!< Of hashes: one for each object that is there. */
	const struct objects_sink *sink;
	size_t chunks[2];
	struct wants *wants; /*!< What documents are read with. */
};

/*! \brief A sum over bytes; FNV-1a. */
static uint64_t hash(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	for (size_t i = 0; i < len; i++) {
		sum = (sum ^ bytes[i]) * 0x100000001b3;
	}
	return sum;
}

static uint64_t hash_object(uint64_t sum, const void *object)
{
	return object != NULL ? hash(sum, object, ((const struct object *)object)->size) : sum + 1;
}

static uint64_t hash_side(const struct inventory_side *side, enum inventory_kind kind)
{
	uint64_t sum = kind;
	switch (kind) {
	case INVENTORY_TASK:
		if (side->task == NULL) {
			return 0;
		}
		sum = hash_object(sum, side->task);
		sum += side->framework != NULL;
		break;
	case INVENTORY_FRAMEWORK:
		if (side->framework == NULL) {
			return 0;
		}
		sum = hash_object(sum, side->framework);
		break;
	case INVENTORY_AGENT:
		if (side->agent == NULL) {
			return 0;
		}
		break;
	}
	if (kind != INVENTORY_FRAMEWORK) {
		sum = hash_object(sum, side->agent);
	}
	for (uint32_t i = 0; i < side->agent_addresses.count; i++) {
		sum = hash(sum, side->agent_addresses.list[i].bytes,
		           side->agent_addresses.list[i].len);
	}
	return sum;
}

static void take_change(void *ctx, const struct inventory_change *change)
{
	struct follower *follower = ctx;
	follower->sum -= hash_side(&change->before, change->kind);
	follower->sum += hash_side(&change->after, change->kind);
}

static void check_sum(const struct follower *follower)
{
	struct follower whole = { 0 };
	inventory_walk(follower->inventory, take_change, &whole);
	if (whole.sum != follower->sum) {
		fprintf(stderr, "what was told is not what is there\n");
		abort();
	}
}

/*! \brief Feeds a document in the follower's chunks, each from memory of just its size. */
static int feed(const struct follower *follower, void *parser,
                int (*take)(void *parser, const char *data, size_t len), const uint8_t *data,
                size_t len)
{
	int ret = KNOT_EOK;
	for (size_t at = 0, turn = 0, part; at < len && ret == KNOT_EOK; at += part, turn ^= 1) {
		part = len - at < follower->chunks[turn] ? len - at : follower->chunks[turn];
		char *copy = malloc(part);
		assert(copy != NULL);
		memcpy(copy, data + at, part);
		ret = take(parser, copy, part);
		free(copy);
	}
	return ret;
}

static int take_event(void *parser, const char *data, size_t len)
{
	return event_parser_feed(parser, data, len);
}

static int take_objects(void *parser, const char *data, size_t len)
{
	return objects_parser_feed(parser, data, len);
}

static void run_event(struct follower *follower, struct event_parser *parser, const uint8_t *data,
                      size_t len)
{
	struct event event;
	struct inventory_news news;
	(void)feed(follower, parser, take_event, data, len);
	if (event_parser_finish(parser, &event) == KNOT_EOK) {
		(void)inventory_event(follower->inventory, &event, &news);
	}
}

static void run_objects(struct follower *follower, const uint8_t *data, size_t len)
{
	struct master_facts facts;
	struct objects_parser *parser = objects_parser_wanting(follower->sink, follower->inventory,
	                                                       follower->wants);
	assert(parser != NULL);
	int ret = feed(follower, parser, take_objects, data, len);
	int end = objects_parser_finish(parser, &facts);
	if (ret != KNOT_EOK && end != ret) {
		fprintf(stderr, "error %d is not for good\n", ret);
		abort();
	}
	if (end != KNOT_EOK) {
		inventory_abort(follower->inventory);
	}
	objects_parser_free(parser);
}

/*! \brief Does with a line what its first byte says. */
static void run_line(struct follower *follower, struct event_parser *parser, const uint8_t *line,
                     size_t len)
{
	static const struct address address = { 4, { 10, 0, 0, 1 } };
	switch (line[0]) {
	case 'b': inventory_begin(follower->inventory); break;
	case 's': run_objects(follower, line + 1, len - 1); break;
	case 'c': (void)inventory_commit(follower->inventory); break;
	case 'a': inventory_abort(follower->inventory); break;
	case 'w':
		wants_unref(follower->wants);
		follower->wants = fuzz_wants(len > 1 ? line[1] : 0);
		event_parser_want(parser, follower->wants);
		/* A state that is on its way has been read by its end. */
		inventory_read_anew(follower->inventory);
		break;
	case 'h':
		(void)inventory_resolved(follower->inventory,
		                         (struct text){ (const char *)line + 1, (uint32_t)len - 1 },
		                         (struct state_addresses){ &address, 1 });
		break;
	default: run_event(follower, parser, line + 1, len - 1); break;
	}
}

/*! \brief Ways of taking one input. */
struct way {
	const struct objects_sink *sink;
	size_t chunks[2];
};

static uint64_t run(const uint8_t *data, size_t size, struct way way, unsigned wanted)
{
	struct follower follower = {
		.sink = way.sink,
		.chunks = { way.chunks[0], way.chunks[1] },
		.wants = fuzz_wants(wanted),
	};
	struct event_parser *parser = event_parser_new();
	follower.inventory = inventory_new(take_change, &follower);
	assert(parser != NULL && follower.inventory != NULL);
	event_parser_want(parser, follower.wants);
	inventory_begin(follower.inventory);
	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t len = end != NULL ? (size_t)(end - data) - at : size - at;
		if (len > 0) {
			run_line(&follower, parser, data + at, len);
			check_sum(&follower);
		}
		at += len + 1;
	}
	uint64_t sum = follower.sum;
	event_parser_free(parser);
	wants_unref(follower.wants);
	inventory_free(follower.inventory);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3) {
		return 0;
	}
	const struct objects_sink *sink = &inventory_sink;
	const struct objects_sink reads_all = { sink->agent, sink->framework, sink->task };
	unsigned wanted = data[0] / 64U;
	uint64_t whole = run(data + 2, size - 2, (struct way){ sink, { size, size } }, wanted);
	uint64_t chunked = run(data + 2, size - 2,
	                       (struct way){ sink, { 1 + data[0] % 64U, 1 + data[1] } }, wanted);
	if (whole != chunked) {
		fprintf(stderr, "chunks make a difference\n");
		abort();
	}
	if (whole != run(data + 2, size - 2, (struct way){ &reads_all, { size, size } }, wanted)) {
		fprintf(stderr, "texts that are known make a difference\n");
		abort();
	}
	return 0;
}
