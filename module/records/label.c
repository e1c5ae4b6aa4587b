/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <gnutls/crypto.h>
#include <libknot/errcode.h>

#include "module/records/label.h"

/*! \brief Octets left in a label by rfc952 (RFC 952, ASSUMPTIONS 1). */
#define RFC952_MAX 24

static uint8_t to_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(uint8_t lower)
{
	return (lower >= 'a' && lower <= 'z') || is_digit(lower);
}

/*! \brief The label's octet for a name's byte; 0 if the byte is dropped. */
static uint8_t map(uint8_t c)
{
	c = to_lower(c);
	if (is_alnum(c) || c == '-') {
		return c;
	}
	return c == '.' || c == '_' ? '-' : 0;
}

/*! \brief Next octet of the name being made into a label; 0 at its end. */
static uint8_t next(struct text *name)
{
	while (name->len > 0) {
		uint8_t c = map(*name->data);
		name->data++;
		name->len--;
		if (c != 0) {
			return c;
		}
	}
	return 0;
}

static size_t cut_dashes(const uint8_t *label, size_t len)
{
	while (len > 0 && label[len - 1] == '-') {
		len--;
	}
	return len;
}

size_t label_length_max(enum label_rules rules)
{
	return rules == LABEL_RFC952 ? RFC952_MAX : LABEL_MAX;
}

size_t label_make(enum label_rules rules, struct text name, uint8_t out[static LABEL_MAX])
{
	const size_t max = label_length_max(rules);

	uint8_t c = next(&name);
	while (c == '-' || (rules == LABEL_RFC952 && is_digit(c))) {
		c = next(&name);
	}

	size_t len = 0;
	while (c != 0 && len < max) {
		out[len++] = c;
		c = next(&name);
	}

	len = cut_dashes(out, len);
	if (c == 0) {
		return len;
	}

	/* The name goes on: what the dashes leave free is filled up from the rest of it. */
	while (c == '-') {
		c = next(&name);
	}
	while (c != 0 && len < max) {
		out[len++] = c;
		c = next(&name);
	}
	return len;
}

/*! \brief Cuts the part up to the next dot off a text; false after the last part. */
static bool next_part(struct text *rest, struct text *part)
{
	if (rest->data == NULL) {
		return false;
	}

	*part = *rest;
	const char *dot = memchr(rest->data, '.', rest->len);
	if (dot == NULL) {
		*rest = (struct text){ 0 };
	} else {
		part->len = dot - rest->data;
		rest->data = dot + 1;
		rest->len -= part->len + 1;
	}
	return true;
}

size_t label_make_dotted(enum label_rules rules, struct text name,
                         uint8_t out[static LABEL_NAME_MAX])
{
	size_t len = 0;
	bool is_too_long = false;
	struct text part;
	while (next_part(&name, &part)) {
		uint8_t label[LABEL_MAX];
		size_t label_len = label_make(rules, part, label);
		if (label_len == 0) {
			continue;
		}
		is_too_long = is_too_long || len + 1 + label_len >= LABEL_NAME_MAX;
		len = is_too_long ? 0 : len;
		out[len] = label_len;
		memcpy(out + len + 1, label, label_len);
		len += 1 + label_len;
	}
	return is_too_long ? LABEL_TOO_LONG : len;
}

size_t label_take_dotted(struct text name, uint8_t out[static LABEL_NAME_MAX])
{
	size_t len = 0;
	struct text part;
	while (next_part(&name, &part)) {
		if (part.len == 0 || part.len > LABEL_MAX || len + 1 + part.len >= LABEL_NAME_MAX) {
			return 0;
		}
		out[len++] = part.len;
		for (uint32_t i = 0; i < part.len; i++) {
			uint8_t c = to_lower(part.data[i]);
			if (!is_alnum(c) && c != '-' && c != '_') {
				return 0;
			}
			out[len++] = c;
		}
	}
	return len;
}

int label_hash(struct text task_id, uint8_t out[static LABEL_HASH_LEN])
{
	/* https://philzimmermann.com/docs/human-oriented-base-32-encoding.txt */
	static const char alphabet[] = "ybndrfg8ejkmcpqxot1uwisza345h769";

	uint8_t digest[20];
	if (gnutls_hash_fast(GNUTLS_DIG_SHA1, task_id.data, task_id.len, digest) < 0) {
		return KNOT_ERROR;
	}

	uint32_t bits = (uint32_t)digest[0] << 24 | digest[1] << 16 | digest[2] << 8 | digest[3];
	for (int i = 0; i < LABEL_HASH_LEN; i++) {
		out[i] = alphabet[bits >> 27];
		bits <<= 5;
	}
	return KNOT_EOK;
}

size_t label_agent(struct text agent_id, uint8_t out[static LABEL_MAX])
{
	size_t start = agent_id.len;
	while (start > 0 && agent_id.data[start - 1] != '-') {
		start--;
	}

	size_t len = agent_id.len - start;
	if (len > LABEL_MAX) {
		return 0;
	}
	for (size_t i = 0; i < len; i++) {
		out[i] = to_lower(agent_id.data[start + i]);
		if (!is_alnum(out[i])) {
			return 0;
		}
	}
	return len;
}
