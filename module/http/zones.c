/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <urcu.h>

#include "module/base/util.h"
#include "module/http/zones.h"

struct http_zone {
	struct http_zone *next;
	struct http_source source;
	knot_dname_storage_t name;
	struct http_address *addresses;
	size_t count;  /*!< Of \a addresses. */
	size_t users;  /*!< Who holds it. */
	int64_t until; /*!< Until when it counts: CLOCK_MONOTONIC in ms. */
};

/*! \brief How long it is known that a zone has been here, in milliseconds. */
#define GONE_MS 10000

static struct {
	pthread_mutex_t lock;
	pthread_cond_t released;
	struct http_zone *zones; /*!< The last one first. */
	struct http_zone *gone;  /*!< Those that were there; their source is not. */
	struct zones_held *held;
} list = { .lock = PTHREAD_MUTEX_INITIALIZER, .released = PTHREAD_COND_INITIALIZER };

static bool is_at(const struct http_zone *zone, const struct http_address *address)
{
	for (size_t i = 0; i < zone->count; i++) {
		if (http_address_equal(&zone->addresses[i], address)) {
			return true;
		}
	}
	return false;
}

/*! \brief The first zone at an address, from one on; the list is locked. */
static struct http_zone *next_at(struct http_zone *zone, const struct http_address *address)
{
	while (zone != NULL && !is_at(zone, address)) {
		zone = zone->next;
	}
	return zone;
}

static void free_zone(struct http_zone *zone)
{
	free(zone->addresses);
	free(zone);
}

/*! \brief Forgets the zones that have been gone for long enough at a time; the list is locked. */
static void forget(int64_t now)
{
	for (struct http_zone **link = &list.gone; *link != NULL;) {
		struct http_zone *zone = *link;
		if (zone->until <= now) {
			*link = zone->next;
			free_zone(zone);
		} else {
			link = &zone->next;
		}
	}
}

/*! \brief True if a zone of that name is there; the list is locked. */
static bool is_there(const knot_dname_t *name)
{
	const struct http_zone *zone = list.zones;
	while (zone != NULL && !knot_dname_is_equal(zone->name, name)) {
		zone = zone->next;
	}
	return zone != NULL;
}

/*!
 * \brief The longest zone of a list that a name lies in, at an address; the first of those of one
 *        name. The list is locked.
 *
 * \param now  Those that have been gone for long enough then do not count.
 */
static const struct http_zone *longest(struct http_zone *zones, const struct http_address *address,
                                       const knot_dname_t *name, int64_t now)
{
	const struct http_zone *best = NULL;
	for (struct http_zone *zone = next_at(zones, address); zone != NULL;
	     zone = next_at(zone->next, address)) {
		if (zone->until > now && knot_dname_in_bailiwick(name, zone->name) >= 0 &&
		    (best == NULL || knot_dname_size(zone->name) > knot_dname_size(best->name))) {
			best = zone;
		}
	}
	return best;
}

struct http_zone *zones_add(const struct http_source *source, const struct http_address *addresses,
                            size_t count)
{
	struct http_zone *zone = calloc(1, sizeof(*zone));
	struct http_address *list_of = calloc(count, sizeof(*list_of));
	if (zone == NULL || list_of == NULL) {
		free(zone);
		free(list_of);
		return NULL;
	}
	zone->source = *source;
	zone->until = INT64_MAX;
	(void)knot_dname_to_wire(zone->name, source->name, sizeof(zone->name));
	zone->source.name = zone->name;
	zone->addresses = list_of;
	zone->count = count;
	memcpy(list_of, addresses, count * sizeof(*addresses));

	pthread_mutex_lock(&list.lock);
	zone->next = list.zones;
	list.zones = zone;
	pthread_mutex_unlock(&list.lock);
	return zone;
}

/*! \brief Tells who works on a zone to stop, and waits until nobody does; the list is locked. */
static void wait_for_users(const struct http_zone *zone)
{
	for (struct zones_held *held = list.held; held != NULL; held = held->next) {
		for (size_t i = 0; i < held->count; i++) {
			if (held->held[i] == zone) {
				atomic_store(&held->stop, true);
			}
		}
	}
	while (zone->users > 0) {
		pthread_cond_wait(&list.released, &list.lock);
	}
}

