/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief How many records of a task there may be, so that a zone's octets fit.
 *
 *     struct limit *limit = calloc(1, sizeof(*limit));
 *     // for every object, with records_rules.task_max of 0 and nothing put:
 *     struct records_output output = { .put = NULL };
 *     if (records_of(&rules, change->kind, &change->after, &output) == KNOT_EOK) {
 *         limit_add(limit, change->kind, &output);
 *     }
 *     rules.task_max = limit_find(limit, RECORDS_OCTETS_MAX);
 *
 * - What is too much costs the tasks that make the most records what they make too much. Who that
 *   is does not depend on any order of tasks.
 * - No allocation but the caller's (256 KiB); one thread at a time.
 */
#pragma once

#include "module/records/records.h"

/*! \brief What there is; all zeros at first. */
struct limit {
	uint64_t others; /*!< Octets of what is no task's. */
	/*! Of tasks with so many records: octets of all of them... */
	uint64_t octets[RECORDS_TASK_MAX + 1];
	/*! ... and what they have at most if each has one record. */
	uint64_t widest[RECORDS_TASK_MAX + 1];
};

/*! \brief Adds an object, by what its records came to. */
void limit_add(struct limit *limit, enum inventory_kind kind, const struct records_output *output);

/*! \brief Takes one away again. */
void limit_remove(struct limit *limit, enum inventory_kind kind,
                  const struct records_output *output);

/*!
 * \brief Finds the most records of a task with which all octets fit.
 *
 * \return 1 to RECORDS_TASK_MAX; 1 also if nothing fits.
 */
uint32_t limit_find(const struct limit *limit, uint64_t octets_max);
