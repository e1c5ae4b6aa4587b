/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Reads a JSON document in chunks of any size and hands out the values that are wanted.
 *
 * What is wanted is a table of places: a place says what kind of value it wants, and which places
 * the members or elements of that value have. All else is checked to be JSON and dropped, without
 * a copy of it and without a call.
 *
 *     // {"name": STRING, "ports": [NUMBER, ...]}
 *     enum { NOWHERE, TOP, NAME, PORTS, PORT };
 *     static const struct json_member members[] = {
 *             JSON_MEMBER("name", NAME),
 *             JSON_MEMBER("ports", PORTS),
 *     };
 *     static const struct json_place places[] = {
 *             [TOP] = { JSON_OBJECT, .members = members, .members_count = 2 },
 *             [NAME] = { JSON_STRING },
 *             [PORTS] = { JSON_ARRAY, .element = PORT },
 *             [PORT] = { JSON_NUMBER },
 *     };
 *
 * An object that is as it was the last time need not be read: see json_place.is_offered.
 *
 * - The grammar is RFC 8259's, without extensions. Only UTF-8 is not checked: bytes above 0x7f
 *   pass as they are, so that one odd name does not make the whole document unreadable.
 * - A value of another kind than its place wants is dropped as if it was not there, and so is a
 *   string or number of more than JSON_TEXT_MAX bytes, and a number beyond a double's range.
 * - Memory: a few hundred bytes and the longest text (or object that is offered), however long the
 *   document is.
 * - A parser belongs to one thread at a time; it does not depend on the thread's locale.
 */
#pragma once

#include "module/base/address.h"

/*! \brief Deepest nesting of objects and arrays. */
#define JSON_DEPTH_MAX 256

/*! \brief Longest string (quotes included) or number handed out, in bytes of the document. */
#define JSON_TEXT_MAX (64U << 10)

/*! \brief Longest object that is offered as it stands, in bytes of the document. */
#define JSON_OFFER_MAX (64U << 10)

/*! \brief Kinds of value that a place can want. */
enum json_kind { JSON_NOTHING, JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_BOOLEAN };

/*! \brief A member that is wanted of an object. */
struct json_member {
	struct text key;
	uint8_t place; /*!< Where its value lies. */
};

/*! \brief A member whose key is a string literal. */
#define JSON_MEMBER(literal, place)                     \
	{                                               \
		{ literal, sizeof(literal) - 1 }, place \
	}

/*! \brief A place in the document; its number is its index in json_handler.places. */
struct json_place {
	enum json_kind kind;
	uint8_t element;                   /*!< An array's elements lie there. */
	uint8_t members_count;             /*!< Number of \a members. */
	bool is_offered;                   /*!< An object, which the handler may know as it is. */
	const struct json_member *members; /*!< An object's. */
};

/*!
 * \brief Who gets the values.
 *
 * Each call returns KNOT_EOK, or an error that ends the parse and is what json_parser_feed()
 * returns. A text is only valid during the call.
 */
struct json_handler {
	/*! Places from 0 on; 0 is where nothing is wanted, 1 the whole document. */
	const struct json_place *places;
	/*! An object or array begins at a place. */
	int (*begin)(void *ctx, unsigned place);
	/*! It ends. */
	int (*end)(void *ctx, unsigned place);
	int (*string)(void *ctx, unsigned place, struct text text);
	/*! A number; of a boolean 0 or 1. */
	int (*number)(void *ctx, unsigned place, double number);
	/*! Before an object that is offered: how many bytes it will have if it is what is expected;
	 *  0: read it. May be NULL: all are read. */
	size_t (*expect)(void *ctx, unsigned place);
	/*! So many bytes from the object's `{` on: true if they are known to be it. Then it is
	 *  passed over, else read. */
	bool (*know)(void *ctx, unsigned place, struct text text);
};

struct json_parser;

/*!
 * \brief Makes a parser.
 *
 * \param handler  Who gets the values; has to outlive the parser.
 * \param ctx      Passed to each of its calls.
 *
 * \return The parser, to be freed with json_parser_free(); NULL if memory runs out.
 */
struct json_parser *json_parser_new(const struct json_handler *handler, void *ctx);

/*!
 * \brief Takes the next \a len bytes of the document.
 *
 * \retval KNOT_EOK     Go on.
 * \retval KNOT_EMALF   Not JSON, or nested deeper than JSON_DEPTH_MAX.
 * \retval KNOT_ENOMEM  Out of memory.
 * \return Else what a call of the handler returned.
 *
 * After an error every further call gives the same error.
 */
int json_parser_feed(struct json_parser *parser, const char *data, size_t len);

/*!
 * \brief The object that is offered and ends now, as it stands; for the handler's \a end.
 *
 * \return Valid during that call; absent if it is longer than JSON_OFFER_MAX.
 */
struct text json_parser_offer(const struct json_parser *parser);

/*! \brief Ends the document: KNOT_EMALF if it is not complete, else as json_parser_feed(). */
int json_parser_finish(struct json_parser *parser);

/*! \brief Makes a parser ready for another document, whatever became of the last one. */
void json_parser_reset(struct json_parser *parser);

/*! \brief Frees a parser; NULL is fine. */
void json_parser_free(struct json_parser *parser);
