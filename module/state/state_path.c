/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/state/state_path.h"

#define OBJECT(list)                                                                            \
	{                                                                                       \
		JSON_OBJECT, .members = (list), .members_count = sizeof(list) / sizeof(*(list)) \
	}
#define ARRAY(place)                           \
	{                                      \
		JSON_ARRAY, .element = (place) \
	}

static const struct json_member state[] = {
	JSON_MEMBER("id", STATE_ID),
	JSON_MEMBER("pid", STATE_PID),
	JSON_MEMBER("leader", STATE_LEADER),
	JSON_MEMBER("start_time", STATE_START_TIME),
	JSON_MEMBER("elected_time", STATE_ELECTED_TIME),
	JSON_MEMBER("flags", FLAGS),
	JSON_MEMBER("slaves", SLAVES),
	JSON_MEMBER("recovered_slaves", RECOVERED_SLAVES),
	JSON_MEMBER("frameworks", FRAMEWORKS),
};

static const struct json_member flags[] = {
	JSON_MEMBER("registry_fetch_timeout", FLAG_REGISTRY_FETCH_TIMEOUT),
};

static const struct json_member slave[] = {
	JSON_MEMBER("id", SLAVE_ID),
	JSON_MEMBER("pid", SLAVE_PID),
};

static const struct json_member framework[] = {
	JSON_MEMBER("id", FRAMEWORK_ID),   JSON_MEMBER("name", FRAMEWORK_NAME),
	JSON_MEMBER("pid", FRAMEWORK_PID), JSON_MEMBER("hostname", FRAMEWORK_HOSTNAME),
	JSON_MEMBER("tasks", TASKS),       JSON_MEMBER("recovered", FRAMEWORK_RECOVERED),
};

static const struct json_member task[] = {
	JSON_MEMBER("id", TASK_ID),
	JSON_MEMBER("slave_id", TASK_SLAVE_ID),
	JSON_MEMBER("resources", TASK_RESOURCES),
	STATE_TASK_MEMBERS,
};

static const struct json_member task_resources[] = {
	JSON_MEMBER("ports", TASK_RESOURCES_PORTS),
};

static const struct json_member discovery[] = {
	JSON_MEMBER("name", DISCOVERY_NAME),
	JSON_MEMBER("ports", DISCOVERY_PORTS),
};

static const struct json_member discovery_ports[] = {
	JSON_MEMBER("ports", DISCOVERY_PORTS_PORTS),
};

static const struct json_member port[] = {
	JSON_MEMBER("number", PORT_NUMBER),
	JSON_MEMBER("name", PORT_NAME),
	JSON_MEMBER("protocol", PORT_PROTOCOL),
};

static const struct json_member container[] = {
	JSON_MEMBER("docker", CONTAINER_DOCKER),
	JSON_MEMBER("network_infos", CONTAINER_NETWORK_INFOS),
};

/* Of `docker` and of a network_info. */
static const struct json_member container_network[] = {
	JSON_MEMBER("port_mappings", CONTAINER_PORT_MAPPINGS),
};

static const struct json_member container_port_mapping[] = {
	JSON_MEMBER("host_port", CONTAINER_HOST_PORT),
};

static const struct json_member status[] = {
	JSON_MEMBER("labels", STATUS_LABELS),
	STATE_STATUS_MEMBERS,
};

static const struct json_member status_label[] = {
	JSON_MEMBER("key", STATUS_LABEL_KEY),
	JSON_MEMBER("value", STATUS_LABEL_VALUE),
};

static const struct json_member status_container[] = {
	JSON_MEMBER("network_infos", STATUS_NETWORK_INFOS),
};

static const struct json_member status_network_info[] = {
	JSON_MEMBER("ip_address", STATUS_OLD_IP_ADDRESS),
	JSON_MEMBER("ip_addresses", STATUS_IP_ADDRESSES),
	JSON_MEMBER("port_mappings", STATUS_PORT_MAPPINGS),
};

static const struct json_member status_ip_address_info[] = {
	JSON_MEMBER("ip_address", STATUS_IP_ADDRESS),
};

static const struct json_member status_port_mapping[] = {
	JSON_MEMBER("host_port", STATUS_HOST_PORT),
};

static const struct json_member label[] = {
	JSON_MEMBER("key", TASK_LABEL_KEY),
	JSON_MEMBER("value", TASK_LABEL_VALUE),
};

static const struct json_member discovery_labels[] = { JSON_MEMBER("labels", DISCOVERY_LABELS) };

