/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/state/event.h"
#include "module/state/event_path.h"
#include "module/state/task_read.h"
#include "module/state/wanted_places.h"
#include "module/base/util.h"

/*! \brief A resource that is being read (Mesos: v1 `Resource`). */
struct resource_reader {
	bool is_ports;
	bool is_revocable;
	size_t first; /*!< Where its ranges begin among the task's. */
	double begin; /*!< Of the range being read; -1 if not given. */
	double end;
};

struct event_parser {
	struct json_parser *json;
	struct arena arena;      /*!< Texts of the record. */
	struct arena_mark empty; /*!< The arena without any, but with its first block. */
	struct wanted_places places;
	struct json_handler handler;
	struct wants *wants; /*!< A reference; NULL if nothing is wanted beyond the rest. */
	struct wants *next;  /*!< The same of the next record. */
	bool has_begun;      /*!< A part of the record has come. */

	enum event_kind type; /*!< What `type` says. */
	enum event_kind body; /*!< What the last body was for, if there is any. */
	unsigned bodies;      /*!< Number of bodies, of whatever kinds. */
	double heartbeat;
	struct text framework_id;
	struct framework_parts framework;
	struct text agent_id;
	struct text agent_host;
	uint16_t agent_port;
	struct task_reader task;
	struct resource_reader resource;
	struct task_details task_details;
	struct agent_details agent_details;
	struct state_pair attribute; /*!< The one being read. */
	struct arena_mark before;    /*!< The arena before it. */
	struct role_details role;
	struct object_writer writer;
};

/*! \brief Types and the places of their bodies. */
static const struct {
	struct text type;
	uint8_t body; /*!< NOWHERE if it has none that counts. */
} kinds[EVENT_KINDS] = {
	[EVENT_SUBSCRIBED] = { { "SUBSCRIBED", 10 }, SUBSCRIBED_BODY },
	[EVENT_HEARTBEAT] = { { "HEARTBEAT", 9 }, NOWHERE },
	[EVENT_TASK_ADDED] = { { "TASK_ADDED", 10 }, TASK_ADDED_BODY },
	[EVENT_TASK_UPDATED] = { { "TASK_UPDATED", 12 }, TASK_UPDATED_BODY },
	[EVENT_FRAMEWORK_ADDED] = { { "FRAMEWORK_ADDED", 15 }, FRAMEWORK_ADDED_BODY },
	[EVENT_FRAMEWORK_UPDATED] = { { "FRAMEWORK_UPDATED", 17 }, FRAMEWORK_UPDATED_BODY },
	[EVENT_FRAMEWORK_REMOVED] = { { "FRAMEWORK_REMOVED", 17 }, FRAMEWORK_REMOVED_BODY },
	[EVENT_AGENT_ADDED] = { { "AGENT_ADDED", 11 }, AGENT_ADDED_BODY },
	[EVENT_AGENT_REMOVED] = { { "AGENT_REMOVED", 13 }, AGENT_REMOVED_BODY },
};

static enum event_kind kind_of_type(struct text type)
{
	for (unsigned kind = EVENT_SUBSCRIBED; kind < EVENT_KINDS; kind++) {
		if (text_equal(kinds[kind].type, type)) {
			return kind;
		}
	}
	return EVENT_OTHER;
}

static void begin_body(struct event_parser *p, unsigned place)
{
	for (unsigned kind = EVENT_SUBSCRIBED; kind < EVENT_KINDS; kind++) {
		if (kinds[kind].body == place) {
			p->body = kind;
			p->bodies++;
		}
	}
}

static int on_begin(void *ctx, unsigned place)
{
	struct event_parser *p = ctx;
	switch (place) {
	case TASK: task_reader_begin(&p->task); break;
	case TASK_UPDATED_BODY:
		task_reader_begin(&p->task);
		begin_body(p, place);
		break;
	case RESOURCE:
		p->resource = (struct resource_reader){ .first = p->task.builder.ranges.count };
		break;
	case RESOURCE_REVOCABLE: p->resource.is_revocable = true; break;
	case RANGE: p->resource.begin = p->resource.end = -1; break;
	case UPDATED_STATUS: task_reader_object(&p->task, STATUS); break;
	default:
		begin_body(p, place);
		task_reader_object(&p->task, place);
		break;
	}
	return KNOT_EOK;
}

