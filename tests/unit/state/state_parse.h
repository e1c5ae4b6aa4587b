/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Parses a state in one call; for tests, to be included after cmocka.h.
 */
#pragma once

#include <libknot/errcode.h>

#include "tests/unit/state/state_dump.h"

/*! \brief Parses a document in chunks; \a out is set on KNOT_EOK. */
static inline int parse(const char *doc, size_t len, size_t chunk, struct state **out)
{
	struct state_parser *parser = state_parser_new();
	assert_non_null(parser);
	int ret = KNOT_EOK;
	for (size_t at = 0; at < len && ret == KNOT_EOK; at += chunk) {
		ret = state_parser_feed(parser, doc + at, len - at < chunk ? len - at : chunk);
	}
	int end = state_parser_finish(parser, out);
	if (ret != KNOT_EOK) {
		assert_int_equal(end, ret);
		assert_int_equal(state_parser_feed(parser, "{}", 2), ret);
	}
	state_parser_free(parser);
	return end;
}

/*! \brief Parses a document and returns its dump, or "error" and the code; to be freed. */
static inline char *dump_chunked(const char *doc, size_t len, size_t chunk)
{
	struct state *state = NULL;
	char *dump = NULL;
	int ret = parse(doc, len, chunk, &state);
	if (ret != KNOT_EOK) {
		assert_null(state);
		assert_true(asprintf(&dump, "error %d", ret) > 0);
		return dump;
	}
	dump = state_dump(state);
	state_free(state);
	return dump;
}

static inline char *dump(const char *doc)
{
	return dump_chunked(doc, strlen(doc), SIZE_MAX / 2);
}
