/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What objects are written with; for object_write.c and object_more.c alone.
 */
#pragma once

#include "module/base/util.h"
#include "module/state/object_write.h"

/*! \brief Makes room for \a size bytes of zeros; NULL if memory runs out. */
static inline void *add(struct object_writer *w, size_t size, size_t align)
{
	size_t at = (w->len + align - 1) & ~(align - 1);
	if (w->failed || at + size > w->room) {
		size_t room = MAX(2 * (at + size), (size_t)1024);
		char *data = w->failed ? NULL : realloc(w->data, room);
		w->failed = data == NULL;
		if (w->failed) {
			return NULL;
		}
		w->data = data;
		w->room = room;
	}
	memset(w->data + w->len, 0, at + size - w->len);
	w->len = at + size;
	return w->data + at;
}

static inline struct object_slice put_list(struct object_writer *w, const void *items,
                                           uint32_t count, size_t item, size_t align)
{
	struct object_slice slice = { 0 };
	if (count > 0) {
		char *copy = add(w, count * item, align);
		if (copy != NULL) {
			memcpy(copy, items, count * item);
			slice = (struct object_slice){ (uint32_t)(copy - w->data), count };
		}
	}
	return slice;
}

static inline struct object_slice put_text(struct object_writer *w, struct text text)
{
	return put_list(w, text.data, text.len, 1, 1);
}

/*! \brief A struct of an object, padding included, is 0 at first. */
#define HEAD(type, name)  \
	struct type name; \
	memset(&(name), 0, sizeof(name))
