/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "module/masters/credential.h"
#include "module/masters/master_private.h"
#include "module/base/util.h"

const struct endpoint *request_endpoint(const struct request *req)
{
	return &req->hops[req->hops_count - 1].endpoint;
}

/*! \brief Who has redirected to the one that is asked; NULL if nobody else has. */
static const struct endpoint *redirected_by(const struct request *req)
{
	for (size_t i = req->hops_count - 1; i > 0; i--) {
		if (!endpoint_equal(&req->hops[i - 1].endpoint, request_endpoint(req))) {
			return &req->hops[i - 1].endpoint;
		}
	}
	return NULL;
}

int request_fail(struct request *req, enum poll_outcome why, const char *fmt, ...)
{
	char reason[192];
	va_list args;
	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);

	char *error = req->reply.error;
	char name[ENDPOINT_TEXT_MAX], by[ENDPOINT_TEXT_MAX];
	const struct endpoint *guide = redirected_by(req);
	if (why == POLL_LOCAL) {
		/* No master's fault. */
		snprintf(error, MASTER_ERROR_MAX, "%s", reason);
	} else if (guide != NULL) {
		snprintf(error, MASTER_ERROR_MAX, "%s: %s (redirected by %s)",
		         endpoint_text(request_endpoint(req), false, name), reason,
		         endpoint_text(guide, false, by));
	} else {
		snprintf(error, MASTER_ERROR_MAX, "%s: %s",
		         endpoint_text(request_endpoint(req), false, name), reason);
	}
	req->reply.outcome = why;
	return KNOT_ECONN;
}

const char *request_header(const struct request *req, const char *name)
{
	struct curl_header *found;
	if (curl_easy_header(req->easy, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) {
		return NULL;
	}
	return found->value;
}

/*! \brief True if it is this host that is short of something. */
static bool is_ours(long error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
	       error == EADDRNOTAVAIL;
}

int master_local_trouble(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return errno;
	}
	close(fd);
	return 0;
}

/*! \brief Makes a socket (CURLOPT_OPENSOCKETFUNCTION): libcurl would not say why it cannot. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct request *req = ctx;
	(void)purpose;
	int fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
	if (fd < 0) {
		req->socket_errno = errno;
		return CURL_SOCKET_BAD;
	}
	return fd;
}

/*! \brief Takes a piece of the document. */
static int take_document(void *ctx, const char *data, size_t len)
{
	struct request *req = ctx;
	req->bytes += len;
	if (req->bytes > MASTER_REPLY_MAX || atomic_load(req->client->stop)) {
		return KNOT_ECONNABORTED;
	}
	return objects_parser_feed(req->parser, data, len);
}

/*! \brief Finds out at the body's start how it is coded (RFC 9110, section 8.4). */
static int begin_body(struct request *req)
{
	const char *coding = request_header(req, "Content-Encoding");
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
	struct master_client *client = req->client;
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
	req->heard = clock_ms(CLOCK_MONOTONIC);
	(void)curl_easy_pause(req->easy, CURLPAUSE_CONT);
}

