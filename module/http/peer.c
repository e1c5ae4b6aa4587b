/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "module/base/util.h"
#include "module/http/peer.h"

/*! \brief How often it is looked who is too slow, in milliseconds. */
#define CHECK_MS 1000

static struct {
	struct peer *first, *last;
	size_t count;   /*!< All of them. */
	size_t waiting; /*!< Of these, those that wait for a change. */
	size_t idle;    /*!< Of these, those that ask for nothing. */
	int64_t check;  /*!< When it is to be looked who is too slow. */
} peers;

static void append(struct peer *peer)
{
	peer->next = NULL;
	peer->prev = peers.last;
	*(peers.last != NULL ? &peers.last->next : &peers.first) = peer;
	peers.last = peer;
}

static void take_out(struct peer *peer)
{
	*(peer->prev != NULL ? &peer->prev->next : &peers.first) = peer->next;
	*(peer->next != NULL ? &peer->next->prev : &peers.last) = peer->prev;
}

static void set_idle(struct peer *peer, bool idle)
{
	peers.idle += idle;
	peers.idle -= peer->idle;
	peer->idle = idle;
}

/*! \brief Cuts a connection off; libmicrohttpd sees that and closes it. */
static void cut_off(struct peer *peer)
{
	set_idle(peer, false);
	peer->deadline = INT64_MAX;
	(void)shutdown(peer->fd, SHUT_RDWR);
}

/*! \brief The peer of a suspended request has hung up. */
static void hung_up(struct loop_event *event, uint32_t events)
{
	(void)events;
	peer_resume((struct peer *)event);
}

struct peer *peer_open(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	        connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct peer *peer = calloc(1, sizeof(*peer));
	if (peer == NULL) {
		(void)shutdown(info->connect_fd, SHUT_RDWR);
		return NULL;
	}
	peer->hangup.ready = hung_up;
	peer->connection = connection;
	peer->fd = info->connect_fd;
	peer->deadline = clock_ms(CLOCK_MONOTONIC) + PEER_REQUEST_MS;
	append(peer);
	peers.count++;
	return peer;
}

void peer_close(struct peer *peer)
{
	if (peer == NULL) {
		return;
	}
	take_out(peer);
	set_idle(peer, false);
	peers.count--;
	peers.waiting -= peer->waits;
	free(peer);
}

bool peers_have_room(void)
{
	return peers.count - peers.waiting < PEERS_MAX;
}

bool peers_have_idle(void)
{
	return peers.idle > 0;
}

bool peers_make_room(void)
{
	struct peer *peer = peers.first;
	while (peer != NULL && !peer->idle) {
		peer = peer->next;
	}
	if (peer != NULL) {
		cut_off(peer);
	}
	return peer != NULL;
}

void peers_expire(void)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	if (now < peers.check) {
		return;
	}
	peers.check = now + CHECK_MS;
	for (struct peer *peer = peers.first; peer != NULL; peer = peer->next) {
		if (!peer->suspended && now >= peer->deadline) {
			cut_off(peer);
		}
	}
}

int peers_timeout(void)
{
	return peers.count > peers.waiting ? CHECK_MS : -1;
}

void peer_begins(struct peer *peer)
{
	set_idle(peer, false);
}

void peer_answers(struct peer *peer, uint64_t octets)
{
	peer->deadline = clock_ms(CLOCK_MONOTONIC) + PEER_ANSWER_MS +
	                 (int64_t)(octets / PEER_RATE * 1000);
}

void peer_rests(struct peer *peer)
{
	peer->deadline = clock_ms(CLOCK_MONOTONIC) + PEER_REQUEST_MS;
	set_idle(peer, true);
	take_out(peer);
	append(peer);
}

/*! \brief Most that may wait for a change. */
static size_t waiters_max(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
		return WAITERS_MAX;
	}
	return MIN(limit.rlim_cur / 4, WAITERS_MAX);
}

bool peer_suspend(struct peer *peer, bool waits)
{
	if (waits && peers.waiting >= waiters_max()) {
		return false;
	}
	MHD_suspend_connection(peer->connection);
	if (waits) {
		/* libmicrohttpd does not look. If that fails, its time will be up once. */
		(void)loop_add(peer->fd, EPOLLRDHUP | EPOLLONESHOT, &peer->hangup);
	}
	peer->suspended = true;
	peer->waits = waits;
	peers.waiting += waits;
	return true;
}

void peer_resume(struct peer *peer)
{
	if (!peer->suspended) {
		return;
	}
	if (peer->waits) {
		loop_remove(peer->fd);
	}
	peers.waiting -= peer->waits;
	peer->suspended = peer->waits = false;
	peer->deadline = clock_ms(CLOCK_MONOTONIC) + PEER_REQUEST_MS;
	MHD_resume_connection(peer->connection);
}

void peers_resume(struct MHD_Daemon *daemon)
{
	for (struct peer *peer = peers.first; peer != NULL; peer = peer->next) {
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		        peer->connection, MHD_CONNECTION_INFO_DAEMON);
		if (daemon == NULL || info->daemon == daemon) {
			peer_resume(peer);
		}
	}
}

void peers_count(size_t *all, size_t *waiting)
{
	*all = peers.count;
	*waiting = peers.waiting;
}
