/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What comes from ZooKeeper, in any order: events, children, data, errors.
 *
 *     fuzz_zookeeper -dict=tests/fuzz/zookeeper.dict tests/fuzz/corpus/zookeeper
 *
 * The input is lines. The first byte of each says what happens (see step()), the rest is its text.
 * In place of libzookeeper stands what the functions below make of its rules: requests are answered
 * in their order and none during the call that makes it; when the connection or the session goes,
 * all that are open fail; a watch fires once.
 *
 * What has to be true: never two sessions; nothing known that is no host and port; no master is
 * forgotten because the ensemble is away; and whatever happened, once the ensemble is well again
 * and has a master, that one is found. An address that can be parsed says the same when it is
 * written and parsed again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zookeeper/zookeeper.h>

#include "module/util.h"
#include "module/zookeeper.h"

/*! \brief Most requests that are open at once: children, then every announcement's data. */
#define REQUESTS_MAX 256

/*! \brief Longest line. */
#define LINE_MAX_LEN 2048

/*! \brief A request to ZooKeeper; one of the two functions is set. */
struct ask {
	strings_completion_t children;
	data_completion_t data;
	const void *ctx;
	watcher_fn watcher; /*!< For the children. */
	void *watcher_ctx;
};

/*! \brief The library and the ensemble behind it. */
static struct {
	bool open; /*!< There is a session, that is zookeeper_init2() without zookeeper_close(). */
	int state; /*!< Of the session. */
	watcher_fn watcher;
	void *ctx;
	struct ask asks[REQUESTS_MAX];
	size_t asks_count;
	watcher_fn child_watcher; /*!< Set if the children are watched. */
	void *child_ctx;
} library;

/*! \brief What the library gives as a handle; never looked into. */
#define HANDLE ((zhandle_t *)(void *)&library)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void die(const char *why, const char *what)
{
	fprintf(stderr, "%s: %s\n", why, what);
	abort();
}

static void add_ask(struct ask ask)
{
	if (!library.open || library.asks_count == REQUESTS_MAX) {
		die("request", library.open ? "too many" : "without a session");
	}
	library.asks[library.asks_count++] = ask;
}

/*! \brief Takes the request that is answered next; false if there is none. */
static bool take_ask(struct ask *ask)
{
	if (library.asks_count == 0) {
		return false;
	}
	*ask = library.asks[0];
	library.asks_count--;
	memmove(library.asks, library.asks + 1, library.asks_count * sizeof(*library.asks));
	return true;
}

/*! \brief Fails all requests that are open now, not those that are made meanwhile. */
static void fail_asks(int rc)
{
	struct ask ask;
	for (size_t left = library.asks_count; left > 0 && take_ask(&ask); left--) {
		if (ask.children != NULL) {
			ask.children(rc, NULL, ask.ctx);
		} else {
			ask.data(rc, NULL, -1, NULL, ask.ctx);
		}
	}
}

/*! \brief An event of the session. */
static void turn(int state)
{
	bool was_up = library.state == ZOO_CONNECTED_STATE;
	bool is_final = library.state == ZOO_EXPIRED_SESSION_STATE ||
	                library.state == ZOO_AUTH_FAILED_STATE;
	if (!library.open || is_final || library.state == state) {
		return;
	}
	library.state = state;
	library.watcher(HANDLE, ZOO_SESSION_EVENT, state, "", library.ctx);
	if (was_up || state != ZOO_CONNECTED_STATE) {
		fail_asks(state == ZOO_EXPIRED_SESSION_STATE ? ZSESSIONEXPIRED
		          : state == ZOO_AUTH_FAILED_STATE   ? ZAUTHFAILED
		                                             : ZCONNECTIONLOSS);
	}
}

zhandle_t *zookeeper_init2(const char *host, watcher_fn fn, int timeout, const clientid_t *id,
                           void *context, int flags, log_callback_fn log)
{
	(void)timeout, (void)id, (void)flags, (void)log;
	if (library.open || host[0] == '\0') {
		die("session", library.open ? "a second one" : "without servers");
	}
	memset(&library, 0, sizeof(library));
	library.open = true;
	library.state = ZOO_CONNECTING_STATE;
	library.watcher = fn;
	library.ctx = context;
	return HANDLE;
}

int zookeeper_close(zhandle_t *handle)
{
	(void)handle;
	library.state = ZOO_NOTCONNECTED_STATE;
	fail_asks(ZCLOSING);
	library.open = false;
	library.child_watcher = NULL;
	return ZOK;
}

static bool refuses(void)
{
	return library.state == ZOO_EXPIRED_SESSION_STATE ||
	       library.state == ZOO_AUTH_FAILED_STATE || library.state == ZOO_NOTCONNECTED_STATE;
}

int zoo_awget_children(zhandle_t *handle, const char *path, watcher_fn watcher, void *watcher_ctx,
                       strings_completion_t done, const void *ctx)
{
	(void)handle, (void)path;
	if (refuses()) {
		return ZINVALIDSTATE;
	}
	add_ask((struct ask){ done, NULL, ctx, watcher, watcher_ctx });
	return ZOK;
}

int zoo_aget(zhandle_t *handle, const char *path, int watch, data_completion_t done,
             const void *ctx)
{
	(void)handle, (void)path, (void)watch;
	if (refuses()) {
		return ZINVALIDSTATE;
	}
	add_ask((struct ask){ .data = done, .ctx = ctx });
	return ZOK;
}

int zoo_add_auth(zhandle_t *handle, const char *scheme, const char *cert, int len,
                 void_completion_t done, const void *ctx)
{
	(void)handle, (void)scheme, (void)cert, (void)len, (void)done, (void)ctx;
	return ZOK;
}

void zoo_set_debug_level(ZooLogLevel level)
{
	(void)level;
}

/*! \brief Answers the next request with a text: children's names parted by spaces, or data. */
static void answer(int rc, char *text, size_t len)
{
	struct ask ask;
	if (library.state != ZOO_CONNECTED_STATE || !take_ask(&ask)) {
		return;
	}
	if (ask.data != NULL) {
		ask.data(rc, rc == ZOK ? text : NULL, rc == ZOK ? (int)len : -1, NULL, ask.ctx);
		return;
	}

	char *names[LINE_MAX_LEN / 2 + 1];
	struct String_vector list = { .count = 0, .data = names };
	for (char *name = strtok(text, " "); name != NULL; name = strtok(NULL, " ")) {
		names[list.count++] = name;
	}
	if (rc == ZOK) {
		library.child_watcher = ask.watcher;
		library.child_ctx = ask.watcher_ctx;
	}
	ask.children(rc, rc == ZOK ? &list : NULL, ask.ctx);
}

static void fire_watch(void)
{
	watcher_fn watcher = library.child_watcher;
	library.child_watcher = NULL;
	if (watcher != NULL && library.state == ZOO_CONNECTED_STATE) {
		watcher(HANDLE, ZOO_CHILD_EVENT, library.state, "/", library.child_ctx);
	}
}

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
