/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Listens to an inventory and knows only what it was told; to be included after cmocka.h.
 *
 * A mirror holds the text of each object, with what its records depend on. Each change has to say
 * as before just what the mirror has. In the end the mirror has to be what the inventory is.
 */
#pragma once

#include <search.h>

#include "module/inventory/inventory.h"
#include "tests/unit/state/object_dump.h"

/*! \brief What an object said. */
struct image {
	char *key;
	char *text;
};

struct mirror {
	void *tree; /*!< Of struct image by key. */
	size_t changes;
};

static inline int compare_images(const void *a, const void *b)
{
	return strcmp(((const struct image *)a)->key, ((const struct image *)b)->key);
}

static inline const struct object *own_object(const struct inventory_side *side,
                                              enum inventory_kind kind)
{
	switch (kind) {
	case INVENTORY_AGENT: return (const struct object *)side->agent;
	case INVENTORY_FRAMEWORK: return (const struct object *)side->framework;
	default: return (const struct object *)side->task;
	}
}

static inline char *image_key(const struct inventory_side *side, enum inventory_kind kind)
{
	char *key = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&key, &size);
	const struct object *object = own_object(side, kind);
	fputs(kind == INVENTORY_AGENT ? "A" : kind == INVENTORY_FRAMEWORK ? "F" : "T", out);
	if (kind == INVENTORY_TASK) {
		dump_text(out, "in", object_text(object, side->task->framework));
	}
	dump_text(out, "id", object_text(object, object->id));
	fclose(out);
	return key;
}

/*! \brief All that a side says; NULL if there is no such object. */
static inline char *image_text(const struct inventory_side *side, enum inventory_kind kind)
{
	char *text = NULL;
	size_t size = 0;
	if (own_object(side, kind) == NULL) {
		return NULL;
	}
	FILE *out = open_memstream(&text, &size);
	if (kind == INVENTORY_TASK) {
		dump_task_object(out, side->task);
	}
	/* Of a task's framework its name and whether it is there count, nothing else. */
	if (side->framework != NULL && kind == INVENTORY_FRAMEWORK) {
		dump_framework_object(out, side->framework);
		dump_addresses(out, "scheduler", side->scheduler_addresses);
	} else if (side->framework != NULL) {
		dump_text(out, "of", object_text(side->framework, side->framework->name));
	}
	if (side->agent != NULL) {
		dump_agent_object(out, side->agent);
		dump_addresses(out, "addresses", side->agent_addresses);
	}
	fclose(out);
	return text;
}

static inline void free_image(struct image *image)
{
	free(image->key);
	free(image->text);
	free(image);
}

static inline void mirror_change(void *ctx, const struct inventory_change *change)
{
	struct mirror *mirror = ctx;
	bool was = own_object(&change->before, change->kind) != NULL;
	bool is = own_object(&change->after, change->kind) != NULL;
	assert_true(was || is);
	mirror->changes++;

	struct image wanted = { image_key(is ? &change->after : &change->before, change->kind),
		                image_text(&change->before, change->kind) };
	struct image *const *found = tfind(&wanted, &mirror->tree, compare_images);
	assert_int_equal(found != NULL, was);
	if (was) {
		struct image *old = *found;
		assert_string_equal(old->text, wanted.text);
		tdelete(&wanted, &mirror->tree, compare_images);
		free_image(old);
	}
	free(wanted.text);
	if (!is) {
		free(wanted.key);
		return;
	}
	/* Not malloc(), which a test may have fail. */
	struct image *image = aligned_alloc(_Alignof(struct image), sizeof(*image));
	assert_non_null(image);
	*image = (struct image){ wanted.key, image_text(&change->after, change->kind) };
	assert_non_null(tsearch(image, &mirror->tree, compare_images));
}

static inline void print_image(const void *node, VISIT which, void *out)
{
	const struct image *image = *(struct image *const *)node;
	if (which == postorder || which == leaf) {
		fprintf(out, "%s: %s\n", image->key, image->text);
	}
}

/*! \brief All that a mirror has, sorted; to be freed with free(). */
static inline char *mirror_text(const struct mirror *mirror)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	twalk_r(mirror->tree, print_image, out);
	fclose(out);
	return text;
}

static inline void free_image_node(void *image)
{
	free_image(image);
}

static inline void mirror_clear(struct mirror *mirror)
{
	tdestroy(mirror->tree, free_image_node);
	*mirror = (struct mirror){ 0 };
}

/*! \brief Asserts that a mirror has what the inventory has, and returns that; to be freed. */
static inline char *mirror_check(const struct mirror *mirror, const struct inventory *inventory)
{
	struct mirror whole = { 0 };
	inventory_walk(inventory, mirror_change, &whole);
	char *text = mirror_text(mirror), *expected = mirror_text(&whole);
	assert_string_equal(text, expected);
	free(expected);
	mirror_clear(&whole);
	return text;
}
