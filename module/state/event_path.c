/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/state/event_path.h"

#define OBJECT(list)                                                                            \
	{                                                                                       \
		JSON_OBJECT, .members = (list), .members_count = sizeof(list) / sizeof(*(list)) \
	}
#define ARRAY(place)                           \
	{                                      \
		JSON_ARRAY, .element = (place) \
	}

static const struct json_member event[] = {
	JSON_MEMBER("type", EVENT_TYPE),
	JSON_MEMBER("subscribed", SUBSCRIBED_BODY),
	JSON_MEMBER("task_added", TASK_ADDED_BODY),
	JSON_MEMBER("task_updated", TASK_UPDATED_BODY),
	JSON_MEMBER("framework_added", FRAMEWORK_ADDED_BODY),
	JSON_MEMBER("framework_updated", FRAMEWORK_UPDATED_BODY),
	JSON_MEMBER("framework_removed", FRAMEWORK_REMOVED_BODY),
	JSON_MEMBER("agent_added", AGENT_ADDED_BODY),
	JSON_MEMBER("agent_removed", AGENT_REMOVED_BODY),
};

static const struct json_member subscribed[] = {
	JSON_MEMBER("heartbeat_interval_seconds", HEARTBEAT_INTERVAL),
};

static const struct json_member task_added[] = { JSON_MEMBER("task", TASK) };

static const struct json_member task_updated[] = {
	JSON_MEMBER("framework_id", TASK_FRAMEWORK_ID),
	JSON_MEMBER("status", UPDATED_STATUS),
	JSON_MEMBER("state", TASK_STATE),
};

/* Of FRAMEWORK_ADDED and FRAMEWORK_UPDATED. */
static const struct json_member framework_told[] = { JSON_MEMBER("framework", FRAMEWORK) };

static const struct json_member framework_removed[] = {
	JSON_MEMBER("framework_info", FRAMEWORK_INFO),
};

static const struct json_member agent_added[] = { JSON_MEMBER("agent", SLAVE) };

static const struct json_member agent_removed[] = { JSON_MEMBER("agent_id", AGENT_INFO_ID) };

static const struct json_member agent[] = {
	JSON_MEMBER("agent_info", AGENT_INFO),
	JSON_MEMBER("pid", SLAVE_PID),
};

static const struct json_member agent_info[] = { JSON_MEMBER("id", AGENT_INFO_ID) };
static const struct json_member agent_id[] = { JSON_MEMBER("value", SLAVE_ID) };

static const struct json_member framework[] = {
	JSON_MEMBER("framework_info", FRAMEWORK_INFO),
	JSON_MEMBER("recovered", FRAMEWORK_RECOVERED),
};

static const struct json_member framework_info[] = {
	JSON_MEMBER("id", FRAMEWORK_INFO_ID),
	JSON_MEMBER("name", FRAMEWORK_NAME),
	JSON_MEMBER("hostname", FRAMEWORK_HOSTNAME),
};

static const struct json_member framework_id[] = { JSON_MEMBER("value", FRAMEWORK_ID) };

static const struct json_member task[] = {
	JSON_MEMBER("task_id", TASK_ID_OBJECT),
	JSON_MEMBER("framework_id", TASK_FRAMEWORK_ID),
	JSON_MEMBER("agent_id", TASK_AGENT_ID),
	JSON_MEMBER("resources", RESOURCES),
	STATE_TASK_MEMBERS,
};

static const struct json_member task_id[] = { JSON_MEMBER("value", TASK_ID) };
static const struct json_member task_agent_id[] = { JSON_MEMBER("value", TASK_SLAVE_ID) };
static const struct json_member task_framework_id[] = {
	JSON_MEMBER("value", TASK_FRAMEWORK_ID_VALUE),
};

static const struct json_member resource[] = {
	JSON_MEMBER("name", RESOURCE_NAME),
	JSON_MEMBER("ranges", RESOURCE_RANGES),
	JSON_MEMBER("revocable", RESOURCE_REVOCABLE),
};

static const struct json_member resource_ranges[] = {
	JSON_MEMBER("range", RESOURCE_RANGES_RANGE),
};

static const struct json_member range[] = {
	JSON_MEMBER("begin", RANGE_BEGIN),
	JSON_MEMBER("end", RANGE_END),
};

