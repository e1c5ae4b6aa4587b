/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Two masters' states at a time: the sink takes one, the second is held back.
 */
#include <time.h>
#include <zlib.h>

#include "module/masters/master.h"
#include "tests/unit/masters/peer_fake.h"

/*! \brief What all clocks say, in microseconds: nothing is silent because this machine is busy. */
static int64_t time_us = 1000000000;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	time_us++;
	now->tv_sec = time_us / 1000000;
	now->tv_nsec = time_us % 1000000 * 1000;
	return 0;
}

/*! \brief A state of an agent, in two parts; its master is at 127.0.0.1. */
#define STATE_BEGIN(agent) "{\"slaves\":[{\"id\":\"" agent "\"},"
#define STATE_END(agent, port)                                                        \
	"{\"id\":\"" agent "2\"}],\"frameworks\":[],\"pid\":\"master@127.0.0.1:" port \
	"\",\"leader\":\"master@127.0.0.1:" port "\",\"id\":\"" agent "\"}"

/*! \brief What a test does while a fetch is under way, and what the sink was told. */
struct script {
	void (*step)(struct script *script);
	unsigned steps;
	unsigned turns;
	bool is_silent; /*!< The first master has been found to be. */
	char told[256]; /*!< `<` at a state's begin, agents, `!` where it is aborted. */
};

static void tell(struct script *script, const char *what)
{
	assert_true(strlen(script->told) + strlen(what) < sizeof(script->told));
	strcat(script->told, what);
}

static void on_begin(void *ctx)
{
	tell(ctx, "<");
}

static void on_abort(void *ctx)
{
	tell(ctx, "!");
}

static int take_agent(void *ctx, const struct agent_object *agent)
{
	char id[16];
	struct text text = object_text(agent, agent->object.id);
	snprintf(id, sizeof(id), "%.*s ", (int)text.len, text.data);
	tell(ctx, id);
	return KNOT_EOK;
}

static int take_framework(void *ctx, const struct framework_object *framework)
{
	(void)ctx, (void)framework;
	return KNOT_ERROR;
}

static int take_task(void *ctx, const struct task_object *task)
{
	(void)ctx, (void)task;
	return KNOT_ERROR;
}

static void on_turn(void *ctx)
{
	struct script *script = ctx;
	assert_true(++script->turns < 200);
	script->step(script);
}

static bool is_over(void *ctx)
{
	(void)ctx;
	return false;
}

static void on_silence(void *ctx, const struct endpoint *silent)
{
	assert_int_equal(silent->port, 5050);
	((struct script *)ctx)->is_silent = true;
}

/*! \brief Asks two masters with a script beside; the port of whose state it is, or the error. */
static int fetch(struct script *script)
{
	static const struct objects_sink objects = { take_agent, take_framework, take_task };
	static const struct endpoint masters[] = { { .host = "127.0.0.1", .port = 5050 },
		                                   { .host = "127.0.0.1", .port = 5051 } };
	const struct master_settings settings = { .timeout = 3600 };
	const struct master_sink sink = { &objects, on_begin, on_abort, script };
	const struct master_watch watch = {
		.is_over = is_over, .on_silence = on_silence, .on_turn = on_turn, .ctx = script
	};
	const atomic_bool stop = false;
	struct resolver *resolver = resolver_new(&stop);
	struct master_client *client = master_new(&settings, resolver, &stop, &sink);
	assert_non_null(client);
	resolver_begin(resolver);
	master_set_known(client, masters, 2);
	struct master_reply reply;
	int ret = master_fetch(client, &masters[0], &watch, &reply);
	if (ret == KNOT_EOK) {
		ret = reply.facts.leader_port;
	}
	objects_parser_free(reply.state);
	master_free(client);
	resolver_free(resolver);
	forget_peers();
	return ret;
}

/*! \brief The master's end of a connection that has asked; NULL before. */
static struct peer *asked(size_t number)
{
	if (number >= side.count) {
		return NULL;
	}
	struct peer *peer = &side.peers[number];
	assert_int_equal(peer->port, 5050 + number);
	return strstr(read_request(peer), "\r\n\r\n") != NULL ? peer : NULL;
}

static void say_text(struct peer *peer, const char *text)
{
	say(peer, text, strlen(text));
}

