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
 * \param state   Out: as zones_find().
 * \param octets  Out: length of the response's body.
 *
 * \return To be queued, until the next call; NULL if there are no records yet, or memory runs out.
 */
struct MHD_Response *lookup_respond(const struct http_address *address, const struct lookup *lookup,
                                    enum zones_state *state, uint64_t *octets);

/*!
 * \brief Ends the memory of the last answer.
 *
 * Many may ask for the same at a time, when it has changed; it is written once. Not to be
 * remembered for long, as the snapshot lives as long.
 */
void lookup_forget(void);
