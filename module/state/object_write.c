/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/state/object_more.h"
#include "module/base/util.h"

/*! \brief What the lists of a status lie in while its task is written. */
struct status_parts {
	double timestamp;
	struct state_addresses netinfo;
	struct state_addresses mesos;
	struct state_addresses docker;
	bool maps_ports;
	bool last;
	uint8_t state;
	enum task_health health;
	uint32_t cut;
};

/*! \brief All that a task is written from. */
struct task_parts {
	struct text id;
	struct text framework;
	struct text agent;
	struct text name;
	struct text discovery;
	const struct state_port_range *ranges;
	uint32_t ranges_count;
	const struct state_port *ports; /*!< NULL: those of \a ports_of. */
	const struct task_object *ports_of;
	uint32_t ports_count;
	struct status_parts statuses[OBJECT_STATUSES_MAX];
	uint32_t statuses_count;
	enum task_life life;
	bool maps_ports;
	bool has_health_check;
	uint32_t cut;
	struct more_parts *more; /*!< NULL: nothing. */
};

static struct object_slice put_addresses(struct object_writer *w, struct state_addresses addresses)
{
	return put_list(w, addresses.list, addresses.count, sizeof(struct address),
	                _Alignof(struct address));
}

/*! \brief Begins an object with its struct, which is written by end_object() only. */
static void begin_object(struct object_writer *w, size_t size)
{
	w->len = 0;
	w->failed = false;
	(void)add(w, size, 1);
}

/*! \brief Ends an object; \a head is its struct. */
static const struct object *end_object(struct object_writer *w, struct object *head, size_t size)
{
	if (w->failed) {
		return NULL;
	}
	head->size = (uint32_t)w->len;
	memcpy(w->data, head, size);
	return (const struct object *)(void *)w->data;
}

const struct object *object_write_detailed_agent(struct object_writer *w, struct text id,
                                                 struct text host, uint16_t port, bool registered,
                                                 const struct agent_details *details)
{
	HEAD(agent_object, agent);
	begin_object(w, sizeof(agent));
	agent.has_more = agent_details_say(details) && put_agent_more(w, details);
	agent.object.id = put_text(w, id);
	agent.host = put_text(w, host);
	agent.port = port;
	agent.registered = registered;
	return end_object(w, &agent.object, sizeof(agent));
}

const struct object *object_write_agent(struct object_writer *w, struct text id, struct text host,
                                        uint16_t port, bool registered)
{
	return object_write_detailed_agent(w, id, host, port, registered, NULL);
}

const struct object *object_write_framework(struct object_writer *w,
                                            const struct framework_parts *parts)
{
	HEAD(framework_object, framework);
	begin_object(w, sizeof(framework));
	framework.object.id = put_text(w, parts->id);
	framework.name = put_text(w, parts->name);
	framework.pid_host = put_text(w, parts->pid_host);
	framework.hostname = put_text(w, parts->hostname);
	framework.role = put_text(w, parts->role);
	framework.pid_port = parts->pid_port;
	framework.recovered = parts->recovered;
	framework.told = parts->told;
	return end_object(w, &framework.object, sizeof(framework));
}

const struct object *object_write_host(struct object_writer *w, struct state_addresses addresses)
{
	HEAD(host_object, host);
	begin_object(w, sizeof(host));
	addresses.count = MIN(addresses.count, OBJECT_LIST_MAX);
	host.addresses = put_addresses(w, addresses);
	return end_object(w, &host.object, sizeof(host));
}

static struct state_port port_at(const struct task_parts *parts, uint32_t index)
{
	if (parts->ports != NULL) {
		return parts->ports[index];
	}
	const struct port_object *ports = object_list(parts->ports_of, parts->ports_of->ports);
	return (struct state_port){
		.number = ports[index].number,
		.name = object_text(parts->ports_of, ports[index].name),
		.protocol = object_text(parts->ports_of, ports[index].protocol),
	};
}

/*! \brief How many of a task's ports there is room for. */
static uint32_t ports_that_fit(const struct task_parts *parts)
{
	size_t size = 0;
	for (uint32_t i = 0; i < parts->ports_count; i++) {
		struct state_port port = port_at(parts, i);
		size += sizeof(struct port_object) + port.name.len + port.protocol.len;
		if (size > OBJECT_SIZE_MAX / 2) {
			return i;
		}
	}
	return parts->ports_count;
}

