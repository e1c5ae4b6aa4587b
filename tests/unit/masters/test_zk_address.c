/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "module/masters/zk_address.h"

static struct zk_address *parse(const char *text)
{
	struct zk_address *address = NULL;
	assert_null(zk_address_parse(text, &address));
	assert_non_null(address);
	return address;
}

static void check_server(const struct zk_address *address, size_t index, const char *expected)
{
	char text[ENDPOINT_TEXT_MAX];
	assert_true(index < address->servers_count);
	assert_string_equal(endpoint_text(&address->servers[index], false, text), expected);
}

static void test_parse(void **state)
{
	(void)state;
	struct zk_address *address = parse("zk://host/mesos");
	assert_int_equal(address->servers_count, 1);
	check_server(address, 0, "host:2181");
	assert_string_equal(address->path, "/mesos");
	assert_null(address->auth);
	zk_address_free(address);

	address = parse("ZK://user:p@s/s:w@10.0.0.1:1,[::1],Host3:65535/a/b-c/");
	assert_int_equal(address->servers_count, 3);
	check_server(address, 0, "10.0.0.1:1");
	check_server(address, 1, "[::1]:2181");
	check_server(address, 2, "host3:65535");
	assert_string_equal(address->path, "/a/b-c");
	assert_string_equal(address->auth, "user:p@s/s:w");
	zk_address_free(address);
}

static void test_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"zk://",
		"zk:///",
		"zk:///mesos",
		"zk://host",
		"zk://host/",
		"zk://host//a",
		"zk://host/a//b",
		"zk://host/a/.",
		"zk://host/../a",
		"zk://,host/a",
		"zk://host,/a",
		"zk://a,a/m",
		"zk://a:2181,a/m",
		"zk://host:0/a",
		"zk://host:x/a",
		"zk://::1/a",
		"zk://user@host/a",
		"zk://:pass@host/a",
		"zk://user:@host/a",
		"zk://h st/a",
		"zk://1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17/a",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct zk_address *address = NULL;
		if (zk_address_parse(texts[i], &address) == NULL) {
			fail_msg("'%s' was taken", texts[i]);
		}
		assert_null(address);
	}
}

static void test_is(void **state)
{
	(void)state;
	assert_true(zk_address_is("zk://"));
	assert_true(zk_address_is("Zk://x"));
	assert_false(zk_address_is("zk:/x"));
	assert_false(zk_address_is("http://zk"));
}

static void test_equal(void **state)
{
	(void)state;
	static const char *const texts[] = { "zk://a,b/m", "zk://b,a/m",     "zk://a/m",
		                             "zk://a,b/n", "zk://u:p@a,b/m", "zk://u:q@a,b/m" };
	for (size_t i = 0; i < 6; i++) {
		for (size_t j = 0; j < 6; j++) {
			struct zk_address *a = parse(texts[i]), *b = parse(texts[j]);
			assert_int_equal(zk_address_equal(a, b), i == j);
			zk_address_free(a);
			zk_address_free(b);
		}
	}
	zk_address_free(NULL);
}

/*! \brief What was wiped last, before it was. */
static char wiped[64];

/* In place of the C library's; the second is what it is called with _FORTIFY_SOURCE. */
void __explicit_bzero_chk(void *data, size_t len, size_t room);

void explicit_bzero(void *data, size_t len)
{
	snprintf(wiped, sizeof(wiped), "%.*s", (int)len, (const char *)data);
	memset(data, 0, len);
}

void __explicit_bzero_chk(void *data, size_t len, size_t room)
{
	(void)room;
	explicit_bzero(data, len);
}

/*! \brief No password is left behind. */
static void test_password_is_wiped(void **state)
{
	(void)state;
	wiped[0] = '\0';
	zk_address_free(parse("zk://a/m"));
	assert_string_equal(wiped, "");
	zk_address_free(parse("zk://user:secret@a/m"));
	assert_string_equal(wiped, "user:secret");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_is),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_password_is_wiped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
