/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What records.c and records_task.c share; for these two alone.
 */
#pragma once

#include "module/name.h"
#include "module/records.h"
#include "module/reverse.h"

/*! \brief One run of records_make(). */
struct maker {
	const struct state *state;
	const struct records_input *input;
	struct records_output *output;
	size_t zone_len;                /*!< Octets of the zone's name. */
	struct state_addresses *agents; /*!< Addresses of each agent. */
	struct reverse *reverse;        /*!< Collects PTR records; NULL in a forward zone. */
	int ret;                        /*!< First error; nothing is put after one. */
};

/*! \brief Where the records of a framework's tasks lie. */
struct domain {
	struct name own;   /*!< FW.zone. */
	struct name agent; /*!< FW.slave.zone. */
};

/*! \brief Counts a name that cannot be carried by DNS. */
void maker_skip(struct maker *m, struct text name);

/*! \brief Puts an A or AAAA record for each address; none for a name that DNS cannot carry. */
void maker_put_addresses(struct maker *m, const struct name *owner, struct state_addresses addrs);

/*! \brief Puts an SRV record (RFC 2782) of priority 0 and weight 1; none for names that DNS cannot
 *         carry.
 */
void maker_put_srv(struct maker *m, const struct name *owner, uint16_t port,
                   const struct name *target);

/*! \brief The name that a task is known by. */
struct text task_title(const struct state_task *task);

/*! \brief Puts a task's records: under its label and, with discovery, under its dotted name. */
void maker_put_task(struct maker *m, const struct state_task *task, const struct domain *domain);

/*! \brief Notes a task's addresses for PTR records. */
void maker_collect_task(struct maker *m, const struct state_task *task,
                        const struct domain *domain);
