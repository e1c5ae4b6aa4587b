/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/state/object_more.h"

void more_read_networks(struct more_parts *parts, uint32_t status, const struct vector *networks)
{
	const struct state_network *list = networks->data;
	uint32_t count = 0;
	while (count < networks->count && list[count].name.data != NULL) {
		count++;
	}
	parts->networks[status] = (struct network_parts){ .read = list, .count = count };
}

void more_known_networks(struct more_parts *parts, uint32_t status, const struct task_object *task,
                         uint32_t from)
{
	struct object_slice slice = task_object_more(task)->networks[from];
	parts->networks[status] = (struct network_parts){
		.of = task,
		.list = object_list(task, slice),
		.count = slice.count,
	};
}

/*! \brief The texts of a task that are there once. */
struct words {
	struct text environment;
	struct text location;
	struct text version;
	struct text role;
	uint8_t visibility;
	uint32_t labels_count;
};

static struct words words_of(const struct more_parts *parts)
{
	const struct task_details *details = parts->details;
	if (details != NULL) {
		return (struct words){
			.environment = details->environment,
			.location = details->location,
			.version = details->version,
			.role = details->role,
			.visibility = details->visibility,
			.labels_count = (uint32_t)details->labels.count,
		};
	}
	if (parts->of == NULL || !parts->of->has_more) {
		return (struct words){ 0 };
	}
	const struct task_more *more = task_object_more(parts->of);
	return (struct words){
		.environment = object_text(parts->of, more->environment),
		.location = object_text(parts->of, more->location),
		.version = object_text(parts->of, more->version),
		.role = object_text(parts->of, more->role),
		.visibility = more->visibility,
		.labels_count = more->labels.count,
	};
}

static struct state_pair label_at(const struct more_parts *parts, uint32_t index)
{
	if (parts->details != NULL) {
		return ((const struct state_pair *)parts->details->labels.data)[index];
	}
	const struct task_object *task = parts->of;
	const struct pair_object *labels = object_list(task, task_object_more(task)->labels);
	return (struct state_pair){
		.key = object_text(task, labels[index].key),
		.value = object_text(task, labels[index].value),
		.of_discovery = labels[index].of_discovery,
	};
}

static bool has_networks(const struct more_parts *parts)
{
	bool has = false;
	for (unsigned i = 0; i < OBJECT_STATUSES_MAX; i++) {
		has |= parts->networks[i].count > 0;
	}
	return has;
}

bool more_says(const struct more_parts *parts)
{
	if (parts->details == NULL && parts->of == NULL) {
		return false;
	}
	struct words words = words_of(parts);
	return words.visibility != VISIBILITY_NONE || words.labels_count > 0 ||
	       words.environment.len > 0 || words.location.len > 0 || words.version.len > 0 ||
	       words.role.len > 0 || has_networks(parts);
}

/*! \brief Appends an item of zeros to a list that lies open at the end; its place, 0 without
 *         memory.
 */
static uint32_t begin_list(struct object_writer *w, uint32_t count, size_t item)
{
	char *list = count > 0 ? add(w, count * item, _Alignof(uint32_t)) : NULL;
	return list != NULL ? (uint32_t)(list - w->data) : 0;
}

/*! \brief Writes an item of a list; what was written since may have moved it. */
static void set_item(struct object_writer *w, uint32_t list, uint32_t index, const void *item,
                     size_t size)
{
	if (!w->failed) {
		memcpy(w->data + list + index * size, item, size);
	}
}

static void put_pair(struct object_writer *w, uint32_t list, uint32_t index,
                     const struct state_pair *pair)
{
	HEAD(pair_object, object);
	object.key = put_text(w, pair->key);
	object.value = put_text(w, pair->value);
	object.of_discovery = pair->of_discovery;
	set_item(w, list, index, &object, sizeof(object));
}

static struct object_slice put_labels(struct object_writer *w, const struct more_parts *parts,
                                      uint32_t count)
{
	uint32_t list = begin_list(w, count, sizeof(struct pair_object));
	for (uint32_t i = 0; i < count && !w->failed; i++) {
		struct state_pair pair = label_at(parts, i);
		put_pair(w, list, i, &pair);
	}
	return (struct object_slice){ list, count };
}

static struct object_slice put_networks(struct object_writer *w, const struct network_parts *parts)
{
	uint32_t list = begin_list(w, parts->count, sizeof(struct network_object));
	for (uint32_t i = 0; i < parts->count && !w->failed; i++) {
		HEAD(network_object, object);
		bool is_read = parts->read != NULL;
		object.name = put_text(w, is_read ? parts->read[i].name
		                                  : object_text(parts->of, parts->list[i].name));
		object.count = is_read ? parts->read[i].count : parts->list[i].count;
		set_item(w, list, i, &object, sizeof(object));
	}
	return (struct object_slice){ list, parts->count };
}

bool put_more(struct object_writer *w, const struct more_parts *parts)
{
	HEAD(task_more, more);
	struct words words = words_of(parts);
	uint32_t at = begin_list(w, 1, sizeof(more));
	more.labels = put_labels(w, parts, words.labels_count);
	for (unsigned i = 0; i < OBJECT_STATUSES_MAX; i++) {
		more.networks[i] = put_networks(w, &parts->networks[i]);
	}
	more.environment = put_text(w, words.environment);
	more.location = put_text(w, words.location);
	more.version = put_text(w, words.version);
	more.role = put_text(w, words.role);
	more.visibility = words.visibility;
	set_item(w, at, 0, &more, sizeof(more));
	return !w->failed;
}

bool agent_details_say(const struct agent_details *details)
{
	return details != NULL && (details->hostname.len > 0 || details->attributes.count > 0);
}

bool put_agent_more(struct object_writer *w, const struct agent_details *details)
{
	HEAD(agent_more, more);
	uint32_t count = (uint32_t)details->attributes.count;
	uint32_t at = begin_list(w, 1, sizeof(more));
	more.hostname = put_text(w, details->hostname);
	uint32_t list = begin_list(w, count, sizeof(struct pair_object));
	const struct state_pair *pairs = details->attributes.data;
	for (uint32_t i = 0; i < count && !w->failed; i++) {
		put_pair(w, list, i, &pairs[i]);
	}
	more.attributes = (struct object_slice){ list, count };
	set_item(w, at, 0, &more, sizeof(more));
	return !w->failed;
}
