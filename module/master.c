/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "module/credential.h"
#include "module/master.h"
#include "module/util.h"

/*! \brief What a master is asked for (Mesos: `/master/state`). */
#define STATE_PATH "/master/state"

/*! \brief Longest path of a redirect that is followed. */
#define PATH_MAX_LEN 255

struct master_client {
	const struct options *options;
	struct resolver *resolver;
	const atomic_bool *stop;
	const struct endpoint *known; /*!< Masters that may be told the credential. */
	size_t known_count;
	CURLM *multi;
	CURL *easy; /*!< Of the request under way, or NULL. */
};

/*! \brief One request of a fetch. */
struct request {
	struct master_client *client;
	struct endpoint endpoint;
	char path[PATH_MAX_LEN + 1];
	bool trusted;     /*!< May be told the credential. */
	char *credential; /*!< PRINCIPAL:SECRET, or NULL. */
	int64_t deadline; /*!< CLOCK_MONOTONIC in ms. */
	struct state_parser *parser;
	uint64_t bytes; /*!< Of the body so far. */
	int parser_ret; /*!< What the parser said. */
	char curl_error[CURL_ERROR_SIZE];
	struct master_reply *reply; /*!< Gets the reason of a failure. */
};

struct master_client *master_new(const struct options *options, struct resolver *resolver,
                                 const atomic_bool *stop)
{
	struct master_client *client = calloc(1, sizeof(*client));
	if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(client);
		return NULL;
	}

	client->options = options;
	client->resolver = resolver;
	client->stop = stop;
	client->multi = curl_multi_init();
	if (client->multi == NULL) {
		master_free(client);
		return NULL;
	}
	return client;
}

void master_free(struct master_client *client)
{
	if (client != NULL) {
		curl_multi_cleanup(client->multi);
		curl_global_cleanup();
		free(client);
	}
}

void master_wake(struct master_client *client)
{
	(void)curl_multi_wakeup(client->multi);
}

void master_set_known(struct master_client *client, const struct endpoint *masters, size_t count)
{
	client->known = masters;
	client->known_count = count;
}

/*! \brief Notes why a master gave no state; returns KNOT_ECONN. */
__attribute__((format(printf, 3, 4))) static int fail(struct request *req, enum poll_outcome why,
                                                      const char *fmt, ...)
{
	char *error = req->reply->error;
	char name[ENDPOINT_TEXT_MAX];
	int len = snprintf(error, MASTER_ERROR_MAX,
	                   "%s: ", endpoint_text(&req->endpoint, false, name));
	if (len < MASTER_ERROR_MAX) {
		va_list args;
		va_start(args, fmt);
		vsnprintf(error + len, MASTER_ERROR_MAX - len, fmt, args);
		va_end(args);
	}
	req->reply->outcome = why;
	return KNOT_ECONN;
}

/*! \brief Takes a piece of the body (CURLOPT_WRITEFUNCTION). */
static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct request *req = ctx;
	size_t len = size * count;

	long status = 0;
	curl_easy_getinfo(req->client->easy, CURLINFO_RESPONSE_CODE, &status);
	req->bytes += len;
	if (req->bytes > MASTER_REPLY_MAX || atomic_load(req->client->stop)) {
		return CURL_WRITEFUNC_ERROR;
	}
	if (status != 200) {
		/* A few words for people; nobody needs them. */
		return len;
	}
	req->parser_ret = state_parser_feed(req->parser, data, len);
	return req->parser_ret == KNOT_EOK ? len : CURL_WRITEFUNC_ERROR;
}

/*! \brief Tells libcurl the host's addresses: it never resolves a name itself. */
static int set_addresses(struct request *req, struct curl_slist **list)
{
	struct text host = { .data = req->endpoint.host, .len = strlen(req->endpoint.host) };
	struct address literal;
	if (address_parse(host, &literal)) {
		return KNOT_EOK;
	}

	resolver_want(req->client->resolver, host);
	resolver_wait(req->client->resolver);
	struct state_addresses addrs = resolver_get(req->client->resolver, host);
	if (addrs.count == 0) {
		return fail(req, POLL_CONNECT, "host name does not resolve");
	}

	char *entry = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&entry, &size);
	if (stream == NULL) {
		return KNOT_ENOMEM;
	}
	fprintf(stream, "%s:%u:", req->endpoint.host, req->endpoint.port);
	for (uint32_t i = 0; i < addrs.count; i++) {
		char text[ADDRESS_TEXT_MAX];
		fprintf(stream, addrs.list[i].len == 16 ? "%s[%s]" : "%s%s", i > 0 ? "," : "",
		        address_text(&addrs.list[i], text));
	}
	if (fclose(stream) == 0) {
		*list = curl_slist_append(NULL, entry);
	}
	free(entry);
	return *list != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

