/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/inventory/log.h"
#include "module/base/util.h"

/*! \brief What stands before the object of each event. */
struct entry {
	_Alignas(max_align_t) uint32_t kind;
	uint32_t size; /*!< Bytes to the next entry. */
};

/*! \brief Makes room for \a size more bytes; false if there is none. */
static bool make_room(struct event_log *log, struct nodes *nodes, size_t size)
{
	if (size > INVENTORY_LOG_MAX - log->len) {
		return false;
	}
	if (size <= log->room - log->len) {
		return true;
	}
	int error;
	size_t room = MAX(2 * (log->len + size), (size_t)4096);
	char *data = nodes_alloc(nodes, room, &error);
	if (data == NULL) {
		return false;
	}
	if (log->len > 0) {
		memcpy(data, log->data, log->len);
	}
	nodes_dealloc(nodes, log->data, log->room);
	log->data = data;
	log->room = room;
	return true;
}

void event_log_add(struct event_log *log, struct nodes *nodes, const struct event *event)
{
	const size_t align = _Alignof(max_align_t);
	size_t size = sizeof(struct entry) + ((event->object->size + align - 1) & ~(align - 1));
	if (log->is_lost || !make_room(log, nodes, size)) {
		log->is_lost = true;
		return;
	}
	struct entry entry = { .kind = event->kind, .size = (uint32_t)size };
	memcpy(log->data + log->len, &entry, sizeof(entry));
	memcpy(log->data + log->len + sizeof(entry), event->object, event->object->size);
	log->len += size;
}

bool event_log_next(const struct event_log *log, size_t *at, struct event *event)
{
	if (*at >= log->len) {
		return false;
	}
	const struct entry *entry = (const void *)(log->data + *at);
	*event = (struct event){ .kind = entry->kind, .object = (const void *)(entry + 1) };
	*at += entry->size;
	return true;
}

void event_log_free(struct event_log *log, struct nodes *nodes)
{
	nodes_dealloc(nodes, log->data, log->room);
	*log = (struct event_log){ 0 };
}
