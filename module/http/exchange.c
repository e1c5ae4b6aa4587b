/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "module/base/util.h"
#include "module/http/document.h"
#include "module/http/exchange.h"
#include "module/http/headers.h"
#include "module/http/lookup_reply.h"
#include "module/http/reply.h"
#include "module/http/target.h"
#include "module/http/watch.h"
#include "module/http/writing.h"

/*! \brief Most octets of what is written at once, all but long documents. */
#define SHORT_MAX ((size_t)64 << 20)

/*! \brief Most octets of a request, but for a body. */
#define REQUEST_MAX 8192

/*!
 * \brief Memory of a connection: a request, its headers taken apart, those of the response.
 *
 * libmicrohttpd takes 72 octets more for each header and each cookie, and has cookies twice: this
 * is enough for those of a whole request if they have 13 octets on average, as they do.
 */
#define MEMORY ((size_t)8 * REQUEST_MAX)

/*! \brief A request. */
struct request {
	struct peer *peer;
	struct http_target target;
	unsigned fault; /*!< Status of the response if the target cannot be read; else 0. */
	bool headed;    /*!< All but a body has come. */
	bool waited;    /*!< It has waited for a change. */
	struct waiter waiter;
	struct writing_reader reader;
};

static int wake_fd = -1;

void exchange_wake_by(int wake)
{
	wake_fd = wake;
}

static struct peer *peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	        connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info->socket_context;
}

/*! \brief Frees a peer's request, if there is one. */
static void end_request(struct peer *peer)
{
	struct request *request = peer != NULL ? peer->request : NULL;
	if (request != NULL) {
		watch_remove(&request->waiter);
		writing_leave(&request->reader);
		free(request);
		peer->request = NULL;
	}
}

/*! \brief MHD_OPTION_URI_LOG_CALLBACK: a request begins. */
static void *begin(void *address, const char *target, struct MHD_Connection *connection)
{
	(void)address;
	struct peer *peer = peer_of(connection);
	/* libmicrohttpd does not tell of the end of one whose target is too much for its memory. */
	end_request(peer);
	struct request *request = peer != NULL ? calloc(1, sizeof(*request)) : NULL;
	if (request != NULL) {
		peer->request = request;
		request->peer = request->waiter.peer = request->reader.peer = peer;
		request->fault = (unsigned)http_target_parse(target, &request->target);
	}
	return request;
}

/*! \brief MHD_OPTION_NOTIFY_COMPLETED: a request has ended. */
static void end(void *address, struct MHD_Connection *connection, void **ctx,
                enum MHD_RequestTerminationCode code)
{
	(void)address, (void)connection, (void)code;
	const struct request *request = *ctx;
	if (request != NULL) {
		peer_rests(request->peer);
		end_request(request->peer);
		*ctx = NULL;
	}
}

/*! \brief MHD_OPTION_UNESCAPE_CALLBACK: leaves all as it is. */
static size_t leave(void *address, struct MHD_Connection *connection, char *text)
{
	(void)address, (void)connection;
	return strlen(text);
}

/*!
 * \brief Sends a response, which stays the caller's.
 *
 * \param octets  Of its body, if they are many.
 */
static enum MHD_Result queue(const struct request *request, unsigned status,
                             struct MHD_Response *response, uint64_t octets)
{
	peer_answers(request->peer, octets);
	return MHD_queue_response(request->peer->connection, status, response);
}

/*! \brief The same, with one more header if \a name is not NULL; gives the response back. */
static enum MHD_Result send_with(const struct request *request, unsigned status,
                                 struct MHD_Response *response, const char *name, const char *value)
{
	/* No memory: who asks is cut off. */
	enum MHD_Result ret = MHD_NO;
	if (response != NULL && (name == NULL || reply_header(response, name, value))) {
		ret = queue(request, status, response, 0);
	}
	if (response != NULL) {
		MHD_destroy_response(response);
	}
	return ret;
}

