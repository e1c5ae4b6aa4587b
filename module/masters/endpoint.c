/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "module/masters/endpoint.h"

static const char HTTP[] = "http://";
static const char HTTPS[] = "https://";

static bool starts_with(const char *text, const char *start)
{
	return strncasecmp(text, start, strlen(start)) == 0;
}

static struct text make_text(const char *data, size_t len)
{
	return (struct text){ .data = data, .len = len };
}

bool endpoint_set(struct endpoint *out, struct text host, uint16_t port, bool tls)
{
	struct address addr;
	bool literal = address_parse(host, &addr) && memchr(host.data, '/', host.len) == NULL;
	if (host.len == 0 || host.len > ENDPOINT_HOST_MAX || port == 0) {
		return false;
	}
	/* No host name begins so (RFC 952), and libcurl's CURLOPT_RESOLVE takes it for an order. */
	if (host.data[0] == '-') {
		return false;
	}

	struct endpoint result = { .port = port, .tls = tls };
	for (uint32_t i = 0; i < host.len; i++) {
		char c = host.data[i];
		c = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
		bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
		            c == '-' || c == '_' || (literal && c == ':');
		if (!fine) {
			return false;
		}
		result.host[i] = c;
	}
	if (literal) {
		/* One way to write it: the same master is found to be the same. */
		address_text(&addr, result.host);
	}
	*out = result;
	return true;
}

/*! \brief Reads `HOST[:PORT]` of \a len bytes; a bare IPv6 host only if \a bare. */
static const char *parse_authority(const char *text, size_t len, bool bare, bool tls, uint16_t port,
                                   struct endpoint *out)
{
	struct text host = make_text(text, len);
	bool bracketed = len > 0 && text[0] == '[';
	const char *last_colon = memrchr(text, ':', len);
	const char *first_colon = memchr(text, ':', len);

	if (memchr(text, '@', len) != NULL) {
		return "user and password do not belong into it, see credential-file";
	} else if (bracketed && text[len - 1] == ']') {
		host = make_text(text + 1, len - 2);
	} else if (last_colon == NULL) {
		/* A host alone. */
	} else if (!bracketed && !bare && first_colon != last_colon) {
		return "an IPv6 address goes in brackets";
	} else if (!hostport_parse(make_text(text, len), &host, &port)) {
		return "port is not 1 to 65535, or host is missing";
	}

	struct address addr;
	if (bracketed && (!address_parse(host, &addr) || addr.len != 16)) {
		return "no IPv6 address in the brackets";
	}
	return endpoint_set(out, host, port, tls) ? NULL : "not a host name or address";
}

const char *endpoint_authority(const char *text, size_t len, uint16_t port, struct endpoint *out)
{
	return parse_authority(text, len, false, false, port, out);
}

const char *endpoint_parse(const char *text, struct endpoint *out)
{
	bool tls = starts_with(text, HTTPS);
	const char *authority = text;
	if (tls || starts_with(text, HTTP)) {
		authority += strlen(tls ? HTTPS : HTTP);
	} else if (strstr(text, "://") != NULL) {
		return "unknown scheme";
	}

	size_t len = strcspn(authority, "/");
	if (authority[len] != '\0' && authority[len + 1] != '\0') {
		return "a path does not belong into it";
	}
	return parse_authority(authority, len, false, tls, ENDPOINT_MASTER_PORT, out);
}

const char *endpoint_url(const char *text, struct endpoint *out, const char **path)
{
	bool tls = starts_with(text, HTTPS);
	if (!tls && !starts_with(text, HTTP)) {
		return "unknown scheme";
	}
	const char *authority = text + strlen(tls ? HTTPS : HTTP);
	size_t len = strcspn(authority, "/?#");
	*path = authority + len;
	return parse_authority(authority, len, false, tls, tls ? 443 : 80, out);
}

const char *endpoint_redirect(const char *location, const struct endpoint *from,
                              struct endpoint *out, const char **path)
{
	bool tls = from->tls;
	const char *authority;
	if (starts_with(location, HTTPS)) {
		tls = true;
		authority = location + strlen(HTTPS);
	} else if (starts_with(location, HTTP)) {
		if (from->tls) {
			return "a redirect from https to http is not followed";
		}
		authority = location + strlen(HTTP);
	} else if (location[0] == '/' && location[1] == '/') {
		authority = location + 2;
	} else if (location[0] == '/') {
		*out = *from;
		*path = location;
		return NULL;
	} else {
		return "a redirect that leads nowhere";
	}

	size_t len = strcspn(authority, "/?#");
	*path = authority + len;
	return parse_authority(authority, len, true, tls, ENDPOINT_MASTER_PORT, out) == NULL
	               ? NULL
	               : "a redirect that leads nowhere";
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && strcmp(a->host, b->host) == 0;
}

int endpoint_compare(const void *a, const void *b)
{
	const struct endpoint *x = a, *y = b;
	struct address x_addr = { .len = UINT8_MAX }, y_addr = { .len = UINT8_MAX };
	(void)address_parse((struct text){ x->host, strlen(x->host) }, &x_addr);
	(void)address_parse((struct text){ y->host, strlen(y->host) }, &y_addr);
	int diff = x_addr.len - y_addr.len;
	if (diff == 0) {
		diff = memcmp(x_addr.bytes, y_addr.bytes, sizeof(x_addr.bytes));
	}
	if (diff == 0) {
		diff = strcmp(x->host, y->host);
	}
	return diff != 0 ? diff : x->port - y->port;
}

const char *endpoint_text(const struct endpoint *endpoint, bool url,
                          char buf[static ENDPOINT_TEXT_MAX])
{
	bool v6 = strchr(endpoint->host, ':') != NULL;
	snprintf(buf, ENDPOINT_TEXT_MAX, "%s%s%s%s:%u",
	         !url            ? ""
	         : endpoint->tls ? HTTPS
	                         : HTTP,
	         v6 ? "[" : "", endpoint->host, v6 ? "]" : "", endpoint->port);
	return buf;
}
