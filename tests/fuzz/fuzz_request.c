/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Requests over a connection, from their bytes to those of the responses.
 *
 *     fuzz_request -dict=tests/fuzz/requests.dict tests/fuzz/corpus/request
 *
 * The first byte of the input chooses the pieces that arrive at once, the rest is what the client
 * sends before it hangs up; a byte 0x1e in it is not sent, but changes what the zone has, as a
 * publication does. What has to be true: the client is sent whole responses and nothing else, each
 * of a status that the server has; bodies of JSON are JSON; nobody is left connected.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>
#include <urcu.h>

#include "module/base/util.h"
#include "module/http/exchange.h"
#include "module/http/loop.h"
#include "module/http/lookup_reply.h"
#include "module/http/metrics.h"
#include "module/http/watch.h"
#include "module/http/writing.h"
#include "module/http/zones.h"
#include "tests/unit/snapshot/table_model.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*! \brief In place of a byte, the zone's records change. */
#define PUBLISH 0x1e

/*! \brief Seconds that pass, by the server's clock, when nothing happens ... */
#define PASSING 11

/*! \brief ... and how often that may be: no request waits so long, no list takes so long. */
#define PASSINGS_MAX 10000

/*! \brief Longest input, and most octets of all responses to it. */
#define INPUT_MAX  8192
#define OUTPUT_MAX ((size_t)64 << 20)

static struct {
	struct snapshot_table *tables[2]; /*!< Without them snapshots seem to be leaks. */
	struct snapshot *snapshots[2];
	unsigned shown;
	struct snapshot *snapshot; /*!< RCU pointer to the one that is shown. */
	struct snapshot *none;     /*!< The same of a zone that has nothing yet. */
	_Atomic int64_t time;
	struct http_address address;
	struct MHD_Daemon *daemon;
	struct loop_event wake, work;
	int wake_fd;
	int64_t passed; /*!< Seconds that its clock is ahead. */
} server;

/*! \brief What the client has received. */
static struct {
	char *data;
	size_t len, room;
	bool has_ended;
} output;

/*! \brief In place of the system's: time that nobody has to wait for. */
int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
	int ret = __real_clock_gettime(clock, time);
	time->tv_sec += server.passed;
	return ret;
}

static void add(struct snapshot_table *table, const char *labels, uint16_t type, const void *data,
                uint16_t len)
{
	knot_dname_storage_t owner = { 0 };
	size_t used = strlen(labels);
	memcpy(owner, labels, used);
	memcpy(owner + used, MODEL_ZONE, 7);
	MODEL_CHECK(snapshot_table_change(table, 1, owner, type, data, len, 0) == KNOT_EOK);
}

/*! \brief Makes what a zone has; its lists are longer than a socket takes at once. */
static void make(uint8_t variant)
{
	static const char service[] = "\0\0\0\1\x1f\x90\003web\010marathon\005mesos";
	struct snapshot_table *table = snapshot_table_new(MODEL_ZONE, 30);
	MODEL_CHECK(table != NULL);
	for (unsigned i = 0; i < 150; i++) {
		const uint8_t address[4] = { 10, variant, 0, (uint8_t)i };
		add(table, "\005slave", KNOT_RRTYPE_A, address, sizeof(address));
	}
	add(table, "\003web\010marathon", KNOT_RRTYPE_A, (const uint8_t[]){ 10, 0, variant, 1 }, 4);
	add(table, "\004_web\004_tcp\010marathon", KNOT_RRTYPE_SRV, service, sizeof(service));
	MODEL_CHECK(snapshot_table_commit(table, &server.snapshots[variant]) == KNOT_EOK);
	server.tables[variant] = table;
}

static int write_config(void *ctx, struct http_body *out)
{
	(void)ctx;
	return http_body_text(out, "{}");
}

/*! \brief A list of 16 KiB. */
static int write_enumerate(void *ctx, const struct snapshot *snapshot, struct http_body *out)
{
	(void)ctx, (void)snapshot;
	(void)http_body_text(out, "{\"frameworks\":[1");
	for (unsigned i = 0; i < 8192; i++) {
		(void)http_body_text(out, ",1");
	}
	return http_body_text(out, "]}");
}