size_t zones_remove(struct http_zone *zone)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	pthread_mutex_lock(&list.lock);
	struct http_zone **link = &list.zones;
	while (*link != zone) {
		link = &(*link)->next;
	}
	*link = zone->next;
	/* From now on it is one that has gone: nobody sees the name missing in between. */
	zone->until = now + GONE_MS;
	zone->next = list.gone;
	list.gone = zone;
	wait_for_users(zone);
	if (is_there(zone->name)) {
		zone->until = now;
	}
	forget(now);
	size_t left = 0;
	for (const struct http_zone *other = list.zones; other != NULL; other = other->next) {
		left++;
	}
	pthread_mutex_unlock(&list.lock);
	return left;
}

void zones_forget(void)
{
	pthread_mutex_lock(&list.lock);
	forget(INT64_MAX);
	pthread_mutex_unlock(&list.lock);
}

size_t zones_addresses(struct http_address **out)
{
	pthread_mutex_lock(&list.lock);
	size_t count = 0, all = 0;
	for (const struct http_zone *zone = list.zones; zone != NULL; zone = zone->next) {
		all += zone->count;
	}
	*out = calloc(all + 1, sizeof(**out));
	for (const struct http_zone *zone = list.zones; *out != NULL && zone != NULL;
	     zone = zone->next) {
		for (size_t i = 0; i < zone->count; i++) {
			size_t known = 0;
			while (known < count &&
			       !http_address_equal(&(*out)[known], &zone->addresses[i])) {
				known++;
			}
			if (known == count) {
				(*out)[count++] = zone->addresses[i];
			}
		}
	}
	pthread_mutex_unlock(&list.lock);
	return *out != NULL ? count : SIZE_MAX;
}

void zones_log(const struct http_address *address, int priority, const char *text)
{
	pthread_mutex_lock(&list.lock);
	/* The first that came: the log would name another one after each reload. */
	struct http_zone *first = NULL;
	for (struct http_zone *zone = next_at(list.zones, address); zone != NULL;
	     zone = next_at(zone->next, address)) {
		first = zone;
	}
	if (first != NULL) {
		first->source.log(first->source.ctx, priority, text);
	}
	pthread_mutex_unlock(&list.lock);
}

int64_t zones_next_end(void)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC), next = INT64_MAX;
	pthread_mutex_lock(&list.lock);
	for (const struct http_zone *zone = list.gone; zone != NULL; zone = zone->next) {
		next = zone->until > now ? MIN(next, zone->until) : next;
	}
	pthread_mutex_unlock(&list.lock);
	return next;
}

/*! \brief How old a zone's records are, in ms. */
static int64_t age_of(const struct http_source *source)
{
	return clock_ms(CLOCK_MONOTONIC_COARSE) -
	       atomic_load_explicit(source->time, memory_order_relaxed);
}

/*! \brief Takes a counted reference of a zone's snapshot if it may be used; it is locked. */
static struct snapshot *take_snapshot(const struct http_source *source)
{
	rcu_read_lock();
	struct snapshot *snapshot = snapshot_ref(rcu_dereference(*source->snapshot));
	rcu_read_unlock();
	if (snapshot != NULL && source->max_age > 0 && age_of(source) > source->max_age) {
		snapshot_unref(snapshot);
		return NULL;
	}
	return snapshot;
}

enum zones_state zones_find(const struct http_address *address, const knot_dname_t *name,
                            struct snapshot **out)
{
	*out = NULL;
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	pthread_mutex_lock(&list.lock);
	const struct http_zone *best = longest(list.zones, address, name, now);
	const struct http_zone *gone = longest(list.gone, address, name, now);
	enum zones_state state = ZONES_NONE;
	if (gone != NULL &&
	    (best == NULL || knot_dname_size(gone->name) > knot_dname_size(best->name))) {
		/* knotd ends, maybe: that is no reason to say that the name is missing. */
		state = ZONES_NOT_READY;
	} else if (best != NULL) {
		*out = take_snapshot(&best->source);
		state = *out != NULL ? ZONES_READY : ZONES_NOT_READY;
	}
	pthread_mutex_unlock(&list.lock);
	return state;
}

