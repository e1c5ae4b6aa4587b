/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/libknot.h>
#include <zlib.h>

#include "module/masters/master_gzip.h"

/*! \brief Length of what is packed: some pieces and a bit. */
#define PLAIN_MAX (4 * MASTER_GZIP_PIECE + 17)

/*! \brief What has come out. */
struct output {
	char data[PLAIN_MAX];
	size_t len;
	size_t largest;
	int ret; /*!< To be returned. */
};

static char plain[PLAIN_MAX];
static char packed[2 * PLAIN_MAX];
static struct output output;

static int take(void *ctx, const char *data, size_t len)
{
	struct output *out = ctx;
	assert_true(len > 0 && len <= sizeof(out->data) - out->len);
	memcpy(out->data + out->len, data, len);
	out->len += len;
	out->largest = len > out->largest ? len : out->largest;
	return out->ret;
}

/*! \brief Packs the start of `plain`; returns the length. */
static size_t pack(size_t len)
{
	z_stream stream = { 0 };
	assert_int_equal(
	        deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (Bytef *)plain;
	stream.avail_in = (uInt)len;
	stream.next_out = (Bytef *)packed;
	stream.avail_out = sizeof(packed);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	size_t packed_len = sizeof(packed) - stream.avail_out;
	deflateEnd(&stream);
	return packed_len;
}

/*! \brief Unpacks what lies in `packed`, in pieces. */
static int unpack(size_t len, size_t piece, bool *whole)
{
	struct master_gzip *gzip = master_gzip_new();
	assert_non_null(gzip);
	output.len = 0;
	output.largest = 0;
	int ret = KNOT_EOK;
	for (size_t at = 0; at < len && ret == KNOT_EOK; at += piece) {
		size_t now = len - at < piece ? len - at : piece;
		ret = master_gzip_feed(gzip, packed + at, now, take, &output);
	}
	*whole = master_gzip_is_whole(gzip);
	master_gzip_free(gzip);
	return ret;
}

static void test_lengths_and_pieces(void **state)
{
	(void)state;
	static const size_t lengths[] = { 0,
		                          1,
		                          1000,
		                          MASTER_GZIP_PIECE - 1,
		                          MASTER_GZIP_PIECE,
		                          MASTER_GZIP_PIECE + 1,
		                          2 * MASTER_GZIP_PIECE,
		                          PLAIN_MAX };
	static const size_t pieces[] = { 1, 13, sizeof(packed) };
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		size_t len = pack(lengths[i]);
		for (size_t j = 0; j < sizeof(pieces) / sizeof(*pieces); j++) {
			bool whole;
			assert_int_equal(unpack(len, pieces[j], &whole), KNOT_EOK);
			assert_true(whole);
			assert_int_equal(output.len, lengths[i]);
			assert_memory_equal(output.data, plain, lengths[i]);
			assert_true(output.largest <= MASTER_GZIP_PIECE);
		}
	}
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	size_t len = pack(3000);
	for (size_t cut = 0; cut < len; cut++) {
		bool whole;
		assert_int_equal(unpack(cut, len, &whole), KNOT_EOK);
		assert_false(whole);
	}
	/* All of the document has come long before. */
	assert_int_equal(output.len, 3000);
}

static void test_trailer(void **state)
{
	(void)state;
	size_t len = pack(3000);
	for (size_t at = len - 8; at < len; at++) {
		bool whole;
		packed[at] ^= 1;
		assert_int_equal(unpack(len, len, &whole), KNOT_EINVAL);
		assert_int_equal(unpack(len, 1, &whole), KNOT_EINVAL);
		assert_false(whole);
		packed[at] ^= 1;
	}
}

static void test_nothing_may_follow(void **state)
{
	(void)state;
	bool whole;
	size_t len = pack(3000);
	packed[len] = 0;
	assert_int_equal(unpack(len + 1, len + 1, &whole), KNOT_EINVAL);
	assert_int_equal(unpack(len + 1, len, &whole), KNOT_EINVAL);
	memcpy(packed + len, packed, len);
	assert_int_equal(unpack(2 * len, 2 * len, &whole), KNOT_EINVAL);
	assert_int_equal(output.len, 3000);
}

static void test_no_gzip(void **state)
{
	(void)state;
	bool whole;
	size_t len = pack(3000);
	packed[0] = 'x';
	assert_int_equal(unpack(len, len, &whole), KNOT_EINVAL);
	assert_int_equal(output.len, 0);
}

static void test_sink_ends_it(void **state)
{
	(void)state;
	bool whole;
	size_t len = pack(PLAIN_MAX);
	output.ret = KNOT_ESPACE;
	assert_int_equal(unpack(len, len, &whole), KNOT_ESPACE);
	assert_int_equal(output.len, MASTER_GZIP_PIECE);
	output.ret = KNOT_EOK;
}

int main(void)
{
	/* Hard to pack in places. */
	uint32_t noise = 1;
	for (size_t i = 0; i < sizeof(plain); i++) {
		noise = noise * 1664525 + 1013904223;
		plain[i] = i / 5000 % 2 == 0 ? (char)(noise >> 24) : 'x';
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths_and_pieces),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_trailer),
		cmocka_unit_test(test_nothing_may_follow),
		cmocka_unit_test(test_no_gzip),
		cmocka_unit_test(test_sink_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