static void tell_counters(void *ctx, struct http_counters *out)
{
	static const struct http_family family = {
		.name = "mesos_dns_polls",
		.type = HTTP_COUNTER,
		.label = "result",
		.help = "Polls",
	};
	(void)ctx;
	http_counters_add(out, &family, "ok", 17);
}

static void write_log(void *ctx, int priority, const char *text)
{
	(void)ctx, (void)priority, (void)text;
}

static void serve_zone(const char *name, struct snapshot **snapshot)
{
	const struct http_source source = {
		.name = (const knot_dname_t *)name,
		.reverse = snapshot == &server.none,
		.snapshot = snapshot,
		.time = &server.time,
		.stale_after = INT64_MAX,
		.refresh = 30,
		.config = write_config,
		.enumerate = write_enumerate,
		.counters = tell_counters,
		.log = write_log,
	};
	MODEL_CHECK(zones_add(&source, &server.address, 1) != NULL);
}

/*! \brief Something has been published, or a list is written. */
static void woken(struct loop_event *event, uint32_t events)
{
	(void)event, (void)events;
	eventfd_t count;
	(void)eventfd_read(server.wake_fd, &count);
	watch_check();
	writing_check();
}

static void ignore(struct loop_event *event, uint32_t events)
{
	(void)event, (void)events;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	rcu_register_thread();
	make(0);
	make(1);
	server.snapshot = server.snapshots[0];
	server.time = clock_ms(CLOCK_MONOTONIC);
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(8123) };
	struct sockaddr_storage socket = { 0 };
	memcpy(&socket, &at, sizeof(at));
	MODEL_CHECK(http_address_make(&socket, &server.address));
	serve_zone("\005mesos", &server.snapshot);
	serve_zone("\00210\007in-addr\004arpa", &server.none);

	server.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	exchange_wake_by(server.wake_fd);
	server.wake.ready = woken;
	server.work.ready = ignore;
	server.daemon = exchange_daemon(&server.address);
	MODEL_CHECK(server.wake_fd >= 0 && server.daemon != NULL && loop_open() == 0);
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server.daemon,
	                                                       MHD_DAEMON_INFO_EPOLL_FD);
	MODEL_CHECK(loop_add(server.wake_fd, EPOLLIN, &server.wake) == 0 &&
	            loop_add(info->epoll_fd, EPOLLIN, &server.work) == 0);
	return 0;
}

/*! \brief One turn of the server; waits for so many milliseconds if it has nothing to do. */
static void turn(int timeout)
{
	MHD_UNSIGNED_LONG_LONG next;
	bool has_more = MHD_get_timeout(server.daemon, &next) == MHD_YES && next == 0;
	int expires = watch_timeout();
	timeout = has_more ? 0 : expires >= 0 ? MIN(timeout, expires) : timeout;
	loop_wait(timeout);
	peers_expire();
	watch_expire();
	(void)MHD_run(server.daemon);
	lookup_forget();
}

/*! \brief Reads what the server has sent; a piece, so that it cannot send all at once. */
static void receive(int fd)
{
	if (output.room - output.len < 4096) {
		output.room = output.room == 0 ? 65536 : 2 * output.room;
		output.data = realloc(output.data, output.room);
		MODEL_CHECK(output.data != NULL);
	}
	ssize_t len = recv(fd, output.data + output.len, 4000, MSG_DONTWAIT);
	/* What was not read when the connection was closed is a reset. */
	output.has_ended = len == 0 || (len < 0 && errno != EAGAIN);
	output.len += len > 0 ? (size_t)len : 0;
	MODEL_CHECK(output.len < OUTPUT_MAX);
}

static void publish(void)
{
	server.shown ^= 1;
	rcu_set_pointer(&server.snapshot, server.snapshots[server.shown]);
	watch_check();
}

/*! \brief Sends a piece, as far as anybody takes it; returns what is left of the input. */
static size_t send_piece(int fd, const uint8_t *data, size_t size, size_t piece)
{
	if (data[0] == PUBLISH) {
		publish();
		return size - 1;
	}
	const uint8_t *end = memchr(data, PUBLISH, size);
	size_t whole = end != NULL ? (size_t)(end - data) : size;
	ssize_t len = send(fd, data, MIN(piece, whole), MSG_NOSIGNAL | MSG_DONTWAIT);
	return len > 0 ? size - (size_t)len : errno == EAGAIN && len < 0 ? size : 0;
}

