/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What several stages need and no library gives.
 */
#pragma once

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
