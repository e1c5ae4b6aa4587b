/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief How a poll can end.
 */
#pragma once

/*!
 * \brief How a poll ended; also how one master failed in it.
 *
 * Failures stand in the order of how far they came: where several masters failed, the last one in
 * this order says most.
 */
enum poll_outcome {
	POLL_OK,
	POLL_ZOOKEEPER,       /*!< ZooKeeper named no master, and none is configured. */
	POLL_LOGIN,           /*!< The login service (login.h) gave no token. */
	POLL_CONNECT,         /*!< No connection; or the host name does not resolve. */
	POLL_TIMEOUT,         /*!< In connecting or later. */
	POLL_TLS,             /*!< No trust, no common ground, or a certificate of ours is bad. */
	POLL_HTTP_STATUS,     /*!< Not 200, nor a redirect that leads to the leader. */
	POLL_BAD_REPLY,       /*!< Broken off, too large, no JSON, or no master's state. */
	POLL_UNREAD_REGISTRY, /*!< A leader that may not have read its registry (failover_age.h). */
	POLL_LOCAL,    /*!< Out of memory or descriptors, a file of ours, too many records. */
	POLL_OUTCOMES, /*!< Number of outcomes. */
};
