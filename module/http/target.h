/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What a request is for: its target (RFC 9112, section 3.2), taken apart.
 *
 *     struct http_target target;
 *     if (http_target_parse("/v1/hosts/web.marathon.mesos?index=5&wait=30s", &target) == 0) {
 *         // target.kind == HTTP_HOST, target.name == "web.marathon.mesos", target.wait == 30000
 *     }
 *
 * - Plain values of a bounded size, no memory, any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! \brief Most octets of a path, as it is sent. */
#define HTTP_PATH_MAX 512

/*! \brief Most octets of a target. */
#define HTTP_TARGET_MAX 1024

/*! \brief For how long a request may wait, and does if it does not say, in milliseconds. */
#define HTTP_WAIT_MAX     (5 * 60 * 1000)
#define HTTP_WAIT_DEFAULT (30 * 1000)

/*! \brief What is asked for. */
enum http_kind {
	HTTP_UNKNOWN,  /*!< Nothing that there is. */
	HTTP_MOVED,    /*!< There may be something at the clean \a path. */
	HTTP_SERVER,   /*!< The server itself: `*`. */
	HTTP_HOST,     /*!< A name's addresses. */
	HTTP_SERVICE,  /*!< A name's services. */
	HTTP_PORTS,    /*!< A host's ports, which nobody tells. */
	HTTP_HEALTH,   /*!< Whether the server runs. */
	HTTP_READY,    /*!< Whether it has records. */
	HTTP_DOCUMENT, /*!< Maybe a document: see \a path. */
};

/*! \brief A target. */
struct http_target {
	enum http_kind kind;
	/*! Clean, without slashes at the end, and what it means; if HTTP_MOVED as it was sent, with
	 *  the query. */
	char path[HTTP_TARGET_MAX + 2];
	size_t path_len;              /*!< Octets of \a path, which a NUL follows. */
	char name[HTTP_PATH_MAX + 1]; /*!< Of a host or service, as it was meant: any bytes. */
	size_t name_len;              /*!< Octets of \a name, which a NUL follows. */
	char zone[HTTP_PATH_MAX + 1]; /*!< What `zone` says; empty if nothing. */
	bool watch;                   /*!< An `index` is given. */
	uint64_t index;               /*!< That. */
	int64_t wait;                 /*!< For how long to wait for another one, in milliseconds. */
};

/*!
 * \brief Takes a target apart.
 *
 * \param text  As it was sent; NULL is none.
 * \param out   All of it is set if 0 is returned.
 *
 * \return 0, or the status of the response to what cannot be read: 400, 414 (RFC 9110).
 */
int http_target_parse(const char *text, struct http_target *out);
