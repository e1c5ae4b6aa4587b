/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "module/cluster/projection_private.h"

/*! \brief Adds an object when all begins anew. */
static void add_object(void *ctx, const struct inventory_change *change)
{
	struct projection *p = ctx;
	if (p->is_fed && projection_is_stopped(p)) {
		projection_lose(p, KNOT_ECONNABORTED);
	}
	projection_put(p, 1, change->kind, &change->after);
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
		ret = projection_change_masters(p, masters);
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
	struct limit *limit;
	int ret;
};

static void measure_object(void *ctx, const struct inventory_change *change)
{
	struct measure *measure = ctx;
	if (projection_is_stopped(measure->projection)) {
		measure->ret = KNOT_ECONNABORTED;
	}
	if (measure->ret == KNOT_EOK) {
		measure->ret = projection_count(measure->projection, measure->limit, 1,
		                                change->kind, &change->after);
	}
}

/*! \brief Finds out what there is without a limit. */
static int find_all(struct projection *p, const struct inventory *inventory,
                    const struct records_masters *masters, struct limit *limit)
{
	struct measure measure = { .projection = p, .limit = limit };
	measure.ret = projection_count_masters(p, limit, 1, masters);
	inventory_walk(inventory, measure_object, &measure);
	return measure.ret;
}

/*! \brief Takes note of the name of a framework when all begins anew. */
static void add_own_name(void *ctx, const struct inventory_change *change)
{
	struct projection *p = ctx;
	if (change->kind == INVENTORY_FRAMEWORK && p->ret == KNOT_EOK) {
		p->ret = projection_count_own_name(p, change->after.framework, 1);
	}
}

/*! \brief Finds out which names are frameworks' own, before any task makes records. */
static int find_own_names(struct projection *p, const struct inventory *inventory)
{
	own_names_free(&p->names);
	if (!projection_has_formats(p)) {
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
	if (projection_is_stopped(p)) {
		projection_lose(p, KNOT_ECONNABORTED);
		return;
	}
	int ret = records_of(&p->rules, change->kind, &change->after, &output);
	if (ret != KNOT_EOK) {
		projection_lose(p, ret);
	} else if (search.is_found) {
		projection_put(p, -1, change->kind, &change->after);
		p->names.is_settling = true;
		projection_put(p, 1, change->kind, &change->after);
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
	int ret = find_own_names(p, inventory);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = KNOT_ESPACE;
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
		projection_lose(p, KNOT_ESPACE);
	}
}

int projection_commit(struct projection *p, const struct inventory *inventory,
                      const struct records_masters *masters, uint32_t ttl, bool is_state,
                      struct snapshot **out)
{
	*out = NULL;
	if (p->is_fed) {
		(void)projection_change_masters(p, masters);
		settle_names(p, inventory);
		review_limit(p, is_state);
	}
	int ret = p->is_fed ? KNOT_EOK : feed_within(p, inventory, masters, ttl);
	if (ret == KNOT_EOK) {
		snapshot_table_set_ttl(p->table, ttl);
		ret = snapshot_table_commit(p->table, out);
	}
	if (ret != KNOT_EOK) {
		projection_lose(p, ret);
	}
	p->is_changed = false;
	return ret;
}

void projection_retire(struct projection *p, struct snapshot *snapshot)
{
	snapshot_table_retire(p->table, snapshot);
}
