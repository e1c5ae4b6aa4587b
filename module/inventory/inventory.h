/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the cluster is now, by ID, and what of it changes.
 *
 * It takes whole states and single events, and tells a listener of each object that changes: as it
 * was and as it is, with all that its records depend on. To whoever listens, a state and an event
 * are the same thing.
 *
 *     struct inventory *inventory = inventory_new(listener, ctx);
 *
 *     // A whole state; events go on meanwhile.
 *     inventory_expect(inventory);
 *     // ... ask for it; when the first of it comes ...
 *     inventory_begin(inventory);
 *     struct objects_parser *parser = objects_parser_new(&inventory_sink, inventory);
 *     // ... feed it ...
 *     if (objects_parser_finish(parser, &facts) == KNOT_EOK) {
 *         ret = inventory_commit(inventory);
 *     } else {
 *         inventory_abort(inventory); // nothing has changed
 *     }
 *
 *     // An event.
 *     ret = inventory_event(inventory, &event, &news);
 *
 *     // What a host name resolves to.
 *     ret = inventory_resolved(inventory, name, addresses);
 *
 * - **A state is true as one.** Its objects are staged (unchanged ones are only marked); the commit
 *   makes them true together and drops what the state lacks. Events that come since the state was
 *   asked for are true at once, are kept (INVENTORY_LOG_MAX bytes of them) and are applied to the
 *   state again before any of it is told: nothing goes back in time.
 * - **A new leader forgets nothing.** Agents that it lists as recovered keep what they had, with
 *   their tasks and those tasks' frameworks, until they are registered in a state, or gone.
 *   A framework that is recovered keeps its scheduler's address.
 * - A framework that only events have told of is not `told` (object.h): its `pid` is not known. A
 *   `pid` that is known survives events.
 * - Tasks, agents and frameworks may come in any order: what a task depends on is NULL until it
 *   is there.
 * - Memory is counted and at most INVENTORY_MEMORY_MAX. When any allocation fails, the call that
 *   needed it has changed nothing.
 * - All calls are of one thread, the listener's included, which may not call back.
 */
#pragma once

#include "module/state/event.h"
#include "module/state/objects.h"

/*! \brief Most bytes that an inventory holds. */
#define INVENTORY_MEMORY_MAX ((size_t)STATE_MEMORY_MAX)

/*! \brief Most bytes of events that are kept while a state is on its way. */
#define INVENTORY_LOG_MAX (32U << 20)

/*! \brief Kinds of object whose changes are told. */
enum inventory_kind { INVENTORY_AGENT, INVENTORY_FRAMEWORK, INVENTORY_TASK };

/*! \brief An object and what its records depend on. */
struct inventory_side {
	const struct task_object *task;           /*!< Of INVENTORY_TASK only. */
	const struct framework_object *framework; /*!< Not of INVENTORY_AGENT. NULL: not known. */
	const struct agent_object *agent;       /*!< Not of INVENTORY_FRAMEWORK. NULL: not known. */
	struct state_addresses agent_addresses; /*!< Of \a agent's host; empty if unresolved. */
	struct state_addresses
	        scheduler_addresses; /*!< Of \a framework's host; of that kind only. */
};

/*!
 * \brief A change of one object, or of what its records depend on.
 *
 * Before or after, the pointer of the object's own kind is NULL if there is no such object. (A
 * task that is there may lack its agent or framework.)
 */
struct inventory_change {
	enum inventory_kind kind;
	struct inventory_side before;
	struct inventory_side after;
};

/*! \brief Hears of a change; all that it points to is valid during the call. */
typedef void (*inventory_listener_f)(void *ctx, const struct inventory_change *change);

/*! \brief What an event was, beyond the changes that it made. */
struct inventory_news {
	bool passed_over; /*!< It is of a task, agent or framework that is not known. */
	bool is_more;     /*!< There is more to know than the event says: a state should be read. */
};

