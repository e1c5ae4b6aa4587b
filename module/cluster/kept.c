/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "module/cluster/kept.h"
#include "module/base/util.h"

/*! \brief One zone's. */
struct kept {
	struct kept *next;
	int64_t until; /*!< CLOCK_MONOTONIC in ms. */
	struct served served;
	knot_dname_storage_t zone;
	char id[];
};

static struct {
	pthread_mutex_t lock;
	struct kept *list;
} store = { .lock = PTHREAD_MUTEX_INITIALIZER };

void served_drop(struct served *served)
{
	snapshot_unref(served->snapshot);
	stock_unref(served->stock);
	*served = (struct served){ 0 };
}

/*! \brief Takes out the first that is for this zone and section, or for NULL the first too old. */
static struct kept *take_out(const knot_dname_t *zone, const char *id, int64_t now)
{
	pthread_mutex_lock(&store.lock);
	struct kept **link = &store.list;
	while (*link != NULL && (zone != NULL ? !knot_dname_is_equal((*link)->zone, zone) ||
	                                                strcmp((*link)->id, id) != 0
	                                      : (*link)->until > now)) {
		link = &(*link)->next;
	}
	struct kept *found = *link;
	if (found != NULL) {
		*link = found->next;
	}
	pthread_mutex_unlock(&store.lock);
	return found;
}

void kept_put(const knot_dname_t *zone, const char *id, struct served *served)
{
	struct served older = kept_take(zone, id);
	served_drop(&older);

	struct kept *kept = calloc(1, sizeof(*kept) + strlen(id) + 1);
	if (kept == NULL) {
		served_drop(served);
		return;
	}
	kept->until = clock_ms(CLOCK_MONOTONIC) + KEPT_MS;
	kept->served = *served;
	(void)knot_dname_to_wire(kept->zone, zone, sizeof(kept->zone));
	strcpy(kept->id, id);

	pthread_mutex_lock(&store.lock);
	kept->next = store.list;
	store.list = kept;
	pthread_mutex_unlock(&store.lock);
}

struct served kept_take(const knot_dname_t *zone, const char *id)
{
	struct served served = { 0 };
	struct kept *kept = take_out(zone, id, 0);
	if (kept != NULL) {
		served = kept->served;
		free(kept);
	}
	return served;
}

/*! \brief Frees what is too old at a time. */
static void expire(int64_t now)
{
	struct kept *kept;
	while ((kept = take_out(NULL, NULL, now)) != NULL) {
		served_drop(&kept->served);
		free(kept);
	}
}

void kept_expire(void)
{
	expire(clock_ms(CLOCK_MONOTONIC));
}

/*! \brief The process ends. */
__attribute__((destructor)) static void free_all(void)
{
	expire(INT64_MAX);
}
