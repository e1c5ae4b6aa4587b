/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "module/http/reply.h"

/*! \brief A body that a response has. */
struct held {
	void *data;
	size_t len;
};

/*! \brief Octets of the bodies of all responses. */
static atomic_size_t held_octets;

bool reply_has_room(size_t octets)
{
	return octets <= REPLY_SHORT_MAX || atomic_load(&held_octets) <= REPLY_MEMORY_MAX;
}

/*! \brief MHD_ContentReaderFreeCallback: a response is gone. */
static void free_held(void *ctx)
{
	struct held *held = ctx;
	atomic_fetch_sub(&held_octets, held->len);
	free(held->data);
	free(held);
}

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
	struct MHD_Response *response = NULL;
	struct held *held = malloc(sizeof(*held));
	if (held != NULL) {
		*held = (struct held){ body->data, body->len };
		response = MHD_create_response_from_buffer_with_free_callback_cls(
		        body->len, body->data, free_held, held);
	}
	if (response == NULL) {
		free(held);
		http_body_clear(body);
		return NULL;
	}
	atomic_fetch_add(&held_octets, body->len);
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
