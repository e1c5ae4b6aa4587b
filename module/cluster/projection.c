/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/base/util.h"
#include "module/cluster/masters_copy.h"
#include "module/cluster/projection.h"
#include "module/records/limit.h"

void projection_init(struct projection *p, const struct records_rules *rules, uint64_t octets_max,
                     const atomic_bool *stop)
{
	*p = (struct projection){
		.rules = *rules,
		.octets_max = octets_max,
		.stop = stop,
	};
	p->rules.task_max = RECORDS_TASK_MAX;
}

void projection_free(struct projection *p)
{
	snapshot_table_free(p->table);
	free(p->masters);
	free(p->limit);
	p->limit = NULL;
	p->table = NULL;
	p->masters = NULL;
}

/*! \brief Notes that the table does not have all any more. */
static void lose(struct projection *p, int ret)
{
	p->is_fed = false;
	p->ret = ret;
	free(p->limit);
	p->limit = NULL;
}

/*! \brief True if there is to be an end to it. One task alone may make thousands of records. */
static bool is_stopped(const struct projection *p)
{
	return atomic_load_explicit(p->stop, memory_order_relaxed);
}

static void keep_example(struct text found, char room[static PROJECTION_EXAMPLE_MAX],
                         struct text *example)
{
	if (found.len > 0) {
		example->len = MIN(found.len, PROJECTION_EXAMPLE_MAX);
		example->data = memcpy(room, found.data, example->len);
	}
}

/*! \brief Adds what an object has cost, or takes it away again. */
static void add_up(struct projection *p, int diff, const struct records_output *output)
{
	const struct records_loss *loss = &output->loss;
	if (diff > 0) {
		p->octets += output->octets;
		p->loss.skipped += loss->skipped;
		p->loss.digest += loss->digest;
		p->loss.cut += loss->cut;
		p->loss.cut_tasks += loss->cut_tasks;
		p->loss.cut_digest += loss->cut_digest;
		keep_example(loss->example, p->example, &p->loss.example);
		keep_example(loss->cut_example, p->cut_example, &p->loss.cut_example);
	} else {
		p->octets -= output->octets;
		p->loss.skipped -= loss->skipped;
		p->loss.digest -= loss->digest;
		p->loss.cut -= loss->cut;
		p->loss.cut_tasks -= loss->cut_tasks;
		p->loss.cut_digest -= loss->cut_digest;
	}
}

static int put_record(struct projection *p, int diff, const knot_dname_t *owner, uint16_t type,
                      const uint8_t *rdata, uint16_t rdata_len, unsigned preference)
{
	return is_stopped(p) ? KNOT_ECONNABORTED
	                     : snapshot_table_change(p->table, diff, owner, type, rdata, rdata_len,
	                                             preference);
}

static int add_record(void *p, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
                      uint16_t rdata_len, unsigned preference)
{
	return put_record(p, 1, owner, type, rdata, rdata_len, preference);
}

static int drop_record(void *p, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
                       uint16_t rdata_len, unsigned preference)
{
	return put_record(p, -1, owner, type, rdata, rdata_len, preference);
}

/*! \brief Ends a run of records that went into the table. */
static void end_run(struct projection *p, int diff, int ret, const struct records_output *output)
{
	add_up(p, diff, output);
	if (ret != KNOT_EOK) {
		lose(p, ret);
	} else if (diff > 0 && p->octets > p->octets_max) {
		lose(p, KNOT_ESPACE);
	}
}

/*! \brief Counts for the limit what there is without one. */
static int count(const struct projection *p, struct limit *limit, int diff,
                 enum inventory_kind kind, const struct inventory_side *side)
{
	struct records_rules rules = p->rules;
	struct records_output output = { 0 };
	rules.task_max = RECORDS_TASK_MAX;
	int ret = records_of(&rules, kind, side, &output);
	(diff > 0 ? limit_add : limit_remove)(limit, kind, &output);
	return ret;
}

/*! \brief The same of the masters' records: as an agent's, they are what nobody can cut. */
static int count_masters(const struct projection *p, struct limit *limit, int diff,
                         const struct records_masters *masters)
{
	struct records_output output = { 0 };
	int ret = records_of_masters(&p->rules, masters, &output);
	(diff > 0 ? limit_add : limit_remove)(limit, INVENTORY_AGENT, &output);
	return ret;
}

static void put_side(struct projection *p, int diff, enum inventory_kind kind,
                     const struct inventory_side *side)
{
	struct records_output output = { .put = diff > 0 ? add_record : drop_record, .sink = p };
	if (p->is_fed) {
		int ret = records_of(&p->rules, kind, side, &output);
		if (ret == KNOT_EOK && p->limit != NULL) {
			ret = count(p, p->limit, diff, kind, side);
		}
		end_run(p, diff, ret, &output);
	}
}

static void put_masters(struct projection *p, int diff, const struct records_masters *masters)
{
	struct records_output output = { .put = diff > 0 ? add_record : drop_record, .sink = p };
	if (p->is_fed) {
		int ret = records_of_masters(&p->rules, masters, &output);
		if (ret == KNOT_EOK && p->limit != NULL) {
			ret = count_masters(p, p->limit, diff, masters);
		}
		end_run(p, diff, ret, &output);
	}
}

