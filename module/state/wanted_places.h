/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Where in a state or an event lies what is wanted beyond the rest.
 *
 * What nobody wants has no place: its keys are not even looked for.
 */
#pragma once

#include "module/state/event_path.h"
#include "module/state/wants.h"

/*! \brief Objects of a document that can have more members than they always have. */
#define WANTED_OBJECTS 8

/*! \brief Most members of each. */
#define WANTED_MEMBERS_MAX 20

/*! \brief An attribute of a state that is wanted lies at this place and its index in the wants. */
#define SLAVE_ATTRIBUTE_FIRST STATE_PLACES

/*! \brief A table of places. */
struct wanted_places {
	struct json_place places[EVENT_PLACES + WANTS_KEYS_MAX];
	struct json_member members[WANTED_OBJECTS][WANTED_MEMBERS_MAX];
	unsigned objects; /*!< In use of \a members. */
	struct json_member attributes[WANTS_KEYS_MAX];
};

/*! \brief Fills in the places of a state; the keys of attributes stay the wants'. */
void wanted_state_places(struct wanted_places *wanted, const struct wants *wants);

/*! \brief Fills in the places of an event. */
void wanted_event_places(struct wanted_places *wanted, const struct wants *wants);
