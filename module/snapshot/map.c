/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/snapshot/map.h"

/*! \brief Least number of slots. */
#define SLOTS_MIN 64

static void insert(struct map *map, uint64_t hash, void *item)
{
	uint32_t i = hash & map->mask;
	while (map->slots[i].item != NULL) {
		i = (i + 1) & map->mask;
	}
	map->slots[i] = (struct map_slot){ hash, item };
}

/*! \brief Moves all items to a table of \a size slots, a power of two. */
static int resize(struct map *map, uint32_t size)
{
	struct map old = *map;
	struct map_slot *slots = calloc(size, sizeof(*slots));
	if (slots == NULL) {
		return KNOT_ENOMEM;
	}
	map->slots = slots;
	map->mask = size - 1;
	for (uint32_t i = 0; old.slots != NULL && i <= old.mask; i++) {
		if (old.slots[i].item != NULL) {
			insert(map, old.slots[i].hash, old.slots[i].item);
		}
	}
	free(old.slots);
	return KNOT_EOK;
}

int map_put(struct map *map, uint64_t hash, void *item)
{
	int ret = KNOT_EOK;
	if (map->slots == NULL) {
		ret = resize(map, SLOTS_MIN);
	} else if (map->count > map->mask / 2) {
		ret = map->mask < UINT32_MAX / 2 ? resize(map, 2 * (map->mask + 1)) : KNOT_ENOMEM;
	}
	if (ret == KNOT_EOK) {
		insert(map, hash, item);
		map->count++;
	}
	return ret;
}

void map_remove(struct map *map, uint64_t hash, const void *item)
{
	uint32_t gap = hash & map->mask;
	while (map->slots[gap].item != item) {
		gap = (gap + 1) & map->mask;
	}
	/* Whoever stands behind the gap and may stand in it moves there. */
	for (uint32_t i = (gap + 1) & map->mask; map->slots[i].item != NULL;
	     i = (i + 1) & map->mask) {
		uint32_t home = map->slots[i].hash & map->mask;
		if (((i - home) & map->mask) >= ((i - gap) & map->mask)) {
			map->slots[gap] = map->slots[i];
			gap = i;
		}
	}
	map->slots[gap].item = NULL;
	map->count--;
	if (map->mask >= SLOTS_MIN && map->count < map->mask / 8) {
		/* Without memory for a smaller table the larger one is as good. */
		(void)resize(map, (map->mask + 1) / 2);
	}
}

void map_free(struct map *map)
{
	free(map->slots);
	*map = (struct map){ 0 };
}

void map_free_items(struct map *map)
{
	for (uint32_t i = 0; map->slots != NULL && i <= map->mask; i++) {
		free(map->slots[i].item);
	}
	map_free(map);
}
