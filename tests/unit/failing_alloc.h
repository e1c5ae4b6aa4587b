/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Lets the n-th allocation fail; for tests linked with `--wrap` of the four functions.
 *
 *     for (long n = 0; fails_at(n, call); n++) { ... } // until a call needs no more
 *
 * One thread. What shared libraries allocate does not count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);

/*! \brief Allocations to go until one fails; below 0: none does. */
static long alloc_fails_in = -1;

/*! \brief Whether one has failed since alloc_fails_in was set by the test. */
static bool alloc_has_failed;

/*! \brief Most bytes that were asked for at once since it was set to 0 by the test. */
static size_t alloc_most;

static inline void alloc_note(size_t size)
{
	alloc_most = size > alloc_most ? size : alloc_most;
}

static inline bool alloc_fails(void)
{
	if (alloc_fails_in < 0 || alloc_fails_in-- > 0) {
		return false;
	}
	alloc_has_failed = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	alloc_note(size);
	return alloc_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	alloc_note(count * size);
	return alloc_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	alloc_note(size);
	return alloc_fails() ? NULL : __real_realloc(memory, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	alloc_note(count * size);
	return alloc_fails() ? NULL : __real_reallocarray(memory, count, size);
}
