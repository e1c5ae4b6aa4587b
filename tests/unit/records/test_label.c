/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/errcode.h>

#include "module/records/label.h"

static struct text text(const char *string)
{
	return (struct text){ .data = string, .len = strlen(string) };
}

static void check_make(enum label_rules rules, const char *name, const char *expected)
{
	uint8_t label[LABEL_MAX + 1] = { 0 };
	size_t len = label_make(rules, text(name), label);
	label[len] = '\0';
	assert_string_equal((const char *)label, expected);
	assert_int_equal(len, strlen(expected));
}

#define C60 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static void test_rfc1123(void **state)
{
	(void)state;
	check_make(LABEL_RFC1123, "UpperCase.App_v2", "uppercase-app-v2");
	check_make(LABEL_RFC1123, "has space and $ign", "hasspaceandign");
	check_make(LABEL_RFC1123, "--lead-and-trail--", "lead-and-trail");
	check_make(LABEL_RFC1123, "9starts-with-digit", "9starts-with-digit");
	check_make(LABEL_RFC1123, "", "");
	check_make(LABEL_RFC1123, "...", "");
	check_make(LABEL_RFC1123, "._-", "");
	check_make(LABEL_RFC1123, "\xe5\x90\x8d\xe5\x89\x8d-name-\xc3\xbc", "name");
	check_make(LABEL_RFC1123, "a--b", "a--b");
	check_make(LABEL_RFC1123, "$-a", "a");
}

static void test_rfc1123_long(void **state)
{
	(void)state;
	/* 63 and 64 octets, dashes before and behind the cut */
	check_make(LABEL_RFC1123, C60 "ddd", C60 "ddd");
	check_make(LABEL_RFC1123, C60 "dddd", C60 "ddd");
	check_make(LABEL_RFC1123, C60 "---d", C60 "d");
	check_make(LABEL_RFC1123, C60 "---", C60);
	check_make(LABEL_RFC1123, C60 "----", C60);
	check_make(LABEL_RFC1123, C60 "d------ef", C60 "def");
	check_make(LABEL_RFC1123, C60 "d------e-f", C60 "de-");
	check_make(LABEL_RFC1123, C60 "ddd---e", C60 "ddd");
	check_make(LABEL_RFC1123, C60 "ddd$$$", C60 "ddd");
	check_make(LABEL_RFC1123, C60 "dd-$$$", C60 "dd");
}

static void test_rfc952(void **state)
{
	(void)state;
	check_make(LABEL_RFC952, "89fdgsf---gs7-fgs--d7fddg-123", "fdgsf---gs7-fgs--d7fddg1");
	check_make(LABEL_RFC952, "9-8-a1", "a1");
	check_make(LABEL_RFC952, "123", "");
	check_make(LABEL_RFC952, "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwx");
	check_make(LABEL_RFC952, "-Ab_c.", "ab-c");
}

static void test_any_byte(void **state)
{
	(void)state;
	for (int rules = LABEL_RFC1123; rules <= LABEL_RFC952; rules++) {
		for (int c = 0; c < 256; c++) {
			const char name[] = { 'x', (char)c, 'y' };
			uint8_t label[LABEL_MAX];
			size_t len = label_make(rules, (struct text){ name, 3 }, label);
			assert_in_range(len, 2, 3);
			for (size_t i = 0; i < len; i++) {
				assert_non_null(
				        strchr("abcdefghijklmnopqrstuvwxyz0123456789-", label[i]));
			}
		}
	}
}

/*! \brief Labels in wire form as text with dots. */
static void check_labels(const uint8_t *labels, size_t len, const char *expected)
{
	char out[2 * LABEL_NAME_MAX] = "";
	for (size_t i = 0; i < len; i += 1 + labels[i]) {
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%.*s", i > 0 ? "." : "",
		         labels[i], (const char *)labels + i + 1);
	}
	assert_string_equal(out, expected);
}

static void check_make_dotted(const char *name, const char *expected)
{
	uint8_t labels[LABEL_NAME_MAX];
	check_labels(labels, label_make_dotted(LABEL_RFC1123, text(name), labels), expected);
}

static void check_take_dotted(const char *name, const char *expected)
{
	uint8_t labels[LABEL_NAME_MAX];
	check_labels(labels, label_take_dotted(text(name), labels), expected);
}

