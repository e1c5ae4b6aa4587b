/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A section's options read while memory runs out at each place in turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "module/http/http.h"
#include "module/options.h"
#include "tests/unit/failing_everywhere.h"

/*! \brief What knot.conf has of an option: texts, or an IP address, or a number. */
struct line {
	const char *name;
	const char *texts[4];
	int64_t number;
};

static const struct line lines[] = {
	{ "master", { "zk://user:secret@10.0.0.1,10.0.0.2/mesos", "10.0.0.3", "host:5050" }, 0 },
	{ "network", { "overlay", "bridge" }, 0 },
	{ "name-format",
	  { "{task}.{environment}", "{label:dns-name}", "{attribute:rack}.{label:x}.{role}" },
	  0 },
	{ "label-prefix", { "mesos-dns." }, 0 },
	{ "credential-file", { "/nowhere/credential" }, 0 },
	{ "ca-file", { "/nowhere/ca" }, 0 },
	{ "cert-file", { "/nowhere/cert" }, 0 },
	{ "key-file", { "/nowhere/key" }, 0 },
	{ "http", { "127.0.0.1", "127.0.0.2" }, 0 },
	{ "health", { NULL }, HEALTH_REQUIRE },
	{ "srv-weight", { NULL }, 7 },
	{ "answer-limit", { NULL }, 3 },
	{ "agent-names", { NULL }, 1 },
};

static char said[512];

bool http_is_supported(void)
{
	return true;
}

static knotd_conf_val_t value_of(const struct line *line, size_t i)
{
	knotd_conf_val_t value = { .string = line->texts[i] };
	if (strcmp(line->name, "http") == 0) {
		struct sockaddr_in *ipv4 = (struct sockaddr_in *)&value.addr;
		*ipv4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(8123) };
		ipv4->sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)i);
	}
	return value;
}

knotd_conf_t knotd_conf_mod(knotd_mod_t *mod, const yp_name_t *name)
{
	static knotd_conf_val_t values[4];
	knotd_conf_t conf = { .count = 0 };
	(void)mod;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const struct line *line = &lines[i];
		if (strcmp(line->name, (const char *)name + 1) != 0) {
			continue;
		}
		while (conf.count < 4 && line->texts[conf.count] != NULL) {
			values[conf.count] = value_of(line, conf.count);
			conf.count++;
		}
		if (conf.count > 0) {
			bool is_list = conf.count > 1;
			conf.single = values[0];
			conf.multi = is_list || conf.count == 1 ? values : NULL;
		} else {
			conf.single.integer = line->number;
			conf.count = 1;
		}
	}
	return conf;
}

knotd_conf_t knotd_conf(knotd_mod_t *mod, const yp_name_t *section, const yp_name_t *name,
                        const knotd_conf_t *id)
{
	(void)section, (void)id;
	return knotd_conf_mod(mod, name);
}

knotd_conf_t knotd_conf_check_item(knotd_conf_check_args_t *args, const yp_name_t *name)
{
	(void)args;
	return knotd_conf_mod(NULL, name);
}

void knotd_conf_free(knotd_conf_t *conf)
{
	*conf = (knotd_conf_t){ .count = 0 };
}

__attribute__((format(printf, 3, 4))) void knotd_mod_log(knotd_mod_t *mod, int priority,
                                                         const char *format, ...)
{
	va_list args;
	(void)mod, (void)priority;
	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
}

static void test_load(void **state)
{
	(void)state;
	struct settings *whole = NULL;
	assert_int_equal(options_load(NULL, &whole), KNOT_EOK);
	assert_int_equal(whole->formats_count, 3);
	assert_int_equal(whole->networks_count, 2);
	assert_int_equal(whole->masters_count, 2);
	assert_string_equal(whole->label_priority, "mesos-dns.priority");
	long n = 0;
	for (bool has_all = false; !has_all; n++) {
		struct settings *settings = NULL;
		assert_true(n < 1000);
		fail_at(n);
		int ret = options_load(NULL, &settings);
		has_all = !has_failed();
		assert_int_equal(ret, has_all ? KNOT_EOK : KNOT_ENOMEM);
		if (has_all) {
			assert_true(settings_same_naming(settings, whole));
			assert_true(settings_same_polling(settings, whole));
		} else {
			assert_null(settings);
		}
		settings_free(settings);
	}
	assert_in_range(n, AT_LEAST(25), 1000);
	assert_string_equal(said, "");
	settings_free(whole);
}

/*! \brief A section is not refused because there was no memory to look at it. */
static void test_check(void **state)
{
	(void)state;
	long n = 0;
	for (bool has_all = false; !has_all; n++) {
		knotd_conf_check_args_t args = { .err_str = NULL };
		assert_true(n < 1000);
		fail_at(n);
		int ret = options_check(&args);
		has_all = !has_failed();
		assert_int_equal(ret, KNOT_EOK);
		assert_null(args.err_str);
	}
	assert_in_range(n, AT_LEAST(25), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_check),
	};
	return can_fail() ? cmocka_run_group_tests(tests, NULL, NULL) : SKIPPED;
}
