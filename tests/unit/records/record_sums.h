/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Records of a zone as sums of what comes and goes; to be included after cmocka.h.
 *
 * Each record is there as often as it was added and not taken away again, which is never less than
 * not at all.
 */
#pragma once

#include <search.h>

#include "tests/unit/records/record_text.h"

/*! \brief How often a record is there. */
struct record_sum {
	char *line;
	long count;
};

/*! \brief A zone's records, and the sums of what is said beside them. */
struct sums {
	struct records_rules rules;
	void *tree; /*!< Of struct record_sum. */
	uint64_t records, octets, skipped, digest, cut, cut_tasks, cut_digest;
};

/*! \brief Where records go: into the sums, or out of them. */
struct sums_side {
	struct sums *sums;
	int diff;
};

static inline int sums_compare(const void *a, const void *b)
{
	return strcmp(((const struct record_sum *)a)->line, ((const struct record_sum *)b)->line);
}

static inline int sums_put(void *ctx, const knot_dname_t *owner, uint16_t type,
                           const uint8_t *rdata, uint16_t len, unsigned preference)
{
	const struct sums_side *side = ctx;
	struct lines lines = { 0 };
	lines_put(&lines, owner, type, rdata, len, preference);
	struct record_sum wanted = { lines.list[0], 0 };
	struct record_sum *const *found = tfind(&wanted, &side->sums->tree, sums_compare);
	if (side->diff > 0 && found == NULL) {
		struct record_sum *sum = malloc(sizeof(*sum));
		assert_non_null(sum);
		*sum = (struct record_sum){ strdup(lines.list[0]), 1 };
		assert_non_null(tsearch(sum, &side->sums->tree, sums_compare));
	} else {
		assert_non_null(found);
		struct record_sum *sum = *found;
		sum->count += side->diff;
		if (sum->count == 0) {
			tdelete(&wanted, &side->sums->tree, sums_compare);
			free(sum->line);
			free(sum);
		}
	}
	lines_free(&lines);
	return KNOT_EOK;
}

/*! \brief Adds one side of a change, or takes it away. */
static inline void sums_add(struct sums *sums, enum inventory_kind kind,
                            const struct inventory_side *of, int diff)
{
	struct sums_side side = { sums, diff };
	struct records_output output = { .put = sums_put, .sink = &side };
	assert_int_equal(records_of(&sums->rules, kind, of, &output), KNOT_EOK);
	/* Unsigned, so that what is added and taken away is gone, whatever it was. */
	uint64_t sign = diff > 0 ? 1 : UINT64_MAX;
	sums->records += sign * output.records;
	sums->octets += sign * output.octets;
	sums->skipped += sign * output.loss.skipped;
	sums->digest += sign * output.loss.digest;
	sums->cut += sign * output.loss.cut;
	sums->cut_tasks += sign * output.loss.cut_tasks;
	sums->cut_digest += sign * output.loss.cut_digest;
}

/*! \brief Takes a change: what was goes, what is comes. */
static inline void sums_change(struct sums *sums, const struct inventory_change *change)
{
	sums_add(sums, change->kind, &change->before, -1);
	sums_add(sums, change->kind, &change->after, 1);
}

static inline void sums_print_one(const void *node, VISIT which, void *out)
{
	const struct record_sum *sum = *(struct record_sum *const *)node;
	if (which == postorder || which == leaf) {
		fprintf(out, "%ld times %s\n", sum->count, sum->line);
	}
}

/*! \brief All that the sums say; to be freed. */
static inline char *sums_text(const struct sums *sums)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	twalk_r(sums->tree, sums_print_one, out);
	fprintf(out, "records %lu octets %lu skipped %lu %lu cut %lu of %lu %lu\n", sums->records,
	        sums->octets, sums->skipped, sums->digest, sums->cut, sums->cut_tasks,
	        sums->cut_digest);
	fclose(out);
	return text;
}

static inline void sums_free_one(void *node)
{
	struct record_sum *sum = node;
	free(sum->line);
	free(sum);
}

static inline void sums_free(struct sums *sums)
{
	tdestroy(sums->tree, sums_free_one);
	sums->tree = NULL;
}
