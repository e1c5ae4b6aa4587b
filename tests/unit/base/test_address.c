/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/base/address.h"

#define TEXT(literal) ((struct text){ literal, sizeof(literal) - 1 })

/*! \brief Reads a copy of exactly the text's bytes, so that a sanitizer sees a read beyond. */
static bool parse(struct text text, struct address *out)
{
	char *copy = malloc(text.len > 0 ? text.len : 1);
	assert_non_null(copy);
	if (text.len > 0) {
		memcpy(copy, text.data, text.len);
	}
	bool ret = address_parse((struct text){ copy, text.len }, out);
	free(copy);
	return ret;
}

static void test_addresses(void **unused)
{
	(void)unused;
	static const struct {
		struct text text;
		const char *expect;
	} cases[] = {
		{ TEXT("172.17.0.2"), "172.17.0.2" },
		{ TEXT("0.0.0.0"), "0.0.0.0" },
		{ TEXT("255.255.255.255"), "255.255.255.255" },
		{ TEXT("fd00::2"), "fd00::2" },
		{ TEXT("FD00:0:0::0002"), "fd00::2" },
		{ TEXT("::"), "::" },
		{ TEXT("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"),
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ TEXT("fd00:46::59/64"), "fd00:46::59" },
		{ TEXT("10.0.0.1/0"), "10.0.0.1" },
		{ TEXT("10.0.0.1/32"), "10.0.0.1" },
		{ TEXT("fd00::1/128"), "fd00::1" },
		{ TEXT("::ffff:192.0.2.1"), "192.0.2.1" },
		{ TEXT("::FFFF:c000:0201"), "192.0.2.1" },
		{ TEXT("::ffff:192.0.2.1/120"), "192.0.2.1" },
		{ TEXT("::192.0.2.1"), "::192.0.2.1" },
		{ TEXT(""), NULL },
		{ TEXT("not-an-ip"), NULL },
		{ TEXT("1.2.3"), NULL },
		{ TEXT("1.2.3.4.5"), NULL },
		{ TEXT("1.2.3.256"), NULL },
		{ TEXT("01.2.3.4"), NULL },
		{ TEXT("0x1.2.3.4"), NULL },
		{ TEXT(" 1.2.3.4"), NULL },
		{ TEXT("1.2.3.4 "), NULL },
		{ TEXT("1.2.3.4\0"), NULL },
		{ TEXT("1.2.3.4\0x"), NULL },
		{ TEXT("[::1]"), NULL },
		{ TEXT("fe80::1%eth0"), NULL },
		{ TEXT("1:2:3:4:5:6:7"), NULL },
		{ TEXT(":::"), NULL },
		{ TEXT("12345::"), NULL },
		{ TEXT("10.0.0.1/"), NULL },
		{ TEXT("10.0.0.1/33"), NULL },
		{ TEXT("10.0.0.1/x"), NULL },
		{ TEXT("10.0.0.1/-1"), NULL },
		{ TEXT("10.0.0.1/8/8"), NULL },
		{ TEXT("fd00::1/129"), NULL },
		{ TEXT("fd00::1/99999999999999999999"), NULL },
		{ TEXT("/24"), NULL },
		{ TEXT("0000000000000000000000000000000000000000000000000001"), NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct address addr = { .len = 77 };
		char buf[ADDRESS_TEXT_MAX];
		bool ok = parse(cases[i].text, &addr);
		if (cases[i].expect == NULL) {
			assert_false(ok);
			assert_int_equal(addr.len, 77);
		} else {
			assert_true(ok);
			assert_string_equal(address_text(&addr, buf), cases[i].expect);
		}
	}
	struct address addr;
	assert_false(address_parse((struct text){ NULL, 0 }, &addr));
}

static void test_equal(void **unused)
{
	(void)unused;
	struct address a, b, c, d;
	assert_true(parse(TEXT("10.0.0.1"), &a) && parse(TEXT("::ffff:10.0.0.1"), &b));
	assert_true(parse(TEXT("10.0.0.2"), &c) && parse(TEXT("a00:1::"), &d));
	assert_true(address_equal(&a, &b));
	assert_false(address_equal(&a, &c));
	assert_false(address_equal(&a, &d));

	memset(a.bytes + 4, 0xff, sizeof(a.bytes) - 4);
	assert_true(address_equal(&a, &b));
}

struct hostport_case {
	struct text text;
	struct text host; /*!< Absent: the text is none. */
	uint16_t port;
};

static void check_hostport(const struct hostport_case *c,
                           bool (*parser)(struct text, struct text *, uint16_t *))
{
	struct text host;
	uint16_t port;
	bool ok = parser(c->text, &host, &port);
	assert_int_equal(ok, c->host.data != NULL);
	if (ok) {
		assert_int_equal(host.len, c->host.len);
		assert_memory_equal(host.data, c->host.data, host.len);
		assert_int_equal(port, c->port);
		assert_true(host.data >= c->text.data &&
		            host.data + host.len < c->text.data + c->text.len);
	}
}

static void test_hostport(void **unused)
{
	(void)unused;
	static const struct hostport_case cases[] = {
		{ TEXT("10.0.0.1:5050"), TEXT("10.0.0.1"), 5050 },
		{ TEXT("m1.mesos.test:1"), TEXT("m1.mesos.test"), 1 },
		{ TEXT("AGENT_2.Mesos.Test:65535"), TEXT("AGENT_2.Mesos.Test"), 65535 },
		{ TEXT("[2001:db8::1]:5050"), TEXT("2001:db8::1"), 5050 },
		{ TEXT("::1:5057"), TEXT("::1"), 5057 },
		{ TEXT("2001:db8::5:80"), TEXT("2001:db8::5"), 80 },
		{ TEXT("1:2:3:4:5:6:7:8:80"), TEXT("1:2:3:4:5:6:7:8"), 80 },
		{ TEXT(""), { 0 }, 0 },
		{ TEXT(":5050"), { 0 }, 0 },
		{ TEXT("host"), { 0 }, 0 },
		{ TEXT("host:"), { 0 }, 0 },
		{ TEXT("host:0"), { 0 }, 0 },
		{ TEXT("host:65536"), { 0 }, 0 },
		{ TEXT("host:99999999999999999999"), { 0 }, 0 },
		{ TEXT("host:+80"), { 0 }, 0 },
		{ TEXT("host: 80"), { 0 }, 0 },
		{ TEXT("host:80 "), { 0 }, 0 },
		{ TEXT("host:80\0"), { 0 }, 0 },
		{ TEXT("ho st:80"), { 0 }, 0 },
		{ TEXT("ho\0st:80"), { 0 }, 0 },
		{ TEXT("http://host:80"), { 0 }, 0 },
		{ TEXT("user@host:80"), { 0 }, 0 },
		{ TEXT("a:b:80"), { 0 }, 0 },
		{ TEXT("[]:80"), { 0 }, 0 },
		{ TEXT("[host]:80"), { 0 }, 0 },
		{ TEXT("[1.2.3.4]:80"), { 0 }, 0 },
		{ TEXT("[::1:80"), { 0 }, 0 },
		{ TEXT("::1]:80"), { 0 }, 0 },
		{ TEXT("[::1]80"), { 0 }, 0 },
		{ TEXT("[::1"), { 0 }, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		check_hostport(&cases[i], hostport_parse);
	}
}

static void test_pid(void **unused)
{
	(void)unused;
	static const struct hostport_case cases[] = {
		{ TEXT("master@127.0.0.1:5050"), TEXT("127.0.0.1"), 5050 },
		{ TEXT("slave(1)@[2001:db8::12]:5051"), TEXT("2001:db8::12"), 5051 },
		{ TEXT("scheduler-abc@sched1.mesos.test:15000"), TEXT("sched1.mesos.test"), 15000 },
		{ TEXT(""), { 0 }, 0 },
		{ TEXT("127.0.0.1:5050"), { 0 }, 0 },
		{ TEXT("@127.0.0.1:5050"), { 0 }, 0 },
		{ TEXT("master@"), { 0 }, 0 },
		{ TEXT("master@127.0.0.1"), { 0 }, 0 },
		{ TEXT("master@:5050"), { 0 }, 0 },
		{ TEXT("a@b@127.0.0.1:5050"), { 0 }, 0 },
		{ TEXT("  slave(1)@127.0.0.1:5051 "), TEXT("127.0.0.1"), 5051 },
		{ TEXT("\t\r\nmaster@host:5050\v\f\n"), TEXT("host"), 5050 },
		{ TEXT("  "), { 0 }, 0 },
		{ TEXT(" @host:1 "), { 0 }, 0 },
		{ TEXT("master@ host:1"), { 0 }, 0 },
		{ TEXT("master@host :1"), { 0 }, 0 },
		{ TEXT("master@host: 1"), { 0 }, 0 },
		{ TEXT("\0master@host:1\0"), { 0 }, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		check_hostport(&cases[i], pid_parse);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_hostport),
		cmocka_unit_test(test_pid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
