/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A master's reply, in two ways to cut it into chunks that have to say the same.
 *
 *     fuzz_state -dict=tests/fuzz/json.dict tests/fuzz/corpus/state
 *
 * The first two bytes of the input choose the chunks and what is wanted, the rest is the document.
 */
#include <libknot/errcode.h>

#include "tests/fuzz/fuzz_wants.h"
#include "tests/unit/state/object_dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take_agent(void *out, const struct agent_object *agent)
{
	dump_agent_object(out, agent);
	return KNOT_EOK;
}

static int take_framework(void *out, const struct framework_object *framework)
{
	dump_framework_object(out, framework);
	return KNOT_EOK;
}

static int take_task(void *out, const struct task_object *task)
{
	dump_task_object(out, task);
	return KNOT_EOK;
}

static const struct objects_sink sink = { take_agent, take_framework, take_task };

/*! \brief Feeds a chunk from memory of just its size, so that a read beyond is seen. */
static int feed(struct objects_parser *parser, const uint8_t *data, size_t len)
{
	char *copy = malloc(len);
	assert(copy != NULL);
	memcpy(copy, data, len);
	int ret = objects_parser_feed(parser, copy, len);
	free(copy);
	return ret;
}

static void dump_facts(FILE *out, const struct master_facts *facts)
{
	fputs("master", out);
	dump_text(out, "id", facts->id);
	dump_text(out, "leader", facts->leader_host);
	dump_text(out, "pid", facts->pid_host);
	fprintf(out, " %u %u %f %f %f %u %u %u\n", facts->leader_port, facts->pid_port,
	        facts->elected_time, facts->start_time, facts->registry_fetch_timeout,
	        facts->registered_count, facts->recovered_count, facts->frameworks_count);
}

/*! \brief Parses in chunks of two sizes by turns; returns the text of all that was handed over. */
static char *run(const uint8_t *data, size_t size, const size_t chunks[static 2], unsigned wanted,
                 int *ret)
{
	char *dump = NULL;
	size_t dump_size = 0;
	FILE *out = open_memstream(&dump, &dump_size);
	assert(out != NULL);
	struct wants *wants = fuzz_wants(wanted);
	struct objects_parser *parser = objects_parser_wanting(&sink, out, wants);
	assert(parser != NULL);
	wants_unref(wants);
	*ret = KNOT_EOK;
	for (size_t at = 0, turn = 0, len; at < size && *ret == KNOT_EOK; at += len, turn ^= 1) {
		len = size - at < chunks[turn] ? size - at : chunks[turn];
		*ret = feed(parser, data + at, len);
	}

	struct master_facts facts;
	int end = objects_parser_finish(parser, &facts);
	if (*ret != KNOT_EOK && (end != *ret || feed(parser, data, size) != *ret)) {
		fprintf(stderr, "error %d is not for good\n", *ret);
		abort();
	}
	*ret = end;
	if (end == KNOT_EOK) {
		dump_facts(out, &facts);
	}
	objects_parser_free(parser);
	fclose(out);
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
	char *dump = run(data + 2, size - 2, whole, data[0] / 64U, &ret);
	char *chunked = run(data + 2, size - 2, chunks, data[0] / 64U, &chunked_ret);

	if (ret != chunked_ret || (ret == KNOT_EOK && strcmp(dump, chunked) != 0)) {
		fprintf(stderr, "whole: %d\n%s\nin chunks of %zu and %zu: %d\n%s\n", ret, dump,
		        chunks[0], chunks[1], chunked_ret, chunked);
		abort();
	}
	free(dump);
	free(chunked);
	return 0;
}
