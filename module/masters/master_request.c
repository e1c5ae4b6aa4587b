/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <strings.h>

#include "module/masters/login.h"
#include "module/masters/master_private.h"
#include "module/base/util.h"

/*! \brief Takes a piece of the document. */
static int take_document(void *ctx, const char *data, size_t len)
{
	struct request *req = ctx;
	req->bytes += len;
	if (req->bytes > MASTER_REPLY_MAX || atomic_load(req->transfer.client->stop)) {
		return KNOT_ECONNABORTED;
	}
	return objects_parser_feed(req->parser, data, len);
}

/*! \brief Finds out at the body's start how it is coded (RFC 9110, section 8.4). */
static int begin_body(struct request *req)
{
	const char *coding = transfer_header(&req->transfer, "Content-Encoding");
	if (coding == NULL || strcasecmp(coding, "identity") == 0) {
		return KNOT_EOK;
	}
	if (strcasecmp(coding, "gzip") != 0 && strcasecmp(coding, "x-gzip") != 0) {
		return KNOT_ENOTSUP;
	}
	req->gzip = master_gzip_new();
	return req->gzip != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

/*! \brief True if a request's state can go to the sink, which takes one at a time. */
static bool can_begin(struct request *req)
{
	struct master_client *client = req->transfer.client;
	req->is_held = client->taken != NULL;
	if (!req->is_held) {
		client->taken = req;
		client->sink.begin(client->sink.ctx);
	}
	return !req->is_held;
}

void request_release(struct request *req)
{
	req->is_held = false;
	req->transfer.heard = clock_ms(CLOCK_MONOTONIC);
	(void)curl_easy_pause(req->transfer.easy, CURLPAUSE_CONT);
}

/*! \brief Takes a piece of the body (CURLOPT_WRITEFUNCTION). */
static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct request *req = ctx;
	size_t len = size * count;
	bool begins = req->body_ret == KNOT_EAGAIN;

	req->transfer.heard = clock_ms(CLOCK_MONOTONIC);
	if (transfer_status(&req->transfer) != 200) {
		/* A few words for people; nobody needs them. */
		req->bytes += len;
		return req->bytes <= MASTER_REPLY_MAX ? len : CURL_WRITEFUNC_ERROR;
	}
	if (begins && !can_begin(req)) {
		return CURL_WRITEFUNC_PAUSE;
	}
	req->body_ret = begins ? begin_body(req) : KNOT_EOK;
	if (req->body_ret == KNOT_EOK) {
		req->body_ret = req->gzip != NULL
		                        ? master_gzip_feed(req->gzip, data, len, take_document, req)
		                        : take_document(req, data, len);
	}
	return req->body_ret == KNOT_EOK ? len : CURL_WRITEFUNC_ERROR;
}

/*! \brief Sets what is a request's own; KNOT_ECONN if its time is over. */
static int set_request(struct request *req)
{
	CURL *easy = req->transfer.easy;
	int64_t left = req->deadline - clock_ms(CLOCK_MONOTONIC);
	if (left <= 0) {
		return transfer_fail(&req->transfer, POLL_TIMEOUT, "timed out");
	}
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, req);
	return KNOT_EOK;
}

int request_begin(struct request *req)
{
	static const char *const headers[] = { "Accept: application/json", "Accept-Encoding: gzip",
		                               NULL };
	struct transfer *transfer = &req->transfer;
	req->body_ret = KNOT_EAGAIN;
	req->bytes = 0;
	req->is_held = false;
	int ret = login_authorize(transfer, req->deadline);
	req->is_waiting = ret == KNOT_EAGAIN;
	if (ret != KNOT_EOK) {
		return req->is_waiting ? KNOT_EOK : ret;
	}

	struct master_sink *sink = &transfer->client->sink;
	req->parser = objects_parser_wanting(sink->objects, sink->ctx, transfer->client->wants);

	ret = req->parser == NULL ? KNOT_ENOMEM : KNOT_EOK;
	if (ret == KNOT_EOK) {
		ret = transfer_prepare(transfer, headers, transfer->client->credential);
	}
	if (ret == KNOT_EOK) {
		ret = set_request(req);
	}
	if (ret == KNOT_EOK) {
		ret = transfer_start(transfer);
	}
	if (ret != KNOT_EOK) {
		request_end(req);
	}
	return ret == KNOT_ENOMEM ? transfer_fail(transfer, POLL_LOCAL, "out of memory") : ret;
}

void request_end(struct request *req)
{
	struct master_client *client = req->transfer.client;
	transfer_end(&req->transfer);
	master_gzip_free(req->gzip);
	objects_parser_free(req->parser);
	if (client != NULL && client->taken == req) {
		client->taken = NULL;
		if (req->reply.state == NULL) {
			client->sink.abort(client->sink.ctx);
		}
	}
	req->gzip = NULL;
	req->parser = NULL;
	req->is_waiting = false;
}

/*! \brief Says what was wrong with the body; KNOT_EOK if nothing was. */
static int explain_body(struct request *req)
{
	if (req->bytes > MASTER_REPLY_MAX) {
		return transfer_fail(&req->transfer, POLL_BAD_REPLY,
		                     "the reply is larger than 1 GiB");
	}
	switch (req->body_ret) {
	case KNOT_EOK:
	case KNOT_EAGAIN: return KNOT_EOK;
	case KNOT_EMALF:
		return transfer_fail(&req->transfer, POLL_BAD_REPLY, "the reply is not JSON");
	case KNOT_EINVAL:
		return transfer_fail(&req->transfer, POLL_BAD_REPLY, "the reply's gzip is damaged");
	case KNOT_ENOTSUP:
		return transfer_fail(&req->transfer, POLL_BAD_REPLY,
		                     "the reply's content coding is unknown");
	case KNOT_ESPACE:
		return transfer_fail(&req->transfer, POLL_BAD_REPLY,
		                     "the state is larger than any cluster's");
	default:
		return transfer_fail(&req->transfer, POLL_LOCAL, "%s",
		                     knot_strerror(req->body_ret));
	}
}

int request_explain(struct request *req, CURLcode code)
{
	if (atomic_load(req->transfer.client->stop)) {
		return KNOT_ECONNABORTED;
	}
	int ret = explain_body(req);
	return ret == KNOT_EOK ? transfer_explain(&req->transfer, code) : ret;
}
