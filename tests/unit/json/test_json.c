/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/errcode.h>

#include "module/json/json.h"

#define TEXT(literal) ((struct text){ literal, sizeof(literal) - 1 })

/* The example of json.h, with some more: {"name": STRING, "ports": [NUMBER, ...], "in": TOP}. */
enum { NOWHERE, TOP, NAME, PORTS, PORT, LISTS, LIST };

static const struct json_member members[] = {
	JSON_MEMBER("name", NAME),
	JSON_MEMBER("ports", PORTS),
	JSON_MEMBER("in", TOP),
	JSON_MEMBER("lists", LISTS),
};

static const struct json_place places[] = {
	[TOP] = { JSON_OBJECT, .members = members, .members_count = 4 },
	[NAME] = { JSON_STRING },
	[PORTS] = { JSON_ARRAY, .element = PORT },
	[PORT] = { JSON_NUMBER },
	[LISTS] = { JSON_ARRAY, .element = LIST },
	[LIST] = { JSON_ARRAY, .element = NAME },
};

/*! \brief Writes what it is given as text; may end the parse. */
struct log {
	FILE *out;
	int calls_left; /*!< After so many calls the handler gives KNOT_EBUSY. */
};

static int count_down(struct log *log)
{
	return log->calls_left-- == 0 ? KNOT_EBUSY : KNOT_EOK;
}

static int log_begin(void *ctx, unsigned place)
{
	fprintf(((struct log *)ctx)->out, "<%u", place);
	return count_down(ctx);
}

static int log_end(void *ctx, unsigned place)
{
	fprintf(((struct log *)ctx)->out, "%u>", place);
	return count_down(ctx);
}

static int log_string(void *ctx, unsigned place, struct text text)
{
	struct log *log = ctx;
	fprintf(log->out, " %u='", place);
	for (uint32_t i = 0; i < text.len; i++) {
		unsigned char c = text.data[i];
		fprintf(log->out, c >= ' ' && c < 0x7f ? "%c" : "\\x%02x", c);
	}
	fputs("' ", log->out);
	return count_down(log);
}

static int log_number(void *ctx, unsigned place, double number)
{
	fprintf(((struct log *)ctx)->out, " %u=%.17g ", place, number);
	return count_down(ctx);
}

#define LOG_HANDLER(table)                                        \
	{                                                         \
		table, log_begin, log_end, log_string, log_number \
	}

static const struct json_handler handler = LOG_HANDLER(places);

/*! \brief Parses in chunks, each in memory of its own size; returns the log, to be freed. */
static char *run(const struct json_handler *h, struct text doc, size_t chunk, int calls, int *ret)
{
	char *log_text = NULL;
	size_t log_len = 0;
	struct log log = { open_memstream(&log_text, &log_len), calls };
	assert_non_null(log.out);
	struct json_parser *parser = json_parser_new(h, &log);
	assert_non_null(parser);

	*ret = KNOT_EOK;
	for (size_t at = 0; at < doc.len; at += chunk) {
		size_t len = doc.len - at < chunk ? doc.len - at : chunk;
		char *copy = malloc(len);
		assert_non_null(copy);
		memcpy(copy, doc.data + at, len);
		*ret = json_parser_feed(parser, copy, len);
		free(copy);
		if (*ret != KNOT_EOK) {
			assert_int_equal(json_parser_feed(parser, " ", 1), *ret);
			assert_int_equal(json_parser_feed(parser, NULL, 0), *ret);
			break;
		}
	}
	int end = json_parser_finish(parser);
	if (*ret != KNOT_EOK) {
		assert_int_equal(end, *ret);
	}
	*ret = end;
	json_parser_free(parser);
	fclose(log.out);
	return log_text;
}

