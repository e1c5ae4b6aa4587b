/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/json/json_private.h"

int json_keep(struct json_parser *p)
{
	size_t len = (size_t)(p->at - p->token);
	if (p->wanted && len > JSON_TEXT_MAX - p->text_len) {
		p->wanted = false;
	}
	if (!p->wanted) {
		return KNOT_EOK;
	}

	size_t need = p->text_len + len + 1; /* strtod_l() wants a NUL behind a number. */
	if (need > p->text_room) {
		size_t room = need < 128 ? 256 : 2 * need;
		char *text = realloc(p->text, room);
		if (text == NULL) {
			return KNOT_ENOMEM;
		}
		p->text = text;
		p->text_room = room;
	}
	memcpy(p->text + p->text_len, p->token, len);
	p->text_len += len;
	return KNOT_EOK;
}
