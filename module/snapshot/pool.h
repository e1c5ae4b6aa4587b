/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Memory for blocks that are replaced often and read at random: slabs of huge pages.
 *
 *     struct pool *pool = pool_new();
 *     void *block = pool_alloc(pool, size); // NULL: memory has run out
 *     pool_free(pool, block, size);
 *     pool_unref(pool); // whatever was not freed goes with the last reference
 *
 * - Sizes are rounded up by at most an eighth, small ones to the next multiple of 16. A span of a
 * slab holds blocks of one size and can be used for another size once it is empty, an empty slab is
 * the system's again: what grows step by step leaves no trail of blocks that are too small.
 * - One thread at a time allocates and frees. References are counted for any thread.
 */
#pragma once

#include <stddef.h>

struct pool;

/*! \brief Makes a pool with one reference, without memory yet; NULL if memory runs out. */
struct pool *pool_new(void);

/*! \brief Takes a further reference. Any thread. */
void pool_ref(struct pool *pool);

/*! \brief Gives a reference back; the last one frees the pool and all its blocks. NULL is fine. */
void pool_unref(struct pool *pool);

/*! \brief Allocates a block, not zeroed, aligned to 16 bytes; NULL if memory runs out. */
void *pool_alloc(struct pool *pool, size_t size);

/*! \brief Frees a block; \a size as it was in pool_alloc(). */
void pool_free(struct pool *pool, void *block, size_t size);

/*! \brief Bytes that the pool has taken from the system. */
size_t pool_taken(const struct pool *pool);

/*! \brief Blocks that were allocated in the pool's life. */
size_t pool_allocations(const struct pool *pool);