/*! \brief Parses in chunks of every size; asserts the same result each time and returns the log. */
static char *run_all(const struct json_handler *h, struct text doc, int expect)
{
	int ret;
	char *whole = run(h, doc, doc.len > 0 ? doc.len : 1, -1, &ret);
	if (ret != expect) {
		print_error("%.*s: %s\n", (int)doc.len, doc.data, whole);
	}
	assert_int_equal(ret, expect);
	for (size_t chunk = 1; chunk < doc.len && chunk < 70; chunk++) {
		char *parts = run(h, doc, chunk, -1, &ret);
		assert_int_equal(ret, expect);
		assert_string_equal(parts, whole);
		free(parts);
	}
	return whole;
}

static void check(struct text doc, const char *expect)
{
	char *log = run_all(&handler, doc, KNOT_EOK);
	assert_string_equal(log, expect);
	free(log);
}

/*! \brief Puts a document into an object or array that is not wanted; to be freed. */
static struct text bury(struct text doc, const char *before, const char *after)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	fputs(before, out);
	fwrite(doc.data, 1, doc.len, out);
	fputs(after, out);
	fclose(out);
	return (struct text){ text, len };
}

static void check_malformed(struct text doc)
{
	free(run_all(&handler, doc, KNOT_EMALF));
	/* What is passed over in one go has the same rules. */
	if (doc.len > 0 && memchr(" ,:", doc.data[0], 3) == NULL) {
		struct text member = bury(doc, "{\"no\":{\"a\":", "},\"name\":\"x\"}");
		struct text element = bury(doc, "[[", ",1]]");
		free(run_all(&handler, member, KNOT_EMALF));
		free(run_all(&handler, element, KNOT_EMALF));
		free((char *)(uintptr_t)member.data);
		free((char *)(uintptr_t)element.data);
	}
}

static void test_wanted(void **unused)
{
	(void)unused;
	check(TEXT("{\"name\":\"web\",\"ports\":[80,443]}"), "<1 2='web' <3 4=80  4=443 3>1>");
	check(TEXT(" { \"ports\" : [ 1 , 2 ] ,\r\n\t\"name\" : \"a b\" } \n"),
	      "<1<3 4=1  4=2 3> 2='a b' 1>");
	check(TEXT("{\"in\":{\"in\":{\"name\":\"deep\"},\"name\":\"\"}}"),
	      "<1<1<1 2='deep' 1> 2='' 1>1>");
	check(TEXT("{\"lists\":[[\"a\",\"b\"],[],[\"c\"]]}"),
	      "<1<5<6 2='a'  2='b' 6><66><6 2='c' 6>5>1>");
	check(TEXT("{}"), "<11>");
	check(TEXT("{\"name\":\"first\",\"name\":\"second\"}"), "<1 2='first'  2='second' 1>");
}

static void test_unwanted(void **unused)
{
	(void)unused;
	check(TEXT("{\"other\":{\"name\":\"no\",\"ports\":[1]},\"nam\":\"no\",\"names\":\"no\","
	           "\"\":\"no\",\"ports\":[[2],{\"name\":\"no\"},3]}"),
	      "<1<3 4=3 3>1>");
	check(TEXT("{\"name\":1,\"ports\":\"x\",\"in\":[],\"lists\":{}}"), "<11>");
	check(TEXT("{\"name\":null,\"ports\":true,\"in\":false,\"lists\":[null,true,[1,null]]}"),
	      "<1<5<66>5>1>");
	check(TEXT("[{\"name\":\"no\"}]"), "");
	check(TEXT("null"), "");
	check(TEXT("\"text\""), "");
	check(TEXT("-12.5e+3"), "");
}

/*! \brief All that may be in what is passed over, and what is wanted right behind it. */
static void test_passed_over(void **unused)
{
	(void)unused;
	static const char *const values[] = {
		"{}",
		"[]",
		"[[]]",
		"[{}]",
		"{\"a\":{}}",
		"{\"a\":[],\"b\":{\"c\":[{},[]]}}",
		"[0]",
		"[-0.5e+10,12,1E9,3e-2]",
		"[true,false,null]",
		"{\"a\":null}",
		"[\"\"]",
		"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00aF\"]",
		"{\"\\\"]}\":\"]}\"}",
		"[\"a long string, longer than any block of sixteen, \\u1234 and \xc3\xb6\"]",
		"[ 1 , { \"a\" : [ ] } ]",
		"{\"a\":1,\"a\":2}",
	};
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct text value = { values[i], strlen(values[i]) };
		struct text doc = bury(value, "{\"no\":", ",\"name\":\"x\",\"no\":1}");
		check(doc, "<1 2='x' 1>");
		free((char *)(uintptr_t)doc.data);
	}
}

