/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Responses: their bodies and headers. The server's thread alone calls.
 */
#pragma once

#include <stdint.h>

#include <microhttpd.h>

#include "module/http/body.h"

#define TYPE_TEXT "text/plain; charset=utf-8"
#define TYPE_JSON "application/json"

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
