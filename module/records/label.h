/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief How Mesos's names become DNS labels.
 *
 * - Input is a stranger's text of any length and content, output is lower-case wire form.
 * - Time grows with the input. No allocation, no state: any thread may call.
 */
#pragma once

#include "module/base/address.h"

/*! \brief Longest label in octets (RFC 1035, section 2.3.4). */
#define LABEL_MAX 63

/*! \brief Longest name in octets, length octets included (RFC 1035, section 2.3.4). */
#define LABEL_NAME_MAX 255

/*! \brief Length of a task's hash. */
#define LABEL_HASH_LEN 5

/*! \brief Which labels are allowed. */
enum label_rules {
	LABEL_RFC1123, /*!< Up to 63 octets, may start with a digit (RFC 1123, section 2.1). */
	LABEL_RFC952,  /*!< Up to 24 octets, starts with a letter (RFC 952). */
};

/*! \brief Most octets of a label by these rules. */
size_t label_length_max(enum label_rules rules);

/*!
 * \brief Makes one label of a name.
 *
 * \return Octets written to \a out (without a length octet); 0 if nothing is left of the name.
 */
size_t label_make(enum label_rules rules, struct text name, uint8_t out[static LABEL_MAX]);

/*! \brief Said of labels that no name has room for. */
#define LABEL_TOO_LONG (LABEL_NAME_MAX + 1)

/*!
 * \brief Makes labels of a name that keeps its dots (a framework's).
 *
 * \return Octets written to \a out, as labels in wire form without the root; 0 if nothing is left
 * of the name; LABEL_TOO_LONG if it is longer than a DNS name: then \a out has its last label
 * alone.
 */
size_t label_make_dotted(enum label_rules rules, struct text name,
                         uint8_t out[static LABEL_NAME_MAX]);

/*!
 * \brief Takes a name as it is, split at its dots and lower-cased (a discovery name).
 *
 * \return Octets written to \a out as by label_make_dotted(); 0 if DNS cannot carry the name: an
 *         empty or too long label, a too long name, a byte that is no letter, digit, `-` or `_`.
 */
size_t label_take_dotted(struct text name, uint8_t out[static LABEL_NAME_MAX]);

/*!
 * \brief Hashes a task ID: start of the z-base-32 form of its SHA-1.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ERROR  GnuTLS has no SHA-1 (never seen).
 */
int label_hash(struct text task_id, uint8_t out[static LABEL_HASH_LEN]);

/*!
 * \brief Makes an agent's suffix: what follows the last `-` of its ID, in lower case.
 *
 * \return Octets written to \a out; 0 if it is empty, too long or no letters and digits.
 */
size_t label_agent(struct text agent_id, uint8_t out[static LABEL_MAX]);