/*! \brief In two parts, wherever they are parted: an escape may begin at the end of the first. */
static void test_passed_over_in_parts(void **unused)
{
	(void)unused;
	struct text doc = TEXT("{\"no\":[\"a\\u0041b\",\"\\u00e9\",\"\\n\"],\"name\":\"x\"}");
	for (size_t at = 1; at < doc.len; at++) {
		/* What follows the first part in memory is none of its business. */
		char *text = NULL;
		size_t len = 0;
		struct log log = { open_memstream(&text, &len), -1 };
		assert_non_null(log.out);
		struct json_parser *parser = json_parser_new(&handler, &log);
		assert_non_null(parser);
		assert_int_equal(json_parser_feed(parser, doc.data, at), KNOT_EOK);
		assert_int_equal(json_parser_feed(parser, doc.data + at, doc.len - at), KNOT_EOK);
		assert_int_equal(json_parser_finish(parser), KNOT_EOK);
		json_parser_free(parser);
		fclose(log.out);
		assert_string_equal(text, "<1 2='x' 1>");
		free(text);
	}
}

/*! \brief Integers that a double does not hold as they are, and that no 64 bits hold. */
static void test_large_integers(void **unused)
{
	(void)unused;
	check(TEXT("{\"ports\":[999999999999999,9007199254740993,9223372036854775807,"
	           "9999999999999999999,"
	           "92233720368547758070,18446744073709551616,"
	           "340282366920938463463374607431768211456]}"),
	      "<1<3 4=999999999999999  4=9007199254740992  4=9.2233720368547758e+18  4=1e+19 "
	      " 4=9.2233720368547758e+19  4=1.8446744073709552e+19  4=3.4028236692093846e+38 3>1>");
}

static void test_keys(void **unused)
{
	(void)unused;
	check(TEXT("{\"n\\u0061me\":\"x\",\"\\u0070orts\":[1]}"), "<1 2='x' <3 4=1 3>1>");
	check(TEXT("{\"name\\u0000\":\"x\",\"na\\u0000me\":\"x\",\"NAME\":\"x\"}"), "<11>");
	check(TEXT("{\"name\xff\":\"x\",\"name \":\"x\",\"\\u006eame\":\"y\"}"), "<1 2='y' 1>");
}

