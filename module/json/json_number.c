/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include <libknot/errcode.h>

#include "module/json/json_private.h"

/*! \brief Takes a number one byte on; false if the byte is not part of it. */
static bool number_goes_on(enum number *state, char c)
{
	switch (*state) {
	case MINUS: *state = c == '0' ? ZERO : INTEGER; return json_is_digit(c);
	case ZERO:
	case INTEGER:
		if (*state == INTEGER && json_is_digit(c)) {
			return true;
		}
		*state = c == '.' ? POINT : EXPONENT;
		return c == '.' || c == 'e' || c == 'E';
	case POINT: *state = FRACTION; return json_is_digit(c);
	case FRACTION:
		if (json_is_digit(c)) {
			return true;
		}
		*state = EXPONENT;
		return c == 'e' || c == 'E';
	case EXPONENT:
		*state = json_is_digit(c) ? EXPONENT_DIGITS : EXPONENT_SIGN;
		return json_is_digit(c) || c == '+' || c == '-';
	case EXPONENT_SIGN: *state = EXPONENT_DIGITS; return json_is_digit(c);
	case EXPONENT_DIGITS: return json_is_digit(c);
	}
	return false;
}

/*! \brief Value of up to 15 digits with no sign, point or exponent; negative if it is no such. */
static double plain_integer(const char *text, size_t len)
{
	int64_t value = 0;
	for (size_t i = 0; i < len; i++) {
		if (len > 15 || !json_is_digit(text[i])) {
			return -1;
		}
		value = 10 * value + (text[i] - '0');
	}
	return (double)value;
}

/*!
 * \brief Hands out a number that is wanted.
 *
 * Not by json-c: it switches the locale for each number, which takes ten times as long as reading
 * one, and it cuts large integers to 64 bits.
 */
static int put_number(struct json_parser *p)
{
	int ret = json_keep(p);
	if (ret != KNOT_EOK || !p->wanted) {
		return ret;
	}
	double number = plain_integer(p->text, p->text_len);
	if (number < 0) {
		p->text[p->text_len] = '\0';
		number = strtod_l(p->text, NULL, p->c_locale);
	}
	return isfinite(number) ? p->handler->number(p->ctx, p->place, number) : KNOT_EOK;
}

int json_end_number(struct json_parser *p)
{
	enum number state = p->number;
	if (state != ZERO && state != INTEGER && state != FRACTION && state != EXPONENT_DIGITS) {
		return KNOT_EMALF;
	}
	int ret = p->wanted ? put_number(p) : KNOT_EOK;
	json_after_value(p);
	return ret;
}

int json_scan_number(struct json_parser *p)
{
	while (p->at < p->end) {
		enum number state = p->number;
		if (!number_goes_on(&state, *p->at)) {
			return json_end_number(p);
		}
		p->number = state;
		p->at++;
	}
	return json_keep(p);
}

int json_begin_number(struct json_parser *p)
{
	json_begin_token(p, IN_NUMBER, place_of(p, p->place)->kind == JSON_NUMBER);
	p->number = *p->at == '-' ? MINUS : *p->at == '0' ? ZERO : INTEGER;
	p->at++;
	return json_scan_number(p);
}
