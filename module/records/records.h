/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The naming rules: which records an agent, a framework or a task makes.
 *
 *     static void on_change(void *view, const struct inventory_change *change)
 *     {
 *         struct records_output before = { .put = take_away, .sink = view };
 *         struct records_output after = { .put = add, .sink = view };
 *         ret = records_of(&rules, change->kind, &change->before, &before);
 *         ...
 *         ret = records_of(&rules, change->kind, &change->after, &after);
 *     }
 *
 * - The same object with the same rules makes the same records each time, in the same order: what
 *   was put for it can be taken away by making it again. All records of a zone are those of all
 *   objects, and of the masters.
 * - Records leave one by one through a function of the caller's. Equal ones may come more than
 *   once, from one object or from several.
 * - Names that DNS cannot carry, or that are the cluster's, make no record and are counted.
 * - No task makes more than its share: see records_rules.task_max.
 * - Nothing is kept or allocated; any thread may call. Time grows with the object and its records.
 */
#pragma once

#include <libknot/dname.h>

#include "module/inventory/inventory.h"
#include "module/records/format.h"

/*! \brief Where a task's addresses come from. */
enum ip_source {
	IP_SOURCE_NETINFO, /*!< What the containerizer says (Mesos: `NetworkInfo`). */
	IP_SOURCE_MESOS,   /*!< Label `MesosContainerizer.NetworkSettings.IPAddress`. */
	IP_SOURCE_DOCKER,  /*!< Label `Docker.NetworkSettings.IPAddress`. */
	IP_SOURCE_HOST,    /*!< The agent's. */
	IP_SOURCE_AUTO,    /*!< The agent's for mapped ports, else netinfo, else the agent's. */
	IP_SOURCE_COUNT,   /*!< Number of sources. */
};

/*! \brief What becomes of a task that is not well. */
enum health_rule {
	HEALTH_IGNORE,  /*!< Nothing. */
	HEALTH_AVOID,   /*!< One that is said to be unhealthy shares its names only in need. */
	HEALTH_REQUIRE, /*!< So does one with a health check of which nothing is said yet. */
};

/*! \brief Most records that one task makes in a zone. */
#define RECORDS_TASK_MAX 16384

/*! \brief Most octets of a zone's owners and data; who counts them lowers records_rules.task_max.
 */
#define RECORDS_OCTETS_MAX ((uint64_t)512 << 20)

/*! \brief What the records of one zone are made with; all of it stays the caller's. */
struct records_rules {
	const knot_dname_t *zone;   /*!< The zone's name, lower case. */
	const knot_dname_t *origin; /*!< The zone PTR targets lie in, lower case (reverse only). */
	bool reverse;               /*!< PTR records instead of all others. */
	enum label_rules labels;
	enum health_rule health;
	uint8_t sources[IP_SOURCE_COUNT]; /*!< enum ip_source, the first that has any wins. */
	uint8_t sources_count;
	/*! Most records of a task; 0 and what is above RECORDS_TASK_MAX stand for that. Ports are
	 *  cut before addresses, and each of the task's names keeps some. */
	uint32_t task_max;
	uint16_t srv_weight; /*!< Of SRV records whose task does not say another. */
	uint8_t visibility;  /*!< Bits 1 << enum visibility, of tasks that make records; 0: all. */
	bool agent_names;    /*!< Agents have names of their own. */
	bool port_index;     /*!< Ports have names by their places. */
	/*! Networks in order of preference; none: all addresses are good. */
	const struct text *networks;
	uint32_t networks_count;
	const struct format *formats; /*!< Further names of tasks. */
	uint32_t formats_count;       /*!< At most FORMATS_MAX. */
	/*! Keys of labels with which tasks steer their records; absent: none do. */
	struct text label_weight;
	struct text label_priority;
	struct text label_hide;
};

