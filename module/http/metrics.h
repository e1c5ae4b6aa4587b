/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Numbers for Prometheus: what whoever has a zone to serve tells of it.
 *
 *     static const struct http_family polls = {
 *             .name = "mesos_dns_polls", .type = HTTP_COUNTER, .label = "result",
 *             .help = "Polls of the masters, by how they ended",
 *     };
 *     http_counters_add(out, &polls, "ok", 17);
 *
 * /metrics writes the families in the order of the first zone, each with the samples of all zones,
 * as OpenMetrics 1.0 or as Prometheus's older text format (0.0.4).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*! \brief Most samples of a zone; what is more is passed over. */
#define HTTP_SAMPLES_MAX 128

/*! \brief What a number is. */
enum http_metric_type {
	HTTP_COUNTER, /*!< Only grows, or begins anew. */
	HTTP_GAUGE,   /*!< What is now. */
};

/*! \brief Numbers of one meaning. */
struct http_family {
	const char *name; /*!< With its unit at the end, without `_total`. */
	enum http_metric_type type;
	const char *unit;  /*!< As OpenMetrics has it, such as `seconds`; NULL: none. */
	unsigned decimals; /*!< Values are this many digits after the decimal point too large. */
	const char *label; /*!< What tells samples of one zone apart; NULL: there is one. */
	const char *help;  /*!< Without backslashes and line feeds. */
};

/*! \brief A number of a zone. */
struct http_sample {
	const struct http_family *family;
	const char *index; /*!< Value of the family's label. */
	uint64_t value;
};

/*! \brief The numbers of a zone; all zeros at first. */
struct http_counters {
	struct http_sample samples[HTTP_SAMPLES_MAX];
	size_t count;
};

/*! \brief Adds a number; \a family and \a index have to stay (they are constants). */
static inline void http_counters_add(struct http_counters *counters,
                                     const struct http_family *family, const char *index,
                                     uint64_t value)
{
	if (counters->count < HTTP_SAMPLES_MAX) {
		counters->samples[counters->count++] = (struct http_sample){ family, index, value };
	}
}
