/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/state/task_read.h"

void task_reader_init(struct task_reader *r, struct arena *arena)
{
	state_task_init(&r->builder, arena);
}

void task_reader_want(struct task_reader *r, const struct wants *wants,
                      struct task_details *details)
{
	r->builder.wants = wants;
	r->builder.details = wants_of_tasks(wants) ? details : NULL;
}

void task_reader_begin(struct task_reader *r)
{
	state_task_begin(&r->builder);
	r->has_state = false;
}

static bool has_room(const struct vector *list)
{
	return list->count < OBJECT_LIST_MAX;
}

/*! \brief False if what comes at a place of a list would be cut from the object anyway. */
static bool is_of_use(const struct task_reader *r, unsigned place)
{
	const struct state_task_builder *b = &r->builder;
	switch (place) {
	case PORT:
	case PORT_NAME:
	case PORT_PROTOCOL: return has_room(&b->ports);
	case STATUS_NETWORK_INFO:
	case STATUS_IP_ADDRESS_INFO: return has_room(&b->status->netinfo);
	case STATUS_LABEL: return b->label == NULL || has_room(b->label);
	default: return true;
	}
}

void task_reader_object(struct task_reader *r, unsigned place)
{
	state_task_object(&r->builder, place);
}

int task_reader_object_end(struct task_reader *r, unsigned place)
{
	return is_of_use(r, place) ? state_task_object_end(&r->builder, place) : KNOT_EOK;
}

int task_reader_string(struct task_reader *r, unsigned place, struct text text)
{
	if (place == TASK_STATE) {
		r->life = task_state_life(task_state(text));
		r->has_state = true;
	}
	return is_of_use(r, place) ? state_task_string(&r->builder, place, text) : KNOT_EOK;
}

void task_reader_number(struct task_reader *r, unsigned place, double number)
{
	state_task_number(&r->builder, place, number);
}

/*! \brief Which of the builder's statuses is being read. */
static unsigned status_index(const struct state_task_builder *b)
{
	return (unsigned)(b->status - b->statuses);
}

void task_reader_wanted_object(struct task_reader *r, unsigned place)
{
	const struct state_task_builder *b = &r->builder;
	if (b->details == NULL) {
		return;
	}
	switch (place) {
	case TASK: details_begin(b->details, b->wants); break;
	case STATUS: details_begin_status(b->details, status_index(b)); break;
	case STATUS_NETWORK_INFO:
		details_begin_network(b->details, b->status->netinfo.count);
		break;
	default: details_object(b->details, place); break;
	}
}

int task_reader_wanted_object_end(struct task_reader *r, unsigned place)
{
	struct state_task_builder *b = &r->builder;
	if (b->details == NULL) {
		return KNOT_EOK;
	}
	switch (place) {
	case STATUS: return details_end_status(b->details, status_index(b), &b->status->netinfo);
	case STATUS_NETWORK_INFO:
		return details_end_network(b->details, status_index(b), b->status->netinfo.count);
	default: return details_object_end(b->details, place);
	}
}

int task_reader_wanted_string(struct task_reader *r, unsigned place, struct text text)
{
	return r->builder.details != NULL ? details_string(r->builder.details, place, text)
	                                  : KNOT_EOK;
}

void task_reader_free(struct task_reader *r)
{
	state_task_free(&r->builder);
}