/*! \brief The first master begins its state and is silent; when the other is asked it goes on. */
static bool begin_both(struct script *script)
{
	struct peer *first = asked(0);
	if (script->steps == 0 && first != NULL) {
		say_text(first, HEAD "Connection: close\r\n\r\n" STATE_BEGIN("a"));
		script->steps++;
	} else if (script->steps == 1 && strcmp(script->told, "<a ") == 0) {
		time_us += MASTER_SILENT_MS * 1000;
		script->steps++;
	} else if (script->steps == 2 && asked(1) != NULL) {
		assert_true(script->is_silent);
		say_text(first, " ");
		script->steps++;
	}
	return script->steps >= 3;
}

/*! \brief The other says all of its state; time for it to be read, if it was not held. */
static bool say_other(struct script *script)
{
	if (script->steps == 3) {
		say_text(asked(1), HEAD "Connection: close\r\n\r\n" STATE_BEGIN("b"));
	} else if (script->steps == 5) {
		say_text(asked(1), STATE_END("b", "5051"));
		hang_up(asked(1));
	}
	return script->steps++ > 7;
}

static void first_ends(struct script *script)
{
	if (begin_both(script) && say_other(script) && script->steps == 9) {
		assert_string_equal(script->told, "<a ");
		say_text(&side.peers[0], STATE_END("a", "5050"));
		hang_up(&side.peers[0]);
	}
}

/*! \brief The first goes on: its state counts, nothing of the other is taken. */
static void test_first_ends(void **unused)
{
	(void)unused;
	struct script script = { .step = first_ends };
	assert_int_equal(fetch(&script), 5050);
	assert_string_equal(script.told, "<a a2 ");
}

static void first_is_silent(struct script *script)
{
	if (begin_both(script) && say_other(script) && script->steps == 9) {
		assert_string_equal(script->told, "<a ");
		time_us += MASTER_SILENT_MS * 1000;
	}
}

/*! \brief The first makes way: all of the other's state comes, from its first byte on. */
static void test_first_is_silent(void **unused)
{
	(void)unused;
	struct script script = { .step = first_is_silent };
	assert_int_equal(fetch(&script), 5051);
	assert_string_equal(script.told, "<a !<b b2 ");
}

static void say_packed(struct script *script)
{
	static const char text[] = STATE_BEGIN("b") STATE_END("b", "5051");
	uint8_t packed[512];
	z_stream stream = { .next_in = (z_const Bytef *)(uintptr_t)text,
		            .avail_in = sizeof(text) - 1,
		            .next_out = packed,
		            .avail_out = sizeof(packed) };
	if (!begin_both(script) || script->steps++ > 8) {
		return;
	}
	if (script->steps == 4) {
		assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, 0), Z_OK);
		assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
		say_text(asked(1), HEAD "Content-Encoding: gzip\r\nConnection: close\r\n\r\n");
		say(asked(1), (const char *)packed, sizeof(packed) - stream.avail_out);
		hang_up(asked(1));
		(void)deflateEnd(&stream);
	} else if (script->steps == 9) {
		assert_string_equal(script->told, "<a ");
		time_us += MASTER_SILENT_MS * 1000;
	}
}

/*! \brief What is held back is packed. */
static void test_packed(void **unused)
{
	(void)unused;
	struct script script = { .step = say_packed };
	assert_int_equal(fetch(&script), 5051);
	assert_string_equal(script.told, "<a !<b b2 ");
}

static void first_breaks_off(struct script *script)
{
	if (begin_both(script) && say_other(script) && script->steps == 9) {
		hang_up(&side.peers[0]);
	}
}

/*! \brief The first fails: so does the fetch, and nothing is left of either. */
static void test_first_breaks_off(void **unused)
{
	(void)unused;
	struct script script = { .step = first_breaks_off };
	assert_int_equal(fetch(&script), KNOT_ECONN);
	assert_string_equal(script.told, "<a !");
}

static void other_breaks_off(struct script *script)
{
	if (!begin_both(script) || script->steps++ > 8) {
		return;
	}
	if (script->steps == 4) {
		say_text(asked(1), HEAD "Content-Length: 99\r\n\r\n" STATE_BEGIN("b"));
	} else if (script->steps == 6) {
		hang_up(asked(1));
	} else if (script->steps == 9) {
		say_text(&side.peers[0], STATE_END("a", "5050"));
		hang_up(&side.peers[0]);
	}
}

/*! \brief The other fails while it is held back. */
static void test_other_breaks_off(void **unused)
{
	(void)unused;
	struct script script = { .step = other_breaks_off };
	assert_int_equal(fetch(&script), 5050);
	assert_string_equal(script.told, "<a a2 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_ends),       cmocka_unit_test(test_first_is_silent),
		cmocka_unit_test(test_packed),           cmocka_unit_test(test_first_breaks_off),
		cmocka_unit_test(test_other_breaks_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
