/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief The lists of what depends on a node; and who is told; for node*.c alone.
 */
#pragma once

#include "module/inventory/node.h"

/*! \brief Takes a node out of the list that a link puts it into, if it is in one. */
static inline void node_unlink(struct node *node, unsigned which)
{
	struct link *link = &node->links[which];
	if (link->to == NULL) {
		return;
	}
	*link->back = link->next;
	if (link->next != NULL) {
		link->next->links[which].back = link->back;
	}
	*link = (struct link){ 0 };
}

/*!
 * \brief Puts a node, that is not in such a list, into that of another, behind one that is in it.
 *
 * \param before  NULL: it will be the first.
 */
static inline void node_link_after(struct node *node, unsigned which, struct node *to,
                                   struct node *before)
{
	struct link *link = &node->links[which];
	struct node **back = before != NULL ? &before->links[which].next : &to->dependents;
	*link = (struct link){ .to = to, .next = *back, .back = back };
	if (link->next != NULL) {
		link->next->links[which].back = &link->next;
	}
	*back = node;
}

/*! \brief Puts a node, that is not in such a list, into that of another; NULL: nowhere. */
static inline void node_link(struct node *node, unsigned which, struct node *to)
{
	if (to != NULL) {
		node_link_after(node, which, to, NULL);
	}
}

/*! \brief Has a node told because what it depends on changes. */
void node_touch(struct nodes *nodes, struct node *node);

/*! \brief Frees an object; NULL is fine. */
void nodes_drop_object(struct nodes *nodes, const struct object *object);

/*! \brief Frees a node's object, which is not true any more. */
void node_drop_object(struct nodes *nodes, struct node *node);
