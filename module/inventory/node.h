/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the inventory is made of: objects by ID, what depends on what, and changes of many
 *        at once that become true together or not at all.
 *
 * A node stands for an agent, framework, task or host name. It has up to three objects:
 *
 * - \a object: what is true now, NULL if nothing is: the node is only named by others (a task's
 *   agent that has not registered yet), or staged.
 * - \a staged: what the state that is being read says, if that is something else than \a object.
 * - \a next: what will be true when the change that is being made is done.
 *
 * Nodes depend on others: a task on its agent and its framework, an agent and a framework on what
 * their host name resolves to. The links are those of \a next where there is a change.
 *
 *     int ret = nodes_set(nodes, node, object); // ... of as many nodes as the change has
 *     if (ret == KNOT_EOK) {
 *         nodes_tell(nodes, listener, ctx);
 *         nodes_end(nodes);
 *     } else {
 *         nodes_undo(nodes); // all is as it was
 *     }
 *
 * - Only nodes_find_or_add(), nodes_set(), nodes_set_own() and nodes_stage() need memory.
 * - One thread at a time.
 * - IDs come from strangers: the tables' hash has a random key.
 */
#pragma once

#include "module/inventory/inventory.h"

/*! \brief Kinds of node; what a kind depends on stands before it. */
enum node_kind { NODE_HOST, NODE_AGENT, NODE_FRAMEWORK, NODE_TASK, NODE_KINDS };

/*!
 * \brief What a node can depend on: a task on its agent, an agent or framework on the host of its
 *        address; and a task, as long as it has a node, on its framework.
 */
enum { LINK_PLACE, LINK_FRAMEWORK, LINKS };

struct node;

/*! \brief Membership in the list of those that depend on the same node. */
struct link {
	struct node *to;    /*!< That node; NULL if none. */
	struct node *next;  /*!< Next in the list. */
	struct node **back; /*!< What points to this node. */
};

struct node {
	uint64_t hash;
	const struct object *object;
	const struct object *staged;
	const struct object *next;  /*!< Of meaning while \a is_changing. */
	struct node *next_changing; /*!< In the list of those. */
	struct node *dependents;    /*!< First of those that depend on this one. */
	struct link links[LINKS];   /*!< LINK_PLACE is \a next's while \a is_changing. */
	struct node *place_before;  /*!< LINK_PLACE of \a object while \a is_changing. */
	uint32_t seen;              /*!< Last load that had it. */
	uint32_t recovered;         /*!< An agent: last load that had it as recovered. */
	uint64_t text_hash[2];      /*!< A task: of the text that \a object was read from. */
	uint32_t text_len;          /*!< Bytes of that text; 0 if it is not known. */
	uint8_t kind;               /*!< enum node_kind */
	bool is_changing;
	bool is_touched; /*!< It is told because what it depends on changes. */
	uint32_t id_len; /*!< 0 of a task, whose ID is in its objects. */
	char id[];
};

/*! \brief A hash table of nodes, by open addressing. */
struct node_table {
	struct node **slots;
	size_t slots_count; /*!< A power of two, or 0. */
	size_t count;       /*!< Nodes. */
	size_t objects;     /*!< Of them those with an \a object. */
};

struct nodes {
	struct node_table tables[NODE_KINDS];
	struct node *changing[NODE_KINDS]; /*!< Lists of nodes that change. */
	struct node *awaited; /*!< Task that may be next in the state; NULL if none (order.h). */
	uint64_t key[2];      /*!< Of the hash. */
	uint64_t text_key[2]; /*!< Of the hash of tasks' texts; another if they are read anew. */
	size_t bytes;         /*!< All that is allocated. */
	uint32_t load;        /*!< Number of the load; of the last one between two. */
	bool is_loading;
};

/*! \brief Makes it empty; KNOT_EOK, or KNOT_ERROR if the system has no random bytes. */
int nodes_init(struct nodes *nodes);

/*! \brief Frees all that there is. */
void nodes_free(struct nodes *nodes);

/*!
 * \brief Allocates memory that counts against INVENTORY_MEMORY_MAX, without zeroing it.
 *
 * \param error  Out, if NULL is returned: KNOT_ESPACE or KNOT_ENOMEM.
 */
void *nodes_alloc(struct nodes *nodes, size_t size, int *error);

/*! \brief Frees memory of nodes_alloc(). */
void nodes_dealloc(struct nodes *nodes, const void *memory, size_t size);

/*!
 * \brief Finds the node of an ID.
 *
 * \param framework  Of a task: its framework's node; else NULL.
 *
 * \return NULL if there is none.
 */
struct node *nodes_find(const struct nodes *nodes, enum node_kind kind,
                        const struct node *framework, struct text id);

/*!
 * \brief Finds the node of an ID, or adds one.
 *
 * \param out  Out: the node. An added one has to be given an object or dependents, or to be taken
 *             back with nodes_settle().
 *
 * \return KNOT_EOK, KNOT_ESPACE or KNOT_ENOMEM.
 */
int nodes_find_or_add(struct nodes *nodes, enum node_kind kind, struct node *framework,
                      struct text id, struct node **out);

/*! \brief Removes a node that stands for nothing (any more), and its framework's if that does now.
 */
void nodes_settle(struct nodes *nodes, struct node *node);

/*!
 * \brief Makes a copy of an object the next one of a node; NULL: none.
 *
 * \return KNOT_EOK, or KNOT_ESPACE or KNOT_ENOMEM with all as before. Always KNOT_EOK for NULL.
 */
int nodes_set(struct nodes *nodes, struct node *node, const struct object *object);

/*! \brief The same with an object that is the node's own (object or staged). */
int nodes_set_own(struct nodes *nodes, struct node *node, const struct object *object);

/*! \brief What a node will be after the change that is being made; NULL if nothing. */
static inline const struct object *node_next(const struct node *node)
{
	return node->is_changing ? node->next : node->object;
}

/*! \brief Stages a copy of an object, if it is another than the node has. */
int nodes_stage(struct nodes *nodes, struct node *node, const struct object *object);

/*! \brief Stages what the node has already; never fails. */
void nodes_stage_same(struct nodes *nodes, struct node *node);

/*! \brief Tells of all that changes, each object once. */
void nodes_tell(struct nodes *nodes, inventory_listener_f listener, void *ctx);

/*! \brief Tells of all that is true now as if it came to be. No change may be under way. */
void nodes_walk(const struct nodes *nodes, inventory_listener_f listener, void *ctx);

/*!
 * \brief Makes true what changes.
 *
 * \param keep  Whether what a load has found unchanged is staged when it changes now.
 */
void nodes_end(struct nodes *nodes, bool keep);

/*! \brief Takes back what changes. */
void nodes_undo(struct nodes *nodes);

/*! \brief Gives back tables' memory that is of no use any more. */
void nodes_shrink(struct nodes *nodes);

/*! \brief Next of those that depend on the same node as this one; LINK_... says which. */
static inline struct node *node_next_dependent(const struct node *node, unsigned link)
{
	return node->links[link].next;
}

/*! \brief Forgets all that is staged. No change may be under way. */
void nodes_unstage(struct nodes *nodes);

/*!
 * \brief Calls back for each node of a kind; the callback may free that node, but none other of
 *        its kind.
 */
int nodes_each(struct nodes *nodes, enum node_kind kind,
               int (*each)(struct nodes *nodes, struct node *node, void *ctx), void *ctx);
