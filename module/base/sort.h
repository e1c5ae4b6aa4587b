/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Sorts arrays of any length without holding up who wants to stop.
 *
 *     struct sort_item items[] = { { hash(a), a }, { hash(b), b } };
 *     bool done = sort_keyed(items, 2, compare_items, &stop);
 *
 * - No memory of its own, some 20 KiB of stack. Not stable.
 * - Whatever the order was, time grows with n (keys that are evenly spread, such as hashes) or
 *   n * log n (what has one key); pivots are chosen at random, so that nobody can spoil them.
 * - Any thread.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! \brief What is sorted; who sorts by comparison alone may put anything in both members. */
struct sort_item {
	uint64_t key;
	const void *item;
};

/*! \brief Tells which comes first: below, equal to or above 0. */
typedef int (*sort_compare_f)(const struct sort_item *a, const struct sort_item *b);

/*!
 * \brief Sorts by key, and items of one key by comparison.
 *
 * \param stop  Looked at now and then; NULL if nobody wants to stop.
 *
 * \return False if \a stop was set; then the items are in no order.
 */
bool sort_keyed(struct sort_item *items, size_t count, sort_compare_f compare,
                const atomic_bool *stop);

/*! \brief Sorts by comparison alone; as sort_keyed(). */
bool sort_compared(struct sort_item *items, size_t count, sort_compare_f compare,
                   const atomic_bool *stop);