/*! \brief Has the server answer all that a client sends. */
static void talk(int fd, const uint8_t *data, size_t size, size_t piece)
{
	while (size > 0 && !output.has_ended) {
		size_t left = send_piece(fd, data, size, piece);
		data += size - left;
		size = left;
		turn(0);
		receive(fd);
	}
	(void)shutdown(fd, SHUT_WR);
	for (unsigned quiet = 0; !output.has_ended;) {
		size_t before = output.len;
		turn(0);
		receive(fd);
		if (output.len == before && !output.has_ended) {
			MODEL_CHECK(++quiet < PASSINGS_MAX);
			turn(2);
			server.passed += PASSING;
		}
	}
}

/*! \brief The value of a header of a response's head; NULL if it has none. */
static const char *header(const char *head, const char *name)
{
	for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		size_t len = strlen(name);
		if (strncasecmp(line, name, len) == 0 && strncmp(line + len, ": ", 2) == 0) {
			return line + len + 2;
		}
	}
	return NULL;
}

static void check_status(int status)
{
	static const int known[] = {
		100, 200, 301, 400, 404, 405, 406, 413, 414, 431, 501, 503, 505
	};
	bool is_known = false;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		is_known |= status == known[i];
	}
	if (!is_known) {
		fprintf(stderr, "status %d\n", status);
	}
	MODEL_CHECK(is_known);
}

static void check_json(const char *body, size_t len)
{
	struct json_tokener *tokener = json_tokener_new();
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *json = json_tokener_parse_ex(tokener, body, (int)len);
	MODEL_CHECK(json != NULL && json_tokener_get_error(tokener) == json_tokener_success);
	json_object_put(json);
	json_tokener_free(tokener);
}

/*! \brief Checks a response; returns its length. */
static size_t check_response(const char *text, size_t len)
{
	static const char begin[] = "HTTP/1.1 ", old[] = "HTTP/1.0 ";
	const char *end = memmem(text, len, "\r\n\r\n", 4);
	MODEL_CHECK(end != NULL && (memcmp(text, begin, 9) == 0 || memcmp(text, old, 9) == 0));
	size_t head_len = (size_t)(end - text) + 4;
	char *head = strndup(text, head_len);
	MODEL_CHECK(head != NULL && strlen(head) == head_len);
	int status = atoi(head + 9);
	check_status(status);
	const char *length = header(head, "Content-Length");
	size_t body = length != NULL ? strtoul(length, NULL, 10) : 0;
	const char *rest = text + head_len;
	size_t rest_len = len - head_len;
	/* That of a HEAD is only announced; no body begins as a response does. */
	if (rest_len == 0 ||
	    (rest_len > 9 && (memcmp(rest, begin, 9) == 0 || memcmp(rest, old, 9) == 0))) {
		body = 0;
	}
	MODEL_CHECK(body <= rest_len);
	const char *type = header(head, "Content-Type");
	if (body > 0 && type != NULL && strncmp(type, "application/json", 16) == 0) {
		check_json(rest, body);
	}
	free(head);
	return head_len + body;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > INPUT_MAX) {
		return 0;
	}
	int pair[2], room = 4096;
	size_t all, waiting;
	struct sockaddr_in from = { .sin_family = AF_INET };
	MODEL_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	output.len = 0;
	output.has_ended = false;
	MODEL_CHECK(MHD_add_connection(server.daemon, pair[0], (struct sockaddr *)&from,
	                               sizeof(from)) == MHD_YES);
	talk(pair[1], data + 1, size - 1, 1 + (size_t)data[0] * data[0] / 8);
	for (size_t at = 0; at < output.len;) {
		at += check_response(output.data + at, output.len - at);
	}
	(void)close(pair[1]);
	turn(0);
	peers_count(&all, &waiting);
	MODEL_CHECK(all == 0 && waiting == 0);
	return 0;
}