/*! \brief Tells libcurl the files for https; it reads them by itself, each time. */
static int set_tls(struct request *req)
{
	CURL *easy = req->client->easy;
	const struct options *options = req->client->options;
	const char *const files[] = { options->ca_file, options->cert_file, options->key_file };
	for (int i = 0; i < 3 && req->endpoint.tls; i++) {
		const char *error = files[i] != NULL ? credential_probe(files[i]) : NULL;
		if (error != NULL) {
			return fail(req, POLL_TLS, "'%s' %s", files[i], error);
		}
	}

	if (options->ca_file != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
	}
	if (options->cert_file != NULL) {
		curl_easy_setopt(easy, CURLOPT_SSLCERT, options->cert_file);
		curl_easy_setopt(easy, CURLOPT_SSLKEY, options->key_file);
	}
	return KNOT_EOK;
}

static int set_request(struct request *req, struct curl_slist *headers,
                       struct curl_slist *addresses)
{
	CURL *easy = req->client->easy;
	int64_t left = req->deadline - clock_ms(CLOCK_MONOTONIC);
	if (left <= 0) {
		return fail(req, POLL_TIMEOUT, "timed out");
	}

	char url[ENDPOINT_TEXT_MAX + PATH_MAX_LEN];
	endpoint_text(&req->endpoint, true, url);
	strcat(url, req->path);

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	/* A new connection each time: files for TLS are read again, a dead one is never met. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "mod-mesos");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_RESOLVE, addresses);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)MIN(left, MASTER_CONNECT_MS));
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 131072L);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, req->curl_error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, req);
	if (req->trusted && req->credential != NULL) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERPWD, req->credential);
	}
	return set_tls(req);
}

/*! \brief Runs the transfer to its end, or until the client is stopped. */
static CURLcode transfer(struct master_client *client)
{
	if (curl_multi_add_handle(client->multi, client->easy) != CURLM_OK) {
		return CURLE_OUT_OF_MEMORY;
	}

	CURLcode code = CURLE_ABORTED_BY_CALLBACK;
	int running = 1;
	while (!atomic_load(client->stop)) {
		if (curl_multi_perform(client->multi, &running) != CURLM_OK || running == 0) {
			break;
		}
		(void)curl_multi_poll(client->multi, NULL, 0, 1000, NULL);
	}

	int left;
	CURLMsg *msg;
	while ((msg = curl_multi_info_read(client->multi, &left)) != NULL) {
		if (msg->msg == CURLMSG_DONE) {
			code = msg->data.result;
		}
	}
	(void)curl_multi_remove_handle(client->multi, client->easy);
	return code;
}

/*! \brief Says why a transfer failed, in words that do not change from poll to poll. */
static int explain(struct request *req, CURLcode code)
{
	if (atomic_load(req->client->stop)) {
		return KNOT_ECONNABORTED;
	}
	if (req->bytes > MASTER_REPLY_MAX) {
		return fail(req, POLL_BAD_REPLY, "the reply is larger than 1 GiB");
	}
	switch (req->parser_ret) {
	case KNOT_EOK: break;
	case KNOT_EMALF: return fail(req, POLL_BAD_REPLY, "the reply is not JSON");
	case KNOT_ESPACE:
		return fail(req, POLL_BAD_REPLY, "the state is larger than any cluster's");
	default: return fail(req, POLL_LOCAL, "%s", knot_strerror(req->parser_ret));
	}

	long number = 0;
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		curl_easy_getinfo(req->client->easy, CURLINFO_OS_ERRNO, &number);
		return fail(req, POLL_CONNECT, "%s",
		            number != 0 ? strerrordesc_np((int)number) : "connection failed");
	case CURLE_OPERATION_TIMEDOUT:
		curl_easy_getinfo(req->client->easy, CURLINFO_RESPONSE_CODE, &number);
		return fail(req, POLL_TIMEOUT,
		            number != 0 ? "timed out in the middle of the reply" : "timed out");
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		/* What is wrong with a certificate is in libcurl's own words. */
		return fail(req, POLL_TLS, "%s: %s", curl_easy_strerror(code), req->curl_error);
	case CURLE_OUT_OF_MEMORY: return fail(req, POLL_LOCAL, "%s", curl_easy_strerror(code));
	default: return fail(req, POLL_BAD_REPLY, "%s", curl_easy_strerror(code));
	}
}

static const char *header(CURL *easy, const char *name)
{
	struct curl_header *found;
	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) {
		return NULL;
	}
	return found->value;
}

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

/*! \brief Turns to another master; the credential goes along as far as it may. */
static void go_on(struct request *req, const struct endpoint *next)
{
	const struct endpoint *known = find_known(req->client, next);
	if (known != NULL) {
		req->trusted = next->tls || !known->tls;
	} else {
		/* One that a known master has named; nobody whom such a one names. */
		req->trusted = find_known(req->client, &req->endpoint) != NULL &&
		               (next->tls || !req->endpoint.tls);
	}
	req->endpoint = *next;
}

