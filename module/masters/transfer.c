/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "module/masters/credential.h"
#include "module/masters/master_private.h"
#include "module/base/util.h"

const struct endpoint *transfer_endpoint(const struct transfer *transfer)
{
	return &transfer->hops[transfer->hops_count - 1].endpoint;
}

/*! \brief Who has redirected to the one that is asked; NULL if nobody else has. */
static const struct endpoint *redirected_by(const struct transfer *transfer)
{
	for (size_t i = transfer->hops_count - 1; i > 0; i--) {
		const struct endpoint *before = &transfer->hops[i - 1].endpoint;
		if (!endpoint_equal(before, transfer_endpoint(transfer))) {
			return before;
		}
	}
	return NULL;
}

int transfer_fail(struct transfer *transfer, enum poll_outcome why, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(transfer->reason, sizeof(transfer->reason), fmt, args);
	va_end(args);
	transfer->outcome = why;
	return KNOT_ECONN;
}

void transfer_describe(const struct transfer *transfer, char out[static MASTER_ERROR_MAX])
{
	char name[ENDPOINT_TEXT_MAX], by[ENDPOINT_TEXT_MAX];
	const struct endpoint *guide = redirected_by(transfer);
	endpoint_text(transfer_endpoint(transfer), false, name);
	if (transfer->outcome == POLL_OK || transfer->outcome == POLL_LOCAL ||
	    transfer->outcome == POLL_LOGIN) {
		/* No master's fault. */
		snprintf(out, MASTER_ERROR_MAX, "%s", transfer->reason);
	} else if (guide != NULL) {
		snprintf(out, MASTER_ERROR_MAX, "%s: %s (redirected by %s)", name, transfer->reason,
		         endpoint_text(guide, false, by));
	} else {
		snprintf(out, MASTER_ERROR_MAX, "%s: %s", name, transfer->reason);
	}
}

const char *transfer_header(const struct transfer *transfer, const char *name)
{
	struct curl_header *found;
	if (curl_easy_header(transfer->easy, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) {
		return NULL;
	}
	return found->value;
}

long transfer_status(const struct transfer *transfer)
{
	long status = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

int transfer_refuse(struct transfer *transfer, const struct transfer_refusal *meanings)
{
	long status = transfer_status(transfer);
	while (meanings->status != 0 && meanings->status != status) {
		meanings++;
	}
	return meanings->status != 0
	               ? transfer_fail(transfer, POLL_HTTP_STATUS, "HTTP status %ld: %s", status,
	                               meanings->words)
	               : transfer_fail(transfer, POLL_HTTP_STATUS, "HTTP status %ld", status);
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
	struct transfer *transfer = ctx;
	(void)purpose;
	int fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
	if (fd < 0) {
		transfer->socket_errno = errno;
		return CURL_SOCKET_BAD;
	}
	return fd;
}

/*! \brief Takes a line of the head (CURLOPT_HEADERFUNCTION), libcurl keeps it. */
static size_t take_header(char *data, size_t size, size_t count, void *ctx)
{
	struct transfer *transfer = ctx;
	(void)data;
	transfer->heard = clock_ms(CLOCK_MONOTONIC);
	return size * count;
}

static struct state_addresses find_addresses(struct master_client *client,
                                             const struct endpoint *endpoint)
{
	struct text host = { .data = endpoint->host, .len = strlen(endpoint->host) };
	return resolver_find(client->resolver, host);
}

bool transfer_same_master(struct master_client *client, const struct endpoint *a,
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
static int set_addresses(struct transfer *transfer)
{
	const struct endpoint *endpoint = transfer_endpoint(transfer);
	struct text host = { .data = endpoint->host, .len = strlen(endpoint->host) };
	struct address literal;
	if (address_parse(host, &literal)) {
		return KNOT_EOK;
	}

	struct state_addresses addrs = find_addresses(transfer->client, endpoint);
	if (addrs.count == 0) {
		int trouble = master_local_trouble();
		return trouble != 0
		               ? transfer_fail(transfer, POLL_LOCAL, "%s", strerrordesc_np(trouble))
		               : transfer_fail(transfer, POLL_CONNECT,
		                               "host name does not resolve");
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
		transfer->addresses = curl_slist_append(NULL, entry);
	}
	free(entry);
	return transfer->addresses != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

static int add_header(struct transfer *transfer, const char *line)
{
	struct curl_slist *longer = curl_slist_append(transfer->headers, line);
	if (longer == NULL) {
		return KNOT_ENOMEM;
	}
	transfer->headers = longer;
	return KNOT_EOK;
}

/*! \brief Adds what says who we are, and forgets it. */
static int add_token(struct transfer *transfer)
{
	char *line = NULL;
	if (transfer->token == NULL) {
		return KNOT_EOK;
	}
	if (asprintf(&line, "Authorization: %s", transfer->token) < 0) {
		return KNOT_ENOMEM;
	}
	int ret = add_header(transfer, line);
	credential_free(line);
	transfer->token = NULL;
	return ret;
}

static int set_headers(struct transfer *transfer, const char *const *lines)
{
	int ret = add_token(transfer);
	for (; *lines != NULL && ret == KNOT_EOK; lines++) {
		ret = add_header(transfer, *lines);
	}
	return ret;
}

static void free_headers(struct transfer *transfer)
{
	for (struct curl_slist *line = transfer->headers; line != NULL; line = line->next) {
		explicit_bzero(line->data, strlen(line->data));
	}
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
}

/*! \brief Tells libcurl the files for https, which it reads by itself for each connection. */
static int set_tls(struct transfer *transfer)
{
	const struct master_settings *settings = transfer->client->settings;
	const char *const files[] = { settings->ca_file, settings->cert_file, settings->key_file };
	for (int i = 0; i < 3 && transfer_endpoint(transfer)->tls; i++) {
		const char *error = files[i] != NULL ? credential_probe(files[i]) : NULL;
		if (error == CREDENTIAL_UNREADABLE) {
			return transfer_fail(transfer, POLL_LOCAL, "cannot open '%s': %s", files[i],
			                     strerrordesc_np(errno));
		} else if (error != NULL) {
			return transfer_fail(transfer, POLL_LOCAL, "'%s' %s", files[i], error);
		}
	}

	if (settings->ca_file != NULL) {
		/* In place of the system's, of which libcurl has a file and a directory. */
		curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, settings->ca_file);
		curl_easy_setopt(transfer->easy, CURLOPT_CAPATH, NULL);
	}
	if (settings->cert_file != NULL) {
		curl_easy_setopt(transfer->easy, CURLOPT_SSLCERT, settings->cert_file);
		curl_easy_setopt(transfer->easy, CURLOPT_SSLKEY, settings->key_file);
	}
	return KNOT_EOK;
}

static void set_callbacks(struct transfer *transfer)
{
	CURL *easy = transfer->easy;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_error);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
}

static void set_options(struct transfer *transfer, const char *credential)
{
	CURL *easy = transfer->easy;
	char url[ENDPOINT_TEXT_MAX + PATH_MAX_LEN];
	endpoint_text(transfer_endpoint(transfer), true, url);
	strcat(url, transfer->hops[transfer->hops_count - 1].path);

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
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	curl_easy_setopt(easy, CURLOPT_RESOLVE, transfer->addresses);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)MASTER_CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 131072L);
	set_callbacks(transfer);
	if (transfer->trusted && credential != NULL) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERPWD, credential);
	}
}

