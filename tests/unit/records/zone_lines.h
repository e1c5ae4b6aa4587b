/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The records of a whole state, as lines; to be included after cmocka.h.
 */
#pragma once

#include "tests/unit/inventory/inventory_feed.h"
#include "tests/unit/records/record_text.h"

/*! \brief An inventory that has taken a state, and the masters. */
struct cluster {
	struct inventory *inventory;
	struct address leader;
	struct records_masters masters;
};

static inline void unheard(void *ctx, const struct inventory_change *change)
{
	(void)ctx, (void)change;
}

/*! \brief Takes a state; of all host names that are no addresses `name` alone is known. */
static inline struct cluster *parse(const char *json, size_t len)
{
	static const struct address known[] = { { 4, { 192, 0, 2, 1 } },
		                                { 16, { 0x20, 1, 0x0d, 0xb8 } } };
	struct cluster *cluster = calloc(1, sizeof(*cluster));
	assert_non_null(cluster);
	struct inventory *inventory = cluster->inventory = inventory_new(unheard, NULL);
	struct objects_parser *parser = objects_parser_wanting(&inventory_sink, inventory,
	                                                       health_wants());
	struct master_facts facts;
	inventory_begin(inventory);
	assert_int_equal(objects_parser_feed(parser, json, len), KNOT_EOK);
	assert_int_equal(objects_parser_finish(parser, &facts), KNOT_EOK);
	assert_int_equal(inventory_commit(inventory), KNOT_EOK);
	assert_int_equal(inventory_resolved(inventory, (struct text){ "name", 4 },
	                                    (struct state_addresses){ known, 2 }),
	                 KNOT_EOK);
	assert_true(address_parse(facts.leader_host, &cluster->leader));
	cluster->masters.leader = (struct state_addresses){ &cluster->leader, 1 };
	cluster->masters.leader_port = facts.leader_port;
	objects_parser_free(parser);
	return cluster;
}

static inline void cluster_free(struct cluster *cluster)
{
	inventory_free(cluster->inventory);
	free(cluster);
}

/*! \brief Where the records of a zone are gathered, and what was lost. */
struct gathering {
	const struct records_rules *rules;
	struct records_output output; /*!< Of all together. */
};

/*! \brief Adds what one call says to what all say. */
static inline void gather(struct records_output *all, const struct records_output *one)
{
	const struct records_loss *loss = &one->loss;
	all->records += one->records;
	all->octets += one->octets;
	all->widest = one->widest > all->widest ? one->widest : all->widest;
	all->loss.skipped += loss->skipped;
	all->loss.digest += loss->digest;
	all->loss.cut += loss->cut;
	all->loss.cut_tasks += loss->cut_tasks;
	all->loss.cut_digest += loss->cut_digest;
	assert_int_equal(loss->skipped > 0, loss->example.data != NULL);
	assert_int_equal(loss->cut > 0, loss->cut_tasks);
	if (loss->skipped > 0) {
		all->loss.example = loss->example;
	}
	if (loss->cut > 0) {
		all->loss.cut_example = loss->cut_example;
	}
}

static inline void gather_change(void *ctx, const struct inventory_change *change)
{
	struct gathering *g = ctx;
	struct records_output output = { .put = g->output.put, .sink = g->output.sink };
	assert_int_equal(records_of(g->rules, change->kind, &change->after, &output), KNOT_EOK);
	gather(&g->output, &output);
}

/*! \brief Makes all records of a zone into lines, those too that come more than once. */
static inline void make(const struct cluster *cluster, const struct records_rules *rules,
                        struct lines *lines, struct records_output *output)
{
	struct gathering g = { rules, { .put = lines_put, .sink = lines } };
	struct records_output masters = g.output;
	assert_int_equal(records_of_masters(rules, &cluster->masters, &masters), KNOT_EOK);
	gather(&g.output, &masters);
	inventory_walk(cluster->inventory, gather_change, &g);
	*output = g.output;
}

/*! \brief Octets of a line up to its data. */
static inline size_t line_owner_len(const char *line)
{
	const char *pointer = strstr(line, " PTR ");
	return pointer != NULL ? (size_t)(pointer - line) : 0;
}

/*! \brief Leaves what is shown: each record once, and PTR records that are the only ones. */
static inline void lines_show(struct lines *lines)
{
	lines_sort(lines);
	size_t kept = 0;
	for (size_t i = 0, end; i < lines->count; i = end) {
		size_t len = line_owner_len(lines->list[i]);
		for (end = i + 1; end < lines->count && len > 0; end++) {
			if (line_owner_len(lines->list[end]) != len ||
			    memcmp(lines->list[i], lines->list[end], len) != 0) {
				break;
			}
		}
		if (end == i + 1) {
			lines->list[kept++] = lines->list[i];
			continue;
		}
		for (size_t j = i; j < end; j++) {
			free(lines->list[j]);
		}
	}
	lines->count = kept;
}

/*! \brief Makes forward and reverse records, as they are shown. */
static inline void make_all(const struct cluster *cluster, struct records_rules rules,
                            struct lines *lines)
{
	struct records_output output;
	make(cluster, &rules, lines, &output);
	rules.reverse = true;
	rules.zone = (const knot_dname_t *)"\007in-addr\004arpa";
	make(cluster, &rules, lines, &output);
	rules.zone = (const knot_dname_t *)"\003ip6\004arpa";
	make(cluster, &rules, lines, &output);
	lines_show(lines);
}
