/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/masters/master_private.h"

static const struct endpoint *find_known(const struct master_client *client,
                                         const struct endpoint *endpoint)
{
	for (size_t i = 0; i < client->known_count; i++) {
		if (endpoint_equal(&client->known[i], endpoint)) {
			return &client->known[i];
		}
	}
	return NULL;
}

bool transfer_is_known(const struct master_client *client, const struct endpoint *master,
                       bool other)
{
	const struct endpoint *known = find_known(client, master);
	return known != NULL ? master->tls || !known->tls : other;
}

/*! \brief True if another master may be told the credential. */
static bool is_trusted(const struct transfer *transfer, const struct endpoint *next)
{
	/* One that a known master has named, with the same scheme or a safer one; nobody whom such
	 * a one names.
	 */
	bool named = endpoint_equal(next, transfer_endpoint(transfer))
	                     ? transfer->trusted
	                     : find_known(transfer->client, transfer_endpoint(transfer)) != NULL;
	return transfer_is_known(transfer->client, next, named);
}

int transfer_refuse_loop(struct transfer *transfer, const struct hop *next)
{
	char name[ENDPOINT_TEXT_MAX];
	for (size_t i = 0; i < transfer->hops_count; i++) {
		const struct hop *hop = &transfer->hops[i];
		if (!endpoint_equal(&hop->endpoint, &next->endpoint) ||
		    hop->endpoint.tls != next->endpoint.tls || strcmp(hop->path, next->path) != 0) {
			continue;
		}
		/* So does a leader that was restarted, while its node of before lives. */
		return endpoint_equal(&next->endpoint, transfer_endpoint(transfer))
		               ? transfer_fail(transfer, POLL_HTTP_STATUS,
		                               "it redirects to itself, it may just be starting")
		               : transfer_fail(transfer, POLL_HTTP_STATUS,
		                               "it redirects back to %s, they may just be electing",
		                               endpoint_text(&next->endpoint, false, name));
	}
	return KNOT_EOK;
}

int transfer_go_on(struct transfer *transfer, const struct hop *next)
{
	if (transfer->hops_count > MASTER_REDIRECTS_MAX) {
		return transfer_fail(transfer, POLL_HTTP_STATUS, "more than %d redirects",
		                     MASTER_REDIRECTS_MAX);
	}
	transfer->trusted = is_trusted(transfer, &next->endpoint);
	transfer->hops[transfer->hops_count++] = *next;
	return KNOT_EOK;
}

bool transfer_is_redirect(const struct transfer *transfer)
{
	switch (transfer_status(transfer)) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308: return true;
	default: return false;
	}
}

/*! \brief True for a path that a redirect may ask for. */
static bool is_plain(const char *path)
{
	size_t len = strlen(path);
	if (len < 2 || len > PATH_MAX_LEN || path[0] != '/') {
		return false;
	}
	for (const char *c = path; *c != '\0'; c++) {
		if (*c <= ' ' || *c >= 0x7f) {
			return false;
		}
	}
	return true;
}

int transfer_redirect(struct transfer *transfer, const char *path, struct hop *next)
{
	const char *location = transfer_header(transfer, "Location");
	if (location == NULL) {
		return transfer_fail(transfer, POLL_HTTP_STATUS,
		                     "HTTP status %ld without a Location",
		                     transfer_status(transfer));
	}

	const char *found;
	const char *error = endpoint_redirect(location, transfer_endpoint(transfer),
	                                      &next->endpoint, &found);
	if (error != NULL) {
		return transfer_fail(transfer, POLL_HTTP_STATUS, "%s", error);
	}
	strcpy(next->path, is_plain(found) ? found : path);
	return KNOT_EOK;
}
