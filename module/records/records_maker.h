/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the files records*.c share; for these alone.
 */
#pragma once

#include "module/records/name.h"
#include "module/records/records.h"
#include "module/records/reverse.h"

/*! \brief What records take of the budget. */
struct spent {
	uint32_t records;
	uint32_t widest_octets; /*!< The most that one of them takes. */
	uint32_t widest_memory; /*!< ... without that of names. */
	uint64_t octets;
	uint64_t names;  /*!< Memory of names. */
	uint64_t memory; /*!< All memory. */
};

/*! \brief One run of records_make(). */
struct maker {
	const struct state *state;
	const struct records_input *input;
	struct records_output *output;
	size_t zone_len;                /*!< Octets of the zone's name. */
	struct state_addresses *agents; /*!< Addresses of each agent. */
	struct reverse *reverse;        /*!< Collects PTR records; NULL in a forward zone. */
	struct records_budget budget;
	uint64_t task_memory;        /*!< Most memory that the records of one task may take. */
	struct spent total;          /*!< Of all records so far. */
	struct spent task;           /*!< Of the task's records so far. */
	uint32_t dropped;            /*!< Of the task's records: those that did not even fit so. */
	bool in_task;                /*!< What is put now is a task's. */
	struct spent *counts;        /*!< Set: records are counted only, of each task here. */
	bool is_cut;                 /*!< The budget has been cut down to what fits. */
	uint32_t steps;              /*!< Records and names looked at. */
	struct port_cursor *cursors; /*!< Room for those of a task. */
	size_t cursors_room;
	int ret; /*!< First error; nothing is put after one. */
};

/*! \brief Where the records of a framework's tasks lie. */
struct domain {
	struct name own;   /*!< FW.zone. */
	struct name agent; /*!< FW.slave.zone. */
	bool is_clusters;  /*!< FW.zone is a name of the cluster's: not the scheduler's. */
};

/*! \brief Counts a name that cannot be carried by DNS, or is the cluster's. */
void maker_skip(struct maker *m, struct text name);

/*! \brief Counts records of a task that are more than fit. */
void maker_cut(struct maker *m, const struct state_task *task, uint64_t records);

/*! \brief Starts with the whole budget. */
void maker_full_budget(struct maker *m);

/*! \brief True if nothing more is to be put: an error, or somebody wants to stop. */
bool maker_ended(struct maker *m);

/*!
 * \brief Takes what a record needs out of the budget.
 *
 * \param owner_len   Octets of the owner.
 * \param len         Octets of the data.
 * \param new_labels  Labels of the owner that may be in no other name; 0 if it has records already.
 *
 * \return True if the record is to be put.
 */
bool maker_spend(struct maker *m, size_t owner_len, size_t len, unsigned new_labels);

/*!
 * \brief Finds the budget for a task with which all records fit, and is_cut.
 *
 * \param make  Makes all records.
 */
void maker_cut_budget(struct maker *m, void (*make)(struct maker *m));

/*! \brief Puts an A or AAAA record; none for a name that DNS cannot carry. */
void maker_put_address(struct maker *m, const struct name *owner, const struct address *addr,
                       unsigned new_labels);

/*! \brief Puts an SRV record (RFC 2782) of priority 0 and weight 1; none for names that DNS cannot
 *         carry.
 */
void maker_put_srv(struct maker *m, const struct name *owner, uint16_t port,
                   const struct name *target, unsigned new_labels);

/*! \brief The name that a task is known by. */
static inline struct text task_title(const struct state_task *task)
{
	return task->discovery.len > 0 ? task->discovery : task->name;
}

/*! \brief Puts a task's records: under its label and, with discovery, under its dotted name. */
void maker_put_task(struct maker *m, const struct state_task *task, const struct domain *domain);

/*! \brief Notes a task's addresses for PTR records. */
void maker_collect_task(struct maker *m, const struct state_task *task,
                        const struct domain *domain);
