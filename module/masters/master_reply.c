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

/*! \brief True if another master may be told the credential. */
static bool is_trusted(const struct request *req, const struct endpoint *next)
{
	const struct endpoint *known = find_known(req->client, next);
	if (known != NULL) {
		return next->tls || !known->tls;
	}
	if (endpoint_equal(next, request_endpoint(req))) {
		return req->trusted;
	}
	/* One that a known master has named, with the same scheme or a safer one; nobody whom such
	 * a one names.
	 */
	return find_known(req->client, request_endpoint(req)) != NULL;
}

/*! \brief Refuses to ask the same of a master for a second time; KNOT_EOK if it is new. */
static int refuse_loop(struct request *req, const struct hop *next)
{
	char name[ENDPOINT_TEXT_MAX];
	for (size_t i = 0; i < req->hops_count; i++) {
		const struct hop *hop = &req->hops[i];
		if (!endpoint_equal(&hop->endpoint, &next->endpoint) ||
		    hop->endpoint.tls != next->endpoint.tls || strcmp(hop->path, next->path) != 0) {
			continue;
		}
		/* So does a leader that was restarted, while its node of before lives. */
		return endpoint_equal(&next->endpoint, request_endpoint(req))
		               ? request_fail(req, POLL_HTTP_STATUS,
		                              "it redirects to itself, it may just be starting")
		               : request_fail(req, POLL_HTTP_STATUS,
		                              "it redirects back to %s, they may just be electing",
		                              endpoint_text(&next->endpoint, false, name));
	}
	return KNOT_EOK;
}

/*! \brief Refuses a master that has failed in this poll already; KNOT_EOK if it has not. */
static int refuse_failed(struct request *req, const struct endpoint *next)
{
	const struct master_client *client = req->client;
	char name[ENDPOINT_TEXT_MAX];
	for (size_t i = 0; i < client->failed_count && req == client->first; i++) {
		const struct failed *failed = &client->failed[i];
		if (endpoint_equal(&failed->endpoint, next) && failed->endpoint.tls == next->tls &&
		    !endpoint_equal(next, request_endpoint(req))) {
			return request_fail(req, failed->outcome, "it redirects to %s",
			                    endpoint_text(next, false, name));
		}
	}
	return KNOT_EOK;
}

/*! \brief Turns to another master; the credential goes along as far as it may. */
static int go_on(struct request *req, const struct endpoint *endpoint, const char *path)
{
	struct hop next = { .endpoint = *endpoint };
	strcpy(next.path, path);
	int ret = refuse_loop(req, &next);
	if (ret == KNOT_EOK) {
		ret = refuse_failed(req, endpoint);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (req->hops_count > MASTER_REDIRECTS_MAX) {
		return request_fail(req, POLL_HTTP_STATUS, "more than %d redirects",
		                    MASTER_REDIRECTS_MAX);
	}
	req->trusted = is_trusted(req, endpoint);
	req->hops[req->hops_count++] = next;
	return KNOT_EOK;
}

/*! \brief True for a path that a redirect may ask for; others are the state's. */
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

/*! \brief Follows a redirect to the leader (Mesos: a standby's 307). */
static int redirect(struct request *req, long status)
{
	const char *location = request_header(req, "Location");
	if (location == NULL) {
		return request_fail(req, POLL_HTTP_STATUS, "HTTP status %ld without a Location",
		                    status);
	}

	struct endpoint next;
	const char *path;
	const char *error = endpoint_redirect(location, request_endpoint(req), &next, &path);
	if (error != NULL) {
		return request_fail(req, POLL_HTTP_STATUS, "%s", error);
	}
	return go_on(req, &next, is_plain(path) ? path : STATE_PATH);
}

/*! \brief Takes the state of a complete reply, or the way to the leader that it names. */
static int take_state(struct request *req)
{
	struct master_facts facts;
	if (req->gzip != NULL && !master_gzip_is_whole(req->gzip)) {
		return request_fail(req, POLL_BAD_REPLY, "the reply ends too early");
	}
	int ret = objects_parser_finish(req->parser, &facts);
	switch (ret) {
	case KNOT_EOK: break;
	case KNOT_EMALF: return request_fail(req, POLL_BAD_REPLY, "the reply ends too early");
	case KNOT_ENOENT:
		return request_fail(req, POLL_BAD_REPLY, "the reply is not a master's state");
	default: return request_fail(req, POLL_LOCAL, "%s", knot_strerror(ret));
	}

	struct endpoint self, leader;
	bool tls = request_endpoint(req)->tls;
	if (!endpoint_set(&leader, facts.leader_host, facts.leader_port, tls)) {
		return request_fail(req, POLL_BAD_REPLY, "its leader has no host name");
	}
	if (endpoint_set(&self, facts.pid_host, facts.pid_port, tls) &&
	    !endpoint_equal(&self, &leader)) {
		return go_on(req, &leader, STATE_PATH);
	}

	const char *date = request_header(req, "Date");
	req->reply.state = req->parser;
	req->reply.facts = facts;
	req->parser = NULL;
	req->reply.asked = req->hops[0].endpoint;
	req->reply.answered = *request_endpoint(req);
	req->reply.leader = leader;
	req->reply.bytes = req->bytes;
	req->reply.date = date != NULL ? curl_getdate(date, NULL) : 0;
	return KNOT_EOK;
}

int reply_take(struct request *req)
{
	long status = 0;
	curl_easy_getinfo(req->easy, CURLINFO_RESPONSE_CODE, &status);
	switch (status) {
	case 200: return take_state(req);
	case 301:
	case 302:
	case 303:
	case 307:
	case 308: return redirect(req, status);
	case 401:
		return request_fail(req, POLL_HTTP_STATUS,
		                    "HTTP status 401: it wants a (better) credential-file");
	case 403:
		return request_fail(req, POLL_HTTP_STATUS,
		                    "HTTP status 403: the principal may not see the state");
	case 404:
		return request_fail(req, POLL_HTTP_STATUS,
		                    "HTTP status 404: it may just be starting");
	case 503:
		return request_fail(req, POLL_HTTP_STATUS,
		                    "HTTP status 503: it knows of no leader");
	default: return request_fail(req, POLL_HTTP_STATUS, "HTTP status %ld", status);
	}
}
