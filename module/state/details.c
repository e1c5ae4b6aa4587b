/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/state/details.h"
#include "module/state/object.h"
#include "module/state/state_path.h"
#include "module/state/state_text.h"

void details_init(struct task_details *d, struct arena *arena)
{
	*d = (struct task_details){
		.arena = arena,
		.labels = { .item = sizeof(struct state_pair) },
		.sorted = { .item = sizeof(struct address) },
		.groups = { .item = sizeof(struct state_network) },
	};
	for (unsigned i = 0; i < DETAILS_STATUSES; i++) {
		d->networks[i].item = sizeof(struct state_network);
	}
}

void details_free(struct task_details *d)
{
	vector_free(&d->labels, d->arena);
	vector_free(&d->sorted, d->arena);
	vector_free(&d->groups, d->arena);
	for (unsigned i = 0; i < DETAILS_STATUSES; i++) {
		vector_free(&d->networks[i], d->arena);
	}
}

void details_begin(struct task_details *d, const struct wants *wants)
{
	d->wants = wants;
	d->environment = d->location = d->version = d->role = (struct text){ 0 };
	d->visibility = VISIBILITY_NONE;
	d->labels.count = 0;
	for (unsigned i = 0; i < DETAILS_STATUSES; i++) {
		d->networks[i].count = 0;
	}
}

bool details_count(const struct vector *pairs, const struct state_pair *pair)
{
	if (pair->key.data == NULL || pair->value.len == 0) {
		return false;
	}
	const struct state_pair *list = pairs->data;
	for (size_t i = 0; i < pairs->count; i++) {
		/* The keys are the wants' own. */
		if (list[i].key.data == pair->key.data &&
		    list[i].of_discovery == pair->of_discovery) {
			return false;
		}
	}
	return true;
}

int details_add(struct vector *pairs, struct arena *arena, const struct state_pair *pair)
{
	struct state_pair *item = vector_push(pairs, arena);
	if (item == NULL) {
		return arena_error(arena);
	}
	*item = *pair;
	return KNOT_EOK;
}

void details_object(struct task_details *d, unsigned place)
{
	switch (place) {
	case DISCOVERY:
		if (d->wants->bits & WANTS_VISIBILITY) {
			d->visibility = VISIBILITY_OTHER;
		}
		break;
	case TASK_LABEL:
	case DISCOVERY_LABEL:
		d->before = arena_mark(d->arena);
		d->label = (struct state_pair){ .of_discovery = place == DISCOVERY_LABEL };
		break;
	}
}

int details_object_end(struct task_details *d, unsigned place)
{
	if (place != TASK_LABEL && place != DISCOVERY_LABEL) {
		return KNOT_EOK;
	}
	if (details_count(&d->labels, &d->label)) {
		return details_add(&d->labels, d->arena, &d->label);
	}
	arena_rewind(d->arena, d->before);
	return KNOT_EOK;
}

static enum visibility visibility_of(struct text text)
{
	if (TEXT_IS(text, "FRAMEWORK")) {
		return VISIBILITY_FRAMEWORK;
	} else if (TEXT_IS(text, "CLUSTER")) {
		return VISIBILITY_CLUSTER;
	}
	return TEXT_IS(text, "EXTERNAL") ? VISIBILITY_EXTERNAL : VISIBILITY_OTHER;
}

/*! \brief The wants' own copy of a key; absent if it is not wanted. */
static struct text wanted_key(const struct task_details *d, enum wants_list list, struct text key)
{
	uint32_t index = wants_find(d->wants, list, key);
	return index != WANTS_NONE ? d->wants->keys[list].list[index] : (struct text){ 0 };
}

