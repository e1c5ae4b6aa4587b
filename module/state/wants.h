/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What of agents, frameworks and tasks is kept beyond what all names are made of.
 *
 *     struct wants *wants = wants_new();
 *     wants->bits |= WANTS_VERSION;
 *     int ret = wants_add(wants, WANTS_LABELS, (struct text){ "dns-name", 8 });
 *     struct objects_parser *parser = objects_parser_wanting(&sink, ctx, wants);
 *     wants_unref(wants);
 *
 * - What nobody wants is not read, and no object has room for it.
 * - NULL stands for wants that are empty, wherever they are const.
 * - References are counted; they and what they are of belong to one thread at a time. Wants that
 *   others hold do not change.
 */
#pragma once

#include "module/base/address.h"

/*! \brief Most keys of each list. */
#define WANTS_KEYS_MAX 96

/*! \brief What wants_find() gives if a key is not wanted. */
#define WANTS_NONE UINT32_MAX

/*! \brief Single things that can be wanted. */
enum wants_bit {
	WANTS_VISIBILITY = 1 << 0,  /*!< `discovery.visibility`. */
	WANTS_ENVIRONMENT = 1 << 1, /*!< `discovery.environment`. */
	WANTS_LOCATION = 1 << 2,    /*!< `discovery.location`. */
	WANTS_VERSION = 1 << 3,     /*!< `discovery.version`. */
	WANTS_ROLE = 1 << 4,        /*!< Roles of tasks and of frameworks. */
	WANTS_HOSTNAME = 1 << 5,    /*!< Host names of agents. */
	WANTS_HEALTH = 1 << 6,      /*!< What statuses say of tasks' health, and who is checked. */
};

/*! \brief Things that are wanted by their keys. */
enum wants_list {
	WANTS_LABELS,     /*!< Labels of tasks and of their discovery. */
	WANTS_ATTRIBUTES, /*!< Text attributes of agents. */
	WANTS_NETWORKS,   /*!< Names of the networks that tasks' addresses are of. */
	WANTS_LISTS,      /*!< Number of lists. */
};

/*! \brief Keys, each once. */
struct wants_keys {
	struct text *list; /*!< Owned, with their bytes; NULL if none. */
	uint32_t count;    /*!< At most WANTS_KEYS_MAX. */
};

/*! \brief What is wanted. */
struct wants {
	uint32_t refs;
	uint32_t bits; /*!< Of enum wants_bit. */
	struct wants_keys keys[WANTS_LISTS];
};

/*! \brief Makes empty wants with one reference; NULL if memory runs out. */
struct wants *wants_new(void);

/*! \brief Takes a further reference; returns \a wants, which may be NULL. */
struct wants *wants_ref(struct wants *wants);

/*! \brief Gives a reference back, frees the wants with the last one; NULL is fine. */
void wants_unref(struct wants *wants);

/*!
 * \brief Adds a key, which is copied; one that is there already is fine.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ESPACE  There are WANTS_KEYS_MAX of them.
 * \retval KNOT_ENOMEM
 */
int wants_add(struct wants *wants, enum wants_list list, struct text key);

/*! \brief Adds all that others want; returns as wants_add(), then maybe with some of it added. */
int wants_add_all(struct wants *wants, const struct wants *others);

/*! \brief True if all that others want is wanted. */
bool wants_cover(const struct wants *wants, const struct wants *others);

/*! \brief Index of a key in a list; WANTS_NONE if it is not wanted. */
uint32_t wants_find(const struct wants *wants, enum wants_list list, struct text key);

/*! \brief True if something of tasks is wanted that a struct task_more has. */
static inline bool wants_of_tasks(const struct wants *wants)
{
	return wants != NULL &&
	       ((wants->bits & ~(uint32_t)(WANTS_HOSTNAME | WANTS_HEALTH)) != 0 ||
	        wants->keys[WANTS_LABELS].count > 0 || wants->keys[WANTS_NETWORKS].count > 0);
}
