/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What stands in place of libzookeeper and the ensemble behind it; for tests.
 *
 * It keeps the library's rules: requests are answered in their order and none during the call that
 * makes it; when the connection or the session goes, all that are open fail; a watch fires once.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zookeeper/zookeeper.h>

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
	/*! There is a session, that is zookeeper_init2() without zookeeper_close(). */
	atomic_bool open;
	atomic_bool hangs;  /*!< zookeeper_close() does not return. */
	char servers[4096]; /*!< Where it connects to. */
	int state;          /*!< Of the session. */
	watcher_fn watcher;
	void *ctx;
	struct ask asks[REQUESTS_MAX];
	size_t asks_count;
	watcher_fn child_watcher; /*!< Set if the children are watched. */
	void *child_ctx;
} library;

/*! \brief What the library gives as a handle; never looked into. */
#define HANDLE ((zhandle_t *)(void *)&library)

static _Noreturn void die(const char *why, const char *what)
{
	fprintf(stderr, "%s: %s\n", why, what);
	abort();
}

static inline void add_ask(struct ask ask)
{
	if (!library.open || library.asks_count == REQUESTS_MAX) {
		die("request", library.open ? "too many" : "without a session");
	}
	library.asks[library.asks_count++] = ask;
}

/*! \brief Takes the request that is answered next; false if there is none. */
static inline bool take_ask(struct ask *ask)
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
static inline void fail_asks(int rc)
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
static inline void turn(int state)
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
	library.asks_count = 0;
	library.child_watcher = NULL;
	library.open = true;
	snprintf(library.servers, sizeof(library.servers), "%s", host);
	library.state = ZOO_CONNECTING_STATE;
	library.watcher = fn;
	library.ctx = context;
	return HANDLE;
}

int zookeeper_close(zhandle_t *handle)
{
	(void)handle;
	while (library.hangs) {
		usleep(1000);
	}
	library.state = ZOO_NOTCONNECTED_STATE;
	fail_asks(ZCLOSING);
	library.child_watcher = NULL;
	library.open = false;
	return ZOK;
}

int zoo_set_servers(zhandle_t *handle, const char *hosts)
{
	(void)handle;
	if (!library.open || hosts[0] == '\0') {
		die("servers", library.open ? "none" : "without a session");
	}
	snprintf(library.servers, sizeof(library.servers), "%s", hosts);
	return ZOK;
}

static inline bool refuses(void)
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
static inline void answer(int rc, char *text, size_t len)
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

static inline void fire_watch(void)
{
	watcher_fn watcher = library.child_watcher;
	library.child_watcher = NULL;
	if (watcher != NULL && library.state == ZOO_CONNECTED_STATE) {
		watcher(HANDLE, ZOO_CHILD_EVENT, library.state, "/", library.child_ctx);
	}
}
