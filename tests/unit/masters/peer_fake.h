/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Masters without a network; for tests.
 *
 * connect() below gives libcurl one end of a pair of sockets, whatever address it wanted; the test
 * has the other one, and the address.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <libknot/errcode.h>

#include "module/base/util.h"

/*! \brief Most connections of a test. */
#define PEERS_MAX 32

/*! \brief How long a test waits for what has to come, in milliseconds. */
#define PATIENCE_MS 60000

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

/*! \brief A connection that was made. */
struct peer {
	int fd; /*!< The master's end; -1: closed. */
	char host[INET_ADDRSTRLEN];
	uint16_t port;
	char request[1024]; /*!< What has been asked. */
	size_t len;
};

static struct {
	struct peer peers[PEERS_MAX];
	size_t count;
	int refuse; /*!< errno of connect(); 0: it succeeds. */
} side;

int connect(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
	(void)len;
	if (side.refuse != 0) {
		errno = side.refuse;
		return -1;
	}
	int pair[2];
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr.__sockaddr__;
	if (side.count == PEERS_MAX || v4->sin_family != AF_INET ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0 ||
	    dup2(pair[0], fd) != fd) {
		abort();
	}
	close(pair[0]);
	struct peer *peer = &side.peers[side.count++];
	*peer = (struct peer){ .fd = pair[1], .port = ntohs(v4->sin_port) };
	inet_ntop(AF_INET, &v4->sin_addr, peer->host, sizeof(peer->host));
	return 0;
}

/*! \brief Ends a connection from the master's side. */
static inline void hang_up(struct peer *peer)
{
	if (peer->fd >= 0) {
		close(peer->fd);
		peer->fd = -1;
	}
}

/*! \brief Ends all connections of before. */
static inline void forget_peers(void)
{
	for (size_t i = 0; i < side.count; i++) {
		hang_up(&side.peers[i]);
	}
	side.count = 0;
	side.refuse = 0;
}

/*! \brief Reads what a master has been asked so far. */
static inline const char *read_request(struct peer *peer)
{
	ssize_t len = recv(peer->fd, peer->request + peer->len,
	                   sizeof(peer->request) - 1 - peer->len, MSG_DONTWAIT);
	peer->len += MAX(len, 0);
	peer->request[peer->len] = '\0';
	return peer->request;
}

/*! \brief Says something as a master. */
static inline void say(struct peer *peer, const char *data, size_t len)
{
	assert_int_equal(send(peer->fd, data, len, MSG_NOSIGNAL), len);
}
