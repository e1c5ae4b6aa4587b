/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What several stages need and no library gives.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*! \brief The smaller of two values without side effects. */
#define MIN(a, b) ((a) < (b) ? (a) : (b))

/*! \brief The larger of two values without side effects. */
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/*! \brief A clock in milliseconds: CLOCK_MONOTONIC, or _COARSE where every query asks. */
static inline int64_t clock_ms(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*! \brief The same in microseconds. */
static inline int64_t clock_us(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/*! \brief Moves a time by up to 10 % each way, evenly from the least to the largest \a random. */
static inline int64_t spread_ms(int64_t ms, uint32_t random)
{
	return ms - ms / 10 + ms / 5 * random / UINT32_MAX;
}

/*! \brief Shortens a time by up to 10 %, evenly from the least to the largest \a random. */
static inline int64_t shorten_ms(int64_t ms, uint32_t random)
{
	return ms - ms / 10 + ms / 10 * random / UINT32_MAX;
}

/*!
 * \brief Sleeps before another attempt at what failed for want of memory: 10, 20, ... 320 ms.
 *
 * \param turn  Attempts so far; 0 at first.
 *
 * \return False if there were enough.
 */
static inline bool pause_for_memory(unsigned *turn)
{
	if (*turn >= 6) {
		return false;
	}
	struct timespec pause = { .tv_nsec = 10000000L << (*turn)++ };
	(void)nanosleep(&pause, NULL);
	return true;
}
