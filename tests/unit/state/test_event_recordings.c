/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Streams of a real master, held against the states of the same moments.
 *
 * An inventory is given what a stream says, and once a state, as after every subscribing. At each
 * later state it has to serve what one serves that knows that state alone, but where the stream
 * is silent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "tests/unit/inventory/inventory_feed.h"

static const char *data_dir;

/*! \brief A recorded stream and how far it was read. */
struct stream {
	char *body; /*!< Of the reply, without its chunks' framing. */
	size_t len;
	size_t *ends;  /*!< For each chunk: bytes of the reply and of \a body up to its end. */
	size_t chunks; /*!< Number of pairs in \a ends. */
	size_t done;   /*!< Bytes of \a body that were applied. */
	unsigned kinds[EVENT_KINDS];
	unsigned passed_over;
};

static char *read_file(const char *scenario, const char *name, size_t *len)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/recordings/events/%s/%s", data_dir, scenario, name);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	char *data = malloc(1 << 20);
	assert_non_null(data);
	*len = fread(data, 1, (1 << 20) - 1, file);
	assert_true(*len < (1 << 20) - 1);
	data[*len] = '\0';
	fclose(file);
	return data;
}

/*! \brief Reads a stream: a reply in chunks (RFC 9112, section 7.1). */
static void open_stream(struct stream *stream, const char *scenario, const char *name)
{
	char file[200];
	size_t len;
	snprintf(file, sizeof(file), "%s.http", name);
	char *reply = read_file(scenario, file, &len);
	const char *end = reply + len, *at = strstr(reply, "\r\n\r\n");
	assert_non_null(at);
	*stream = (struct stream){ .body = malloc(len), .ends = calloc(len, sizeof(size_t)) };
	assert_true(stream->body != NULL && stream->ends != NULL);
	at += 4;
	while (at < end) {
		char *data;
		size_t size = strtoul(at, &data, 16);
		if (size == 0 || (size_t)(end - data) < size + 4) {
			break;
		}
		memcpy(stream->body + stream->len, data + 2, size);
		stream->len += size;
		at = data + 2 + size + 2;
		stream->ends[2 * stream->chunks] = (size_t)(at - reply);
		stream->ends[2 * stream->chunks++ + 1] = stream->len;
	}
	free(reply);
}

static void close_stream(struct stream *stream)
{
	free(stream->body);
	free(stream->ends);
	*stream = (struct stream){ 0 };
}

/*! \brief Applies what is in the first \a offset bytes of the reply. */
static void read_stream(struct stream *stream, struct inventory *inventory, size_t offset)
{
	size_t len = 0;
	for (size_t i = 0; i < stream->chunks && stream->ends[2 * i] <= offset; i++) {
		len = stream->ends[2 * i + 1];
	}
	struct event_parser *parser = health_event_parser();
	assert_non_null(parser);
	while (stream->done < len) {
		/* RecordIO: a length, a line feed, the record. */
		char *record;
		size_t size = strtoul(stream->body + stream->done, &record, 10);
		record++;
		assert_true((size_t)(record - stream->body) + size <= len);
		struct event event;
		struct inventory_news news;
		assert_int_equal(event_parser_feed(parser, record, size / 2), KNOT_EOK);
		assert_int_equal(event_parser_feed(parser, record + size / 2, size - size / 2),
		                 KNOT_EOK);
		assert_int_equal(event_parser_finish(parser, &event), KNOT_EOK);
		assert_int_equal(inventory_event(inventory, &event, &news), KNOT_EOK);
		stream->kinds[event.kind]++;
		stream->passed_over += news.passed_over;
		stream->done = (size_t)(record - stream->body) + size;
	}
	event_parser_free(parser);
}

static void ignore(void *ctx, const struct inventory_change *change)
{
	(void)ctx, (void)change;
}

