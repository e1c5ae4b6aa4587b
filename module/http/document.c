/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/http/documents.h"

#define JSON        "application/json"
#define TEXT        "text/plain; charset=utf-8"
#define PROMETHEUS  "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

static const struct http_document documents[] = {
	{ "/v1/version", JSON, .light = true, .render = http_render_version },
	{ "/v1/config", JSON, .light = true, .render = http_render_config },
	{ "/v1/axfr", JSON, .snapshot = true, .render = http_render_axfr },
	{ "/v1/enumerate", JSON, .snapshot = true, .render = http_render_enumerate },
	{ "/v1/records", TEXT, .snapshot = true, .render = http_render_records },
	{ "/metrics", PROMETHEUS, OPENMETRICS, .light = true, .render = http_render_metrics },
	{ NULL },
};

const struct http_document *http_document_find(const char *path, size_t len)
{
	for (const struct http_document *document = documents; document->path != NULL; document++) {
		if (strlen(document->path) == len && memcmp(document->path, path, len) == 0) {
			return document;
		}
	}
	return NULL;
}
