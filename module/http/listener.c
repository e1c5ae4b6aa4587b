/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include <microhttpd.h>

#include "module/base/util.h"
#include "module/http/listener.h"
#include "module/http/peer.h"
#include "module/http/exchange.h"
#include "module/http/zones.h"

/*! \brief Connections that may wait to be accepted; those that will wait for a change come fast. */
#define BACKLOG 1024

/*! \brief Times between two attempts to listen, in milliseconds. */
#define RETRY_MS     1000
#define RETRY_MAX_MS 30000

/*! \brief For how long nobody is accepted if that fails: no descriptor is left, say. */
#define PAUSE_MS 100

/*! \brief An address. */
struct listener {
	struct loop_event event; /*!< Somebody wants to connect. */
	struct listener *next;
	struct http_address address;
	int fd;                    /*!< -1: cannot be had yet. */
	struct MHD_Daemon *daemon; /*!< NULL then. */
	struct loop_event work;    /*!< It has something to do. */
	bool hears;                /*!< Connections are accepted. */
	bool wanted;               /*!< A zone names it. */
	int64_t retry;             /*!< When to try again: CLOCK_MONOTONIC in ms. */
	int64_t delay;             /*!< After the next failure: how long to wait, in ms. */
	int error;                 /*!< Why it cannot be had, as said; an errno. */
};

static struct {
	struct listener *listeners;
	int64_t paused; /*!< Until then nobody is accepted. */
} state;

/*! \brief libmicrohttpd has something to do: it is run after each wait. */
static void ignore(struct loop_event *event, uint32_t events)
{
	(void)event, (void)events;
}

static void set_hearing(struct listener *listener, bool hears)
{
	if (listener->fd >= 0 && listener->hears != hears) {
		listener->hears = hears;
		loop_change(listener->fd, hears ? EPOLLIN : 0, &listener->event);
	}
}

/*! \brief Accepts one that wants to connect. */
static void accept_one(struct loop_event *event, uint32_t events)
{
	(void)events;
	struct listener *listener = (struct listener *)event;
	if (!peers_have_room()) {
		(void)peers_make_room();
		set_hearing(listener, false);
		return;
	}
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int fd = accept4(listener->fd, (struct sockaddr *)&from, &len,
	                 SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		(void)MHD_add_connection(listener->daemon, fd, (struct sockaddr *)&from, len);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		state.paused = clock_ms(CLOCK_MONOTONIC) + PAUSE_MS;
		set_hearing(listener, false);
	}
}

/*! \brief Binds a socket; returns it, or -1 with errno. */
static int listen_at(const struct http_address *address)
{
	int family = address->socket.ss_family, one = 1;
	socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in)
	                                  : sizeof(struct sockaddr_in6);
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET6) {
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	}
	if (bind(fd, (const struct sockaddr *)&address->socket, len) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		int error = errno;
		(void)close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/*! \brief Ends a listener's connections, and listens there no more. */
static void close_listener(struct listener *listener)
{
	if (listener->daemon != NULL) {
		const union MHD_DaemonInfo *info = MHD_get_daemon_info(listener->daemon,
		                                                       MHD_DAEMON_INFO_EPOLL_FD);
		loop_remove(info->epoll_fd);
		MHD_stop_daemon(listener->daemon);
		listener->daemon = NULL;
	}
	if (listener->fd >= 0) {
		loop_remove(listener->fd);
		(void)close(listener->fd);
		listener->fd = -1;
	}
}

/*! \brief Begins to listen; returns an errno. */
static int open_listener(struct listener *listener)
{
	listener->fd = listen_at(&listener->address);
	if (listener->fd < 0) {
		return errno;
	}
	errno = ENOMEM;
	listener->daemon = exchange_daemon(&listener->address);
	if (listener->daemon == NULL) {
		int error = errno;
		(void)close(listener->fd);
		listener->fd = -1;
		return error;
	}
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(listener->daemon,
	                                                       MHD_DAEMON_INFO_EPOLL_FD);
	listener->hears = true;
	int error = loop_add(info->epoll_fd, EPOLLIN, &listener->work);
	if (error == 0) {
		error = loop_add(listener->fd, EPOLLIN, &listener->event);
	}
	if (error != 0) {
		close_listener(listener);
	}
	return error;
}

/*! \brief Tries to listen, and says what has become of it if that is news. */
static void try_to_open(struct listener *listener)
{
	int error = open_listener(listener);
	char text[sizeof(listener->address.text) + 128];
	if (error != 0) {
		listener->retry = clock_ms(CLOCK_MONOTONIC) + listener->delay;
		listener->delay = MIN(2 * listener->delay, RETRY_MAX_MS);
	}
	if (error != 0 && error != listener->error) {
		snprintf(text, sizeof(text), "no HTTP at %s, tried again: %s",
		         listener->address.text, strerrordesc_np(error));
		zones_log(&listener->address, LOG_ERR, text);
	} else if (error == 0) {
		snprintf(text, sizeof(text), "HTTP at %s", listener->address.text);
		zones_log(&listener->address, listener->error != 0 ? LOG_NOTICE : LOG_INFO, text);
	}
	listener->error = error;
}

/*! \brief Adds a listener; if memory runs out, the next attempt does. */
static void add_listener(const struct http_address *address)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	if (listener != NULL) {
		listener->event.ready = accept_one;
		listener->work.ready = ignore;
		listener->address = *address;
		listener->fd = -1;
		listener->delay = RETRY_MS;
		listener->wanted = true;
		listener->next = state.listeners;
		state.listeners = listener;
	}
}