/*! \brief What a state alone gives. */
static char *served_by_state(const char *state)
{
	struct inventory *fresh = inventory_new(ignore, NULL);
	assert_int_equal(feed_state(fresh, state), KNOT_EOK);
	char *text = served_text(fresh, true);
	inventory_free(fresh);
	return text;
}

/*! \brief States that say something of which the stream does not speak (see their README). */
static const struct {
	const char *file;
	bool stays; /*!< It was so in an earlier state: not once that was read. */
} silent[] = {
	/* A status of the same state without a reason that is told. */
	{ "addresses/state-04.json", false },
	{ "addresses/state-06.json", false },
	{ "health/state-06.json", false },
	/* Agents that became unreachable. */
	{ "agent-moves/state-stream-02.json", false },
	{ "agents/state-04.json", false },
	{ "agents/state-10.json", false },
	/* Agents that are gone. */
	{ "drain/state-06.json", false },
	{ "drain/state-07.json", false },
	{ "drain/state-08.json", true },
};

static bool is_silent(const char *scenario, const char *file, bool resyncs)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/%s", scenario, file);
	for (size_t i = 0; i < sizeof(silent) / sizeof(*silent); i++) {
		if (strcmp(silent[i].file, path) == 0) {
			return !silent[i].stays || !resyncs;
		}
	}
	return false;
}

static const char *member(struct json_object *item, const char *name)
{
	return json_object_get_string(json_object_object_get(item, name));
}

/*! \brief One replay of a stream. */
struct replay {
	const char *scenario;
	const char *name;
	bool resyncs; /*!< Each state is committed after it was compared. */
	struct inventory *inventory;
	struct mirror mirror;
	struct stream stream;
	unsigned states;
};

static void compare(struct replay *r, const char *file, const char *state)
{
	char *expected = served_by_state(state);
	char *text = served_text(r->inventory, true);
	if ((strcmp(text, expected) != 0) != is_silent(r->scenario, file, r->resyncs)) {
		print_error("%s/%s\nby events:\n%s\nby the state:\n%s\n", r->scenario, file, text,
		            expected);
		fail();
	}
	free(text);
	if (r->resyncs) {
		assert_int_equal(feed_state(r->inventory, state), KNOT_EOK);
		text = served_text(r->inventory, true);
		assert_string_equal(text, expected);
		free(text);
	}
	free(expected);
}

static void take_state(struct replay *r, struct json_object *item)
{
	size_t len;
	const char *file = member(item, "file");
	char *state = read_file(r->scenario, file, &len);
	read_stream(&r->stream, r->inventory,
	            json_object_get_int64(json_object_object_get(item, "offset")));
	if (r->states++ == 0) {
		struct master_facts facts;
		assert_int_equal(feed_objects(r->inventory, state, len, &facts), KNOT_EOK);
		assert_int_equal(inventory_commit(r->inventory), KNOT_EOK);
	}
	if (json_object_get_boolean(json_object_object_get(item, "quiet"))) {
		compare(r, file, state);
	}
	free(mirror_check(&r->mirror, r->inventory));
	free(state);
}

