/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Where a master is reached: scheme, host, port.
 *
 * Plain values without pointers: copy them freely, any thread may call.
 */
#pragma once

#include "module/base/address.h"

/*! \brief Longest host that an endpoint holds, in bytes (RFC 1035, section 2.3.4, as text). */
#define ENDPOINT_HOST_MAX 253

/*! \brief Port of a Mesos master if none is given. */
#define ENDPOINT_MASTER_PORT 5050

/*! \brief A master's HTTP endpoint. */
struct endpoint {
	char host[ENDPOINT_HOST_MAX + 1]; /*!< Name or address without brackets, lower case. */
	uint16_t port;                    /*!< 1 to 65535. */
	bool tls;                         /*!< https. */
};

/*! \brief Room for endpoint_text(). */
#define ENDPOINT_TEXT_MAX (ENDPOINT_HOST_MAX + sizeof("https://[]:65535"))

/*!
 * \brief Reads `HOST[:PORT]`, `http://HOST[:PORT]` or `https://HOST[:PORT]`, IPv6 in brackets.
 *
 * \return NULL if it is one, else what is wrong with it (a constant).
 */
const char *endpoint_parse(const char *text, struct endpoint *out);

/*!
 * \brief Reads `HOST[:PORT]` of \a len bytes, IPv6 in brackets.
 *
 * \param port  The port if none is given.
 *
 * \return NULL if it is one, else what is wrong with it (a constant).
 */
const char *endpoint_authority(const char *text, size_t len, uint16_t port, struct endpoint *out);

/*!
 * \brief Reads `http://HOST[:PORT][/PATH]` or the same with https (RFC 9110, section 4.2).
 *
 * \param path  Out: what follows host and port in \a text, not looked at; may be empty.
 *
 * \return NULL if it is one, else what is wrong with it (a constant).
 */
const char *endpoint_url(const char *text, struct endpoint *out, const char **path);

/*!
 * \brief Reads the `Location` of a master's redirect (RFC 9110, section 10.2.2).
 *
 * Mesos gives `//HOST:PORT/master/state`, the host as it was configured: an IPv6 address comes
 * without brackets.
 *
 * \param location  Value of the header.
 * \param from      Who said so; gives the scheme, and host and port if only a path is given.
 * \param out       Out: where to ask.
 * \param path      Out: start of the path in \a location; empty if there is none.
 *
 * \return NULL if it is one, else what is wrong with it (a constant).
 */
const char *endpoint_redirect(const char *location, const struct endpoint *from,
                              struct endpoint *out, const char **path);

/*!
 * \brief Makes an endpoint of a host and a port.
 *
 * \return False if no host has such a name.
 */
bool endpoint_set(struct endpoint *out, struct text host, uint16_t port, bool tls);

/*! \brief True if both have the same host and port. */
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/*!
 * \brief Sorts endpoints by address and port, names behind addresses (for qsort()).
 *
 * \return As strcmp(); 0 only if both have the same host and port.
 */
int endpoint_compare(const void *a, const void *b);

/*!
 * \brief Writes `HOST:PORT` (IPv6 in brackets), with the scheme in front if \a url.
 *
 * \return \a buf
 */
const char *endpoint_text(const struct endpoint *endpoint, bool url,
                          char buf[static ENDPOINT_TEXT_MAX]);
