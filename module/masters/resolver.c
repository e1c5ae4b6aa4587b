/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "module/masters/endpoint.h"
#include "module/masters/resolver.h"
#include "module/masters/resolver_pool.h"
#include "module/base/util.h"

/*! \brief Longest sleep while look-ups are on their way. */
#define SLICE_MS 50

/*! \brief A name and what is known of it. */
struct lookup {
	struct lookup *next;
	struct pool_job *job; /*!< On its way, maybe since an earlier poll; or NULL. */
	enum resolver_whose whose;
	bool wanted;          /*!< By this poll. */
	bool slow;            /*!< Took longer than a poll waits, last time. */
	struct address *list; /*!< As of the last look-up that ended. */
	uint32_t count;
	struct address *former; /*!< What may have been returned by this poll before that. */
	char name[ENDPOINT_HOST_MAX + 1];
};

struct resolver {
	const atomic_bool *stop;
	struct lookup *lookups;
	void *tree;      /*!< The same lookups by name (tsearch()). */
	size_t count[2]; /*!< By enum resolver_whose. */
	int wait_ms;     /*!< Left of the poll's waiting time. */
};

static void free_lookup(struct lookup *lookup)
{
	free(lookup->former);
	free(lookup->list);
	free(lookup);
}

/*! \brief Takes what has come; true if nothing is on its way. */
static bool harvest(struct lookup *lookup)
{
	struct pool_result result;
	if (lookup->job == NULL) {
		return true;
	}
	if (!pool_take(lookup->job, &result)) {
		return false;
	}
	lookup->job = NULL;
	/* At most one look-up of a name ends during a poll. */
	lookup->former = lookup->list;
	lookup->list = result.list;
	lookup->count = result.count;
	lookup->slow = result.ms > RESOLVER_WAIT_MS;
	return true;
}

struct resolver *resolver_new(const atomic_bool *stop)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	if (resolver != NULL) {
		resolver->stop = stop;
	}
	return resolver;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct lookup *)a)->name, ((const struct lookup *)b)->name);
}

/*! \brief Frees the lookups that the last poll did not want, but for those under way. */
static void drop_unwanted(struct resolver *resolver)
{
	for (struct lookup **link = &resolver->lookups; *link != NULL;) {
		struct lookup *lookup = *link;
		if (lookup->wanted || (!harvest(lookup) && !pool_cancel(lookup->job))) {
			link = &lookup->next;
			continue;
		}
		*link = lookup->next;
		resolver->count[lookup->whose]--;
		(void)tdelete(lookup, &resolver->tree, compare);
		free_lookup(lookup);
	}
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL) {
		return;
	}
	while (resolver->lookups != NULL) {
		struct lookup *lookup = resolver->lookups;
		resolver->lookups = lookup->next;
		if (lookup->job != NULL) {
			pool_abandon(lookup->job);
		}
		(void)tdelete(lookup, &resolver->tree, compare);
		free_lookup(lookup);
	}
	free(resolver);
}

void resolver_begin(struct resolver *resolver)
{
	resolver->wait_ms = RESOLVER_WAIT_MS;
	drop_unwanted(resolver);
	for (struct lookup *lookup = resolver->lookups; lookup != NULL; lookup = lookup->next) {
		lookup->wanted = false;
		free(lookup->former);
		lookup->former = NULL;
	}
}

/*! \brief Fills in what a look-up goes by; false if no host has such a name. */
static bool set_name(struct lookup *lookup, struct text host)
{
	struct endpoint endpoint;
	if (!endpoint_set(&endpoint, host, 1, false)) {
		return false;
	}
	memcpy(lookup->name, endpoint.host, sizeof(lookup->name));
	return true;
}

static struct lookup *find(const struct resolver *resolver, struct text host)
{
	struct lookup key;
	if (!set_name(&key, host)) {
		return NULL;
	}
	struct lookup *const *found = tfind(&key, &resolver->tree, compare);
	return found != NULL ? *found : NULL;
}

/*! \brief Where to stand in line: with names that went as well last time. */
static enum pool_lane choose_lane(const struct lookup *lookup)
{
	bool ours = lookup->whose == RESOLVER_OURS;
	if (lookup->slow) {
		return ours ? POOL_OURS_SLOW : POOL_STRANGERS_SLOW;
	}
	if (lookup->count > 0) {
		return ours ? POOL_OURS_KNOWN : POOL_STRANGERS_KNOWN;
	}
	return ours ? POOL_OURS_NEW : POOL_STRANGERS_NEW;
}

