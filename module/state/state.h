/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What a Mesos master's `/state` says, as far as names are made of it.
 *
 * A parser is fed the document in chunks of any size as they arrive; the document itself is never
 * held. What nobody needs (completed tasks, executors, flags, labels of no interest) is checked to
 * be JSON and dropped; what stays is one compact struct for each running task.
 *
 *     struct state_parser *parser = state_parser_new();
 *     int ret = state_parser_feed(parser, chunk, chunk_len); // as often as there are chunks
 *     if (ret == KNOT_EOK) {
 *         struct state *state = NULL;
 *         ret = state_parser_finish(parser, &state);
 *         // ... state->tasks[0 .. state->tasks_count] ...
 *         state_free(state);
 *     }
 *     state_parser_free(parser);
 *
 * - Time grows with the document, memory with what is kept (at most STATE_MEMORY_MAX).
 * - A state owns all it points to; a finished one is only read, by any number of threads.
 * - A parser belongs to one thread at a time.
 * - Texts are strangers' bytes: any value, NUL included, any length.
 */
#pragma once

#include "module/base/address.h"

/*! \brief Most bytes one state may keep; a master that says more is out of its mind. */
#define STATE_MEMORY_MAX (512U << 20)

/*! \brief Most ports, ranges of ports, and addresses of one source that are kept of a task. */
#define STATE_LIST_MAX 8192

/*! \brief Most bytes of names and protocols that are kept of a task's ports... */
#define STATE_TEXTS_MAX (256U << 10)

/*! \brief ... but so many of each, however many there are. */
#define STATE_TEXT_MIN 64U

/*! \brief Deepest nesting of objects and arrays (a real state has about 15). */
#define STATE_DEPTH_MAX 256

/*! \brief An agent (Mesos: `SlaveInfo`), made by `slaves`, `recovered_slaves` or a task. */
struct state_agent {
	struct text id;   /*!< Never empty, unique among the agents of a state. */
	struct text host; /*!< Host part of its `pid`; absent without a usable one. */
	uint16_t port;    /*!< Port of its `pid`; 0 without a usable one. */
	bool registered;  /*!< Is in `slaves`. */
	bool recovered;   /*!< Is in `recovered_slaves`: known, but not registered again yet. */
	bool kept;        /*!< ... and served as before by failover_keep(). */
};

/*! \brief A framework (Mesos: `FrameworkInfo`). */
struct state_framework {
	struct text id;       /*!< May be empty. */
	struct text name;     /*!< May be empty, may be another framework's too. */
	struct text pid_host; /*!< Host part of its `pid`; absent if it speaks HTTP. */
	uint16_t pid_port;    /*!< Port of its `pid`; 0 without one. */
	struct text hostname; /*!< May be empty. */
	bool recovered;       /*!< Known from its agents, its scheduler is not back yet. */
};

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

/*! \brief A list of addresses. */
struct state_addresses {
	const struct address *list;
	uint32_t count;
};

/*! \brief A task in state TASK_RUNNING. */
struct state_task {
	struct text id;                        /*!< May be empty. */
	struct text name;                      /*!< `name`; may be empty. */
	struct text discovery;                 /*!< `discovery.name`; empty if the task has none. */
	uint32_t agent;                        /*!< Index into state.agents. */
	uint32_t framework;                    /*!< Index into state.frameworks. */
	uint32_t ranges_count;                 /*!< Number of \a ranges. */
	uint32_t discovery_count;              /*!< Number of \a discovery_ports. */
	const struct state_port_range *ranges; /*!< `resources.ports`. */
	const struct state_port *discovery_ports; /*!< `discovery.ports.ports`. */
	/*! What its latest status in TASK_RUNNING says, unparsable addresses left out: */
	struct state_addresses netinfo; /*!< `container_status.network_infos`. */
	struct state_addresses mesos;  /*!< Label `MesosContainerizer.NetworkSettings.IPAddress`. */
	struct state_addresses docker; /*!< Label `Docker.NetworkSettings.IPAddress`. */
	uint32_t cut;    /*!< Ports and addresses left out: more than STATE_LIST_MAX. */
	bool maps_ports; /*!< A container port is mapped to a host port (not to 0). */
	bool kept; /*!< On a kept agent, and known since that was registered: failover_keep(). */
};

/*! \brief A state of the leading master. */
struct state {
	struct text id;          /*!< The master's, new with each of its starts; may be empty. */
	struct text leader_host; /*!< Host part of `leader`; never empty. */
	uint16_t leader_port;    /*!< Port of `leader`. */
	struct text pid_host;    /*!< Host part of `pid`: who answers; may be absent. */
	uint16_t pid_port;       /*!< Port of `pid`; 0 without one. */
	double start_time;       /*!< Of the master, in seconds since 1970; 0 if not given. */
	double elected_time;     /*!< Seconds since 1970; 0 if not given. */
	double registry_fetch_timeout; /*!< Flag, in seconds; 60 if not given. */

	struct state_agent *agents;
	uint32_t agents_count;
	struct state_framework *frameworks;
	uint32_t frameworks_count;
	struct state_task *tasks; /*!< In TASK_RUNNING; their agent need not be registered. */
	uint32_t tasks_count;

	uint32_t registered_count; /*!< Agents in `slaves`. */
	uint32_t recovered_count;  /*!< Agents in `recovered_slaves`. */

	int64_t asked; /*!< When it was asked for, CLOCK_MONOTONIC in ms; set by who asked. */

	void *memory;  /*!< Owner of all the above; private to state.c. */
	uint32_t refs; /*!< Holders; counted atomically. */
};

/*! \brief True if an agent and its tasks make records. */
static inline bool state_agent_serves(const struct state_agent *agent)
{
	return agent->registered || agent->kept;
}

struct state_parser;

/*! \brief Makes a parser; NULL if memory runs out. */
struct state_parser *state_parser_new(void);

/*!
 * \brief Takes the next \a len bytes of the document.
 *
 * \retval KNOT_EOK      Go on.
 * \retval KNOT_EMALF    Not JSON (RFC 8259), or nested deeper than STATE_DEPTH_MAX.
 * \retval KNOT_ESPACE   More than STATE_MEMORY_MAX to keep.
 * \retval KNOT_ENOMEM   Out of memory.
 *
 * After an error every further call gives the same error.
 */
int state_parser_feed(struct state_parser *parser, const char *data, size_t len);

/*!
 * \brief Ends the document and hands over what it said.
 *
 * \param parser  Parser; only state_parser_free() is of use afterwards.
 * \param out     Out: the state, to be freed with state_free(); set on KNOT_EOK only.
 *
 * \retval KNOT_EMALF   The document is not complete.
 * \retval KNOT_ENOENT  It is JSON, but not a master's state: `leader` is no PID, or `slaves` or
 *                      `frameworks` is no array.
 * \retval KNOT_EOK, KNOT_ESPACE, KNOT_ENOMEM as above.
 */
int state_parser_finish(struct state_parser *parser, struct state **out);

/*! \brief Frees a parser; NULL is fine. */
void state_parser_free(struct state_parser *parser);

/*! \brief Takes a further reference; returns \a state, which may be NULL. */
struct state *state_ref(struct state *state);

/*! \brief Gives a reference back, frees the state with the last one; NULL is fine. */
void state_free(struct state *state);
