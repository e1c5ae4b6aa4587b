/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief From a request to its response: libmicrohttpd's callbacks.
 *
 * Their context is the struct http_address that the connection came to.
 */
#pragma once

#include <microhttpd.h>

/*! \brief Most octets of a request, but for a body. */
#define EXCHANGE_REQUEST_MAX 8192

/*! \brief Sets the descriptor of an eventfd(2) that wakes the server's thread. */
void exchange_wake_by(int wake);

/*! \brief MHD_OPTION_URI_LOG_CALLBACK: a request begins. */
void *exchange_begin(void *address, const char *target, struct MHD_Connection *connection);

/*! \brief MHD_AccessHandlerCallback. */
enum MHD_Result exchange_handle(void *address, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *size, void **request);

/*! \brief MHD_OPTION_NOTIFY_COMPLETED: a request has ended. */
void exchange_end(void *address, struct MHD_Connection *connection, void **request,
                  enum MHD_RequestTerminationCode code);

/*! \brief MHD_OPTION_UNESCAPE_CALLBACK: leaves all as it is. */
size_t exchange_leave(void *address, struct MHD_Connection *connection, char *text);
