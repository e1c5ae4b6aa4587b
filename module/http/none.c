/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/http/http.h"

bool http_is_supported(void)
{
	return false;
}

int http_attach(const struct http_source *source, const struct http_address *addresses,
                size_t count, struct http_zone **out)
{
	(void)source, (void)addresses, (void)count;
	*out = NULL;
	return KNOT_EOK;
}

void http_detach(struct http_zone *zone)
{
	(void)zone;
}

void http_published(void)
{
}

void http_tend(void)
{
}