static int add_range(struct event_parser *p)
{
	const struct resource_reader *r = &p->resource;
	struct vector *ranges = &p->task.builder.ranges;
	/* Written so that what is no number of a port fails. */
	bool valid = r->begin >= 0 && r->end >= r->begin && r->end <= UINT16_MAX;
	if (!valid || ranges->count - r->first >= OBJECT_LIST_MAX) {
		return KNOT_EOK;
	}
	struct state_port_range *range = vector_push(ranges, &p->arena);
	if (range == NULL) {
		return arena_error(&p->arena);
	}
	*range = (struct state_port_range){ (uint16_t)r->begin, (uint16_t)r->end };
	return KNOT_EOK;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct state_port_range *x = a, *y = b;
	return (int)x->first - (int)y->first;
}

/*! \brief Joins the ranges of all resources as a state shows them (Mesos: `Value::Ranges`). */
static void join_ranges(struct vector *ranges)
{
	struct state_port_range *list = ranges->data;
	if (ranges->count == 0) {
		return;
	}
	qsort(list, ranges->count, sizeof(*list), compare_ranges);
	size_t last = 0;
	for (size_t i = 1; i < ranges->count; i++) {
		if (list[i].first > list[last].last + 1) {
			list[++last] = list[i];
		} else if (list[i].last > list[last].last) {
			list[last].last = list[i].last;
		}
	}
	ranges->count = last + 1;
}

/*! \brief Ends a resource: the ranges of other things than ports go again. */
static void end_resource(struct event_parser *p)
{
	const struct resource_reader *r = &p->resource;
	struct vector *ranges = &p->task.builder.ranges;
	if (!r->is_ports || r->is_revocable) {
		ranges->count = r->first;
	} else if (ranges->count > OBJECT_LIST_MAX) {
		join_ranges(ranges);
		ranges->count = MIN(ranges->count, OBJECT_LIST_MAX);
	}
}

static int on_end(void *ctx, unsigned place)
{
	struct event_parser *p = ctx;
	switch (place) {
	case TASK: join_ranges(&p->task.builder.ranges); return KNOT_EOK;
	case RANGE: return add_range(p);
	case RESOURCE: end_resource(p); return KNOT_EOK;
	case UPDATED_STATUS: return task_reader_object_end(&p->task, STATUS);
	default: return task_reader_object_end(&p->task, place);
	}
}

static int read_pid(struct event_parser *p, struct text pid)
{
	struct text host;
	p->agent_host = (struct text){ 0 };
	p->agent_port = 0;
	return pid_parse(pid, &host, &p->agent_port) ? text_copy(&p->arena, host, &p->agent_host)
	                                             : KNOT_EOK;
}

static int on_string(void *ctx, unsigned place, struct text text)
{
	struct event_parser *p = ctx;
	switch (place) {
	case EVENT_TYPE: p->type = kind_of_type(text); return KNOT_EOK;
	case SLAVE_ID: return text_copy(&p->arena, text, &p->agent_id);
	case SLAVE_PID: return read_pid(p, text);
	case FRAMEWORK_ID: return text_copy(&p->arena, text, &p->framework.id);
	case FRAMEWORK_NAME: return text_copy(&p->arena, text, &p->framework.name);
	case FRAMEWORK_HOSTNAME: return text_copy(&p->arena, text, &p->framework.hostname);
	case TASK_FRAMEWORK_ID_VALUE: return text_copy(&p->arena, text, &p->framework_id);
	case RESOURCE_NAME: p->resource.is_ports = TEXT_IS(text, "ports"); return KNOT_EOK;
	default: return task_reader_string(&p->task, place, text);
	}
}

static int on_number(void *ctx, unsigned place, double number)
{
	struct event_parser *p = ctx;
	switch (place) {
	case HEARTBEAT_INTERVAL: p->heartbeat = number; break;
	case FRAMEWORK_RECOVERED: p->framework.recovered = number != 0; break;
	case RANGE_BEGIN: p->resource.begin = number; break;
	case RANGE_END: p->resource.end = number; break;
	default: task_reader_number(&p->task, place, number); break;
	}
	return KNOT_EOK;
}