const struct json_place state_places[] = {
	[NOWHERE] = { JSON_NOTHING },
	[STATE] = OBJECT(state),
	[STATE_ID] = { JSON_STRING },
	[STATE_PID] = { JSON_STRING },
	[STATE_LEADER] = { JSON_STRING },
	[STATE_START_TIME] = { JSON_NUMBER },
	[STATE_ELECTED_TIME] = { JSON_NUMBER },
	[FLAGS] = OBJECT(flags),
	[FLAG_REGISTRY_FETCH_TIMEOUT] = { JSON_STRING },

	[SLAVES] = ARRAY(SLAVE),
	[SLAVE] = OBJECT(slave),
	[RECOVERED_SLAVES] = ARRAY(RECOVERED_SLAVE),
	[RECOVERED_SLAVE] = OBJECT(slave),
	[SLAVE_ID] = { JSON_STRING },
	[SLAVE_PID] = { JSON_STRING },

	[FRAMEWORKS] = ARRAY(FRAMEWORK),
	[FRAMEWORK] = OBJECT(framework),
	[FRAMEWORK_ID] = { JSON_STRING },
	[FRAMEWORK_NAME] = { JSON_STRING },
	[FRAMEWORK_PID] = { JSON_STRING },
	[FRAMEWORK_HOSTNAME] = { JSON_STRING },
	[FRAMEWORK_RECOVERED] = { JSON_BOOLEAN },

	[TASKS] = ARRAY(TASK),
	[TASK] = { JSON_OBJECT, .members = task, .members_count = sizeof(task) / sizeof(*task),
	           .is_offered = true },
	[TASK_ID] = { JSON_STRING },
	[TASK_NAME] = { JSON_STRING },
	[TASK_SLAVE_ID] = { JSON_STRING },
	[TASK_STATE] = { JSON_STRING },
	[TASK_RESOURCES] = OBJECT(task_resources),
	[TASK_RESOURCES_PORTS] = { JSON_STRING },

	[DISCOVERY] = OBJECT(discovery),
	[DISCOVERY_NAME] = { JSON_STRING },
	[DISCOVERY_PORTS] = OBJECT(discovery_ports),
	[DISCOVERY_PORTS_PORTS] = ARRAY(PORT),
	[PORT] = OBJECT(port),
	[PORT_NUMBER] = { JSON_NUMBER },
	[PORT_NAME] = { JSON_STRING },
	[PORT_PROTOCOL] = { JSON_STRING },

	[CONTAINER] = OBJECT(container),
	[CONTAINER_DOCKER] = OBJECT(container_network),
	[CONTAINER_NETWORK_INFOS] = ARRAY(CONTAINER_NETWORK_INFO),
	[CONTAINER_NETWORK_INFO] = OBJECT(container_network),
	[CONTAINER_PORT_MAPPINGS] = ARRAY(CONTAINER_PORT_MAPPING),
	[CONTAINER_PORT_MAPPING] = OBJECT(container_port_mapping),
	[CONTAINER_HOST_PORT] = { JSON_NUMBER },

	[STATUSES] = ARRAY(STATUS),
	[STATUS] = OBJECT(status),
	[STATUS_STATE] = { JSON_STRING },
	[STATUS_TIMESTAMP] = { JSON_NUMBER },
	[STATUS_LABELS] = ARRAY(STATUS_LABEL),
	[STATUS_LABEL] = OBJECT(status_label),
	[STATUS_LABEL_KEY] = { JSON_STRING },
	[STATUS_LABEL_VALUE] = { JSON_STRING },
	[STATUS_CONTAINER] = OBJECT(status_container),
	[STATUS_NETWORK_INFOS] = ARRAY(STATUS_NETWORK_INFO),
	[STATUS_NETWORK_INFO] = OBJECT(status_network_info),
	[STATUS_OLD_IP_ADDRESS] = { JSON_STRING },
	[STATUS_IP_ADDRESSES] = ARRAY(STATUS_IP_ADDRESS_INFO),
	[STATUS_IP_ADDRESS_INFO] = OBJECT(status_ip_address_info),
	[STATUS_IP_ADDRESS] = { JSON_STRING },
	[STATUS_PORT_MAPPINGS] = ARRAY(STATUS_PORT_MAPPING),
	[STATUS_PORT_MAPPING] = OBJECT(status_port_mapping),
	[STATUS_HOST_PORT] = { JSON_NUMBER },

	[SLAVE_HOSTNAME] = { JSON_STRING },
	[FRAMEWORK_ROLE] = { JSON_STRING },
	[FRAMEWORK_ROLES] = ARRAY(FRAMEWORK_ROLES_ROLE),
	[FRAMEWORK_ROLES_ROLE] = { JSON_STRING },
	[TASK_ROLE] = { JSON_STRING },
	[TASK_LABELS] = ARRAY(TASK_LABEL),
	[TASK_LABEL] = OBJECT(label),
	[TASK_LABEL_KEY] = { JSON_STRING },
	[TASK_LABEL_VALUE] = { JSON_STRING },
	[DISCOVERY_LABELS_OBJECT] = OBJECT(discovery_labels),
	[DISCOVERY_LABELS] = ARRAY(DISCOVERY_LABEL),
	[DISCOVERY_LABEL] = OBJECT(label),
	[DISCOVERY_VISIBILITY] = { JSON_STRING },
	[DISCOVERY_ENVIRONMENT] = { JSON_STRING },
	[DISCOVERY_LOCATION] = { JSON_STRING },
	[DISCOVERY_VERSION] = { JSON_STRING },
	[STATUS_NETWORK_NAME] = { JSON_STRING },
	[STATUS_HEALTHY] = { JSON_BOOLEAN },
	[TASK_HEALTH_CHECK] = { JSON_OBJECT },
};
