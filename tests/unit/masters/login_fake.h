/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A stream whose client logs in with an account, and the service; for tests.
 */
#pragma once

#include <json-c/json.h>

#include "tests/unit/masters/stream_fake.h"

/*! \brief A token that is good until 1000 s after 1970: {"exp":1000}. */
#define TOKEN "h.eyJleHAiOjEwMDB9.s"

/*! \brief What gives it, at the time 0: it has 1000 s from then on. */
#define GIVES(TEXT)                                                                                \
	HEAD "Date: Thu, 01 Jan 1970 00:00:01 GMT\r\nContent-Length: 32\r\n\r\n{\"token\":\"" TEXT \
	     "\"}"

/*! \brief Folder with keys. */
static const char *data_dir;

/*! \brief Writes an account that logs in at 127.0.0.9:81. */
static void write_account(const char *path, const char *uid)
{
	char key[4096] = { 0 }, from[512];
	snprintf(from, sizeof(from), "%s/iam/pkcs8.pem", data_dir);
	FILE *file = fopen(from, "r");
	assert_non_null(file);
	assert_in_range(fread(key, 1, sizeof(key) - 1, file), 1, sizeof(key) - 2);
	(void)fclose(file);

	struct json_object *root = json_object_new_object();
	json_object_object_add(root, "uid", json_object_new_string(uid));
	json_object_object_add(root, "private_key", json_object_new_string(key));
	json_object_object_add(root, "login_endpoint",
	                       json_object_new_string("http://127.0.0.9:81/login"));
	assert_int_equal(json_object_to_file(path, root), 0);
	json_object_put(root);
}

/*! \brief A client with an account of its own. */
static struct test *start(void)
{
	static char path[] = "/tmp/test_login.XXXXXX";
	strcpy(path + strlen(path) - 6, "XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	write_account(path, "dns");
	return new_test_of(path);
}

static void end(struct test *test)
{
	unlink(test->settings.iam_file);
	free_test(test);
}

static bool is_told(const struct peer *peer, const char *token)
{
	char line[128];
	snprintf(line, sizeof(line), "\r\nAuthorization: token=%s\r\n", token);
	return strstr(peer->request, line) != NULL;
}

static void answer(struct peer *peer, const char *text)
{
	say(peer, text, strlen(text));
}

/*! \brief Waits for the next connection and a whole POST on it. */
static inline struct peer *await_post(struct test *test, size_t before, uint16_t port)
{
	int64_t until = clock_ms(CLOCK_MONOTONIC) + PATIENCE_MS;
	struct peer *peer = &side.peers[before];
	while (side.count <= before || strstr(peer->request, "\"}") == NULL) {
		int64_t now = clock_ms(CLOCK_MONOTONIC);
		assert_true(now < until);
		master_wait(test->client, now + 1, NULL);
		if (side.count > before) {
			(void)is_asked(peer);
		}
	}
	assert_int_equal(peer->port, port);
	return peer;
}

static void open_stream(struct test *test)
{
	assert_int_equal(stream_open(test->stream, &master, false), KNOT_EOK);
}

/*! \brief Has a stream open with TOKEN. */
static inline void log_in(struct test *test)
{
	open_stream(test);
	answer(await_post(test, 0, 81), GIVES(TOKEN));
	struct peer *peer = await_peer(test, 1);
	assert_int_equal(peer->port, 5050);
	assert_true(is_told(peer, TOKEN));
	answer(peer, CHUNKED "5\r\n3\nabc\r\n");
	await_phase(test, STREAM_OPEN);
	forget_peers();
	await_phase(test, STREAM_ENDED);
}
