/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/state/objects.h"
#include "module/state/task_read.h"
#include "module/state/wanted_places.h"

/*! \brief Mesos's default of `registry_fetch_timeout`, in seconds. */
#define REGISTRY_FETCH_TIMEOUT 60

/*! \brief An agent that is being read. */
struct agent_reader {
	struct text id;
	struct text host;
	uint16_t port;
};

/*! \brief What is wanted beyond the rest, and where. */
struct objects_wanted {
	struct wants *wants; /*!< A reference. */
	struct json_handler handler;
	struct wanted_places places;
	struct task_details task;
	struct agent_details agent;
	struct role_details role; /*!< Of the framework. */
};

struct objects_parser {
	struct json_parser *json;
	const struct objects_sink *sink;
	void *ctx;
	struct arena arena;     /*!< Texts of what is being read, and the facts'. */
	struct arena_mark mark; /*!< The arena before the agent or framework being read. */
	struct master_facts facts;
	bool has_slaves;
	bool has_frameworks;
	struct agent_reader agent;
	struct framework_parts framework;
	bool has_framework_id;
	bool has_tasks; /*!< Tasks of the framework have been handed over: its ID is settled. */
	struct task_reader task;
	struct object_writer writer;
	struct vector waiting;         /*!< Of char: tasks that wait for their framework's ID. */
	struct objects_wanted *wanted; /*!< NULL if nothing is wanted beyond the rest. */
};

/*! \brief What a waiting object takes, so that the next one is aligned. */
static size_t waiting_size(const struct object *object)
{
	return (object->size + 15UL) & ~15UL;
}

/*! \brief Reads a PID and keeps its host; both are absent if it is none. */
static int read_pid(struct objects_parser *p, struct text pid, struct text *host, uint16_t *port)
{
	struct text found;
	*host = (struct text){ 0 };
	*port = 0;
	return pid_parse(pid, &found, port) ? text_copy(&p->arena, found, host) : KNOT_EOK;
}

/*! \brief Ends an element of `slaves` (\a registered) or of `recovered_slaves`. */
static int end_agent(struct objects_parser *p, bool registered)
{
	const struct agent_reader *agent = &p->agent;
	int ret = KNOT_EOK;
	if (agent->id.len > 0) {
		const struct object *object = object_write_detailed_agent(
		        &p->writer, agent->id, agent->host, agent->port, registered,
		        p->wanted != NULL ? &p->wanted->agent : NULL);
		*(registered ? &p->facts.registered_count : &p->facts.recovered_count) += 1;
		ret = object != NULL ? p->sink->agent(p->ctx, (const struct agent_object *)object)
		                     : KNOT_ENOMEM;
	}
	arena_rewind(&p->arena, p->mark);
	return ret;
}

/*! \brief Keeps a task until its framework's ID is known. */
static int wait_for_framework(struct objects_parser *p, const struct object *object)
{
	size_t size = waiting_size(object), need = p->waiting.count + size;
	if (need > p->waiting.room) {
		size_t more = 2 * need - p->waiting.room;
		if (!arena_charge(&p->arena, more)) {
			return KNOT_ESPACE;
		}
		char *data = realloc(p->waiting.data, 2 * need);
		if (data == NULL) {
			arena_discharge(&p->arena, more);
			return KNOT_ENOMEM;
		}
		p->waiting.data = data;
		p->waiting.room = 2 * need;
	}
	memcpy((char *)p->waiting.data + p->waiting.count, object, object->size);
	p->waiting.count = need;
	return KNOT_EOK;
}

/*! \brief Tells the text of the task that was handed over, if it is all here. */
static void keep_text(struct objects_parser *p, int ret)
{
	struct text text = json_parser_offer(p->json);
	if (ret == KNOT_EOK && p->sink->keep_text != NULL && text.len > 0) {
		p->sink->keep_text(p->ctx, text);
	}
}

static int end_task(struct objects_parser *p)
{
	const struct task_reader *task = &p->task;
	int ret = KNOT_EOK;
	if (task->has_state && task->life != TASK_GONE && task->builder.agent_id_len > 0) {
		const struct object *object = object_write_task(&p->writer, &task->builder,
		                                                p->framework.id, task->life);
		if (object == NULL) {
			ret = KNOT_ENOMEM;
		} else if (p->has_framework_id) {
			p->has_tasks = true;
			ret = p->sink->task(p->ctx, (const struct task_object *)object);
			keep_text(p, ret);
		} else {
			ret = wait_for_framework(p, object);
		}
	}
	state_task_drop(&p->task.builder);
	return ret;
}

/*! \brief Hands over the tasks that waited. */
static int end_waiting(struct objects_parser *p)
{
	int ret = KNOT_EOK;
	const char *data = p->waiting.data;
	for (size_t at = 0; at < p->waiting.count && ret == KNOT_EOK;) {
		const struct task_object *task = (const void *)(data + at);
		const struct object *object = object_write_moved(&p->writer, task, p->framework.id);
		ret = object != NULL ? p->sink->task(p->ctx, (const struct task_object *)object)
		                     : KNOT_ENOMEM;
		at += waiting_size(&task->object);
	}
	p->waiting.count = 0;
	return ret;
}

