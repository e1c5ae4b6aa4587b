/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What json.c and json_number.c share; for these two alone.
 */
#pragma once

#include <json-c/json.h>
#include <locale.h>

#include "module/json.h"

/*! \brief What may come next; section numbers are RFC 8259's. */
enum expect {
	VALUE,
	VALUE_OR_END, /*!< After `[`. */
	KEY,          /*!< After `,` in an object. */
	KEY_OR_END,   /*!< After `{`. */
	COLON,
	NEXT,       /*!< `,` or the end of the object or array. */
	NOTHING,    /*!< The document has ended. */
	IN_STRING,  /*!< The rest of a string (7). */
	IN_NUMBER,  /*!< The rest of a number (6). */
	IN_LITERAL, /*!< The rest of `true`, `false` or `null` (3). */
};

/*! \brief How far a number is. */
enum number {
	MINUS,
	ZERO,
	INTEGER,
	POINT,
	FRACTION,
	EXPONENT,
	EXPONENT_SIGN,
	EXPONENT_DIGITS,
};

/*! \brief An open object or array. */
struct level {
	uint8_t place; /*!< 0 if it is not wanted. */
	bool is_array;
};

struct json_parser {
	const struct json_handler *handler;
	void *ctx;
	int error;

	/* Where we are in the document. */
	enum expect expect;
	uint8_t place; /*!< Of the value that begins next. */
	unsigned depth;
	struct level levels[JSON_DEPTH_MAX];

	/* Where we are in the chunk. */
	const char *at;
	const char *end;
	const char *token; /*!< Where the token's part in this chunk begins. */
	bool has_odd;      /*!< Something in this chunk cannot be passed over in one go. */

	/* The token: a string, number or literal that may go on in the next chunk. */
	bool wanted;         /*!< Its text is needed. */
	bool is_key;         /*!< It is a key. */
	bool has_escapes;    /*!< A backslash was in it. */
	uint8_t escape;      /*!< Digits of a `\u` to come; AFTER_BACKSLASH; 0 if in no escape. */
	enum number number;  /*!< State of a number. */
	const char *literal; /*!< What is to come of a literal. */
	bool is_true;        /*!< The literal is `true`. */
	char *text;          /*!< Its parts from earlier chunks. */
	size_t text_len;     /*!< 0 if it began in this chunk. */
	size_t text_room;    /*!< Bytes allocated. */

	struct json_tokener *tokener; /*!< Decodes strings with escapes. */
	locale_t c_locale;            /*!< In which numbers have a point. */
};

static inline const struct json_place *place_of(const struct json_parser *p, uint8_t place)
{
	return &p->handler->places[place];
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*! \brief Begins a token at the byte that is next. */
void json_begin_token(struct json_parser *p, enum expect expect, bool wanted);

/*! \brief Gathers the token's part in this chunk; a token that grows too long is unwanted. */
int json_keep(struct json_parser *p);

/*! \brief Called where a value has ended and all is done with it. */
void json_after_value(struct json_parser *p);

/*! \brief Reads a number from its first byte on, or as much of it as there is. */
int json_begin_number(struct json_parser *p);

/*! \brief Reads on in a number that an earlier chunk began. */
int json_scan_number(struct json_parser *p);

/*! \brief Ends a number where another byte, or nothing, follows. */
int json_end_number(struct json_parser *p);
