/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Linked lists that are sorted once they are whole.
 *
 *     struct thing { struct list_item item; int number; };
 *     int ret = list_sort(&first, compare_things, &stop);
 */
#pragma once

#include "module/base/sort.h"

/*! \brief First member of what is in a list. */
struct list_item {
	struct list_item *next; /*!< NULL in the last. */
};

/*!
 * \brief Sorts a list. Any thread, one at a time for a list.
 *
 * \param first    In and out: its first item; NULL if it is empty.
 * \param compare  Gets items of the list as sort_item.item.
 * \param stop     Looked at now and then; NULL if nobody wants to stop.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ECONNABORTED  Stopped; the list is as it was.
 * \retval KNOT_ENOMEM        The list is as it was.
 */
int list_sort(struct list_item **first, sort_compare_f compare, const atomic_bool *stop);
