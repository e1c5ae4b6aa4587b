/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "module/http/loop.h"

/*! \brief Most events that are told of at a time. */
#define EVENTS_MAX 64

static int epoll = -1;

int loop_open(void)
{
	epoll = epoll_create1(EPOLL_CLOEXEC);
	return epoll >= 0 ? 0 : errno;
}

void loop_close(void)
{
	(void)close(epoll);
	epoll = -1;
}

int loop_add(int fd, uint32_t events, struct loop_event *event)
{
	struct epoll_event wanted = { .events = events, .data.ptr = event };
	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted) == 0 ? 0 : errno;
}

void loop_change(int fd, uint32_t events, struct loop_event *event)
{
	struct epoll_event wanted = { .events = events, .data.ptr = event };
	(void)epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &wanted);
}

void loop_remove(int fd)
{
	(void)epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

void loop_wait(int timeout)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(epoll, events, EVENTS_MAX, timeout);
	for (int i = 0; i < count; i++) {
		struct loop_event *event = events[i].data.ptr;
		event->ready(event, events[i].events);
	}
}
