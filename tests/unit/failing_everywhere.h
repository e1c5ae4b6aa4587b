/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Lets the n-th allocation fail, be it this program's or one that libc makes for it.
 *
 *     fail_at(n);
 *     ... // what is tested
 *     if (!has_failed()) { ... } // it needs no more than n allocations
 *
 * For one source file of a program: the functions here are everybody's. Other libraries get what
 * they ask for: GMP ends the process without, and json-c 0.16 reads what is not there.
 */
#pragma once

#include <dlfcn.h>
#include <execinfo.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*! \brief How often something allocates at least: ASan's own strdup() and the like do not count. */
#ifdef __SANITIZE_ADDRESS__
#define AT_LEAST(n) 1
#else
#define AT_LEAST(n) (n)
#endif

/*! \brief Frames between who allocates and malloc(), at most. */
#define FRAMES_MAX 24

/*!
 * \brief Allocations of this thread to go until one fails; below 0: none does.
 *
 * Compilers take it that malloc() looks at nothing of ours.
 */
static _Thread_local volatile long allocations_left = -1;

static _Thread_local volatile bool allocation_has_failed;

static inline void fail_at(long n)
{
	/* The first call loads a library. */
	void *frame;
	(void)backtrace(&frame, 1);
	allocation_has_failed = false;
	allocations_left = n;
}

/*! \brief Ends it; true if one has failed. */
static inline bool has_failed(void)
{
	allocations_left = -1;
	return allocation_has_failed;
}

/*! \brief True if this program allocates, itself or through libc, and no other library. */
static bool is_ours(const void *caller)
{
	void *frames[FRAMES_MAX];
	Dl_info own, info;
	int count = backtrace(frames, FRAMES_MAX);
	if (dladdr((const void *)is_ours, &own) == 0) {
		return false;
	}
	int i = 0;
	while (i < count && frames[i] != caller) {
		i++;
	}
	for (; i < count && dladdr(frames[i], &info) != 0; i++) {
		if (strstr(info.dli_fname, "/libc.so") == NULL) {
			return info.dli_fbase == own.dli_fbase;
		}
	}
	return false;
}

static bool is_refused(const void *caller)
{
	long left = allocations_left;
	if (left < 0) {
		return false;
	}
	/* What it takes to find out does not count. */
	allocations_left = -1;
	bool counts = is_ours(caller);
	allocations_left = counts ? left - 1 : left;
	allocation_has_failed = allocation_has_failed || (counts && left == 0);
	return counts && left == 0;
}

/*! \brief The next function of that name: libc's, or a sanitizer's. */
#define NEXT(name)                                                         \
	({                                                                 \
		static __typeof__(&name) next;                             \
		if (next == NULL) {                                        \
			*(void **)(void *)&next = dlsym(RTLD_NEXT, #name); \
		}                                                          \
		next;                                                      \
	})

__attribute__((noinline)) void *malloc(size_t size)
{
	return is_refused(__builtin_return_address(0)) ? NULL : NEXT(malloc)(size);
}

__attribute__((noinline)) void *calloc(size_t count, size_t size)
{
	return is_refused(__builtin_return_address(0)) ? NULL : NEXT(calloc)(count, size);
}

__attribute__((noinline)) void *realloc(void *memory, size_t size)
{
	return is_refused(__builtin_return_address(0)) ? NULL : NEXT(realloc)(memory, size);
}

__attribute__((noinline)) void *reallocarray(void *memory, size_t count, size_t size)
{
	return is_refused(__builtin_return_address(0)) ? NULL
	                                               : NEXT(reallocarray)(memory, count, size);
}

/*! \brief Exit status of a test that cannot run here, as meson knows it. */
#define SKIPPED 77

/*! \brief False under valgrind, which has functions of its own in place of these. */
static inline bool can_fail(void)
{
	fail_at(0);
	void *volatile memory = malloc(1);
	free(memory);
	return has_failed();
}
