/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/masters/stream_fake.h"

#include <math.h>
#include <pthread.h>

#include "module/masters/master_private.h"

/*! \brief Two records, one a chunk, as masters send them. */
#define TWO               \
	"5\r\n3\nabc\r\n" \
	"12\r\n15\n0123456789abcde\r\n"

/*! \brief What the handler is told of them. */
#define TWO_NOTES "<abc><0123456789abcde>"

/*! \brief Sends a reply in two pieces, and ends the connection. */
static void check_split(struct test *test, const char *reply, size_t split)
{
	struct peer *peer = subscribe(test);
	test->notes.len = 0;
	say(peer, reply, split);
	turns(test);
	say(peer, reply + split, strlen(reply) - split);
	hang_up(peer);
	check_end(test, POLL_BAD_REPLY, "the stream has ended");
	assert_string_equal(test->notes.text, TWO_NOTES);
}

/*! \brief A stream may be cut into pieces and into chunks anywhere. */
static void test_splits(void **state)
{
	(void)state;
	static const char *const replies[] = {
		CHUNKED TWO,
		/* Two records in a chunk, one in many, extensions of chunks. */
		CHUNKED "17\r\n3\nabc15\n0123456789abcde\r\n",
		CHUNKED
		"1\r\n3\r\n1;x=y\r\n\n\r\n3\r\nabc\r\n2\r\n15\r\n10\r\n\n0123456789abcde\r\n",
	};
	struct test *test = new_test();
	for (size_t i = 0; i < sizeof(replies) / sizeof(*replies); i++) {
		for (size_t split = 1; split < strlen(replies[i]); split++) {
			check_split(test, replies[i], split);
		}
	}
	free_test(test);
}

static void test_byte_by_byte(void **state)
{
	(void)state;
	static const char reply[] = CHUNKED TWO;
	struct test *test = new_test();
	struct peer *peer = subscribe(test);
	for (size_t i = 0; i < strlen(reply); i++) {
		/* Open as soon as a record begins. */
		assert_int_equal(stream_phase(test->stream),
		                 i > strlen(CHUNKED "5\r\n") ? STREAM_OPEN : STREAM_OPENING);
		say(peer, reply + i, 1);
		turns(test);
	}
	assert_string_equal(test->notes.text, TWO_NOTES);
	assert_int_equal(stream_phase(test->stream), STREAM_OPEN);
	assert_int_equal(stream_bytes(test->stream), strlen("3\nabc15\n0123456789abcde"));
	assert_string_equal(stream_reason(test->stream), "");
	stream_close(test->stream);
	assert_int_equal(stream_phase(test->stream), STREAM_CLOSED);
	free_test(test);
}

/*! \brief Each way in which a stream ends by itself. */
static void test_ends(void **state)
{
	(void)state;
	static const struct {
		const char *reply;
		const char *reason;
		const char *notes;
	} ends[] = {
		{ CHUNKED TWO, "the stream has ended", TWO_NOTES },
		{ CHUNKED TWO "5\r\n3\nab", "the stream has ended in the middle of an event",
		  TWO_NOTES "<ab" },
		{ CHUNKED "2\r\n3\n\r\n", "the stream has ended in the middle of an event", "<" },
		{ CHUNKED "1\r\n3\r\n", "the stream has ended in the middle of an event", "" },
		{ CHUNKED TWO "0\r\n\r\n",
		  "the master has ended the stream, it may have too many subscribers", TWO_NOTES },
		{ CHUNKED "3\r\n3\na\r\n0\r\n\r\n",
		  "the stream has ended in the middle of an event", "<a" },
		{ CHUNKED "0\r\n\r\n",
		  "the master has ended the stream, it may have too many subscribers", "" },
		{ CHUNKED, "the stream has ended", "" },
		{ HEAD "Content-Length: 5\r\n\r\n3\nabc",
		  "the master has ended the stream, it may have too many subscribers", "<abc>" },
		{ HEAD "Content-Length: 5\r\n\r\n3\nab",
		  "the stream has ended in the middle of an event", "<ab" },
		{ CHUNKED "5\r\n3\nabc\r\nx\r\n", "* hex*", "<abc>" },
		{ CHUNKED "2\r\n\n\n\r\n", "the framing of the events is broken", "" },
		{ CHUNKED "9\r\n3\nabc{\"a\"\r\n", "the framing of the events is broken", "<abc>" },
		{ CHUNKED "b\r\n1073741825\n\r\n", "an event is larger than 1 GiB", "" },
		{ HEAD "Content-Encoding: gzip\r\n\r\n3\nabc",
		  "the stream's content coding is unknown", "" },
		{ HEAD "Content-Encoding: identity\r\n\r\n3\nabc",
		  "the master has ended the stream, it may have too many subscribers", "<abc>" },
		{ "", "Server returned nothing (no headers, no data)", "" },
		{ "3\nabc", "Unsupported protocol", "" },
	};
	struct test *test = new_test();
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct peer *peer = subscribe(test);
		test->notes.len = 0;
		test->notes.text[0] = '\0';
		say(peer, ends[i].reply, strlen(ends[i].reply));
		hang_up(peer);
		check_end(test, POLL_BAD_REPLY, ends[i].reason);
		assert_string_equal(test->notes.text, ends[i].notes);
		assert_int_equal(side.count, 1);
	}
	free_test(test);
}

