/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Kinds of octets; and passing over what is plain in a JSON string, as fast as the machine
 *        reads: most of a document is strings that nobody wants.
 *
 * - No allocation, no state: any thread may call.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool json_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool json_is_hex(char c)
{
	return json_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/*! \brief True if a byte cannot simply be passed over within a string. */
static inline bool json_is_special(char c)
{
	return c == '"' || c == '\\' || (unsigned char)c < 0x20;
}

#ifdef __SSE2__

/*! \brief Finds the first special byte, or the first of the last few bytes. */
static inline const char *json_skip_blocks(const char *at, const char *end)
{
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i backslash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);

	for (; end - at >= 16; at += 16) {
		__m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
		__m128i special = _mm_or_si128(_mm_cmpeq_epi8(block, quote),
		                               _mm_cmpeq_epi8(block, backslash));
		special = _mm_or_si128(special,
		                       _mm_cmpeq_epi8(_mm_min_epu8(block, control), block));
		unsigned mask = (unsigned)_mm_movemask_epi8(special);
		if (mask != 0) {
			return at + __builtin_ctz(mask);
		}
	}
	return at;
}

#else

/*! \brief Finds the eight bytes with the first special byte, or the last few bytes. */
static inline const char *json_skip_blocks(const char *at, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t highs = UINT64_C(0x8080808080808080);

	for (; end - at >= 8; at += 8) {
		uint64_t block;
		memcpy(&block, at, sizeof(block));
		/* Subtracting sets the highest bit of a byte that was 0, or below 0x20. A borrow
		 * can set it wrongly, but only behind such a byte. */
		uint64_t quote = block ^ (ones * '"');
		uint64_t backslash = block ^ (ones * '\\');
		uint64_t special = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
		                   ((block - ones * 0x20) & ~block);
		if ((special & highs) != 0) {
			break;
		}
	}
	return at;
}

#endif

/*! \brief Finds the first byte that ends a string, escapes or is an error; \a end if none is. */
static inline const char *json_skip_plain(const char *at, const char *end)
{
	at = json_skip_blocks(at, end);
	while (at < end && !json_is_special(*at)) {
		at++;
	}
	return at;
}
