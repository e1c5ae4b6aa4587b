/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <string.h>

#include "module/base/address.h"

#define IPV4_LEN 4
#define IPV6_LEN 16

/*! \brief Reads a decimal number of \a min to \a max and nothing else. */
static bool parse_decimal(struct text text, unsigned min, unsigned max, unsigned *out)
{
	if (text.len == 0) {
		return false;
	}
	unsigned value = 0;
	for (uint32_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned char)text.data[i] - '0';
		if (digit > 9) {
			return false;
		}
		value = 10 * value + digit;
		if (value > max) {
			return false;
		}
	}
	*out = value;
	return value >= min;
}

/*! \brief Splits at a byte, which neither part keeps; false if it is not there. */
static bool split(struct text text, const char *at, struct text *left, struct text *right)
{
	if (at == NULL) {
		return false;
	}
	*left = (struct text){ text.data, (uint32_t)(at - text.data) };
	*right = (struct text){ at + 1, text.len - left->len - 1 };
	return true;
}

static const char *find(struct text text, char byte)
{
	return text.len > 0 ? memchr(text.data, byte, text.len) : NULL;
}

/*! \brief Reads an address without a prefix length; returns its bytes' number, 0 if it is none. */
static uint8_t parse_bare(struct text text, uint8_t bytes[static IPV6_LEN])
{
	char buf[ADDRESS_TEXT_MAX];
	if (text.len == 0 || text.len >= sizeof(buf) || find(text, '\0') != NULL) {
		return 0;
	}
	memcpy(buf, text.data, text.len);
	buf[text.len] = '\0';

	if (find(text, ':') == NULL) {
		return inet_pton(AF_INET, buf, bytes) == 1 ? IPV4_LEN : 0;
	}
	return inet_pton(AF_INET6, buf, bytes) == 1 ? IPV6_LEN : 0;
}

bool address_parse(struct text text, struct address *out)
{
	struct text bare = text, prefix;
	bool has_prefix = split(text, find(text, '/'), &bare, &prefix);

	struct address addr = { 0 };
	addr.len = parse_bare(bare, addr.bytes);
	unsigned bits;
	if (addr.len == 0 || (has_prefix && !parse_decimal(prefix, 0, 8U * addr.len, &bits))) {
		return false;
	}

	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (addr.len == IPV6_LEN && memcmp(addr.bytes, mapped, sizeof(mapped)) == 0) {
		struct address ipv4 = { .len = IPV4_LEN };
		memcpy(ipv4.bytes, addr.bytes + sizeof(mapped), IPV4_LEN);
		addr = ipv4;
	}
	*out = addr;
	return true;
}

const char *address_text(const struct address *addr, char buf[static ADDRESS_TEXT_MAX])
{
	int family = addr->len == IPV4_LEN ? AF_INET : AF_INET6;
	return inet_ntop(family, addr->bytes, buf, ADDRESS_TEXT_MAX);
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/*! \brief True for what the system's resolver can be asked for: no blanks, no control bytes. */
static bool is_host_name(struct text host)
{
	for (uint32_t i = 0; i < host.len; i++) {
		unsigned char c = host.data[i];
		if (c <= ' ' || c == 0x7f || strchr("/:@[]", c) != NULL) {
			return false;
		}
	}
	return host.len > 0;
}

bool hostport_parse(struct text text, struct text *host, uint16_t *port)
{
	struct text left, right;
	unsigned number;
	if (text.len == 0 || !split(text, memrchr(text.data, ':', text.len), &left, &right) ||
	    !parse_decimal(right, 1, UINT16_MAX, &number)) {
		return false;
	}

	bool bracketed = left.len >= 2 && left.data[0] == '[' && left.data[left.len - 1] == ']';
	if (bracketed) {
		left = (struct text){ left.data + 1, left.len - 2 };
	}
	uint8_t bytes[IPV6_LEN];
	bool is_ipv6 = parse_bare(left, bytes) == IPV6_LEN;
	if (!is_ipv6 && (bracketed || !is_host_name(left))) {
		return false;
	}
	*host = left;
	*port = (uint16_t)number;
	return true;
}

/*! \brief True for the blanks of ASCII. */
static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct text trim(struct text text)
{
	while (text.len > 0 && is_blank(text.data[0])) {
		text.data++;
		text.len--;
	}
	while (text.len > 0 && is_blank(text.data[text.len - 1])) {
		text.len--;
	}
	return text;
}

bool pid_parse(struct text pid, struct text *host, uint16_t *port)
{
	struct text name, rest;
	pid = trim(pid);
	return split(pid, find(pid, '@'), &name, &rest) && name.len > 0 &&
	       hostport_parse(rest, host, port);
}