static void follow(struct replay *r, char *index)
{
	for (char *line = strtok(index, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		struct json_object *item = json_tokener_parse(line);
		const char *stream = member(item, "stream"), *what = member(item, "what");
		if (stream != NULL && strcmp(stream, r->name) == 0 && strcmp(what, "state") == 0) {
			take_state(r, item);
		}
		json_object_put(item);
	}
	read_stream(&r->stream, r->inventory, SIZE_MAX);
	free(mirror_check(&r->mirror, r->inventory));
}

static void begin_replay(struct replay *r, const char *scenario, const char *name)
{
	r->scenario = scenario;
	r->name = name;
	r->states = 0;
	open_stream(&r->stream, scenario, name);
	/* A state is asked for as soon as the stream is there. */
	inventory_begin(r->inventory);
}

static void replay(const char *scenario, const char *name, unsigned states, bool resyncs)
{
	struct replay r = { .resyncs = resyncs };
	r.inventory = inventory_new(mirror_change, &r.mirror);
	begin_replay(&r, scenario, name);
	size_t len;
	char *index = read_file(scenario, "index.jsonl", &len);
	follow(&r, index);
	assert_int_equal(r.states, states);
	assert_int_equal(r.stream.kinds[EVENT_SUBSCRIBED], 1);
	assert_true(r.stream.kinds[EVENT_HEARTBEAT] > 0);
	assert_int_equal(r.stream.kinds[EVENT_ODD], 0);
	assert_int_equal(r.stream.kinds[EVENT_OTHER], 0);
	free(index);
	close_stream(&r.stream);
	inventory_free(r.inventory);
	mirror_clear(&r.mirror);
}

static void test_streams(void **unused)
{
	(void)unused;
	static const struct {
		const char *scenario;
		const char *stream;
		unsigned states;
	} streams[] = {
		{ "addresses", "stream", 9 },       { "agent-moves", "stream", 5 },
		{ "agents", "stream", 15 },         { "auth", "admin", 1 },
		{ "auth", "limited", 1 },           { "burst", "stream", 3 },
		{ "churn", "stream", 2 },           { "drain", "stream", 8 },
		{ "frameworks", "stream", 11 },     { "health", "stream", 8 },
		{ "late-subscribe", "stream", 3 },  { "reservations", "stream", 4 },
		{ "task-lifecycle", "stream", 14 }, { "v0-framework", "stream", 2 },
	};
	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++) {
		replay(streams[i].scenario, streams[i].stream, streams[i].states, false);
		replay(streams[i].scenario, streams[i].stream, streams[i].states, true);
	}
}

/*! \brief What is served of tasks and what they hang on; agents without any may be missing. */
static char *served_tasks(const struct inventory *inventory)
{
	char *text = served_text(inventory, false);
	const char *tasks = strstr(text, "task ");
	memmove(text, tasks != NULL ? tasks : "", tasks != NULL ? strlen(tasks) + 1 : 1);
	return text;
}

/*! \brief A leader dies, another takes over, agents come back, the last one after ten seconds. */
static void test_failover(void **unused)
{
	(void)unused;
	struct replay r = { .resyncs = true };
	r.inventory = inventory_new(mirror_change, &r.mirror);
	begin_replay(&r, "failover", "old-leader");
	size_t len;
	char *index = read_file("failover", "index.jsonl", &len);
	follow(&r, index);
	free(index);
	close_stream(&r.stream);
	char *before = served_tasks(r.inventory);
	assert_non_null(strstr(before, "task "));

	begin_replay(&r, "failover", "new-leader");
	static const struct {
		const char *file;
		size_t offset;
	} states[] = {
		{ "state-new-leader-01.json", 4657 },  { "state-new-leader-02.json", 7160 },
		{ "state-new-leader-03.json", 7754 },  { "state-new-leader-04.json", 10258 },
		{ "state-new-leader-05.json", 10258 },
	};
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		read_stream(&r.stream, r.inventory, states[i].offset);
		char *now = served_tasks(r.inventory);
		assert_string_equal(now, before);
		free(now);
		char *state = read_file("failover", states[i].file, &len);
		assert_int_equal(feed_state(r.inventory, state), KNOT_EOK);
		now = served_tasks(r.inventory);
		assert_string_equal(now, before);
		free(now);
		if (i >= 3) {
			char *expected = served_by_state(state);
			now = served_text(r.inventory, true);
			assert_string_equal(now, expected);
			free(now);
			free(expected);
		}
		free(state);
	}
	free(mirror_check(&r.mirror, r.inventory));
	free(before);
	close_stream(&r.stream);
	inventory_free(r.inventory);
	mirror_clear(&r.mirror);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_failover),
	};
	assert_int_equal(argc, 2);
	data_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
