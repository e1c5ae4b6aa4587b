/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What a table of snapshots costs.
 *
 *     snapshot build TASKS [INSTANCES]    a snapshot of some 16 records a task, made at once
 *     snapshot change TASKS [INSTANCES]   the same, then tasks that start and end, a commit each
 *     snapshot find TASKS [INSTANCES]     the same, then look-ups of names in no order
 *     snapshot stop TASKS [INSTANCES]     how long making it goes on when it is stopped, at most
 *
 * INSTANCES of each application share owners; 10 unless given. Prints `name value` lines: CPU in
 * seconds, times of one piece in nanoseconds, memory in bytes (`peak`: the most that was resident).
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "module/snapshot/table.h"

/*! \brief Instances of one application. */
static uint32_t instances = 10;

/*! \brief Agents, one for so many tasks. */
#define TASKS_PER_AGENT 20

/*! \brief Look-ups, and tasks that start and end. */
#define FINDS   1000000
#define ROUNDS  9
#define CHANGES 50000

/*! \brief How often making a snapshot is stopped. */
#define STOPS 40

static const knot_dname_t *const zone = (const knot_dname_t *)"\005mesos";

typedef void (*put_f)(void *ctx, const char *owner, uint16_t type, const uint8_t *rdata,
                      uint16_t len);

static double now(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void say_peak(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("peak %ld\n", usage.ru_maxrss * 1024);
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "snapshot: %s\n", what);
	exit(1);
}

static void put_srv(put_f put, void *ctx, const char *owner, uint16_t port, const char *target)
{
	uint8_t rdata[6 + KNOT_DNAME_MAXLEN] = { 0, 0, 0, 1, port >> 8, port & 0xff };
	knot_dname_storage_t name = { 0 };
	(void)knot_dname_from_str(name, target, sizeof(name));
	size_t len = knot_dname_size(name);
	memcpy(rdata + 6, name, len);
	put(ctx, owner, KNOT_RRTYPE_SRV, rdata, 6 + len);
}

/*! \brief Puts a task's records: four addresses, and SRV records of two ports with names. */
static void put_task(uint32_t i, put_f put, void *ctx)
{
	uint32_t app = i / instances, agent = i / TASKS_PER_AGENT;
	uint8_t own[4] = { 10, i >> 16, i >> 8, i }, host[4] = { 172, 16, agent >> 8, agent };
	char owner[128], task[128], slave[128];
	snprintf(task, sizeof(task), "application-%u-%05x-s%u.marathon.mesos.", app, i, agent);
	snprintf(slave, sizeof(slave), "application-%u-%05x-s%u.marathon.slave.mesos.", app, i,
	         agent);
	put(ctx, task, KNOT_RRTYPE_A, own, 4);
	put(ctx, slave, KNOT_RRTYPE_A, host, 4);
	snprintf(owner, sizeof(owner), "application-%u.marathon.mesos.", app);
	put(ctx, owner, KNOT_RRTYPE_A, own, 4);
	snprintf(owner, sizeof(owner), "application-%u.marathon.slave.mesos.", app);
	put(ctx, owner, KNOT_RRTYPE_A, host, 4);
	static const char *const services[] = { "", "_http.", "_admin." };
	for (uint32_t j = 0; j < 12; j++) {
		/* By turns: of the task's or the agent's address, for each port, ... */
		uint32_t on = j % 2, port = j / 2 % 2;
		/* ... without the port's name, with it, without it as UDP. */
		const char *service = services[j / 4 == 1 ? port + 1 : 0];
		snprintf(owner, sizeof(owner), "%s_application-%u._%s.marathon.%smesos.", service,
		         app, j / 4 == 2 ? "udp" : "tcp", on ? "slave." : "");
		put_srv(put, ctx, owner, 31000 + 2 * (i % 50) + port, on ? slave : task);
	}
}

/*! \brief The name of a task, as put_task() has it. */
static size_t task_owner(uint32_t i, knot_dname_storage_t out)
{
	char text[128];
	snprintf(text, sizeof(text), "application-%u-%05x-s%u.marathon.mesos.", i / instances, i,
	         i / TASKS_PER_AGENT);
	(void)knot_dname_from_str(out, text, sizeof(knot_dname_storage_t));
	return knot_dname_size(out);
}