/*! \brief How much there is. */
struct inventory_stats {
	size_t agents;
	size_t frameworks;
	size_t tasks;
	size_t kept;       /*!< Agents that the last state had as recovered, and we had before. */
	size_t unresolved; /*!< Host names without addresses. */
	size_t bytes;      /*!< Of memory. */
};

struct inventory;

/*!
 * \brief Makes an empty inventory.
 *
 * \param listener  Who hears of changes.
 * \param ctx       Its first parameter.
 *
 * \return To be freed with inventory_free(); NULL if memory runs out.
 */
struct inventory *inventory_new(inventory_listener_f listener, void *ctx);

/*! \brief Frees an inventory, without telling of it; NULL is fine. */
void inventory_free(struct inventory *inventory);

/*!
 * \brief A state is about to be asked for: events are kept from now on, whichever begins.
 *
 * Until inventory_commit() or inventory_forget(). Without it they are kept from inventory_begin().
 */
void inventory_expect(struct inventory *inventory);

/*! \brief No state is expected any more; aborts one that was begun. */
void inventory_forget(struct inventory *inventory);

/*! \brief Drops the events that are kept: another master's, which the state has not to follow. */
void inventory_disown(struct inventory *inventory);

/*!
 * \brief Has all tasks read by the next state, also those whose texts are as they were.
 *
 * For who wants other things of them from now on (objects_parser_wanting()). Not while a state is
 * on its way.
 */
void inventory_read_anew(struct inventory *inventory);

/*! \brief Begins to take a whole state; one that was begun and not committed is aborted. */
void inventory_begin(struct inventory *inventory);

/*!
 * \brief Takes objects of the state, in any order.
 *
 * \return KNOT_EOK, KNOT_ESPACE or KNOT_ENOMEM.
 */
int inventory_agent_object(struct inventory *inventory, const struct agent_object *agent);
int inventory_framework_object(struct inventory *inventory,
                               const struct framework_object *framework);
int inventory_task_object(struct inventory *inventory, const struct task_object *task);

/*!
 * \brief These three spare tasks being read that are as they were; see struct objects_sink.
 *
 * Only between inventory_begin() and the state's end.
 */
size_t inventory_expect_text(struct inventory *inventory, struct text framework);
bool inventory_know_text(struct inventory *inventory, struct text text);
void inventory_keep_text(struct inventory *inventory, struct text text);

/*! \brief All of them as a parser calls them, with the inventory as its context. */
extern const struct objects_sink inventory_sink;

/*!
 * \brief Makes the state true, and tells of all that changes.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  None was begun.
 * \retval KNOT_EAGAIN  Events were lost since it began: the state has to be read again.
 * \retval KNOT_ESPACE, KNOT_ENOMEM
 *
 * On any error the state is aborted and nothing has changed.
 */
int inventory_commit(struct inventory *inventory);

/*! \brief Forgets the state that was begun, if there is one; another one may begin. */
void inventory_abort(struct inventory *inventory);

/*!
 * \brief Applies an event, and tells of all that changes.
 *
 * \param news  Out.
 *
 * \return KNOT_EOK. Or KNOT_ESPACE or KNOT_ENOMEM: the event is lost unless a state is on its way
 *         that takes it in; a state has to be read.
 */
int inventory_event(struct inventory *inventory, const struct event *event,
                    struct inventory_news *news);

/*!
 * \brief Says what a host name resolves to now, and tells of all that changes.
 *
 * \param addresses  Empty: to nothing.
 *
 * A name that nobody has is passed over.
 *
 * \return KNOT_EOK, KNOT_ESPACE or KNOT_ENOMEM.
 */
int inventory_resolved(struct inventory *inventory, struct text name,
                       struct state_addresses addresses);

/*! \brief Calls back for each host name of an agent or framework that is no address. */
void inventory_hosts(struct inventory *inventory, void (*each)(void *ctx, struct text name),
                     void *ctx);

/*! \brief Tells a listener of all that is there, as if it had just come to be. */
void inventory_walk(const struct inventory *inventory, inventory_listener_f listener, void *ctx);

/*! \brief Says how much there is. */
struct inventory_stats inventory_stats(const struct inventory *inventory);
