/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What zookeeper.c (the session) and zookeeper_look.c (what is announced) share.
 */
#pragma once

#include <pthread.h>
#include <zookeeper/zookeeper.h>

#include "module/masters/zookeeper.h"

/*! \brief Room for the servers' addresses as the library wants them. */
#define SERVERS_MAX 2048

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

/*! \brief Asks for the children and for word of their change; the lock is held. */
void zookeeper_look(struct zookeeper *zk);

/*! \brief Something is with the session (watcher_fn). */
void zookeeper_on_session(zhandle_t *handle, int type, int state, const char *path, void *ctx);
