/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What comes from ZooKeeper, in any order: events, children, data, errors.
 *
 *     fuzz_zookeeper -dict=tests/fuzz/zookeeper.dict tests/fuzz/corpus/zookeeper
 *
 * The input is lines. The first byte of each says what happens (see step()), the rest is its text.
 * In place of libzookeeper stands tests/unit/zookeeper_fake.h.
 *
 * What has to be true: never two sessions; nothing known that is no host and port; no master is
 * forgotten because the ensemble is away; and whatever happened, once the ensemble is well again
 * and has a master, that one is found. An address that can be parsed says the same when it is
 * written and parsed again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/base/util.h"
#include "module/masters/zookeeper.h"
#include "tests/unit/masters/zookeeper_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_endpoint(const struct endpoint *endpoint)
{
	struct endpoint again;
	char text[ENDPOINT_TEXT_MAX];
	if (endpoint_parse(endpoint_text(endpoint, true, text), &again) != NULL ||
	    !endpoint_equal(endpoint, &again) || endpoint->tls != again.tls) {
		die("not the same when parsed again", text);
	}
}

static void check_address(const char *text)
{
	struct endpoint endpoint, from = { "host", 5050, text[0] == 's' };
	const char *path;
	if (endpoint_parse(text, &endpoint) == NULL) {
		check_endpoint(&endpoint);
	}
	if (endpoint_redirect(text, &from, &endpoint, &path) == NULL) {
		check_endpoint(&endpoint);
		if (path < text || path > text + strlen(text) || (from.tls && !endpoint.tls)) {
			die("redirect", text);
		}
	}

	struct zk_address *address = NULL, *again = NULL;
	if (!zk_address_is(text) || zk_address_parse(text, &address) != NULL) {
		return;
	}
	char *written = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&written, &size);
	if (out == NULL) {
		die("no memory", "");
	}
	fprintf(out, "zk://%s%s", address->auth != NULL ? address->auth : "",
	        address->auth != NULL ? "@" : "");
	for (size_t i = 0; i < address->servers_count; i++) {
		char server[ENDPOINT_TEXT_MAX];
		check_endpoint(&address->servers[i]);
		fprintf(out, "%s%s", i > 0 ? "," : "",
		        endpoint_text(&address->servers[i], false, server));
	}
	fprintf(out, "%s", address->path);
	fclose(out);
	if (zk_address_parse(written, &again) != NULL || !zk_address_equal(address, again)) {
		die("not the same when parsed again", written);
	}
	free(written);
	zk_address_free(address);
	zk_address_free(again);
}

/*! \brief Returns how many masters are known. */
static size_t check_masters(struct zookeeper *zk)
{
	struct endpoint masters[ZOOKEEPER_MASTERS_MAX];
	char problem[ZOOKEEPER_PROBLEM_MAX];
	size_t count = zookeeper_masters(zk, masters);
	for (size_t i = 0; i < count; i++) {
		check_endpoint(&masters[i]);
	}
	if (strlen(zookeeper_problem(zk, problem)) >= sizeof(problem)) {
		die("problem", "too long");
	}
	return count;
}

/*! \brief Lets one thing happen. */
static void step(struct zookeeper *zk, struct resolver *resolver, char what, char *text, size_t len)
{
	size_t known = check_masters(zk);
	switch (what) {
	case '+': turn(ZOO_CONNECTED_STATE); break;
	case '-': turn(ZOO_CONNECTING_STATE); break;
	case 'x': turn(ZOO_EXPIRED_SESSION_STATE); break;
	case '!': turn(ZOO_AUTH_FAILED_STATE); break;
	case 'w': fire_watch(); break;
	case 't': zookeeper_tend(zk, resolver); break;
	case '=': answer(ZOK, text, len); break;
	case '0': answer(ZNONODE, text, len); break;
	case 'a': answer(ZNOAUTH, text, len); break;
	case 'c': check_address(text); break;
	default: break;
	}
	bool has_answered = strchr("=0a", what) != NULL;
	if (check_masters(zk) != known && !has_answered) {
		die("other masters without an answer that says so", (char[]){ what, '\0' });
	}
}

/*! \brief The ensemble is well and has one master: is it found? */
static void recover(struct zookeeper *zk, struct resolver *resolver)
{
	/* One look is under way, one comes with the watch, one with a new session. */
	for (int i = 0; i < 3; i++) {
		zookeeper_tend(zk, resolver);
		turn(ZOO_CONNECTED_STATE);
		fire_watch();
		while (library.asks_count > 0) {
			char child[] = "json.info_0000000007";
			char data[] = "{\"address\":{\"ip\":\"192.0.2.7\",\"port\":7}}";
			bool is_data = library.asks[0].data != NULL;
			answer(ZOK, is_data ? data : child, is_data ? strlen(data) : strlen(child));
		}
	}

	struct endpoint masters[ZOOKEEPER_MASTERS_MAX];
	char text[ENDPOINT_TEXT_MAX], problem[ZOOKEEPER_PROBLEM_MAX];
	size_t count = zookeeper_masters(zk, masters);
	if (count != 1 || strcmp(endpoint_text(&masters[0], false, text), "192.0.2.7:7") != 0 ||
	    *zookeeper_problem(zk, problem) != '\0') {
		die("the master is not found", count == 0 ? "none" : text);
	}
}

static void ignore(void *ctx)
{
	(void)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zk_address *address = NULL;
	const atomic_bool stop = false;
	struct resolver *resolver = resolver_new(&stop);
	if (zk_address_parse("zk://user:pass@192.0.2.1:2181,[2001:db8::1]/mesos", &address) !=
	            NULL ||
	    resolver == NULL) {
		die("no memory", "");
	}
	resolver_begin(resolver);
	struct zookeeper *zk = zookeeper_new(address, false, ignore, NULL);
	zookeeper_tend(zk, resolver);

	while (size > 0) {
		const uint8_t *newline = memchr(data, '\n', size);
		size_t len = newline != NULL ? (size_t)(newline - data) : size;
		if (len > 0 && len < LINE_MAX_LEN) {
			/* In memory of just its size and a NUL, so that a read beyond is seen. */
			char *text = calloc(1, len);
			memcpy(text, data + 1, len - 1);
			step(zk, resolver, (char)data[0], text, len - 1);
			free(text);
		}
		data += len + (newline != NULL);
		size -= len + (newline != NULL);
	}
	recover(zk, resolver);

	zookeeper_free(zk);
	if (library.open) {
		die("session", "left open");
	}
	resolver_free(resolver);
	zk_address_free(address);
	return 0;
}
