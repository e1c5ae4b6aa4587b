/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "module/masters/endpoint.h"

static void check(const char *text, const char *expected)
{
	struct endpoint endpoint;
	char url[ENDPOINT_TEXT_MAX];
	assert_null(endpoint_parse(text, &endpoint));
	assert_string_equal(endpoint_text(&endpoint, true, url), expected);
}

static void check_refused(const char *text)
{
	struct endpoint endpoint;
	if (endpoint_parse(text, &endpoint) == NULL) {
		fail_msg("'%s' was taken", text);
	}
}

static void test_parse(void **state)
{
	(void)state;
	check("10.0.0.1", "http://10.0.0.1:5050");
	check("10.0.0.1:80", "http://10.0.0.1:80");
	check("http://10.0.0.1:80/", "http://10.0.0.1:80");
	check("HTTPS://Master.Example", "https://master.example:5050");
	check("https://master_1.example:65535", "https://master_1.example:65535");
	check("[2001:DB8::1]", "http://[2001:db8::1]:5050");
	check("http://[2001:db8:0:0::1]:5051", "http://[2001:db8::1]:5051");
}

static void test_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		":5050",
		"http://",
		"http:///",
		"host:",
		"host:0",
		"host:65536",
		"host:x",
		"host:-1",
		"host:+1",
		"host: 1",
		"host:5050x",
		"ftp://host",
		"://host",
		"host/path",
		"http://host:1/path",
		"user@host",
		"http://user:pass@host:1",
		"::1",
		"::1:5050",
		"[::1",
		"::1]",
		"[::1]5050",
		"[::1]:",
		"[]",
		"[10.0.0.1]:1",
		"[host]",
		"a b",
		"a,b",
		"[::1%lo]",
		"[::1/64]:1",
		"10.0.0.1/8",
		"h\303\266st",
		"-host",
		"-27.0.0.1:5050",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		check_refused(texts[i]);
	}
	char longest[ENDPOINT_HOST_MAX + 2];
	memset(longest, 'a', sizeof(longest));
	longest[ENDPOINT_HOST_MAX] = '\0';
	struct endpoint endpoint;
	assert_null(endpoint_parse(longest, &endpoint));
	longest[ENDPOINT_HOST_MAX] = 'a';
	longest[ENDPOINT_HOST_MAX + 1] = '\0';
	check_refused(longest);
}

static void check_redirect(const char *from, const char *location, const char *expected,
                           const char *expected_path)
{
	struct endpoint start, next;
	const char *path;
	char url[ENDPOINT_TEXT_MAX];
	assert_null(endpoint_parse(from, &start));
	assert_null(endpoint_redirect(location, &start, &next, &path));
	assert_string_equal(endpoint_text(&next, true, url), expected);
	assert_string_equal(path, expected_path);
}

static void check_not_followed(const char *from, const char *location)
{
	struct endpoint start, next;
	const char *path;
	assert_null(endpoint_parse(from, &start));
	assert_non_null(endpoint_redirect(location, &start, &next, &path));
}

static void test_redirect(void **state)
{
	(void)state;
	/* As recorded of real masters. */
	check_redirect("a", "//m2.mesos.test:5051/master/state", "http://m2.mesos.test:5051",
	               "/master/state");
	check_redirect("a", "//::1:5057/master/state", "http://[::1]:5057", "/master/state");
	check_redirect("a", "//UPPER.Example.TEST:5057", "http://upper.example.test:5057", "");

	check_redirect("https://a", "//b:1/x", "https://b:1", "/x");
	check_redirect("a", "http://b:1/x?y#z", "http://b:1", "/x?y#z");
	check_redirect("a", "https://[::1]:1/", "https://[::1]:1", "/");
	check_redirect("a", "http://b", "http://b:5050", "");
	check_redirect("https://a:7", "/other", "https://a:7", "/other");
}

static void test_not_followed(void **state)
{
	(void)state;
	check_not_followed("https://a", "http://b:1/master/state");
	check_not_followed("a", "");
	check_not_followed("a", "//");
	check_not_followed("a", "///");
	check_not_followed("a", "b:1");
	check_not_followed("a", "ftp://b:1/");
	check_not_followed("a", "//b:0/");
	check_not_followed("a", "//b:99999/");
	check_not_followed("a", "//user@b:1/");
	check_not_followed("a", "//b c:1/");
}

static void test_equal(void **state)
{
	(void)state;
	struct endpoint a, b;
	assert_null(endpoint_parse("http://Host:1", &a));
	assert_null(endpoint_parse("https://host:1", &b));
	assert_true(endpoint_equal(&a, &b));
	assert_null(endpoint_parse("host:2", &b));
	assert_false(endpoint_equal(&a, &b));
	assert_null(endpoint_parse("host2:1", &b));
	assert_false(endpoint_equal(&a, &b));
}

static void test_set(void **state)
{
	(void)state;
	struct endpoint endpoint;
	assert_true(endpoint_set(&endpoint, (struct text){ "Ab.c", 4 }, 1, true));
	assert_string_equal(endpoint.host, "ab.c");
	assert_false(endpoint_set(&endpoint, (struct text){ "a\0b", 3 }, 1, false));
	assert_false(endpoint_set(&endpoint, (struct text){ "ab", 2 }, 0, false));
	assert_false(endpoint_set(&endpoint, (struct text){ NULL, 0 }, 1, false));
	assert_string_equal(endpoint.host, "ab.c");
}

/*! \brief By number, not by text; IPv4 before IPv6 before names. */
static void test_compare(void **state)
{
	(void)state;
	static const char *const sorted[] = { "9.0.0.1:5050",    "10.0.0.1:80",     "10.0.0.1:5050",
		                              "10.0.0.20:5050",  "192.168.0.1:1",   "[::2]:1",
		                              "[2001:db8::1]:1", "[2001:db8::1]:2", "a.test:2",
		                              "b.test:1" };
	enum { COUNT = sizeof(sorted) / sizeof(*sorted) };
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t j = 0; j < COUNT; j++) {
			struct endpoint a, b;
			assert_null(endpoint_parse(sorted[i], &a));
			assert_null(endpoint_parse(sorted[j], &b));
			int diff = endpoint_compare(&a, &b);
			assert_int_equal(diff < 0, i < j);
			assert_int_equal(diff > 0, i > j);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),    cmocka_unit_test(test_refused),
		cmocka_unit_test(test_redirect), cmocka_unit_test(test_not_followed),
		cmocka_unit_test(test_equal),    cmocka_unit_test(test_set),
		cmocka_unit_test(test_compare),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
