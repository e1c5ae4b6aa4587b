/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief How the records of one task are made; for records_task.c and records_ports.c alone.
 */
#pragma once

#include "module/records/records_maker.h"

/*! \brief A task under one of its two names. */
struct alias {
	uint8_t labels[LABEL_NAME_MAX]; /*!< The task's label T, or the labels of its dotted name.
	                                 */
	size_t labels_len;
	unsigned labels_count;
	struct name own;             /*!< T.FW.zone. */
	struct name canonical;       /*!< C.FW.zone. */
	struct name agent;           /*!< T.FW.slave.zone. */
	struct name agent_canonical; /*!< C.FW.slave.zone. */
	bool lost;                   /*!< A name of it cannot be carried by DNS. */
};

/*! \brief Most SRV owners of the ports that a task was given: two names, or two places, twice. */
#define SERVICES_MAX 4

/*! \brief The owner of SRV records, and what they point at. */
struct service {
	struct name owner;
	const struct name *target;
	unsigned new_labels; /*!< Of owner and target, as far as no address makes them. */
};

/*! \brief A task whose records are being put. */
struct naming {
	struct maker *m;
	const struct state_task *task;
	const struct domain *domain;
	struct alias aliases[2];
	unsigned aliases_count;
	struct state_addresses own;
	struct state_addresses agent;
	struct service services[SERVICES_MAX]; /*!< Of `resources.ports`. */
	unsigned services_count;
	uint32_t ports_count; /*!< Ports of its discovery; they count only if that has a name. */
	uint64_t left;        /*!< Records that may be put of those that are being put now. */
};

/*! \brief What is to come of a port of a task's discovery. */
struct port_cursor {
	const struct state_port *port;
	struct text protocols;
};

/*! \brief Makes a label with its length octet; false if nothing is left of the text. */
static inline bool maker_label(const struct maker *m, struct text text,
                               uint8_t out[static 1 + LABEL_MAX])
{
	out[0] = label_make(m->input->rules, text, out + 1);
	return out[0] > 0;
}

/*! \brief True if one more record may be put; takes it from what is left. */
static inline bool naming_take(struct naming *n)
{
	if (n->left == 0) {
		return false;
	}
	n->left--;
	return true;
}

/*! \brief Makes the SRV owners of the ports that the task was given (`resources.ports`). */
void naming_make_services(struct naming *n);

/*! \brief Puts the ports that the task was given, each for all SRV owners. */
void naming_put_resources(struct naming *n);

/*! \brief How many records naming_put_resources() puts. */
uint64_t naming_count_resources(const struct naming *n);

/*! \brief Counts as naming_count_discovery(), but quicker and rather too many. */
uint64_t naming_guess_discovery(const struct naming *n);

/*! \brief Counts the records of a task's discovery, with those that DNS cannot carry. */
uint64_t naming_count_discovery(const struct naming *n);

/*! \brief Puts the ports of a task's discovery: of each its first protocol, of each its second, ...
 */
void naming_put_discovery(struct naming *n);
