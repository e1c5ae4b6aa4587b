/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Reads what is wanted of an agent, framework or task beyond the rest; for the parsers
 * alone.
 *
 * - Texts lie in the parser's arena, keys are the wants' own: both outlive the object.
 * - Of several things with one key the first that has a text counts.
 * - One thread at a time. Functions returning int return KNOT_EOK, KNOT_ESPACE or KNOT_ENOMEM.
 */
#pragma once

#include "module/base/arena.h"
#include "module/base/vector.h"
#include "module/state/wants.h"

/*! \brief A text with its key: an attribute, or a label. */
struct state_pair {
	struct text key;
	struct text value; /*!< Never empty. */
	bool of_discovery; /*!< It is a label of a task's discovery, and not of the task. */
};

/*! \brief Addresses of one network that lie in a row. */
struct state_network {
	struct text name; /*!< Absent if the network is not wanted, or has no name. */
	uint32_t count;   /*!< Addresses. */
};

/*! \brief Statuses that a task's builder has (state_task.h). */
#define DETAILS_STATUSES 3

/*! \brief What a task says. */
struct task_details {
	const struct wants *wants;
	struct arena *arena;
	struct text environment;
	struct text location;
	struct text version;
	struct text role;
	uint8_t visibility;       /*!< enum visibility */
	struct vector labels;     /*!< Of struct state_pair. */
	struct arena_mark before; /*!< The arena before the label being read. */
	struct state_pair label;  /*!< The one being read. */
	/*! Of struct state_network, by status: all addresses of `container_status`, in their order;
	 *  those of one network side by side once details_end_status() has been called. */
	struct vector networks[DETAILS_STATUSES];
	struct vector sorted; /*!< Of struct address. */
	struct vector groups; /*!< Of struct state_network. */
	uint32_t network;     /*!< Index of the one being read; WANTS_NONE: it is not wanted. */
	uint32_t addresses;   /*!< How many there were before it. */
};

/*! \brief What an agent says. */
struct agent_details {
	struct text hostname;
	struct vector attributes; /*!< Of struct state_pair. */
};

/*! \brief The role of a framework, which is said in one of two ways. */
struct role_details {
	struct text role; /*!< `role`, or the only one of `roles`; else empty. */
	bool is_named;    /*!< By `role`. */
	uint32_t listed;  /*!< How many `roles` there were. */
};

/*! \brief Makes details of nothing. */
void details_init(struct task_details *details, struct arena *arena);

/*! \brief Frees what is kept from task to task. */
void details_free(struct task_details *details);

/*! \brief Begins a task. */
void details_begin(struct task_details *details, const struct wants *wants);

/*! \brief An object within the task begins, that is none of its statuses and networks. */
void details_object(struct task_details *details, unsigned place);

/*! \brief It ends. */
int details_object_end(struct task_details *details, unsigned place);

int details_string(struct task_details *details, unsigned place, struct text text);

/*! \brief A status begins. */
void details_begin_status(struct task_details *details, unsigned status);

/*! \brief Ends a status: puts the addresses of each network side by side. */
int details_end_status(struct task_details *details, unsigned status, struct vector *addresses);

/*! \brief A network of a status begins; \a addresses are those before it. */
void details_begin_network(struct task_details *details, size_t addresses);

/*! \brief It ends; \a addresses are those so far. */
int details_end_network(struct task_details *details, unsigned status, size_t addresses);

/*! \brief True if a text has a key that is wanted, and is the first such one. */
bool details_count(const struct vector *pairs, const struct state_pair *pair);

/*! \brief Keeps a text that counts. */
int details_add(struct vector *pairs, struct arena *arena, const struct state_pair *pair);

/*! \brief True if an attribute of a state is of type TEXT: else it is a list or set in brackets. */
bool details_is_text(struct text attribute);

/*! \brief Reads `role` of a framework. */
int details_role(struct role_details *role, struct arena *arena, struct text text);

/*! \brief Reads one of its `roles`. */
int details_listed_role(struct role_details *role, struct arena *arena, struct text text);
