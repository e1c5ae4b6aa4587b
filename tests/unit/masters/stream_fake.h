/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A stream and the masters that it asks, without a network; for tests.
 */
#pragma once

#include <fnmatch.h>

#include "module/masters/stream.h"
#include "tests/unit/masters/peer_fake.h"

#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

/*! \brief What the handler was told: `<` at a record's begin, its octets, `>` at its end. */
struct notes {
	char text[4096];
	size_t len;
	unsigned records;
	int ret; /*!< What its end says. */
};

struct test {
	struct master_settings settings;
	atomic_bool stop;
	struct resolver *resolver;
	struct master_client *client;
	struct stream *stream;
	struct notes notes;
};

static void note(struct notes *notes, const char *data, size_t len)
{
	size_t room = MIN(len, sizeof(notes->text) - 1 - notes->len);
	memcpy(notes->text + notes->len, data, room);
	notes->len += room;
	notes->text[notes->len] = '\0';
}

static int on_begin(void *ctx)
{
	note(ctx, "<", 1);
	return KNOT_EOK;
}

static int on_data(void *ctx, const char *data, size_t len)
{
	note(ctx, data, len);
	return KNOT_EOK;
}

static int on_end(void *ctx)
{
	struct notes *notes = ctx;
	notes->records++;
	note(notes, ">", 1);
	return notes->ret;
}

static const struct recordio_handler handler = { on_begin, on_data, on_end };

static const struct endpoint master = { .host = "127.0.0.1", .port = 5050 };

/*! \brief Nobody takes the state; that it comes is enough. */
static int pass_agent(void *ctx, const struct agent_object *agent)
{
	(void)ctx, (void)agent;
	return KNOT_EOK;
}

static int pass_framework(void *ctx, const struct framework_object *framework)
{
	(void)ctx, (void)framework;
	return KNOT_EOK;
}

static int pass_task(void *ctx, const struct task_object *task)
{
	(void)ctx, (void)task;
	return KNOT_EOK;
}

static void pass(void *ctx)
{
	(void)ctx;
}

static const struct objects_sink pass_objects = { pass_agent, pass_framework, pass_task };
static const struct master_sink sink = { .objects = &pass_objects, .begin = pass, .abort = pass };

/*! \brief Makes a client that knows `master` alone, and a stream; it logs in with an account. */
static struct test *new_test_of(char *iam_file)
{
	struct test *test = calloc(1, sizeof(*test));
	assert_non_null(test);
	test->settings.timeout = 60;
	test->settings.iam_file = iam_file;
	test->resolver = resolver_new(&test->stop);
	assert_non_null(test->resolver);
	test->client = master_new(&test->settings, test->resolver, &test->stop, &sink);
	assert_non_null(test->client);
	test->stream = stream_new(test->client, &handler, &test->notes);
	assert_non_null(test->stream);
	assert_int_equal(stream_phase(test->stream), STREAM_CLOSED);
	resolver_begin(test->resolver);
	master_set_known(test->client, &master, 1);
	return test;
}

/*! \brief The same without an account. */
static inline struct test *new_test(void)
{
	return new_test_of(NULL);
}

static void free_test(struct test *test)
{
	stream_free(test->stream);
	master_free(test->client);
	resolver_free(test->resolver);
	forget_peers();
	free(test);
}

/*! \brief Reads what a master has been asked; true once it is a whole SUBSCRIBE. */
static bool is_asked(struct peer *peer)
{
	return strstr(read_request(peer), "\r\n\r\n{\"type\":\"SUBSCRIBE\"}") != NULL;
}

/*! \brief Waits for the next connection, the number of those of before given, and its question. */
static struct peer *await_peer(struct test *test, size_t before)
{
	int64_t end = clock_ms(CLOCK_MONOTONIC) + PATIENCE_MS;
	while (side.count <= before || !is_asked(&side.peers[before])) {
		int64_t now = clock_ms(CLOCK_MONOTONIC);
		assert_true(now < end);
		master_wait(test->client, now + 1, NULL);
	}
	return &side.peers[before];
}

/*! \brief Waits for the stream to be somewhere. */
static void await_phase(struct test *test, enum stream_phase phase)
{
	int64_t end = clock_ms(CLOCK_MONOTONIC) + PATIENCE_MS;
	while (stream_phase(test->stream) != phase) {
		int64_t now = clock_ms(CLOCK_MONOTONIC);
		assert_true(now < end);
		master_wait(test->client, now + 1, NULL);
	}
}

/*! \brief Lets the client take in what has been sent, as far as it is there. */
static inline void turns(struct test *test)
{
	for (int i = 0; i < 3; i++) {
		master_wait(test->client, 0, NULL);
	}
}

/*! \brief Subscribes to `master`; it has not said anything yet. */
static inline struct peer *subscribe(struct test *test)
{
	forget_peers();
	assert_int_equal(stream_open(test->stream, &master, false), KNOT_EOK);
	assert_int_equal(stream_phase(test->stream), STREAM_OPENING);
	assert_string_equal(stream_reason(test->stream), "");
	return await_peer(test, 0);
}

/*! \brief Checks how the stream has ended; \a reason is a pattern, as libcurl's words change. */
static inline void check_end(struct test *test, enum poll_outcome outcome, const char *reason)
{
	await_phase(test, STREAM_ENDED);
	if (fnmatch(reason, stream_reason(test->stream), 0) != 0) {
		assert_string_equal(stream_reason(test->stream), reason);
	}
	assert_int_equal(stream_outcome(test->stream), outcome);
}