static const struct json_member status[] = {
	JSON_MEMBER("labels", STATUS_LABELS_OBJECT),
	STATE_STATUS_MEMBERS,
};

static const struct json_member updated_status[] = {
	JSON_MEMBER("task_id", TASK_ID_OBJECT),
	JSON_MEMBER("labels", STATUS_LABELS_OBJECT),
	STATE_STATUS_MEMBERS,
};

static const struct json_member labels[] = { JSON_MEMBER("labels", STATUS_LABELS) };

static const struct json_member attribute[] = {
	JSON_MEMBER("name", AGENT_ATTRIBUTE_NAME),
	JSON_MEMBER("text", AGENT_ATTRIBUTE_TEXT),
};

static const struct json_member attribute_text[] = { JSON_MEMBER("value", AGENT_ATTRIBUTE_VALUE) };
static const struct json_member task_labels[] = { JSON_MEMBER("labels", TASK_LABELS) };
static const struct json_member allocation[] = { JSON_MEMBER("role", TASK_ROLE) };

static const struct {
	uint8_t at;
	struct json_place place;
} differences[] = {
	{ EVENT, OBJECT(event) },
	{ EVENT_TYPE, { JSON_STRING } },
	{ SUBSCRIBED_BODY, OBJECT(subscribed) },
	{ HEARTBEAT_INTERVAL, { JSON_NUMBER } },
	{ TASK_ADDED_BODY, OBJECT(task_added) },
	{ TASK_UPDATED_BODY, OBJECT(task_updated) },
	{ FRAMEWORK_ADDED_BODY, OBJECT(framework_told) },
	{ FRAMEWORK_UPDATED_BODY, OBJECT(framework_told) },
	{ FRAMEWORK_REMOVED_BODY, OBJECT(framework_removed) },
	{ AGENT_ADDED_BODY, OBJECT(agent_added) },
	{ AGENT_REMOVED_BODY, OBJECT(agent_removed) },
	{ SLAVE, OBJECT(agent) },
	{ AGENT_INFO, OBJECT(agent_info) },
	{ AGENT_INFO_ID, OBJECT(agent_id) },
	{ FRAMEWORK, OBJECT(framework) },
	{ FRAMEWORK_INFO, OBJECT(framework_info) },
	{ FRAMEWORK_INFO_ID, OBJECT(framework_id) },
	{ TASK, OBJECT(task) },
	{ TASK_ID_OBJECT, OBJECT(task_id) },
	{ TASK_AGENT_ID, OBJECT(task_agent_id) },
	{ TASK_FRAMEWORK_ID, OBJECT(task_framework_id) },
	{ TASK_FRAMEWORK_ID_VALUE, { JSON_STRING } },
	{ UPDATED_STATUS, OBJECT(updated_status) },
	{ RESOURCES, ARRAY(RESOURCE) },
	{ RESOURCE, OBJECT(resource) },
	{ RESOURCE_NAME, { JSON_STRING } },
	{ RESOURCE_REVOCABLE, { JSON_OBJECT } },
	{ RESOURCE_RANGES, OBJECT(resource_ranges) },
	{ RESOURCE_RANGES_RANGE, ARRAY(RANGE) },
	{ RANGE, OBJECT(range) },
	{ RANGE_BEGIN, { JSON_NUMBER } },
	{ RANGE_END, { JSON_NUMBER } },
	{ STATUS, OBJECT(status) },
	{ STATUS_LABELS_OBJECT, OBJECT(labels) },
	{ AGENT_ATTRIBUTES, ARRAY(AGENT_ATTRIBUTE) },
	{ AGENT_ATTRIBUTE, OBJECT(attribute) },
	{ AGENT_ATTRIBUTE_NAME, { JSON_STRING } },
	{ AGENT_ATTRIBUTE_TEXT, OBJECT(attribute_text) },
	{ AGENT_ATTRIBUTE_VALUE, { JSON_STRING } },
	{ TASK_LABELS_OBJECT, OBJECT(task_labels) },
	{ RESOURCE_ALLOCATION, OBJECT(allocation) },
};

void event_places(struct json_place places[static EVENT_PLACES])
{
	memcpy(places, state_places, STATE_PLACES * sizeof(*places));
	for (size_t i = 0; i < sizeof(differences) / sizeof(*differences); i++) {
		places[differences[i].at] = differences[i].place;
	}
}