/*! \brief Takes a piece of the body (CURLOPT_WRITEFUNCTION). */
static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct request *req = ctx;
	size_t len = size * count;
	bool begins = req->body_ret == KNOT_EAGAIN;

	req->heard = clock_ms(CLOCK_MONOTONIC);
	long status = 0;
	curl_easy_getinfo(req->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
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

/*! \brief Takes a line of the head (CURLOPT_HEADERFUNCTION), libcurl keeps it. */
static size_t take_header(char *data, size_t size, size_t count, void *ctx)
{
	struct request *req = ctx;
	(void)data;
	req->heard = clock_ms(CLOCK_MONOTONIC);
	return size * count;
}

static struct state_addresses find_addresses(struct master_client *client,
                                             const struct endpoint *endpoint)
{
	struct text host = { .data = endpoint->host, .len = strlen(endpoint->host) };
	return resolver_find(client->resolver, host);
}

bool request_same_master(struct master_client *client, const struct endpoint *a,
                         const struct endpoint *b)
{
	if (a->port != b->port || endpoint_equal(a, b)) {
		return a->port == b->port;
	}
	struct state_addresses of_a = find_addresses(client, a);
	struct state_addresses of_b = find_addresses(client, b);
	for (uint32_t i = 0; i < of_a.count; i++) {
		for (uint32_t j = 0; j < of_b.count; j++) {
			if (address_equal(&of_a.list[i], &of_b.list[j])) {
				return true;
			}
		}
	}
	return false;
}

/*! \brief Tells libcurl the host's addresses: it never resolves a name itself. */
static int set_addresses(struct request *req)
{
	const struct endpoint *endpoint = request_endpoint(req);
	struct text host = { .data = endpoint->host, .len = strlen(endpoint->host) };
	struct address literal;
	if (address_parse(host, &literal)) {
		return KNOT_EOK;
	}

	struct state_addresses addrs = find_addresses(req->client, endpoint);
	if (addrs.count == 0) {
		int trouble = master_local_trouble();
		return trouble != 0 ? request_fail(req, POLL_LOCAL, "%s", strerrordesc_np(trouble))
		                    : request_fail(req, POLL_CONNECT, "host name does not resolve");
	}

	char *entry = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&entry, &size);
	if (stream == NULL) {
		return KNOT_ENOMEM;
	}
	fprintf(stream, "%s:%u:", endpoint->host, endpoint->port);
	for (uint32_t i = 0; i < addrs.count; i++) {
		char text[ADDRESS_TEXT_MAX];
		fprintf(stream, addrs.list[i].len == 16 ? "%s[%s]" : "%s%s", i > 0 ? "," : "",
		        address_text(&addrs.list[i], text));
	}
	if (fclose(stream) == 0) {
		req->addresses = curl_slist_append(NULL, entry);
	}
	free(entry);
	return req->addresses != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

static int set_headers(struct request *req)
{
	static const char *const lines[] = { "Accept: application/json", "Accept-Encoding: gzip" };
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct curl_slist *longer = curl_slist_append(req->headers, lines[i]);
		if (longer == NULL) {
			return KNOT_ENOMEM;
		}
		req->headers = longer;
	}
	return KNOT_EOK;
}

/*! \brief Tells libcurl the files for https, which it reads by itself for each connection. */
static int set_tls(struct request *req)
{
	const struct master_settings *settings = req->client->settings;
	const char *const files[] = { settings->ca_file, settings->cert_file, settings->key_file };
	for (int i = 0; i < 3 && request_endpoint(req)->tls; i++) {
		const char *error = files[i] != NULL ? credential_probe(files[i]) : NULL;
		if (error == CREDENTIAL_UNREADABLE) {
			return request_fail(req, POLL_LOCAL, "cannot open '%s': %s", files[i],
			                    strerrordesc_np(errno));
		} else if (error != NULL) {
			return request_fail(req, POLL_LOCAL, "'%s' %s", files[i], error);
		}
	}

	if (settings->ca_file != NULL) {
		/* In place of the system's, of which libcurl has a file and a directory. */
		curl_easy_setopt(req->easy, CURLOPT_CAINFO, settings->ca_file);
		curl_easy_setopt(req->easy, CURLOPT_CAPATH, NULL);
	}
	if (settings->cert_file != NULL) {
		curl_easy_setopt(req->easy, CURLOPT_SSLCERT, settings->cert_file);
		curl_easy_setopt(req->easy, CURLOPT_SSLKEY, settings->key_file);
	}
	return KNOT_EOK;
}

static void set_callbacks(struct request *req)
{
	CURL *easy = req->easy;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, req);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, req->curl_error);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, req);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, req);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, req);
}

static int set_request(struct request *req)
{
	CURL *easy = req->easy;
	int64_t left = req->deadline - clock_ms(CLOCK_MONOTONIC);
	if (left <= 0) {
		return request_fail(req, POLL_TIMEOUT, "timed out");
	}

	char url[ENDPOINT_TEXT_MAX + PATH_MAX_LEN];
	endpoint_text(request_endpoint(req), true, url);
	strcat(url, req->hops[req->hops_count - 1].path);

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	/* A new connection each time: files for TLS are read again, a dead one is never met. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "mod-mesos");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, req->headers);
	curl_easy_setopt(easy, CURLOPT_RESOLVE, req->addresses);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)MIN(left, MASTER_CONNECT_MS));
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 131072L);
	set_callbacks(req);
	if (req->trusted && req->client->credential != NULL) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERPWD, req->client->credential);
	}
	return set_tls(req);
}

int request_begin(struct request *req)
{
	req->body_ret = KNOT_EAGAIN;
	req->bytes = 0;
	req->socket_errno = 0;
	req->curl_error[0] = '\0';
	req->is_held = false;
	req->parser = objects_parser_new(req->client->sink.objects, req->client->sink.ctx);

	/* One for each request: a handle of libcurl 7.88 that is used again takes a reply that
	 * begins with a folded header line for more of one of the last reply's, which is freed.
	 */
	req->easy = curl_easy_init();

	int ret = req->parser != NULL && req->easy != NULL ? set_headers(req) : KNOT_ENOMEM;
	if (ret == KNOT_EOK) {
		ret = set_addresses(req);
	}
	if (ret == KNOT_EOK) {
		ret = set_request(req);
	}
	if (ret == KNOT_EOK && curl_multi_add_handle(req->client->multi, req->easy) != CURLM_OK) {
		ret = KNOT_ENOMEM;
	}
	if (ret != KNOT_EOK) {
		request_end(req);
	}
	req->heard = clock_ms(CLOCK_MONOTONIC);
	return ret == KNOT_ENOMEM ? request_fail(req, POLL_LOCAL, "out of memory") : ret;
}