static struct object_slice put_ports(struct object_writer *w, const struct task_parts *parts)
{
	struct object_slice slice = { 0 };
	uint32_t count = ports_that_fit(parts);
	if (count == 0) {
		return slice;
	}
	char *list = add(w, count * sizeof(struct port_object), _Alignof(struct port_object));
	if (list == NULL) {
		return slice;
	}
	slice = (struct object_slice){ (uint32_t)(list - w->data), count };
	for (uint32_t i = 0; i < count; i++) {
		struct state_port port = port_at(parts, i);
		HEAD(port_object, object);
		object.name = put_text(w, port.name);
		object.protocol = put_text(w, port.protocol);
		object.number = port.number;
		if (!w->failed) {
			/* The texts may have moved the list. */
			memcpy(w->data + slice.at + i * sizeof(object), &object, sizeof(object));
		}
	}
	return slice;
}

static struct object_slice put_statuses(struct object_writer *w, const struct task_parts *parts)
{
	struct status_object statuses[OBJECT_STATUSES_MAX];
	memset(statuses, 0, sizeof(statuses));
	struct object_slice slice = put_list(w, statuses, parts->statuses_count, sizeof(*statuses),
	                                     _Alignof(struct status_object));
	for (uint32_t i = 0; i < parts->statuses_count; i++) {
		const struct status_parts *from = &parts->statuses[i];
		statuses[i].timestamp = from->timestamp;
		statuses[i].netinfo = put_addresses(w, from->netinfo);
		statuses[i].mesos = put_addresses(w, from->mesos);
		statuses[i].docker = put_addresses(w, from->docker);
		statuses[i].cut = from->cut;
		statuses[i].maps_ports = from->maps_ports;
		statuses[i].last = from->last;
		statuses[i].state = from->state;
		statuses[i].health = (uint8_t)from->health;
	}
	if (!w->failed) {
		memcpy(w->data + slice.at, statuses, slice.count * sizeof(*statuses));
	}
	return slice;
}

static const struct object *put_task(struct object_writer *w, const struct task_parts *parts)
{
	HEAD(task_object, task);
	begin_object(w, sizeof(task));
	task.has_more = parts->more != NULL && more_says(parts->more) && put_more(w, parts->more);
	task.statuses = put_statuses(w, parts);
	task.ports = put_ports(w, parts);
	task.ranges = put_list(w, parts->ranges, parts->ranges_count,
	                       sizeof(struct state_port_range), _Alignof(struct state_port_range));
	task.object.id = put_text(w, parts->id);
	task.name = put_text(w, parts->name);
	task.discovery = put_text(w, parts->discovery);
	task.agent = put_text(w, parts->agent);
	task.framework = put_text(w, parts->framework);
	task.cut = parts->cut + (parts->ports_count - task.ports.count);
	task.life = (uint8_t)parts->life;
	task.maps_ports = parts->maps_ports;
	task.has_health_check = parts->has_health_check;
	return end_object(w, &task.object, sizeof(task));
}

static struct state_addresses vector_addresses(const struct vector *vector)
{
	return (struct state_addresses){ vector->data,
		                         (uint32_t)MIN(vector->count, OBJECT_LIST_MAX) };
}

/*! \brief Adds a word of health, if \a other does not say it already. */
static void add_word(struct task_parts *parts, struct health_word word, struct health_word other)
{
	if (word.health != HEALTH_UNSAID &&
	    (word.health != other.health || word.timestamp != other.timestamp)) {
		parts->statuses[parts->statuses_count++] = (struct status_parts){
			.timestamp = word.timestamp,
			.health = word.health,
		};
	}
}

/*! \brief Adds a status of the builder's, in TASK_RUNNING or not. */
static void add_read_status(struct task_parts *parts, const struct state_task_builder *b,
                            const struct state_status *status, bool last)
{
	if (parts->more != NULL && status_runs(status)) {
		more_read_networks(parts->more, parts->statuses_count,
		                   &b->details->networks[status - b->statuses]);
	}
	struct status_parts *place = &parts->statuses[parts->statuses_count++];
	*place = (struct status_parts){
		.timestamp = status->timestamp,
		.last = last,
		.state = status->state,
		.health = status->health,
	};
	if (status_runs(status)) {
		place->netinfo = vector_addresses(&status->netinfo);
		place->mesos = vector_addresses(&status->mesos);
		place->docker = vector_addresses(&status->docker);
		place->cut = status->cut;
		place->maps_ports = status->maps_ports;
	}
}

/*! \brief Adds those of the builder's statuses that count. */
static void add_read_statuses(struct task_parts *parts, const struct state_task_builder *b)
{
	struct health_word latest = { 0 };
	if (status_runs(b->latest)) {
		latest = (struct health_word){ b->latest->timestamp, b->latest->health };
	}
	add_word(parts, b->said, latest);
	if (status_runs(b->latest)) {
		add_read_status(parts, b, b->latest, false);
	}
	bool is_update = b->agent_id_len == 0;
	if (status_runs(b->last) || b->last->health != HEALTH_UNSAID || is_update) {
		add_read_status(parts, b, b->last, true);
	}
}

