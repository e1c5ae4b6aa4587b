/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Where in a master's `/state` the values lie that names are made of.
 *
 * Constant data: any thread may read it.
 */
#pragma once

#include "module/json/json.h"

/*! \brief Places in the document, in the order of the tree that they make. */
enum state_place {
	NOWHERE,
	STATE,
	STATE_ID,
	STATE_PID,
	STATE_LEADER,
	STATE_START_TIME,
	STATE_ELECTED_TIME,
	FLAGS,
	FLAG_REGISTRY_FETCH_TIMEOUT,

	SLAVES,
	SLAVE,
	RECOVERED_SLAVES,
	RECOVERED_SLAVE,
	SLAVE_ID, /*!< Of either. */
	SLAVE_PID,

	FRAMEWORKS,
	FRAMEWORK,
	FRAMEWORK_ID,
	FRAMEWORK_NAME,
	FRAMEWORK_PID,
	FRAMEWORK_HOSTNAME,
	FRAMEWORK_RECOVERED,

	TASKS,
	TASK,
	TASK_ID,
	TASK_NAME,
	TASK_SLAVE_ID,
	TASK_STATE,
	TASK_RESOURCES,
	TASK_RESOURCES_PORTS,

	DISCOVERY,
	DISCOVERY_NAME,
	DISCOVERY_PORTS,
	DISCOVERY_PORTS_PORTS,
	PORT,
	PORT_NUMBER,
	PORT_NAME,
	PORT_PROTOCOL,

	CONTAINER,
	CONTAINER_DOCKER,
	CONTAINER_NETWORK_INFOS,
	CONTAINER_NETWORK_INFO,
	CONTAINER_PORT_MAPPINGS, /*!< Of `docker` and of `network_infos`. */
	CONTAINER_PORT_MAPPING,
	CONTAINER_HOST_PORT,

	STATUSES,
	STATUS,
	STATUS_STATE,
	STATUS_TIMESTAMP,
	STATUS_LABELS,
	STATUS_LABEL,
	STATUS_LABEL_KEY,
	STATUS_LABEL_VALUE,
	STATUS_CONTAINER,
	STATUS_NETWORK_INFOS,
	STATUS_NETWORK_INFO,
	STATUS_OLD_IP_ADDRESS,
	STATUS_IP_ADDRESSES,
	STATUS_IP_ADDRESS_INFO,
	STATUS_IP_ADDRESS,
	STATUS_PORT_MAPPINGS,
	STATUS_PORT_MAPPING,
	STATUS_HOST_PORT,

	/* Only if they are wanted (wanted_places.h). */
	SLAVE_HOSTNAME,
	SLAVE_ATTRIBUTES,
	FRAMEWORK_ROLE,
	FRAMEWORK_ROLES,
	FRAMEWORK_ROLES_ROLE,
	TASK_ROLE,
	TASK_LABELS,
	TASK_LABEL,
	TASK_LABEL_KEY, /*!< These two of either kind of label. */
	TASK_LABEL_VALUE,
	DISCOVERY_LABELS_OBJECT,
	DISCOVERY_LABELS,
	DISCOVERY_LABEL,
	DISCOVERY_VISIBILITY,
	DISCOVERY_ENVIRONMENT,
	DISCOVERY_LOCATION,
	DISCOVERY_VERSION,
	STATUS_NETWORK_NAME,
	STATUS_HEALTHY,
	TASK_HEALTH_CHECK,
	STATE_PLACES, /*!< Number of places. */
};

/*! \brief Members that a task has in a state and in an event alike. */
#define STATE_TASK_MEMBERS                                                                \
	JSON_MEMBER("name", TASK_NAME), JSON_MEMBER("state", TASK_STATE),                 \
	        JSON_MEMBER("discovery", DISCOVERY), JSON_MEMBER("container", CONTAINER), \
	        JSON_MEMBER("statuses", STATUSES)

/*! \brief Members that a status has in both. */
#define STATE_STATUS_MEMBERS                                                            \
	JSON_MEMBER("state", STATUS_STATE), JSON_MEMBER("timestamp", STATUS_TIMESTAMP), \
	        JSON_MEMBER("container_status", STATUS_CONTAINER)

/*! \brief What is wanted at each place, by enum state_place. */
extern const struct json_place state_places[];
