/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Writes objects into memory that is used for one after the other.
 *
 *     struct object_writer w = { 0 };
 *     const struct object *object = object_write_agent(&w, id, host, 5051, true);
 *     // NULL: no memory. To keep it is to copy its size in bytes: it is gone with the next one.
 *     object_writer_free(&w);
 *
 * - What is passed may be a part of another object, but not of the writer's own.
 * - Bytes that say nothing (padding) are 0, so that equal objects are equal bytes.
 * - One thread at a time.
 */
#pragma once

#include "module/state/details.h"
#include "module/state/object.h"
#include "module/state/state_task.h"

/*! \brief Where an object is written; all zeros at first. */
struct object_writer {
	char *data;  /*!< Owned; NULL if there never was any. */
	size_t len;  /*!< Bytes in use. */
	size_t room; /*!< Bytes allocated. */
	bool failed; /*!< Memory ran out for the object that is being written. */
};

/*! \brief What a framework says, for object_write_framework(). */
struct framework_parts {
	struct text id;
	struct text name;
	struct text pid_host;
	struct text hostname;
	struct text role;
	uint16_t pid_port;
	bool recovered;
	bool told;
};

/*! \brief Each writes an object and returns it, valid until the next one; NULL without memory. */
const struct object *object_write_agent(struct object_writer *writer, struct text id,
                                        struct text host, uint16_t port, bool registered);

/*! \brief The same with what is wanted beyond it; \a details may be NULL. */
const struct object *object_write_detailed_agent(struct object_writer *writer, struct text id,
                                                 struct text host, uint16_t port, bool registered,
                                                 const struct agent_details *details);

const struct object *object_write_framework(struct object_writer *writer,
                                            const struct framework_parts *parts);

/*! \brief The task that \a builder has read; lists are cut at OBJECT_LIST_MAX items. */
const struct object *object_write_task(struct object_writer *writer,
                                       const struct state_task_builder *builder,
                                       struct text framework, enum task_life life);

/*! \brief A task of another framework, as \a task is in all else. */
const struct object *object_write_moved(struct object_writer *writer,
                                        const struct task_object *task, struct text framework);

/*!
 * \brief What a task is after an update.
 *
 * As the master does it (Mesos: `Master::updateTask`), the update's status takes the place of the
 * last one if that has the same state, else it is put behind it; the state is the update's own.
 */
const struct object *object_write_updated(struct object_writer *writer,
                                          const struct task_object *task,
                                          const struct task_object *update);

const struct object *object_write_host(struct object_writer *writer,
                                       struct state_addresses addresses);

/*! \brief Frees the writer's memory. */
void object_writer_free(struct object_writer *writer);
