/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/state/state_text.h"

bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/*! \brief States by their numbers: first those that end nothing (Mesos: `isTerminalState()`). */
static const struct text task_states[] = {
	[TASK_STATE_RUNNING] = { "TASK_RUNNING", 12 },
	{ "TASK_STAGING", 12 },
	{ "TASK_STARTING", 13 },
	{ "TASK_KILLING", 12 },
	{ "TASK_FINISHED", 13 },
	{ "TASK_FAILED", 11 },
	{ "TASK_KILLED", 11 },
	{ "TASK_ERROR", 10 },
	{ "TASK_LOST", 9 },
	{ "TASK_DROPPED", 12 },
	{ "TASK_GONE", 9 },
	{ "TASK_GONE_BY_OPERATOR", 21 },
	{ "TASK_UNKNOWN", 12 },
	{ "TASK_UNREACHABLE", 16 },
};

/*! \brief The first of those that end a task. */
#define TASK_STATE_ENDED (TASK_STATE_RUNNING + 4)

uint8_t task_state(struct text text)
{
	for (uint8_t i = TASK_STATE_RUNNING; i < sizeof(task_states) / sizeof(*task_states); i++) {
		if (text_equal(text, task_states[i])) {
			return i;
		}
	}
	return 0;
}

enum task_life task_state_life(uint8_t state)
{
	if (state == TASK_STATE_RUNNING) {
		return TASK_RUNS;
	}
	return state >= TASK_STATE_ENDED ? TASK_GONE : TASK_WAITS;
}

int text_copy(struct arena *arena, struct text text, struct text *out)
{
	const char *copy = arena_copy(arena, text.data, text.len);
	if (copy == NULL) {
		return arena_error(arena);
	}
	*out = (struct text){ copy, text.len };
	return KNOT_EOK;
}

static void advance(struct text *text, uint32_t bytes)
{
	text->data += bytes;
	text->len -= bytes;
}

/*! \brief Takes the digits that a text begins with, as \a value * 10^digits + them. */
static uint32_t take_digits(struct text *text, double *value)
{
	uint32_t digits = 0;
	while (digits < text->len && text->data[digits] >= '0' && text->data[digits] <= '9') {
		*value = 10 * *value + (text->data[digits] - '0');
		digits++;
	}
	advance(text, digits);
	return digits;
}

static bool take_byte(struct text *text, char byte)
{
	if (text->len == 0 || text->data[0] != byte) {
		return false;
	}
	advance(text, 1);
	return true;
}

bool duration_parse(struct text text, double *seconds)
{
	static const struct {
		struct text name;
		double seconds;
	} units[] = {
		{ { "ns", 2 }, 1e-9 },      { { "us", 2 }, 1e-6 },    { { "ms", 2 }, 1e-3 },
		{ { "sec", 3 }, 1 },        { { "secs", 4 }, 1 },     { { "min", 3 }, 60 },
		{ { "mins", 4 }, 60 },      { { "hr", 2 }, 3600 },    { { "hrs", 3 }, 3600 },
		{ { "day", 3 }, 86400 },    { { "days", 4 }, 86400 }, { { "week", 4 }, 604800 },
		{ { "weeks", 5 }, 604800 },
	};

	double value = 0, scale = 1;
	if (take_digits(&text, &value) == 0) {
		return false;
	}
	if (take_byte(&text, '.')) {
		uint32_t digits = take_digits(&text, &value);
		if (digits == 0) {
			return false;
		}
		for (uint32_t i = 0; i < digits; i++) {
			scale *= 10;
		}
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		double result = value * units[i].seconds / scale;
		if (text_equal(text, units[i].name) && isfinite(result)) {
			*seconds = result;
			return true;
		}
	}
	return false;
}

static void trim(struct text *text)
{
	while (take_byte(text, ' ')) {
	}
	while (text->len > 0 && text->data[text->len - 1] == ' ') {
		text->len--;
	}
}

static bool range_parse(struct text piece, struct state_port_range *range)
{
	double first = 0, last = 0;
	trim(&piece);
	if (take_digits(&piece, &first) == 0 || !take_byte(&piece, '-') ||
	    take_digits(&piece, &last) == 0 || piece.len > 0 || first > last || last > UINT16_MAX) {
		return false;
	}
	*range = (struct state_port_range){ (uint16_t)first, (uint16_t)last };
	return true;
}

struct text ranges_list(struct text text)
{
	trim(&text);
	take_byte(&text, '[');
	if (text.len > 0 && text.data[text.len - 1] == ']') {
		text.len--;
	}
	return text;
}

bool ranges_next(struct text *list, struct state_port_range *range)
{
	while (list->len > 0) {
		const char *comma = memchr(list->data, ',', list->len);
		uint32_t len = comma != NULL ? (uint32_t)(comma - list->data) : list->len;
		struct text piece = { list->data, len };
		advance(list, comma != NULL ? len + 1 : len);
		if (range_parse(piece, range)) {
			return true;
		}
	}
	return false;
}
