/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "module/base/pages.h"
#include "module/snapshot/pool.h"

/*! \brief Bytes of a slab: a huge page, aligned to its size, so that a block tells its slab. */
#define SLAB_SIZE ((size_t)2 << 20)

/*! \brief Bytes of a span, the part of a slab that has blocks of one size. */
#define SPAN_SIZE ((size_t)256 << 10)

#define SPANS_COUNT (SLAB_SIZE / SPAN_SIZE)

/*! \brief Blocks are aligned to so many bytes, which is also the least size. */
#define BLOCK_ALIGN 16

/*! \brief Sizes up to this power of two are a BLOCK_ALIGN apart... */
#define SMALL_BITS 7

/*! \brief ... of which there are so many; and as many from one power of two to the next. */
#define CLASS_STEPS 8

/*! \brief Sizes there are, from BLOCK_ALIGN to BLOCK_MAX. */
#define CLASSES_COUNT 88

/*! \brief Bytes of the largest block that lies in a span; others are the system's business. */
#define BLOCK_MAX ((size_t)128 << 10)

#if defined(__SANITIZE_ADDRESS__)
#define POOL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_ASAN 1
#endif
#endif

#ifdef POOL_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

/*! \brief A block that is free. */
struct free_block {
	struct free_block *next;
};

struct span {
	struct span *next, *prev; /*!< In the list of its class, if some block is free. */
	struct free_block *free;  /*!< Blocks that were used before. */
	uint8_t *fresh;           /*!< Where the blocks begin that never were. */
	uint32_t fresh_count;     /*!< Number of those. */
	uint32_t used;            /*!< Blocks in use. */
	uint16_t size_class;
	bool taken; /*!< The span has a class. */
};

struct slab {
	struct slab *next, *prev;
	uint32_t spans_taken;
	struct span spans[SPANS_COUNT]; /*!< The first one begins after this head. */
};

/*! \brief Goes before a block that lies in no slab. */
struct large {
	struct large *next, *prev;
	size_t size; /*!< Bytes, this head included. */
	size_t unused;
};

struct pool {
	uint32_t refs;
	struct slab *slabs;
	struct large *large;
	struct span *open[CLASSES_COUNT]; /*!< Spans with a free block. */
	size_t taken;
	size_t allocations;
};

/*! \brief The class of blocks of \a size bytes, at most BLOCK_MAX. */
static uint32_t class_of(size_t size)
{
	if (size <= (size_t)1 << SMALL_BITS) {
		return size > 0 ? (size - 1) / BLOCK_ALIGN : 0;
	}
	uint32_t power = 63 - __builtin_clzl(size - 1) - SMALL_BITS;
	uint32_t step = (size - 1) >> (power + SMALL_BITS - 3);
	return (power + 1) * CLASS_STEPS + step - CLASS_STEPS;
}

static size_t class_size(uint32_t size_class)
{
	if (size_class < CLASS_STEPS) {
		return (size_t)(size_class + 1) * BLOCK_ALIGN;
	}
	return (size_t)(CLASS_STEPS + 1 + size_class % CLASS_STEPS)
	       << (size_class / CLASS_STEPS - 1 + SMALL_BITS - 3);
}

struct pool *pool_new(void)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	if (pool != NULL) {
		pool->refs = 1;
	}
	return pool;
}

void pool_ref(struct pool *pool)
{
	__atomic_add_fetch(&pool->refs, 1, __ATOMIC_RELAXED);
}

static void drop_slab(struct pool *pool, struct slab *slab)
{
	if (slab->prev != NULL) {
		slab->prev->next = slab->next;
	} else {
		pool->slabs = slab->next;
	}
	if (slab->next != NULL) {
		slab->next->prev = slab->prev;
	}
	pool->taken -= SLAB_SIZE;
	ASAN_UNPOISON_MEMORY_REGION(slab, SLAB_SIZE);
	pages_free(slab, SLAB_SIZE);
}

static void drop_large(struct pool *pool, struct large *large)
{
	if (large->prev != NULL) {
		large->prev->next = large->next;
	} else {
		pool->large = large->next;
	}
	if (large->next != NULL) {
		large->next->prev = large->prev;
	}
	pool->taken -= large->size;
	pages_free(large, large->size);
}

void pool_unref(struct pool *pool)
{
	if (pool == NULL || __atomic_sub_fetch(&pool->refs, 1, __ATOMIC_ACQ_REL) > 0) {
		return;
	}
	while (pool->slabs != NULL) {
		drop_slab(pool, pool->slabs);
	}
	while (pool->large != NULL) {
		drop_large(pool, pool->large);
	}
	free(pool);
}

