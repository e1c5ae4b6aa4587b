/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/masters/stream_fake.h"

#define STATE                                                                                   \
	"{\"id\":\"i\",\"pid\":\"master@127.0.0.1:5050\",\"leader\":\"master@127.0.0.1:5050\"," \
	"\"slaves\":[],\"frameworks\":[]}"

/*! \brief What a test does while a fetch is under way. */
struct script {
	struct test *test;
	void (*step)(struct script *script); /*!< After each turn. */
	struct peer *events;
	int steps;
	unsigned turns;
};

static void on_turn(void *ctx)
{
	struct script *script = ctx;
	script->turns++;
	assert_true(script->turns < 100000);
	script->step(script);
}

static bool is_over(void *ctx)
{
	(void)ctx;
	return false;
}

static void on_silence(void *ctx, const struct endpoint *silent)
{
	(void)ctx, (void)silent;
}

/*! \brief The connection of the fetch, once it has asked; NULL before. */
static struct peer *fetcher(void)
{
	if (side.count < 2) {
		return NULL;
	}
	(void)is_asked(&side.peers[1]);
	return strstr(side.peers[1].request, "\r\n\r\n") != NULL ? &side.peers[1] : NULL;
}

static void send_state(struct peer *peer)
{
	char head[128];
	int len = snprintf(head, sizeof(head), HEAD "Content-Length: %zu\r\n\r\n", strlen(STATE));
	say(peer, head, (size_t)len);
	say(peer, STATE, strlen(STATE));
}

/*! \brief Opens a stream, begins a fetch of a state, and runs a script beside it. */
static int fetch_beside(struct test *test, struct script *script)
{
	const struct master_watch watch = {
		.is_over = is_over, .on_silence = on_silence, .on_turn = on_turn, .ctx = script
	};
	struct master_reply reply;
	script->test = test;
	script->events = subscribe(test);
	say(script->events, CHUNKED "3\r\n1\na\r\n", strlen(CHUNKED "3\r\n1\na\r\n"));
	await_phase(test, STREAM_OPEN);
	int ret = master_fetch(test->client, &master, &watch, &reply);
	assert_int_equal(ret == KNOT_EOK, reply.state != NULL);
	if (ret == KNOT_EOK) {
		assert_true(reply.trusted);
	}
	objects_parser_free(reply.state);
	return ret;
}

/*! \brief The state comes only when an event that was sent after the question has been told. */
static void event_then_state(struct script *script)
{
	struct peer *peer = fetcher();
	if (peer != NULL && script->steps == 0) {
		say(script->events, "3\r\n1\nb\r\n", 8);
		script->steps++;
	} else if (peer != NULL && script->steps == 1 && script->test->notes.records == 2) {
		send_state(peer);
		script->steps++;
	}
}

static void test_beside_a_fetch(void **state)
{
	(void)state;
	struct test *test = new_test();
	struct script script = { .step = event_then_state };
	assert_int_equal(fetch_beside(test, &script), KNOT_EOK);
	assert_string_equal(test->notes.text, "<a><b>");
	assert_int_equal(stream_phase(test->stream), STREAM_OPEN);
	/* It outlives the fetch. */
	say(script.events, "3\r\n1\nc\r\n", 8);
	turns(test);
	assert_string_equal(test->notes.text, "<a><b><c>");
	free_test(test);
}

/*! \brief The stream ends first; the state comes when that has been noticed. */
static void end_then_state(struct script *script)
{
	struct peer *peer = fetcher();
	if (peer != NULL && script->steps == 0) {
		hang_up(script->events);
		script->steps++;
	} else if (script->steps == 1 && stream_phase(script->test->stream) == STREAM_ENDED) {
		send_state(peer);
		script->steps++;
	}
}

static void test_end_beside_a_fetch(void **state)
{
	(void)state;
	struct test *test = new_test();
	struct script script = { .step = end_then_state };
	assert_int_equal(fetch_beside(test, &script), KNOT_EOK);
	check_end(test, POLL_BAD_REPLY, "the stream has ended");
	free_test(test);
}

/*! \brief Both at once: neither is lost. */
static void end_with_state(struct script *script)
{
	struct peer *peer = fetcher();
	if (peer != NULL && script->steps++ == 0) {
		send_state(peer);
		hang_up(script->events);
	}
}

static void end_with_failure(struct script *script)
{
	struct peer *peer = fetcher();
	if (peer != NULL && script->steps++ == 0) {
		hang_up(peer);
		hang_up(script->events);
	}
}

static void test_ends_together(void **state)
{
	(void)state;
	struct test *test = new_test();
	struct script with_state = { .step = end_with_state };
	assert_int_equal(fetch_beside(test, &with_state), KNOT_EOK);
	check_end(test, POLL_BAD_REPLY, "the stream has ended");
	struct script with_failure = { .step = end_with_failure };
	assert_int_equal(fetch_beside(test, &with_failure), KNOT_ECONN);
	check_end(test, POLL_BAD_REPLY, "the stream has ended");
	free_test(test);
}

/*! \brief Opens the stream again as soon as it has ended, in the middle of a fetch. */
static void open_again(struct script *script)
{
	struct test *test = script->test;
	struct peer *peer = fetcher();
	if (peer != NULL && script->steps == 0) {
		hang_up(script->events);
		script->steps++;
	} else if (script->steps == 1 && stream_phase(test->stream) == STREAM_ENDED) {
		assert_int_equal(stream_open(test->stream, &master, false), KNOT_EOK);
		script->steps++;
	} else if (script->steps == 2 && side.count == 3 && is_asked(&side.peers[2])) {
		say(&side.peers[2], CHUNKED "3\r\n1\nz\r\n", strlen(CHUNKED "3\r\n1\nz\r\n"));
		script->steps++;
	} else if (script->steps == 3 && stream_phase(test->stream) == STREAM_OPEN) {
		send_state(peer);
		script->steps++;
	}
}

static void test_open_beside_a_fetch(void **state)
{
	(void)state;
	struct test *test = new_test();
	struct script script = { .step = open_again };
	assert_int_equal(fetch_beside(test, &script), KNOT_EOK);
	assert_string_equal(test->notes.text, "<a><z>");
	assert_int_equal(stream_phase(test->stream), STREAM_OPEN);
	free_test(test);
}

/*! \brief A stop in the middle of both. */
static void stop_both(struct script *script)
{
	if (fetcher() != NULL) {
		atomic_store(&script->test->stop, true);
	}
}

static void test_stop_beside_a_fetch(void **state)
{
	(void)state;
	struct test *test = new_test();
	struct script script = { .step = stop_both };
	assert_int_equal(fetch_beside(test, &script), KNOT_ECONNABORTED);
	free_test(test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beside_a_fetch),
		cmocka_unit_test(test_end_beside_a_fetch),
		cmocka_unit_test(test_ends_together),
		cmocka_unit_test(test_open_beside_a_fetch),
		cmocka_unit_test(test_stop_beside_a_fetch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
