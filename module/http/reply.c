/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/http/reply.h"

bool reply_header(struct MHD_Response *response, const char *name, const char *value)
{
	return response != NULL && MHD_add_response_header(response, name, value) == MHD_YES;
}

/*! \brief Adds the type, or gives the response up. */
static struct MHD_Response *with_type(struct MHD_Response *response, const char *type)
{
	if (response != NULL && !reply_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type)) {
		MHD_destroy_response(response);
		response = NULL;
	}
	return response;
}

struct MHD_Response *reply_make(struct http_body *body, const char *type)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(body->len, body->data,
	                                                                MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		http_body_clear(body);
		return NULL;
	}
	*body = (struct http_body){ .max = body->max };
	return with_type(response, type);
}

struct MHD_Response *reply_text(const char *text)
{
	/* Not changed: it is only the type that lacks the const. */
	union {
		const char *text;
		void *data;
	} body = { .text = text };
	return with_type(
	        MHD_create_response_from_buffer(strlen(text), body.data, MHD_RESPMEM_PERSISTENT),
	        TYPE_TEXT);
}
