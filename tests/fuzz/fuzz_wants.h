/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What fuzz targets want of documents, by a number of their input.
 */
#pragma once

#include <assert.h>
#include <string.h>

#include "module/state/wants.h"

/*! \brief Makes wants: nothing, some of all kinds, or as much as there may be; to be given back. */
static inline struct wants *fuzz_wants(unsigned number)
{
	static const char *const keys[WANTS_LISTS][2] = { { "dns-name", "k" },
		                                          { "rack", "k" },
		                                          { "net1", "k" } };
	if (number % 4 == 0) {
		return NULL;
	}
	struct wants *wants = wants_new();
	assert(wants != NULL);
	wants->bits = number % 4 == 1 ? WANTS_VISIBILITY | WANTS_ROLE | WANTS_HEALTH : 0x7f;
	for (unsigned i = 0; i < WANTS_LISTS && number % 4 > 1; i++) {
		for (unsigned j = 0; j < 2; j++) {
			(void)wants_add(wants, i,
			                (struct text){ keys[i][j], (uint32_t)strlen(keys[i][j]) });
		}
		for (char key[3] = "a"; number % 4 == 3 && key[0] <= 'z'; key[0]++) {
			(void)wants_add(wants, i, (struct text){ key, 1 });
		}
	}
	return wants;
}
