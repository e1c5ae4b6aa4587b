/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Writes texts and addresses of a state in such a way that tests can compare them.
 */
#pragma once

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/state/state.h"

static inline void dump_text(FILE *out, const char *name, struct text text)
{
	fprintf(out, " %s=\"", name);
	for (uint32_t i = 0; i < text.len; i++) {
		unsigned char c = text.data[i];
		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
			fprintf(out, "\\x%02x", c);
		} else {
			fputc(c, out);
		}
	}
	fputc('"', out);
}

static inline void dump_addresses(FILE *out, const char *name, struct state_addresses addresses)
{
	fprintf(out, " %s=", name);
	for (uint32_t i = 0; i < addresses.count; i++) {
		char buf[ADDRESS_TEXT_MAX];
		fprintf(out, "%s,", address_text(&addresses.list[i], buf));
	}
}
