/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/base/util.h"
#include "module/cluster/masters_copy.h"
#include "module/cluster/projection_private.h"

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
	free(p->limit);
	p->limit = NULL;
	p->table = NULL;
	p->masters = NULL;
}

void projection_lose(struct projection *p, int ret)
{
	p->is_fed = false;
	p->ret = ret;
	free(p->limit);
	p->limit = NULL;
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
	return projection_is_stopped(p) ? KNOT_ECONNABORTED
	                                : snapshot_table_change(p->table, diff, owner, type, rdata,
	                                                        rdata_len, preference);
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
		projection_lose(p, ret);
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
		projection_lose(p, ret);
	} else if (diff > 0 && p->octets > p->octets_max) {
		projection_lose(p, KNOT_ESPACE);
	}
}

int projection_count(struct projection *p, struct limit *limit, int diff, enum inventory_kind kind,
                     const struct inventory_side *side)
{
	struct records_rules rules = p->rules;
	struct records_output output = { .sink = p, .choose = may_choose };
	rules.task_max = RECORDS_TASK_MAX;
	int ret = records_of(&rules, kind, side, &output);
	(diff > 0 ? limit_add : limit_remove)(limit, kind, &output);
	return ret;
}

int projection_count_masters(const struct projection *p, struct limit *limit, int diff,
                             const struct records_masters *masters)
{
	struct records_output output = { 0 };
	int ret = records_of_masters(&p->rules, masters, &output);
	(diff > 0 ? limit_add : limit_remove)(limit, INVENTORY_AGENT, &output);
	return ret;
}

void projection_put(struct projection *p, int diff, enum inventory_kind kind,
                    const struct inventory_side *side)
{
	struct records_output output = {
		.put = diff > 0 ? add_record : drop_record,
		.sink = p,
		.choose = diff > 0 ? choose_more : choose_less,
	};
	if (p->is_fed) {
		int ret = records_of(&p->rules, kind, side, &output);
		if (ret == KNOT_EOK && p->limit != NULL) {
			ret = projection_count(p, p->limit, diff, kind, side);
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
			ret = projection_count_masters(p, p->limit, diff, masters);
		}
		end_run(p, diff, ret, &output);
	}
}

void projection_forget(struct projection *p)
{
	projection_lose(p, KNOT_EOK);
}

bool projection_has_formats(const struct projection *p)
{
	return p->rules.formats_count > 0 && !p->rules.reverse;
}

int projection_count_own_name(struct projection *p, const struct framework_object *framework,
                              int diff)
{
	struct name name;
	if (framework == NULL || !records_own_name(&p->rules, framework, &name)) {
		return KNOT_EOK;
	}
	return own_names_count(&p->names, &name, diff);
}

static void change_own_names(struct projection *p, const struct inventory_change *change)
{
	int ret = projection_count_own_name(p, change->before.framework, -1);
	if (ret == KNOT_EOK) {
		ret = projection_count_own_name(p, change->after.framework, 1);
	}
	if (ret != KNOT_EOK) {
		projection_lose(p, ret);
	}
}

void projection_change(struct projection *p, const struct inventory_change *change)
{
	if (!p->is_fed) {
		return;
	}
	if (projection_has_formats(p) && change->kind == INVENTORY_FRAMEWORK) {
		change_own_names(p, change);
	}
	if (projection_is_stopped(p)) {
		projection_lose(p, KNOT_ECONNABORTED);
	}
	p->is_changed = true;
	projection_put(p, -1, change->kind, &change->before);
	projection_put(p, 1, change->kind, &change->after);
}

int projection_change_masters(struct projection *p, const struct records_masters *masters)
{
	if (p->masters != NULL && masters_equal(p->masters, masters)) {
		return KNOT_EOK;
	}
	p->is_changed = true;
	struct records_masters *copy = masters_copy(masters);
	if (copy == NULL) {
		projection_lose(p, KNOT_ENOMEM);
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