/*! \brief The place of a task or status, whose ends and beginnings an update has by other names. */
static unsigned common_place(unsigned place)
{
	switch (place) {
	case TASK_UPDATED_BODY: return TASK;
	case UPDATED_STATUS: return STATUS;
	default: return place;
	}
}

static int on_wanted_begin(void *ctx, unsigned place)
{
	struct event_parser *p = ctx;
	int ret = on_begin(ctx, place);
	if (place == AGENT_ATTRIBUTE) {
		p->before = arena_mark(&p->arena);
		p->attribute = (struct state_pair){ 0 };
	}
	task_reader_wanted_object(&p->task, common_place(place));
	return ret;
}

static int end_attribute(struct event_parser *p)
{
	if (details_count(&p->agent_details.attributes, &p->attribute)) {
		return details_add(&p->agent_details.attributes, &p->arena, &p->attribute);
	}
	arena_rewind(&p->arena, p->before);
	return KNOT_EOK;
}

static int on_wanted_end(void *ctx, unsigned place)
{
	struct event_parser *p = ctx;
	unsigned common = common_place(place);
	int ret = KNOT_EOK;
	if (common == STATUS) {
		ret = task_reader_wanted_object_end(&p->task, common);
		return ret == KNOT_EOK ? on_end(ctx, place) : ret;
	}
	ret = place == AGENT_ATTRIBUTE ? end_attribute(p) : on_end(ctx, place);
	return ret == KNOT_EOK ? task_reader_wanted_object_end(&p->task, common) : ret;
}

/*! \brief Reads what is not always wanted. */
static int read_wanted(struct event_parser *p, unsigned place, struct text text)
{
	uint32_t index;
	switch (place) {
	case SLAVE_HOSTNAME: return text_copy(&p->arena, text, &p->agent_details.hostname);
	case AGENT_ATTRIBUTE_NAME:
		index = wants_find(p->wants, WANTS_ATTRIBUTES, text);
		if (index != WANTS_NONE) {
			p->attribute.key = p->wants->keys[WANTS_ATTRIBUTES].list[index];
		}
		return KNOT_EOK;
	case AGENT_ATTRIBUTE_VALUE:
		return details_is_text(text) ? text_copy(&p->arena, text, &p->attribute.value)
		                             : KNOT_EOK;
	case FRAMEWORK_ROLE: return details_role(&p->role, &p->arena, text);
	case FRAMEWORK_ROLES_ROLE: return details_listed_role(&p->role, &p->arena, text);
	default: return task_reader_wanted_string(&p->task, place, text);
	}
}

static int on_wanted_string(void *ctx, unsigned place, struct text text)
{
	int ret = on_string(ctx, place, text);
	return ret == KNOT_EOK ? read_wanted(ctx, place, text) : ret;
}

/*! \brief Reads what is wanted next from now on; no record has begun. */
static void use_wants(struct event_parser *p)
{
	if (p->wants == p->next) {
		return;
	}
	wants_unref(p->wants);
	p->wants = wants_ref(p->next);
	wanted_event_places(&p->places, p->wants);
	task_reader_want(&p->task, p->wants, &p->task_details);
	bool wanted = p->wants != NULL;
	p->handler.begin = wanted ? on_wanted_begin : on_begin;
	p->handler.end = wanted ? on_wanted_end : on_end;
	p->handler.string = wanted ? on_wanted_string : on_string;
}

void event_parser_want(struct event_parser *p, struct wants *wants)
{
	struct wants *before = p->next;
	p->next = wants_ref(wants);
	if (!p->has_begun) {
		use_wants(p);
	}
	wants_unref(before);
}

