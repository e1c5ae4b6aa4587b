/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Where in an event (Mesos: v1 `master::Event`) the values lie that names are made of.
 *
 * What v1 writes as a state does has the same place here as there.
 */
#pragma once

#include "module/state/state_path.h"

/*! \brief Places that a state has not; of the others those that are named in the table. */
enum event_place {
	EVENT = STATE, /*!< The whole document. */
	EVENT_TYPE = STATE_PLACES,
	SUBSCRIBED_BODY,
	HEARTBEAT_INTERVAL,
	TASK_ADDED_BODY,
	TASK_UPDATED_BODY,
	FRAMEWORK_ADDED_BODY,
	FRAMEWORK_UPDATED_BODY,
	FRAMEWORK_REMOVED_BODY,
	AGENT_ADDED_BODY,
	AGENT_REMOVED_BODY,

	AGENT_INFO,
	AGENT_INFO_ID,
	FRAMEWORK_INFO,
	FRAMEWORK_INFO_ID,
	TASK_ID_OBJECT,
	TASK_AGENT_ID,
	TASK_FRAMEWORK_ID,
	TASK_FRAMEWORK_ID_VALUE,
	UPDATED_STATUS, /*!< The only one of an update; names its task. */
	RESOURCES,
	RESOURCE,
	RESOURCE_NAME,
	RESOURCE_REVOCABLE,
	RESOURCE_RANGES,
	RESOURCE_RANGES_RANGE,
	RANGE,
	RANGE_BEGIN,
	RANGE_END,
	STATUS_LABELS_OBJECT,

	/* Only if they are wanted (wanted_places.h). */
	AGENT_ATTRIBUTES,
	AGENT_ATTRIBUTE,
	AGENT_ATTRIBUTE_NAME,
	AGENT_ATTRIBUTE_TEXT,
	AGENT_ATTRIBUTE_VALUE,
	TASK_LABELS_OBJECT,
	RESOURCE_ALLOCATION,
	EVENT_PLACES, /*!< Number of places. */
};

/*! \brief Fills in what is wanted at each place of an event, by enum event_place. */
void event_places(struct json_place places[static EVENT_PLACES]);
