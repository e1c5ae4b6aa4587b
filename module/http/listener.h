/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Addresses that are listened at, each with libmicrohttpd's side of its connections.
 *
 * - One socket for each address, for as long as any zone names it.
 * - An address that cannot be had is tried again: after 1 s, then after twice as long each time, up
 *   to 30 s. The log says so once, and once that it is there.
 * - The server's thread alone calls.
 */
#pragma once

#include <stdbool.h>

/*! \brief Makes what is listened at what zones name; tries again what could not be had. */
void listeners_update(void);

/*! \brief Milliseconds until that is to be done again; -1: not before zones change. */
int listeners_timeout(void);

/*! \brief Does what there is to be done for all connections. */
void listeners_run(void);

/*! \brief True if there is something to be done still. */
bool listeners_have_more(void);

/*! \brief Ends all connections and listens nowhere. */
void listeners_close(void);
