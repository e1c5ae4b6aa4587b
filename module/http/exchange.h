/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief From a request to its response: libmicrohttpd's side of the connections to an address.
 *
 *     exchange_wake_by(wake);
 *     struct MHD_Daemon *daemon = exchange_daemon(&address);
 *     MHD_add_connection(daemon, fd, from, from_len);
 *     MHD_run(daemon); // after each loop_wait()
 *
 * The server's thread alone calls.
 */
#pragma once

#include <microhttpd.h>

#include "module/http/socket_address.h"

/*! \brief Sets the descriptor of an eventfd(2) that wakes the server's thread. */
void exchange_wake_by(int wake);

/*!
 * \brief Makes what answers requests; it listens nowhere itself.
 *
 * \param address  Where its connections have come to; outlives it.
 *
 * \return For MHD_stop_daemon(); NULL if that fails.
 */
struct MHD_Daemon *exchange_daemon(struct http_address *address);
