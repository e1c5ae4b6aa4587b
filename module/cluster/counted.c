/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "module/base/util.h"
#include "module/cluster/counted.h"

/*! \brief One zone's and section's. */
struct counted {
	struct counted *next;
	struct stats *stats;
	uint32_t refs;
	int64_t until; /*!< CLOCK_MONOTONIC in ms; of meaning without references. */
	knot_dname_storage_t zone;
	char id[];
};

static struct {
	pthread_mutex_t lock;
	struct counted *list;
} store = { .lock = PTHREAD_MUTEX_INITIALIZER };

/*! \brief Frees what nobody has had for long enough at a time; the lock is held. */
static void expire(int64_t now)
{
	for (struct counted **link = &store.list; *link != NULL;) {
		struct counted *counted = *link;
		if (counted->refs == 0 && counted->until <= now) {
			*link = counted->next;
			free(counted->stats);
			free(counted);
		} else {
			link = &counted->next;
		}
	}
}

/*! \brief Makes a new one without references; NULL if memory runs out. The lock is held. */
static struct counted *add(const knot_dname_t *zone, const char *id, uint32_t workers)
{
	struct counted *counted = calloc(1, sizeof(*counted) + strlen(id) + 1);
	if (counted == NULL) {
		return NULL;
	}
	counted->stats = stats_new(workers);
	if (counted->stats == NULL) {
		free(counted);
		return NULL;
	}
	(void)knot_dname_to_wire(counted->zone, zone, sizeof(counted->zone));
	strcpy(counted->id, id);
	counted->next = store.list;
	store.list = counted;
	return counted;
}

struct stats *counted_get(const knot_dname_t *zone, const char *id, uint32_t workers)
{
	pthread_mutex_lock(&store.lock);
	expire(clock_ms(CLOCK_MONOTONIC));
	struct counted *counted = store.list;
	while (counted != NULL &&
	       (!knot_dname_is_equal(counted->zone, zone) || strcmp(counted->id, id) != 0 ||
	        counted->stats->workers_count < workers)) {
		counted = counted->next;
	}
	if (counted == NULL) {
		counted = add(zone, id, workers);
	}
	struct stats *stats = NULL;
	if (counted != NULL) {
		counted->refs++;
		stats = counted->stats;
	}
	pthread_mutex_unlock(&store.lock);
	return stats;
}

void counted_put(struct stats *stats)
{
	if (stats == NULL) {
		return;
	}
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	pthread_mutex_lock(&store.lock);
	struct counted *counted = store.list;
	while (counted->stats != stats) {
		counted = counted->next;
	}
	counted->refs--;
	counted->until = now + COUNTED_MS;
	expire(now);
	pthread_mutex_unlock(&store.lock);
}

/*! \brief The process ends. */
__attribute__((destructor)) static void free_all(void)
{
	expire(INT64_MAX);
}
