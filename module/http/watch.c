/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "module/base/util.h"
#include "module/http/watch.h"

/*! \brief What is waited for. */
struct watch {
	struct watch *next;
	struct http_address address;
	struct lookup lookup;
	uint64_t index; /*!< Of the answer that the waiters know. */
	struct waiter *waiters;
};

static struct {
	struct watch *watches;
	int64_t next; /*!< When somebody's time is up at the earliest; INT64_MAX: never. */
} state = { .next = INT64_MAX };

enum zones_state watch_index(const struct http_address *address, const struct lookup *lookup,
                             uint64_t *index)
{
	struct snapshot *snapshot;
	knot_dname_storage_t root = { 0 };
	enum zones_state found = zones_find(address, lookup->valid ? lookup->name : root,
	                                    &snapshot);
	(void)lookup_answer(lookup, snapshot, NULL, index);
	snapshot_unref(snapshot);
	return found;
}

static bool is_of(const struct watch *watch, const struct http_address *address,
                  const struct lookup *lookup)
{
	return watch->lookup.service == lookup->service && watch->lookup.valid == lookup->valid &&
	       (!lookup->valid || knot_dname_is_equal(watch->lookup.name, lookup->name)) &&
	       http_address_equal(&watch->address, address);
}

/*! \brief Takes a request out of its watch. */
static void take_out(struct waiter *waiter)
{
	*waiter->link = waiter->next;
	if (waiter->next != NULL) {
		waiter->next->link = waiter->link;
	}
	waiter->watch = NULL;
}

/*! \brief Goes on with all that wait for something else than the present answer. */
static void update(struct watch *watch, uint64_t index)
{
	if (watch->index == index) {
		return;
	}
	watch->index = index;
	for (struct waiter *waiter = watch->waiters, *next; waiter != NULL; waiter = next) {
		next = waiter->next;
		waiter->watch = NULL;
		peer_resume(waiter->peer);
	}
	watch->waiters = NULL;
}

static struct watch *get_watch(const struct http_address *address, const struct lookup *lookup)
{
	struct watch *watch = state.watches;
	while (watch != NULL && !is_of(watch, address, lookup)) {
		watch = watch->next;
	}
	if (watch == NULL && (watch = calloc(1, sizeof(*watch))) != NULL) {
		watch->address = *address;
		watch->lookup = *lookup;
		watch->lookup.asked = NULL;
		watch->next = state.watches;
		state.watches = watch;
	}
	return watch;
}

/*! \brief Frees the watches that nobody has any more. */
static void sweep(void)
{
	for (struct watch **link = &state.watches; *link != NULL;) {
		struct watch *watch = *link;
		if (watch->waiters == NULL) {
			*link = watch->next;
			free(watch);
		} else {
			link = &watch->next;
		}
	}
}

int watch_add(struct waiter *waiter, const struct http_address *address,
              const struct lookup *lookup, uint64_t index)
{
	struct watch *watch = get_watch(address, lookup);
	if (watch == NULL) {
		return KNOT_ENOMEM;
	}
	/* There has been a publication that nobody has told of yet. */
	update(watch, index);
	if (!peer_suspend(waiter->peer, true)) {
		sweep();
		return KNOT_ELIMIT;
	}
	waiter->watch = watch;
	waiter->link = &watch->waiters;
	waiter->next = watch->waiters;
	if (waiter->next != NULL) {
		waiter->next->link = &waiter->next;
	}
	watch->waiters = waiter;
	state.next = MIN(state.next, waiter->until);
	return KNOT_EOK;
}

void watch_remove(struct waiter *waiter)
{
	struct watch *watch = waiter->watch;
	if (watch == NULL) {
		return;
	}
	take_out(waiter);
	if (watch->waiters == NULL) {
		sweep();
	}
}

void watch_check(void)
{
	for (struct watch *watch = state.watches; watch != NULL; watch = watch->next) {
		uint64_t index;
		if (watch_index(&watch->address, &watch->lookup, &index) != ZONES_NOT_READY) {
			update(watch, index);
		}
	}
	sweep();
}

void watch_expire(void)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	if (now < state.next) {
		return;
	}
	state.next = INT64_MAX;
	for (struct watch *watch = state.watches; watch != NULL; watch = watch->next) {
		for (struct waiter *waiter = watch->waiters, *next; waiter != NULL; waiter = next) {
			next = waiter->next;
			if (now >= waiter->until) {
				take_out(waiter);
				peer_resume(waiter->peer);
			} else {
				state.next = MIN(state.next, waiter->until);
			}
		}
	}
	sweep();
}

int watch_timeout(void)
{
	if (state.next == INT64_MAX) {
		return -1;
	}
	int64_t left = state.next - clock_ms(CLOCK_MONOTONIC);
	return left > 0 ? (int)MIN(left, INT32_MAX) : 0;
}