void projection_change(struct projection *p, const struct inventory_change *change)
{
	if (!p->is_fed) {
		return;
	}
	if (is_stopped(p)) {
		lose(p, KNOT_ECONNABORTED);
	}
	p->is_changed = true;
	put_side(p, -1, change->kind, &change->before);
	put_side(p, 1, change->kind, &change->after);
}

static void hear(void *ctx, const struct inventory_change *change)
{
	projection_change(ctx, change);
}

/*! \brief Puts other masters' records in place of those that are there. */
static int change_masters(struct projection *p, const struct records_masters *masters)
{
	if (p->masters != NULL && masters_equal(p->masters, masters)) {
		return KNOT_EOK;
	}
	p->is_changed = true;
	struct records_masters *copy = masters_copy(masters);
	if (copy == NULL) {
		lose(p, KNOT_ENOMEM);
		return KNOT_ENOMEM;
	}
	if (p->masters != NULL) {
		put_masters(p, -1, p->masters);
	}
	put_masters(p, 1, copy);
	free(p->masters);
	p->masters = copy;
	return p->is_fed ? KNOT_EOK : p->ret;
}

static int empty(struct projection *p, uint32_t ttl)
{
	free(p->masters);
	p->masters = NULL;
	p->loss = (struct records_loss){ 0 };
	p->octets = 0;
	if (p->table != NULL) {
		return snapshot_table_reset(p->table);
	}
	p->table = snapshot_table_new(p->rules.zone, ttl);
	if (p->table == NULL) {
		return KNOT_ENOMEM;
	}
	snapshot_table_set_stop(p->table, p->stop);
	return KNOT_EOK;
}

/*! \brief Makes the table what inventory and masters are. */
static int feed(struct projection *p, const struct inventory *inventory,
                const struct records_masters *masters, uint32_t ttl)
{
	int ret = empty(p, ttl);
	if (ret == KNOT_EOK) {
		p->is_fed = true;
		ret = change_masters(p, masters);
	}
	if (ret == KNOT_EOK) {
		inventory_walk(inventory, hear, p);
		ret = p->is_fed ? KNOT_EOK : p->ret;
	}
	return ret;
}

/*! \brief A walk that finds out what there is. */
struct measure {
	struct projection *projection;
	struct limit *limit;
	int ret;
};

static void measure_object(void *ctx, const struct inventory_change *change)
{
	struct measure *measure = ctx;
	if (is_stopped(measure->projection)) {
		measure->ret = KNOT_ECONNABORTED;
	}
	if (measure->ret == KNOT_EOK) {
		measure->ret = count(measure->projection, measure->limit, 1, change->kind,
		                     &change->after);
	}
}

/*! \brief Finds out what there is without a limit. */
static int find_all(struct projection *p, const struct inventory *inventory,
                    const struct records_masters *masters, struct limit *limit)
{
	struct measure measure = { .projection = p, .limit = limit };
	measure.ret = count_masters(p, limit, 1, masters);
	inventory_walk(inventory, measure_object, &measure);
	return measure.ret;
}

/*! \brief Makes the table what inventory and masters are, with such a limit that all fits. */
static int feed_limited(struct projection *p, const struct inventory *inventory,
                        const struct records_masters *masters, uint32_t ttl)
{
	struct limit *limit = calloc(1, sizeof(*limit));
	if (limit == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = find_all(p, inventory, masters, limit);
	if (ret == KNOT_EOK) {
		p->rules.task_max = limit_find(limit, p->octets_max);
		ret = feed(p, inventory, masters, ttl);
	}
	if (ret == KNOT_EOK && p->rules.task_max < RECORDS_TASK_MAX) {
		p->limit = limit;
	} else {
		free(limit);
	}
	return ret;
}

/*! \brief The same, at first without a limit if there may be no need for one. */
static int feed_within(struct projection *p, const struct inventory *inventory,
                       const struct records_masters *masters, uint32_t ttl)
{
	int ret = KNOT_ESPACE;
	if (p->ret != KNOT_ESPACE) {
		p->rules.task_max = RECORDS_TASK_MAX;
		ret = feed(p, inventory, masters, ttl);
	}
	return ret == KNOT_ESPACE ? feed_limited(p, inventory, masters, ttl) : ret;
}

/*! \brief Has all made anew if the limit that was set has to be another now. */
static void review_limit(struct projection *p, bool is_state)
{
	if (p->limit == NULL || (!p->is_changed && !is_state)) {
		return;
	}
	uint32_t task_max = limit_find(p->limit, p->octets_max);
	if (task_max < p->rules.task_max || (is_state && task_max > p->rules.task_max)) {
		lose(p, KNOT_ESPACE);
	}
}

int projection_commit(struct projection *p, const struct inventory *inventory,
                      const struct records_masters *masters, uint32_t ttl, bool is_state,
                      struct snapshot **out)
{
	*out = NULL;
	if (p->is_fed) {
		(void)change_masters(p, masters);
		review_limit(p, is_state);
	}
	int ret = p->is_fed ? KNOT_EOK : feed_within(p, inventory, masters, ttl);
	if (ret == KNOT_EOK) {
		snapshot_table_set_ttl(p->table, ttl);
		ret = snapshot_table_commit(p->table, out);
	}
	if (ret != KNOT_EOK) {
		lose(p, ret);
	}
	p->is_changed = false;
	return ret;
}

void projection_retire(struct projection *p, struct snapshot *snapshot)
{
	snapshot_table_retire(p->table, snapshot);
}
