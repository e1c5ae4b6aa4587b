/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <strings.h>

#include "module/masters/credential.h"
#include "module/masters/login.h"
#include "module/masters/master_private.h"
#include "module/masters/stream.h"
#include "module/base/util.h"

/*! \brief Where events are subscribed to; a redirect names the same below `/master`. */
#define STREAM_PATH "/api/v1"

/*! \brief Longest time between two heartbeats that is believed, in seconds. */
#define HEARTBEAT_MAX 3600

struct stream {
	struct transfer transfer; /*!< First: libcurl gives back its address. */
	enum stream_phase phase;
	const struct recordio_handler *handler;
	void *ctx; /*!< The handler's. */
	struct recordio records;
	bool is_waiting; /*!< It is not asked yet: a login is under way. */
	bool refused;    /*!< The reply is no stream, as its status says. */
	int handler_ret; /*!< What the handler said. */
	int body_ret;    /*!< What is wrong with the body. */
	uint64_t bytes;
	int64_t deadline; /*!< For events to begin: CLOCK_MONOTONIC in ms. */
	int64_t silence;  /*!< How long nothing may come, in milliseconds. */
	bool is_overdue;  /*!< Nothing has come for as long, when it was last looked at. */
};

/*! \brief Keeps an error of the handler apart from those of the framing. */
static int note(struct stream *stream, int ret)
{
	stream->handler_ret = ret;
	return ret;
}

static int begin_record(void *ctx)
{
	struct stream *stream = ctx;
	return note(stream, stream->handler->begin(stream->ctx));
}

static int take_record(void *ctx, const char *data, size_t len)
{
	struct stream *stream = ctx;
	return note(stream, stream->handler->data(stream->ctx, data, len));
}

static int end_record(void *ctx)
{
	struct stream *stream = ctx;
	return note(stream, stream->handler->end(stream->ctx));
}

static const struct recordio_handler records_handler = { begin_record, take_record, end_record };

struct stream *stream_new(struct master_client *client, const struct recordio_handler *handler,
                          void *ctx)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	if (stream != NULL) {
		stream->transfer.client = client;
		stream->handler = handler;
		stream->ctx = ctx;
		client->stream = stream;
	}
	return stream;
}

void stream_free(struct stream *stream)
{
	if (stream != NULL) {
		stream_close(stream);
		stream->transfer.client->stream = NULL;
		free(stream);
	}
}

/*! \brief Begins the body of a reply that is a stream. */
static int begin_body(struct stream *stream)
{
	const char *coding = transfer_header(&stream->transfer, "Content-Encoding");
	stream->phase = STREAM_OPEN;
	return coding == NULL || strcasecmp(coding, "identity") == 0 ? KNOT_EOK : KNOT_ENOTSUP;
}

/*! \brief Takes a piece of the body (CURLOPT_WRITEFUNCTION). */
static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct stream *stream = ctx;
	size_t len = size * count;
	stream->transfer.heard = clock_ms(CLOCK_MONOTONIC);
	stream->is_overdue = false;
	if (transfer_status(&stream->transfer) != 200) {
		/* A few words for people; they might never end. */
		stream->refused = true;
		return CURL_WRITEFUNC_ERROR;
	}
	if (atomic_load(stream->transfer.client->stop)) {
		return CURL_WRITEFUNC_ERROR;
	}
	if (stream->phase != STREAM_OPEN) {
		stream->body_ret = begin_body(stream);
	}
	if (stream->body_ret == KNOT_EOK) {
		stream->bytes += len;
		stream->body_ret = recordio_feed(&stream->records, data, len);
	}
	return stream->body_ret == KNOT_EOK ? len : CURL_WRITEFUNC_ERROR;
}

/*! \brief Says why the handler has ended the stream. */
static int explain_handler(struct transfer *transfer, int ret)
{
	switch (ret) {
	case KNOT_EMALF: return transfer_fail(transfer, POLL_BAD_REPLY, "an event is not JSON");
	case KNOT_ESPACE:
		return transfer_fail(transfer, POLL_BAD_REPLY,
		                     "an event is larger than any cluster's");
	case KNOT_ENOMEM: return transfer_fail(transfer, POLL_LOCAL, "out of memory");
	default: return transfer_fail(transfer, POLL_LOCAL, "%s", knot_strerror(ret));
	}
}