static void test_make_dotted(void **state)
{
	(void)state;
	check_make_dotted("Marathon.Prod Env", "marathon.prodenv");
	check_make_dotted("..a..b_c..", "a.b-c");
	check_make_dotted("$.-.b", "b");
	check_make_dotted("", "");
	check_make_dotted("\xe5\x90\x8d", "");
}

static void test_take_dotted(void **state)
{
	(void)state;
	check_take_dotted("Web.Prod", "web.prod");
	check_take_dotted("My_App.Sub-", "my_app.sub-");
	check_take_dotted("a", "a");
	check_take_dotted("", "");
	check_take_dotted("a..b", "");
	check_take_dotted(".a", "");
	check_take_dotted("a.", "");
	check_take_dotted("a b", "");
	check_take_dotted("a\\.b", "");
	check_take_dotted(C60 "ddd", C60 "ddd");
	check_take_dotted(C60 "dddd", "");
}

static void test_dotted_longest(void **state)
{
	(void)state;
	/* 127 labels of one octet are 254 octets, and a root label fits still. */
	char name[2 * 128];
	for (size_t i = 0; i < sizeof(name); i += 2) {
		memcpy(name + i, "a.", 2);
	}
	uint8_t labels[LABEL_NAME_MAX];
	struct text fits = { name, 2 * 127 - 1 }, long_by_one = { name, 2 * 128 - 1 };
	assert_int_equal(label_take_dotted(fits, labels), 254);
	assert_int_equal(label_take_dotted(long_by_one, labels), 0);
	assert_int_equal(label_make_dotted(LABEL_RFC1123, fits, labels), 254);
	assert_int_equal(label_make_dotted(LABEL_RFC1123, long_by_one, labels), LABEL_TOO_LONG);

	/* 254 octets again, then 255: no room is left for the root. */
	const char *three = C60 "ccc." C60 "ccc." C60 "ccc.";
	char longer[LABEL_NAME_MAX + 1];
	snprintf(longer, sizeof(longer), "%s" C60 "c", three);
	assert_int_equal(label_take_dotted(text(longer), labels), 254);
	assert_int_equal(label_make_dotted(LABEL_RFC1123, text(longer), labels), 254);
	snprintf(longer, sizeof(longer), "%s" C60 "cc", three);
	assert_int_equal(label_take_dotted(text(longer), labels), 0);
	assert_int_equal(label_make_dotted(LABEL_RFC1123, text(longer), labels), LABEL_TOO_LONG);

	/* Of a name that is too long the last label tells whose it is. */
	const char *slave = C60 "ccc." C60 "ccc." C60 "ccc." C60 ".Slave.$.";
	assert_int_equal(label_make_dotted(LABEL_RFC1123, text(slave), labels), LABEL_TOO_LONG);
	assert_memory_equal(labels, "\005slave", 6);
}

static void test_hash(void **state)
{
	(void)state;
	static const char *const known[][2] = {
		/* Of the golden data. */
		{ "test", "iffe9" },
		{ "simple.1", "fcd7b" },
		{ "di.1", "ys4ua" },
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		uint8_t hash[LABEL_HASH_LEN];
		assert_int_equal(label_hash(text(known[i][0]), hash), KNOT_EOK);
		assert_memory_equal(hash, known[i][1], LABEL_HASH_LEN);
	}
	uint8_t hash[LABEL_HASH_LEN];
	assert_int_equal(label_hash((struct text){ 0 }, hash), KNOT_EOK);
	assert_memory_equal(hash, "5eh48", LABEL_HASH_LEN);
}

static void check_agent(const char *id, const char *expected)
{
	uint8_t suffix[LABEL_MAX + 1];
	size_t len = label_agent(text(id), suffix);
	suffix[len] = '\0';
	assert_string_equal((const char *)suffix, expected);
}

static void test_agent(void **state)
{
	(void)state;
	check_agent("11111111-2222-3333-4444-555555555555-S17", "s17");
	check_agent("S0", "s0");
	check_agent("a-", "");
	check_agent("", "");
	check_agent("a-b.c", "");
	check_agent("a-b c", "");
	check_agent("x-" C60 "ddd", C60 "ddd");
	check_agent("x-" C60 "dddd", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc1123),        cmocka_unit_test(test_rfc1123_long),
		cmocka_unit_test(test_rfc952),         cmocka_unit_test(test_any_byte),
		cmocka_unit_test(test_make_dotted),    cmocka_unit_test(test_take_dotted),
		cmocka_unit_test(test_dotted_longest), cmocka_unit_test(test_hash),
		cmocka_unit_test(test_agent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
