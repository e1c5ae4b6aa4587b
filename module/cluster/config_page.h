/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief /v1/config: a zone's options, as Mesos-DNS would name them.
 *
 * - The members are those of both of Mesos-DNS's forks, of the same types, in the same order.
 * - What has no counterpart here is 0, false, empty or null: the SOA record is the zone file's, and
 *   resolvers, ports and listeners are knotd's.
 * - No secret is among them: not in the credential, and no password for ZooKeeper.
 */
#pragma once

#include "module/cluster/settings.h"
#include "module/http/body.h"

/*! \brief What the page is of. */
struct config_page {
	const struct settings *settings;
	const knot_dname_t *zone;
	uint32_t ttl;         /*!< Of its records, in seconds. */
	bool has_reverse;     /*!< The cluster has a reverse zone, too. */
	uint64_t serial;      /*!< When the last good poll ended, in seconds since 1970. */
	const char *listener; /*!< Address that HTTP is served at; NULL: none. */
	uint16_t port;        /*!< Its port. */
};

/*! \brief Writes the page; KNOT_E* as http_body_json(). */
int config_page_write(struct http_body *out, const struct config_page *page);