/*! \brief Marks what is wanted, and adds what is not there; false if it cannot be known. */
static bool want(void)
{
	struct http_address *addresses;
	size_t count = zones_addresses(&addresses);
	if (count == SIZE_MAX) {
		return false;
	}
	for (struct listener *listener = state.listeners; listener != NULL;
	     listener = listener->next) {
		listener->wanted = false;
	}
	for (size_t i = 0; i < count; i++) {
		struct listener *listener = state.listeners;
		while (listener != NULL && !http_address_equal(&listener->address, &addresses[i])) {
			listener = listener->next;
		}
		if (listener != NULL) {
			listener->wanted = true;
		} else {
			add_listener(&addresses[i]);
		}
	}
	free(addresses);
	return true;
}

void listeners_update(void)
{
	(void)want();
	for (struct listener **link = &state.listeners; *link != NULL;) {
		struct listener *listener = *link;
		if (listener->wanted) {
			if (listener->fd < 0 && clock_ms(CLOCK_MONOTONIC) >= listener->retry) {
				try_to_open(listener);
			}
			link = &listener->next;
			continue;
		}
		*link = listener->next;
		if (listener->daemon != NULL) {
			peers_resume(listener->daemon);
		}
		close_listener(listener);
		free(listener);
	}
}

int listeners_timeout(void)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC), next = INT64_MAX;
	if (state.paused > now) {
		next = state.paused;
	}
	for (const struct listener *listener = state.listeners; listener != NULL;
	     listener = listener->next) {
		if (listener->fd < 0) {
			next = MIN(next, listener->retry);
		}
	}
	return next == INT64_MAX ? -1 : (int)MAX(next - now, 0);
}

void listeners_run(void)
{
	for (struct listener *listener = state.listeners; listener != NULL;
	     listener = listener->next) {
		if (listener->daemon != NULL) {
			(void)MHD_run(listener->daemon);
		}
	}
	bool hears = (peers_have_room() || peers_have_idle()) &&
	             clock_ms(CLOCK_MONOTONIC) >= state.paused;
	for (struct listener *listener = state.listeners; listener != NULL;
	     listener = listener->next) {
		set_hearing(listener, hears);
	}
}

bool listeners_have_more(void)
{
	for (struct listener *listener = state.listeners; listener != NULL;
	     listener = listener->next) {
		MHD_UNSIGNED_LONG_LONG timeout;
		if (listener->daemon != NULL &&
		    MHD_get_timeout(listener->daemon, &timeout) == MHD_YES && timeout == 0) {
			return true;
		}
	}
	return false;
}

void listeners_close(void)
{
	peers_resume(NULL);
	while (state.listeners != NULL) {
		struct listener *listener = state.listeners;
		state.listeners = listener->next;
		close_listener(listener);
		free(listener);
	}
	state.paused = 0;
}
