/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The server's thread waits here for descriptors.
 *
 * The thread alone calls. What is called for an event must not free another event's owner: that
 * may be the next.
 */
#pragma once

#include <stdint.h>

/*! \brief Somebody who waits for a descriptor; first member of whatever that is. */
struct loop_event {
	/*! Called with what epoll(7) says. */
	void (*ready)(struct loop_event *event, uint32_t events);
};

/*! \brief Begins; returns an errno. */
int loop_open(void);

/*! \brief Ends; nothing may be left in it. */
void loop_close(void);

/*! \brief Waits for a descriptor from now on; returns an errno. */
int loop_add(int fd, uint32_t events, struct loop_event *event);

/*! \brief Waits for other events of it. */
void loop_change(int fd, uint32_t events, struct loop_event *event);

/*! \brief Does not wait for it any more. */
void loop_remove(int fd);

/*! \brief Waits for events, so many milliseconds at most (-1: for ever), and tells of them. */
void loop_wait(int timeout);