/*! \brief Starts a look-up; an address in text is its own result. */
static void start(struct lookup *lookup)
{
	struct text name = { .data = lookup->name, .len = strlen(lookup->name) };
	struct address literal;
	if (!address_parse(name, &literal)) {
		lookup->job = pool_start(lookup->name, choose_lane(lookup));
		return;
	}
	if (lookup->list == NULL) {
		lookup->list = calloc(1, sizeof(*lookup->list));
	}
	if (lookup->list != NULL) {
		lookup->list[0] = literal;
		lookup->count = 1;
	}
}

/*! \brief Adds a name; NULL if it is none, or there is no room for more. */
static struct lookup *add(struct resolver *resolver, struct text host, enum resolver_whose whose)
{
	if (resolver->count[whose] >= RESOLVER_NAMES_MAX) {
		return NULL;
	}
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL) {
		return NULL;
	}
	if (!set_name(lookup, host) || tsearch(lookup, &resolver->tree, compare) == NULL) {
		free(lookup);
		return NULL;
	}
	lookup->whose = whose;
	lookup->next = resolver->lookups;
	resolver->lookups = lookup;
	resolver->count[whose]++;
	return lookup;
}

/*! \brief Notes that a stranger's name is one of ours, too: it may not wait for strangers'. */
static void make_ours(struct resolver *resolver, struct lookup *lookup)
{
	resolver->count[lookup->whose]--;
	lookup->whose = RESOLVER_OURS;
	resolver->count[lookup->whose]++;
	if (lookup->job != NULL) {
		pool_move(lookup->job, choose_lane(lookup));
	}
}

void resolver_want(struct resolver *resolver, struct text host, enum resolver_whose whose)
{
	struct lookup *lookup = find(resolver, host);
	if (lookup == NULL) {
		lookup = add(resolver, host, whose);
		if (lookup == NULL) {
			return;
		}
	}
	if (whose == RESOLVER_OURS && lookup->whose != whose) {
		make_ours(resolver, lookup);
	}
	if (!lookup->wanted && lookup->job == NULL) {
		start(lookup);
	}
	lookup->wanted = true;
}

/*! \brief Takes what has come; true if something is still on its way that \a only wants, or any. */
static bool is_waiting(struct resolver *resolver, struct lookup *only)
{
	if (only != NULL) {
		return !harvest(only);
	}
	bool waiting = false;
	for (struct lookup *lookup = resolver->lookups; lookup != NULL; lookup = lookup->next) {
		waiting = (lookup->wanted && !harvest(lookup)) || waiting;
	}
	return waiting;
}

/*! \brief Waits for one name, or for all for NULL. */
static void wait_for(struct resolver *resolver, struct lookup *only)
{
	int slice_ms = 1;
	while (is_waiting(resolver, only) && resolver->wait_ms > 0 &&
	       !atomic_load(resolver->stop)) {
		struct timespec slice = { .tv_nsec = slice_ms * 1000000L };
		int64_t begin = clock_ms(CLOCK_MONOTONIC);
		(void)nanosleep(&slice, NULL);
		resolver->wait_ms -= (int)(clock_ms(CLOCK_MONOTONIC) - begin) + 1;
		slice_ms = MIN(2 * slice_ms, SLICE_MS);
	}
}

void resolver_want_endpoint(struct resolver *resolver, const struct endpoint *endpoint)
{
	struct text host = { endpoint->host, strlen(endpoint->host) };
	resolver_want(resolver, host, RESOLVER_OURS);
}

bool resolver_look(struct resolver *resolver, bool *is_news)
{
	bool waiting = false;
	for (struct lookup *lookup = resolver->lookups; lookup != NULL; lookup = lookup->next) {
		bool was_waiting = lookup->wanted && lookup->job != NULL;
		if (was_waiting && harvest(lookup)) {
			*is_news = true;
		} else {
			waiting = waiting || was_waiting;
		}
	}
	return waiting;
}

void resolver_wait(struct resolver *resolver)
{
	wait_for(resolver, NULL);
}

struct state_addresses resolver_get(struct resolver *resolver, struct text host)
{
	const struct lookup *lookup = find(resolver, host);
	if (lookup == NULL) {
		return (struct state_addresses){ 0 };
	}
	return (struct state_addresses){ .list = lookup->list, .count = lookup->count };
}

struct state_addresses resolver_find(struct resolver *resolver, struct text host)
{
	resolver_want(resolver, host, RESOLVER_OURS);
	struct lookup *lookup = find(resolver, host);
	if (lookup != NULL) {
		wait_for(resolver, lookup);
	}
	return resolver_get(resolver, host);
}