void request_end(struct request *req)
{
	struct master_client *client = req->client;
	if (req->easy != NULL) {
		(void)curl_multi_remove_handle(client->multi, req->easy);
		curl_easy_cleanup(req->easy);
	}
	master_gzip_free(req->gzip);
	objects_parser_free(req->parser);
	if (client != NULL && client->taken == req) {
		client->taken = NULL;
		if (req->reply.state == NULL) {
			client->sink.abort(client->sink.ctx);
		}
	}
	/* libcurl had pointers to these. */
	curl_slist_free_all(req->addresses);
	curl_slist_free_all(req->headers);
	req->easy = NULL;
	req->gzip = NULL;
	req->parser = NULL;
	req->addresses = NULL;
	req->headers = NULL;
}

/*! \brief Says why there was no connection: for a reason of ours, or the master's. */
static int explain_connect(struct request *req)
{
	long error = 0;
	curl_easy_getinfo(req->easy, CURLINFO_OS_ERRNO, &error);
	if (req->socket_errno != 0 && (error == 0 || is_ours(req->socket_errno))) {
		return request_fail(req, POLL_LOCAL, "%s", strerrordesc_np(req->socket_errno));
	}
	if (is_ours(error)) {
		return request_fail(req, POLL_LOCAL, "%s", strerrordesc_np((int)error));
	}
	return request_fail(req, POLL_CONNECT, "%s",
	                    error != 0 ? strerrordesc_np((int)error) : "connection failed");
}

/*! \brief Says what is wrong with TLS. */
static int explain_tls(struct request *req, CURLcode code)
{
	/* What is wrong with a certificate is in libcurl's own words. */
	return request_fail(req, POLL_TLS, "%s: %s", curl_easy_strerror(code), req->curl_error);
}

/*! \brief Says what was wrong with the body; KNOT_EOK if nothing was. */
static int explain_body(struct request *req)
{
	if (req->bytes > MASTER_REPLY_MAX) {
		return request_fail(req, POLL_BAD_REPLY, "the reply is larger than 1 GiB");
	}
	switch (req->body_ret) {
	case KNOT_EOK:
	case KNOT_EAGAIN: return KNOT_EOK;
	case KNOT_EMALF: return request_fail(req, POLL_BAD_REPLY, "the reply is not JSON");
	case KNOT_EINVAL: return request_fail(req, POLL_BAD_REPLY, "the reply's gzip is damaged");
	case KNOT_ENOTSUP:
		return request_fail(req, POLL_BAD_REPLY, "the reply's content coding is unknown");
	case KNOT_ESPACE:
		return request_fail(req, POLL_BAD_REPLY, "the state is larger than any cluster's");
	default: return request_fail(req, POLL_LOCAL, "%s", knot_strerror(req->body_ret));
	}
}

int request_explain(struct request *req, CURLcode code)
{
	if (atomic_load(req->client->stop)) {
		return KNOT_ECONNABORTED;
	}
	int ret = explain_body(req);
	if (ret != KNOT_EOK) {
		return ret;
	}

	long status = 0;
	switch (code) {
	case CURLE_COULDNT_CONNECT: return explain_connect(req);
	case CURLE_OPERATION_TIMEDOUT:
		curl_easy_getinfo(req->easy, CURLINFO_RESPONSE_CODE, &status);
		return request_fail(req, POLL_TIMEOUT,
		                    status != 0 ? "timed out in the middle of the reply"
		                                : "timed out");
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE: return explain_tls(req, code);
	case CURLE_OUT_OF_MEMORY:
		return request_fail(req, POLL_LOCAL, "%s", curl_easy_strerror(code));
	default: return request_fail(req, POLL_BAD_REPLY, "%s", curl_easy_strerror(code));
	}
}
