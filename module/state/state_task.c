/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/state/state_path.h"
#include "module/state/state_task.h"
#include "module/state/state_text.h"
#include "module/base/util.h"

static void init_status(struct state_status *status)
{
	status->netinfo.item = sizeof(struct address);
	status->mesos.item = sizeof(struct address);
	status->docker.item = sizeof(struct address);
}

static void clear_status(struct state_status *status)
{
	status->state = 0;
	status->cut = 0;
	status->timestamp = 0;
	status->health = HEALTH_UNSAID;
	status->maps_ports = false;
	status->netinfo.count = 0;
	status->mesos.count = 0;
	status->docker.count = 0;
}

void state_task_init(struct state_task_builder *b, struct arena *arena)
{
	b->arena = arena;
	b->ranges.item = sizeof(struct state_port_range);
	b->ports.item = sizeof(struct state_port);
	init_status(&b->statuses[0]);
	init_status(&b->statuses[1]);
	init_status(&b->statuses[2]);
	b->status = &b->statuses[0];
	b->latest = &b->statuses[1];
	b->last = &b->statuses[2];
}

void state_task_begin(struct state_task_builder *b)
{
	b->mark = arena_mark(b->arena);
	b->task = (struct state_task){ 0 };
	b->agent_id_len = 0;
	b->ranges.count = 0;
	b->ports.count = 0;
	b->texts_len = 0;
	clear_status(b->latest);
	clear_status(b->last);
	b->said.health = HEALTH_UNSAID;
}

void state_task_object(struct state_task_builder *b, unsigned place)
{
	switch (place) {
	case PORT:
		b->port = (struct state_port){ 0 };
		b->port_valid = false;
		b->port_too_long = false;
		break;
	case TASK_HEALTH_CHECK: b->task.has_health_check = true; break;
	case STATUS: clear_status(b->status); break;
	case STATUS_NETWORK_INFO:
		b->old_address.len = 0;
		b->has_ip_addresses = false;
		break;
	case STATUS_IP_ADDRESS_INFO:
		b->address.len = 0;
		b->has_ip_addresses = true;
		break;
	case STATUS_LABEL:
		b->address.len = 0;
		b->label = NULL;
		break;
	}
}

static int add_address(struct state_task_builder *b, struct vector *list,
                       const struct address *addr)
{
	if (list->count == STATE_LIST_MAX) {
		b->status->cut++;
		return KNOT_EOK;
	}
	struct address *item = vector_push(list, b->arena);
	if (item == NULL) {
		return arena_error(b->arena);
	}
	*item = *addr;
	return KNOT_EOK;
}

static int add_port(struct state_task_builder *b)
{
	if (b->port_too_long || b->ports.count == STATE_LIST_MAX) {
		b->task.cut++;
		return KNOT_EOK;
	}
	struct state_port *item = vector_push(&b->ports, b->arena);
	if (item == NULL) {
		return arena_error(b->arena);
	}
	*item = b->port;
	return KNOT_EOK;
}

/*! \brief Lets the last status count if it is the latest running one; returns one that is free. */
static struct state_status *weigh_last(struct state_task_builder *b)
{
	struct state_status *last = b->last;
	if (!status_runs(last) ||
	    (status_runs(b->latest) && !(last->timestamp > b->latest->timestamp))) {
		return last;
	}
	struct state_status *beaten = b->latest;
	b->latest = last;
	return beaten;
}

static void end_status(struct state_task_builder *b)
{
	struct health_word said = { b->last->timestamp, b->last->health };
	if (health_is_later(said, b->said)) {
		b->said = said;
	}
	struct state_status *unused = weigh_last(b);
	b->last = b->status;
	b->status = unused;
}

int state_task_object_end(struct state_task_builder *b, unsigned place)
{
	switch (place) {
	case PORT: return b->port_valid ? add_port(b) : KNOT_EOK;
	case STATUS: end_status(b); return KNOT_EOK;
	case STATUS_NETWORK_INFO:
		if (!b->has_ip_addresses && b->old_address.len > 0) {
			return add_address(b, &b->status->netinfo, &b->old_address);
		}
		return KNOT_EOK;
	case STATUS_IP_ADDRESS_INFO:
		if (b->address.len > 0) {
			return add_address(b, &b->status->netinfo, &b->address);
		}
		return KNOT_EOK;
	case STATUS_LABEL:
		if (b->label != NULL && b->address.len > 0) {
			return add_address(b, b->label, &b->address);
		}
		return KNOT_EOK;
	default: return KNOT_EOK;
	}
}

