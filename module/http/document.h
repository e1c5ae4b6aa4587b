/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Documents: what is given whole at a path of its own.
 *
 * - The table of them is documents[] in document.c; the server finds a request's there, writes it
 *   by its render(), and sends it to all who ask for it at that time.
 * - Light ones are written by the server's thread, which nobody else is served by meanwhile. The
 *   others have a thread that runs while there is any to be written.
 */
#pragma once

#include "module/http/http.h"

/*! \brief What a document is written from; all of it is there until render() returns. */
struct http_subject {
	const struct http_source *const
	        *zones; /*!< All at this address, by name, each name once. */
	size_t count;   /*!< Of \a zones. */
	/*! The zone that is meant: `?zone=NAME`, else the first forward one, else the first. */
	const struct http_source *zone;
	const struct snapshot *snapshot; /*!< Its, counted; NULL unless the document is of it. */
	int64_t time;                    /*!< When that was last true: CLOCK_MONOTONIC in ms. */
	bool openmetrics;                /*!< The client takes OpenMetrics (its Accept names it). */
};

/*! \brief A document. */
struct http_document {
	const char *path;        /*!< Without a slash at the end. */
	const char *type;        /*!< Content-Type. */
	const char *openmetrics; /*!< The same for who takes OpenMetrics; NULL: no other. */
	bool snapshot;           /*!< It is of a snapshot: 503 while there is none. */
	bool light;              /*!< Takes less than a millisecond. */

	/*!
	 * Writes it. What it returns is the response: KNOT_EOK 200, KNOT_ENOENT 404, KNOT_EAGAIN
	 * and all else 503; never with half a body.
	 */
	int (*render)(struct http_body *out, const struct http_subject *subject);
};

/*! \brief Finds the document at a path; NULL if there is none. */
const struct http_document *http_document_find(const char *path, size_t len);
