/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A zone that is served over HTTP, and clients of it; to be included after cmocka.h.
 *
 *     struct served served;
 *     served_begin(&served);
 *     int fd = client_ask(&served, "/v1/hosts/web.mesos");
 *     assert_int_equal(client_head(fd, head), 200);
 *     close(fd);
 *     served_end(&served);
 */
#pragma once

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <urcu.h>

#include "module/base/util.h"
#include "module/http/http.h"
#include "module/http/metrics.h"
#include "module/snapshot/table.h"

/*! \brief Seconds after which a client has waited in vain. */
#define CLIENT_PATIENCE 120

/*! \brief Addresses of `many.mesos.`: an answer that is long. */
#define SERVED_MANY 4000

#define HEAD_MAX 1024

/*! \brief A zone `mesos.` at an address that was free. */
struct served {
	struct http_address address;
	struct snapshot_table *table;
	struct snapshot *snapshot; /*!< RCU pointer. */
	_Atomic int64_t time;
	size_t list; /*!< Octets of the document of /v1/enumerate, all zeros. */
	struct http_source source;
	struct http_zone *zone;
};

static inline int served_config(void *ctx, struct http_body *out)
{
	(void)ctx;
	return http_body_text(out, "{}");
}

/*! \brief Gives a document of pages that nobody has written to: they take no memory. */
static inline int served_enumerate(void *ctx, const struct snapshot *snapshot,
                                   struct http_body *out)
{
	(void)snapshot;
	const struct served *served = ctx;
	out->data = calloc(1, served->list);
	out->len = out->room = out->data != NULL ? served->list : 0;
	return out->data != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

static inline void served_counters(void *ctx, struct http_counters *out)
{
	(void)ctx, (void)out;
}

static inline void served_log(void *ctx, int priority, const char *text)
{
	(void)ctx;
	printf("log %d: %s\n", priority, text);
}

/*! \brief Adds an address of a name to what is shown next, or takes it away. */
static inline void served_change(struct served *served, int diff, const char *owner,
                                 uint32_t address)
{
	uint32_t rdata = htonl(address);
	assert_int_equal(snapshot_table_change(served->table, diff, (const knot_dname_t *)owner,
	                                       KNOT_RRTYPE_A, (const uint8_t *)&rdata,
	                                       sizeof(rdata), 0),
	                 KNOT_EOK);
}

/*! \brief Shows what has changed. */
static inline void served_publish(struct served *served)
{
	struct snapshot *next = NULL, *before = served->snapshot;
	assert_int_equal(snapshot_table_commit(served->table, &next), KNOT_EOK);
	rcu_set_pointer(&served->snapshot, next);
	synchronize_rcu();
	snapshot_unref(before);
	http_published();
}

/*! \brief An address that nobody listens at; \a fd is a socket that is bound to it. */
static inline struct http_address free_address(int *fd)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct sockaddr_storage storage = { 0 };
	struct http_address address;
	socklen_t len = sizeof(at);
	int one = 1;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(*fd >= 0);
	(void)setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(*fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&at, &len), 0);
	memcpy(&storage, &at, sizeof(at));
	assert_true(http_address_make(&storage, &address));
	return address;
}

static inline void served_begin(struct served *served)
{
	int fd;
	*served = (struct served){ .list = 1000 };
	served->address = free_address(&fd);
	(void)close(fd);
	served->table = snapshot_table_new((const knot_dname_t *)"\005mesos", 30);
	assert_non_null(served->table);
	served_change(served, 1, "\003web\005mesos", 0x0a000001);
	for (uint32_t i = 0; i < SERVED_MANY; i++) {
		served_change(served, 1, "\004many\005mesos", 0x0a010000 + i);
	}
	served_publish(served);
	served->time = clock_ms(CLOCK_MONOTONIC);
	served->source = (struct http_source){
		.name = (const knot_dname_t *)"\005mesos",
		.snapshot = &served->snapshot,
		.time = &served->time,
		.stale_after = INT64_MAX,
		.ctx = served,
		.config = served_config,
		.enumerate = served_enumerate,
		.counters = served_counters,
		.log = served_log,
	};
	assert_int_equal(http_attach(&served->source, &served->address, 1, &served->zone),
	                 KNOT_EOK);
}

static inline void served_end(struct served *served)
{
	http_detach(served->zone);
	snapshot_unref(served->snapshot);
	snapshot_table_free(served->table);
}

/*! \brief Connects to an address, as soon as somebody listens there. */
static inline int client_connect(const struct http_address *address)
{
	int64_t until = clock_ms(CLOCK_MONOTONIC) + CLIENT_PATIENCE * 1000;
	const struct timeval patience = { .tv_sec = CLIENT_PATIENCE };
	for (;;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_true(fd >= 0);
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		if (connect(fd, (const struct sockaddr *)&address->socket,
		            sizeof(struct sockaddr_in)) == 0) {
			return fd;
		}
		(void)close(fd);
		assert_true(clock_ms(CLOCK_MONOTONIC) < until);
		(void)usleep(10000);
	}
}

static inline void client_send(int fd, const char *path)
{
	char text[HEAD_MAX];
	int len = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
	assert_int_equal(send(fd, text, (size_t)len, MSG_NOSIGNAL), len);
}

/*! \brief Connects and sends a request; returns the socket. */
static inline int client_ask(const struct served *served, const char *path)
{
	int fd = client_connect(&served->address);
	client_send(fd, path);
	return fd;
}

/*! \brief Receives the head of a response and no more; returns its status, 0 if there is none. */
static inline int client_head(int fd, char head[static HEAD_MAX])
{
	size_t len = 0;
	head[0] = '\0';
	while (strstr(head, "\r\n\r\n") == NULL) {
		assert_true(len + 1 < HEAD_MAX);
		if (recv(fd, head + len, 1, 0) != 1) {
			return 0;
		}
		head[++len] = '\0';
	}
	return atoi(head + strlen("HTTP/1.1 "));
}

/*! \brief Asks, and hangs up; returns the status. */
static inline int client_status(const struct served *served, const char *path)
{
	char head[HEAD_MAX];
	int fd = client_ask(served, path);
	int status = client_head(fd, head);
	(void)close(fd);
	return status;
}