static int read_ranges(struct state_task_builder *b, struct text text)
{
	struct text list = ranges_list(text);
	struct state_port_range range;
	b->ranges.count = 0;
	while (ranges_next(&list, &range)) {
		if (b->ranges.count == STATE_LIST_MAX) {
			b->task.cut++;
			continue;
		}
		struct state_port_range *item = vector_push(&b->ranges, b->arena);
		if (item == NULL) {
			return arena_error(b->arena);
		}
		*item = range;
	}
	return KNOT_EOK;
}

/*!
 * \brief Keeps a text of a port, if there is not too much of them.
 *
 * \param is_list  Of a list that is too long its start is kept.
 */
static int copy_port_text(struct state_task_builder *b, struct text text, bool is_list,
                          struct text *out)
{
	uint32_t room = STATE_TEXTS_MAX > b->texts_len ? STATE_TEXTS_MAX - b->texts_len : 0;
	room = MAX(room, STATE_TEXT_MIN);
	if (text.len > room) {
		const char *comma = is_list ? memrchr(text.data, ',', room) : NULL;
		b->port_too_long = comma == NULL;
		if (b->port_too_long) {
			return KNOT_EOK;
		}
		b->task.cut++;
		text.len = (uint32_t)(comma - text.data);
	}
	b->texts_len += text.len;
	return text_copy(b->arena, text, out);
}

static void read_address(struct text text, struct address *addr)
{
	if (!address_parse(text, addr)) {
		addr->len = 0;
	}
}

static struct vector *label_list(struct state_status *status, struct text key)
{
	if (TEXT_IS(key, "MesosContainerizer.NetworkSettings.IPAddress")) {
		return &status->mesos;
	} else if (TEXT_IS(key, "Docker.NetworkSettings.IPAddress")) {
		return &status->docker;
	}
	return NULL;
}

int state_task_string(struct state_task_builder *b, unsigned place, struct text text)
{
	switch (place) {
	case TASK_ID: return text_copy(b->arena, text, &b->task.id);
	case TASK_NAME: return text_copy(b->arena, text, &b->task.name);
	case DISCOVERY_NAME: return text_copy(b->arena, text, &b->task.discovery);
	case PORT_NAME: return copy_port_text(b, text, false, &b->port.name);
	case PORT_PROTOCOL: return copy_port_text(b, text, true, &b->port.protocol);
	case TASK_RESOURCES_PORTS: return read_ranges(b, text);
	case TASK_SLAVE_ID:
		memcpy(b->agent_id, text.data, text.len);
		b->agent_id_len = text.len;
		break;
	case STATUS_STATE: b->status->state = task_state(text); break;
	case STATUS_OLD_IP_ADDRESS: read_address(text, &b->old_address); break;
	case STATUS_IP_ADDRESS:
	case STATUS_LABEL_VALUE: read_address(text, &b->address); break;
	case STATUS_LABEL_KEY: b->label = label_list(b->status, text); break;
	}
	return KNOT_EOK;
}

void state_task_number(struct state_task_builder *b, unsigned place, double number)
{
	switch (place) {
	case PORT_NUMBER:
		b->port_valid = number >= 0 && number <= UINT16_MAX && number == (uint16_t)number;
		b->port.number = b->port_valid ? (uint16_t)number : 0;
		break;
	case STATUS_TIMESTAMP: b->status->timestamp = number; break;
	case STATUS_HEALTHY: b->status->health = number != 0 ? HEALTH_GOOD : HEALTH_BAD; break;
	case STATUS_HOST_PORT: b->status->maps_ports |= number != 0; break;
	case CONTAINER_HOST_PORT: b->task.maps_ports |= number != 0; break;
	}
}

void state_task_drop(struct state_task_builder *b)
{
	arena_rewind(b->arena, b->mark);
}

static void free_status(struct state_status *status, struct arena *arena)
{
	vector_free(&status->netinfo, arena);
	vector_free(&status->mesos, arena);
	vector_free(&status->docker, arena);
}

void state_task_free(struct state_task_builder *b)
{
	vector_free(&b->ranges, b->arena);
	vector_free(&b->ports, b->arena);
	free_status(&b->statuses[0], b->arena);
	free_status(&b->statuses[1], b->arena);
	free_status(&b->statuses[2], b->arena);
}
