/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Sorts linked lists of any length without holding up who wants to stop.
 *
 *     struct item { struct link link; int number; };
 *     bool done = sort_list(&first, compare_items, ctx, &stop);
 *
 * - A merge sort: n * log n steps whatever the order was, few where stretches of the list rise or
 *   fall already; stable; no memory of its own.
 * - One thread at a time for a list.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

/*! \brief First member of what is in a list. */
struct link {
	struct link *next; /*!< NULL in the last. */
};

/*! \brief Tells which comes first: below, equal to or above 0, as for qsort_r(). */
typedef int (*sort_compare_f)(const struct link *a, const struct link *b, void *ctx);

/*!
 * \brief Sorts a list.
 *
 * \param first  In and out: its first item; NULL if it is empty.
 * \param ctx    Third parameter of \a compare.
 * \param stop   Looked at now and then; NULL if nobody wants to stop.
 *
 * \return False if \a stop was set; then the list is of no use.
 */
bool sort_list(struct link **first, sort_compare_f compare, void *ctx, const atomic_bool *stop);
