/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What a snapshot has of a name, as /v1/hosts and /v1/services say it.
 *
 *     struct lookup lookup = { .service = true, .asked = "_web._tcp.marathon.mesos.", ... };
 *     ret = lookup_answer(&lookup, snapshot, &body, &index);
 *
 * - A name that is missing is a list of one object with empty strings: many readers take the first
 *   object without looking.
 * - The order is stable: services as DNS sorts their records, addresses A before AAAA.
 * - The index is a hash of what the answer says, whatever the order and whoever answers.
 * - Any thread that holds the snapshot.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "module/http/body.h"
#include "module/snapshot/snapshot.h"

/*! \brief Most objects of an answer; what a name has beyond is left out, the same each time. */
#define LOOKUP_OBJECTS_MAX (256 * 1024)

/*! \brief Who asks for what. */
struct lookup {
	bool service;              /*!< Services; else addresses. */
	bool valid;                /*!< \a name is one. */
	knot_dname_storage_t name; /*!< Lower case. */
	const char *asked;         /*!< The name as it was asked for. */
	size_t asked_len;          /*!< Octets of it. */
};

/*!
 * \brief Makes a look-up of a name.
 *
 * Each `.*` is cut out, as Mesos-DNS has it; a final dot counts for nothing. Labels may have any
 * bytes. What is no name of DNS (RFC 1035, section 3.1) can be looked up, and is missing.
 *
 * \param asked  Not copied.
 */
void lookup_make(struct lookup *lookup, bool service, const char *asked, size_t asked_len);

/*!
 * \brief Answers.
 *
 * \param snapshot  NULL: it lies in no zone.
 * \param out       Where the JSON goes; NULL if only the index is wanted.
 * \param index     Out: never 0.
 *
 * \return As http_body_add().
 */
int lookup_answer(const struct lookup *lookup, const struct snapshot *snapshot,
                  struct http_body *out, uint64_t *index);