static int end_framework(struct objects_parser *p)
{
	p->facts.frameworks_count++;
	if (p->wanted != NULL) {
		p->framework.role = p->wanted->role.role;
	}
	const struct object *object = object_write_framework(&p->writer, &p->framework);
	int ret = object != NULL
	                  ? p->sink->framework(p->ctx, (const struct framework_object *)object)
	                  : KNOT_ENOMEM;
	if (ret == KNOT_EOK) {
		ret = end_waiting(p);
	}
	arena_rewind(&p->arena, p->mark);
	return ret;
}

static int on_begin(void *ctx, unsigned place)
{
	struct objects_parser *p = ctx;
	switch (place) {
	case SLAVES: p->has_slaves = true; break;
	case SLAVE:
	case RECOVERED_SLAVE:
		p->mark = arena_mark(&p->arena);
		p->agent = (struct agent_reader){ 0 };
		break;
	case FRAMEWORKS: p->has_frameworks = true; break;
	case FRAMEWORK:
		p->mark = arena_mark(&p->arena);
		p->framework = (struct framework_parts){ .told = true };
		p->has_framework_id = false;
		p->has_tasks = false;
		break;
	case TASK: task_reader_begin(&p->task); break;
	default: task_reader_object(&p->task, place); break;
	}
	return KNOT_EOK;
}

static int on_end(void *ctx, unsigned place)
{
	struct objects_parser *p = ctx;
	switch (place) {
	case SLAVE: return end_agent(p, true);
	case RECOVERED_SLAVE: return end_agent(p, false);
	case FRAMEWORK: return end_framework(p);
	case TASK: return end_task(p);
	default: return task_reader_object_end(&p->task, place);
	}
}

static int read_framework_id(struct objects_parser *p, struct text text)
{
	if (p->has_tasks) {
		return KNOT_EOK;
	}
	p->has_framework_id = true;
	return text_copy(&p->arena, text, &p->framework.id);
}

static int on_string(void *ctx, unsigned place, struct text text)
{
	struct objects_parser *p = ctx;
	struct master_facts *facts = &p->facts;
	switch (place) {
	case STATE_ID: return text_copy(&p->arena, text, &facts->id);
	case STATE_PID: return read_pid(p, text, &facts->pid_host, &facts->pid_port);
	case STATE_LEADER: return read_pid(p, text, &facts->leader_host, &facts->leader_port);
	case FLAG_REGISTRY_FETCH_TIMEOUT:
		if (!duration_parse(text, &facts->registry_fetch_timeout)) {
			facts->registry_fetch_timeout = REGISTRY_FETCH_TIMEOUT;
		}
		return KNOT_EOK;
	case SLAVE_ID: return text_copy(&p->arena, text, &p->agent.id);
	case SLAVE_PID: return read_pid(p, text, &p->agent.host, &p->agent.port);
	case FRAMEWORK_ID: return read_framework_id(p, text);
	case FRAMEWORK_NAME: return text_copy(&p->arena, text, &p->framework.name);
	case FRAMEWORK_PID:
		return read_pid(p, text, &p->framework.pid_host, &p->framework.pid_port);
	case FRAMEWORK_HOSTNAME: return text_copy(&p->arena, text, &p->framework.hostname);
	default: return task_reader_string(&p->task, place, text);
	}
}

static int on_number(void *ctx, unsigned place, double number)
{
	struct objects_parser *p = ctx;
	switch (place) {
	case STATE_ELECTED_TIME: p->facts.elected_time = number; break;
	case STATE_START_TIME: p->facts.start_time = number; break;
	case FRAMEWORK_RECOVERED: p->framework.recovered = number != 0; break;
	default: task_reader_number(&p->task, place, number); break;
	}
	return KNOT_EOK;
}

/*! \brief What a task is depends on its text and its framework's ID: that has to be known. */
static size_t on_expect(void *ctx, unsigned place)
{
	const struct objects_parser *p = ctx;
	(void)place;
	return p->sink->expect_text != NULL && p->has_framework_id
	               ? p->sink->expect_text(p->ctx, p->framework.id)
	               : 0;
}

static bool on_know(void *ctx, unsigned place, struct text text)
{
	struct objects_parser *p = ctx;
	(void)place;
	bool is_known = p->sink->know_text(p->ctx, text);
	p->has_tasks |= is_known;
	return is_known;
}

static const struct json_handler handler = {
	.places = state_places,
	.begin = on_begin,
	.end = on_end,
	.string = on_string,
	.number = on_number,
	.expect = on_expect,
	.know = on_know,
};

static int on_wanted_begin(void *ctx, unsigned place)
{
	struct objects_parser *p = ctx;
	int ret = on_begin(ctx, place);
	if (place == SLAVE || place == RECOVERED_SLAVE || place == FRAMEWORK) {
		p->wanted->agent.hostname = (struct text){ 0 };
		p->wanted->agent.attributes.count = 0;
		p->wanted->role = (struct role_details){ 0 };
	}
	task_reader_wanted_object(&p->task, place);
	return ret;
}

