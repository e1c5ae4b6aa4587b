/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Asks the other masters who leads, beside a stream of events (Mesos: `/master/redirect`).
 *
 * A leader that hangs keeps its connections: it is as silent as one to whom nothing happens. The
 * others know who leads now, and say so in a few octets.
 *
 *     struct look *look = look_new(client, on_other, ctx);
 *     look_around(look, stream_master(stream));
 *     master_wait(client, until, &watch);
 *     look_free(look);
 *
 * - Goes on within master_fetch() and master_wait() of its client, whose thread it belongs to.
 * - Each question is bounded by MASTER_CONNECT_MS; no answer is no news. Nobody is told the
 *   credential.
 */
#pragma once

#include "module/masters/master.h"

struct look;

/*! \brief A master says that another one leads than the one that was named. */
typedef void (*look_other_f)(void *ctx, const struct endpoint *asked,
                             const struct endpoint *leader);

/*!
 * \brief Makes one.
 *
 * \param client    Must outlive it.
 * \param on_other  Called from within master_fetch() and master_wait(); must not call back.
 *
 * \return NULL if memory runs out.
 */
struct look *look_new(struct master_client *client, look_other_f on_other, void *ctx);

/*! \brief Ends all questions and frees it; NULL is fine. */
void look_free(struct look *look);

/*!
 * \brief Asks all known masters (master_set_known()) but one, unless they are being asked.
 *
 * \param leader  That one, who leads as far as is known; copied.
 */
void look_around(struct look *look, const struct endpoint *leader);