/*! \brief Looks names up, or does all of that but the look-up; time of one in nanoseconds. */
static double time_finds(const struct snapshot *snapshot, const knot_dname_storage_t *names,
                         uint32_t tasks)
{
	uint64_t found = 0, at = 1;
	double start = now(CLOCK_THREAD_CPUTIME_ID);
	for (uint32_t i = 0; i < FINDS; i++) {
		/* Each name depends on what was found: look-ups are not made side by side. */
		at = at * 6364136223846793005u + 1442695040888963407u + (found & 1);
		const knot_dname_t *owner = names[(at >> 33) % tasks];
		if (snapshot == NULL) {
			found += knot_dname_size(owner) > 0;
			continue;
		}
		const struct snapshot_name *name = snapshot_find(snapshot, owner);
		const struct snapshot_set *set = name != NULL ? snapshot_set(name, KNOT_RRTYPE_A)
		                                              : NULL;
		found += set != NULL ? set->count : 0;
	}
	if (found != FINDS) {
		die("a name is missing");
	}
	return (now(CLOCK_THREAD_CPUTIME_ID) - start) / FINDS * 1e9;
}

static void measure_finds(const struct snapshot *snapshot, uint32_t tasks)
{
	knot_dname_storage_t *names = calloc(tasks, sizeof(*names));
	if (names == NULL) {
		die("no memory");
	}
	for (uint32_t i = 0; i < tasks; i++) {
		(void)task_owner(i, names[i]);
	}
	double best = 1e9;
	for (int i = 0; i < ROUNDS; i++) {
		/* The least of them: the machine has other things to do. */
		double time = time_finds(snapshot, names, tasks) - time_finds(NULL, names, tasks);
		best = time < best ? time : best;
	}
	printf("find %.1f\n", best);
	free(names);
}

/*! \brief A table, and whether records come or go. */
struct feed {
	struct snapshot_table *table;
	int diff;
};

static void put_new(void *ctx, const char *owner, uint16_t type, const uint8_t *rdata, uint16_t len)
{
	const struct feed *feed = ctx;
	knot_dname_storage_t name = { 0 };
	(void)knot_dname_from_str(name, owner, sizeof(name));
	if (snapshot_table_change(feed->table, feed->diff, name, type, rdata, len, 0) != KNOT_EOK) {
		die("no memory");
	}
}

