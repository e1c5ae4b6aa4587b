/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include <libknot/errcode.h>

#include "module/inventory/node_link.h"

void *nodes_alloc(struct nodes *nodes, size_t size, int *error)
{
	if (size > INVENTORY_MEMORY_MAX - nodes->bytes) {
		*error = KNOT_ESPACE;
		return NULL;
	}
	void *memory = malloc(size);
	if (memory == NULL) {
		*error = KNOT_ENOMEM;
		return NULL;
	}
	nodes->bytes += size;
	return memory;
}

void nodes_dealloc(struct nodes *nodes, const void *memory, size_t size)
{
	nodes->bytes -= memory != NULL ? size : 0;
	free((void *)(uintptr_t)memory);
}

void nodes_drop_object(struct nodes *nodes, const struct object *object)
{
	if (object != NULL) {
		nodes_dealloc(nodes, object, object->size);
	}
}

void node_drop_object(struct nodes *nodes, struct node *node)
{
	nodes->tables[node->kind].objects -= node->object != NULL;
	nodes_drop_object(nodes, node->object);
	node->object = NULL;
	node->text_len = 0;
}
