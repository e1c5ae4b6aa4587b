/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "module/http/lookup_reply.h"
#include "module/http/reply.h"
#include "module/http/target.h"

/*! \brief Most octets of an answer: as many objects as there may be, with names that are long. */
#define ANSWER_MAX ((size_t)LOOKUP_OBJECTS_MAX * 1024)

/*! \brief The last answer. */
static struct {
	struct MHD_Response *response; /*!< NULL if there is none. */
	struct snapshot *snapshot;     /*!< Of which it was; counted. */
	uint64_t octets;               /*!< Of its body. */
	bool service;
	size_t asked_len;
	char asked[HTTP_PATH_MAX + 1];
} last;

void lookup_forget(void)
{
	if (last.response != NULL) {
		MHD_destroy_response(last.response);
		snapshot_unref(last.snapshot);
		last.response = NULL;
		last.snapshot = NULL;
	}
}

static bool is_last(const struct lookup *lookup, const struct snapshot *snapshot)
{
	return last.response != NULL && last.snapshot == snapshot &&
	       last.service == lookup->service && last.asked_len == lookup->asked_len &&
	       memcmp(last.asked, lookup->asked, lookup->asked_len) == 0;
}

static int respond(const struct lookup *lookup, const struct snapshot *snapshot,
                   struct MHD_Response **out, uint64_t *octets)
{
	struct http_body body = { .max = ANSWER_MAX };
	uint64_t index;
	int ret = lookup_answer(lookup, snapshot, &body, &index);
	if (ret == KNOT_EOK && !reply_has_room(body.len)) {
		ret = KNOT_ELIMIT;
	}
	if (ret != KNOT_EOK) {
		http_body_clear(&body);
		return ret;
	}
	*octets = body.len;
	struct MHD_Response *response = reply_make(&body, TYPE_JSON);
	char text[24];
	snprintf(text, sizeof(text), "%" PRIu64, index);
	if (response != NULL && !reply_header(response, "X-Index", text)) {
		MHD_destroy_response(response);
		response = NULL;
	}
	*out = response;
	return response != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

/*! \brief Remembers an answer; the snapshot becomes the memory's. */
static void remember(const struct lookup *lookup, struct snapshot *snapshot,
                     struct MHD_Response *response, uint64_t octets)
{
	last.response = response;
	last.snapshot = snapshot;
	last.octets = octets;
	last.service = lookup->service;
	last.asked_len = lookup->asked_len;
	memcpy(last.asked, lookup->asked, lookup->asked_len);
}

int lookup_respond(const struct http_address *address, const struct lookup *lookup,
                   struct MHD_Response **out, uint64_t *octets)
{
	knot_dname_storage_t root = { 0 };
	struct snapshot *snapshot;
	if (zones_find(address, lookup->valid ? lookup->name : root, &snapshot) ==
	    ZONES_NOT_READY) {
		return KNOT_EAGAIN;
	}
	if (is_last(lookup, snapshot)) {
		snapshot_unref(snapshot);
		*out = last.response;
		*octets = last.octets;
		return KNOT_EOK;
	}
	lookup_forget();
	int ret = lookup->asked_len < sizeof(last.asked) ? respond(lookup, snapshot, out, octets)
	                                                 : KNOT_ENOMEM;
	if (ret == KNOT_EOK) {
		remember(lookup, snapshot, *out, *octets);
	} else {
		snapshot_unref(snapshot);
	}
	return ret;
}
