/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Takes a stream of records apart (Mesos: RecordIO): a decimal length, a line feed, and that
 *        many octets, again and again.
 *
 *     struct recordio stream;
 *     recordio_init(&stream, &handler, ctx);
 *     int ret = recordio_feed(&stream, chunk, chunk_len); // as often as there are chunks
 *     // ... at the end: recordio_is_between(&stream) tells whether a record was cut off
 *
 * - Chunks may be of any size and end anywhere. Nothing is copied or kept: a record of many
 *   megabytes goes through in the pieces that it came in.
 * - One thread at a time; no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! \brief Longest record in octets; a longer one breaks the stream. */
#define RECORDIO_RECORD_MAX (UINT64_C(1) << 30)

/*! \brief Who gets the records; each call returns KNOT_EOK, or an error that ends the stream. */
struct recordio_handler {
	/*! A record begins. */
	int (*begin)(void *ctx);
	/*! Its next \a len octets, never none; valid during the call. */
	int (*data)(void *ctx, const char *data, size_t len);
	/*! It is complete. */
	int (*end)(void *ctx);
};

/*! \brief A stream being read; private to recordio.c. */
struct recordio {
	const struct recordio_handler *handler;
	void *ctx;
	uint64_t left;  /*!< Octets of the record to come; while its length is read, that so far. */
	uint8_t digits; /*!< Digits of the length so far. */
	bool in_record; /*!< Its length has been read. */
	int error;      /*!< What ended the stream. */
};

/*! \brief Begins a stream; \a handler must outlive it. */
void recordio_init(struct recordio *stream, const struct recordio_handler *handler, void *ctx);

/*!
 * \brief Takes the next \a len octets of the stream.
 *
 * \retval KNOT_EOK    Go on.
 * \retval KNOT_EMALF  No record begins so: no length, or one above RECORDIO_RECORD_MAX.
 * \return Else what a call of the handler returned.
 *
 * After an error every further call gives the same error.
 */
int recordio_feed(struct recordio *stream, const char *data, size_t len);

/*! \brief True if the stream is whole so far: no record, nor its length, has begun. */
static inline bool recordio_is_between(const struct recordio *stream)
{
	return !stream->in_record && stream->digits == 0;
}
