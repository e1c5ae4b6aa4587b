/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief /metrics: both formats, families over zones, and a family for each of the counters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "module/cluster/metrics.h"
#include "module/http/documents.h"
#include "tests/unit/http/body_text.h"

#define NAME(text) ((const knot_dname_t *)(text))

/* Of knotd, for counters that nobody registers here. */

int knotd_mod_stats_add(knotd_mod_t *mod, const char *name, uint32_t count,
                        knotd_mod_idx_to_str_f index_name)
{
	(void)mod, (void)name, (void)count, (void)index_name;
	return KNOT_EOK;
}

void knotd_mod_stats_incr(knotd_mod_t *mod, unsigned thread, uint32_t counter, uint32_t index,
                          uint64_t value)
{
	(void)mod, (void)thread, (void)counter, (void)index, (void)value;
}

void knotd_mod_stats_store(knotd_mod_t *mod, unsigned thread, uint32_t counter, uint32_t index,
                           uint64_t value)
{
	(void)mod, (void)thread, (void)counter, (void)index, (void)value;
}

static const struct http_family requests = {
	.name = "mesos_dns_requests",
	.type = HTTP_COUNTER,
	.label = "kind",
	.help = "Requests",
};
static const struct http_family delay = {
	.name = "mesos_dns_delay_seconds",
	.type = HTTP_GAUGE,
	.unit = "seconds",
	.decimals = 3,
	.help = "Delay",
};

static void tell_first(void *ctx, struct http_counters *out)
{
	(void)ctx;
	http_counters_add(out, &requests, "a", 1);
	http_counters_add(out, &requests, "b", UINT64_MAX);
}

static void tell_second(void *ctx, struct http_counters *out)
{
	(void)ctx;
	http_counters_add(out, &delay, NULL, 12007);
	http_counters_add(out, &requests, "a", 3);
}

static const struct http_source first = { .name = NAME("\005mesos"), .counters = tell_first };
static const struct http_source second = { .name = NAME("\003a\"b"), .counters = tell_second };

static struct http_body page(bool openmetrics)
{
	static const struct http_source *const zones[] = { &first, &second };
	const struct http_subject subject = {
		.zones = zones,
		.count = 2,
		.zone = &first,
		.openmetrics = openmetrics,
	};
	struct http_body body = body_empty();
	assert_int_equal(http_render_metrics(&body, &subject), KNOT_EOK);
	return body;
}

static char *build_line(void)
{
	static char line[128];
	snprintf(line, sizeof(line), "mesos_dns_build_info{version=\"%s\",knot=\"%d.%d.%d\"} 1\n",
	         MESOS_VERSION, KNOT_VERSION_MAJOR, KNOT_VERSION_MINOR, KNOT_VERSION_PATCH);
	return line;
}

static void assert_page(bool openmetrics, const char *build, const char *rest)
{
	struct http_body body = page(openmetrics);
	const char *text = body_text(&body);
	assert_memory_equal(text, build, strlen(build));
	text += strlen(build);
	assert_memory_equal(text, build_line(), strlen(build_line()));
	assert_string_equal(text + strlen(build_line()), rest);
	http_body_clear(&body);
}

static void test_openmetrics(void **state)
{
	(void)state;
	assert_page(true,
	            "# TYPE mesos_dns_build info\n"
	            "# HELP mesos_dns_build Version of the module, and of the Knot DNS that it was "
	            "built for\n",
	            "# TYPE mesos_dns_requests counter\n"
	            "# HELP mesos_dns_requests Requests\n"
	            "mesos_dns_requests_total{zone=\"mesos.\",kind=\"a\"} 1\n"
	            "mesos_dns_requests_total{zone=\"mesos.\",kind=\"b\"} 18446744073709551615\n"
	            "mesos_dns_requests_total{zone=\"a\\\\\\\"b.\",kind=\"a\"} 3\n"
	            "# TYPE mesos_dns_delay_seconds gauge\n"
	            "# UNIT mesos_dns_delay_seconds seconds\n"
	            "# HELP mesos_dns_delay_seconds Delay\n"
	            "mesos_dns_delay_seconds{zone=\"a\\\\\\\"b.\"} 12.007\n"
	            "# EOF\n");
}

