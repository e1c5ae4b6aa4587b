/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/random.h>

#include "module/base/siphash.h"
#include "module/cluster/own_names.h"

/*! \brief A name of frameworks'. */
struct own_name {
	uint64_t hash;
	uint32_t count;  /*!< Frameworks that have it now. */
	bool is_settled; /*!< It was theirs when that was last settled. */
	uint8_t len;
	uint8_t name[];
};

/*! \brief How many tasks have chosen a name of a hash. */
struct chosen {
	uint64_t hash;
	uint64_t count;
};

void own_names_free(struct own_names *names)
{
	map_free_items(&names->own);
	map_free_items(&names->chosen);
	*names = (struct own_names){ 0 };
}

void own_names_forget_chosen(struct own_names *names)
{
	map_free_items(&names->chosen);
}

/*! \brief Hash of a name; false if the system has no random bytes for its key. */
static bool hash_of(struct own_names *names, const struct name *name, uint64_t *hash)
{
	if (!names->has_key) {
		names->has_key = getrandom(names->key, sizeof(names->key), 0) == sizeof(names->key);
	}
	*hash = siphash13(names->key, name->wire, name->len);
	return names->has_key;
}

static struct own_name *find(const struct own_names *names, const struct name *name, uint64_t hash)
{
	uint32_t at;
	struct own_name *own = map_first(&names->own, hash, &at);
	while (own != NULL &&
	       (own->len != name->len || memcmp(own->name, name->wire, name->len) != 0)) {
		own = map_next(&names->own, hash, &at);
	}
	return own;
}

static struct own_name *add(struct own_names *names, const struct name *name, uint64_t hash)
{
	struct own_name *own = calloc(1, sizeof(*own) + name->len);
	if (own == NULL || map_put(&names->own, hash, own) != KNOT_EOK) {
		free(own);
		return NULL;
	}
	own->hash = hash;
	own->len = name->len;
	memcpy(own->name, name->wire, name->len);
	return own;
}

int own_names_count(struct own_names *names, const struct name *name, int diff)
{
	uint64_t hash;
	if (!hash_of(names, name, &hash)) {
		return KNOT_ERROR;
	}
	struct own_name *own = find(names, name, hash);
	own = own == NULL ? add(names, name, hash) : own;
	if (own == NULL) {
		return KNOT_ENOMEM;
	}
	own->count += (uint32_t)diff;
	names->is_changed = true;
	return KNOT_EOK;
}

static struct chosen *find_chosen(const struct own_names *names, uint64_t hash)
{
	uint32_t at;
	return map_first(&names->chosen, hash, &at);
}

/*! \brief Counts a task that has chosen a name; KNOT_EOK or KNOT_ENOMEM. */
static int count_chosen(struct own_names *names, uint64_t hash, int diff)
{
	struct chosen *chosen = find_chosen(names, hash);
	if (chosen == NULL) {
		chosen = calloc(1, sizeof(*chosen));
		if (chosen == NULL || map_put(&names->chosen, hash, chosen) != KNOT_EOK) {
			free(chosen);
			return KNOT_ENOMEM;
		}
		chosen->hash = hash;
	}
	chosen->count += (uint64_t)diff;
	if (chosen->count == 0) {
		map_remove(&names->chosen, hash, chosen);
		free(chosen);
	}
	return KNOT_EOK;
}

bool own_names_choose(struct own_names *names, const struct name *name, int diff, int *ret)
{
	uint64_t hash;
	int counted = hash_of(names, name, &hash) ? KNOT_EOK : KNOT_ERROR;
	if (counted == KNOT_EOK && diff != 0) {
		counted = count_chosen(names, hash, diff);
	}
	if (counted != KNOT_EOK) {
		*ret = counted;
		return false;
	}
	const struct own_name *own = find(names, name, hash);
	return own == NULL || !(names->is_settling ? own->count > 0 : own->is_settled);
}

static bool is_other(const struct own_name *own)
{
	return own->is_settled != (own->count > 0);
}

bool own_names_concern(const struct own_names *names)
{
	const struct map *map = &names->own;
	for (uint32_t i = 0; names->is_changed && map->slots != NULL && i <= map->mask; i++) {
		const struct own_name *own = map->slots[i].item;
		if (own != NULL && is_other(own) && find_chosen(names, own->hash) != NULL) {
			return true;
		}
	}
	return false;
}

bool own_names_is_other(const struct own_names *names, const struct name *name)
{
	const struct own_name *own = find(names, name,
	                                  siphash13(names->key, name->wire, name->len));
	return own != NULL && is_other(own);
}

void own_names_settle(struct own_names *names)
{
	struct map *map = &names->own;
	for (uint32_t i = 0; names->is_changed && map->slots != NULL && i <= map->mask;) {
		struct own_name *own = map->slots[i].item;
		uint32_t mask = map->mask;
		if (own != NULL && own->count == 0) {
			/* What follows moves up, or all of it to a smaller table. */
			map_remove(map, own->hash, own);
			free(own);
			i = map->mask == mask ? i : 0;
			continue;
		}
		if (own != NULL) {
			own->is_settled = true;
		}
		i++;
	}
	names->is_changed = false;
	names->is_settling = false;
}
