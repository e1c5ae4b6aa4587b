/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>

#include "module/http/documents.h"
#include "module/http/metrics.h"

/*! \brief Room for a zone's name as the value of a label: each octet may need an escape. */
#define ZONE_TEXT_MAX (2 * KNOT_DNAME_TXT_MAXLEN + 1)

/*! \brief One page. */
struct page {
	struct http_body *out;
	bool openmetrics; /*!< Else Prometheus's text format 0.0.4. */
	const struct http_subject *subject;
	struct http_counters *zones; /*!< Of each zone of the subject. */
	/*! Those that are written; all zones have the same ones, or some of them. */
	const struct http_family *families[HTTP_SAMPLES_MAX];
	size_t families_count;
};

/*! \brief Writes what both formats say of a family before its samples. */
static void write_head(const struct page *page, const char *name, const char *suffix,
                       const char *type, const char *unit, const char *help)
{
	/* OpenMetrics names the family without what its samples' names end in. */
	const char *end = page->openmetrics ? "" : suffix;
	(void)http_body_print(page->out, "# TYPE %s%s %s\n", name, end, type);
	if (page->openmetrics && unit != NULL) {
		(void)http_body_print(page->out, "# UNIT %s %s\n", name, unit);
	}
	(void)http_body_print(page->out, "# HELP %s%s %s\n", name, end, help);
}

/*! \brief Which build this is. */
static int write_build(const struct page *page)
{
	write_head(page, "mesos_dns_build", "_info", page->openmetrics ? "info" : "gauge", NULL,
	           "Version of the module, and of the Knot DNS that it was built for");
	return http_body_print(page->out,
	                       "mesos_dns_build_info{version=\"" MESOS_VERSION "\","
	                       "knot=\"%d.%d.%d\"} 1\n",
	                       KNOT_VERSION_MAJOR, KNOT_VERSION_MINOR, KNOT_VERSION_PATCH);
}

/*! \brief Writes a zone's name with the escapes of a label's value. */
static void zone_text(const knot_dname_t *zone, char out[static ZONE_TEXT_MAX])
{
	char text[KNOT_DNAME_TXT_MAXLEN + 1];
	(void)knot_dname_to_str(text, zone, sizeof(text));
	size_t len = 0;
	for (const char *byte = text; *byte != '\0'; byte++) {
		if (*byte == '\\' || *byte == '"') {
			out[len++] = '\\';
		}
		out[len++] = *byte;
	}
	out[len] = '\0';
}

static int write_value(struct http_body *out, uint64_t value, unsigned decimals)
{
	uint64_t unit = 1;
	for (unsigned i = 0; i < decimals; i++) {
		unit *= 10;
	}
	return decimals == 0 ? http_body_print(out, " %" PRIu64 "\n", value)
	                     : http_body_print(out, " %" PRIu64 ".%0*" PRIu64 "\n", value / unit,
	                                       (int)decimals, value % unit);
}

/*! \brief Writes what one zone has of a family. */
static void write_samples(const struct page *page, const struct http_family *family, size_t zone)
{
	const char *suffix = family->type == HTTP_COUNTER ? "_total" : "";
	char text[ZONE_TEXT_MAX];
	zone_text(page->subject->zones[zone]->name, text);
	const struct http_counters *counters = &page->zones[zone];
	for (size_t i = 0; i < counters->count; i++) {
		const struct http_sample *sample = &counters->samples[i];
		if (sample->family != family) {
			continue;
		}
		(void)http_body_print(page->out, "%s%s{zone=\"%s\"", family->name, suffix, text);
		if (family->label != NULL) {
			(void)http_body_print(page->out, ",%s=\"%s\"", family->label,
			                      sample->index);
		}
		(void)http_body_text(page->out, "}");
		(void)write_value(page->out, sample->value, family->decimals);
	}
}

/*! \brief True if a family is to be written: it has not been yet. */
static bool is_first(struct page *page, const struct http_family *family)
{
	for (size_t i = 0; i < page->families_count; i++) {
		if (page->families[i] == family) {
			return false;
		}
	}
	if (page->families_count == HTTP_SAMPLES_MAX) {
		return false;
	}
	page->families[page->families_count++] = family;
	return true;
}

/*! \brief Writes a family with the samples of all zones: they have to stand together. */
static void write_family(const struct page *page, const struct http_family *family)
{
	bool is_counter = family->type == HTTP_COUNTER;
	write_head(page, family->name, is_counter ? "_total" : "", is_counter ? "counter" : "gauge",
	           family->unit, family->help);
	for (size_t zone = 0; zone < page->subject->count; zone++) {
		write_samples(page, family, zone);
	}
}

/*! \brief Writes all families. */
static int write_page(struct page *page)
{
	(void)write_build(page);
	for (size_t zone = 0; zone < page->subject->count; zone++) {
		for (size_t i = 0; i < page->zones[zone].count; i++) {
			const struct http_family *family = page->zones[zone].samples[i].family;
			if (is_first(page, family)) {
				write_family(page, family);
			}
		}
	}
	return http_body_text(page->out, page->openmetrics ? "# EOF\n" : "");
}

int http_render_metrics(struct http_body *out, const struct http_subject *subject)
{
	struct page page = { .out = out, .openmetrics = subject->openmetrics, .subject = subject };
	page.zones = calloc(subject->count + 1, sizeof(*page.zones));
	if (page.zones == NULL) {
		return KNOT_ENOMEM;
	}
	for (size_t i = 0; i < subject->count; i++) {
		const struct http_source *source = subject->zones[i];
		source->counters(source->ctx, &page.zones[i]);
	}
	int ret = write_page(&page);
	free(page.zones);
	return ret;
}
