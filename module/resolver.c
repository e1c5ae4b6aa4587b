/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netdb.h>
#include <netinet/in.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "module/endpoint.h"
#include "module/resolver.h"
#include "module/util.h"

/*! \brief Longest sleep while look-ups are on their way. */
#define SLICE_MS 50

/*! \brief A name and what is known of it. */
struct lookup {
	struct lookup *next;
	struct gaicb request;
	struct addrinfo hints;
	bool wanted;  /*!< By this poll. */
	bool pending; /*!< The request belongs to glibc until it has ended. */
	struct address *list;
	uint32_t count;
	char name[ENDPOINT_HOST_MAX + 1];
};

struct resolver {
	const atomic_bool *stop;
	struct lookup *lookups;
	void *tree; /*!< The same lookups by name (tsearch()). */
	size_t count;
	int wait_ms; /*!< Left of the poll's waiting time. */
};

/*!
 * \brief Lookups that outlived their resolver: glibc cannot cancel one that has begun.
 *
 * Touched by resolver_new() and resolver_free() only, which run one at a time.
 */
static struct lookup *orphans;

static void free_lookup(struct lookup *lookup)
{
	free(lookup->list);
	free(lookup);
}

static void take_results(struct lookup *lookup)
{
	size_t count = 0;
	for (struct addrinfo *ai = lookup->request.ar_result; ai != NULL; ai = ai->ai_next) {
		count++;
	}
	lookup->list = calloc(count + 1, sizeof(*lookup->list));
	if (lookup->list == NULL) {
		return;
	}

	for (struct addrinfo *ai = lookup->request.ar_result; ai != NULL; ai = ai->ai_next) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)ai->ai_addr;
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)ai->ai_addr;
		struct address *addr = &lookup->list[lookup->count];
		if (ai->ai_family == AF_INET) {
			addr->len = sizeof(v4->sin_addr);
			memcpy(addr->bytes, &v4->sin_addr, addr->len);
			lookup->count++;
		} else if (ai->ai_family == AF_INET6) {
			addr->len = sizeof(v6->sin6_addr);
			memcpy(addr->bytes, &v6->sin6_addr, addr->len);
			lookup->count++;
		}
	}
}

/*! \brief Takes the request back from glibc if it has ended; true if it had, or never began. */
static bool harvest(struct lookup *lookup)
{
	if (!lookup->pending) {
		return true;
	}
	int ret = gai_error(&lookup->request);
	if (ret == EAI_INPROGRESS) {
		return false;
	}
	lookup->pending = false;
	if (ret == 0 && lookup->request.ar_result != NULL) {
		take_results(lookup);
		freeaddrinfo(lookup->request.ar_result);
	}
	lookup->request.ar_result = NULL;
	return true;
}

static void free_orphans(void)
{
	for (struct lookup **link = &orphans; *link != NULL;) {
		struct lookup *lookup = *link;
		if (harvest(lookup)) {
			*link = lookup->next;
			free_lookup(lookup);
		} else {
			link = &lookup->next;
		}
	}
}

struct resolver *resolver_new(const atomic_bool *stop)
{
	free_orphans();
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

/*! \brief Frees the lookups that nobody wants any more, but for those that cannot be cancelled. */
static void drop_unwanted(struct resolver *resolver)
{
	for (struct lookup **link = &resolver->lookups; *link != NULL;) {
		struct lookup *lookup = *link;
		if (lookup->wanted ||
		    (lookup->pending && gai_cancel(&lookup->request) == EAI_NOTCANCELED)) {
			link = &lookup->next;
			continue;
		}
		(void)harvest(lookup);
		*link = lookup->next;
		resolver->count--;
		(void)tdelete(lookup, &resolver->tree, compare);
		free_lookup(lookup);
	}
}

/*! \brief Drops results; requests on their way stay for the next poll to find. */
static void forget(struct resolver *resolver)
{
	for (struct lookup *lookup = resolver->lookups; lookup != NULL; lookup = lookup->next) {
		lookup->wanted = false;
		if (!lookup->pending) {
			free(lookup->list);
			lookup->list = NULL;
			lookup->count = 0;
		}
	}
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL) {
		return;
	}
	forget(resolver);
	drop_unwanted(resolver);
	while (resolver->lookups != NULL) {
		struct lookup *lookup = resolver->lookups;
		resolver->lookups = lookup->next;
		(void)tdelete(lookup, &resolver->tree, compare);
		lookup->next = orphans;
		orphans = lookup;
	}
	free(resolver);
	free_orphans();
}

void resolver_begin(struct resolver *resolver)
{
	resolver->wait_ms = RESOLVER_WAIT_MS;
	drop_unwanted(resolver);
	forget(resolver);
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

/*! \brief Starts a look-up; an address in text is its own result. */
static void start(struct lookup *lookup)
{
	lookup->list = calloc(1, sizeof(*lookup->list));
	if (lookup->list == NULL) {
		return;
	}
	struct text name = { .data = lookup->name, .len = strlen(lookup->name) };
	if (address_parse(name, lookup->list)) {
		lookup->count = 1;
		return;
	}
	free(lookup->list);
	lookup->list = NULL;

	lookup->hints = (struct addrinfo){ .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	lookup->request = (struct gaicb){ .ar_name = lookup->name, .ar_request = &lookup->hints };
	struct gaicb *list[] = { &lookup->request };
	lookup->pending = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL) == 0;
}

void resolver_want(struct resolver *resolver, struct text host)
{
	struct lookup *lookup = find(resolver, host);
	if (lookup == NULL) {
		lookup = resolver->count < RESOLVER_NAMES_MAX ? calloc(1, sizeof(*lookup)) : NULL;
		if (lookup == NULL) {
			return;
		}
		if (!set_name(lookup, host) || tsearch(lookup, &resolver->tree, compare) == NULL) {
			free(lookup);
			return;
		}
		lookup->next = resolver->lookups;
		resolver->lookups = lookup;
		resolver->count++;
		start(lookup);
	} else if (!lookup->wanted && !lookup->pending) {
		start(lookup);
	}
	lookup->wanted = true;
}

/*! \brief Takes what has come; true if something is still on its way. */
static bool is_waiting(struct resolver *resolver)
{
	bool waiting = false;
	for (struct lookup *lookup = resolver->lookups; lookup != NULL; lookup = lookup->next) {
		waiting = (!harvest(lookup) && lookup->wanted) || waiting;
	}
	return waiting;
}

void resolver_wait(struct resolver *resolver)
{
	/*
	 * Not gai_suspend(): in glibc 2.36 it can return while its wait list, on its stack, is
	 * still linked to a request that ends at the same moment, which then writes there.
	 */
	int slice_ms = 1;
	while (is_waiting(resolver) && resolver->wait_ms > 0 && !atomic_load(resolver->stop)) {
		struct timespec slice = { .tv_nsec = slice_ms * 1000000L };
		int64_t begin = clock_ms(CLOCK_MONOTONIC);
		(void)nanosleep(&slice, NULL);
		resolver->wait_ms -= (int)(clock_ms(CLOCK_MONOTONIC) - begin) + 1;
		slice_ms = MIN(2 * slice_ms, SLICE_MS);
	}
}

struct state_addresses resolver_get(struct resolver *resolver, struct text host)
{
	const struct lookup *lookup = find(resolver, host);
	if (lookup == NULL || lookup->pending) {
		return (struct state_addresses){ 0 };
	}
	return (struct state_addresses){ .list = lookup->list, .count = lookup->count };
}
