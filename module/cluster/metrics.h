/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What /metrics says of a zone: all counters of counters.h, and what knotc has no place for.
 *
 * Each counter has a family of metrics here, found by the counter's name; a test sees that none is
 * missing.
 */
#pragma once

#include "module/cluster/counters.h"
#include "module/http/metrics.h"

/*! \brief What is told beside the counters. */
struct metrics_more {
	bool has_age;             /*!< There is a snapshot. */
	uint64_t age;             /*!< How long ago it was last known to be true, in ms. */
	uint64_t inventory_bytes; /*!< Memory of what is known of the cluster. */
};

/*!
 * \brief The family of a counter.
 *
 * \param counter  Its name, as knotc shows it.
 * \param index    Name of the index, or NULL.
 *
 * \return NULL if it has none (a test sees that all have one).
 */
const struct http_family *metrics_family(const char *counter, const char *index);

/*!
 * \brief Tells all metrics of a zone.
 *
 * \param answers  What its workers have counted.
 */
void metrics_tell(struct http_counters *out, const struct counters_polls *polls,
                  const struct counters_view *view, const struct stats *answers,
                  const struct metrics_more *more);
