/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/errcode.h>

#include "module/masters/recordio.h"

/*! \brief Writes down what comes: `<` at a record's begin, its octets, `>` at its end. */
struct notes {
	char text[256];
	size_t len;
	unsigned records;
	unsigned refuse; /*!< The record whose end is answered with an error; 0: none. */
};

static void note(struct notes *notes, const char *data, size_t len)
{
	assert_true(notes->len + len < sizeof(notes->text));
	memcpy(notes->text + notes->len, data, len);
	notes->len += len;
	notes->text[notes->len] = '\0';
}

static int on_begin(void *ctx)
{
	note(ctx, "<", 1);
	return KNOT_EOK;
}

static int on_data(void *ctx, const char *data, size_t len)
{
	assert_true(len > 0);
	note(ctx, data, len);
	return KNOT_EOK;
}

static int on_end(void *ctx)
{
	struct notes *notes = ctx;
	note(notes, ">", 1);
	return ++notes->records == notes->refuse ? KNOT_ESPACE : KNOT_EOK;
}

static const struct recordio_handler handler = { on_begin, on_data, on_end };

/*! \brief Feeds a text in pieces of at most \a step octets; returns the last error. */
static int feed(struct recordio *stream, const char *text, size_t step)
{
	int ret = KNOT_EOK;
	for (size_t left = strlen(text), len; left > 0; left -= len, text += len) {
		len = left < step ? left : step;
		/* Its own memory: a read beyond the piece is seen by the sanitizer. */
		char *piece = malloc(len);
		assert_non_null(piece);
		memcpy(piece, text, len);
		ret = recordio_feed(stream, piece, len);
		free(piece);
	}
	return ret;
}

static void check(const char *text, const char *expected, int ret, bool between)
{
	for (size_t step = 1; step <= strlen(text); step++) {
		struct notes notes = { 0 };
		struct recordio stream;
		recordio_init(&stream, &handler, &notes);
		assert_int_equal(feed(&stream, text, step), ret);
		assert_string_equal(notes.text, expected);
		if (ret == KNOT_EOK) {
			assert_int_equal(recordio_is_between(&stream), between);
		}
	}
}

static void test_records(void **state)
{
	(void)state;
	check("3\nabc", "<abc>", KNOT_EOK, true);
	check("3\nabc1\n\n10\n0123456789", "<abc><\n><0123456789>", KNOT_EOK, true);
	check("0\n2\nab", "<><ab>", KNOT_EOK, true);
	check("003\nabc", "<abc>", KNOT_EOK, true);
}

static void test_cut_off(void **state)
{
	(void)state;
	check("3", "", KNOT_EOK, false);
	check("3\n", "<", KNOT_EOK, false);
	check("3\nab", "<ab", KNOT_EOK, false);
	check("1\na12", "<a>", KNOT_EOK, false);
}

static void test_broken(void **state)
{
	(void)state;
	check("\n", "", KNOT_EMALF, false);
	check("-1\na", "", KNOT_EMALF, false);
	check("3 \nabc", "", KNOT_EMALF, false);
	check("0x3\nabc", "", KNOT_EMALF, false);
	check("3\r\nabc", "", KNOT_EMALF, false);
	check("1\nab1\na", "<a>", KNOT_EMALF, false);
	check("{\"type\":\"HEARTBEAT\"}", "", KNOT_EMALF, false);
	check("1073741825\n", "", KNOT_EMALF, false);
	check("99999999999999999999\n", "", KNOT_EMALF, false);
	check("00000000003\nabc", "", KNOT_EMALF, false);
}

static void test_longest(void **state)
{
	(void)state;
	check("1073741824\nab", "<ab", KNOT_EOK, false);
}

static void test_refused(void **state)
{
	(void)state;
	struct notes notes = { .refuse = 2 };
	struct recordio stream;
	recordio_init(&stream, &handler, &notes);
	assert_int_equal(feed(&stream, "1\na1\nb1\nc", 9), KNOT_ESPACE);
	assert_string_equal(notes.text, "<a><b>");
	assert_int_equal(feed(&stream, "1\nd", 3), KNOT_ESPACE);
	assert_string_equal(notes.text, "<a><b>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records), cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_broken),  cmocka_unit_test(test_longest),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
