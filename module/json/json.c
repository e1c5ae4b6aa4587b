/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/json/json_private.h"
#include "module/json/json_skip.h"

/*! \brief State of an escape sequence of which only the backslash was read. */
#define AFTER_BACKSLASH 0xff

struct json_parser *json_parser_new(const struct json_handler *handler, void *ctx)
{
	struct json_parser *p = calloc(1, sizeof(*p));
	if (p == NULL) {
		return NULL;
	}
	p->handler = handler;
	p->ctx = ctx;
	p->place = 1;
	p->tokener = json_tokener_new();
	p->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (p->tokener == NULL || p->c_locale == (locale_t)0) {
		json_parser_free(p);
		return NULL;
	}
	return p;
}

void json_parser_reset(struct json_parser *p)
{
	struct json_parser old = *p;
	*p = (struct json_parser){
		.handler = old.handler,
		.ctx = old.ctx,
		.place = 1,
		.text = old.text,
		.text_room = old.text_room,
		.offer = { .text = old.offer.text, .room = old.offer.room },
		.tokener = old.tokener,
		.c_locale = old.c_locale,
	};
}

void json_parser_free(struct json_parser *p)
{
	if (p == NULL) {
		return;
	}
	if (p->tokener != NULL) {
		json_tokener_free(p->tokener);
	}
	if (p->c_locale != (locale_t)0) {
		freelocale(p->c_locale);
	}
	free(p->offer.text);
	free(p->text);
	free(p);
}

/*! \brief Called where a key has ended. */
static void after_key(struct json_parser *p)
{
	p->expect = COLON;
	if (p->at < p->end && *p->at == ':') {
		p->at++;
		p->expect = VALUE;
	}
}

/*!
 * \brief Passes over an object or array in one go, if it is not wanted and all here.
 *
 * Tried until it fails once in a chunk: what is deep or ends in a later one is not looked at for
 * each of its levels again.
 */
static bool skip_container(struct json_parser *p, bool is_array)
{
	enum json_kind kind = is_array ? JSON_ARRAY : JSON_OBJECT;
	if (p->has_odd || place_of(p, p->place)->kind == kind) {
		return false;
	}
	const char *after = json_skip(p->at, p->end, JSON_DEPTH_MAX - p->depth);
	p->has_odd = after == NULL;
	if (after != NULL) {
		p->at = after;
		json_after_value(p);
	}
	return after != NULL;
}

static bool is_offered(const struct json_parser *p, uint8_t place)
{
	return place_of(p, place)->is_offered && p->handler->expect != NULL;
}

static int begin_container(struct json_parser *p, bool is_array)
{
	if (skip_container(p, is_array)) {
		return KNOT_EOK;
	}
	int ret;
	if (is_offered(p, p->place) && !is_array && json_offer(p, &ret)) {
		return ret;
	}
	p->at++;
	if (p->depth == JSON_DEPTH_MAX) {
		return KNOT_EMALF;
	}
	enum json_kind kind = is_array ? JSON_ARRAY : JSON_OBJECT;
	uint8_t place = place_of(p, p->place)->kind == kind ? p->place : 0;
	p->levels[p->depth++] = (struct level){ place, is_array };
	p->expect = is_array ? VALUE_OR_END : KEY_OR_END;
	p->place = place_of(p, place)->element;
	return place != 0 ? p->handler->begin(p->ctx, place) : KNOT_EOK;
}

static int end_container(struct json_parser *p)
{
	uint8_t place = p->levels[--p->depth].place;
	bool ends_offer = p->offer.is_open && p->depth == p->offer.depth;
	int ret = ends_offer ? json_offer_end(p) : KNOT_EOK;
	if (place != 0 && ret == KNOT_EOK) {
		ret = p->handler->end(p->ctx, place);
	}
	if (ends_offer) {
		p->offer.is_open = false;
	}
	json_after_value(p);
	return ret;
}

static uint8_t find_member(const struct json_place *place, struct text key)
{
	for (unsigned i = 0; i < place->members_count && key.len > 0; i++) {
		const struct json_member *member = &place->members[i];
		if (member->key.len == key.len && member->key.data[0] == key.data[0] &&
		    memcmp(member->key.data, key.data, key.len) == 0) {
			return member->place;
		}
	}
	return 0;
}

