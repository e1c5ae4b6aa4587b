/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The naming rules: which records a cluster's state makes.
 *
 * - Records leave one by one through a function of the caller's, in no particular order; equal ones
 *   may come more than once.
 * - Names that DNS cannot carry, or that are the cluster's, make no record and are counted.
 * - No task can take more than its share: see struct records_budget.
 * - Nothing is kept; any thread may call. Time grows with the number of records.
 */
#pragma once

#include <stdatomic.h>

#include <libknot/dname.h>

#include "module/records/label.h"
#include "module/state/state.h"

/*! \brief Where a task's addresses come from. */
enum ip_source {
	IP_SOURCE_NETINFO, /*!< What the containerizer says (Mesos: `NetworkInfo`). */
	IP_SOURCE_MESOS,   /*!< Label `MesosContainerizer.NetworkSettings.IPAddress`. */
	IP_SOURCE_DOCKER,  /*!< Label `Docker.NetworkSettings.IPAddress`. */
	IP_SOURCE_HOST,    /*!< The agent's. */
	IP_SOURCE_AUTO,    /*!< The agent's for mapped ports, else netinfo, else the agent's. */
	IP_SOURCE_COUNT,   /*!< Number of sources. */
};

/*! \brief A master that is known from the configuration or from ZooKeeper. */
struct records_master {
	struct state_addresses addresses; /*!< Empty if its host name did not resolve. */
	uint16_t port;                    /*!< Where it listens. */
};

/*! \brief Most records that one task makes in a zone. */
#define RECORDS_TASK_MAX 16384

/*! \brief Most octets of a zone's owners and data. */
#define RECORDS_OCTETS_MAX ((uint64_t)512 << 20)

/*!
 * \brief How many records there may be, so that no tenant takes everybody's names away.
 *
 * What is too much costs the tasks that make the most records what they make too much. Who that is
 * does not depend on any order of tasks. Of a task's records ports are cut before addresses, and
 * each of its names keeps some.
 */
struct records_budget {
	uint32_t task;   /*!< Records of a task. */
	uint64_t octets; /*!< Of owners and data of all records, equal ones counted each time. */
	uint64_t memory; /*!< Bytes that a snapshot of them takes while it is built, at most. */
};

/*! \brief What the records of one zone are made with; all of it stays the caller's. */
struct records_input {
	const knot_dname_t *zone;   /*!< The zone's name, lower case. */
	const knot_dname_t *origin; /*!< The zone PTR targets lie in, lower case (reverse only). */
	bool reverse;               /*!< PTR records instead of all others. */
	enum label_rules rules;
	uint8_t sources[IP_SOURCE_COUNT]; /*!< enum ip_source, the first that has any wins. */
	uint8_t sources_count;
	const struct records_master *masters; /*!< In the order of the configuration. */
	uint32_t masters_count;
	/*! Addresses of a host name (never of an address in text); none if it did not resolve. */
	struct state_addresses (*lookup)(void *hosts, struct text host);
	void *hosts;                  /*!< First parameter of \a lookup. */
	struct records_budget budget; /*!< Zeros stand for the most there can be. */
	const atomic_bool *stop;      /*!< Looked at now and then; NULL: nobody wants to stop. */
};

/*!
 * \brief Takes one record.
 *
 * \param sink   records_output.sink
 * \param owner  Owner, lower case; valid during the call.
 * \param type   KNOT_RRTYPE_A, _AAAA, _SRV or _PTR.
 * \param rdata  RDATA in wire form, names in it lower case and uncompressed; valid during the call.
 *
 * \return KNOT_EOK, or an error that ends the run.
 */
typedef int (*records_put_f)(void *sink, const knot_dname_t *owner, uint16_t type,
                             const uint8_t *rdata, uint16_t rdata_len);

/*! \brief Where records go, and what is said about those that could not be made. */
struct records_output {
	records_put_f put;
	/*! Forgets all records so far, which were too many; KNOT_EOK, or an error that ends the
	 *  run. If it is NULL too many records are KNOT_ESPACE. */
	int (*restart)(void *sink);
	void *sink;          /*!< First parameter of \a put and \a restart. */
	uint32_t skipped;    /*!< Out: names that DNS cannot carry, or that are the cluster's. */
	uint64_t digest;     /*!< Out: changes if other names are skipped, not with their order. */
	struct text example; /*!< Out: one of the skipped names, in the state's memory. */
	uint64_t cut;        /*!< Out: records that were more than fit. */
	uint32_t cut_tasks;  /*!< Out: how many tasks they are of. */
	uint64_t cut_digest; /*!< Out: changes if other tasks are cut, not with their order. */
	struct text cut_example; /*!< Out: the name of one of these, in the state's memory. */
};

/*!
 * \brief Calls back for every host name that records_make() will look up.
 *
 * Host names are the hosts of agents, frameworks and the leader that are no addresses; one may come
 * more than once. Stops early if \a each returns false.
 */
void records_hosts(const struct state *state, bool (*each)(void *ctx, struct text host), void *ctx);

/*!
 * \brief Makes all records of a state for one zone.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ENOMEM
 * \retval KNOT_ECONNABORTED  Stopped.
 * \return Else what \a output->put returned; not KNOT_ESPACE if there is a \a restart.
 */
int records_make(const struct state *state, const struct records_input *input,
                 struct records_output *output);
