/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "module/base/siphash.h"

/*!
 * \brief Hashes of the bytes 0, 1, 2, ... with a key of zeros.
 *
 * From CPython 3.11, whose `hash(bytes(range(n)))` with PYTHONHASHSEED=0 is SipHash-1-3 so keyed.
 */
static void test_vectors(void **unused)
{
	(void)unused;
	static const struct {
		size_t len;
		uint64_t hash;
	} vectors[] = {
		{ 1, 0x68a914128e01e473 },  { 7, 0x2f098ab0c751325a },   { 8, 0xead411e67ebe2eea },
		{ 9, 0x75927f9d95124362 },  { 15, 0xf30eb725bb91c9ea },  { 16, 0x8972188433a5c5b7 },
		{ 40, 0x95bc321ab41d8206 }, { 255, 0x5dc1f93ea135eb43 },
	};
	static const uint64_t key[2] = { 0 };
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		uint8_t *data = malloc(vectors[i].len);
		assert_non_null(data);
		for (size_t j = 0; j < vectors[i].len; j++) {
			data[j] = (uint8_t)j;
		}
		assert_true(siphash13(key, data, vectors[i].len) == vectors[i].hash);
		free(data);
	}
}

static void test_key(void **unused)
{
	(void)unused;
	static const uint64_t a[2] = { 1, 0 }, b[2] = { 0, 1 };
	assert_true(siphash13(a, "text", 4) != siphash13(b, "text", 4));
	assert_true(siphash13(a, "text\0", 5) != siphash13(a, "text", 4));
}

/*! \brief SipHash with 128 bits, as its authors' reference has it, for any numbers of rounds. */
static void reference(const uint64_t key[2], const uint8_t *data, size_t len, unsigned c,
                      unsigned d, uint8_t out[16])
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d ^ 0xee,
		          key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573 };
	for (size_t at = 0; at <= len; at += 8) {
		uint64_t word = 0;
		for (size_t i = at; i < at + 8 && i < len; i++) {
			word |= (uint64_t)data[i] << (8 * (i - at));
		}
		word |= at + 8 > len ? (uint64_t)len << 56 : 0;
		v[3] ^= word;
		for (unsigned i = 0; i < c; i++) {
			siphash_round(v);
		}
		v[0] ^= word;
	}
	v[2] ^= 0xee;
	for (unsigned half = 0; half < 2; half++) {
		for (unsigned i = 0; i < d; i++) {
			siphash_round(v);
		}
		uint64_t sum = htole64(v[0] ^ v[1] ^ v[2] ^ v[3]);
		memcpy(out + 8 * half, &sum, sizeof(sum));
		v[1] ^= 0xdd;
	}
}

/*!
 * There are published vectors for two and four rounds only (`vectors_sip128` of the reference
 * implementation): what gives those is right with other numbers of rounds, too.
 */
static void test_wide(void **unused)
{
	(void)unused;
	static const struct {
		size_t len;
		uint8_t hash[16];
	} vectors[] = {
		{ 0,
		  { 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7,
		    0x55, 0x02, 0x93 } },
		{ 1,
		  { 0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b,
		    0x22, 0xfc, 0x45 } },
	};
	static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	uint8_t data[300], hash[16];
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)i;
	}
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		reference(key, data, vectors[i].len, 2, 4, hash);
		assert_memory_equal(hash, vectors[i].hash, sizeof(hash));
	}
	for (size_t len = 0; len <= sizeof(data); len++) {
		uint64_t wide[2];
		siphash13_wide(key, data, len, wide);
		reference(key, data, len, 1, 3, hash);
		const uint64_t expected[2] = { siphash_word(hash), siphash_word(hash + 8) };
		assert_memory_equal(wide, expected, sizeof(wide));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_wide),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
