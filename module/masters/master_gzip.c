/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include <libknot/libknot.h>
#include <zlib.h>

#include "module/masters/master_gzip.h"

/*! \brief Largest window, with gzip's header and trailer (zlib.h, `inflateInit2()`). */
#define WINDOW_BITS (MAX_WBITS + 16)

struct master_gzip {
	z_stream stream;
	bool whole; /*!< The trailer has come and is right. */
	char piece[MASTER_GZIP_PIECE];
};

struct master_gzip *master_gzip_new(void)
{
	struct master_gzip *gzip = calloc(1, sizeof(*gzip));
	if (gzip != NULL && inflateInit2(&gzip->stream, WINDOW_BITS) != Z_OK) {
		free(gzip);
		return NULL;
	}
	return gzip;
}

void master_gzip_free(struct master_gzip *gzip)
{
	if (gzip != NULL) {
		(void)inflateEnd(&gzip->stream);
		free(gzip);
	}
}

int master_gzip_feed(struct master_gzip *gzip, const char *data, size_t len, master_gzip_sink sink,
                     void *ctx)
{
	z_stream *stream = &gzip->stream;
	stream->next_in = (z_const Bytef *)(uintptr_t)data;
	stream->avail_in = (uInt)len;
	do {
		if (gzip->whole) {
			return stream->avail_in > 0 ? KNOT_EINVAL : KNOT_EOK;
		}
		stream->next_out = (Bytef *)gzip->piece;
		stream->avail_out = sizeof(gzip->piece);
		int ret = inflate(stream, Z_NO_FLUSH);
		/* Z_BUF_ERROR: there was nothing to do, so far. */
		if (ret != Z_OK && ret != Z_STREAM_END && ret != Z_BUF_ERROR) {
			return ret == Z_MEM_ERROR ? KNOT_ENOMEM : KNOT_EINVAL;
		}
		gzip->whole = ret == Z_STREAM_END;
		size_t got = sizeof(gzip->piece) - stream->avail_out;
		int taken = got > 0 ? sink(ctx, gzip->piece, got) : KNOT_EOK;
		if (taken != KNOT_EOK) {
			return taken;
		}
	} while (stream->avail_in > 0 || stream->avail_out == 0);
	return KNOT_EOK;
}

bool master_gzip_is_whole(const struct master_gzip *gzip)
{
	return gzip->whole;
}
