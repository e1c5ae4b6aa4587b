/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/state/state_agents.h"
#include "module/state/state_path.h"
#include "module/state/state_task.h"
#include "module/state/state_text.h"

_Static_assert(STATE_DEPTH_MAX == JSON_DEPTH_MAX, "state.h promises what json.h does");

/*! \brief Mesos's default of `registry_fetch_timeout`, in seconds. */
#define REGISTRY_FETCH_TIMEOUT 60

/*! \brief An element of `slaves` or `recovered_slaves`. */
struct agent_entry {
	char id[JSON_TEXT_MAX];
	uint32_t id_len;
	struct text host;
	uint16_t port;
};

struct state_parser {
	struct json_parser *json;
	struct state *state; /*!< Its lists are still in the vectors. */
	struct arena *arena; /*!< The same as state->memory. */
	struct state_agents agents;
	struct vector frameworks;
	struct vector tasks;
	bool has_slaves;
	bool has_frameworks;
	struct agent_entry entry;          /*!< The one being read. */
	struct state_task_builder builder; /*!< Of the task being read. */
};

/*! \brief The framework being read. */
static struct state_framework *framework(struct state_parser *p)
{
	return (struct state_framework *)p->frameworks.data + p->frameworks.count - 1;
}

/*! \brief Reads a PID and keeps its host; both are absent if it is none. */
static int read_pid(struct state_parser *p, struct text pid, struct text *host, uint16_t *port)
{
	struct text found;
	*host = (struct text){ 0 };
	*port = 0;
	return pid_parse(pid, &found, port) ? text_copy(p->arena, found, host) : KNOT_EOK;
}

/*! \brief Ends an element of `slaves` (\a registered) or of `recovered_slaves`. */
static int end_agent(struct state_parser *p, bool registered)
{
	const struct agent_entry *entry = &p->entry;
	if (entry->id_len == 0) {
		return KNOT_EOK;
	}
	uint32_t index;
	struct text id = { entry->id, entry->id_len };
	int ret = state_agents_intern(&p->agents, id, &index);
	if (ret != KNOT_EOK) {
		return ret;
	}

	struct state_agent *agent = (struct state_agent *)p->agents.list.data + index;
	/* What a registered agent says itself counts more than what the registry remembers. */
	bool better = registered || !agent->registered || agent->host.len == 0;
	if (entry->host.len > 0 && better) {
		agent->host = entry->host;
		agent->port = entry->port;
	}
	if (registered) {
		p->state->registered_count += !agent->registered;
		agent->registered = true;
	} else {
		p->state->recovered_count += !agent->recovered;
		agent->recovered = true;
	}
	return KNOT_EOK;
}

static int end_task(struct state_parser *p)
{
	struct state_task_builder *builder = &p->builder;
	if (!state_task_stays(builder)) {
		state_task_drop(builder);
		return KNOT_EOK;
	}

	struct state_task *task = vector_push(&p->tasks, p->arena);
	if (task == NULL) {
		return arena_error(p->arena);
	}
	int ret = state_task_finish(builder, task);
	if (ret != KNOT_EOK) {
		return ret;
	}
	task->framework = (uint32_t)p->frameworks.count - 1;
	struct text id = { builder->agent_id, builder->agent_id_len };
	return state_agents_intern(&p->agents, id, &task->agent);
}

static int on_begin(void *ctx, unsigned place)
{
	struct state_parser *p = ctx;
	switch (place) {
	case SLAVES: p->has_slaves = true; break;
	case SLAVE:
	case RECOVERED_SLAVE:
		p->entry.id_len = 0;
		p->entry.host.len = 0;
		break;
	case FRAMEWORKS: p->has_frameworks = true; break;
	case FRAMEWORK:
		return vector_push(&p->frameworks, p->arena) != NULL ? KNOT_EOK
		                                                     : arena_error(p->arena);
	case TASK: state_task_begin(&p->builder); break;
	default: state_task_object(&p->builder, place); break;
	}
	return KNOT_EOK;
}

static int on_end(void *ctx, unsigned place)
{
	struct state_parser *p = ctx;
	switch (place) {
	case SLAVE: return end_agent(p, true);
	case RECOVERED_SLAVE: return end_agent(p, false);
	case TASK: return end_task(p);
	default: return state_task_object_end(&p->builder, place);
	}
}