/*! \brief Hands out a string that is wanted. */
static int put_string(struct json_parser *p, struct text text)
{
	if (p->is_key) {
		p->place = find_member(place_of(p, p->levels[p->depth - 1].place), text);
		return KNOT_EOK;
	}
	return p->handler->string(p->ctx, p->place, text);
}

/*! \brief Hands out a string that is wanted and has escapes; \a raw is it with its quotes. */
static int put_escaped(struct json_parser *p, struct text raw)
{
	json_tokener_reset(p->tokener);
	struct json_object *string = json_tokener_parse_ex(p->tokener, raw.data, (int)raw.len);
	if (string == NULL) {
		/* As the grammar is checked, only memory can be missing. */
		return KNOT_ENOMEM;
	}
	struct text text = { json_object_get_string(string),
		             (uint32_t)json_object_get_string_len(string) };
	int ret = put_string(p, text);
	json_object_put(string);
	return ret;
}

/*! \brief Hands out the string that ends here, if its text is needed. */
static int put_token(struct json_parser *p)
{
	if (p->text_len > 0) {
		int ret = json_keep(p);
		if (ret != KNOT_EOK) {
			return ret;
		}
		p->token = p->text;
	} else {
		p->text_len = (size_t)(p->at - p->token);
	}
	if (!p->wanted || p->text_len > JSON_TEXT_MAX) {
		return KNOT_EOK;
	}
	struct text raw = { p->token, (uint32_t)p->text_len };
	if (p->has_escapes) {
		return put_escaped(p, raw);
	}
	return put_string(p, (struct text){ raw.data + 1, raw.len - 2 });
}

static int end_string(struct json_parser *p)
{
	int ret = KNOT_EOK;
	if (p->is_key) {
		p->place = 0;
	}
	if (p->wanted) {
		ret = put_token(p);
	}
	if (p->is_key) {
		after_key(p);
	} else {
		json_after_value(p);
	}
	return ret;
}

/*! \brief Reads one byte of an escape sequence. */
static int scan_escape(struct json_parser *p)
{
	char c = *p->at++;
	if (p->escape != AFTER_BACKSLASH) {
		p->escape--;
		return json_is_hex(c) ? KNOT_EOK : KNOT_EMALF;
	}
	p->escape = c == 'u' ? 4 : 0;
	return c != '\0' && strchr("\"\\/bfnrtu", c) != NULL ? KNOT_EOK : KNOT_EMALF;
}

static int scan_string(struct json_parser *p)
{
	while (p->at < p->end) {
		if (p->escape != 0) {
			int ret = scan_escape(p);
			if (ret != KNOT_EOK) {
				return ret;
			}
			continue;
		}
		p->at = json_skip_plain(p->at, p->end);
		if (p->at == p->end) {
			break;
		}
		char c = *p->at++;
		if (c == '"') {
			return end_string(p);
		} else if (c != '\\') {
			return KNOT_EMALF;
		}
		p->escape = AFTER_BACKSLASH;
		p->has_escapes = true;
	}
	return json_keep(p);
}

static int begin_string(struct json_parser *p, bool is_key, bool wanted)
{
	json_begin_token(p, IN_STRING, wanted);
	p->is_key = is_key;
	p->has_escapes = false;
	p->at++;
	return scan_string(p);
}

static int scan_literal(struct json_parser *p)
{
	for (; p->at < p->end && *p->literal != '\0'; p->at++, p->literal++) {
		if (*p->at != *p->literal) {
			return KNOT_EMALF;
		}
	}
	if (*p->literal != '\0') {
		return KNOT_EOK;
	}
	int ret = p->wanted ? p->handler->number(p->ctx, p->place, p->is_true) : KNOT_EOK;
	json_after_value(p);
	return ret;
}

static int begin_literal(struct json_parser *p, const char *literal)
{
	json_begin_token(p, IN_LITERAL,
	                 place_of(p, p->place)->kind == JSON_BOOLEAN && *literal != 'n');
	p->literal = literal;
	p->is_true = *literal == 't';
	return scan_literal(p);
}

