/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Responses: their bodies and headers.
 *
 * Readers may be slow, and each may have another version of a long document or answer. So what all
 * responses have in memory is counted: while that exceeds REPLY_MEMORY_MAX, no further long one is
 * sent (reply_has_room()).
 *
 * Any thread may call, but for one response only one at a time.
 */
#pragma once

#include <stdint.h>

#include <microhttpd.h>

#include "module/http/body.h"

#define TYPE_TEXT "text/plain; charset=utf-8"
#define TYPE_JSON "application/json"

/*! \brief Octets of bodies in memory, beyond which no further one is sent that is longer ... */
#define REPLY_MEMORY_MAX ((size_t)512 << 20)

/*! \brief ... than this; all connections together cannot take much with those that are not. */
#define REPLY_SHORT_MAX ((size_t)64 << 10)

/*! \brief True if a response of so many octets may be made. */
bool reply_has_room(size_t octets);

/*!
 * \brief Makes a response of a body, which is the response's from now on, or is freed.
 *
 * \return To be given back with MHD_destroy_response(); NULL if memory runs out.
 */
struct MHD_Response *reply_make(struct http_body *body, const char *type);

/*! \brief The same of a text that is constant. */
struct MHD_Response *reply_text(const char *text);

/*! \brief Adds a header; false if memory runs out. NULL for a response is fine. */
bool reply_header(struct MHD_Response *response, const char *name, const char *value);