static void test_text(void **state)
{
	(void)state;
	assert_page(
	        false,
	        "# TYPE mesos_dns_build_info gauge\n"
	        "# HELP mesos_dns_build_info Version of the module, and of the Knot DNS that it "
	        "was built for\n",
	        "# TYPE mesos_dns_requests_total counter\n"
	        "# HELP mesos_dns_requests_total Requests\n"
	        "mesos_dns_requests_total{zone=\"mesos.\",kind=\"a\"} 1\n"
	        "mesos_dns_requests_total{zone=\"mesos.\",kind=\"b\"} 18446744073709551615\n"
	        "mesos_dns_requests_total{zone=\"a\\\\\\\"b.\",kind=\"a\"} 3\n"
	        "# TYPE mesos_dns_delay_seconds gauge\n"
	        "# HELP mesos_dns_delay_seconds Delay\n"
	        "mesos_dns_delay_seconds{zone=\"a\\\\\\\"b.\"} 12.007\n");
}

/*! \brief More than there is room for is passed over. */
static void test_bound(void **state)
{
	(void)state;
	struct http_counters *counters = calloc(1, sizeof(*counters));
	assert_non_null(counters);
	for (unsigned i = 0; i < HTTP_SAMPLES_MAX + 5; i++) {
		http_counters_add(counters, &delay, NULL, i);
	}
	assert_int_equal(counters->count, HTTP_SAMPLES_MAX);
	free(counters);
}

/*! \brief What each counter is told as. */
struct told {
	const struct http_counters *counters;
	unsigned next; /*!< Sample that the next counter should be. */
};

static void check_counter(void *ctx, const char *name, const char *index, uint64_t value)
{
	struct told *told = ctx;
	const struct http_family *family = metrics_family(name, index);
	if (family == NULL) {
		fail_msg("%s[%s] is not in /metrics", name, index != NULL ? index : "");
	}
	assert_true(told->next < told->counters->count);
	const struct http_sample *sample = &told->counters->samples[told->next++];
	assert_ptr_equal(sample->family, family);
	assert_int_equal(sample->value, value);
	/* Two counters of one family can be told apart. */
	assert_true(family->label == NULL || (sample->index != NULL && sample->index == index));
	for (const struct http_sample *other = told->counters->samples; other < sample; other++) {
		assert_true(other->family != family || strcmp(other->index, index) != 0);
	}
}

/*! \brief Whatever knotc shows is in /metrics, and there is room for it. */
static void test_counters(void **state)
{
	(void)state;
	struct stats *answers = stats_new(2);
	struct http_counters *counters = calloc(1, sizeof(*counters));
	assert_non_null(answers);
	assert_non_null(counters);
	atomic_store(&answers->workers[1].answers[STATS_NODATA], 71);
	const struct counters_polls polls = { .count = { 11, 12 }, .leader_changes = 13 };
	const struct counters_view view = { .skipped = 14, .publications = 15 };
	const struct metrics_more more = { .has_age = true, .age = 16, .inventory_bytes = 17 };
	metrics_tell(counters, &polls, &view, answers, &more);

	uint64_t sums[STATS_KINDS];
	stats_sum(answers, sums);
	struct told told = { .counters = counters };
	counters_each(&polls, &view, sums, check_counter, &told);
	assert_int_equal(told.next + 2, counters->count);
	assert_int_equal(counters->samples[told.next].value, 16);
	assert_int_equal(counters->samples[told.next + 1].value, 17);
	assert_true(counters->count < HTTP_SAMPLES_MAX);

	/* Without records there is no age of theirs. */
	*counters = (struct http_counters){ 0 };
	metrics_tell(counters, &polls, &view, answers, &(struct metrics_more){ .age = 16 });
	assert_int_equal(told.next + 1, counters->count);
	free(counters);
	free(answers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openmetrics),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_counters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
