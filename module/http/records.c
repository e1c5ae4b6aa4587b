/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "module/http/documents.h"
#include "module/http/owners.h"

/*! \brief Where libknot writes records as text. */
struct lines {
	char *text;
	size_t room;
};

/*! \brief Writes the records of a set, one a line: owner, TTL, class, type, data. */
static int write_set(struct http_body *out, const struct snapshot *snapshot,
                     const struct snapshot_set *set, const knot_dname_t *owner, struct lines *lines)
{
	const knot_dump_style_t style = { .show_class = true, .show_ttl = true };
	int ret = KNOT_EOK;
	for (uint32_t first = 0, count; ret == KNOT_EOK && first < set->count; first += count) {
		knot_rrset_t rrset;
		count = snapshot_piece(set, first);
		snapshot_rrset(snapshot, set, owner, first, count, &rrset);
		int len = knot_rrset_txt_dump(&rrset, &lines->text, &lines->room, &style);
		ret = len < 0 ? len : http_body_add(out, lines->text, (size_t)len);
	}
	return ret;
}

int http_render_records(struct http_body *out, const struct http_subject *subject)
{
	struct lines lines = { .room = 64 * 1024 };
	lines.text = malloc(lines.room);
	if (lines.text == NULL) {
		return KNOT_ENOMEM;
	}
	struct http_owners owners;
	int ret = http_owners_sort(subject->snapshot, out->stop, &owners);
	for (const struct http_owner *n = owners.first; ret == KNOT_EOK && n != NULL;
	     n = http_owner_next(n)) {
		uint32_t count;
		const struct snapshot_set *sets = snapshot_sets(n->name, &count);
		for (uint32_t i = 0; ret == KNOT_EOK && i < count; i++) {
			ret = write_set(out, subject->snapshot, &sets[i], snapshot_owner(n->name),
			                &lines);
		}
	}
	http_owners_free(&owners);
	free(lines.text);
	return ret;
}