static enum MHD_Result send_text(const struct request *request, unsigned status, const char *text)
{
	return send_with(request, status, reply_text(text), NULL, NULL);
}

/*! \brief Refuses what could be given later. */
static enum MHD_Result send_later(const struct request *request, const char *text)
{
	return send_with(request, MHD_HTTP_SERVICE_UNAVAILABLE, reply_text(text),
	                 MHD_HTTP_HEADER_RETRY_AFTER, "5");
}

/*! \brief What went wrong, as a status: see struct http_document. */
static enum MHD_Result send_error(const struct request *request, int error)
{
	switch (error) {
	case KNOT_ENOZONE: return send_text(request, MHD_HTTP_NOT_FOUND, "404: No Such Zone");
	case KNOT_ENOENT: return send_text(request, MHD_HTTP_NOT_FOUND, "404: Page Not Found");
	case KNOT_EAGAIN:
	case KNOT_ECONNABORTED: /* The zone goes, and the one that comes has nothing yet. */
		return send_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, "503: No Records Yet");
	case KNOT_ESPACE: return send_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, "503: Too Long");
	case KNOT_ELIMIT: return send_later(request, "503: Too Many Slow Readers");
	default: return send_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, "503: Out Of Memory");
	}
}

/*! \brief Answers a look-up of a name. */
static enum MHD_Result send_names(const struct request *request, const struct http_address *address,
                                  const struct lookup *lookup)
{
	struct MHD_Response *response;
	uint64_t octets;
	int ret = lookup_respond(address, lookup, &response, &octets);
	return ret == KNOT_EOK ? queue(request, MHD_HTTP_OK, response, octets)
	                       : send_error(request, ret);
}

/*! \brief Answers for a host or service, once the answer is another one. */
static enum MHD_Result handle_name(struct request *request, const struct http_address *address,
                                   bool may_wait)
{
	const struct http_target *target = &request->target;
	struct lookup lookup;
	lookup_make(&lookup, target->kind == HTTP_SERVICE, target->name, target->name_len);
	if (!target->watch || target->wait == 0 || request->waited || !may_wait) {
		return send_names(request, address, &lookup);
	}
	uint64_t index;
	if (watch_index(address, &lookup, &index) == ZONES_NOT_READY || index != target->index) {
		return send_names(request, address, &lookup);
	}
	request->waited = true;
	/* Not before its time, whatever part of a millisecond has begun. */
	request->waiter.until = clock_ms(CLOCK_MONOTONIC) + target->wait + 1;
	int ret = watch_add(&request->waiter, address, &lookup, index);
	if (ret == KNOT_EOK) {
		return MHD_YES;
	}
	if (ret == KNOT_ELIMIT) {
		/* Not the present answer: who has that would ask again at once. */
		return send_later(request, "503: Too Many Wait");
	}
	return send_error(request, ret);
}

/*! \brief Sends a body that has been written, or why it has not. */
static enum MHD_Result send_body(const struct request *request, unsigned status,
                                 struct http_body *body, const char *type)
{
	if (body->error == KNOT_EOK && !reply_has_room(body->len)) {
		body->error = KNOT_ELIMIT;
	}
	if (body->error != KNOT_EOK) {
		int error = body->error;
		http_body_clear(body);
		return send_error(request, error);
	}
	return send_with(request, status, reply_make(body, type), NULL, NULL);
}

/*! \brief Sends a document that is written while its reader waits for it. */
static enum MHD_Result send_short(const struct request *request, const struct http_address *address,
                                  const struct http_document *document, const knot_dname_t *zone,
                                  bool openmetrics)
{
	struct http_body body = { .max = SHORT_MAX };
	struct zones_held held = { 0 };
	int ret = writing_render(document, address, zone, openmetrics, &held, &body);
	if (ret == KNOT_ECONNABORTED) {
		/* A zone was on its way out; that it is gone is known by now. */
		http_body_clear(&body);
		body = (struct http_body){ .max = SHORT_MAX };
		held = (struct zones_held){ 0 };
		ret = writing_render(document, address, zone, openmetrics, &held, &body);
	}
	body.error = ret;
	return send_body(request, MHD_HTTP_OK, &body,
	                 openmetrics ? document->openmetrics : document->type);
}

