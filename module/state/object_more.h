/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Writes what is wanted of agents and tasks beyond the rest; for object_write.c alone.
 */
#pragma once

#include "module/state/object_put.h"

/*! \brief The networks of a status: as they were read, or as a task has them. */
struct network_parts {
	const struct state_network *read; /*!< NULL: those of \a of. */
	const struct task_object *of;
	const struct network_object *list;
	uint32_t count;
};

/*! \brief All that is written of a task; all zeros: nothing. */
struct more_parts {
	const struct task_details *details;                 /*!< NULL: that of \a of. */
	const struct task_object *of;                       /*!< May be NULL. */
	struct network_parts networks[OBJECT_STATUSES_MAX]; /*!< By status. */
};

/*! \brief Takes the networks of a status from what was read. */
void more_read_networks(struct more_parts *parts, uint32_t status, const struct vector *networks);

/*! \brief Takes them from a status of a task. */
void more_known_networks(struct more_parts *parts, uint32_t status, const struct task_object *task,
                         uint32_t from);

/*! \brief True if there is anything to be written. */
bool more_says(const struct more_parts *parts);

/*! \brief Writes it behind the task's struct, which has just been begun; false without memory. */
bool put_more(struct object_writer *writer, const struct more_parts *parts);

/*! \brief The same of an agent; \a details may be NULL. */
bool agent_details_say(const struct agent_details *details);
bool put_agent_more(struct object_writer *writer, const struct agent_details *details);
