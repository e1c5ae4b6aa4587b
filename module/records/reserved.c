/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/records/reserved.h"

static bool is_label(const uint8_t *labels, size_t len, const char *label)
{
	return len == 1 + strlen(label) && memcmp(labels + 1, label, len - 1) == 0;
}

bool reserved_is_masters(const uint8_t *labels, size_t len)
{
	static const char master[] = "master";

	size_t digits = sizeof(master);
	if (len != 1U + labels[0] || len < digits || memcmp(labels + 1, master, digits - 1) != 0) {
		return is_label(labels, len, "leader");
	}
	while (digits < len && labels[digits] >= '0' && labels[digits] <= '9') {
		digits++;
	}
	return digits == len;
}

bool reserved_is_agents(const uint8_t *labels, size_t len)
{
	size_t last = 0;
	while (last + 1 + labels[last] < len) {
		last += 1 + labels[last];
	}
	return is_label(labels + last, len - last, "slave");
}
