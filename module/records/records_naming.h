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
};

/*! \brief Room for the end of a canonical label: `-HASH-AGENT`. */
#define SUFFIX_MAX (2 + LABEL_HASH_LEN + LABEL_MAX)

/*! \brief A task whose records are being put. */
struct naming {
	struct maker *m;
	const struct task_object *task;
	const struct domain *domain;
	struct text discovery;      /*!< Name of its discovery; empty if it has none. */
	uint8_t suffix[SUFFIX_MAX]; /*!< End of its canonical labels. */
	size_t suffix_len;          /*!< 0: it has no canonical labels. */
	struct alias aliases[2];
	unsigned aliases_count;
	struct state_addresses own;
	struct state_addresses agent;
	struct service services[SERVICES_MAX]; /*!< Of `resources.ports`. */
	unsigned services_count;
	uint32_t ports_count;            /*!< Ports of its discovery that make records. */
	bool has_label;                  /*!< The first of its aliases is its label T. */
	struct name chosen[FORMATS_MAX]; /*!< Names by the operator's formats. */
	unsigned chosen_count;
	bool chosen_lost; /*!< A port's name at one of them cannot be carried by DNS. */
};

/*! \brief True if one more record may be put; takes it from what is left. */
static inline bool take_one(uint64_t *left)
{
	if (*left == 0) {
		return false;
	}
	--*left;
	return true;
}

/*! \brief Makes the SRV owners of the ports that the task was given (`resources.ports`). */
void naming_make_services(struct naming *n);

/*! \brief Puts the ports that the task was given, each for all SRV owners; \a left records. */
void naming_put_resources(struct naming *n, uint64_t left);

/*! \brief How many records naming_put_resources() puts. */
uint64_t naming_count_resources(const struct naming *n);

/*! \brief Counts as naming_count_discovery(), but quicker and rather too many. */
uint64_t naming_guess_discovery(const struct naming *n);

/*! \brief Counts the records of a task's discovery, with those that DNS cannot carry. */
uint64_t naming_count_discovery(const struct naming *n);

/*!
 * \brief Puts the ports of a task's discovery.
 *
 * \param left    Records that may be put.
 * \param is_cut  They are fewer than there are: of each port its first protocol is put, then of
 *                each its second, and so on.
 */
void naming_put_discovery(struct naming *n, uint64_t left, bool is_cut);
