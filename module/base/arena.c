/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/base/arena.h"
#include "module/base/pages.h"

/*! \brief Bytes of the first block, its head included. */
#define BLOCK_MIN ((size_t)64 << 10)

/*! \brief Blocks grow up to this; only a larger piece gets a larger block. */
#define BLOCK_MAX ((size_t)8 << 20)

struct arena_block {
	struct arena_block *older;
	size_t size; /*!< Bytes, this head included. */
	_Alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){ .limit = limit };
}

/*! \brief Puts a block with room for at least \a size bytes on top; false if there is none. */
static bool add_block(struct arena *arena, size_t size)
{
	size_t left = arena->limit - arena->taken;
	size_t head = sizeof(struct arena_block);
	arena->full = left < head || left - head < size;
	if (arena->full) {
		return false;
	}

	size_t want = arena->taken < BLOCK_MIN ? BLOCK_MIN : arena->taken;
	if (want > BLOCK_MAX) {
		want = BLOCK_MAX;
	}
	if (want > left) {
		want = left;
	}
	if (want < head + size) {
		want = head + size;
	}

	struct arena_block *block = pages_alloc(want);
	if (block == NULL) {
		return false;
	}
	block->older = arena->block;
	block->size = want;
	arena->block = block;
	arena->used = 0;
	arena->taken += want;
	return true;
}

void *arena_alloc(struct arena *arena, size_t size, size_t align)
{
	size_t start = (arena->used + align - 1) & ~(align - 1);
	size_t room = 0;
	if (arena->block != NULL) {
		room = arena->block->size - sizeof(struct arena_block);
	}

	if (arena->block == NULL || start > room || room - start < size) {
		if (!add_block(arena, size)) {
			return NULL;
		}
		start = 0;
	}
	arena->used = start + size;
	return arena->block->data + start;
}

void *arena_copy(struct arena *arena, const void *data, size_t len)
{
	void *copy = arena_alloc(arena, len, 1);
	if (copy != NULL && len > 0) {
		memcpy(copy, data, len);
	}
	return copy;
}

bool arena_charge(struct arena *arena, size_t bytes)
{
	arena->full = bytes > arena->limit - arena->taken;
	if (arena->full) {
		return false;
	}
	arena->taken += bytes;
	return true;
}

void arena_discharge(struct arena *arena, size_t bytes)
{
	arena->taken -= bytes;
}

int arena_error(const struct arena *arena)
{
	return arena->full ? KNOT_ESPACE : KNOT_ENOMEM;
}

struct arena_mark arena_mark(const struct arena *arena)
{
	return (struct arena_mark){ .block = arena->block, .used = arena->used };
}

static void drop_block(struct arena *arena)
{
	struct arena_block *block = arena->block;
	arena->block = block->older;
	arena->taken -= block->size;
	pages_free(block, block->size);
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	while (arena->block != mark.block) {
		drop_block(arena);
	}
	arena->used = mark.used;
}

void arena_free(struct arena *arena)
{
	while (arena->block != NULL) {
		drop_block(arena);
	}
	arena_init(arena, arena->limit);
}