static int begin_value(struct json_parser *p)
{
	switch (*p->at) {
	case '{': return begin_container(p, false);
	case '[': return begin_container(p, true);
	case '"': return begin_string(p, false, place_of(p, p->place)->kind == JSON_STRING);
	case 't': return begin_literal(p, "true");
	case 'f': return begin_literal(p, "false");
	case 'n': return begin_literal(p, "null");
	default:
		if (*p->at == '-' || json_is_digit(*p->at)) {
			return json_begin_number(p);
		}
		return KNOT_EMALF;
	}
}

/*! \brief After a value within an object or array. */
static int scan_next(struct json_parser *p)
{
	char c = *p->at++;
	if (c == ',') {
		json_after_comma(p);
		return KNOT_EOK;
	}
	bool is_array = p->levels[p->depth - 1].is_array;
	return c == (is_array ? ']' : '}') ? end_container(p) : KNOT_EMALF;
}

static int begin_key(struct json_parser *p)
{
	if (*p->at != '"') {
		return KNOT_EMALF;
	}
	return begin_string(p, true, p->levels[p->depth - 1].place != 0);
}

static int scan_colon(struct json_parser *p)
{
	p->expect = VALUE;
	return *p->at++ == ':' ? KNOT_EOK : KNOT_EMALF;
}

/*! \brief Begins a key or value, or ends the object or array that has none. */
static int scan_first(struct json_parser *p)
{
	bool is_array = p->expect == VALUE_OR_END;
	if (*p->at == (is_array ? ']' : '}')) {
		p->at++;
		return end_container(p);
	}
	return is_array ? begin_value(p) : begin_key(p);
}

/*! \brief True if a byte may stand between tokens (2). */
static bool is_blank(char c)
{
	return (unsigned char)c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t');
}

/*! \brief Reads what there is of an object that the handler does not know after all. */
static int read_refused(struct json_parser *p)
{
	size_t len;
	char *text = json_offer_refuse(p, &len);
	int ret = json_parser_feed(p, text, len);
	free(text);
	return ret;
}

static int scan_offer(struct json_parser *p)
{
	bool is_refused;
	int ret = json_offer_fill(p, &is_refused);
	if (ret == KNOT_EOK && is_refused) {
		const char *at = p->at, *end = p->end;
		ret = read_refused(p);
		json_begin_chunk(p, at, (size_t)(end - at));
	}
	return ret;
}

/*! \brief Reads one token, or as much of it as there is. */
static int scan(struct json_parser *p)
{
	if (is_blank(*p->at) && p->expect <= NOTHING) {
		p->at++;
		return KNOT_EOK;
	}
	switch (p->expect) {
	case VALUE: return begin_value(p);
	case KEY: return begin_key(p);
	case VALUE_OR_END:
	case KEY_OR_END: return scan_first(p);
	case COLON: return scan_colon(p);
	case NEXT: return scan_next(p);
	case NOTHING: return KNOT_EMALF;
	case IN_STRING: return scan_string(p);
	case IN_NUMBER: return json_scan_number(p);
	case IN_LITERAL: return scan_literal(p);
	case IN_OFFER: return scan_offer(p);
	}
	return KNOT_EMALF;
}

int json_parser_feed(struct json_parser *p, const char *data, size_t len)
{
	if (len == 0) {
		return p->error;
	}
	json_begin_chunk(p, data, len);
	while (p->error == KNOT_EOK && p->at < p->end) {
		p->error = scan(p);
	}
	if (p->error == KNOT_EOK && p->offer.is_open) {
		p->error = json_offer_keep(p);
	}
	return p->error;
}

int json_parser_finish(struct json_parser *p)
{
	p->offer.has_ended = true;
	if (p->error == KNOT_EOK && p->expect == IN_OFFER) {
		p->error = read_refused(p);
	}
	p->token = p->at;
	if (p->error == KNOT_EOK && p->expect == IN_NUMBER) {
		p->error = json_end_number(p);
	}
	if (p->error == KNOT_EOK && p->expect != NOTHING) {
		p->error = KNOT_EMALF;
	}
	return p->error;
}