int transfer_credential(struct transfer *transfer, char **out)
{
	const char *file = transfer->client->settings->credential_file;
	const char *error = file != NULL ? credential_read(file, out) : NULL;
	return error == NULL ? KNOT_EOK
	                     : transfer_fail(transfer, POLL_LOCAL, "credential-file '%s' %s", file,
	                                     error);
}

int transfer_prepare(struct transfer *transfer, const char *const *headers, const char *credential)
{
	transfer->socket_errno = 0;
	transfer->curl_error[0] = '\0';
	transfer->heard = clock_ms(CLOCK_MONOTONIC);

	/* One for each hop: a handle of libcurl 7.88 that is used again takes a reply that begins
	 * with a folded header line for more of one of the last reply's, which is freed.
	 */
	transfer->easy = curl_easy_init();
	int ret = transfer->easy != NULL ? set_headers(transfer, headers) : KNOT_ENOMEM;
	if (ret == KNOT_EOK) {
		ret = set_addresses(transfer);
	}
	if (ret == KNOT_EOK) {
		set_options(transfer, credential);
		ret = set_tls(transfer);
	}
	return ret;
}

int transfer_start(struct transfer *transfer)
{
	/* To look a name up may have taken a while. */
	transfer->heard = clock_ms(CLOCK_MONOTONIC);
	return curl_multi_add_handle(transfer->client->multi, transfer->easy) == CURLM_OK
	               ? KNOT_EOK
	               : KNOT_ENOMEM;
}

void transfer_end(struct transfer *transfer)
{
	if (transfer->easy != NULL) {
		(void)curl_multi_remove_handle(transfer->client->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
	}
	/* libcurl had pointers to these. */
	curl_slist_free_all(transfer->addresses);
	free_headers(transfer);
	transfer->easy = NULL;
	transfer->addresses = NULL;
}

/*! \brief Says why there was no connection: for a reason of ours, or the master's. */
static int explain_connect(struct transfer *transfer)
{
	long error = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &error);
	int of_socket = transfer->socket_errno;
	if (of_socket != 0 && (error == 0 || is_ours(of_socket))) {
		return transfer_fail(transfer, POLL_LOCAL, "%s", strerrordesc_np(of_socket));
	}
	if (is_ours(error)) {
		return transfer_fail(transfer, POLL_LOCAL, "%s", strerrordesc_np((int)error));
	}
	return transfer_fail(transfer, POLL_CONNECT, "%s",
	                     error != 0 ? strerrordesc_np((int)error) : "connection failed");
}

int transfer_explain(struct transfer *transfer, CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_CONNECT: return explain_connect(transfer);
	case CURLE_OPERATION_TIMEDOUT:
		return transfer_fail(transfer, POLL_TIMEOUT,
		                     transfer_status(transfer) != 0
		                             ? "timed out in the middle of the reply"
		                             : "timed out");
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		/* What is wrong with a certificate is in libcurl's own words. */
		return transfer_fail(transfer, POLL_TLS, "%s: %s", curl_easy_strerror(code),
		                     transfer->curl_error);
	case CURLE_OUT_OF_MEMORY:
		return transfer_fail(transfer, POLL_LOCAL, "%s", curl_easy_strerror(code));
	default: return transfer_fail(transfer, POLL_BAD_REPLY, "%s", curl_easy_strerror(code));
	}
}
