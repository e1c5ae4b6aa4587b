/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the two shapes of a task have in common while it is read; for the parsers alone.
 */
#pragma once

#include "module/state/object_write.h"
#include "module/state/state_path.h"
#include "module/state/state_text.h"

/*! \brief A task that is being read. */
struct task_reader {
	struct state_task_builder builder;
	enum task_life life; /*!< Says something if \a has_state. */
	bool has_state;      /*!< Its `state` was read. */
};

/*! \brief Makes a reader; what it reads lies in the arena until the task ends. */
void task_reader_init(struct task_reader *reader, struct arena *arena);

/*!
 * \brief Has tasks read from now on with what is wanted beyond the rest.
 *
 * \param wants    NULL: nothing.
 * \param details  Where to read it.
 */
void task_reader_want(struct task_reader *reader, const struct wants *wants,
                      struct task_details *details);

/*! \brief Begins a task. */
void task_reader_begin(struct task_reader *reader);

/*! \brief These four pass a value within the task on, as a json_handler has it. */
void task_reader_object(struct task_reader *reader, unsigned place);
int task_reader_object_end(struct task_reader *reader, unsigned place);
int task_reader_string(struct task_reader *reader, unsigned place, struct text text);
void task_reader_number(struct task_reader *reader, unsigned place, double number);

/*!
 * \brief These three read what is wanted beyond the rest, for a handler that is used only then.
 *
 * The first comes after the reader's own; the end of STATUS before it, of all others after it.
 */
void task_reader_wanted_object(struct task_reader *reader, unsigned place);
int task_reader_wanted_object_end(struct task_reader *reader, unsigned place);
int task_reader_wanted_string(struct task_reader *reader, unsigned place, struct text text);

/*! \brief Frees what the reader keeps from task to task. */
void task_reader_free(struct task_reader *reader);