/*! \brief Writes a line if a zone has nothing, or what it has is stale; true if not. */
static bool write_readiness(const struct http_source *source, struct http_body *out)
{
	knot_dname_txt_storage_t name;
	(void)knot_dname_to_str(name, source->name, sizeof(name));
	struct snapshot *snapshot = take_snapshot(source);
	bool is_there = snapshot != NULL;
	snapshot_unref(snapshot);

	int64_t age = age_of(source);
	if (is_there && age <= source->stale_after) {
		return true;
	}
	if (is_there) {
		(void)http_body_print(out, "%s: stale, last known to be true %lld s ago\n", name,
		                      (long long)age / 1000);
	} else {
		(void)http_body_print(out, "%s: no records\n", name);
	}
	return false;
}

/*! \brief Order of zones by name. */
static int compare(const void *a, const void *b)
{
	const struct http_zone *const *x = a, *const *y = b;
	return knot_dname_cmp((*x)->name, (*y)->name);
}

/*! \brief Lists the zones at an address, each name once, by name; it is locked. */
static size_t list_zones(const struct http_address *address, struct http_zone **out)
{
	size_t count = 0;
	for (struct http_zone *zone = next_at(list.zones, address); zone != NULL;
	     zone = next_at(zone->next, address)) {
		size_t known = 0;
		while (known < count && !knot_dname_is_equal(out[known]->name, zone->name)) {
			known++;
		}
		if (known == count) {
			out[count++] = zone;
		}
	}
	qsort(out, count, sizeof(*out), compare);
	return count;
}

/*! \brief Room for all zones, not less than one; it is locked. NULL if memory runs out. */
static struct http_zone **new_list(void)
{
	size_t count = 1;
	for (const struct http_zone *zone = list.zones; zone != NULL; zone = zone->next) {
		count++;
	}
	return calloc(count, sizeof(struct http_zone *));
}

bool zones_ready(const struct http_address *address, struct http_body *out)
{
	pthread_mutex_lock(&list.lock);
	struct http_zone **zones = new_list();
	size_t count = zones != NULL ? list_zones(address, zones) : 0;
	bool ready = count > 0;
	for (size_t i = 0; i < count; i++) {
		ready = write_readiness(&zones[i]->source, out) && ready;
	}
	pthread_mutex_unlock(&list.lock);
	free(zones);
	return ready;
}

/*! \brief Chooses the zone that is meant. */
static const struct http_source *choose(const struct zones_held *held, const knot_dname_t *name)
{
	for (size_t i = 0; i < held->count; i++) {
		const struct http_source *zone = held->zones[i];
		if (name == NULL ? !zone->reverse : knot_dname_is_equal(zone->name, name)) {
			return zone;
		}
	}
	return name == NULL && held->count > 0 ? held->zones[0] : NULL;
}

int zones_hold(const struct http_address *address, const knot_dname_t *name,
               struct zones_held *held)
{
	pthread_mutex_lock(&list.lock);
	held->held = new_list();
	held->count = held->held != NULL ? list_zones(address, held->held) : 0;
	held->zones = calloc(held->count + 1, sizeof(struct http_source *));
	int ret = held->held == NULL || held->zones == NULL ? KNOT_ENOMEM : KNOT_EOK;
	if (ret == KNOT_EOK) {
		for (size_t i = 0; i < held->count; i++) {
			held->zones[i] = &held->held[i]->source;
		}
		held->zone = choose(held, name);
		ret = held->zone == NULL ? KNOT_ENOZONE : KNOT_EOK;
	}
	if (ret == KNOT_EOK) {
		for (size_t i = 0; i < held->count; i++) {
			held->held[i]->users++;
		}
		held->time = atomic_load_explicit(held->zone->time, memory_order_relaxed);
		held->snapshot = take_snapshot(held->zone);
		held->next = list.held;
		list.held = held;
	}
	pthread_mutex_unlock(&list.lock);
	if (ret != KNOT_EOK) {
		free(held->held);
		free(held->zones);
	}
	return ret;
}

void zones_release(struct zones_held *held)
{
	snapshot_unref(held->snapshot);
	pthread_mutex_lock(&list.lock);
	struct zones_held **link = &list.held;
	while (*link != held) {
		link = &(*link)->next;
	}
	*link = held->next;
	for (size_t i = 0; i < held->count; i++) {
		held->held[i]->users--;
	}
	pthread_cond_broadcast(&list.released);
	pthread_mutex_unlock(&list.lock);
	free(held->held);
	free(held->zones);
}