static struct slab *add_slab(struct pool *pool)
{
	struct slab *slab = pages_alloc(SLAB_SIZE);
	if (slab != NULL) {
		memset(slab, 0, sizeof(*slab));
		ASAN_POISON_MEMORY_REGION(slab + 1, SLAB_SIZE - sizeof(*slab));
		slab->next = pool->slabs;
		if (slab->next != NULL) {
			slab->next->prev = slab;
		}
		pool->slabs = slab;
		pool->taken += SLAB_SIZE;
	}
	return slab;
}

static void open_span(struct pool *pool, struct span *span)
{
	struct span **list = &pool->open[span->size_class];
	span->prev = NULL;
	span->next = *list;
	if (span->next != NULL) {
		span->next->prev = span;
	}
	*list = span;
}

static void close_span(struct pool *pool, struct span *span)
{
	if (span->prev != NULL) {
		span->prev->next = span->next;
	} else {
		pool->open[span->size_class] = span->next;
	}
	if (span->next != NULL) {
		span->next->prev = span->prev;
	}
}

/*! \brief Gives an empty span a class. */
static struct span *take_span(struct pool *pool, uint32_t size_class)
{
	struct slab *slab = pool->slabs;
	while (slab != NULL && slab->spans_taken == SPANS_COUNT) {
		slab = slab->next;
	}
	if (slab == NULL) {
		slab = add_slab(pool);
	}
	if (slab == NULL) {
		return NULL;
	}

	size_t i = 0;
	while (slab->spans[i].taken) {
		i++;
	}
	size_t head = i > 0 ? 0 : (sizeof(*slab) + 63) / 64 * 64;
	slab->spans[i] = (struct span){
		.fresh = (uint8_t *)slab + i * SPAN_SIZE + head,
		.fresh_count = (SPAN_SIZE - head) / class_size(size_class),
		.size_class = size_class,
		.taken = true,
	};
	slab->spans_taken++;
	open_span(pool, &slab->spans[i]);
	return &slab->spans[i];
}

static void *alloc_large(struct pool *pool, size_t size)
{
	struct large *large = size <= SIZE_MAX - sizeof(*large) ? pages_alloc(sizeof(*large) + size)
	                                                        : NULL;
	if (large == NULL) {
		return NULL;
	}
	large->size = sizeof(*large) + size;
	large->prev = NULL;
	large->next = pool->large;
	if (large->next != NULL) {
		large->next->prev = large;
	}
	pool->large = large;
	pool->taken += large->size;
	return large + 1;
}

void *pool_alloc(struct pool *pool, size_t size)
{
	pool->allocations++;
	if (size > BLOCK_MAX) {
		return alloc_large(pool, size);
	}
	uint32_t size_class = class_of(size);
	struct span *span = pool->open[size_class];
	if (span == NULL) {
		span = take_span(pool, size_class);
		if (span == NULL) {
			return NULL;
		}
	}

	void *block;
	if (span->free != NULL) {
		block = span->free;
		ASAN_UNPOISON_MEMORY_REGION(block, size);
		ASAN_UNPOISON_MEMORY_REGION(block, sizeof(struct free_block));
		span->free = span->free->next;
	} else {
		block = span->fresh;
		ASAN_UNPOISON_MEMORY_REGION(block, size);
		span->fresh += class_size(size_class);
		span->fresh_count--;
	}
	span->used++;
	if (span->free == NULL && span->fresh_count == 0) {
		close_span(pool, span);
	}
	return block;
}

/*! \brief Gives back an empty span, and its slab if that is empty and not the only one. */
static void release_span(struct pool *pool, struct slab *slab, struct span *span)
{
	close_span(pool, span);
	span->taken = false;
	slab->spans_taken--;
	if (slab->spans_taken == 0 && (slab->next != NULL || slab->prev != NULL)) {
		drop_slab(pool, slab);
	}
}

void pool_free(struct pool *pool, void *block, size_t size)
{
	if (size > BLOCK_MAX) {
		drop_large(pool, (struct large *)block - 1);
		return;
	}
	struct slab *slab = (struct slab *)((uintptr_t)block & ~(uintptr_t)(SLAB_SIZE - 1));
	struct span *span = &slab->spans[((uintptr_t)block - (uintptr_t)slab) / SPAN_SIZE];
	bool full = span->free == NULL && span->fresh_count == 0;
	struct free_block *freed = block;
	/* A block may be smaller than what is written to it now, if it was asked for so. */
	ASAN_UNPOISON_MEMORY_REGION(freed, sizeof(*freed));
	freed->next = span->free;
	ASAN_POISON_MEMORY_REGION(freed, class_size(span->size_class));
	span->free = freed;
	span->used--;
	if (full) {
		open_span(pool, span);
	}
	if (span->used == 0) {
		release_span(pool, slab, span);
	}
}

size_t pool_taken(const struct pool *pool)
{
	return pool->taken;
}

size_t pool_allocations(const struct pool *pool)
{
	return pool->allocations;
}
