/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "module/json/json_plain.h"
#include "module/json/json_skip.h"
#include "module/base/util.h"

/*! \brief Levels that one word tells the kinds of. */
#define LEVELS_MAX 64

/*! \brief Passes over an escape sequence from its backslash on. */
static const char *skip_escape(const char *at, const char *end)
{
	static const char plain[] = "\"\\/bfnrt";

	if (end - at >= 6 && at[1] == 'u') {
		return json_is_hex(at[2]) && json_is_hex(at[3]) && json_is_hex(at[4]) &&
		                       json_is_hex(at[5])
		               ? at + 6
		               : NULL;
	}
	return end - at >= 2 && memchr(plain, at[1], sizeof(plain) - 1) != NULL ? at + 2 : NULL;
}

/*! \brief Passes over a string from its quote on. */
static const char *skip_string(const char *at, const char *end)
{
	at++;
	while (at != NULL) {
		at = json_skip_plain(at, end);
		if (at == end || (unsigned char)*at < 0x20) {
			return NULL;
		} else if (*at == '"') {
			return at + 1;
		}
		at = skip_escape(at, end);
	}
	return NULL;
}

/*! \brief Passes over one digit and those behind it. */
static const char *skip_digits(const char *at, const char *end)
{
	if (at == end || !json_is_digit(*at)) {
		return NULL;
	}
	while (at < end && json_is_digit(*at)) {
		at++;
	}
	return at;
}

static const char *skip_number(const char *at, const char *end)
{
	at += *at == '-';
	if (at < end && *at == '0') {
		at++;
	} else {
		at = skip_digits(at, end);
	}
	if (at != NULL && at < end && *at == '.') {
		at = skip_digits(at + 1, end);
	}
	if (at != NULL && at < end && (*at | 0x20) == 'e') {
		at++;
		at += at < end && (*at == '+' || *at == '-');
		at = skip_digits(at, end);
	}
	return at;
}

static const char *skip_literal(const char *at, const char *end)
{
	const char *word = *at == 't' ? "true" : *at == 'f' ? "false" : "null";
	size_t len = strlen(word);
	return (size_t)(end - at) >= len && memcmp(at, word, len) == 0 ? at + len : NULL;
}

/*! \brief Passes over a value that is no object or array. */
static const char *skip_scalar(const char *at, const char *end)
{
	if (*at == '"') {
		return skip_string(at, end);
	} else if (*at == '-' || json_is_digit(*at)) {
		return skip_number(at, end);
	}
	return skip_literal(at, end);
}

/*! \brief Passes over a key and its colon. */
static const char *skip_key(const char *at, const char *end)
{
	at = at < end && *at == '"' ? skip_string(at, end) : NULL;
	return at != NULL && at < end && *at == ':' ? at + 1 : NULL;
}

const char *json_skip(const char *at, const char *end, unsigned depth)
{
	uint64_t arrays = 0; /* A bit for each level, the innermost lowest: is it an array? */
	unsigned level = 0;
	depth = MIN(depth, LEVELS_MAX);

	while (at < end) {
		if (*at == '{' || *at == '[') {
			bool is_array = *at == '[';
			if (level == depth || ++at == end) {
				return NULL;
			}
			arrays = arrays << 1 | is_array;
			level++;
			if (*at != (is_array ? ']' : '}')) {
				at = is_array ? at : skip_key(at, end);
				if (at == NULL) {
					return NULL;
				}
				continue;
			}
		} else {
			at = skip_scalar(at, end);
			if (at == NULL) {
				return NULL;
			}
		}

		/* What the value ends, and the way to the next one. */
		while (at < end && *at == (arrays & 1 ? ']' : '}')) {
			at++;
			arrays >>= 1;
			if (--level == 0) {
				return at;
			}
		}
		if (at == end || *at++ != ',') {
			return NULL;
		}
		if (!(arrays & 1)) {
			at = skip_key(at, end);
			if (at == NULL) {
				return NULL;
			}
		}
	}
	return NULL;
}
