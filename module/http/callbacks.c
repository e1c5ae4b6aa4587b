/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/http/documents.h"

int http_render_config(struct http_body *out, const struct http_subject *subject)
{
	return subject->zone->config(subject->zone->ctx, out);
}

int http_render_enumerate(struct http_body *out, const struct http_subject *subject)
{
	return subject->zone->enumerate(subject->zone->ctx, subject->snapshot, out);
}