static int on_string(void *ctx, unsigned place, struct text text)
{
	struct state_parser *p = ctx;
	struct state *state = p->state;
	switch (place) {
	case STATE_ID: return text_copy(p->arena, text, &state->id);
	case STATE_PID: return read_pid(p, text, &state->pid_host, &state->pid_port);
	case STATE_LEADER: return read_pid(p, text, &state->leader_host, &state->leader_port);
	case FLAG_REGISTRY_FETCH_TIMEOUT:
		if (!duration_parse(text, &state->registry_fetch_timeout)) {
			state->registry_fetch_timeout = REGISTRY_FETCH_TIMEOUT;
		}
		return KNOT_EOK;
	case SLAVE_ID:
		memcpy(p->entry.id, text.data, text.len);
		p->entry.id_len = text.len;
		return KNOT_EOK;
	case SLAVE_PID: return read_pid(p, text, &p->entry.host, &p->entry.port);
	case FRAMEWORK_ID: return text_copy(p->arena, text, &framework(p)->id);
	case FRAMEWORK_NAME: return text_copy(p->arena, text, &framework(p)->name);
	case FRAMEWORK_PID:
		return read_pid(p, text, &framework(p)->pid_host, &framework(p)->pid_port);
	case FRAMEWORK_HOSTNAME: return text_copy(p->arena, text, &framework(p)->hostname);
	default: return state_task_string(&p->builder, place, text);
	}
}

static int on_number(void *ctx, unsigned place, double number)
{
	struct state_parser *p = ctx;
	switch (place) {
	case STATE_START_TIME: p->state->start_time = number; break;
	case STATE_ELECTED_TIME: p->state->elected_time = number; break;
	case FRAMEWORK_RECOVERED: framework(p)->recovered = number != 0; break;
	default: state_task_number(&p->builder, place, number); break;
	}
	return KNOT_EOK;
}

static const struct json_handler handler = {
	.places = state_places,
	.begin = on_begin,
	.end = on_end,
	.string = on_string,
	.number = on_number,
};

struct state_parser *state_parser_new(void)
{
	struct state_parser *p = calloc(1, sizeof(*p));
	struct state *state = calloc(1, sizeof(*state));
	struct arena *arena = malloc(sizeof(*arena));
	if (p == NULL || state == NULL || arena == NULL) {
		free(p);
		free(state);
		free(arena);
		return NULL;
	}
	arena_init(arena, STATE_MEMORY_MAX);
	state->memory = arena;
	state->refs = 1;
	state->registry_fetch_timeout = REGISTRY_FETCH_TIMEOUT;
	p->state = state;
	p->arena = arena;
	p->frameworks.item = sizeof(struct state_framework);
	p->tasks.item = sizeof(struct state_task);
	state_task_init(&p->builder, arena);

	p->json = json_parser_new(&handler, p);
	if (state_agents_init(&p->agents, arena) != KNOT_EOK || p->json == NULL) {
		state_parser_free(p);
		return NULL;
	}
	return p;
}

int state_parser_feed(struct state_parser *parser, const char *data, size_t len)
{
	return json_parser_feed(parser->json, data, len);
}

/*! \brief Takes the items out of a vector, without the room that it kept for more. */
static void *hand_over(struct vector *vector, uint32_t *count)
{
	void *items = NULL;
	if (vector->count > 0) {
		items = reallocarray(vector->data, vector->count, vector->item);
		items = items != NULL ? items : vector->data;
	}
	*count = (uint32_t)vector->count;
	*vector = (struct vector){ .item = vector->item };
	return items;
}

/*! \brief Frees what the parser has beside the state; needs the arena. */
static void release_lists(struct state_parser *p)
{
	state_task_free(&p->builder);
	state_agents_free(&p->agents);
	vector_free(&p->frameworks, p->arena);
	vector_free(&p->tasks, p->arena);
}

int state_parser_finish(struct state_parser *p, struct state **out)
{
	int ret = json_parser_finish(p->json);
	if (ret != KNOT_EOK) {
		return ret;
	}
	struct state *state = p->state;
	if (state->leader_host.len == 0 || !p->has_slaves || !p->has_frameworks) {
		return KNOT_ENOENT;
	}
	state->agents = hand_over(&p->agents.list, &state->agents_count);
	state->frameworks = hand_over(&p->frameworks, &state->frameworks_count);
	state->tasks = hand_over(&p->tasks, &state->tasks_count);
	release_lists(p);
	p->state = NULL;
	*out = state;
	return KNOT_EOK;
}

void state_parser_free(struct state_parser *p)
{
	if (p == NULL) {
		return;
	}
	json_parser_free(p->json);
	if (p->state != NULL) {
		release_lists(p);
		state_free(p->state);
	}
	free(p);
}

struct state *state_ref(struct state *state)
{
	if (state != NULL) {
		__atomic_add_fetch(&state->refs, 1, __ATOMIC_RELAXED);
	}
	return state;
}

void state_free(struct state *state)
{
	if (state == NULL || __atomic_sub_fetch(&state->refs, 1, __ATOMIC_ACQ_REL) > 0) {
		return;
	}
	free(state->agents);
	free(state->frameworks);
	free(state->tasks);
	arena_free(state->memory);
	free(state->memory);
	free(state);
}
