/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Where HTTP is served: an IP address and a port. A plain value.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

/*! \brief An address. */
struct http_address {
	struct sockaddr_storage socket; /*!< All zeros but for what counts. */
	uint16_t port;
	char host[INET6_ADDRSTRLEN];
	char text[INET6_ADDRSTRLEN + 8]; /*!< HOST@PORT. */
};

/*! \brief Makes an address of a socket's; false if it is neither IPv4 nor IPv6. */
bool http_address_make(const struct sockaddr_storage *socket, struct http_address *out);

/*! \brief True if both are the same. */
bool http_address_equal(const struct http_address *a, const struct http_address *b);
