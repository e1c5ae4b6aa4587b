/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What one event of a Mesos master's stream says (v1 `master::Event`).
 *
 *     struct event_parser *parser = event_parser_new();
 *     int ret = event_parser_feed(parser, chunk, chunk_len); // as often as the record has chunks
 *     if (ret == KNOT_EOK) {
 *         struct event event;
 *         ret = event_parser_finish(parser, &event); // ... and on with the next record
 *     }
 *     event_parser_free(parser);
 *
 * - The parser is for one record after the other; event_parser_finish() begins the next.
 * - An event that lacks what it takes, or has it in a JSON type that it cannot have, is EVENT_ODD:
 *   JSON all the same, and no reason to end a stream.
 * - Memory: that of the largest event's object (STATE_MEMORY_MAX at most). One thread at a time.
 */
#pragma once

#include "module/state/object.h"
#include "module/state/wants.h"

/*! \brief Kinds of event. */
enum event_kind {
	EVENT_OTHER,             /*!< Of a type that says nothing about names, or is unknown. */
	EVENT_ODD,               /*!< Of a type below, but not as it has to be. */
	EVENT_SUBSCRIBED,        /*!< The first; its state is passed over. */
	EVENT_HEARTBEAT,         /*!< Says nothing but that the stream lives. */
	EVENT_TASK_ADDED,        /*!< A task, perhaps of a known ID. */
	EVENT_TASK_UPDATED,      /*!< A task's ID, framework, state and status. */
	EVENT_FRAMEWORK_ADDED,   /*!< A framework without its `pid`. */
	EVENT_FRAMEWORK_UPDATED, /*!< The same. */
	EVENT_FRAMEWORK_REMOVED, /*!< A framework of which the ID counts. */
	EVENT_AGENT_ADDED,       /*!< An agent. */
	EVENT_AGENT_REMOVED,     /*!< An agent of which the ID counts. */
	EVENT_KINDS,             /*!< Number of kinds. */
};

/*! \brief An event. */
struct event {
	enum event_kind kind;
	double heartbeat; /*!< Of EVENT_SUBSCRIBED: seconds between heartbeats; 0 if not given. */
	bool is_behind;   /*!< Something else is wanted than when its record began. */
	/*! Of the kinds from EVENT_TASK_ADDED on the object that \a kind says; else NULL. The
	 * parser's until it is used again. */
	const struct object *object;
};

struct event_parser;

/*! \brief Makes a parser, to be freed with event_parser_free(); NULL if memory runs out. */
struct event_parser *event_parser_new(void);

/*!
 * \brief Has records that begin from now on read with what is wanted; a reference is taken.
 *
 * \param wants  NULL: nothing beyond the rest.
 */
void event_parser_want(struct event_parser *parser, struct wants *wants);

/*!
 * \brief Takes the next \a len bytes of the record.
 *
 * \retval KNOT_EOK     Go on.
 * \retval KNOT_EMALF   Not JSON (RFC 8259), or nested deeper than STATE_DEPTH_MAX.
 * \retval KNOT_ESPACE  More than STATE_MEMORY_MAX to hold.
 * \retval KNOT_ENOMEM  Out of memory.
 *
 * After an error every further call gives the same error, until event_parser_finish().
 */
int event_parser_feed(struct event_parser *parser, const char *data, size_t len);

/*!
 * \brief Ends the record.
 *
 * \param parser  Parser, ready for the next record afterwards, whatever is returned.
 * \param event   Out, on KNOT_EOK only.
 *
 * \return KNOT_EMALF if the record is not complete, else as event_parser_feed().
 */
int event_parser_finish(struct event_parser *parser, struct event *event);

/*! \brief Frees a parser; NULL is fine. */
void event_parser_free(struct event_parser *parser);
