/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A master's reply, in two ways to cut it into chunks that have to say the same.
 *
 *     fuzz_state -dict=tests/fuzz/json.dict tests/fuzz/corpus/state
 *
 * The first two bytes of the input choose the chunks, the rest is the document.
 */
#include <libknot/errcode.h>

#include "tests/unit/state/state_dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*! \brief Feeds a chunk from memory of just its size, so that a read beyond is seen. */
static int feed(struct state_parser *parser, const uint8_t *data, size_t len)
{
	char *copy = malloc(len);
	assert(copy != NULL);
	memcpy(copy, data, len);
	int ret = state_parser_feed(parser, copy, len);
	free(copy);
	return ret;
}

/*! \brief Parses in chunks of two sizes by turns; returns the dump, NULL if there is none. */
static char *run(const uint8_t *data, size_t size, const size_t chunks[static 2], int *ret)
{
	struct state_parser *parser = state_parser_new();
	assert(parser != NULL);
	*ret = KNOT_EOK;
	for (size_t at = 0, turn = 0, len; at < size && *ret == KNOT_EOK; at += len, turn ^= 1) {
		len = size - at < chunks[turn] ? size - at : chunks[turn];
		*ret = feed(parser, data + at, len);
	}

	struct state *state = NULL;
	int end = state_parser_finish(parser, &state);
	if (*ret != KNOT_EOK && (end != *ret || feed(parser, data, size) != *ret)) {
		fprintf(stderr, "error %d is not for good\n", *ret);
		abort();
	}
	*ret = end;
	state_parser_free(parser);
	if ((*ret == KNOT_EOK) != (state != NULL)) {
		fprintf(stderr, "%d and a state, or neither\n", *ret);
		abort();
	}
	char *dump = state != NULL ? state_dump(state) : NULL;
	state_free(state);
	return dump;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3) {
		return 0;
	}
	const size_t whole[2] = { size, size };
	const size_t chunks[2] = { 1 + data[0] % 64U, 1 + data[1] };
	int ret, chunked_ret;
	char *dump = run(data + 2, size - 2, whole, &ret);
	char *chunked = run(data + 2, size - 2, chunks, &chunked_ret);

	if (ret != chunked_ret || (dump != NULL && strcmp(dump, chunked) != 0)) {
		fprintf(stderr, "whole: %d\n%s\nin chunks of %zu and %zu: %d\n%s\n", ret,
		        dump != NULL ? dump : "", chunks[0], chunks[1], chunked_ret,
		        chunked != NULL ? chunked : "");
		abort();
	}
	free(dump);
	free(chunked);
	return 0;
}