int details_string(struct task_details *d, unsigned place, struct text text)
{
	switch (place) {
	case TASK_LABEL_KEY: d->label.key = wanted_key(d, WANTS_LABELS, text); break;
	case TASK_LABEL_VALUE: return text_copy(d->arena, text, &d->label.value);
	case TASK_ROLE: return d->role.len == 0 ? text_copy(d->arena, text, &d->role) : KNOT_EOK;
	case DISCOVERY_VISIBILITY: d->visibility = visibility_of(text); break;
	case DISCOVERY_ENVIRONMENT: return text_copy(d->arena, text, &d->environment);
	case DISCOVERY_LOCATION: return text_copy(d->arena, text, &d->location);
	case DISCOVERY_VERSION: return text_copy(d->arena, text, &d->version);
	case STATUS_NETWORK_NAME: d->network = wants_find(d->wants, WANTS_NETWORKS, text); break;
	}
	return KNOT_EOK;
}

void details_begin_status(struct task_details *d, unsigned status)
{
	d->networks[status].count = 0;
}

void details_begin_network(struct task_details *d, size_t addresses)
{
	d->network = WANTS_NONE;
	d->addresses = (uint32_t)addresses;
}

int details_end_network(struct task_details *d, unsigned status, size_t addresses)
{
	if (addresses == d->addresses || d->wants->keys[WANTS_NETWORKS].count == 0) {
		return KNOT_EOK;
	}
	struct state_network *network = vector_push(&d->networks[status], d->arena);
	if (network == NULL) {
		return arena_error(d->arena);
	}
	if (d->network != WANTS_NONE) {
		network->name = d->wants->keys[WANTS_NETWORKS].list[d->network];
	}
	network->count = (uint32_t)addresses - d->addresses;
	return KNOT_EOK;
}

/*! \brief Appends the addresses of one network to those that are sorted. */
static int gather_network(struct task_details *d, const struct vector *networks,
                          const struct address *addresses, struct text name)
{
	struct state_network group = { .name = name };
	const struct state_network *list = networks->data;
	for (size_t i = 0; i < networks->count; addresses += list[i++].count) {
		bool is_of_it = list[i].name.data == name.data;
		for (uint32_t j = 0; is_of_it && j < list[i].count; j++) {
			struct address *item = vector_push(&d->sorted, d->arena);
			if (item == NULL) {
				return arena_error(d->arena);
			}
			*item = addresses[j];
			group.count++;
		}
	}
	if (group.count > 0) {
		struct state_network *item = vector_push(&d->groups, d->arena);
		if (item == NULL) {
			return arena_error(d->arena);
		}
		*item = group;
	}
	return KNOT_EOK;
}

int details_end_status(struct task_details *d, unsigned status, struct vector *addresses)
{
	struct vector *networks = &d->networks[status];
	const struct wants_keys *keys = &d->wants->keys[WANTS_NETWORKS];
	if (networks->count < 2) {
		return KNOT_EOK;
	}
	int ret = KNOT_EOK;
	d->sorted.count = d->groups.count = 0;
	for (uint32_t i = 0; i <= keys->count && ret == KNOT_EOK; i++) {
		/* What is of no network that is wanted comes last. */
		struct text name = i < keys->count ? keys->list[i] : (struct text){ 0 };
		ret = gather_network(d, networks, addresses->data, name);
	}
	if (ret == KNOT_EOK) {
		memcpy(addresses->data, d->sorted.data, d->sorted.count * d->sorted.item);
		memcpy(networks->data, d->groups.data, d->groups.count * d->groups.item);
		networks->count = d->groups.count;
	}
	return ret;
}

bool details_is_text(struct text attribute)
{
	return attribute.len > 0 && attribute.data[0] != '[' && attribute.data[0] != '{';
}

int details_role(struct role_details *role, struct arena *arena, struct text text)
{
	role->is_named = true;
	return text_copy(arena, text, &role->role);
}

int details_listed_role(struct role_details *role, struct arena *arena, struct text text)
{
	if (role->is_named) {
		return KNOT_EOK;
	}
	if (role->listed++ > 0) {
		/* Which one a task is of is not said. */
		role->role = (struct text){ 0 };
		return KNOT_EOK;
	}
	return text_copy(arena, text, &role->role);
}