/*! \brief Says what is wrong with the body. */
static int explain_body(struct stream *stream)
{
	struct transfer *transfer = &stream->transfer;
	if (stream->handler_ret != KNOT_EOK) {
		return explain_handler(transfer, stream->handler_ret);
	}
	if (stream->body_ret == KNOT_ENOTSUP) {
		return transfer_fail(transfer, POLL_BAD_REPLY,
		                     "the stream's content coding is unknown");
	}
	return stream->records.left > RECORDIO_RECORD_MAX
	               ? transfer_fail(transfer, POLL_BAD_REPLY, "an event is larger than 1 GiB")
	               : transfer_fail(transfer, POLL_BAD_REPLY,
	                               "the framing of the events is broken");
}

/*! \brief Says how a stream has ended of which nothing was wrong. */
static int explain_end(struct stream *stream, CURLcode code)
{
	struct transfer *transfer = &stream->transfer;
	if (code == CURLE_RECV_ERROR && transfer->curl_error[0] != '\0') {
		/* What broke is in libcurl's own words. */
		return transfer_fail(transfer, POLL_BAD_REPLY, "%s", transfer->curl_error);
	}
	if (code != CURLE_OK && code != CURLE_PARTIAL_FILE) {
		return transfer_explain(transfer, code);
	}
	if (!recordio_is_between(&stream->records)) {
		return transfer_fail(transfer, POLL_BAD_REPLY,
		                     "the stream has ended in the middle of an event");
	}
	/* A master that dies says no farewell; one with too many subscribers does to the oldest. */
	return code == CURLE_OK
	               ? transfer_fail(transfer, POLL_BAD_REPLY,
	                               "the master has ended the stream, it may have too many "
	                               "subscribers")
	               : transfer_fail(transfer, POLL_BAD_REPLY, "the stream has ended");
}

/*! \brief Looks at a reply that is no stream: follows a redirect, or says what the status means. */
static int take_refusal(struct stream *stream)
{
	static const struct transfer_refusal refusals[] = {
		{ 401, "it wants a (better) credential-file or iam-file" },
		{ 403, "the principal may not follow the events" },
		{ 404, "it has no event stream" },
		{ 405, "it has no event stream" },
		{ 503, "it has not read its registry yet" },
		{ 0 },
	};
	struct transfer *transfer = &stream->transfer;
	if (login_is_worth_retrying(transfer)) {
		return KNOT_EOK;
	}
	if (!transfer_is_redirect(transfer)) {
		return transfer_refuse(transfer, refusals);
	}
	struct hop next;
	int ret = transfer_redirect(transfer, STREAM_PATH, &next);
	if (ret == KNOT_EOK) {
		ret = transfer_refuse_loop(transfer, &next);
	}
	return ret == KNOT_EOK ? transfer_go_on(transfer, &next) : ret;
}

/*! \brief Looks at what has ended; KNOT_EOK if there is another master to ask. */
static int take_end(struct stream *stream, CURLcode code)
{
	if (stream->body_ret != KNOT_EOK) {
		return explain_body(stream);
	}
	long status = transfer_status(&stream->transfer);
	if (status == 200) {
		return explain_end(stream, code);
	}
	if (stream->refused || code == CURLE_OK) {
		return take_refusal(stream);
	}
	return transfer_explain(&stream->transfer, code);
}

/*! \brief Asks the last hop, or waits for a login. */
static int subscribe(struct stream *stream)
{
	static const char *const headers[] = { "Accept: application/json",
		                               "Content-Type: application/json", NULL };
	static const char body[] = "{\"type\":\"SUBSCRIBE\"}";
	struct transfer *transfer = &stream->transfer;
	char *credential = NULL;
	stream->refused = false;
	int ret = login_authorize(transfer, stream->deadline);
	stream->is_waiting = ret == KNOT_EAGAIN;
	if (stream->is_waiting) {
		return KNOT_EOK;
	}
	if (ret == KNOT_EOK) {
		ret = transfer_credential(transfer, &credential);
	}
	if (ret == KNOT_EOK) {
		ret = transfer_prepare(transfer, headers, credential);
	}
	/* libcurl has a copy. */
	credential_free(credential);
	if (ret == KNOT_EOK) {
		curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, take_body);
		curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, stream);
		ret = transfer_start(transfer);
	}
	return ret == KNOT_ENOMEM ? transfer_fail(transfer, POLL_LOCAL, "out of memory") : ret;
}