/*! \brief Follows a redirect to the leader (Mesos: a standby's 307). */
static int redirect(struct request *req, long status)
{
	const char *location = header(req->client->easy, "Location");
	if (location == NULL) {
		return fail(req, POLL_HTTP_STATUS, "HTTP status %ld without a Location", status);
	}

	struct endpoint next;
	const char *path;
	const char *error = endpoint_redirect(location, &req->endpoint, &next, &path);
	if (error != NULL) {
		return fail(req, POLL_HTTP_STATUS, "%s", error);
	}
	bool plain = strlen(path) > 1 && strlen(path) <= PATH_MAX_LEN && path[0] == '/';
	for (const char *c = path; *c != '\0'; c++) {
		plain = plain && *c > ' ' && *c < 0x7f;
	}
	go_on(req, &next);
	strcpy(req->path, plain ? path : STATE_PATH);
	return KNOT_EOK;
}

/*! \brief Looks at a complete reply: the leader's state, or the way to it. */
static int take_reply(struct request *req, struct master_reply *reply)
{
	long status = 0;
	curl_easy_getinfo(req->client->easy, CURLINFO_RESPONSE_CODE, &status);
	switch (status) {
	case 200: break;
	case 301:
	case 302:
	case 303:
	case 307:
	case 308: return redirect(req, status);
	case 401:
		return fail(req, POLL_HTTP_STATUS,
		            "HTTP status 401: it wants a (better) credential-file");
	case 403:
		return fail(req, POLL_HTTP_STATUS,
		            "HTTP status 403: the principal may not see the state");
	case 503: return fail(req, POLL_HTTP_STATUS, "HTTP status 503: it knows of no leader");
	default: return fail(req, POLL_HTTP_STATUS, "HTTP status %ld", status);
	}

	struct state *state = NULL;
	int ret = state_parser_finish(req->parser, &state);
	switch (ret) {
	case KNOT_EOK: break;
	case KNOT_EMALF: return fail(req, POLL_BAD_REPLY, "the reply ends too early");
	case KNOT_ENOENT: return fail(req, POLL_BAD_REPLY, "the reply is not a master's state");
	default: return fail(req, POLL_LOCAL, "%s", knot_strerror(ret));
	}

	struct endpoint self, leader;
	if (!endpoint_set(&leader, state->leader_host, state->leader_port, req->endpoint.tls)) {
		state_free(state);
		return fail(req, POLL_BAD_REPLY, "its leader has no host name");
	}
	if (endpoint_set(&self, state->pid_host, state->pid_port, req->endpoint.tls) &&
	    !endpoint_equal(&self, &leader)) {
		state_free(state);
		go_on(req, &leader);
		strcpy(req->path, STATE_PATH);
		return KNOT_EOK;
	}
	reply->state = state;
	reply->answered = req->endpoint;
	reply->leader = leader;
	reply->bytes = req->bytes;
	const char *date = header(req->client->easy, "Date");
	reply->date = date != NULL ? curl_getdate(date, NULL) : 0;
	return KNOT_EOK;
}

/*! \brief One request and its reply. */
static int ask(struct request *req, struct master_reply *reply)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
	struct curl_slist *addresses = NULL;
	req->parser = state_parser_new();
	req->parser_ret = KNOT_EOK;
	req->bytes = 0;
	req->curl_error[0] = '\0';

	/* One for each request: a handle of libcurl 7.88 that is used again takes a reply that
	 * begins with a folded header line for more of one of the last reply's, which is freed.
	 */
	req->client->easy = curl_easy_init();

	int ret = KNOT_ENOMEM;
	if (headers != NULL && req->parser != NULL && req->client->easy != NULL) {
		ret = set_addresses(req, &addresses);
	}
	if (ret == KNOT_EOK) {
		ret = set_request(req, headers, addresses);
	}
	if (ret == KNOT_EOK) {
		CURLcode code = transfer(req->client);
		ret = code == CURLE_OK ? take_reply(req, reply) : explain(req, code);
	}

	/* libcurl keeps pointers to these. */
	curl_easy_cleanup(req->client->easy);
	req->client->easy = NULL;
	state_parser_free(req->parser);
	curl_slist_free_all(addresses);
	curl_slist_free_all(headers);
	return ret == KNOT_ENOMEM ? fail(req, POLL_LOCAL, "out of memory") : ret;
}

int master_fetch(struct master_client *client, const struct endpoint *master,
                 struct master_reply *reply)
{
	*reply = (struct master_reply){ 0 };
	struct request req = {
		.client = client,
		.endpoint = *master,
		.path = STATE_PATH,
		.trusted = true,
		.deadline = clock_ms(CLOCK_MONOTONIC) +
		            (int64_t)client->options->poll_timeout * 1000,
		.reply = reply,
	};

	const char *file = client->options->credential_file;
	const char *error = file != NULL ? credential_read(file, &req.credential) : NULL;
	if (error != NULL) {
		return fail(&req, POLL_LOCAL, "credential-file '%s' %s", file, error);
	}

	int ret = KNOT_EOK;
	for (int hop = 0; ret == KNOT_EOK && reply->state == NULL; hop++) {
		ret = hop <= MASTER_REDIRECTS_MAX
		              ? ask(&req, reply)
		              : fail(&req, POLL_HTTP_STATUS, "more than %d redirects",
		                     MASTER_REDIRECTS_MAX);
	}
	credential_free(req.credential);
	return ret;
}
