/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the files records*.c share; for these alone.
 */
#pragma once

#include "module/records/name.h"
#include "module/records/records.h"

/*! \brief One call of records_of() or records_of_masters(). */
struct maker {
	const struct records_rules *rules;
	struct records_output *output;
	size_t zone_len;     /*!< Octets of the zone's name. */
	unsigned preference; /*!< Class of the records that are put; 0 at first. */
	uint16_t priority;   /*!< Of SRV records. */
	uint16_t weight;     /*!< The same. */
	int ret;             /*!< First error; nothing is put after one. */
};

/*! \brief Where the records of a framework's tasks lie. */
struct domain {
	struct name own;                /*!< FW.zone. */
	struct name agent;              /*!< FW.slave.zone. */
	uint8_t labels[LABEL_NAME_MAX]; /*!< FW. */
	size_t labels_len;              /*!< Its octets, or LABEL_TOO_LONG. */
	bool is_clusters; /*!< FW.zone is a name of the cluster's: not the scheduler's. */
};

/*! \brief The name that a task is known by. */
static inline struct text task_title(const struct task_object *task)
{
	struct text discovery = object_text(task, task->discovery);
	return discovery.len > 0 ? discovery : object_text(task, task->name);
}

/*! \brief Begins a call; all results are 0. */
void maker_init(struct maker *m, const struct records_rules *rules, struct records_output *output);

/*! \brief Counts a name that cannot be carried by DNS, or is the cluster's. */
void maker_skip(struct maker *m, struct text name);

/*! \brief Counts records of a task that are more than fit; none is fine. */
void maker_cut(struct maker *m, const struct task_object *task, uint64_t records);

/*! \brief Most records of a task. */
uint64_t maker_task_max(const struct maker *m);

/*! \brief Makes a label with its length octet; false if nothing is left of the text. */
bool maker_label(const struct maker *m, struct text text, uint8_t out[static 1 + LABEL_MAX]);

/*! \brief Makes a name directly in the zone of labels in wire form, such as `_leader._tcp`. */
void maker_zone_name(const struct maker *m, struct name *name, const void *labels, size_t len);

/*! \brief Puts a record; none for a name that DNS cannot carry. */
void maker_put(struct maker *m, const struct name *owner, uint16_t type, const uint8_t *rdata,
               uint16_t len);

/*! \brief Puts an A or AAAA record; none for a name that DNS cannot carry. */
void maker_put_address(struct maker *m, const struct name *owner, const struct address *addr);

/*! \brief Puts an A or AAAA record for each address. */
void maker_put_addresses(struct maker *m, const struct name *owner, struct state_addresses addrs);

/*! \brief Puts an SRV record (RFC 2782) ; none for names that DNS cannot carry.
 */
void maker_put_srv(struct maker *m, const struct name *owner, uint16_t port,
                   const struct name *target);

/*! \brief True if what tasks say can change their records. */
static inline bool maker_is_steered(const struct maker *m)
{
	return m->rules->visibility != 0 || m->rules->label_hide.data != NULL;
}

/*! \brief Takes note of what a task says of its records; false if it is to have none. */
bool maker_steer(struct maker *m, const struct task_object *task);

/*! \brief Puts a task's records: under its label and, with discovery, under its dotted name. */
void maker_put_task(struct maker *m, const struct inventory_side *side,
                    const struct domain *domain);

/*! \brief Puts a task's PTR records. */
void maker_put_pointers(struct maker *m, const struct inventory_side *side,
                        const struct domain *domain);