/*! \brief The last chunk ends a stream, though its connection stays. */
static void test_farewell(void **state)
{
	(void)state;
	static const char reply[] = CHUNKED TWO "0\r\n\r\n";
	struct test *test = new_test();
	struct peer *peer = subscribe(test);
	say(peer, reply, strlen(reply));
	check_end(test, POLL_BAD_REPLY,
	          "the master has ended the stream, it may have too many subscribers");
	/* It can be opened again. */
	peer = subscribe(test);
	say(peer, CHUNKED TWO, strlen(CHUNKED TWO));
	await_phase(test, STREAM_OPEN);
	assert_int_equal(stream_outcome(test->stream), POLL_OK);
	free_test(test);
}

/*! \brief A record's error ends the stream at once, whatever follows. */
static void test_handler(void **state)
{
	(void)state;
	static const struct {
		int ret;
		enum poll_outcome outcome;
		const char *reason;
	} errors[] = {
		{ KNOT_EMALF, POLL_BAD_REPLY, "an event is not JSON" },
		{ KNOT_ESPACE, POLL_BAD_REPLY, "an event is larger than any cluster's" },
		{ KNOT_ENOMEM, POLL_LOCAL, "out of memory" },
		{ KNOT_EFILE, POLL_LOCAL, "file error" },
	};
	struct test *test = new_test();
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		struct peer *peer = subscribe(test);
		test->notes = (struct notes){ .ret = errors[i].ret };
		say(peer, CHUNKED TWO, strlen(CHUNKED TWO));
		check_end(test, errors[i].outcome, errors[i].reason);
		assert_string_equal(test->notes.text, "<abc>");
	}

	/* What one stream ended for is not what the next ones do. */
	static const char broken[] = CHUNKED "2\r\nxx\r\n";
	struct peer *peer = subscribe(test);
	say(peer, broken, strlen(broken));
	check_end(test, POLL_BAD_REPLY, "the framing of the events is broken");
	static const char refusal[] =
	        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
	peer = subscribe(test);
	say(peer, refusal, strlen(refusal));
	check_end(test, POLL_HTTP_STATUS, "HTTP status 503: it has not read its registry yet");
	free_test(test);
}

/*! \brief Ends the wait once the stream has ended (struct master_watch). */
static void wake_at_end(void *ctx)
{
	struct test *test = ctx;
	if (stream_phase(test->stream) == STREAM_ENDED) {
		master_wake(test->client);
	}
}

/*! \brief A stream that sends nothing any more is given up after three heartbeats. */
static void test_silence(void **state)
{
	(void)state;
	struct test *test = new_test();
	const struct master_watch watch = { .on_turn = wake_at_end, .ctx = test };
	struct peer *peer = subscribe(test);
	say(peer, CHUNKED "5\r\n3\na", strlen(CHUNKED "5\r\n3\na"));
	await_phase(test, STREAM_OPEN);
	/* Longer than libcurl's own timers, such as that for the connection. */
	stream_set_heartbeat(test->stream, 1.2);
	int64_t heard = stream_heard(test->stream);
	int64_t until = clock_ms(CLOCK_MONOTONIC) + PATIENCE_MS;
	master_wait(test->client, until, &watch);
	assert_true(clock_ms(CLOCK_MONOTONIC) >= heard + 3600);
	assert_true(clock_ms(CLOCK_MONOTONIC) < until);
	check_end(test, POLL_TIMEOUT, "nothing for 3.6 s");
	free_test(test);
}

/*! \brief What came while the thread was busy is a sign of life, anything at all is. */
static void test_busy(void **state)
{
	(void)state;
	struct test *test = new_test();
	struct peer *peer = subscribe(test);
	say(peer, CHUNKED "5\r\n3\na", strlen(CHUNKED "5\r\n3\na"));
	await_phase(test, STREAM_OPEN);
	stream_set_heartbeat(test->stream, 0.01);
	int64_t heard = stream_heard(test->stream);
	say(peer, "b", 1);
	usleep(100000);
	master_wait(test->client, 0, NULL);
	assert_int_equal(stream_phase(test->stream), STREAM_OPEN);
	assert_true(stream_heard(test->stream) >= heard + 100);
	check_end(test, POLL_TIMEOUT, "nothing for 0.03 s");

	/* Also while it was busy with something else that it read in the same turn. */
	peer = subscribe(test);
	say(peer, CHUNKED "5\r\n3\na", strlen(CHUNKED "5\r\n3\na"));
	await_phase(test, STREAM_OPEN);
	stream_set_heartbeat(test->stream, 0.01);
	heard = stream_heard(test->stream);
	say(peer, "b", 1);
	usleep(100000);
	stream_tend(test->stream);
	assert_int_equal(stream_phase(test->stream), STREAM_OPEN);
	master_wait(test->client, 0, NULL);
	assert_int_equal(stream_phase(test->stream), STREAM_OPEN);
	assert_true(stream_heard(test->stream) >= heard + 100);
	check_end(test, POLL_TIMEOUT, "nothing for 0.03 s");
	free_test(test);
}

