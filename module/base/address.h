/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief IP addresses and the places they are written in.
 *
 * - Everything works on bytes with a length: nothing has to end in NUL, nothing is copied.
 * - Results point into the caller's text.
 * - No allocation, no global state: any thread may call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! \brief A stretch of bytes that somebody else owns; any byte value may occur in it. */
struct text {
	const char *data; /*!< Not NUL-terminated; NULL if the text is absent. */
	uint32_t len;     /*!< Bytes. */
};

/*! \brief An IP address as A and AAAA records carry it. */
struct address {
	uint8_t len;       /*!< 4 (IPv4) or 16 (IPv6): the bytes in use. */
	uint8_t bytes[16]; /*!< Network order. */
};

/*! \brief Room for any address as text, the NUL included. */
#define ADDRESS_TEXT_MAX 46

/*!
 * \brief Reads an address.
 *
 * A prefix length (`fd00:46::59/64`) is cut off, an IPv4-mapped IPv6 address becomes its IPv4
 * address (RFC 4291, section 2.5.5.2).
 *
 * \return True if the text is an address, false (\a out untouched) otherwise.
 */
bool address_parse(struct text text, struct address *out);

/*! \brief Writes an address into \a buf, NUL-terminated; returns \a buf. */
const char *address_text(const struct address *addr, char buf[static ADDRESS_TEXT_MAX]);

/*! \brief True if both are the same address. */
bool address_equal(const struct address *a, const struct address *b);

/*!
 * \brief Splits `HOST:PORT` at its last colon.
 *
 * An IPv6 host may stand in brackets or, as Mesos's redirects have it, bare (`::1:5057`).
 *
 * \param text  What to split.
 * \param host  Out: the host without brackets, never empty.
 * \param port  Out: 1 to 65535.
 *
 * \return True if the text has both, false otherwise.
 */
bool hostport_parse(struct text text, struct text *host, uint16_t *port);

/*!
 * \brief Splits a libprocess PID, `NAME@HOST:PORT` (Mesos: `process::UPID`).
 *
 * Blanks around it do not count.
 *
 * \return True if it is one; \a host and \a port as in hostport_parse().
 */
bool pid_parse(struct text pid, struct text *host, uint16_t *port);
