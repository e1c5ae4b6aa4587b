/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Threads that look host names up, a few for each kind of name.
 *
 *     struct pool_job *job = pool_start("host.example", POOL_OURS_NEW);
 *     // ... until it has ended:
 *     bool ended = pool_take(job, &result);
 *
 * - getaddrinfo() cannot be cancelled, and with a name server that is silent it takes as long as
 *   its resolv.conf says. So each lane of names has threads of its own, at most POOL_THREADS in
 *   this process: what hangs holds up its own lane only. In line both who came first and who came
 *   last have their turns.
 * - A thread lives while its lane has something to do. It outlives whoever started it, and needs
 *   the library to stay mapped.
 * - Everything is behind one mutex, which nobody holds while waiting: any thread may call.
 */
#pragma once

#include <stdint.h>

#include "module/base/address.h"

/*! \brief Most threads of one lane. */
#define POOL_THREADS 6

/*! \brief Which names a look-up stands in line with: whose it is, and what it was last time. */
enum pool_lane {
	POOL_OURS_KNOWN,      /*!< Masters and ZooKeeper's servers; resolved soon last time. */
	POOL_OURS_NEW,        /*!< The first time, or it did not resolve. */
	POOL_OURS_SLOW,       /*!< Took long. */
	POOL_STRANGERS_KNOWN, /*!< What frameworks and agents name. */
	POOL_STRANGERS_NEW,
	POOL_STRANGERS_SLOW,
	POOL_LANES, /*!< Number of lanes. */
};

/*! \brief A look-up. */
struct pool_job;

/*! \brief What a look-up gave. */
struct pool_result {
	struct address *list; /*!< The caller's to free(); NULL if the name did not resolve. */
	uint32_t count;
	int64_t ms; /*!< How long it took, without the time in line. */
};

/*! \brief Starts a look-up; NULL if there is no memory or no thread for it. */
struct pool_job *pool_start(const char *name, enum pool_lane lane);

/*! \brief Lets a look-up that is still in line stand in line elsewhere, as the last one. */
void pool_move(struct pool_job *job, enum pool_lane lane);

/*! \brief True if a look-up has ended: \a result is set, the job is gone. */
bool pool_take(struct pool_job *job, struct pool_result *result);

/*! \brief True if a look-up was still in line: the job is gone. */
bool pool_cancel(struct pool_job *job);

/*! \brief Gives up a look-up: the job is gone for the caller, whatever has become of it. */
void pool_abandon(struct pool_job *job);
