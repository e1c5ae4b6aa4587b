/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief SipHash-1-3, a keyed hash for tables whose keys come from strangers.
 *
 * J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF" (2012), with one round for
 * each word and three at the end, as the hash tables of Rust and Ruby have it. Who does not know
 * the key cannot choose texts that collide. It is no message authentication code.
 *
 * - No allocation, no state: any thread may call.
 */
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t siphash_rotl(uint64_t x, int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static inline void siphash_round(uint64_t v[static 4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = siphash_rotl(v[1], 13) ^ v[0];
	v[3] = siphash_rotl(v[3], 16) ^ v[2];
	v[0] = siphash_rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = siphash_rotl(v[1], 17) ^ v[2];
	v[3] = siphash_rotl(v[3], 21) ^ v[0];
	v[2] = siphash_rotl(v[2], 32);
}

/*! \brief The number that 8 bytes are in little-endian order. */
static inline uint64_t siphash_word(const uint8_t bytes[static 8])
{
	uint64_t word;
	memcpy(&word, bytes, sizeof(word));
	return le64toh(word);
}

/*!
 * \brief Hashes bytes.
 *
 * \param key   128 random bits, kept secret from whoever chooses the data.
 * \param data  Bytes; may be NULL if \a len is 0.
 * \param len   Number of bytes.
 */
static inline uint64_t siphash13(const uint64_t key[static 2], const void *data, size_t len)
{
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575,
		key[1] ^ 0x646f72616e646f6d,
		key[0] ^ 0x6c7967656e657261,
		key[1] ^ 0x7465646279746573,
	};
	const uint8_t *bytes = data;
	size_t left = len;

	for (; left >= 8; left -= 8, bytes += 8) {
		uint64_t word = siphash_word(bytes);
		v[3] ^= word;
		siphash_round(v);
		v[0] ^= word;
	}

	uint8_t tail[8] = { [7] = (uint8_t)len };
	if (left > 0) {
		memcpy(tail, bytes, left);
	}
	uint64_t last = siphash_word(tail);
	v[3] ^= last;
	siphash_round(v);
	v[0] ^= last;

	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++) {
		siphash_round(v);
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
