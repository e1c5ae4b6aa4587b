/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Wants of tasks' health, and parsers that read it; what they take is plain but for that.
 */
#pragma once

#include "module/state/event.h"
#include "module/state/objects.h"

/*! \brief What is read in their place, if a test sets it. */
static struct wants *other_wants;

/*! \brief Wants that last. */
static inline struct wants *health_wants(void)
{
	static struct wants wants = { .refs = 1, .bits = WANTS_HEALTH };
	return other_wants != NULL ? other_wants : &wants;
}

/*! \brief As event_parser_new(). */
static inline struct event_parser *health_event_parser(void)
{
	struct event_parser *parser = event_parser_new();
	if (parser != NULL) {
		event_parser_want(parser, health_wants());
	}
	return parser;
}
