/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/base/sort.h"

/*! \brief So few items are sorted by insertion. */
#define FEW 24

/*! \brief Bits of the key that one pass looks at. */
#define PASS_BITS 8

#define PASS_KEYS (1U << PASS_BITS)

/*! \brief Items between two looks at whether to stop: some hundred microseconds. */
#define STEPS 4096

/*! \brief One call. */
struct sorter {
	sort_compare_f compare;
	const atomic_bool *stop;
	uint64_t random;
	size_t steps; /*!< Items that were gone through since the last look. */
	bool is_keyed;
	bool stopped;
};

static bool is_stopped(struct sorter *s, size_t items)
{
	s->steps += items;
	if (s->steps >= STEPS && s->stop != NULL) {
		s->steps = 0;
		s->stopped = s->stopped || atomic_load_explicit(s->stop, memory_order_relaxed);
	}
	return s->stopped;
}

static int compare(const struct sorter *s, const struct sort_item *a, const struct sort_item *b)
{
	if (s->is_keyed && a->key != b->key) {
		return a->key < b->key ? -1 : 1;
	}
	return s->compare(a, b);
}

static void swap(struct sort_item *a, struct sort_item *b)
{
	struct sort_item item = *a;
	*a = *b;
	*b = item;
}

static void insert(const struct sorter *s, struct sort_item *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct sort_item item = items[i];
		size_t place = i;
		for (; place > 0 && compare(s, &items[place - 1], &item) > 0; place--) {
			items[place] = items[place - 1];
		}
		items[place] = item;
	}
}

/*! \brief An index below \a count, as good as any other (xorshift64). */
static size_t pick(struct sorter *s, size_t count)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random % count;
}

/*! \brief Puts what is less than one of the items before, and what is greater behind its likes. */
static void part(struct sorter *s, struct sort_item *items, size_t count, size_t *less,
                 size_t *greater)
{
	struct sort_item pivot = items[pick(s, count)];
	size_t low = 0, high = count;
	for (size_t i = 0; i < high && !is_stopped(s, 1);) {
		int diff = compare(s, &items[i], &pivot);
		if (diff < 0) {
			swap(&items[i++], &items[low++]);
		} else if (diff > 0) {
			swap(&items[i], &items[--high]);
		} else {
			i++;
		}
	}
	*less = low;
	*greater = count - high;
}

static void sort_quickly(struct sorter *s, struct sort_item *items, size_t count)
{
	/* The larger part in the loop: the smaller one is at most half of all. */
	while (count > FEW && !s->stopped) {
		size_t less, greater;
		part(s, items, count, &less, &greater);
		struct sort_item *behind = items + count - greater;
		if (less < greater) {
			sort_quickly(s, items, less);
			items = behind;
			count = greater;
		} else {
			sort_quickly(s, behind, greater);
			count = less;
		}
	}
	if (!s->stopped) {
		insert(s, items, count);
	}
}

static unsigned key_at(const struct sort_item *item, unsigned shift)
{
	return item->key >> shift & (PASS_KEYS - 1);
}

/*! \brief Puts each item where those of its key at \a shift are to be; says where these end. */
static void distribute(struct sort_item *items, size_t count, unsigned shift,
                       size_t ends[static PASS_KEYS])
{
	size_t next[PASS_KEYS] = { 0 }, sum = 0;
	for (size_t i = 0; i < count; i++) {
		next[key_at(&items[i], shift)]++;
	}
	for (unsigned key = 0; key < PASS_KEYS; key++) {
		size_t here = next[key];
		next[key] = sum;
		sum += here;
		ends[key] = sum;
	}
	for (unsigned key = 0; key < PASS_KEYS; key++) {
		while (next[key] < ends[key]) {
			struct sort_item *item = &items[next[key]];
			unsigned home = key_at(item, shift);
			if (home == key) {
				next[key]++;
			} else {
				swap(item, &items[next[home]++]);
			}
		}
	}
}

/*! \brief Sorts items whose keys are the same but for their lowest \a bits. */
static void sort_by_key(struct sorter *s, struct sort_item *items, size_t count, unsigned bits)
{
	if (bits == 0 || count <= FEW) {
		sort_quickly(s, items, count);
		return;
	}
	size_t ends[PASS_KEYS], start = 0;
	distribute(items, count, bits - PASS_BITS, ends);
	for (unsigned key = 0; key < PASS_KEYS && !is_stopped(s, ends[key] - start); key++) {
		sort_by_key(s, items + start, ends[key] - start, bits - PASS_BITS);
		start = ends[key];
	}
}

bool sort_keyed(struct sort_item *items, size_t count, sort_compare_f compare_f,
                const atomic_bool *stop)
{
	struct sorter s = { .compare = compare_f, .stop = stop, .is_keyed = true };
	s.random = (uintptr_t)items | 1;
	sort_by_key(&s, items, count, 64);
	return !s.stopped;
}

bool sort_compared(struct sort_item *items, size_t count, sort_compare_f compare_f,
                   const atomic_bool *stop)
{
	struct sorter s = { .compare = compare_f, .stop = stop };
	s.random = (uintptr_t)items | 1;
	sort_quickly(&s, items, count);
	return !s.stopped;
}
