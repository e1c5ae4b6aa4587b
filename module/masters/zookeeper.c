/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/base/util.h"
#include "module/masters/zookeeper_private.h"

/*! \brief Session timeout that is asked for, in milliseconds; Mesos's own default. */
#define SESSION_MS 10000

/*! \brief How long the end of a session is waited for, in milliseconds. */
#define END_MS 300

bool zookeeper_is_supported(void)
{
	return true;
}

struct zookeeper *zookeeper_new(const struct zk_address *address, bool tls,
                                void (*notify)(void *ctx), void *ctx)
{
	struct zookeeper *zk = calloc(1, sizeof(*zk));
	if (zk != NULL) {
		zk->address = address;
		zk->tls = tls;
		zk->notify = notify;
		zk->ctx = ctx;
		zk->problem = "no connection";
		zk->refs = 1;
		pthread_mutex_init(&zk->lock, NULL);
		pthread_condattr_t attr;
		pthread_condattr_init(&attr);
		pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
		pthread_cond_init(&zk->closed, &attr);
		pthread_condattr_destroy(&attr);
	}
	return zk;
}

/*! \brief Gives a reference back; the last one frees the watch. */
static void drop(struct zookeeper *zk)
{
	pthread_mutex_lock(&zk->lock);
	bool last = --zk->refs == 0;
	pthread_cond_signal(&zk->closed);
	pthread_mutex_unlock(&zk->lock);
	if (last) {
		pthread_cond_destroy(&zk->closed);
		pthread_mutex_destroy(&zk->lock);
		free(zk);
	}
}

/*! \brief Ends the session, with a word to the server if that listens. */
static void close_handle(struct zookeeper *zk)
{
	(void)zookeeper_close(zk->handle);
	drop(zk);
}

static void *run_close(void *ctx)
{
	(void)pthread_setname_np(pthread_self(), "zk-close");
	close_handle(ctx);
	return NULL;
}

/*! \brief Waits until the session has ended, but not long. */
static void wait_closed(struct zookeeper *zk)
{
	int64_t end = clock_ms(CLOCK_MONOTONIC) + END_MS;
	struct timespec deadline = { .tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000 };
	pthread_mutex_lock(&zk->lock);
	while (zk->refs > 1 && pthread_cond_timedwait(&zk->closed, &zk->lock, &deadline) == 0) {
	}
	pthread_mutex_unlock(&zk->lock);
}

void zookeeper_end(struct zookeeper *zk)
{
	if (zk == NULL || zk->ended) {
		return;
	}
	pthread_mutex_lock(&zk->lock);
	zk->ended = true;
	zk->refs += zk->handle != NULL;
	pthread_mutex_unlock(&zk->lock);
	if (zk->handle == NULL) {
		return;
	}

	/* The library waits for a server that hangs. */
	pthread_t thread;
	if (pthread_create(&thread, NULL, run_close, zk) == 0) {
		(void)pthread_detach(thread);
		wait_closed(zk);
	} else {
		close_handle(zk);
	}
}

void zookeeper_free(struct zookeeper *zk)
{
	if (zk != NULL) {
		zookeeper_end(zk);
		drop(zk);
	}
}

/*! \brief Forgets a session that the servers have ended, which takes no time. */
static void forget_session(struct zookeeper *zk)
{
	(void)zookeeper_close(zk->handle);
	zk->handle = NULL;
	zk->session = NULL;
	zk->connected = false;
	zk->dead = false;
	zk->listing = false;
	zk->again = false;
}

/*! \brief Takes the library's log lines: what matters is said by zookeeper_problem(). */
static void drop_line(const char *line)
{
	(void)line;
}

/*! \brief Writes the servers' addresses as the library wants them; empty if there are none. */
static void list_servers(const struct zk_address *address, struct resolver *resolver, char *out,
                         size_t size)
{
	for (size_t i = 0; i < address->servers_count; i++) {
		const char *host = address->servers[i].host;
		resolver_want(resolver, (struct text){ host, strlen(host) }, RESOLVER_OURS);
	}
	resolver_wait(resolver);

	size_t len = 0;
	out[0] = '\0';
	for (size_t i = 0; i < address->servers_count; i++) {
		const char *host = address->servers[i].host;
		struct state_addresses addrs = resolver_get(resolver,
		                                            (struct text){ host, strlen(host) });
		for (uint32_t j = 0; j < addrs.count && len < size; j++) {
			char text[ADDRESS_TEXT_MAX];
			len += snprintf(out + len, size - len,
			                addrs.list[j].len == 16 ? "%s[%s]:%u" : "%s%s:%u",
			                len > 0 ? "," : "", address_text(&addrs.list[j], text),
			                address->servers[i].port);
		}
	}
}

static void set_problem(struct zookeeper *zk, const char *problem)
{
	pthread_mutex_lock(&zk->lock);
	zk->problem = problem;
	pthread_mutex_unlock(&zk->lock);
}

/*! \brief Starts a session; the library connects by itself, again and again. */
static void open_session(struct zookeeper *zk)
{
	zoo_set_debug_level((ZooLogLevel)0);
	zk->handle = zookeeper_init2(zk->servers, zookeeper_on_session, SESSION_MS, NULL, zk, 0,
	                             drop_line);
	if (zk->handle == NULL) {
		set_problem(zk, "no session can be made");
	} else if (zk->address->auth != NULL) {
		(void)zoo_add_auth(zk->handle, "digest", zk->address->auth,
		                   (int)strlen(zk->address->auth), NULL, NULL);
	}
}

/*! \brief Finds out where the servers are now; the session may come up at other ones. */
static void find_servers(struct zookeeper *zk, struct resolver *resolver)
{
	char servers[SERVERS_MAX];
	list_servers(zk->address, resolver, servers, sizeof(servers));
	if (servers[0] == '\0') {
		/* The library goes on with those that it knows. */
		if (zk->handle == NULL) {
			set_problem(zk, "no server's host name resolves");
		}
		return;
	}
	bool moved = strcmp(servers, zk->servers) != 0;
	strcpy(zk->servers, servers);
	if (zk->handle == NULL) {
		open_session(zk);
	} else if (moved) {
		(void)zoo_set_servers(zk->handle, zk->servers);
	}
}

void zookeeper_tend(struct zookeeper *zk, struct resolver *resolver)
{
	pthread_mutex_lock(&zk->lock);
	bool dead = zk->dead, connected = zk->connected && !dead;
	if (!dead && zk->problem != NULL) {
		zookeeper_look(zk);
	}
	pthread_mutex_unlock(&zk->lock);

	if (dead) {
		forget_session(zk);
	}
	if (!connected) {
		find_servers(zk, resolver);
	}
}

size_t zookeeper_masters(struct zookeeper *zk, struct endpoint out[static ZOOKEEPER_MASTERS_MAX])
{
	pthread_mutex_lock(&zk->lock);
	size_t count = zk->masters_count;
	memcpy(out, zk->masters, count * sizeof(*out));
	pthread_mutex_unlock(&zk->lock);
	return count;
}

const char *zookeeper_problem(struct zookeeper *zk, char out[static ZOOKEEPER_PROBLEM_MAX])
{
	char server[ENDPOINT_TEXT_MAX];
	pthread_mutex_lock(&zk->lock);
	const char *problem = zk->problem;
	pthread_mutex_unlock(&zk->lock);

	out[0] = '\0';
	if (problem != NULL) {
		snprintf(out, ZOOKEEPER_PROBLEM_MAX, "ZooKeeper %s: %s",
		         endpoint_text(&zk->address->servers[0], false, server), problem);
	}
	return out;
}
