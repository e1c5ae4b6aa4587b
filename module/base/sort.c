/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>

#include "module/base/sort.h"

/*! \brief Lists of 2^0, 2^1, ... runs: more than memory can hold. */
#define BINS 48

/*! \brief Comparisons between two looks at whether to stop: some hundred microseconds. */
#define STEPS 4096

/*! \brief One run of sort_list(). */
struct sorter {
	sort_compare_f compare;
	void *ctx;
	const atomic_bool *stop;
	unsigned steps;
	bool stopped;
};

static bool is_stopped(struct sorter *s)
{
	if (++s->steps % STEPS == 0 && s->stop != NULL && atomic_load(s->stop)) {
		s->stopped = true;
	}
	return s->stopped;
}

/*! \brief Merges two lists; of equal items those of \a a come first. */
static struct link *merge(struct sorter *s, struct link *a, struct link *b)
{
	struct link *first = NULL, **end = &first;
	while (a != NULL && b != NULL && !is_stopped(s)) {
		struct link **least = s->compare(a, b, s->ctx) <= 0 ? &a : &b;
		*end = *least;
		end = &(*least)->next;
		*least = *end;
	}
	*end = a != NULL ? a : b;
	return first;
}

/*! \brief Takes the items off a list that rise already, or fall: those are turned round. */
static struct link *take_run(struct sorter *s, struct link **list)
{
	struct link *first = *list, *last = first, *next = first->next;
	if (next != NULL && s->compare(first, next, s->ctx) > 0) {
		while (next != NULL && !is_stopped(s) && s->compare(first, next, s->ctx) > 0) {
			struct link *after = next->next;
			next->next = first;
			first = next;
			next = after;
		}
	} else {
		while (next != NULL && !is_stopped(s) && s->compare(last, next, s->ctx) <= 0) {
			last = next;
			next = next->next;
		}
	}
	last->next = NULL;
	*list = next;
	return first;
}

bool sort_list(struct link **first, sort_compare_f compare, void *ctx, const atomic_bool *stop)
{
	struct sorter s = { .compare = compare, .ctx = ctx, .stop = stop };
	struct link *bins[BINS]; /* The first ones are in use: most lists are short. */
	size_t count = 0;

	for (struct link *rest = *first; rest != NULL && !s.stopped;) {
		struct link *run = take_run(&s, &rest);
		size_t i = 0;
		for (; i < count && bins[i] != NULL; i++) {
			run = merge(&s, bins[i], run);
			bins[i] = NULL;
		}
		count += i == count;
		bins[i] = run;
	}

	*first = NULL;
	for (size_t i = 0; i < count && !s.stopped; i++) {
		*first = merge(&s, bins[i], *first);
	}
	return !s.stopped;
}
