/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "module/masters/zk_address.h"

const char ZK_ADDRESS_NO_MEMORY[] = "out of memory";

static const char SCHEME[] = "zk://";

bool zk_address_is(const char *text)
{
	return strncasecmp(text, SCHEME, strlen(SCHEME)) == 0;
}

/*! \brief Reads `HOST[:PORT],...` of \a len bytes. */
static const char *parse_servers(const char *text, size_t len, struct zk_address *address)
{
	while (true) {
		const char *comma = memchr(text, ',', len);
		size_t part = comma != NULL ? (size_t)(comma - text) : len;
		if (address->servers_count == ZK_SERVERS_MAX) {
			return "more servers than an ensemble has";
		}
		struct endpoint *server = &address->servers[address->servers_count];
		const char *error = endpoint_authority(text, part, ZK_PORT, server);
		if (error != NULL) {
			return error;
		}
		for (size_t i = 0; i < address->servers_count; i++) {
			if (endpoint_equal(&address->servers[i], server)) {
				return "the same server twice";
			}
		}
		address->servers_count++;
		if (comma == NULL) {
			return NULL;
		}
		text += part + 1;
		len -= part + 1;
	}
}

/*! \brief Checks a path as ZooKeeper does (its "data model": no empty, `.` or `..` parts). */
static bool is_path(const char *path)
{
	if (*path != '/' || path[1] == '\0') {
		return false;
	}
	while (*path == '/') {
		size_t len = strcspn(++path, "/");
		if (len == 0 || (len == 1 && *path == '.') ||
		    (len == 2 && memcmp(path, "..", 2) == 0)) {
			return false;
		}
		path += len;
	}
	return true;
}

static const char *parse(const char *text, struct zk_address *address)
{
	text += strlen(SCHEME);
	/* A password may hold a slash, a host may not. */
	const char *at = strrchr(text, '@');
	if (at != NULL) {
		const char *colon = memchr(text, ':', at - text);
		if (colon == NULL || colon == text || colon + 1 == at) {
			return "what is before the @ is not USER:PASS";
		}
		address->auth = strndup(text, at - text);
		if (address->auth == NULL) {
			return ZK_ADDRESS_NO_MEMORY;
		}
		text = at + 1;
	}

	size_t len = strcspn(text, "/");
	const char *error = parse_servers(text, len, address);
	if (error != NULL) {
		return error;
	}
	address->path = strdup(text + len);
	if (address->path == NULL) {
		return ZK_ADDRESS_NO_MEMORY;
	}
	size_t path_len = strlen(address->path);
	if (path_len > 1 && address->path[path_len - 1] == '/') {
		address->path[path_len - 1] = '\0';
	}
	return is_path(address->path) ? NULL : "the path is missing, such as /mesos";
}

const char *zk_address_parse(const char *text, struct zk_address **out)
{
	struct zk_address *address = calloc(1, sizeof(*address));
	const char *error = address != NULL ? parse(text, address) : ZK_ADDRESS_NO_MEMORY;
	if (error == NULL) {
		*out = address;
	} else {
		zk_address_free(address);
	}
	return error;
}

bool zk_address_equal(const struct zk_address *a, const struct zk_address *b)
{
	if (a->servers_count != b->servers_count || strcmp(a->path, b->path) != 0 ||
	    (a->auth == NULL) != (b->auth == NULL) ||
	    (a->auth != NULL && strcmp(a->auth, b->auth) != 0)) {
		return false;
	}
	for (size_t i = 0; i < a->servers_count; i++) {
		if (!endpoint_equal(&a->servers[i], &b->servers[i])) {
			return false;
		}
	}
	return true;
}

void zk_address_free(struct zk_address *address)
{
	if (address != NULL) {
		if (address->auth != NULL) {
			explicit_bzero(address->auth, strlen(address->auth));
		}
		free(address->auth);
		free(address->path);
		free(address);
	}
}
