/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/base/util.h"
#include "module/masters/zookeeper_private.h"

/*! \brief What a leader's announcement is called (Mesos: `MASTER_INFO_JSON_LABEL`). */
#define JSON_LABEL "json.info_"

/*! \brief The same of Mesos before 0.24, whose data is a protobuf. */
#define OLD_LABEL "info_"

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

void zookeeper_look(struct zookeeper *zk)
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
		zookeeper_look(zk);
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
		zookeeper_look(zk);
		leave(zk, false);
	}
}

void zookeeper_on_session(zhandle_t *handle, int type, int state, const char *path, void *ctx)
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
		zookeeper_look(zk);
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
