/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <sys/random.h>

#include "module/snapshot/chunk.h"
#include "module/snapshot/head.h"
#include "module/snapshot/round.h"
#include "module/snapshot/shard.h"
#include "module/snapshot/table.h"
#include "module/base/util.h"

/*! \brief Bytes of changes that are gathered at least. */
#define GATHER_MIN ((size_t)4 << 20)

/*! \brief What part of the snapshot's bytes that may grow to: bounds both copies and memory. */
#define GATHER_PART 4

struct snapshot_table {
	struct maker maker;
	struct round round;
	struct snapshot *work;    /*!< The head that is being made; NULL: as \a current. */
	struct snapshot *current; /*!< The last that was made; NULL if none. */
	struct snapshot *oldest;  /*!< The first that is still held by somebody. */
	size_t gather;            /*!< Bytes of changes to gather at least. */
	uint32_t ttl;             /*!< Seconds. */
	int lost;                 /*!< What lost the table; KNOT_EOK if it is not. */
};

static void init_vectors(struct maker *maker)
{
	maker->nets.item = sizeof(struct net);
	maker->edits.item = sizeof(struct edit);
	maker->patches.item = sizeof(struct patch);
	maker->order.item = sizeof(struct sort_item);
	maker->gone.item = sizeof(bool);
	maker->parts.item = sizeof(struct part);
	maker->old.item = sizeof(struct chunk *);
	set_init(maker);
	shard_init(maker);
}

/*! \brief Makes the pool and the head of an empty table. */
static int start(struct snapshot_table *table)
{
	struct maker *maker = &table->maker;
	maker->pool = pool_new();
	if (maker->pool == NULL) {
		return KNOT_ENOMEM;
	}
	maker->ledger.pool = maker->pool;
	maker->version = 1;
	struct snapshot *head = head_new(maker, 0);
	struct shard *shard = shard_empty(maker);
	if (head == NULL || shard == NULL || head_put(maker, &head, 0, shard) != KNOT_EOK) {
		return KNOT_ENOMEM;
	}
	table->work = head;
	return KNOT_EOK;
}

/*! \brief Lets go of all that a table has; its snapshots go with their last holder. */
static void stop(struct snapshot_table *table)
{
	struct maker *maker = &table->maker;
	snapshot_unref(table->current);
	table->work = table->current = table->oldest = NULL;
	pool_unref(maker->pool);
	ledger_free(&maker->ledger);
	round_free(&table->round, maker);
	*maker = (struct maker){
		.key = { maker->key[0], maker->key[1] },
		.gathered = maker->gathered,
		.arena = maker->arena,
		.charge = maker->charge,
		.stop = maker->stop,
	};
	init_vectors(maker);
}

struct snapshot_table *snapshot_table_new(const knot_dname_t *zone, uint32_t ttl)
{
	struct snapshot_table *table = calloc(1, sizeof(*table));
	if (table == NULL) {
		return NULL;
	}
	struct maker *maker = &table->maker;
	table->ttl = ttl;
	table->gather = GATHER_MIN;
	arena_init(&maker->gathered, SIZE_MAX);
	arena_init(&maker->arena, SIZE_MAX);
	arena_init(&maker->charge, SIZE_MAX);
	init_vectors(maker);
	round_init(&table->round, zone);
	if (getrandom(maker->key, sizeof(maker->key), 0) != sizeof(maker->key) ||
	    start(table) != KNOT_EOK) {
		snapshot_table_free(table);
		return NULL;
	}
	return table;
}

void snapshot_table_free(struct snapshot_table *table)
{
	if (table != NULL) {
		stop(table);
		free(table);
	}
}

int snapshot_table_reset(struct snapshot_table *table)
{
	stop(table);
	table->lost = start(table);
	return table->lost;
}

/*! \brief Works the gathered changes into the head that is being made. */
static int work_in(struct snapshot_table *table)
{
	const struct snapshot *base = table->work != NULL ? table->work : table->current;
	int ret = round_decide(&table->round, &table->maker, base);
	if (ret == KNOT_EOK && table->maker.patches.count > 0) {
		if (table->work == NULL) {
			table->work = head_copy(&table->maker, table->current);
		}
		ret = table->work != NULL ? round_make(&table->maker, &table->work) : KNOT_ENOMEM;
	}
	round_end(&table->round, &table->maker);
	table->lost = ret;
	return ret;
}

