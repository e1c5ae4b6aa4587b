/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <libknot/errcode.h>

#include "module/base/util.h"
#include "module/http/body.h"

/*! \brief Octets that are allocated first, and the longest piece of formatted text. */
#define ROOM_MIN 1024

/*! \brief Makes room for more octets. */
static int grow(struct http_body *body, size_t len)
{
	if (len > body->max - body->len) {
		return KNOT_ESPACE;
	}
	size_t room = MAX(body->room, ROOM_MIN);
	while (room < body->len + len) {
		room *= 2;
	}
	char *data = realloc(body->data, MIN(room, body->max));
	if (data == NULL) {
		return KNOT_ENOMEM;
	}
	body->data = data;
	body->room = MIN(room, body->max);
	return KNOT_EOK;
}

int http_body_add(struct http_body *body, const void *data, size_t len)
{
	if (body->error == KNOT_EOK && body->stop != NULL && atomic_load(body->stop)) {
		body->error = KNOT_ECONNABORTED;
	}
	if (body->error == KNOT_EOK && len > body->room - body->len) {
		body->error = grow(body, len);
	}
	if (body->error == KNOT_EOK && len > 0) {
		memcpy(body->data + body->len, data, len);
		body->len += len;
	}
	return body->error;
}

int http_body_text(struct http_body *body, const char *text)
{
	return http_body_add(body, text, strlen(text));
}

int http_body_print(struct http_body *body, const char *fmt, ...)
{
	char text[ROOM_MIN];
	va_list args;
	va_start(args, fmt);
	int len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(text)) {
		body->error = body->error == KNOT_EOK ? KNOT_ESPACE : body->error;
		return body->error;
	}
	return http_body_add(body, text, (size_t)len);
}

int http_body_json(struct http_body *body, struct json_object *value)
{
	size_t len = 0;
	const char *text = value == NULL ? NULL
	                                 : json_object_to_json_string_length(
	                                           value,
	                                           JSON_C_TO_STRING_PLAIN |
	                                                   JSON_C_TO_STRING_NOSLASHESCAPE,
	                                           &len);
	if (text == NULL) {
		body->error = body->error == KNOT_EOK ? KNOT_ENOMEM : body->error;
		return body->error;
	}
	return http_body_add(body, text, len);
}

/*! \brief True for the bytes that JSON has as they are. */
static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/*!
 * \brief Length of the UTF-8 character (RFC 3629, section 4) at the start of bytes; 0 if none is.
 */
static size_t utf8_length(const unsigned char *bytes, size_t len)
{
	unsigned char first = bytes[0];
	size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (size == 0 || size > len || first > 0xf4) {
		return 0;
	}
	unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	for (size_t i = 1; i < size; i++) {
		if (bytes[i] < low || bytes[i] > high) {
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return size;
}

/*! \brief Copies bytes, each that is no part of UTF-8 replaced; \a out has three for each. */
static size_t mend_utf8(const char *text, size_t len, char *out)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t used = 0;
	for (size_t i = 0; i < len;) {
		size_t size = utf8_length(bytes + i, len - i);
		if (size > 0) {
			memcpy(out + used, bytes + i, size);
			used += size;
			i += size;
		} else {
			memcpy(out + used, "\xef\xbf\xbd", 3);
			used += 3;
			i++;
		}
	}
	return used;
}

/*! \brief Appends a string that needs escapes. */
static int add_escaped(struct http_body *body, const char *text, size_t len)
{
	char *mended = len <= INT32_MAX / 3 ? malloc(3 * len + 1) : NULL;
	struct json_object *value = NULL;
	if (mended != NULL) {
		value = json_object_new_string_len(mended, (int)mend_utf8(text, len, mended));
	}
	int ret = http_body_json(body, value);
	json_object_put(value);
	free(mended);
	return ret;
}

int http_body_string(struct http_body *body, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_plain((unsigned char)text[i])) {
			return add_escaped(body, text, len);
		}
	}
	/* As nearly all strings are: json-c would take an object for each. */
	(void)http_body_text(body, "\"");
	(void)http_body_add(body, text, len);
	return http_body_text(body, "\"");
}

void http_body_clear(struct http_body *body)
{
	free(body->data);
	body->data = NULL;
	body->len = body->room = 0;
}
