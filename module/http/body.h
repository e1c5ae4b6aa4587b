/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The body of an HTTP response, written from front to end into memory with a bound.
 *
 *     (void)http_body_text(body, "{\"Domain\":");
 *     (void)http_body_string(body, name, strlen(name));
 *     return http_body_text(body, "}");
 *
 * - The first error stays: whoever writes may ask once, at the end.
 * - One thread writes; what is written is read by many once it is complete.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct json_object;

/*! \brief Most octets of a body: JSON of as many records as a zone may have. */
#define HTTP_BODY_MAX ((size_t)2 << 30)

/*! \brief A body; all zeros but for \a max and \a stop at first. */
struct http_body {
	char *data;              /*!< What is written; not terminated. */
	size_t len;              /*!< Octets of it. */
	size_t room;             /*!< Octets that are allocated. */
	size_t max;              /*!< Most octets. */
	int error;               /*!< KNOT_E* of the first thing that failed. */
	const atomic_bool *stop; /*!< Nobody wants it any more once that is true; may be NULL. */
};

/*!
 * \brief Appends octets.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ESPACE        It would exceed \a max.
 * \retval KNOT_ENOMEM
 * \retval KNOT_ECONNABORTED  \a stop is true: return it at once.
 */
int http_body_add(struct http_body *body, const void *data, size_t len);

/*! \brief Appends a text; returns as http_body_add(). */
int http_body_text(struct http_body *body, const char *text);

/*! \brief Appends formatted text; returns as http_body_add(). */
__attribute__((format(printf, 2, 3))) int http_body_print(struct http_body *body, const char *fmt,
                                                          ...);

/*!
 * \brief Appends a JSON string in quotes, as json-c escapes it; returns as http_body_add().
 *
 * \param text  Any bytes; what is not UTF-8 becomes U+FFFD.
 */
int http_body_string(struct http_body *body, const char *text, size_t len);

/*! \brief Appends a JSON value without blanks; NULL is no memory. Returns as http_body_add(). */
int http_body_json(struct http_body *body, struct json_object *value);

/*! \brief Frees what is written. */
void http_body_clear(struct http_body *body);