const struct object *object_write_task(struct object_writer *w, const struct state_task_builder *b,
                                       struct text framework, enum task_life life)
{
	struct task_parts parts = {
		.id = b->task.id,
		.framework = framework,
		.agent = { b->agent_id, b->agent_id_len },
		.name = b->task.name,
		.discovery = b->task.discovery,
		.ranges = b->ranges.data,
		.ranges_count = (uint32_t)MIN(b->ranges.count, OBJECT_LIST_MAX),
		.ports = b->ports.data,
		.ports_count = (uint32_t)MIN(b->ports.count, OBJECT_LIST_MAX),
		.life = life,
		.cut = b->task.cut,
		.maps_ports = b->task.maps_ports,
		.has_health_check = b->task.has_health_check,
	};
	struct more_parts more;
	if (b->details != NULL) {
		more = (struct more_parts){ .details = b->details };
		parts.more = &more;
	}
	add_read_statuses(&parts, b);
	return put_task(w, &parts);
}

/*! \brief All of a task but its statuses; \a more is where what is wanted of it is noted. */
static struct task_parts parts_of(const struct task_object *task, struct more_parts *more)
{
	*more = (struct more_parts){ .of = task };
	return (struct task_parts){
		.id = object_text(task, task->object.id),
		.framework = object_text(task, task->framework),
		.agent = object_text(task, task->agent),
		.name = object_text(task, task->name),
		.discovery = object_text(task, task->discovery),
		.ranges = object_list(task, task->ranges),
		.ranges_count = task->ranges.count,
		.ports_of = task,
		.ports_count = task->ports.count,
		.cut = task->cut,
		.life = task->life,
		.maps_ports = task->maps_ports,
		.has_health_check = task->has_health_check,
		.more = more,
	};
}

/*! \brief Adds a status of a task's. */
static void add_status(struct task_parts *parts, const struct task_object *task,
                       const struct status_object *status, bool last)
{
	const struct status_object *statuses = object_list(task, task->statuses);
	more_known_networks(parts->more, parts->statuses_count, task,
	                    (uint32_t)(status - statuses));
	parts->statuses[parts->statuses_count++] = (struct status_parts){
		.timestamp = status->timestamp,
		.netinfo = object_addresses(task, status->netinfo),
		.mesos = object_addresses(task, status->mesos),
		.docker = object_addresses(task, status->docker),
		.cut = status->cut,
		.maps_ports = status->maps_ports,
		.last = last,
		.state = status->state,
		.health = status->health,
	};
}

const struct object *object_write_moved(struct object_writer *w, const struct task_object *task,
                                        struct text framework)
{
	struct more_parts more;
	struct task_parts parts = parts_of(task, &more);
	parts.framework = framework;
	const struct status_object *statuses = object_list(task, task->statuses);
	for (uint32_t i = 0; i < task->statuses.count; i++) {
		add_status(&parts, task, &statuses[i], statuses[i].last);
	}
	return put_task(w, &parts);
}

/*! \brief The last status of a task if it counts, else NULL. */
static const struct status_object *last_status(const struct task_object *task)
{
	const struct status_object *statuses = object_list(task, task->statuses);
	uint32_t count = task->statuses.count;
	return count > 0 && statuses[count - 1].last ? &statuses[count - 1] : NULL;
}

/*! \brief Adds what counts of a task's statuses once another one comes after them. */
static void add_earlier(struct task_parts *parts, const struct task_object *task)
{
	const struct status_object *latest = task_object_status(task);
	struct health_word word = { 0 };
	if (latest != NULL) {
		word = (struct health_word){ latest->timestamp, latest->health };
	}
	add_word(parts, task_object_health(task), word);
	if (latest != NULL) {
		add_status(parts, task, latest, false);
	}
}

const struct object *object_write_updated(struct object_writer *w, const struct task_object *task,
                                          const struct task_object *update)
{
	struct more_parts more;
	struct task_parts parts = parts_of(task, &more);
	parts.life = update->life;

	const struct status_object *last = last_status(task), *next = last_status(update);
	if (last != NULL && next != NULL && last->state == next->state) {
		const struct status_object *statuses = object_list(task, task->statuses);
		for (const struct status_object *status = statuses; status < last; status++) {
			add_status(&parts, task, status, false);
		}
	} else {
		add_earlier(&parts, task);
	}
	if (next != NULL && (next->state == TASK_STATE_RUNNING || next->health != HEALTH_UNSAID)) {
		add_status(&parts, update, next, true);
	}
	return put_task(w, &parts);
}

void object_writer_free(struct object_writer *w)
{
	free(w->data);
	*w = (struct object_writer){ 0 };
}
