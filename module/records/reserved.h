/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Names in a zone that are the cluster's alone, as labels in wire form without the zone.
 *
 * Labels are at least one. No state: any thread may call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*! \brief True if labels are one alone, and which. */
static inline bool reserved_is_label(const uint8_t *labels, size_t len, const char *label)
{
	return len == 1 + strlen(label) && memcmp(labels + 1, label, len - 1) == 0;
}

/*! \brief True for `leader`, and for `master` and any digits: names that say where the masters are.
 */
static inline bool reserved_is_masters(const uint8_t *labels, size_t len)
{
	static const char master[] = "master";

	size_t digits = sizeof(master);
	if (len != 1U + labels[0] || len < digits || memcmp(labels + 1, master, digits - 1) != 0) {
		return reserved_is_label(labels, len, "leader");
	}
	while (digits < len && labels[digits] >= '0' && labels[digits] <= '9') {
		digits++;
	}
	return digits == len;
}

/*! \brief True if the last label is `slave`: what lies below is what agents and tasks are called
 *         on the agents' side.
 */
static inline bool reserved_is_agents(const uint8_t *labels, size_t len)
{
	size_t last = 0;
	while (last + 1 + labels[last] < len) {
		last += 1 + labels[last];
	}
	return reserved_is_label(labels + last, len - last, "slave");
}
