/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Builds one task of a state from its values, in whatever order they come.
 *
 * Whether a task stays is known at its end only. Until then its texts lie in the arena, from where
 * state_task_drop() takes them back, and its lists in vectors that are used for task after task.
 *
 * - One thread at a time, the one that has the arena.
 * - Functions returning int return KNOT_EOK, KNOT_ESPACE or KNOT_ENOMEM.
 */
#pragma once

#include "module/json/json.h"
#include "module/state/details.h"
#include "module/state/state.h"
#include "module/base/vector.h"

/*! \brief What a task says, without its lists. */
struct state_task {
	struct text id;        /*!< May be empty. */
	struct text name;      /*!< `name`; may be empty. */
	struct text discovery; /*!< `discovery.name`; empty if the task has none. */
	uint32_t cut;          /*!< Ports left out: more than STATE_LIST_MAX. */
	bool maps_ports;       /*!< A container port is mapped to a host port (not to 0). */
	bool has_health_check;
};

/*! \brief What a status of a task says. */
struct state_status {
	uint8_t state; /*!< See task_state(). */
	double timestamp;
	enum task_health health;
	uint32_t cut; /*!< Addresses left out. */
	bool maps_ports;
	struct vector netinfo; /*!< These three of struct address. */
	struct vector mesos;
	struct vector docker;
};

/*! \brief True for a status in TASK_RUNNING: only such a one's addresses count. */
static inline bool status_runs(const struct state_status *status)
{
	return status->state == TASK_STATE_RUNNING;
}

struct state_task_builder {
	struct arena *arena;
	struct arena_mark mark; /*!< The arena before the task. */
	struct state_task task;
	char agent_id[JSON_TEXT_MAX]; /*!< `slave_id`; not in the arena, which has most of them. */
	uint32_t agent_id_len;

	struct vector ranges;   /*!< Of struct state_port_range. */
	struct vector ports;    /*!< Of struct state_port. */
	struct state_port port; /*!< The one being read. */
	bool port_valid;        /*!< It has a number. */
	bool port_too_long;     /*!< There is no room for its texts. */
	uint32_t texts_len;     /*!< Bytes of the texts of all ports. */

	struct state_status statuses[3];
	struct state_status *status; /*!< The one being read, one of \a statuses. */
	struct state_status *latest; /*!< Latest running one before \a last; not running if none. */
	struct state_status *last;   /*!< The last one that ended; not running if none. */
	struct health_word said;     /*!< The latest of those before \a last that says. */
	struct address
	        old_address;    /*!< `ip_address` of the network_info being read; len 0: none. */
	bool has_ip_addresses;  /*!< That network_info has `ip_addresses`. */
	struct address address; /*!< Of the ip_address or label being read; len 0: none. */
	struct vector *label;   /*!< Where that label's address belongs, NULL if nowhere. */
	struct task_details *details; /*!< What is wanted beyond all that; NULL if nothing is. */
	const struct wants *wants;    /*!< That is said here. */
};

/*! \brief Makes a builder without a task. */
void state_task_init(struct state_task_builder *builder, struct arena *arena);

/*! \brief Begins a task. */
void state_task_begin(struct state_task_builder *builder);

/*! \brief An object within the task begins. */
void state_task_object(struct state_task_builder *builder, unsigned place);

/*! \brief It ends. */
int state_task_object_end(struct state_task_builder *builder, unsigned place);

int state_task_string(struct state_task_builder *builder, unsigned place, struct text text);

void state_task_number(struct state_task_builder *builder, unsigned place, double number);

/*! \brief Ends a task; what it had is gone. */
void state_task_drop(struct state_task_builder *builder);

/*! \brief Frees what the builder keeps from task to task. */
void state_task_free(struct state_task_builder *builder);