static struct snapshot *commit(struct feed *feed, struct snapshot *before)
{
	struct snapshot *snapshot;
	if (snapshot_table_commit(feed->table, &snapshot) != KNOT_EOK || snapshot == NULL) {
		die("no memory");
	}
	snapshot_table_retire(feed->table, before);
	return snapshot;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/*! \brief Ends tasks and starts them again, a commit each. */
static struct snapshot *measure_changes(struct feed *feed, struct snapshot *snapshot,
                                        uint32_t tasks)
{
	static double times[2 * CHANGES];
	size_t before = snapshot_table_cost(feed->table).allocations;
	double sum = 0;
	for (uint32_t i = 0; i < 2 * CHANGES; i++) {
		double start = now(CLOCK_THREAD_CPUTIME_ID);
		feed->diff = i % 2 == 0 ? -1 : 1;
		put_task((uint32_t)(i / 2 * UINT64_C(2654435761) % tasks), put_new, feed);
		snapshot = commit(feed, snapshot);
		times[i] = now(CLOCK_THREAD_CPUTIME_ID) - start;
		sum += times[i];
	}
	qsort(times, 2 * CHANGES, sizeof(*times), compare);
	printf("end-and-start %.0f\n", sum / CHANGES * 1e9);
	printf("commit-median %.0f\ncommit-99 %.0f\ncommit-most %.0f\n", times[CHANGES] * 1e9,
	       times[2 * CHANGES / 100 * 99] * 1e9, times[2 * CHANGES - 1] * 1e9);
	printf("allocations %.1f\n",
	       (double)(snapshot_table_cost(feed->table).allocations - before) / CHANGES / 2);
	return snapshot;
}

/*! \brief Who stops a snapshot's making after some time. */
struct stopper {
	atomic_bool stop;
	double after; /*!< Seconds. */
	double time;  /*!< When it was. */
};

static void *stop_later(void *ctx)
{
	struct stopper *stopper = ctx;
	(void)usleep((useconds_t)(stopper->after * 1e6));
	stopper->time = now(CLOCK_MONOTONIC);
	atomic_store(&stopper->stop, true);
	return NULL;
}

/*! \brief Puts a record into a table that may have been stopped. */
static void put_if(void *ctx, const char *owner, uint16_t type, const uint8_t *rdata, uint16_t len)
{
	const struct feed *feed = ctx;
	knot_dname_storage_t name = { 0 };
	(void)knot_dname_from_str(name, owner, sizeof(name));
	(void)snapshot_table_change(feed->table, feed->diff, name, type, rdata, len, 0);
}

/*! \brief Makes a snapshot and frees it; says when making ended, and when all was done. */
static void make_and_free(uint32_t tasks, struct stopper *stopper, double *made, double *done)
{
	struct snapshot *snapshot = NULL;
	struct feed feed = { snapshot_table_new(zone, 30), 1 };
	snapshot_table_set_stop(feed.table, &stopper->stop);
	for (uint32_t i = 0; i < tasks && !atomic_load(&stopper->stop); i++) {
		put_task(i, put_if, &feed);
	}
	(void)snapshot_table_commit(feed.table, &snapshot);
	*made = now(CLOCK_MONOTONIC);
	snapshot_unref(snapshot);
	snapshot_table_free(feed.table);
	*done = now(CLOCK_MONOTONIC);
}

/*! \brief Stops at all times of a snapshot's making; what is freed then counts. */
static void measure_stops(uint32_t tasks)
{
	struct stopper nobody = { .stop = false };
	double start = now(CLOCK_MONOTONIC), made, done, most = 0;
	make_and_free(tasks, &nobody, &made, &done);
	double whole = made - start;
	for (uint32_t i = 0; i < STOPS; i++) {
		struct stopper stopper = { .after = whole * (i + 0.5) / STOPS };
		pthread_t thread;
		if (pthread_create(&thread, NULL, stop_later, &stopper) != 0) {
			die("no thread");
		}
		make_and_free(tasks, &stopper, &made, &done);
		pthread_join(thread, NULL);
		if (stopper.time < made && done - stopper.time > most) {
			most = done - stopper.time;
		}
	}
	printf("whole %.3f\nstop-most %.0f\n", whole, most * 1e9);
}

static void measure(const char *what, uint32_t tasks)
{
	if (strcmp(what, "stop") == 0) {
		measure_stops(tasks);
		return;
	}
	double start = now(CLOCK_PROCESS_CPUTIME_ID);
	struct feed feed = { snapshot_table_new(zone, 30), 1 };
	for (uint32_t i = 0; i < tasks; i++) {
		put_task(i, put_new, &feed);
	}
	struct snapshot *snapshot = commit(&feed, NULL);
	printf("build %.3f\n", now(CLOCK_PROCESS_CPUTIME_ID) - start);
	struct snapshot_stats stats = snapshot_stats(snapshot);
	struct snapshot_table_cost cost = snapshot_table_cost(feed.table);
	printf("records %" PRIu32 "\nnames %" PRIu32 "\nbytes %zu\n", stats.records, stats.names,
	       stats.bytes);
	printf("memory %zu\nshards %" PRIu32 "\nhidden %" PRIu32 "\n", cost.memory, cost.shards,
	       cost.hidden);
	say_peak();
	if (strcmp(what, "change") == 0) {
		snapshot = measure_changes(&feed, snapshot, tasks);
		printf("memory-after %zu\n", snapshot_table_cost(feed.table).memory);
	} else if (strcmp(what, "find") == 0) {
		measure_finds(snapshot, tasks);
	}
	snapshot_unref(snapshot);
	snapshot_table_free(feed.table);
}

int main(int argc, char **argv)
{
	if (argc < 3 || argc > 4) {
		die("usage: snapshot build|change|find|stop TASKS [INSTANCES]");
	}
	if (argc > 3) {
		instances = (uint32_t)strtoul(argv[3], NULL, 10);
	}
	measure(argv[1], (uint32_t)strtoul(argv[2], NULL, 10));
	return 0;
}
