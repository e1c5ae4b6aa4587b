/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/state/state_text.h"
#include "module/state/wants.h"

struct wants *wants_new(void)
{
	struct wants *wants = calloc(1, sizeof(*wants));
	if (wants != NULL) {
		wants->refs = 1;
	}
	return wants;
}

struct wants *wants_ref(struct wants *wants)
{
	if (wants != NULL) {
		wants->refs++;
	}
	return wants;
}

void wants_unref(struct wants *wants)
{
	if (wants == NULL || --wants->refs > 0) {
		return;
	}
	for (unsigned i = 0; i < WANTS_LISTS; i++) {
		for (uint32_t j = 0; j < wants->keys[i].count; j++) {
			free((char *)(uintptr_t)wants->keys[i].list[j].data);
		}
		free(wants->keys[i].list);
	}
	free(wants);
}

uint32_t wants_find(const struct wants *wants, enum wants_list list, struct text key)
{
	for (uint32_t i = 0; wants != NULL && i < wants->keys[list].count; i++) {
		if (text_equal(wants->keys[list].list[i], key)) {
			return i;
		}
	}
	return WANTS_NONE;
}

int wants_add(struct wants *wants, enum wants_list list, struct text key)
{
	struct wants_keys *keys = &wants->keys[list];
	if (wants_find(wants, list, key) != WANTS_NONE) {
		return KNOT_EOK;
	}
	if (keys->count == WANTS_KEYS_MAX) {
		return KNOT_ESPACE;
	}
	if (keys->list == NULL) {
		keys->list = calloc(WANTS_KEYS_MAX, sizeof(*keys->list));
	}
	char *copy = keys->list != NULL ? malloc(key.len + 1UL) : NULL;
	if (copy == NULL) {
		return KNOT_ENOMEM;
	}
	if (key.len > 0) {
		memcpy(copy, key.data, key.len);
	}
	keys->list[keys->count++] = (struct text){ copy, key.len };
	return KNOT_EOK;
}

int wants_add_all(struct wants *wants, const struct wants *others)
{
	int ret = KNOT_EOK;
	for (unsigned i = 0; others != NULL && i < WANTS_LISTS; i++) {
		for (uint32_t j = 0; j < others->keys[i].count && ret == KNOT_EOK; j++) {
			ret = wants_add(wants, i, others->keys[i].list[j]);
		}
	}
	wants->bits |= others != NULL ? others->bits : 0;
	return ret;
}

bool wants_cover(const struct wants *wants, const struct wants *others)
{
	if (others == NULL) {
		return true;
	}
	if ((others->bits & ~(wants != NULL ? wants->bits : 0)) != 0) {
		return false;
	}
	for (unsigned i = 0; i < WANTS_LISTS; i++) {
		for (uint32_t j = 0; j < others->keys[i].count; j++) {
			if (wants_find(wants, i, others->keys[i].list[j]) == WANTS_NONE) {
				return false;
			}
		}
	}
	return true;
}