/*!
 * \brief Takes one record.
 *
 * \param sink        records_output.sink
 * \param owner       Owner, lower case; valid during the call.
 * \param type        KNOT_RRTYPE_A, _AAAA, _SRV or _PTR.
 * \param rdata       RDATA in wire form, names in it lower case and uncompressed; valid during the
 *                    call.
 * \param preference  The record's class, 0 or 1: a set shows those of the lowest alone.
 *
 * \return KNOT_EOK, or an error that ends the run.
 */
typedef int (*records_put_f)(void *sink, const knot_dname_t *owner, uint16_t type,
                             const uint8_t *rdata, uint16_t rdata_len, unsigned preference);

/*!
 * \brief What could not be made.
 *
 * The numbers are sums: those of an object can be added to a zone's when it comes, and taken away
 * when it goes. The examples lie in the object's memory and are valid as long as that.
 */
struct records_loss {
	uint32_t skipped;        /*!< Names that DNS cannot carry, or that are the cluster's. */
	uint64_t digest;         /*!< Tells other names apart; their order does not matter. */
	struct text example;     /*!< One of the names; absent if there is none. */
	uint64_t cut;            /*!< Records that were more than fit. */
	uint32_t cut_tasks;      /*!< How many tasks they are of: 0 or 1. */
	uint64_t cut_digest;     /*!< Tells other tasks apart; their order does not matter. */
	struct text cut_example; /*!< The task's name; absent if nothing is cut. */
};

/*!
 * \brief Says whether a task may have a name that one of records_rules.formats gives it.
 *
 * Asked once for each such name that DNS can carry and that is not the cluster's. If not, the name
 * is left out and counted: it is a framework's own (records_own_name()).
 */
typedef bool (*records_choose_f)(void *sink, const struct name *name);

/*! \brief Where records go, and what came of it. */
struct records_output {
	records_put_f put;       /*!< NULL: they are only counted. */
	void *sink;              /*!< First parameter of \a put and \a choose. */
	records_choose_f choose; /*!< NULL: tasks may have any name. */
	bool names_only;         /*!< No records are made: \a choose is all that it is for. */

	/* Out, of one call: */
	struct records_loss loss;
	uint32_t records; /*!< How many were put. */
	uint32_t widest;  /*!< Most octets of owner and data of one of them. */
	uint64_t octets;  /*!< Of owners and data of all of them. */
};

/*!
 * \brief Makes the records of one side of a change: of the object of that kind as it was, or is.
 *
 * An agent makes `slave` and `_slave._tcp`; a framework that a state has told of, its scheduler's
 * name and port; a task that runs, on an agent that is known, of a framework that is known and
 * whose label is not empty, all of its names; if it is not well, those that others may have, too,
 * in class 1. In a reverse zone a task makes a PTR record for each of its addresses there, whoever
 * else has it (a set shows a PTR record that is the only one); all others make none. So does a side
 * without the object.
 *
 * \retval KNOT_EOK
 * \return Else what \a output->put returned, which was not called again.
 */
int records_of(const struct records_rules *rules, enum inventory_kind kind,
               const struct inventory_side *side, struct records_output *output);

/*!
 * \brief The name that is a framework's own: no format gives it to a task.
 *
 * \return False if there is none: in a reverse zone, or if the framework makes no records, or the
 *         name is the cluster's.
 */
bool records_own_name(const struct records_rules *rules, const struct framework_object *framework,
                      struct name *name);

/*! \brief A master that is known from the configuration or from ZooKeeper. */
struct records_master {
	struct state_addresses addresses; /*!< Empty if its host name did not resolve. */
	uint16_t port;                    /*!< Where it listens. */
};

/*! \brief The masters; all of it stays the caller's. */
struct records_masters {
	const struct records_master *list; /*!< In the order of the configuration. */
	uint32_t count;
	struct state_addresses leader; /*!< Empty if its host name did not resolve. */
	uint16_t leader_port;
};

/*! \brief Makes the masters' records (`leader`, `master`, `masterN`), none in a reverse zone; as
 *         records_of().
 */
int records_of_masters(const struct records_rules *rules, const struct records_masters *masters,
                       struct records_output *output);
