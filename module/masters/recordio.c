/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/masters/recordio.h"
#include "module/base/util.h"

/*! \brief Most digits of a length: those of RECORDIO_RECORD_MAX. */
#define DIGITS_MAX 10

void recordio_init(struct recordio *stream, const struct recordio_handler *handler, void *ctx)
{
	*stream = (struct recordio){ .handler = handler, .ctx = ctx };
}

static int end_record(struct recordio *stream)
{
	stream->in_record = false;
	return stream->handler->end(stream->ctx);
}

/*! \brief Ends the length and begins the record, which may be empty. */
static int begin_record(struct recordio *stream)
{
	if (stream->digits == 0) {
		return KNOT_EMALF;
	}
	stream->digits = 0;
	stream->in_record = true;
	int ret = stream->handler->begin(stream->ctx);
	return ret == KNOT_EOK && stream->left == 0 ? end_record(stream) : ret;
}

/*! \brief Reads one octet of a length. */
static int read_length(struct recordio *stream, char c)
{
	if (c == '\n') {
		return begin_record(stream);
	}
	if (c < '0' || c > '9' || stream->digits == DIGITS_MAX) {
		return KNOT_EMALF;
	}
	stream->left = 10 * (stream->digits > 0 ? stream->left : 0) + (uint64_t)(c - '0');
	stream->digits++;
	return stream->left <= RECORDIO_RECORD_MAX ? KNOT_EOK : KNOT_EMALF;
}

/*! \brief Hands out what there is of the record; \a taken gets the octets used. */
static int read_record(struct recordio *stream, const char *data, size_t len, size_t *taken)
{
	*taken = MIN(len, stream->left);
	stream->left -= *taken;
	int ret = stream->handler->data(stream->ctx, data, *taken);
	return ret == KNOT_EOK && stream->left == 0 ? end_record(stream) : ret;
}

int recordio_feed(struct recordio *stream, const char *data, size_t len)
{
	while (len > 0 && stream->error == KNOT_EOK) {
		size_t taken = 1;
		stream->error = stream->in_record ? read_record(stream, data, len, &taken)
		                                  : read_length(stream, *data);
		data += taken;
		len -= taken;
	}
	return stream->error;
}