int snapshot_table_change(struct snapshot_table *table, int diff, const knot_dname_t *owner,
                          uint16_t type, const uint8_t *rdata, uint16_t len, unsigned preference)
{
	if (table->lost != KNOT_EOK) {
		return table->lost;
	}
	struct maker *maker = &table->maker;
	int ret = round_add(&table->round, maker, diff, owner, type, rdata, len, preference);
	if (ret == KNOT_ENOMEM) {
		table->lost = ret;
	}
	size_t most = MAX(table->gather, maker->bytes / GATHER_PART);
	if (ret == KNOT_EOK && table->round.bytes > most) {
		ret = work_in(table);
	}
	return ret;
}

/*! \brief Frees the snapshots that nobody holds, oldest first, with what only they have. */
static void reclaim(struct snapshot_table *table)
{
	struct snapshot *head = table->oldest;
	while (head != table->current && __atomic_load_n(&head->refs, __ATOMIC_ACQUIRE) == 0) {
		struct snapshot *newer = head->newer;
		for (struct block *next, *block = head->garbage; block != NULL; block = next) {
			next = block->next;
			pool_free(table->maker.pool, block, block->size);
		}
		head_free(&table->maker, head);
		head = newer;
	}
	table->oldest = head;
}

void snapshot_table_retire(struct snapshot_table *table, struct snapshot *snapshot)
{
	snapshot_unref(snapshot);
	reclaim(table);
}

/*! \brief Makes the head that was worked on the table's current snapshot. */
static void finish(struct snapshot_table *table)
{
	struct maker *maker = &table->maker;
	struct snapshot *head = table->work;
	head_shrink(maker, head);
	head->ttl = table->ttl;
	head->stats = maker->stats;
	head->stats.bytes = maker->bytes + head_size(head);
	/* Each snapshot that is held holds the pool. */
	pool_ref(maker->pool);
	if (table->current != NULL) {
		table->current->garbage = maker->dead;
		table->current->newer = head;
		snapshot_unref(table->current);
	} else {
		table->oldest = head;
	}
	maker->dead = NULL;
	maker->version++;
	table->current = head;
	table->work = NULL;
}

int snapshot_table_commit(struct snapshot_table *table, struct snapshot **out)
{
	*out = NULL;
	if (table->lost != KNOT_EOK) {
		return table->lost;
	}
	int ret = work_in(table);
	if (ret == KNOT_EOK && table->work == NULL && table->current->ttl != table->ttl) {
		table->work = head_copy(&table->maker, table->current);
		ret = table->lost = table->work != NULL ? KNOT_EOK : KNOT_ENOMEM;
	}
	if (ret == KNOT_EOK && table->work != NULL) {
		finish(table);
		*out = snapshot_ref(table->current);
	}
	if (table->current != NULL) {
		reclaim(table);
	}
	return ret;
}

void snapshot_table_set_ttl(struct snapshot_table *table, uint32_t ttl)
{
	table->ttl = ttl;
}

void snapshot_table_set_stop(struct snapshot_table *table, const atomic_bool *stop)
{
	table->maker.stop = stop;
}

void snapshot_table_set_gather(struct snapshot_table *table, size_t bytes)
{
	table->gather = bytes;
}

size_t snapshot_table_octets(const struct snapshot_table *table)
{
	return table->maker.octets;
}

struct snapshot_table_cost snapshot_table_cost(const struct snapshot_table *table)
{
	const struct maker *maker = &table->maker;
	struct snapshot_table_cost cost = { .hidden = maker->ledger.records.count };
	if (maker->pool != NULL) {
		cost.memory = pool_taken(maker->pool);
		cost.allocations = pool_allocations(maker->pool);
	}
	for (uint32_t i = 0; i <= DEPTH_MAX; i++) {
		cost.shards += maker->depths[i];
	}
	return cost;
}
