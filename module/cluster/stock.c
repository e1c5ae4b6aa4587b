/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include <libknot/errcode.h>

#include "module/cluster/stock.h"

/*! \brief Objects between two looks at whether to stop. */
#define STEPS 1024

struct stock *stock_new(inventory_listener_f listener, void *ctx)
{
	struct stock *stock = calloc(1, sizeof(*stock));
	if (stock == NULL) {
		return NULL;
	}
	stock->inventory = inventory_new(listener, ctx);
	if (stock->inventory == NULL) {
		free(stock);
		return NULL;
	}
	stock->refs = 1;
	pthread_mutex_init(&stock->lock, NULL);
	return stock;
}

struct stock *stock_ref(struct stock *stock)
{
	if (stock != NULL) {
		__atomic_add_fetch(&stock->refs, 1, __ATOMIC_RELAXED);
	}
	return stock;
}

void stock_unref(struct stock *stock)
{
	if (stock != NULL && __atomic_sub_fetch(&stock->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		inventory_free(stock->inventory);
		pthread_mutex_destroy(&stock->lock);
		free(stock);
	}
}

/*! \brief One run of stock_copy(). */
struct copy {
	struct inventory *to;
	const atomic_bool *stop;
	unsigned steps;
	int ret;
};

static void copy_object(void *ctx, const struct inventory_change *change)
{
	struct copy *copy = ctx;
	if (++copy->steps % STEPS == 0 && atomic_load(copy->stop)) {
		copy->ret = KNOT_ECONNABORTED;
	}
	if (copy->ret != KNOT_EOK) {
		return;
	}
	const struct inventory_side *side = &change->after;
	switch (change->kind) {
	case INVENTORY_AGENT: copy->ret = inventory_agent_object(copy->to, side->agent); break;
	case INVENTORY_FRAMEWORK:
		copy->ret = inventory_framework_object(copy->to, side->framework);
		break;
	case INVENTORY_TASK: copy->ret = inventory_task_object(copy->to, side->task); break;
	}
}

int stock_copy(struct stock *to, struct stock *from, const atomic_bool *stop)
{
	struct copy copy = { .to = to->inventory, .stop = stop };
	pthread_mutex_lock(&from->lock);
	pthread_mutex_lock(&to->lock);
	inventory_begin(to->inventory);
	inventory_walk(from->inventory, copy_object, &copy);
	if (copy.ret == KNOT_EOK) {
		copy.ret = inventory_commit(to->inventory);
	} else {
		inventory_abort(to->inventory);
	}
	if (copy.ret == KNOT_EOK) {
		to->leader = from->leader;
	}
	pthread_mutex_unlock(&to->lock);
	pthread_mutex_unlock(&from->lock);
	return copy.ret;
}

static int take_agent(void *ctx, const struct agent_object *agent)
{
	struct stock *stock = ctx;
	pthread_mutex_lock(&stock->lock);
	int ret = inventory_agent_object(stock->inventory, agent);
	pthread_mutex_unlock(&stock->lock);
	return ret;
}

static int take_framework(void *ctx, const struct framework_object *framework)
{
	struct stock *stock = ctx;
	pthread_mutex_lock(&stock->lock);
	int ret = inventory_framework_object(stock->inventory, framework);
	pthread_mutex_unlock(&stock->lock);
	return ret;
}

static int take_task(void *ctx, const struct task_object *task)
{
	struct stock *stock = ctx;
	pthread_mutex_lock(&stock->lock);
	int ret = inventory_task_object(stock->inventory, task);
	pthread_mutex_unlock(&stock->lock);
	return ret;
}

static size_t expect_text(void *ctx, struct text framework)
{
	struct stock *stock = ctx;
	pthread_mutex_lock(&stock->lock);
	size_t len = inventory_expect_text(stock->inventory, framework);
	pthread_mutex_unlock(&stock->lock);
	return len;
}

static bool know_text(void *ctx, struct text text)
{
	struct stock *stock = ctx;
	pthread_mutex_lock(&stock->lock);
	bool is_known = inventory_know_text(stock->inventory, text);
	pthread_mutex_unlock(&stock->lock);
	return is_known;
}

static void keep_text(void *ctx, struct text text)
{
	struct stock *stock = ctx;
	pthread_mutex_lock(&stock->lock);
	inventory_keep_text(stock->inventory, text);
	pthread_mutex_unlock(&stock->lock);
}

const struct objects_sink stock_sink = {
	.agent = take_agent,
	.framework = take_framework,
	.task = take_task,
	.expect_text = expect_text,
	.know_text = know_text,
	.keep_text = keep_text,
};

void stock_read_anew(struct stock *stock)
{
	pthread_mutex_lock(&stock->lock);
	inventory_read_anew(stock->inventory);
	pthread_mutex_unlock(&stock->lock);
}

void stock_begin(void *ctx)
{
	struct stock *stock = ctx;
	pthread_mutex_lock(&stock->lock);
	inventory_begin(stock->inventory);
	pthread_mutex_unlock(&stock->lock);
}

void stock_abort(void *ctx)
{
	struct stock *stock = ctx;
	pthread_mutex_lock(&stock->lock);
	inventory_abort(stock->inventory);
	pthread_mutex_unlock(&stock->lock);
}

void stock_expect(struct stock *stock)
{
	pthread_mutex_lock(&stock->lock);
	inventory_expect(stock->inventory);
	pthread_mutex_unlock(&stock->lock);
}

void stock_forget(struct stock *stock)
{
	pthread_mutex_lock(&stock->lock);
	inventory_forget(stock->inventory);
	pthread_mutex_unlock(&stock->lock);
}

void stock_disown(struct stock *stock)
{
	pthread_mutex_lock(&stock->lock);
	inventory_disown(stock->inventory);
	pthread_mutex_unlock(&stock->lock);
}

int stock_event(struct stock *stock, const struct event *event, struct inventory_news *news)
{
	pthread_mutex_lock(&stock->lock);
	int ret = inventory_event(stock->inventory, event, news);
	pthread_mutex_unlock(&stock->lock);
	return ret;
}
