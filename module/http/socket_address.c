/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "module/http/socket_address.h"

bool http_address_make(const struct sockaddr_storage *socket, struct http_address *out)
{
	*out = (struct http_address){ .port = 0 };
	if (socket->ss_family == AF_INET) {
		struct sockaddr_in from, to = { .sin_family = AF_INET };
		memcpy(&from, socket, sizeof(from));
		to.sin_addr = from.sin_addr;
		to.sin_port = from.sin_port;
		memcpy(&out->socket, &to, sizeof(to));
		out->port = ntohs(to.sin_port);
		(void)inet_ntop(AF_INET, &to.sin_addr, out->host, sizeof(out->host));
	} else if (socket->ss_family == AF_INET6) {
		struct sockaddr_in6 from, to = { .sin6_family = AF_INET6 };
		memcpy(&from, socket, sizeof(from));
		to.sin6_addr = from.sin6_addr;
		to.sin6_scope_id = from.sin6_scope_id;
		to.sin6_port = from.sin6_port;
		memcpy(&out->socket, &to, sizeof(to));
		out->port = ntohs(to.sin6_port);
		(void)inet_ntop(AF_INET6, &to.sin6_addr, out->host, sizeof(out->host));
	} else {
		return false;
	}
	snprintf(out->text, sizeof(out->text), "%s@%u", out->host, out->port);
	return true;
}

bool http_address_equal(const struct http_address *a, const struct http_address *b)
{
	return memcmp(&a->socket, &b->socket, sizeof(a->socket)) == 0;
}