/*! \brief Has a long document written, and sends it when it is. */
static enum MHD_Result send_long(struct request *request, const struct http_address *address,
                                 const struct http_document *document, const knot_dname_t *zone)
{
	struct MHD_Response *response = NULL;
	uint64_t octets = 0;
	int ret = KNOT_ECONNABORTED;
	if (writing_is_done(&request->reader)) {
		ret = writing_result(&request->reader, &response, &octets);
	}
	enum MHD_Result sent;
	if (ret == KNOT_EOK) {
		sent = queue(request, MHD_HTTP_OK, response, octets);
	} else if (ret == KNOT_ECONNABORTED) {
		/* Not begun, or its zone has gone: there may be another one of the name. */
		writing_leave(&request->reader);
		ret = writing_want(&request->reader, document, address, zone, wake_fd);
		return ret == KNOT_EOK ? MHD_YES : send_error(request, ret);
	} else {
		sent = send_error(request, ret);
	}
	writing_leave(&request->reader);
	return sent;
}

static enum MHD_Result handle_document(struct request *request, const struct http_address *address,
                                       const struct http_document *document, bool openmetrics)
{
	knot_dname_storage_t name;
	const knot_dname_t *zone = NULL;
	if (request->target.zone[0] != '\0') {
		if (knot_dname_from_str(name, request->target.zone, sizeof(name)) == NULL) {
			return send_error(request, KNOT_ENOZONE);
		}
		knot_dname_to_lower(name);
		zone = name;
	}
	openmetrics = openmetrics && document->openmetrics != NULL;
	return document->light ? send_short(request, address, document, zone, openmetrics)
	                       : send_long(request, address, document, zone);
}

static enum MHD_Result handle_ready(const struct request *request,
                                    const struct http_address *address)
{
	struct http_body body = { .max = SHORT_MAX };
	bool ready = zones_ready(address, &body);
	if (ready) {
		(void)http_body_text(&body, "ready\n");
	}
	return send_body(request, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, &body,
	                 TYPE_TEXT);
}

/*! \brief True if there is something at a target; finds the document if it is one. */
static bool is_there(const struct http_target *target, const struct http_document **document)
{
	if (target->kind == HTTP_DOCUMENT) {
		*document = http_document_find(target->path, target->path_len);
	}
	return target->kind != HTTP_UNKNOWN && (target->kind != HTTP_DOCUMENT || *document != NULL);
}

/*! \brief True if what is there is JSON. */
static bool is_json(const struct http_target *target, const struct http_document *document)
{
	return target->kind == HTTP_HOST || target->kind == HTTP_SERVICE ||
	       target->kind == HTTP_PORTS ||
	       (document != NULL && strcmp(document->type, TYPE_JSON) == 0);
}

/*! \brief Answers what is neither a name nor a document. */
static enum MHD_Result handle_rest(const struct request *request,
                                   const struct http_address *address)
{
	const struct http_target *target = &request->target;
	switch (target->kind) {
	case HTTP_PORTS:
		return send_text(request, MHD_HTTP_NOT_IMPLEMENTED, "To be implemented...");
	case HTTP_HEALTH: return send_text(request, MHD_HTTP_OK, "ok\n");
	case HTTP_READY: return handle_ready(request, address);
	default: return send_error(request, KNOT_ENOENT);
	}
}

