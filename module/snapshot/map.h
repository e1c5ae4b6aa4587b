/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A table of pointers by 64-bit hash; who uses it compares what the pointers point at.
 *
 *     uint32_t at;
 *     struct thing *thing = map_first(&map, hash, &at);
 *     while (thing != NULL && !is_wanted(thing)) {
 *         thing = map_next(&map, hash, &at);
 *     }
 *     int ret = map_put(&map, hash, thing); // KNOT_ENOMEM: nothing was changed
 *     map_remove(&map, hash, thing);
 *     map_free(&map);
 *
 * - 16 bytes a slot, at most half of them in use, at least an eighth. Linear probing.
 * - The hash has to be keyed. The items are the caller's. One thread at a time.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>

#include <libknot/errcode.h>

struct map_slot {
	uint64_t hash;
	void *item; /*!< NULL: the slot is empty. */
};

/*! \brief All zeros: empty. */
struct map {
	struct map_slot *slots; /*!< NULL: none. */
	uint32_t mask;          /*!< Number of slots, less one. */
	uint32_t count;         /*!< Items. */
};

/*! \brief The next item of a hash after map_first(). */
static inline void *map_next(const struct map *map, uint64_t hash, uint32_t *at)
{
	for (;;) {
		const struct map_slot *slot = &map->slots[*at];
		*at = (*at + 1) & map->mask;
		if (slot->item == NULL || slot->hash == hash) {
			return slot->item;
		}
	}
}

/*! \brief The first item of a hash, NULL if none; \a at is where the search is. */
static inline void *map_first(const struct map *map, uint64_t hash, uint32_t *at)
{
	if (map->count == 0) {
		return NULL;
	}
	*at = hash & map->mask;
	return map_next(map, hash, at);
}

/*! \brief Adds an item. \retval KNOT_EOK, KNOT_ENOMEM */
int map_put(struct map *map, uint64_t hash, void *item);

/*! \brief Takes out an item that is in the map. */
void map_remove(struct map *map, uint64_t hash, const void *item);

/*! \brief Frees the table, not the items, and leaves it empty. */
void map_free(struct map *map);

/*! \brief Frees the table and the items with free(), and leaves it empty. */
void map_free_items(struct map *map);
