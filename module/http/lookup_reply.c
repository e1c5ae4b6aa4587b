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

static struct MHD_Response *respond(const struct lookup *lookup, const struct snapshot *snapshot,
                                    uint64_t *octets)
{
	struct http_body body = { .max = ANSWER_MAX };
	uint64_t index;
	if (lookup_answer(lookup, snapshot, &body, &index) != KNOT_EOK) {
		http_body_clear(&body);
		return NULL;
	}
	*octets = body.len;
	struct MHD_Response *response = reply_make(&body, TYPE_JSON);
	char text[24];
	snprintf(text, sizeof(text), "%" PRIu64, index);
	if (response != NULL && !reply_header(response, "X-Index", text)) {
		MHD_destroy_response(response);
		return NULL;
	}
	return response;
}

struct MHD_Response *lookup_respond(const struct http_address *address, const struct lookup *lookup,
                                    enum zones_state *state, uint64_t *octets)
{
	knot_dname_storage_t root = { 0 };
	struct snapshot *snapshot;
	*state = zones_find(address, lookup->valid ? lookup->name : root, &snapshot);
	if (*state != ZONES_NOT_READY && is_last(lookup, snapshot)) {
		snapshot_unref(snapshot);
		*octets = last.octets;
		return last.response;
	}
	lookup_forget();
	struct MHD_Response *response = NULL;
	if (*state != ZONES_NOT_READY && lookup->asked_len < sizeof(last.asked)) {
		response = respond(lookup, snapshot, octets);
	}
	if (response == NULL) {
		snapshot_unref(snapshot);
		return NULL;
	}
	last.response = response;
	last.snapshot = snapshot;
	last.octets = *octets;
	last.service = lookup->service;
	last.asked_len = lookup->asked_len;
	memcpy(last.asked, lookup->asked, lookup->asked_len);
	return response;
}
