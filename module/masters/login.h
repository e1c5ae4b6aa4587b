/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Logs in to DC/OS's IAM with a service account, and keeps the token while it is good.
 *
 *     ret = login_authorize(&transfer, deadline);
 *     if (ret == KNOT_EAGAIN) {
 *         // again once login_is_under_way() is false: the client's waits let the login go on
 *     } else if (ret == KNOT_EOK) {
 *         ret = transfer_prepare(&transfer, headers, NULL);
 *     }
 *
 * - A login goes on within master_fetch() and master_wait() of its client, whose thread it belongs
 *   to. It is bounded in time (LOGIN_MS) and bytes (LOGIN_REPLY_MAX); it follows no redirect.
 * - The file is looked at each time that a token is wanted: a changed one means another login.
 * - A token that ends soon is renewed while it is still used.
 */
#pragma once

#include "module/masters/transfer.h"

/*! \brief Longest that a login may take, in milliseconds. */
#define LOGIN_MS 10000

/*! \brief Longest reply to one, in bytes. */
#define LOGIN_REPLY_MAX 65536

struct login;

/*!
 * \brief Makes the login of a client; nobody is asked yet.
 *
 * \param client  Must outlive it.
 *
 * \return NULL if memory runs out.
 */
struct login *login_new(struct master_client *client);

/*! \brief Ends what is under way, wipes and frees; NULL is fine. */
void login_free(struct login *login);

/*! \brief Begins a poll or a subscription: what has failed may be tried again; NULL is fine. */
void login_begin(struct login *login);

/*! \brief True while an answer is waited for; false for NULL. */
bool login_is_under_way(const struct login *login);

/*!
 * \brief Gives a transfer the token that it may tell its master; logs in if there is none.
 *
 * \param deadline  When an answer is of no use any more: CLOCK_MONOTONIC in ms.
 *
 * \retval KNOT_EOK     It has one; or is to be asked without.
 * \retval KNOT_EAGAIN  There is none yet, a login is under way.
 * \retval KNOT_ECONN   There will be none; the transfer says why.
 */
int login_authorize(struct transfer *transfer, int64_t deadline);

/*!
 * \brief Looks whether a master has refused the token that it was told (401).
 *
 * \return True if so, and it is to be asked again with another: once in a poll or a subscription.
 */
bool login_is_worth_retrying(const struct transfer *transfer);
