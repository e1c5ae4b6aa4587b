/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Unpacks a gzip stream as it arrives, to its very end.
 *
 * libcurl does not say whether the trailer has come, without which nobody knows that a reply is
 * whole. Here it is an error if the checksum or the length are wrong or something follows them;
 * that they have come is told by master_gzip_is_whole().
 *
 * - Holds one piece of what is unpacked, MASTER_GZIP_PIECE bytes, however well it was packed.
 * - Belongs to one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*! \brief Most bytes that are handed out at once. */
#define MASTER_GZIP_PIECE 65536

struct master_gzip;

/*! \brief Takes a piece of what was unpacked; anything but KNOT_EOK ends the unpacking. */
typedef int (*master_gzip_sink)(void *ctx, const char *data, size_t len);

/*! \brief Makes an unpacker; NULL if memory runs out. */
struct master_gzip *master_gzip_new(void);

/*! \brief Frees an unpacker; NULL is fine. */
void master_gzip_free(struct master_gzip *gzip);

/*!
 * \brief Unpacks some more.
 *
 * \retval KNOT_EOK     It is in the hands of \a sink.
 * \retval KNOT_EINVAL  This is no gzip stream (RFC 1952), or it has gone on after its end.
 * \retval KNOT_ENOMEM  Out of memory.
 * \return else what \a sink returned.
 */
int master_gzip_feed(struct master_gzip *gzip, const char *data, size_t len, master_gzip_sink sink,
                     void *ctx);

/*! \brief True if the stream's end has come, checksum and length included. */
bool master_gzip_is_whole(const struct master_gzip *gzip);
