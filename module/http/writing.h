/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Long documents are written here, by a thread that runs while there are any.
 *
 * - Requests for the same document that has not been begun yet share it.
 * - While readers are so slow that responses take too much memory, none is written.
 * - The server's thread calls; its descriptor wakes it when a document is done.
 */
#pragma once

#include <stdint.h>

#include "module/http/document.h"
#include "module/http/peer.h"
#include "module/http/zones.h"

struct writing;

/*! \brief A request for a document; all zeros at first. */
struct writing_reader {
	struct writing_reader *next, **link; /*!< Private. */
	struct writing *writing;             /*!< NULL: there is none. */
	struct peer *peer;                   /*!< Whose it is. */
};

/*!
 * \brief Writes a document as its render() does, from the zones at an address.
 *
 * Any thread that is registered with RCU.
 *
 * \param name  The zone that is meant; may be NULL.
 * \param openmetrics  See struct http_subject.
 * \param held  All zeros, but that \a stop may be set, at any time: nobody wants it any more.
 * \param out   All zeros, but for its bound.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOZONE       There is no such zone.
 * \retval KNOT_EAGAIN        There is nothing to write it from yet.
 * \retval KNOT_ECONNABORTED  A zone is to go: try again, maybe there is another one.
 * \return Else what render() says.
 */
int writing_render(const struct http_document *document, const struct http_address *address,
                   const knot_dname_t *name, bool openmetrics, struct zones_held *held,
                   struct http_body *out);

/*!
 * \brief Wants a document; the reader's peer is suspended until it is done.
 *
 * \param reader  Its peer is set; stays where it is until writing_leave().
 * \param name    The zone that is meant; NULL if none is named. Copied.
 * \param wake    Descriptor of an eventfd(2).
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM  Or there is no thread to be had.
 */
int writing_want(struct writing_reader *reader, const struct http_document *document,
                 const struct http_address *address, const knot_dname_t *name, int wake);

/*! \brief True if it is written, or has failed. */
bool writing_is_done(const struct writing_reader *reader);

/*!
 * \brief Tells what has become of it, if it is done.
 *
 * \param out     Out: the response if it is KNOT_EOK, as long as the reader does not leave.
 * \param octets  Out: length of its body.
 *
 * \retval KNOT_ELIMIT  Responses take too much memory.
 * \return Else as writing_render().
 */
int writing_result(const struct writing_reader *reader, struct MHD_Response **out,
                   uint64_t *octets);

/*! \brief Wants it no more; who wants none is fine. Its peer is not resumed. */
void writing_leave(struct writing_reader *reader);

/*! \brief Goes on with those whose document is done. */
void writing_check(void);

/*! \brief Stops all writing, and waits for it. */
void writing_stop(void);
