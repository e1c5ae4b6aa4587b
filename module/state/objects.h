/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What a Mesos master's `/state` says, object by object while it arrives.
 *
 *     static const struct objects_sink sink = {
 *             .agent = take_agent,
 *             .framework = take_framework,
 *             .task = take_task,
 *     };
 *     struct objects_parser *parser = objects_parser_new(&sink, ctx);
 *     int ret = objects_parser_feed(parser, chunk, chunk_len); // as often as there are chunks
 *     if (ret == KNOT_EOK) {
 *         struct master_facts facts;
 *         ret = objects_parser_finish(parser, &facts);
 *     }
 *     objects_parser_free(parser);
 *
 * - An object is handed over when it is complete, and gone when the call returns. What the sink was
 *   given counts only if objects_parser_finish() says that the document was good.
 * - Tasks that have ended are not handed over, nor those without an agent; agents without an ID are
 *   not either. Several objects may have the same ID: the last one counts.
 * - No order of keys is relied on: tasks whose framework has not said its ID wait for it.
 * - Memory: a few objects, and what waits (at most STATE_MEMORY_MAX in all).
 * - A parser belongs to one thread at a time.
 */
#pragma once

#include "module/state/object.h"
#include "module/state/wants.h"

/*! \brief Who gets the objects; each call returns KNOT_EOK, or an error that ends the parse. */
struct objects_sink {
	/*! An agent of `slaves`, or of `recovered_slaves` (not registered). */
	int (*agent)(void *ctx, const struct agent_object *agent);
	int (*framework)(void *ctx, const struct framework_object *framework);
	int (*task)(void *ctx, const struct task_object *task);

	/* Who knows the text of tasks need not have them read again; all three, or NULL. */

	/*! Bytes that the next task of a framework has in the document if it is the one that is
	 *  expected; 0 if none is. */
	size_t (*expect_text)(void *ctx, struct text framework);
	/*! True if so many bytes are that task's, as they were; it counts as handed over then. */
	bool (*know_text)(void *ctx, struct text text);
	/*! What the task that was handed over last is in the document. */
	void (*keep_text)(void *ctx, struct text text);
};

/*! \brief What a state says of its master. */
struct master_facts {
	struct text id;                /*!< New with each start of the master; may be empty. */
	struct text leader_host;       /*!< Host part of `leader`; never empty. */
	uint16_t leader_port;          /*!< Port of `leader`. */
	struct text pid_host;          /*!< Host part of `pid`: who answers; may be absent. */
	uint16_t pid_port;             /*!< Port of `pid`; 0 without one. */
	double elected_time;           /*!< Seconds since 1970; 0 if not given. */
	double start_time;             /*!< Seconds since 1970; 0 if not given. */
	double registry_fetch_timeout; /*!< Flag, in seconds; 60 if not given. */
	uint32_t registered_count;     /*!< Agents in `slaves`. */
	uint32_t recovered_count;      /*!< Agents in `recovered_slaves`. */
	uint32_t frameworks_count;     /*!< Frameworks. */
};

struct objects_parser;

/*! \brief Makes a parser, to be freed with objects_parser_free(); NULL if memory runs out. */
struct objects_parser *objects_parser_new(const struct objects_sink *sink, void *ctx);

/*!
 * \brief The same that reads more; a reference is taken.
 *
 * \param wants  What is wanted; NULL: nothing.
 */
struct objects_parser *objects_parser_wanting(const struct objects_sink *sink, void *ctx,
                                              struct wants *wants);

/*!
 * \brief Takes the next \a len bytes of the document.
 *
 * \retval KNOT_EOK     Go on.
 * \retval KNOT_EMALF   Not JSON (RFC 8259), or nested deeper than STATE_DEPTH_MAX.
 * \retval KNOT_ESPACE  More than STATE_MEMORY_MAX to hold.
 * \retval KNOT_ENOMEM  Out of memory.
 * \return Else what the sink returned.
 *
 * After an error every further call gives the same error.
 */
int objects_parser_feed(struct objects_parser *parser, const char *data, size_t len);

/*!
 * \brief Ends the document.
 *
 * \param parser  Parser; only objects_parser_free() is of use afterwards.
 * \param facts   Out, on KNOT_EOK only; its texts are the parser's.
 *
 * \retval KNOT_EMALF   The document is not complete.
 * \retval KNOT_ENOENT  It is JSON, but not a master's state: `leader` is no PID, or `slaves` or
 *                      `frameworks` is no array.
 * \return Else as objects_parser_feed().
 */
int objects_parser_finish(struct objects_parser *parser, struct master_facts *facts);

/*! \brief Frees a parser; NULL is fine. */
void objects_parser_free(struct objects_parser *parser);
