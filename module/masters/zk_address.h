/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Where Mesos's masters are announced: `zk://[USER:PASS@]HOST[:PORT][,...]/PATH`.
 *
 * An address owns all it points to and does not change once parsed.
 */
#pragma once

#include "module/masters/endpoint.h"

/*! \brief Port of a ZooKeeper server if none is given. */
#define ZK_PORT 2181

/*! \brief Most servers of an ensemble that an address takes. */
#define ZK_SERVERS_MAX 16

/*! \brief A ZooKeeper address. */
struct zk_address {
	struct endpoint servers[ZK_SERVERS_MAX];
	size_t servers_count;
	char *auth; /*!< `USER:PASS` for ZooKeeper's digest scheme; NULL if not given. */
	char *path; /*!< Absolute, without a slash at its end. */
};

/*! \brief What is said of an address for which there is no memory (now); compare by address. */
extern const char ZK_ADDRESS_NO_MEMORY[];

/*! \brief True if a text has the scheme of such an address. */
bool zk_address_is(const char *text);

/*!
 * \brief Reads an address.
 *
 * \param out  Out: to be freed with zk_address_free(); set if it could be read.
 *
 * \return NULL if it is one, else what is wrong with it (a constant).
 */
const char *zk_address_parse(const char *text, struct zk_address **out);

/*! \brief True if both are the same. */
bool zk_address_equal(const struct zk_address *a, const struct zk_address *b);

/*! \brief Wipes and frees an address; NULL is fine. */
void zk_address_free(struct zk_address *address);