static int on_wanted_end(void *ctx, unsigned place)
{
	struct objects_parser *p = ctx;
	int ret = KNOT_EOK;
	if (place == STATUS) {
		ret = task_reader_wanted_object_end(&p->task, place);
		return ret == KNOT_EOK ? on_end(ctx, place) : ret;
	}
	ret = on_end(ctx, place);
	return ret == KNOT_EOK ? task_reader_wanted_object_end(&p->task, place) : ret;
}

static int read_attribute(struct objects_parser *p, uint32_t index, struct text text)
{
	struct vector *attributes = &p->wanted->agent.attributes;
	struct state_pair pair = {
		.key = p->wanted->wants->keys[WANTS_ATTRIBUTES].list[index],
		.value = text,
	};
	if (!details_is_text(text) || !details_count(attributes, &pair)) {
		return KNOT_EOK;
	}
	int ret = text_copy(&p->arena, text, &pair.value);
	return ret == KNOT_EOK ? details_add(attributes, &p->arena, &pair) : ret;
}

/*! \brief Reads what is not always wanted. */
static int read_wanted(struct objects_parser *p, unsigned place, struct text text)
{
	if (place >= SLAVE_ATTRIBUTE_FIRST) {
		return read_attribute(p, place - SLAVE_ATTRIBUTE_FIRST, text);
	}
	switch (place) {
	case SLAVE_HOSTNAME: return text_copy(&p->arena, text, &p->wanted->agent.hostname);
	case FRAMEWORK_ROLE: return details_role(&p->wanted->role, &p->arena, text);
	case FRAMEWORK_ROLES_ROLE: return details_listed_role(&p->wanted->role, &p->arena, text);
	default: return task_reader_wanted_string(&p->task, place, text);
	}
}

static int on_wanted_string(void *ctx, unsigned place, struct text text)
{
	int ret = on_string(ctx, place, text);
	return ret == KNOT_EOK ? read_wanted(ctx, place, text) : ret;
}

/*! \brief Makes room for what is wanted; KNOT_EOK or KNOT_ENOMEM. */
static int want(struct objects_parser *p, struct wants *wants)
{
	struct objects_wanted *wanted = calloc(1, sizeof(*wanted));
	if (wanted == NULL) {
		return KNOT_ENOMEM;
	}
	wanted->wants = wants_ref(wants);
	wanted_state_places(&wanted->places, wants);
	wanted->handler = (struct json_handler){
		.places = wanted->places.places,
		.begin = on_wanted_begin,
		.end = on_wanted_end,
		.string = on_wanted_string,
		.number = on_number,
		.expect = on_expect,
		.know = on_know,
	};
	wanted->agent.attributes.item = sizeof(struct state_pair);
	details_init(&wanted->task, &p->arena);
	task_reader_want(&p->task, wants, &wanted->task);
	p->wanted = wanted;
	return KNOT_EOK;
}

static void free_wanted(struct objects_parser *p)
{
	if (p->wanted != NULL) {
		details_free(&p->wanted->task);
		vector_free(&p->wanted->agent.attributes, &p->arena);
		wants_unref(p->wanted->wants);
		free(p->wanted);
	}
}

struct objects_parser *objects_parser_new(const struct objects_sink *sink, void *ctx)
{
	return objects_parser_wanting(sink, ctx, NULL);
}

struct objects_parser *objects_parser_wanting(const struct objects_sink *sink, void *ctx,
                                              struct wants *wants)
{
	struct objects_parser *p = calloc(1, sizeof(*p));
	if (p == NULL) {
		return NULL;
	}
	p->sink = sink;
	p->ctx = ctx;
	p->facts.registry_fetch_timeout = REGISTRY_FETCH_TIMEOUT;
	p->waiting.item = 1;
	arena_init(&p->arena, STATE_MEMORY_MAX);
	task_reader_init(&p->task, &p->arena);
	int ret = wants_cover(NULL, wants) ? KNOT_EOK : want(p, wants);
	if (ret == KNOT_EOK) {
		p->json = json_parser_new(p->wanted != NULL ? &p->wanted->handler : &handler, p);
	}
	if (p->json == NULL) {
		objects_parser_free(p);
		return NULL;
	}
	return p;
}

int objects_parser_feed(struct objects_parser *p, const char *data, size_t len)
{
	return json_parser_feed(p->json, data, len);
}

int objects_parser_finish(struct objects_parser *p, struct master_facts *facts)
{
	int ret = json_parser_finish(p->json);
	if (ret == KNOT_EOK &&
	    (p->facts.leader_host.len == 0 || !p->has_slaves || !p->has_frameworks)) {
		ret = KNOT_ENOENT;
	}
	if (ret == KNOT_EOK) {
		*facts = p->facts;
	}
	return ret;
}

void objects_parser_free(struct objects_parser *p)
{
	if (p == NULL) {
		return;
	}
	json_parser_free(p->json);
	task_reader_free(&p->task);
	vector_free(&p->waiting, &p->arena);
	object_writer_free(&p->writer);
	free_wanted(p);
	arena_free(&p->arena);
	free(p);
}
