/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Events that have come while a state is on its way, in their order.
 *
 * Memory counts against the inventory's. One thread at a time.
 */
#pragma once

#include "module/inventory/node.h"

/*! \brief The events; all zeros if there are none. */
struct event_log {
	char *data;   /*!< Each event as a struct of log.c and its object; NULL if none. */
	size_t len;   /*!< Bytes in use. */
	size_t room;  /*!< Bytes allocated. */
	bool is_lost; /*!< An event did not fit. */
};

/*! \brief Appends an event; what does not fit makes the log lost. */
void event_log_add(struct event_log *log, struct nodes *nodes, const struct event *event);

/*!
 * \brief Takes the next event.
 *
 * \param at     In, out: where it lies, from 0 on.
 * \param event  Out: the event, its object in the log.
 *
 * \return False if there is none left.
 */
bool event_log_next(const struct event_log *log, size_t *at, struct event *event);

/*! \brief Empties the log and frees its memory. */
void event_log_free(struct event_log *log, struct nodes *nodes);
