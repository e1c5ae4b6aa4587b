/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A bump allocator: many small pieces that live and die together.
 *
 *     struct arena arena;
 *     arena_init(&arena, limit);
 *     char *copy = arena_copy(&arena, text, len); // NULL: arena_error() says why
 *     arena_free(&arena);
 *
 * - Memory comes in blocks, each as large as all before it within bounds: freeing a hundred
 *   megabytes takes some twenty calls, and at most about half of what is taken lies idle.
 * - The arena owns all that it gave out; nothing is freed alone, but arena_rewind() takes back
 *   everything since a mark.
 * - The limit counts whole blocks, and what arena_charge() adds for memory kept elsewhere.
 * - One thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

/*! \brief Private to arena.c. */
struct arena {
	struct arena_block *block; /*!< The newest, which pieces are cut from; NULL if none. */
	size_t used;               /*!< Bytes of the newest block that are given out. */
	size_t taken;              /*!< Bytes of all blocks and all charges. */
	size_t limit;              /*!< Most that \a taken may be. */
	bool full;                 /*!< The last failure was the limit, not the system. */
};

/*! \brief A moment of an arena's life, for arena_rewind(). */
struct arena_mark {
	struct arena_block *block;
	size_t used;
};

/*! \brief Makes an empty arena, without taking memory yet. \a limit in bytes, SIZE_MAX for none. */
void arena_init(struct arena *arena, size_t limit);

/*!
 * \brief Gives \a size bytes, not zeroed, aligned to \a align.
 *
 * \param align  A power of two, at most that of max_align_t.
 *
 * \return Memory (never NULL for size 0), or NULL; then arena_error() says why.
 */
void *arena_alloc(struct arena *arena, size_t size, size_t align);

/*! \brief Copies \a len bytes (\a data may be NULL if none) unaligned; NULL as arena_alloc(). */
void *arena_copy(struct arena *arena, const void *data, size_t len);

/*!
 * \brief Counts \a bytes that the caller holds elsewhere against the limit.
 *
 * \return False, nothing counted, if that is over the limit.
 */
bool arena_charge(struct arena *arena, size_t bytes);

/*! \brief Takes a charge back. */
void arena_discharge(struct arena *arena, size_t bytes);

/*! \brief Why the last call failed: KNOT_ESPACE (the limit) or KNOT_ENOMEM (the system). */
int arena_error(const struct arena *arena);

/*! \brief Remembers how much is given out now. */
struct arena_mark arena_mark(const struct arena *arena);

/*! \brief Takes back all that was given out since the mark; older marks stay good. */
void arena_rewind(struct arena *arena, struct arena_mark mark);

/*! \brief Frees everything and leaves the arena as arena_init() made it; charges are forgotten. */
void arena_free(struct arena *arena);
