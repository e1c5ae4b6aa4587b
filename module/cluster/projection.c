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
	own_names_free(&p->names);
	p->table = NULL;
	p->masters = NULL;
}

/*! \brief Notes that the table does not have all any more. */
static void lose(struct projection *p, int ret)
{
	p->is_fed = false;
	p->ret = ret;
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

/*! \brief A task comes that has chosen a name, or (\a diff is -1) goes. */
static bool choose(struct projection *p, const struct name *name, int diff)
{
	int ret = KNOT_EOK;
	bool is_free = own_names_choose(&p->names, name, diff, &ret);
	if (ret != KNOT_EOK) {
		lose(p, ret);
	}
	return is_free;
}

static bool choose_more(void *p, const struct name *name)
{
	return choose(p, name, 1);
}

static bool choose_less(void *p, const struct name *name)
{
	return choose(p, name, -1);
}

static bool may_choose(void *p, const struct name *name)
{
	return choose(p, name, 0);
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

static void put_side(struct projection *p, int diff, enum inventory_kind kind,
                     const struct inventory_side *side)
{
	struct records_output output = {
		.put = diff > 0 ? add_record : drop_record,
		.sink = p,
		.choose = diff > 0 ? choose_more : choose_less,
	};
	if (p->is_fed) {
		int ret = records_of(&p->rules, kind, side, &output);
		end_run(p, diff, ret, &output);
	}
}

static void put_masters(struct projection *p, int diff, const struct records_masters *masters)
{
	struct records_output output = { .put = diff > 0 ? add_record : drop_record, .sink = p };
	if (p->is_fed) {
		int ret = records_of_masters(&p->rules, masters, &output);
		end_run(p, diff, ret, &output);
	}
}

void projection_forget(struct projection *p)
{
	p->is_fed = false;
	p->ret = KNOT_EOK;
}

static bool has_formats(const struct projection *p)
{
	return p->rules.formats_count > 0 && !p->rules.reverse;
}

/*! \brief Counts a framework that has a name of its own, or (\a diff is -1) had it. */
static int count_own_name(struct projection *p, const struct framework_object *framework, int diff)
{
	struct name name;
	if (framework == NULL || !records_own_name(&p->rules, framework, &name)) {
		return KNOT_EOK;
	}
	return own_names_count(&p->names, &name, diff);
}

static void change_own_names(struct projection *p, const struct inventory_change *change)
{
	int ret = count_own_name(p, change->before.framework, -1);
	if (ret == KNOT_EOK) {
		ret = count_own_name(p, change->after.framework, 1);
	}
	if (ret != KNOT_EOK) {
		lose(p, ret);
	}
}

void projection_change(struct projection *p, const struct inventory_change *change)
{
	if (!p->is_fed) {
		return;
	}
	if (has_formats(p) && change->kind == INVENTORY_FRAMEWORK) {
		change_own_names(p, change);
	}
	if (is_stopped(p)) {
		lose(p, KNOT_ECONNABORTED);
	}
	p->is_changed = true;
	put_side(p, -1, change->kind, &change->before);
	put_side(p, 1, change->kind, &change->after);
}

/*! \brief Adds an object when all begins anew. */
static void add_object(void *ctx, const struct inventory_change *change)
{
	struct projection *p = ctx;
	if (p->is_fed && is_stopped(p)) {
		lose(p, KNOT_ECONNABORTED);
	}
	put_side(p, 1, change->kind, &change->after);
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
	own_names_forget_chosen(&p->names);
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
		inventory_walk(inventory, add_object, p);
		ret = p->is_fed ? KNOT_EOK : p->ret;
	}
	return ret;
}

/*! \brief A walk that finds out what there is. */
struct measure {
	struct projection *projection;
	struct records_rules rules; /*!< Without a limit. */
	struct limit *limit;
	int ret;
};

static void measure_object(void *ctx, const struct inventory_change *change)
{
	struct measure *measure = ctx;
	struct records_output output = { .sink = measure->projection, .choose = may_choose };
	if (is_stopped(measure->projection)) {
		measure->ret = KNOT_ECONNABORTED;
	}
	if (measure->ret == KNOT_EOK) {
		measure->ret = records_of(&measure->rules, change->kind, &change->after, &output);
		limit_add(measure->limit, change->kind, &output);
	}
}

/*! \brief Finds the most records of a task with which all fit. */
static int find_limit(struct projection *p, const struct inventory *inventory,
                      const struct records_masters *masters, uint32_t *task_max)
{
	struct measure measure = {
		.projection = p,
		.rules = p->rules,
		.limit = calloc(1, sizeof(*measure.limit)),
	};
	if (measure.limit == NULL) {
		return KNOT_ENOMEM;
	}
	struct records_output output = { 0 };
	measure.rules.task_max = RECORDS_TASK_MAX;
	measure.ret = records_of_masters(&measure.rules, masters, &output);
	/* As an agent's, they are what nobody can cut. */
	limit_add(measure.limit, INVENTORY_AGENT, &output);
	inventory_walk(inventory, measure_object, &measure);
	*task_max = limit_find(measure.limit, p->octets_max);
	free(measure.limit);
	return measure.ret;
}

/*! \brief Takes note of the name of a framework when all begins anew. */
static void add_own_name(void *ctx, const struct inventory_change *change)
{
	struct projection *p = ctx;
	if (change->kind == INVENTORY_FRAMEWORK && p->ret == KNOT_EOK) {
		p->ret = count_own_name(p, change->after.framework, 1);
	}
}

/*! \brief Finds out which names are frameworks' own, before any task makes records. */
static int find_own_names(struct projection *p, const struct inventory *inventory)
{
	own_names_free(&p->names);
	if (!has_formats(p)) {
		return KNOT_EOK;
	}
	int before = p->ret;
	p->ret = KNOT_EOK;
	inventory_walk(inventory, add_own_name, p);
	own_names_settle(&p->names);
	int ret = p->ret;
	p->ret = before;
	return ret;
}

/*! \brief True, in \a sink, if a task has chosen a name that has become a framework's, or was. */
struct search {
	struct projection *projection;
	bool is_found;
};

static bool search_name(void *sink, const struct name *name)
{
	struct search *search = sink;
	search->is_found |= own_names_is_other(&search->projection->names, name);
	return true;
}

/*! \brief Makes a task's records anew if it may have a name now, or may not any more. */
static void settle_task(void *ctx, const struct inventory_change *change)
{
	struct projection *p = ctx;
	struct search search = { .projection = p };
	struct records_output output = { .sink = &search,
		                         .choose = search_name,
		                         .names_only = true };
	if (change->kind != INVENTORY_TASK || !p->is_fed) {
		return;
	}
	if (is_stopped(p)) {
		lose(p, KNOT_ECONNABORTED);
		return;
	}
	int ret = records_of(&p->rules, change->kind, &change->after, &output);
	if (ret != KNOT_EOK) {
		lose(p, ret);
	} else if (search.is_found) {
		put_side(p, -1, change->kind, &change->after);
		p->names.is_settling = true;
		put_side(p, 1, change->kind, &change->after);
		p->names.is_settling = false;
	}
}

/*! \brief Has tasks' names give way to frameworks', and come back when those have gone. */
static void settle_names(struct projection *p, const struct inventory *inventory)
{
	if (own_names_concern(&p->names)) {
		inventory_walk(inventory, settle_task, p);
	}
	own_names_settle(&p->names);
}

/*! \brief Makes the table what inventory and masters are, with such a limit that all fits. */
static int feed_within(struct projection *p, const struct inventory *inventory,
                       const struct records_masters *masters, uint32_t ttl)
{
	int ret = find_own_names(p, inventory);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = KNOT_ESPACE;
	if (p->ret != KNOT_ESPACE) {
		p->rules.task_max = RECORDS_TASK_MAX;
		ret = feed(p, inventory, masters, ttl);
	}
	if (ret == KNOT_ESPACE) {
		ret = find_limit(p, inventory, masters, &p->rules.task_max);
		if (ret == KNOT_EOK) {
			ret = feed(p, inventory, masters, ttl);
		}
	}
	return ret;
}

/*! \brief Has all made anew if the limit that was set has to be another now. */
static void review_limit(struct projection *p, const struct inventory *inventory,
                         const struct records_masters *masters)
{
	if (!p->is_fed || !p->is_changed || p->rules.task_max == RECORDS_TASK_MAX) {
		return;
	}
	uint32_t task_max;
	int ret = find_limit(p, inventory, masters, &task_max);
	if (ret != KNOT_EOK || task_max != p->rules.task_max) {
		lose(p, ret == KNOT_EOK ? KNOT_ESPACE : ret);
	}
}

int projection_commit(struct projection *p, const struct inventory *inventory,
                      const struct records_masters *masters, uint32_t ttl, struct snapshot **out)
{
	*out = NULL;
	if (p->is_fed) {
		(void)change_masters(p, masters);
		settle_names(p, inventory);
		review_limit(p, inventory, masters);
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
