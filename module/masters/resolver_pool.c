/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "module/masters/resolver_pool.h"
#include "module/base/util.h"

struct pool_job {
	TAILQ_ENTRY(pool_job) entry; /*!< In line, until a thread has it. */
	enum pool_lane lane;
	bool running;   /*!< A thread has it. */
	bool ended;     /*!< \a result is set. */
	bool abandoned; /*!< Nobody asks for it: the thread frees it. */
	struct pool_result result;
	char name[];
};

/*! \brief The names of one kind that wait, and how many threads work on such. */
struct lane {
	TAILQ_HEAD(line, pool_job) line;
	unsigned threads;
	unsigned turns; /*!< How often a thread has taken one. */
};

/*! \brief All of this process, whatever clusters there are. */
static struct {
	pthread_mutex_t lock;
	struct lane lanes[POOL_LANES];
} pool = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
#define LANE(number) [number] = { .line = TAILQ_HEAD_INITIALIZER(pool.lanes[number].line) }
	.lanes = { LANE(POOL_OURS_KNOWN), LANE(POOL_OURS_NEW), LANE(POOL_OURS_SLOW),
	           LANE(POOL_STRANGERS_KNOWN), LANE(POOL_STRANGERS_NEW),
	           LANE(POOL_STRANGERS_SLOW) },
#undef LANE
};

static void free_job(struct pool_job *job)
{
	free(job->result.list);
	free(job);
}

/*! \brief Puts a job at the end of a line. */
static void append(struct pool_job *job, enum pool_lane lane)
{
	job->lane = lane;
	TAILQ_INSERT_TAIL(&pool.lanes[lane].line, job, entry);
}

static void take_out(struct pool_job *job)
{
	TAILQ_REMOVE(&pool.lanes[job->lane].line, job, entry);
}

static void copy_addresses(const struct addrinfo *found, struct pool_result *result)
{
	size_t count = 0;
	for (const struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next) {
		count++;
	}
	result->list = calloc(count + 1, sizeof(*result->list));
	if (result->list == NULL) {
		return;
	}

	for (const struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)ai->ai_addr;
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)ai->ai_addr;
		struct address *addr = &result->list[result->count];
		if (ai->ai_family == AF_INET) {
			addr->len = sizeof(v4->sin_addr);
			memcpy(addr->bytes, &v4->sin_addr, addr->len);
			result->count++;
		} else if (ai->ai_family == AF_INET6) {
			addr->len = sizeof(v6->sin6_addr);
			memcpy(addr->bytes, &v6->sin6_addr, addr->len);
			result->count++;
		}
	}
}

static void look_up(const char *name, struct pool_result *result)
{
	int64_t began = clock_ms(CLOCK_MONOTONIC);
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	if (getaddrinfo(name, NULL, &hints, &found) == 0) {
		copy_addresses(found, result);
		freeaddrinfo(found);
	}
	result->ms = clock_ms(CLOCK_MONOTONIC) - began;
}

/*!
 * \brief Takes who is next; NULL if nobody is in line.
 *
 * That is the first in line, so that everybody's turn comes, but every second time the last: who
 * comes late need not wait for all that hang.
 */
static struct pool_job *next_job(struct lane *lane)
{
	struct pool_job *job = lane->turns++ % 2 == 0 ? TAILQ_FIRST(&lane->line)
	                                              : TAILQ_LAST(&lane->line, line);
	if (job != NULL) {
		take_out(job);
		job->running = true;
	}
	return job;
}

/*! \brief Works on a lane until nobody is in line. */
static void *run(void *ctx)
{
	struct lane *lane = ctx;
	(void)pthread_setname_np(pthread_self(), "resolver");
	pthread_mutex_lock(&pool.lock);
	struct pool_job *job;
	while ((job = next_job(lane)) != NULL) {
		pthread_mutex_unlock(&pool.lock);
		struct pool_result result = { 0 };
		look_up(job->name, &result);
		pthread_mutex_lock(&pool.lock);
		job->result = result;
		job->ended = true;
		if (job->abandoned) {
			free_job(job);
		}
	}
	lane->threads--;
	pthread_mutex_unlock(&pool.lock);
	return NULL;
}

/*! \brief Adds a thread to a lane if it may have one more; false if it has none at all. */
static bool staff(struct lane *lane)
{
	if (lane->threads == POOL_THREADS) {
		return true;
	}
	pthread_t thread;
	/* Its signals are blocked as the caller's are. */
	if (pthread_create(&thread, NULL, run, lane) == 0) {
		(void)pthread_detach(thread);
		lane->threads++;
	}
	return lane->threads > 0;
}

struct pool_job *pool_start(const char *name, enum pool_lane lane)
{
	size_t size = strlen(name) + 1;
	struct pool_job *job = calloc(1, sizeof(*job) + size);
	if (job == NULL) {
		return NULL;
	}
	memcpy(job->name, name, size);

	pthread_mutex_lock(&pool.lock);
	append(job, lane);
	if (!staff(&pool.lanes[lane])) {
		take_out(job);
		free_job(job);
		job = NULL;
	}
	pthread_mutex_unlock(&pool.lock);
	return job;
}

void pool_move(struct pool_job *job, enum pool_lane lane)
{
	pthread_mutex_lock(&pool.lock);
	if (!job->running && job->lane != lane) {
		enum pool_lane before = job->lane;
		take_out(job);
		append(job, lane);
		if (!staff(&pool.lanes[lane])) {
			take_out(job);
			append(job, before);
		}
	}
	pthread_mutex_unlock(&pool.lock);
}

bool pool_take(struct pool_job *job, struct pool_result *result)
{
	pthread_mutex_lock(&pool.lock);
	bool ended = job->ended;
	pthread_mutex_unlock(&pool.lock);
	if (ended) {
		*result = job->result;
		free(job);
	}
	return ended;
}

bool pool_cancel(struct pool_job *job)
{
	pthread_mutex_lock(&pool.lock);
	bool waits = !job->running;
	if (waits) {
		take_out(job);
		free_job(job);
	}
	pthread_mutex_unlock(&pool.lock);
	return waits;
}

void pool_abandon(struct pool_job *job)
{
	pthread_mutex_lock(&pool.lock);
	if (!job->running) {
		take_out(job);
		free_job(job);
	} else if (job->ended) {
		free_job(job);
	} else {
		job->abandoned = true;
	}
	pthread_mutex_unlock(&pool.lock);
}
