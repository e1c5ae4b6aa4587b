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

/*! \brief Begins a hash. */
static inline void siphash_begin(uint64_t v[static 4], const uint64_t key[static 2])
{
	v[0] = key[0] ^ 0x736f6d6570736575;
	v[1] = key[1] ^ 0x646f72616e646f6d;
	v[2] = key[0] ^ 0x6c7967656e657261;
	v[3] = key[1] ^ 0x7465646279746573;
}

static inline void siphash_take(uint64_t v[static 4], uint64_t word)
{
	v[3] ^= word;
	siphash_round(v);
	v[0] ^= word;
}

/*!
 * \brief The number that the last \a left (less than 8) of \a len bytes are.
 *
 * Of 8 or more they are read together with those before them, which are shifted out: a word that is
 * gathered in memory from smaller pieces is there only some time after they are written.
 */
static inline uint64_t siphash_tail(const uint8_t *bytes, size_t left, size_t len)
{
	if (len >= 8) {
		return siphash_word(bytes + left - 8) >> 8 >> (8 * (7 - left));
	}
	uint64_t word = 0;
	while (left > 0) {
		word = word << 8 | bytes[--left];
	}
	return word;
}

/*! \brief Takes all bytes, and their number. */
static inline void siphash_data(uint64_t v[static 4], const void *data, size_t len)
{
	const uint8_t *bytes = data;
	size_t left = len;
	for (; left >= 8; left -= 8, bytes += 8) {
		siphash_take(v, siphash_word(bytes));
	}
	siphash_take(v, siphash_tail(bytes, left, len) | (uint64_t)len << 56);
}

static inline uint64_t siphash_end(uint64_t v[static 4])
{
	for (int i = 0; i < 3; i++) {
		siphash_round(v);
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3];
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
	uint64_t v[4];
	siphash_begin(v, key);
	siphash_data(v, data, len);
	v[2] ^= 0xff;
	return siphash_end(v);
}

/*! \brief The same with 128 bits, for where equal hashes stand for equal data. */
static inline void siphash13_wide(const uint64_t key[static 2], const void *data, size_t len,
                                  uint64_t hash[static 2])
{
	uint64_t v[4];
	siphash_begin(v, key);
	v[1] ^= 0xee;
	siphash_data(v, data, len);
	v[2] ^= 0xee;
	hash[0] = siphash_end(v);
	v[1] ^= 0xdd;
	hash[1] = siphash_end(v);
}