static void begin_record(struct event_parser *p)
{
	json_parser_reset(p->json);
	arena_rewind(&p->arena, p->empty);
	p->has_begun = false;
	use_wants(p);
	p->agent_details.hostname = (struct text){ 0 };
	p->agent_details.attributes.count = 0;
	p->role = (struct role_details){ 0 };
	p->type = EVENT_OTHER;
	p->bodies = 0;
	p->heartbeat = 0;
	p->framework_id = (struct text){ 0 };
	p->framework = (struct framework_parts){ 0 };
	p->agent_id = (struct text){ 0 };
	p->agent_host = (struct text){ 0 };
	p->agent_port = 0;
	task_reader_begin(&p->task);
}

struct event_parser *event_parser_new(void)
{
	struct event_parser *p = calloc(1, sizeof(*p));
	if (p == NULL) {
		return NULL;
	}
	wanted_event_places(&p->places, NULL);
	p->handler = (struct json_handler){
		.places = p->places.places,
		.begin = on_begin,
		.end = on_end,
		.string = on_string,
		.number = on_number,
	};
	arena_init(&p->arena, STATE_MEMORY_MAX);
	task_reader_init(&p->task, &p->arena);
	details_init(&p->task_details, &p->arena);
	p->agent_details.attributes.item = sizeof(struct state_pair);
	p->json = json_parser_new(&p->handler, p);
	if (p->json == NULL || arena_alloc(&p->arena, 0, 1) == NULL) {
		event_parser_free(p);
		return NULL;
	}
	p->empty = arena_mark(&p->arena);
	begin_record(p);
	return p;
}

int event_parser_feed(struct event_parser *p, const char *data, size_t len)
{
	p->has_begun = true;
	return json_parser_feed(p->json, data, len);
}

/*! \brief True if the body has what its kind takes. */
static bool is_whole(const struct event_parser *p)
{
	const struct task_reader *task = &p->task;
	switch (p->type) {
	case EVENT_TASK_ADDED:
	case EVENT_TASK_UPDATED:
		return task->has_state && task->builder.task.id.len > 0 &&
		       p->framework_id.len > 0 &&
		       (p->type == EVENT_TASK_UPDATED || task->builder.agent_id_len > 0);
	case EVENT_FRAMEWORK_ADDED:
	case EVENT_FRAMEWORK_UPDATED:
	case EVENT_FRAMEWORK_REMOVED: return p->framework.id.len > 0;
	default: return p->agent_id.len > 0;
	}
}

static const struct object *write_object(struct event_parser *p)
{
	switch (p->type) {
	case EVENT_TASK_ADDED:
	case EVENT_TASK_UPDATED:
		return object_write_task(&p->writer, &p->task.builder, p->framework_id,
		                         p->task.life);
	case EVENT_AGENT_ADDED:
	case EVENT_AGENT_REMOVED:
		return object_write_detailed_agent(&p->writer, p->agent_id, p->agent_host,
		                                   p->agent_port, p->type == EVENT_AGENT_ADDED,
		                                   &p->agent_details);
	default:
		p->framework.role = p->role.role;
		return object_write_framework(&p->writer, &p->framework);
	}
}

static int end_record(struct event_parser *p, struct event *event)
{
	*event = (struct event){
		.kind = p->type,
		.heartbeat = p->heartbeat,
		.is_behind = p->wants != p->next,
	};
	if (p->type < EVENT_TASK_ADDED) {
		return KNOT_EOK;
	}
	if (p->bodies != 1 || p->body != p->type || !is_whole(p)) {
		event->kind = EVENT_ODD;
		return KNOT_EOK;
	}
	event->object = write_object(p);
	return event->object != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

int event_parser_finish(struct event_parser *p, struct event *event)
{
	struct event ended = { 0 };
	int ret = json_parser_finish(p->json);
	if (ret == KNOT_EOK) {
		ret = end_record(p, &ended);
	}
	if (ret == KNOT_EOK) {
		*event = ended;
	}
	begin_record(p);
	return ret;
}

void event_parser_free(struct event_parser *p)
{
	if (p == NULL) {
		return;
	}
	json_parser_free(p->json);
	task_reader_free(&p->task);
	object_writer_free(&p->writer);
	details_free(&p->task_details);
	vector_free(&p->agent_details.attributes, &p->arena);
	wants_unref(p->wants);
	wants_unref(p->next);
	arena_free(&p->arena);
	free(p);
}
