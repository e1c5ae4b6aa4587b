/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/base/util.h"
#include "module/json/json_private.h"

/*! \brief Appends bytes to what earlier chunks had of the object. */
static int append(struct offer *offer, const char *data, size_t len)
{
	if (len > offer->room - offer->len) {
		size_t room = 2 * (offer->len + len);
		char *text = realloc(offer->text, room);
		if (text == NULL) {
			return KNOT_ENOMEM;
		}
		offer->text = text;
		offer->room = room;
	}
	memcpy(offer->text + offer->len, data, len);
	offer->len += len;
	return KNOT_EOK;
}

/*! \brief Reads the object that begins here, and keeps its text. */
static void open_offer(struct json_parser *p)
{
	p->offer.is_open = true;
	p->offer.depth = p->depth;
	p->offer.from = p->at;
	p->offer.len = 0;
}

bool json_offer(struct json_parser *p, int *ret)
{
	struct offer *offer = &p->offer;
	if (offer->is_open) {
		return false;
	}
	size_t here = (size_t)(p->end - p->at), expected = 0;
	if (!offer->is_refused && !offer->has_ended) {
		expected = p->handler->expect(p->ctx, p->place);
	}
	offer->is_refused = false;
	if (expected > here && expected <= JSON_OFFER_MAX) {
		offer->expected = expected;
		offer->len = 0;
		p->expect = IN_OFFER;
		*ret = append(offer, p->at, here);
		p->at = p->end;
		return true;
	}
	if (expected == 0 || expected > here ||
	    !p->handler->know(p->ctx, p->place, (struct text){ p->at, (uint32_t)expected })) {
		open_offer(p);
		return false;
	}
	p->at += expected;
	json_after_value(p);
	*ret = KNOT_EOK;
	return true;
}

char *json_offer_refuse(struct json_parser *p, size_t *len)
{
	char *text = p->offer.text;
	*len = p->offer.len;
	p->offer = (struct offer){ .is_refused = true, .has_ended = p->offer.has_ended };
	p->expect = VALUE;
	return text;
}

int json_offer_fill(struct json_parser *p, bool *is_refused)
{
	struct offer *offer = &p->offer;
	size_t part = MIN(offer->expected - offer->len, (size_t)(p->end - p->at));
	int ret = append(offer, p->at, part);
	p->at += part;
	*is_refused = false;
	if (ret != KNOT_EOK || offer->len < offer->expected) {
		return ret;
	}
	*is_refused = !p->handler->know(p->ctx, p->place,
	                                (struct text){ offer->text, (uint32_t)offer->len });
	if (!*is_refused) {
		json_after_value(p);
	}
	return KNOT_EOK;
}

int json_offer_keep(struct json_parser *p)
{
	struct offer *offer = &p->offer;
	size_t len = (size_t)(p->at - offer->from);
	if (offer->len + len > JSON_OFFER_MAX) {
		offer->is_open = false;
		return KNOT_EOK;
	}
	return append(offer, offer->from, len);
}

struct text json_parser_offer(const struct json_parser *p)
{
	const struct offer *offer = &p->offer;
	if (!offer->is_open || offer->depth != p->depth) {
		return (struct text){ 0 };
	}
	if (offer->len > 0) {
		return (struct text){ offer->text, (uint32_t)offer->len };
	}
	size_t len = (size_t)(p->at - offer->from);
	return len <= JSON_OFFER_MAX ? (struct text){ offer->from, (uint32_t)len }
	                             : (struct text){ 0 };
}

int json_offer_end(struct json_parser *p)
{
	/* All of it in one chunk lies there as well as anywhere. */
	return p->offer.len > 0 ? json_offer_keep(p) : KNOT_EOK;
}
