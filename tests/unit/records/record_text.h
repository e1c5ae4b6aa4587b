/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Records as sorted lines of text, the way tests/data/golden has them.
 */
#pragma once

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/records/records.h"

/*! \brief Lines collected by lines_put(). */
struct lines {
	char **list;
	size_t count;
};

__attribute__((format(printf, 2, 3))) static inline void lines_add(struct lines *lines,
                                                                   const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	lines->list = realloc(lines->list, (lines->count + 1) * sizeof(*lines->list));
	if (lines->list == NULL || vasprintf(&lines->list[lines->count++], fmt, args) < 0) {
		abort();
	}
	va_end(args);
}

/*! \brief Takes a record (records_put_f); one of class 1 stands in brackets. */
static inline int lines_put(void *ctx, const knot_dname_t *owner, uint16_t type,
                            const uint8_t *rdata, uint16_t len, unsigned preference)
{
	char name[KNOT_DNAME_TXT_MAXLEN + 1], target[KNOT_DNAME_TXT_MAXLEN + 1];
	char addr[INET6_ADDRSTRLEN];
	if (knot_dname_to_str(name, owner, sizeof(name)) == NULL) {
		abort();
	}
	switch (type) {
	case KNOT_RRTYPE_A:
		lines_add(ctx, "%s A %s", name, inet_ntop(AF_INET, rdata, addr, sizeof(addr)));
		break;
	case KNOT_RRTYPE_AAAA:
		lines_add(ctx, "%s AAAA %s", name, inet_ntop(AF_INET6, rdata, addr, sizeof(addr)));
		break;
	case KNOT_RRTYPE_SRV:
		knot_dname_to_str(target, rdata + 6, sizeof(target));
		lines_add(ctx, "%s SRV %u %u %u %s", name, rdata[0] << 8 | rdata[1],
		          rdata[2] << 8 | rdata[3], rdata[4] << 8 | rdata[5], target);
		if (knot_dname_size(rdata + 6) + 6 != len) {
			abort();
		}
		break;
	case KNOT_RRTYPE_PTR:
		knot_dname_to_str(target, rdata, sizeof(target));
		lines_add(ctx, "%s PTR %s", name, target);
		break;
	default: abort();
	}
	if (preference > 0) {
		struct lines *lines = ctx;
		char *line = lines->list[--lines->count];
		lines_add(lines, "(%s)", line);
		free(line);
	}
	return KNOT_EOK;
}

static inline int lines_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*! \brief Sorts the lines and drops repeated ones. */
static inline void lines_sort(struct lines *lines)
{
	if (lines->count == 0) {
		return;
	}
	qsort(lines->list, lines->count, sizeof(*lines->list), lines_compare);
	size_t kept = 1;
	for (size_t i = 1; i < lines->count; i++) {
		if (strcmp(lines->list[i], lines->list[kept - 1]) == 0) {
			free(lines->list[i]);
		} else {
			lines->list[kept++] = lines->list[i];
		}
	}
	lines->count = kept;
}

static inline void lines_free(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		free(lines->list[i]);
	}
	free(lines->list);
	*lines = (struct lines){ 0 };
}
