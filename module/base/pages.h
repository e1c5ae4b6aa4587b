/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Memory in large pieces, straight from the system and straight back to it.
 *
 * - In huge pages where the system has any to spare (`transparent_hugepage`: `madvise` or
 * `always`): with small ones, finding the page is a good part of every look-up in a hundred
 * megabytes.
 * - What is freed is the system's again at once; malloc() would keep some for the next poll.
 * - Pieces of less than a huge page are malloc()'s. Any thread may call.
 */
#pragma once

#include <stddef.h>

/*! \brief Allocates \a size bytes, not zeroed and aligned for anything; NULL if memory runs out. */
void *pages_alloc(size_t size);

/*! \brief Frees memory of pages_alloc(); \a size as it was there. NULL is fine. */
void pages_free(void *memory, size_t size);