/*! \brief Answers a request whose form is right. */
static enum MHD_Result handle_target(struct request *request, const struct http_address *address,
                                     const char *method, const struct headers *headers)
{
	const struct http_target *target = &request->target;
	const struct http_document *document = NULL;
	bool is_get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
	              strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
	if (target->kind == HTTP_SERVER) {
		return strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0
		               ? send_text(request, MHD_HTTP_OK, "")
		               : send_error(request, KNOT_ENOENT);
	}
	if (target->kind == HTTP_MOVED) {
		return send_with(request, MHD_HTTP_MOVED_PERMANENTLY,
		                 reply_text("301: Moved Permanently"), MHD_HTTP_HEADER_LOCATION,
		                 target->path);
	}
	if (!is_there(target, &document)) {
		return send_error(request, KNOT_ENOENT);
	}
	if (!is_get) {
		return send_with(request, MHD_HTTP_METHOD_NOT_ALLOWED,
		                 reply_text("405: Method Not Allowed"), MHD_HTTP_HEADER_ALLOW,
		                 "GET, HEAD");
	}
	if (is_json(target, document) && headers->choosy && !headers->takes_json) {
		return send_text(request, MHD_HTTP_NOT_ACCEPTABLE, "406: Not Acceptable");
	}
	if (target->kind == HTTP_HOST || target->kind == HTTP_SERVICE) {
		/* With a body, of which nothing is read, the connection ends soon. */
		return handle_name(request, address, !headers->body);
	}
	return document != NULL ? handle_document(request, address, document, headers->openmetrics)
	                        : handle_rest(request, address);
}

/*! \brief What is wrong with a request's form, as a status; 0 if nothing is. */
static unsigned find_fault(const struct request *request, const char *version,
                           const struct headers *headers)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	        request->peer->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	if (info != NULL && info->header_size > REQUEST_MAX) {
		return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	}
	if (request->fault != 0) {
		return request->fault;
	}
	/* RFC 9112, section 3.2. */
	unsigned needed = strcmp(version, MHD_HTTP_VERSION_1_0) != 0 ? 1 : 0;
	return headers->hosts < needed || headers->hosts > 1 ? MHD_HTTP_BAD_REQUEST : 0;
}

static enum MHD_Result send_fault(const struct request *request, unsigned fault)
{
	switch (fault) {
	case MHD_HTTP_URI_TOO_LONG: return send_text(request, fault, "414: Too Long");
	case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE:
		return send_text(request, fault, "431: Too Large");
	default: return send_text(request, MHD_HTTP_BAD_REQUEST, "400: Bad Request");
	}
}

/*! \brief MHD_AccessHandlerCallback. */
static enum MHD_Result handle(void *address, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **ctx)
{
	(void)url, (void)data;
	*size = 0;
	struct request *request = *ctx;
	if (request == NULL) {
		return MHD_NO;
	}
	struct headers headers;
	headers_read(connection, &headers);
	if (!request->headed) {
		request->headed = true;
		peer_begins(request->peer);
		if (!headers.body) {
			/* An answer now would be the last one of the connection. */
			return MHD_YES;
		}
	}
	watch_remove(&request->waiter);
	unsigned fault = find_fault(request, version, &headers);
	return fault != 0 ? send_fault(request, fault)
	                  : handle_target(request, address, method, &headers);
}

/*! \brief MHD_OPTION_NOTIFY_CONNECTION. */
static void notify(void *address, struct MHD_Connection *connection, void **peer,
                   enum MHD_ConnectionNotificationCode code)
{
	(void)address;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*peer = peer_open(connection);
	} else {
		end_request(*peer);
		peer_close(*peer);
		*peer = NULL;
	}
}

struct MHD_Daemon *exchange_daemon(struct http_address *address)
{
	return MHD_start_daemon(
	        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
	        handle, address, MHD_OPTION_CONNECTION_LIMIT, (unsigned)(PEERS_MAX + WAITERS_MAX),
	        MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY,
	        MHD_OPTION_NOTIFY_CONNECTION, notify, address, MHD_OPTION_URI_LOG_CALLBACK, begin,
	        address, MHD_OPTION_NOTIFY_COMPLETED, end, address, MHD_OPTION_UNESCAPE_CALLBACK,
	        leave, address, MHD_OPTION_END);
}