/*! \brief Ends what is under way, for a reason that is noted. */
static void end(struct stream *stream)
{
	transfer_end(&stream->transfer);
	stream->is_waiting = false;
	stream->phase = STREAM_ENDED;
}

/*! \brief Takes what libcurl is done with (struct transfer). */
static void on_done(struct transfer *transfer, CURLcode code)
{
	struct stream *stream = (struct stream *)transfer;
	int ret = take_end(stream, code);
	transfer_end(transfer);
	if (ret == KNOT_EOK) {
		ret = subscribe(stream);
	}
	if (ret != KNOT_EOK) {
		end(stream);
	}
}

int stream_open(struct stream *stream, const struct endpoint *master, bool trusted)
{
	struct master_client *client = stream->transfer.client;
	stream_close(stream);
	stream->transfer = (struct transfer){
		.client = client,
		.on_done = on_done,
		.hops = { { .endpoint = *master, .path = STREAM_PATH } },
		.hops_count = 1,
		.trusted = transfer_is_known(client, master, trusted),
	};
	stream->phase = STREAM_OPENING;
	stream->handler_ret = KNOT_EOK;
	stream->body_ret = KNOT_EOK;
	stream->is_overdue = false;
	stream->deadline = clock_ms(CLOCK_MONOTONIC) + INT64_C(1000) * client->settings->timeout;
	stream_set_heartbeat(stream, STREAM_HEARTBEAT);
	recordio_init(&stream->records, &records_handler, stream);
	login_begin(client->login);

	int ret = subscribe(stream);
	if (ret != KNOT_EOK) {
		end(stream);
	}
	return ret;
}

void stream_close(struct stream *stream)
{
	transfer_end(&stream->transfer);
	stream->is_waiting = false;
	stream->phase = STREAM_CLOSED;
	stream->transfer.reason[0] = '\0';
	stream->transfer.outcome = POLL_OK;
}

enum stream_phase stream_phase(const struct stream *stream)
{
	return stream->phase;
}

const struct endpoint *stream_master(const struct stream *stream)
{
	return transfer_endpoint(&stream->transfer);
}

const char *stream_reason(const struct stream *stream)
{
	return stream->transfer.reason;
}

enum poll_outcome stream_outcome(const struct stream *stream)
{
	return stream->transfer.outcome;
}

int64_t stream_heard(const struct stream *stream)
{
	return stream->transfer.heard;
}

uint64_t stream_bytes(const struct stream *stream)
{
	return stream->bytes;
}

void stream_set_heartbeat(struct stream *stream, double seconds)
{
	/* Not a number is not above 0 either. */
	double believed = seconds > 0 ? MIN(seconds, HEARTBEAT_MAX) : STREAM_HEARTBEAT;
	stream->silence = MAX((int64_t)(believed * 1000), 1) * STREAM_MISSED_MAX;
}

int64_t stream_heartbeat(const struct stream *stream)
{
	return stream->silence / STREAM_MISSED_MAX;
}

struct master_client *stream_client(const struct stream *stream)
{
	return stream->transfer.client;
}

void stream_tend(struct stream *stream)
{
	struct transfer *transfer = &stream->transfer;
	if (stream->is_waiting && !login_is_under_way(transfer->client->login) &&
	    subscribe(stream) != KNOT_EOK) {
		end(stream);
	}
	if (clock_ms(CLOCK_MONOTONIC) < stream_deadline(stream)) {
		return;
	}
	if (!stream->is_overdue) {
		/* This thread may have been busy since it read: the next turn, which comes at once,
		   has what came meanwhile. */
		stream->is_overdue = true;
		return;
	}
	if (clock_ms(CLOCK_MONOTONIC) >= transfer->heard + stream->silence) {
		(void)transfer_fail(transfer, POLL_TIMEOUT, "nothing for %.3g s",
		                    (double)stream->silence / 1000);
	} else {
		(void)transfer_fail(transfer, POLL_TIMEOUT, "timed out");
	}
	end(stream);
}

int64_t stream_deadline(const struct stream *stream)
{
	if (stream->transfer.easy == NULL) {
		return INT64_MAX;
	}
	int64_t silent = stream->transfer.heard + stream->silence;
	return stream->phase == STREAM_OPEN ? silent : MIN(silent, stream->deadline);
}

void stream_starve(struct stream *stream)
{
	if (stream->transfer.easy != NULL) {
		(void)transfer_fail(&stream->transfer, POLL_LOCAL, "out of memory");
		end(stream);
	}
}
