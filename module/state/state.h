/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What agents, frameworks and tasks are made of, and how much of it there may be.
 *
 * - Plain values, whose lists and texts are somebody else's.
 * - Texts are strangers' bytes: any value, NUL included, any length.
 */
#pragma once

#include "module/base/address.h"

/*! \brief Most bytes of what a state says; a master that says more is out of its mind. */
#define STATE_MEMORY_MAX (512U << 20)

/*! \brief Most ports, ranges of ports, and addresses of one source that are kept of a task. */
#define STATE_LIST_MAX 8192

/*! \brief Most bytes of names and protocols that are kept of a task's ports... */
#define STATE_TEXTS_MAX (256U << 10)

/*! \brief ... but so many of each, however many there are. */
#define STATE_TEXT_MIN 64U

/*! \brief Deepest nesting of objects and arrays (a real state has about 15). */
#define STATE_DEPTH_MAX 256

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