static void test_heartbeats(void **state)
{
	(void)state;
	static const struct {
		double seconds;
		int64_t silence;
	} heartbeats[] = {
		{ 15, 45000 },       { 0.5, 1500 },          { 0, 45000 },
		{ -1, 45000 },       { NAN, 45000 },         { 1e-9, 3 },
		{ 1e300, 10800000 }, { INFINITY, 10800000 }, { -INFINITY, 45000 },
	};
	struct test *test = new_test();
	assert_int_equal(stream_deadline(test->stream), INT64_MAX);
	struct peer *peer = subscribe(test);
	say(peer, CHUNKED TWO, strlen(CHUNKED TWO));
	await_phase(test, STREAM_OPEN);
	assert_int_equal(stream_deadline(test->stream) - stream_heard(test->stream), 45000);
	for (size_t i = 0; i < sizeof(heartbeats) / sizeof(*heartbeats); i++) {
		stream_set_heartbeat(test->stream, heartbeats[i].seconds);
		assert_int_equal(stream_deadline(test->stream) - stream_heard(test->stream),
		                 heartbeats[i].silence);
	}
	/* What one master has said does not bind another one. */
	(void)subscribe(test);
	assert_int_equal(stream_deadline(test->stream) - stream_heard(test->stream), 45000);
	free_test(test);
}

/*! \brief A master that does not begin has the time of a poll. */
static void test_no_begin(void **state)
{
	(void)state;
	static const char *const replies[] = { "", HEAD, CHUNKED };
	struct test *test = new_test();
	test->settings.timeout = 1;
	for (size_t i = 0; i < sizeof(replies) / sizeof(*replies); i++) {
		int64_t began = clock_ms(CLOCK_MONOTONIC);
		struct peer *peer = subscribe(test);
		say(peer, replies[i], strlen(replies[i]));
		check_end(test, POLL_TIMEOUT, "timed out");
		assert_true(clock_ms(CLOCK_MONOTONIC) >= began + 1000);
	}
	/* Once it has begun it may go on for ever. */
	struct peer *peer = subscribe(test);
	say(peer, CHUNKED TWO, strlen(CHUNKED TWO));
	await_phase(test, STREAM_OPEN);
	master_wait(test->client, clock_ms(CLOCK_MONOTONIC) + 1200, NULL);
	assert_int_equal(stream_phase(test->stream), STREAM_OPEN);
	free_test(test);
}

/*! \brief Pieces of a record that a master sends as soon as the last one has been taken in. */
struct pieces {
	struct peer *peer;
	int left;
};

static void send_piece(void *ctx)
{
	struct pieces *pieces = ctx;
	if (pieces->left-- > 0) {
		say(pieces->peer, "1\nx", 3);
	}
}

/*! \brief All that has come is taken in, or as much as there is time for. */
static void test_drain(void **state)
{
	(void)state;
	struct test *test = new_test();
	struct pieces pieces = { .peer = subscribe(test), .left = 5 };
	const struct master_watch watch = { .on_turn = send_piece, .ctx = &pieces };
	say(pieces.peer, HEAD "\r\n1\nx", strlen(HEAD "\r\n1\nx"));
	stream_drain(test->stream, clock_ms(CLOCK_MONOTONIC) + PATIENCE_MS, &watch);
	assert_int_equal(test->notes.records, 6);

	pieces.left = 5;
	say(pieces.peer, "1\nx", 3);
	stream_drain(test->stream, 0, &watch);
	assert_int_equal(test->notes.records, 7);
	free_test(test);
}

static void *stop_soon(void *ctx)
{
	struct test *test = ctx;
	usleep(20000);
	atomic_store(&test->stop, true);
	master_wake(test->client);
	return NULL;
}

/*! \brief A stop ends a wait at once, whatever hangs. */
static void test_stop(void **state)
{
	(void)state;
	static const char *const replies[] = { "", CHUNKED, CHUNKED "3\r\n3\na\r\n" };
	for (size_t i = 0; i < sizeof(replies) / sizeof(*replies); i++) {
		struct test *test = new_test();
		struct peer *peer = subscribe(test);
		say(peer, replies[i], strlen(replies[i]));
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, stop_soon, test), 0);
		int64_t until = clock_ms(CLOCK_MONOTONIC) + PATIENCE_MS;
		master_wait(test->client, until, NULL);
		assert_true(clock_ms(CLOCK_MONOTONIC) < until);
		pthread_join(thread, NULL);
		free_test(test);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splits),   cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_ends),     cmocka_unit_test(test_farewell),
		cmocka_unit_test(test_handler),  cmocka_unit_test(test_silence),
		cmocka_unit_test(test_busy),     cmocka_unit_test(test_heartbeats),
		cmocka_unit_test(test_no_begin), cmocka_unit_test(test_drain),
		cmocka_unit_test(test_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
