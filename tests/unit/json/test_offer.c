/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Objects that are offered to the handler as they stand, and passed over if it knows them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/libknot.h>

#include "module/json/json.h"

enum { NOWHERE, TOP, OBJECT, NAME };

static const struct json_member members[] = {
	JSON_MEMBER("name", NAME),
	JSON_MEMBER("in", OBJECT),
};

static const struct json_place places[] = {
	[TOP] = { JSON_ARRAY, .element = OBJECT },
	[OBJECT] = { JSON_OBJECT, .members = members, .members_count = 2, .is_offered = true },
	[NAME] = { JSON_STRING },
};

/*! \brief Who knows one text, and expects it, or just its length, each time. */
struct log {
	FILE *out;
	const struct json_parser *parser;
	const char *known; /*!< NULL: nothing. */
	size_t expected;
};

static int log_begin(void *ctx, unsigned place)
{
	(void)ctx, (void)place;
	return KNOT_EOK;
}

static int log_end(void *ctx, unsigned place)
{
	const struct log *log = ctx;
	if (place == OBJECT) {
		struct text text = json_parser_offer(log->parser);
		fprintf(log->out, "[%.*s]", (int)text.len, text.len > 0 ? text.data : "");
	}
	return KNOT_EOK;
}

static int log_string(void *ctx, unsigned place, struct text text)
{
	(void)place;
	fprintf(((struct log *)ctx)->out, "%.*s", (int)text.len, text.data);
	return KNOT_EOK;
}

static int log_number(void *ctx, unsigned place, double number)
{
	(void)ctx, (void)place, (void)number;
	return KNOT_ERROR;
}

static size_t log_expect(void *ctx, unsigned place)
{
	assert_int_equal(place, OBJECT);
	return ((const struct log *)ctx)->expected;
}

static bool log_know(void *ctx, unsigned place, struct text text)
{
	const struct log *log = ctx;
	assert_int_equal(place, OBJECT);
	assert_int_equal(text.len, log->expected);
	bool is_known = log->known != NULL && strlen(log->known) == text.len &&
	                memcmp(log->known, text.data, text.len) == 0;
	fputs(is_known ? "known" : "", log->out);
	return is_known;
}

/*! \brief Reads a document in three chunks; what the handler was told, and the result. */
static char *read_split(const char *doc, size_t first, size_t second, const char *known,
                        size_t expected)
{
	static const struct json_handler handler = { places,     log_begin,  log_end, log_string,
		                                     log_number, log_expect, log_know };

	char *text = NULL;
	size_t size = 0, len = strlen(doc);
	struct log log = { .known = known, .expected = expected };
	log.out = open_memstream(&text, &size);
	struct json_parser *parser = json_parser_new(&handler, &log);
	assert_non_null(parser);
	log.parser = parser;
	const size_t cuts[] = { 0, first, second, len };
	for (unsigned i = 0; i < 3; i++) {
		/* Each chunk in memory of just its size, gone when it is read. */
		char *chunk = strndup(doc + cuts[i], cuts[i + 1] - cuts[i]);
		(void)json_parser_feed(parser, chunk, cuts[i + 1] - cuts[i]);
		free(chunk);
	}
	fprintf(log.out, " %s", knot_strerror(json_parser_finish(parser)));
	json_parser_free(parser);
	fclose(log.out);
	return text;
}

/*! \brief Asserts what comes of a document, however it is cut. */
static void expect(const char *doc, const char *known, size_t expected, const char *wanted)
{
	size_t len = strlen(doc);
	for (size_t first = 0; first <= len; first++) {
		for (size_t second = first; second <= len; second++) {
			char *text = read_split(doc, first, second, known, expected);
			assert_string_equal(text, wanted);
			free(text);
		}
	}
}

static const char three[] = "[{\"name\":\"a\"},{\"name\":\"b\" },{\"x\":{\"name\":0}}]";

static void test_known(void **unused)
{
	(void)unused;
	expect(three, "{\"name\":\"a\"}", 12, "knownb[{\"name\":\"b\" }][{\"x\":{\"name\":0}}] OK");
	expect(three, "{\"name\":\"b\" }", 13, "a[{\"name\":\"a\"}]known[{\"x\":{\"name\":0}}] OK");
	expect(three, "{\"x\":{\"name\":0}}", 16,
	       "a[{\"name\":\"a\"}]b[{\"name\":\"b\" }]known OK");
}

/*! \brief Whatever length is guessed wrongly, all is read as if nothing had been. */
static void test_wrong_guesses(void **unused)
{
	(void)unused;
	static const char plain[] =
	        "a[{\"name\":\"a\"}]b[{\"name\":\"b\" }][{\"x\":{\"name\":0}}] OK";
	for (size_t guess = 0; guess <= sizeof(three); guess++) {
		expect(three, NULL, guess, plain);
	}
	expect(three, NULL, JSON_OFFER_MAX, plain);
	expect(three, NULL, JSON_OFFER_MAX + 1, plain);
	expect(three, NULL, SIZE_MAX, plain);
}

/*! \brief What is wrong with a document is the same with what is known before and behind it. */
static void test_broken(void **unused)
{
	(void)unused;
	static const char known[] = "{\"name\":\"a\"}";
	for (size_t guess = 0; guess < 24; guess++) {
		const char *text = guess == sizeof(known) - 1 ? known : NULL;
		const char *a = text != NULL ? "known" : "a[{\"name\":\"a\"}]";
		char wanted[64];
		snprintf(wanted, sizeof(wanted), "%s malformed data", a);
		expect("[{\"name\":\"a\"}", text, guess, wanted);
		expect("[{\"name\":\"a\"},{]", text, guess, wanted);
		expect("[{\"name\":\"a\"},{", text, guess, wanted);
		expect("[{\"name\":\"a\"}}", text, guess, wanted);
		snprintf(wanted, sizeof(wanted), "%sb malformed data", a);
		expect("[{\"name\":\"a\"},{\"name\":\"b\"", text, guess, wanted);
	}
}

/*! \brief One within another is a part of that. */
static void test_nested(void **unused)
{
	(void)unused;
	static const char doc[] = "[{\"in\":{\"name\":\"a\"},\"name\":\"b\"}]";
	expect(doc, NULL, 0, "a[]b[{\"in\":{\"name\":\"a\"},\"name\":\"b\"}] OK");
	expect(doc, "{\"name\":\"a\"}", 12, "a[]b[{\"in\":{\"name\":\"a\"},\"name\":\"b\"}] OK");
}

/*! \brief A text that is too long is read, and not told. */
static void test_long(void **unused)
{
	(void)unused;
	for (size_t len = JSON_OFFER_MAX - 1; len <= JSON_OFFER_MAX + 1; len++) {
		char *doc = calloc(1, len + 3);
		assert_non_null(doc);
		memset(doc, ' ', len + 2);
		doc[0] = '[';
		doc[1] = '{';
		doc[len] = '}';
		doc[len + 1] = ']';
		for (size_t cut = 0; cut < len + 2; cut += len / 3) {
			char *text = read_split(doc, cut, len + 2, NULL, 0);
			assert_int_equal(strlen(text), len > JSON_OFFER_MAX ? 5 : len + 5);
			free(text);
			text = read_split(doc, cut, len + 2, NULL, len);
			assert_int_equal(strlen(text), len > JSON_OFFER_MAX ? 5 : len + 5);
			free(text);
		}
		free(doc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),  cmocka_unit_test(test_wrong_guesses),
		cmocka_unit_test(test_broken), cmocka_unit_test(test_nested),
		cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
