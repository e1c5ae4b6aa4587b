/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A growing array whose bytes count against an arena's limit.
 *
 *     struct vector ports = { .item = sizeof(struct port) };
 *     struct port *port = vector_push(&ports, &arena); // NULL: arena_error() says why
 *     vector_free(&ports, &arena);
 *
 * - The vector owns its items, until somebody takes \a data and forgets the vector.
 * - Pushing moves the items: pointers to them last until the next push.
 * - One thread at a time, the one that has the arena.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "module/base/arena.h"

struct vector {
	void *data;   /*!< The items; NULL if there never were any. */
	size_t count; /*!< Items in use. */
	size_t room;  /*!< Items allocated. */
	size_t item;  /*!< Bytes of an item. */
};

/*! \brief Appends an item of zeros and returns it; NULL if there is no memory for it. */
static inline void *vector_push(struct vector *vector, struct arena *arena)
{
	if (vector->count == vector->room) {
		/* What is allocated fits in memory, so that its double fits in a size_t. */
		size_t more = vector->room > 0 ? vector->room : 8;
		if (!arena_charge(arena, more * vector->item)) {
			return NULL;
		}
		void *data = reallocarray(vector->data, vector->room + more, vector->item);
		if (data == NULL) {
			arena_discharge(arena, more * vector->item);
			return NULL;
		}
		vector->data = data;
		vector->room += more;
	}
	void *item = (char *)vector->data + vector->count++ * vector->item;
	return memset(item, 0, vector->item);
}

/*! \brief Frees the items and leaves the vector empty. */
static inline void vector_free(struct vector *vector, struct arena *arena)
{
	arena_discharge(arena, vector->room * vector->item);
	free(vector->data);
	*vector = (struct vector){ .item = vector->item };
}
