/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/state/wanted_places.h"

_Static_assert(STATE_PLACES + WANTS_KEYS_MAX <= UINT8_MAX, "places are numbers of one byte");
_Static_assert(EVENT_PLACES <= UINT8_MAX, "places are numbers of one byte");

/*! \brief Things that are wanted, by enum wants_bit, and where they lie. */
struct wanted_member {
	uint32_t bit;
	struct json_member member;
};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/*! \brief Adds a member to an object, which has been given room for it. */
static void add_member(struct wanted_places *w, uint8_t at, struct json_member member)
{
	struct json_place *place = &w->places[at];
	struct json_member *room = NULL;
	for (unsigned i = 0; i < w->objects; i++) {
		room = place->members == w->members[i] ? w->members[i] : room;
	}
	if (room == NULL) {
		room = w->members[w->objects++];
		memcpy(room, place->members, place->members_count * sizeof(*room));
		place->members = room;
	}
	room[place->members_count++] = member;
}

/*! \brief Adds those of some members that are wanted. */
static void add_wanted(struct wanted_places *w, uint32_t bits, uint8_t at,
                       const struct wanted_member *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bits & list[i].bit) {
			add_member(w, at, list[i].member);
		}
	}
}

static const struct wanted_member healthy[] = {
	{ WANTS_HEALTH, JSON_MEMBER("healthy", STATUS_HEALTHY) },
};

/*! \brief What states and events have alike; \a framework is where a framework says its roles. */
static void add_common(struct wanted_places *w, const struct wants *wants, uint8_t agent,
                       uint8_t framework, uint8_t labels)
{
	static const struct wanted_member discovery[] = {
		{ WANTS_VISIBILITY, JSON_MEMBER("visibility", DISCOVERY_VISIBILITY) },
		{ WANTS_ENVIRONMENT, JSON_MEMBER("environment", DISCOVERY_ENVIRONMENT) },
		{ WANTS_LOCATION, JSON_MEMBER("location", DISCOVERY_LOCATION) },
		{ WANTS_VERSION, JSON_MEMBER("version", DISCOVERY_VERSION) },
	};
	static const struct wanted_member roles[] = {
		{ WANTS_ROLE, JSON_MEMBER("role", FRAMEWORK_ROLE) },
		{ WANTS_ROLE, JSON_MEMBER("roles", FRAMEWORK_ROLES) },
	};
	static const struct wanted_member checked[] = {
		{ WANTS_HEALTH, JSON_MEMBER("health_check", TASK_HEALTH_CHECK) },
	};
	static const struct wanted_member host[] = {
		{ WANTS_HOSTNAME, JSON_MEMBER("hostname", SLAVE_HOSTNAME) },
	};

	add_wanted(w, wants->bits, DISCOVERY, discovery, COUNT(discovery));
	add_wanted(w, wants->bits, TASK, checked, COUNT(checked));
	add_wanted(w, wants->bits, STATUS, healthy, COUNT(healthy));
	add_wanted(w, wants->bits, framework, roles, COUNT(roles));
	add_wanted(w, wants->bits, agent, host, COUNT(host));
	if (wants->keys[WANTS_LABELS].count > 0) {
		add_member(w, DISCOVERY,
		           (struct json_member)JSON_MEMBER("labels", DISCOVERY_LABELS_OBJECT));
		add_member(w, TASK, (struct json_member)JSON_MEMBER("labels", labels));
	}
	if (wants->keys[WANTS_NETWORKS].count > 0) {
		add_member(w, STATUS_NETWORK_INFO,
		           (struct json_member)JSON_MEMBER("name", STATUS_NETWORK_NAME));
	}
}

void wanted_state_places(struct wanted_places *w, const struct wants *wants)
{
	static const struct wanted_member task[] = {
		{ WANTS_ROLE, JSON_MEMBER("role", TASK_ROLE) },
	};

	w->objects = 0;
	memcpy(w->places, state_places, STATE_PLACES * sizeof(*w->places));
	add_common(w, wants, SLAVE, FRAMEWORK, TASK_LABELS);
	add_wanted(w, wants->bits, TASK, task, COUNT(task));

	const struct wants_keys *attributes = &wants->keys[WANTS_ATTRIBUTES];
	for (uint32_t i = 0; i < attributes->count; i++) {
		uint8_t place = (uint8_t)(SLAVE_ATTRIBUTE_FIRST + i);
		w->attributes[i] = (struct json_member){ attributes->list[i], place };
		w->places[place] = (struct json_place){ JSON_STRING };
	}
	if (attributes->count > 0) {
		w->places[SLAVE_ATTRIBUTES] = (struct json_place){
			.kind = JSON_OBJECT,
			.members_count = (uint8_t)attributes->count,
			.members = w->attributes,
		};
		add_member(w, SLAVE,
		           (struct json_member)JSON_MEMBER("attributes", SLAVE_ATTRIBUTES));
	}
}

void wanted_event_places(struct wanted_places *w, const struct wants *wants)
{
	static const struct wanted_member resource[] = {
		{ WANTS_ROLE, JSON_MEMBER("allocation_info", RESOURCE_ALLOCATION) },
	};

	w->objects = 0;
	event_places(w->places);
	if (wants == NULL) {
		return;
	}
	add_common(w, wants, AGENT_INFO, FRAMEWORK_INFO, TASK_LABELS_OBJECT);
	add_wanted(w, wants->bits, RESOURCE, resource, COUNT(resource));
	add_wanted(w, wants->bits, UPDATED_STATUS, healthy, COUNT(healthy));
	if (wants->keys[WANTS_ATTRIBUTES].count > 0) {
		add_member(w, AGENT_INFO,
		           (struct json_member)JSON_MEMBER("attributes", AGENT_ATTRIBUTES));
	}
}
