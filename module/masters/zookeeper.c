/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zookeeper/zookeeper.h>

#include "module/base/util.h"
#include "module/masters/zookeeper.h"

/*! \brief Session timeout that is asked for, in milliseconds; Mesos's own default. */
#define SESSION_MS 10000

/*! \brief How long the end of a session is waited for, in milliseconds. */
#define END_MS 300

/*! \brief Room for the servers' addresses as the library wants them. */
#define SERVERS_MAX 2048

/*! \brief What a leader's announcement is called (Mesos: `MASTER_INFO_JSON_LABEL`). */
#define JSON_LABEL "json.info_"

/*! \brief The same of Mesos before 0.24, whose data is a protobuf. */
#define OLD_LABEL "info_"

/*! \brief An announcement being read. */
struct node {
	struct zookeeper *zk;
	uint32_t number; /*!< ZooKeeper's, from its name. */
	bool valid;      /*!< \a master is set. */
	struct endpoint master;
};

struct zookeeper {
	const struct zk_address *address;
	bool tls;
	void (*notify)(void *ctx);
	void *ctx;
	zhandle_t *handle; /*!< The owner's alone, then the thread's that ends the session. */
	char servers[SERVERS_MAX]; /*!< What \a handle connects to. */

	pthread_mutex_t lock;  /*!< Guards what follows; no library call waits for it. */
	pthread_cond_t closed; /*!< On CLOCK_MONOTONIC; \a refs has changed. */
	unsigned refs;         /*!< The owner, and the thread that ends the session. */
	bool ended;            /*!< Nothing but this may be looked at; \a ctx may be gone. */
	zhandle_t *session;    /*!< The handle as callbacks know it; NULL until it is up. */
	bool connected;        /*!< The session is up. */
	bool dead;             /*!< The session is lost for good. */
	bool listing;          /*!< Between asking for the children and the last node's data. */
	bool again;            /*!< They have changed in between. */
	bool failed;           /*!< Not all was read: the connection was lost in between. */
	struct node nodes[ZOOKEEPER_MASTERS_MAX]; /*!< Being read, by number. */
	size_t nodes_count;
	size_t pending;                                 /*!< Nodes whose data is on its way. */
	struct endpoint masters[ZOOKEEPER_MASTERS_MAX]; /*!< Known. */
	size_t masters_count;
	const char *problem; /*!< A constant; NULL if there is none. */
};

bool zookeeper_is_supported(void)
{
	return true;
}

/*! \brief Number of an announcement; false if the child is none. */
static bool parse_label(const char *child, const char *label, uint32_t *number)
{
	size_t len = strlen(label);
	if (strncmp(child, label, len) != 0 || child[len] == '\0') {
		return false;
	}
	uint64_t value = 0;
	for (const char *c = child + len; *c != '\0'; c++) {
		if (*c < '0' || *c > '9' || value > UINT32_MAX) {
			return false;
		}
		value = 10 * value + (*c - '0');
	}
	*number = (uint32_t)value;
	return value <= UINT32_MAX;
}

/*! \brief Inserts an announcement by its number; those with the highest give way. */
static void add_node(struct zookeeper *zk, uint32_t number)
{
	size_t i = zk->nodes_count;
	while (i > 0 && zk->nodes[i - 1].number > number) {
		i--;
	}
	if (i == ZOOKEEPER_MASTERS_MAX) {
		return;
	}
	if (zk->nodes_count < ZOOKEEPER_MASTERS_MAX) {
		zk->nodes_count++;
	}
	memmove(&zk->nodes[i + 1], &zk->nodes[i], (zk->nodes_count - 1 - i) * sizeof(*zk->nodes));
	zk->nodes[i] = (struct node){ .zk = zk, .number = number };
}

/*! \brief Takes over what a look has found; true if other masters than before are known. */
static bool take_nodes(struct zookeeper *zk)
{
	struct endpoint masters[ZOOKEEPER_MASTERS_MAX] = { 0 };
	size_t count = 0;
	for (size_t i = 0; i < zk->nodes_count; i++) {
		if (zk->nodes[i].valid) {
			masters[count++] = zk->nodes[i].master;
		}
	}
	if (count == 0) {
		/* No news of the masters: who was there may still be. */
		zk->problem = zk->nodes_count > 0 ? "no master's announcement can be read"
		                                  : zk->problem;
		return false;
	}
	zk->problem = NULL;
	bool news = count != zk->masters_count;
	for (size_t i = 0; i < count && !news; i++) {
		news = !endpoint_equal(&masters[i], &zk->masters[i]);
	}
	memcpy(zk->masters, masters, sizeof(masters));
	zk->masters_count = count;
	return news;
}

static void on_children(zhandle_t *handle, int type, int state, const char *path, void *ctx);
static void take_children(int rc, const struct String_vector *children, const void *data);

/*! \brief Asks for the children and for word of their change; the lock is held. */
static void look(struct zookeeper *zk)
{
	if (!zk->connected) {
		return;
	}
	if (zk->listing) {
		zk->again = true;
		return;
	}
	zk->again = false;
	zk->listing = zoo_awget_children(zk->session, zk->address->path, on_children, zk,
	                                 take_children, zk) == ZOK;
}

