/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Watches in ZooKeeper who of the Mesos masters leads.
 *
 * Masters announce themselves as children `json.info_N` of a path; the one with the lowest number
 * leads (Mesos: `LeaderDetector`, `MasterInfo`).
 *
 * - One session at a time, held by libzookeeper's threads; whoever made the watch calls its
 *   functions from one thread, none of which waits for the network.
 * - What was last known stays known while the ensemble is away.
 */
#pragma once

#include <stdatomic.h>

#include "module/masters/resolver.h"
#include "module/masters/zk_address.h"

/*! \brief Most masters that are taken from ZooKeeper. */
#define ZOOKEEPER_MASTERS_MAX 32

/*! \brief Longest text of zookeeper_problem(), NUL included. */
#define ZOOKEEPER_PROBLEM_MAX 128

/*! \brief What an announcement's data may be at most, in bytes. */
#define ZOOKEEPER_DATA_MAX 16384

struct zookeeper;

/*! \brief True if this build can watch ZooKeeper at all. */
bool zookeeper_is_supported(void);

/*!
 * \brief Makes a watch; nothing is connected yet.
 *
 * \param address   Must outlive the watch.
 * \param tls       Masters are asked by https.
 * \param notify    Called by any thread when other masters than before are known, or a session
 *                  needs zookeeper_tend(); must not call back. Not called after the end.
 * \param ctx       Its parameter.
 *
 * \return NULL if memory runs out.
 */
struct zookeeper *zookeeper_new(const struct zk_address *address, bool tls,
                                void (*notify)(void *ctx), void *ctx);

/*!
 * \brief Ends the session; nothing but zookeeper_free() may follow. NULL is fine.
 *
 * Takes less than half a second. A server that hangs is waited for by a thread of its own, which
 * needs the library to stay mapped; \a address and \a ctx are not used any more.
 */
void zookeeper_end(struct zookeeper *zk);

/*! \brief Ends the session if it has not been ended, and frees the watch; NULL is fine. */
void zookeeper_free(struct zookeeper *zk);

/*!
 * \brief Does what is due: starts a session, replaces a lost one, looks again after a problem.
 *
 * While there is no session the servers' host names are looked up each time: they may have moved.
 *
 * \param resolver  Finds the servers' addresses.
 */
void zookeeper_tend(struct zookeeper *zk, struct resolver *resolver);

/*!
 * \brief Tells the masters, the leader first.
 *
 * \return How many; 0 if none are known.
 */
size_t zookeeper_masters(struct zookeeper *zk, struct endpoint out[static ZOOKEEPER_MASTERS_MAX]);

/*!
 * \brief Tells what is wrong, in words that do not change from poll to poll.
 *
 * \return \a out; empty if nothing is.
 */
const char *zookeeper_problem(struct zookeeper *zk, char out[static ZOOKEEPER_PROBLEM_MAX]);

/*!
 * \brief Reads the data of an announcement (Mesos: `MasterInfo` as JSON).
 *
 * \return True if it names a master.
 */
bool zookeeper_parse_master(const char *data, size_t len, bool tls, struct endpoint *out);