static void test_strings(void **unused)
{
	(void)unused;
	static const struct {
		struct text json;
		const char *expect;
	} cases[] = {
		{ TEXT("\"\""), "" },
		{ TEXT("\"0123456789abcdef0123456789abcdef\""),
		  "0123456789abcdef0123456789abcdef" },
		{ TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\/\\x08\\x0c\\x0a\\x0d\\x09" },
		{ TEXT("\"\\u0041\\u00e9\\u20AC\\uABCD\""),
		  "A\\xc3\\xa9\\xe2\\x82\\xac\\xea\\xaf\\x8d" },
		{ TEXT("\"\\ud83d\\ude00\""), "\\xf0\\x9f\\x98\\x80" },
		{ TEXT("\"a\\u0000b\""), "a\\x00b" },
		{ TEXT("\"\\u0000\""), "\\x00" },
		/* Lone surrogates become U+FFFD. */
		{ TEXT("\"\\ud800\""), "\\xef\\xbf\\xbd" },
		{ TEXT("\"\\ud800x\""), "\\xef\\xbf\\xbdx" },
		{ TEXT("\"\\ud800\\n\""), "\\xef\\xbf\\xbd\\x0a" },
		{ TEXT("\"\\ud800\\u0041\""), "\\xef\\xbf\\xbdA" },
		{ TEXT("\"\\udc00\\ud800\""), "\\xef\\xbf\\xbd\\xef\\xbf\\xbd" },
		/* Not UTF-8, and passed on. */
		{ TEXT("\"\xff\xfe\""), "\\xff\\xfe" },
		{ TEXT("\"\xc3\""), "\\xc3" },
		{ TEXT("\"\xed\xa0\x80\xc0\x80\""), "\\xed\\xa0\\x80\\xc0\\x80" },
		{ TEXT("\"\xff\\n\xc3\""), "\\xff\\x0a\\xc3" },
		{ TEXT("\"\x7f\""), "\\x7f" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char doc[200], expect[200];
		int len = snprintf(doc, sizeof(doc), "{\"name\":%.*s,\"in\":{}}",
		                   (int)cases[i].json.len, cases[i].json.data);
		snprintf(expect, sizeof(expect), "<1 2='%s' <11>1>", cases[i].expect);
		check((struct text){ doc, (uint32_t)len }, expect);

		/* Where nobody wants it, it is no error either. */
		len = snprintf(doc, sizeof(doc), "{\"other\":[%.*s]}", (int)cases[i].json.len,
		               cases[i].json.data);
		check((struct text){ doc, (uint32_t)len }, "<11>");
	}
}

/*! \brief Every byte at every place of a string, however it is read block by block. */
static void test_every_byte(void **unused)
{
	(void)unused;
	enum { LEN = 40 };
	for (int byte = 0; byte < 256; byte++) {
		bool valid = byte >= 0x20 && byte != '"' && byte != '\\';
		for (int at = 0; at < LEN; at++) {
			char doc[] = "{\"x\":\"0123456789abcdefghij0123456789abcdefghij\"}";
			doc[6 + at] = (char)byte;
			int ret;
			struct text text = { doc, sizeof(doc) - 1 };
			free(run(&handler, text, sizeof(doc), -1, &ret));
			/* A backslash is good before the text's b and f. */
			bool escapes = byte == '\\' && at < LEN - 1 &&
			               strchr("bf", doc[7 + at]) != NULL;
			assert_int_equal(ret, valid || escapes ? KNOT_EOK : KNOT_EMALF);
		}
	}
}

static void test_numbers(void **unused)
{
	(void)unused;
	static const struct {
		const char *json;
		const char *expect; /*!< NULL: beyond a double's range, passed over. */
	} cases[] = {
		{ "0", "0" },
		{ "-0", "-0" },
		{ "10", "10" },
		{ "-1", "-1" },
		{ "0.5", "0.5" },
		{ "0e0", "0" },
		{ "2.0", "2" },
		{ "1E5", "100000" },
		{ "1e+5", "100000" },
		{ "12.50e-1", "1.25" },
		{ "1795360278.414526", "1795360278.414526" },
		{ "9007199254740993", "9007199254740992" },
		{ "18446744073709551616", "1.8446744073709552e+19" },
		{ "100000000000000000000000000000000", "1.0000000000000001e+32" },
		{ "1e308", "1e+308" },
		{ "1e-999", "0" },
		{ "1e309", NULL },
		{ "-1e99999999999999999999", NULL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char doc[200], expect[200] = "<1<33>1>";
		int len = snprintf(doc, sizeof(doc), "{\"ports\":[%s]}", cases[i].json);
		if (cases[i].expect != NULL) {
			snprintf(expect, sizeof(expect), "<1<3 4=%s 3>1>", cases[i].expect);
		}
		check((struct text){ doc, (uint32_t)len }, expect);
	}
}

static void test_top_number(void **unused)
{
	(void)unused;
	static const struct json_place top[] = { [1] = { JSON_NUMBER } };
	static const struct json_handler h = LOG_HANDLER(top);

	char *log = run_all(&h, TEXT("12345"), KNOT_EOK);
	assert_string_equal(log, " 1=12345 ");
	free(log);
	log = run_all(&h, TEXT(" -1.5 "), KNOT_EOK);
	assert_string_equal(log, " 1=-1.5 ");
	free(log);
	free(run_all(&h, TEXT("1."), KNOT_EMALF));
	free(run_all(&h, TEXT("1 2"), KNOT_EMALF));
}

static void test_malformed(void **unused)
{
	(void)unused;
	static const struct text docs[] = {
		TEXT(""),
		TEXT(" "),
		TEXT("\xef\xbb\xbf{}"),
		TEXT("{"),
		TEXT("["),
		TEXT("}"),
		TEXT("]"),
		TEXT("{]"),
		TEXT("[}"),
		TEXT("[1}"),
		TEXT("{\"a\":1]"),
		TEXT("{}}"),
		TEXT("{}{}"),
		TEXT("{},"),
		TEXT("{} x"),
		TEXT("{}\0"),
		TEXT("{,}"),
		TEXT("{\"a\":1,}"),
		TEXT("{\"a\"}"),
		TEXT("{\"a\":}"),
		TEXT("{\"a\":,}"),
		TEXT("{\"a\"::1}"),
		TEXT("{\"a\" 1}"),
		TEXT("{\"a\":1 \"b\":2}"),
		TEXT("{\"a\":1,,\"b\":2}"),
		TEXT("{a:1}"),
		TEXT("{'a':1}"),
		TEXT("{1:1}"),
		TEXT("{null:1}"),
		TEXT("[,]"),
		TEXT("[1,]"),
		TEXT("[,1]"),
		TEXT("[1 2]"),
		TEXT("[1:2]"),
		TEXT("[\"a\":1]"),
		TEXT("[/**/]"),
		TEXT("[1]//"),
		TEXT("[\v]"),
		TEXT("[\f1]"),
		TEXT("[\xc2\xa0]"),
		TEXT("[\0]"),
		TEXT("[tru]"),
		TEXT("[truE]"),
		TEXT("[truee]"),
		TEXT("[t"),
		TEXT("[True]"),
		TEXT("[nul]"),
		TEXT("nul"),
		TEXT("[fals e]"),
		TEXT("[NaN]"),
		TEXT("[Infinity]"),
		TEXT("[-Infinity]"),
		TEXT("[undefined]"),
		TEXT("[01]"),
		TEXT("[00]"),
		TEXT("[-01]"),
		TEXT("[-]"),
		TEXT("[--1]"),
		TEXT("[+1]"),
		TEXT("[1.]"),
		TEXT("[.5]"),
		TEXT("[-.5]"),
		TEXT("[1.e5]"),
		TEXT("[1e]"),
		TEXT("[1e+]"),
		TEXT("[1e5.5]"),
		TEXT("[1e5e5]"),
		TEXT("[1.5.5]"),
		TEXT("[1-1]"),
		TEXT("[0x10]"),
		TEXT("[1_000]"),
		TEXT("[1\0]"),
		TEXT("-"),
		TEXT("1."),
		TEXT("1e"),
		TEXT("\""),
		TEXT("[\"a]"),
		TEXT("[\"\\\"]"),
		TEXT("[\"\\x41\"]"),
		TEXT("[\"\\'\"]"),
		TEXT("[\"\\\0\"]"),
		TEXT("[\"\\u12\"]"),
		TEXT("[\"\\u123\"]"),
		TEXT("[\"\\u12g4\"]"),
		TEXT("[\"\\u123"),
		TEXT("[\"\\U0041\"]"),
		TEXT("[\"\n\"]"),
		TEXT("[\"\t\"]"),
		TEXT("[\"\0\"]"),
		TEXT("[\"\x1f\"]"),
		TEXT("[\"0123456789abcdef\x01\"]"),
		TEXT("{\"a\nb\":1}"),
		TEXT("{\"\\q\":1}"),
	};
	/* In the open, where nothing is wanted, and where strings and numbers are. */
	static const char *const frames[][2] = {
		{ "{\"x\":[", "]}" },
		{ "{\"lists\":[", "]}" },
		{ "{\"ports\":", "}" },
		{ "{\"lists\":[", "" },
	};

	for (size_t i = 0; i < sizeof(docs) / sizeof(*docs); i++) {
		check_malformed(docs[i]);
	}
	for (size_t i = 0; i < sizeof(docs) / sizeof(*docs); i++) {
		if (docs[i].len < 2 || memchr(docs[i].data, '\0', docs[i].len) != NULL) {
			continue;
		}
		for (size_t j = 0; j < sizeof(frames) / sizeof(*frames); j++) {
			char doc[200];
			int len = snprintf(doc, sizeof(doc), "%s%.*s%s", frames[j][0],
			                   (int)docs[i].len, docs[i].data, frames[j][1]);
			check_malformed((struct text){ doc, (uint32_t)len });
		}
	}
}

/*! \brief Fills a document with \a depth times \a open, \a inner, and as often \a close. */
static struct text nest(const char *open, const char *inner, const char *close, unsigned depth)
{
	size_t open_len = strlen(open), close_len = strlen(close);
	char *doc = malloc(depth * (open_len + close_len) + strlen(inner));
	assert_non_null(doc);
	char *at = doc;
	for (unsigned i = 0; i < depth; i++) {
		at = mempcpy(at, open, open_len);
	}
	at = mempcpy(at, inner, strlen(inner));
	for (unsigned i = 0; i < depth; i++) {
		at = mempcpy(at, close, close_len);
	}
	return (struct text){ doc, (uint32_t)(at - doc) };
}

static void test_depth(void **unused)
{
	(void)unused;
	static const char *const kinds[][3] = {
		{ "[", "", "]" },
		{ "{\"in\":", "1", "}" },
		{ "{\"x\":", "[]", "}" },
		{ "{\"in\":[", "\"\"", "]}" },
	};
	static const unsigned depths[] = { 127, 128, 129, 255, 256, 257, 100000 };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		for (size_t j = 0; j < sizeof(depths) / sizeof(*depths); j++) {
			unsigned depth = depths[j] * (i == 3 ? 2 : 1) + (i == 2 ? 1 : 0);
			int ret, expect = depth <= JSON_DEPTH_MAX ? KNOT_EOK : KNOT_EMALF;
			struct text doc = nest(kinds[i][0], kinds[i][1], kinds[i][2], depths[j]);
			free(run(&handler, doc, 1000, -1, &ret));
			assert_int_equal(ret, expect);
			free(run(&handler, doc, 1, -1, &ret));
			assert_int_equal(ret, expect);
			free((char *)(uintptr_t)doc.data);
		}
	}
}

/*! \brief Makes `{"name":"aaa...","in":{}}`, the value with its quotes \a len bytes long. */
static struct text long_string(const char *fill, size_t len)
{
	char *doc = malloc(len + 100);
	assert_non_null(doc);
	char *at = doc + sprintf(doc, "{\"name\":\"");
	size_t fill_len = strlen(fill);
	for (size_t i = 0; i < len - 2; i++) {
		*at++ = fill[i % fill_len];
	}
	at = mempcpy(at, "\",\"in\":{}}", 10);
	return (struct text){ doc, (uint32_t)(at - doc) };
}

static void test_long_strings(void **unused)
{
	(void)unused;
	static const size_t chunks[] = { 1, 7, 4096, 65535, 65536, 65537, 1 << 30 };
	static const struct {
		const char *fill;
		size_t len;      /*!< In the document. */
		size_t expected; /*!< When handed out; 0 if it is not. */
	} cases[] = {
		{ "a", JSON_TEXT_MAX - 1, JSON_TEXT_MAX - 3 },
		{ "a", JSON_TEXT_MAX, JSON_TEXT_MAX - 2 },
		{ "a", JSON_TEXT_MAX + 1, 0 },
		{ "a", JSON_TEXT_MAX + 2, 0 },
		{ "a", 3 * JSON_TEXT_MAX, 0 },
		{ "\\n", JSON_TEXT_MAX, JSON_TEXT_MAX / 2 - 1 },
		{ "\\n", JSON_TEXT_MAX + 2, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct text doc = long_string(cases[i].fill, cases[i].len);
		for (size_t j = 0; j < sizeof(chunks) / sizeof(*chunks); j++) {
			int ret;
			char *log = run(&handler, doc, chunks[j], -1, &ret);
			assert_int_equal(ret, KNOT_EOK);
			/* The log writes \n as four bytes. */
			size_t each = cases[i].fill[0] == 'a' ? 1 : 4;
			size_t frame = strlen("<1<11>1>");
			if (cases[i].expected > 0) {
				frame += strlen(" 2='' ");
			}
			assert_int_equal(strlen(log), frame + each * cases[i].expected);
			free(log);
		}
		free((char *)(uintptr_t)doc.data);
	}
}

static void test_long_others(void **unused)
{
	(void)unused;
	static const size_t chunks[] = { 1, 4096, 1 << 30 };
	for (size_t j = 0; j < sizeof(chunks) / sizeof(*chunks); j++) {
		/* A key too long to be one that is wanted. */
		char *data = malloc(2 * JSON_TEXT_MAX + 10);
		assert_non_null(data);
		char *at = mempcpy(data, "{\"", 2);
		memset(at, 'k', 2 * JSON_TEXT_MAX);
		memcpy(at + 2 * JSON_TEXT_MAX, "\":\"v\"}", 6);
		int ret;
		struct text doc = { data, 2 * JSON_TEXT_MAX + 8 };
		char *log = run(&handler, doc, chunks[j], -1, &ret);
		assert_int_equal(ret, KNOT_EOK);
		assert_string_equal(log, "<11>");
		free(log);

		/* A number that is too long is passed over, one that fits is read. */
		at = mempcpy(data, "{\"ports\":[", 10);
		memset(at, '0', 2 * JSON_TEXT_MAX - 10);
		at[0] = '1';
		at[2] = '.';
		memcpy(data + JSON_TEXT_MAX + 20, ",7]}", 4);
		doc.len = JSON_TEXT_MAX + 24;
		log = run(&handler, doc, chunks[j], -1, &ret);
		assert_int_equal(ret, KNOT_EOK);
		assert_string_equal(log, "<1<3 4=7 3>1>");
		free(log);
		memcpy(data + JSON_TEXT_MAX + 10, ",7]}", 4);
		doc.len = JSON_TEXT_MAX + 14;
		log = run(&handler, doc, chunks[j], -1, &ret);
		assert_int_equal(ret, KNOT_EOK);
		assert_string_equal(log, "<1<3 4=10  4=7 3>1>");
		free(log);
		free(data);
	}
}

static void test_handler_errors(void **unused)
{
	(void)unused;
	struct text doc = TEXT("{\"name\":\"a\\n\",\"in\":{\"ports\":[1,2]},\"name\":\"b\"}");
	int ret, calls = 0;
	for (; calls < 100; calls++) {
		free(run(&handler, doc, 3, calls, &ret));
		if (ret != KNOT_EBUSY) {
			break;
		}
	}
	assert_int_equal(ret, KNOT_EOK);
	assert_int_equal(calls, 10);
}

static void test_locale(void **unused)
{
	(void)unused;
	static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE" };
	const char *set = NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && set == NULL; i++) {
		set = setlocale(LC_ALL, names[i]);
	}
	if (set == NULL) {
		skip();
	}
	/* The log itself is written with the locale's comma. */
	check(TEXT("{\"ports\":[1.5],\"name\":\"\\u00e9\"}"), "<1<3 4=1,5 3> 2='\\xc3\\xa9' 1>");
	setlocale(LC_ALL, "C");
}

static void test_null(void **unused)
{
	(void)unused;
	json_parser_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_unwanted),
		cmocka_unit_test(test_passed_over_in_parts),
		cmocka_unit_test(test_large_integers),
		cmocka_unit_test(test_passed_over),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_top_number),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_long_strings),
		cmocka_unit_test(test_long_others),
		cmocka_unit_test(test_handler_errors),
		cmocka_unit_test(test_locale),
		cmocka_unit_test(test_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