/*! \brief Ends a look; the lock is held. True if other masters than before are known. */
static bool end_look(struct zookeeper *zk)
{
	bool news = !zk->failed && take_nodes(zk);
	zk->listing = false;
	if (zk->again) {
		look(zk);
	}
	return news;
}

/*! \brief Takes the lock in one of the library's threads; false, and not taken, at the end. */
static bool enter(struct zookeeper *zk)
{
	pthread_mutex_lock(&zk->lock);
	if (zk->ended) {
		pthread_mutex_unlock(&zk->lock);
		return false;
	}
	return true;
}

/*! \brief Leaves the lock, with a word to the owner, who is still there, if there is news. */
static void leave(struct zookeeper *zk, bool news)
{
	if (news) {
		zk->notify(zk->ctx);
	}
	pthread_mutex_unlock(&zk->lock);
}

/*! \brief The data of an announcement has come (data_completion_t). */
static void take_data(int rc, const char *value, int len, const struct Stat *stat, const void *data)
{
	struct node *node = (struct node *)(uintptr_t)data;
	struct zookeeper *zk = node->zk;
	(void)stat;

	if (!enter(zk)) {
		return;
	}
	zk->failed = zk->failed || (rc != ZOK && rc != ZNONODE);
	node->valid = rc == ZOK && value != NULL && len > 0 &&
	              zookeeper_parse_master(value, len, zk->tls, &node->master);
	leave(zk, --zk->pending == 0 && end_look(zk));
}

/*! \brief Asks for the data of all announcements; the lock is held. */
static void read_nodes(struct zookeeper *zk)
{
	zk->pending = 0;
	for (size_t i = 0; i < zk->nodes_count; i++) {
		char path[4096];
		int len = snprintf(path, sizeof(path), "%s/" JSON_LABEL "%010u", zk->address->path,
		                   zk->nodes[i].number);
		zk->nodes[i].zk = zk;
		if (len < (int)sizeof(path) &&
		    zoo_aget(zk->session, path, 0, take_data, &zk->nodes[i]) == ZOK) {
			zk->pending++;
		}
	}
}

/*! \brief The children have come (strings_completion_t). */
static void take_children(int rc, const struct String_vector *children, const void *data)
{
	struct zookeeper *zk = (struct zookeeper *)(uintptr_t)data;
	bool old = false;

	if (!enter(zk)) {
		return;
	}
	zk->nodes_count = 0;
	zk->failed = rc != ZOK;
	for (int32_t i = 0; rc == ZOK && i < children->count; i++) {
		uint32_t number;
		if (parse_label(children->data[i], JSON_LABEL, &number)) {
			add_node(zk, number);
		}
		old = old || parse_label(children->data[i], OLD_LABEL, &number);
	}
	switch (rc) {
	case ZOK:
		if (zk->nodes_count == 0) {
			zk->problem = old ? "it has masters from before Mesos 0.24 only, which are "
			                    "not supported"
			                  : "no master is announced there";
		}
		break;
	case ZNONODE: zk->problem = "the path does not exist"; break;
	case ZNOAUTH: zk->problem = "the path may not be read with this user and password"; break;
	default: break; /* The connection is lost: another look comes with the next one. */
	}
	read_nodes(zk);
	leave(zk, zk->pending == 0 && end_look(zk));
}

/*! \brief The children have changed (watcher_fn). */
static void on_children(zhandle_t *handle, int type, int state, const char *path, void *ctx)
{
	struct zookeeper *zk = ctx;
	(void)handle, (void)state, (void)path;

	if (type != ZOO_SESSION_EVENT && enter(zk)) {
		look(zk);
		leave(zk, false);
	}
}

/*! \brief Something is with the session (watcher_fn). */
static void on_session(zhandle_t *handle, int type, int state, const char *path, void *ctx)
{
	struct zookeeper *zk = ctx;
	(void)path;
	if (type != ZOO_SESSION_EVENT || !enter(zk)) {
		return;
	}

	zk->session = handle;
	zk->connected = state == ZOO_CONNECTED_STATE;
	if (zk->connected) {
		/* One that is under way is answered, or failed, by this connection. */
		look(zk);
	} else if (state == ZOO_EXPIRED_SESSION_STATE || state == ZOO_AUTH_FAILED_STATE) {
		zk->dead = true;
		zk->problem = state == ZOO_AUTH_FAILED_STATE ? "it refuses user and password"
		                                             : "the session has expired";
	} else {
		zk->problem = "no connection";
	}
	/* A new session may go better; other words need somebody to change them. */
	leave(zk, state == ZOO_EXPIRED_SESSION_STATE);
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
static void *close_handle(void *ctx)
{
	struct zookeeper *zk = ctx;
	(void)zookeeper_close(zk->handle);
	drop(zk);
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
	if (pthread_create(&thread, NULL, close_handle, zk) == 0) {
		(void)pthread_setname_np(thread, "zk-close");
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
	zk->handle = zookeeper_init2(zk->servers, on_session, SESSION_MS, NULL, zk, 0, drop_line);
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
		look(zk);
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
