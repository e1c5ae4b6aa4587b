/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Responses of /v1/hosts and /v1/services. The server's thread alone calls.
 */
#pragma once

#include <microhttpd.h>

#include "module/http/lookup.h"
#include "module/http/zones.h"

/*!
 * \brief Answers a look-up.
 *
 * \param octets  Out: length of the response's body.
 * \param out     Out: the response, to be queued before the next call.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EAGAIN  There are no records yet.
 * \retval KNOT_ELIMIT  It is long, and what others are being sent takes too much memory.
 * \retval KNOT_ENOMEM
 */
int lookup_respond(const struct http_address *address, const struct lookup *lookup,
                   struct MHD_Response **out, uint64_t *octets);

/*!
 * \brief Ends the memory of the last answer.
 *
 * Many may ask for the same at a time, when it has changed; it is written once. Not to be
 * remembered for long, as the snapshot lives as long.
 */
void lookup_forget(void);
