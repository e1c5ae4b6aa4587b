/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What agents, frameworks and tasks are made of, and how much of it there may be.
 *
 * - Plain values, whose lists and texts are somebody else's.
 * - Texts are strangers' bytes: any value, NUL included, any length.
 */
#pragma once

#include "module/base/address.h"

/*! \brief Most bytes of what a state says; a master that says more is out of its mind. */
#define STATE_MEMORY_MAX (512U << 20)

/*! \brief Most ports, ranges of ports, and addresses of one source that are kept of a task. */
#define STATE_LIST_MAX 8192

/*! \brief Most bytes of names and protocols that are kept of a task's ports... */
#define STATE_TEXTS_MAX (256U << 10)

/*! \brief ... but so many of each, however many there are. */
#define STATE_TEXT_MIN 64U

/*! \brief Deepest nesting of objects and arrays (a real state has about 15). */
#define STATE_DEPTH_MAX 256

/*! \brief Consecutive ports, both ends included. */
struct state_port_range {
	uint16_t first;
	uint16_t last; /*!< Not below \a first. */
};

/*! \brief A port of a task's discovery (Mesos: `Port`). */
struct state_port {
	uint16_t number;      /*!< 0 occurs. */
	struct text name;     /*!< May be empty. */
	struct text protocol; /*!< Free text, such as `tcp`, `TCP` or `udp,tcp`; may be empty. */
};

/*! \brief How far a task has come (Mesos: `TaskState`). */
enum task_life {
	TASK_GONE,  /*!< Ended or lost: it runs again only if the master adds it again. */
	TASK_WAITS, /*!< Not running, but it may run yet. */
	TASK_RUNS,  /*!< TASK_RUNNING. */
};

/*! \brief The number of TASK_RUNNING; see task_state(). */
#define TASK_STATE_RUNNING 1

/*! \brief What a status can say of a task's health (Mesos: `TaskStatus.healthy`). */
enum task_health { HEALTH_UNSAID, HEALTH_GOOD, HEALTH_BAD };

/*! \brief What a status says of a task's health, and when. */
struct health_word {
	double timestamp;
	enum task_health health;
};

/*! \brief True if \a next counts more than \a word: it says something, and is later. */
static inline bool health_is_later(struct health_word next, struct health_word word)
{
	return next.health != HEALTH_UNSAID &&
	       (word.health == HEALTH_UNSAID || next.timestamp > word.timestamp);
}

/*! \brief A list of addresses. */
struct state_addresses {
	const struct address *list;
	uint32_t count;
};
