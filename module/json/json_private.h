/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the files of the parser share: json.c walks the document, json_number.c reads
 *        numbers, json_offer.c passes over objects that are known; json_token.c stands below all.
 */
#pragma once

#include <json-c/json.h>
#include <locale.h>

#include "module/json/json.h"
#include "module/json/json_plain.h"

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
	IN_OFFER,   /*!< The rest of an object that may be known. */
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

/*! \brief An object that is offered as it stands. */
struct offer {
	bool is_open;     /*!< It is being read, and its text is kept. */
	bool is_refused;  /*!< The next one was offered, and is to be read. */
	bool has_ended;   /*!< The document has: all that is left is to be read. */
	unsigned depth;   /*!< Levels that are open outside it. */
	size_t expected;  /*!< Bytes that it may have. */
	const char *from; /*!< Where its part in this chunk begins. */
	char *text;       /*!< Its parts from earlier chunks. */
	size_t len;       /*!< Bytes of these. */
	size_t room;      /*!< Bytes allocated. */
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

	struct offer offer;
	struct json_tokener *tokener; /*!< Decodes strings with escapes. */
	locale_t c_locale;            /*!< In which numbers have a point. */
};

static inline const struct json_place *place_of(const struct json_parser *p, uint8_t place)
{
	return &p->handler->places[place];
}

/*! \brief Begins a token at the byte that is next. */
static inline void json_begin_token(struct json_parser *p, enum expect expect, bool wanted)
{
	p->expect = expect;
	p->wanted = wanted;
	p->token = p->at;
	p->text_len = 0;
}

/*! \brief Gathers the token's part in this chunk; a token that grows too long is unwanted. */
int json_keep(struct json_parser *p);

/*! \brief Goes on after a `,`. */
static inline void json_after_comma(struct json_parser *p)
{
	struct level level = p->levels[p->depth - 1];
	p->expect = level.is_array ? VALUE : KEY;
	p->place = place_of(p, level.place)->element;
}

/*!
 * \brief Called where a value has ended and all is done with it.
 *
 * A comma right behind it is taken at once, as is the colon behind a key: one step less for each
 * value of a compact document, which is a fifth of the time that reading one takes.
 */
static inline void json_after_value(struct json_parser *p)
{
	p->expect = p->depth > 0 ? NEXT : NOTHING;
	if (p->expect == NEXT && p->at < p->end && *p->at == ',') {
		p->at++;
		json_after_comma(p);
	}
}

/*! \brief Reads a number from its first byte on, or as much of it as there is. */
int json_begin_number(struct json_parser *p);

/*! \brief Reads on in a number that an earlier chunk began. */
int json_scan_number(struct json_parser *p);

/*! \brief Ends a number where another byte, or nothing, follows. */
int json_end_number(struct json_parser *p);

/*! \brief Makes a chunk the one that is read. */
static inline void json_begin_chunk(struct json_parser *p, const char *data, size_t len)
{
	p->at = data;
	p->end = data + len;
	p->token = data;
	p->has_odd = false;
	p->offer.from = data;
}

/*!
 * \brief Offers the object that begins here; if it is refused, its text is kept.
 *
 * \return False if it has to be read; else \a ret is set.
 */
bool json_offer(struct json_parser *p, int *ret);

/*! \brief Goes on with an object of which the first bytes came in earlier chunks. */
int json_offer_fill(struct json_parser *p, bool *is_refused);

/*! \brief What there is of such an object; it is to be read, as if it came as a chunk, and freed.
 */
char *json_offer_refuse(struct json_parser *p, size_t *len);

/*! \brief Keeps the part that this chunk has of an object that is read. */
int json_offer_keep(struct json_parser *p);

/*! \brief Called where an object that is read ends. */
int json_offer_end(struct json_parser *p);
