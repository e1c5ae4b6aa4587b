/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "module/records/reverse.h"

bool reverse_owner(const knot_dname_t *zone, const struct address *addr, struct name *owner)
{
	static const char hex[] = "0123456789abcdef";

	name_start(owner);
	for (int i = addr->len - 1; i >= 0; i--) {
		uint8_t byte = addr->bytes[i];
		if (addr->len == 4) {
			char label[5];
			label[0] = (char)snprintf(label + 1, sizeof(label) - 1, "%u", byte);
			name_labels(owner, (const uint8_t *)label, 1 + label[0]);
		} else {
			const uint8_t labels[] = { 1, hex[byte & 0xf], 1, hex[byte >> 4] };
			name_labels(owner, labels, sizeof(labels));
		}
	}
	if (addr->len == 4) {
		name_end(owner, (const uint8_t *)"\007in-addr\004arpa", 14);
	} else {
		name_end(owner, (const uint8_t *)"\003ip6\004arpa", 10);
	}
	/* The apex is the zone file's. */
	return knot_dname_in_bailiwick(owner->wire, zone) > 0;
}
