/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>

#include "module/base/util.h"
#include "module/http/target.h"

#define BAD_REQUEST  400
#define URI_TOO_LONG 414

/*! \brief A part of the target. */
struct span {
	const char *text;
	size_t len;
};

/*! \brief Takes what is before a byte, and the byte, off a text; all of it if it is not there. */
static struct span cut(struct span *rest, char byte)
{
	const char *at = memchr(rest->text, byte, rest->len);
	struct span part = { rest->text, at != NULL ? (size_t)(at - rest->text) : rest->len };
	size_t used = MIN(part.len + 1, rest->len);
	rest->text += used;
	rest->len -= used;
	return part;
}

static bool is(struct span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.text, text, span.len) == 0;
}

static int hex(char byte)
{
	return byte >= '0' && byte <= '9'   ? byte - '0'
	       : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
	       : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
	                                    : -1;
}

/*!
 * \brief Undoes percent-encoding (RFC 3986, section 2.1).
 *
 * \param out  Has room for \a from and a NUL.
 *
 * \return False if it is none.
 */
static bool decode(struct span from, char *out, size_t *len)
{
	*len = 0;
	for (size_t i = 0; i < from.len; i++) {
		char byte = from.text[i];
		if (byte == '%') {
			int high = from.len - i > 2 ? hex(from.text[i + 1]) : -1;
			int low = from.len - i > 2 ? hex(from.text[i + 2]) : -1;
			if (high < 0 || low < 0) {
				return false;
			}
			byte = (char)(high << 4 | low);
			i += 2;
		}
		out[(*len)++] = byte;
	}
	out[*len] = '\0';
	return true;
}

/*! \brief Cuts the scheme and authority off a target in absolute form. */
static void cut_origin(struct span *target)
{
	static const char *const schemes[] = { "http://", "https://" };
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(schemes[i]);
		if (target->len < len || strncasecmp(target->text, schemes[i], len) != 0) {
			continue;
		}
		size_t used = len;
		while (used < target->len && strchr("/?", target->text[used]) == NULL) {
			used++;
		}
		target->text += used;
		target->len -= used;
		if (target->len == 0 || target->text[0] != '/') {
			*target = (struct span){ "/", 1 };
		}
	}
}

/*!
 * \brief Writes a path without `//`, `/./`, `/../` and a slash at the end.
 *
 * \return Whether it was so before, but for one slash at the end.
 */
static bool clean_path(struct span path, struct http_target *out)
{
	struct span rest = path;
	char *text = out->path;
	size_t len = 0;
	(void)cut(&rest, '/');
	while (rest.len > 0) {
		struct span part = cut(&rest, '/');
		if (is(part, "..")) {
			while (len > 0 && text[--len] != '/') {
			}
		} else if (part.len > 0 && !is(part, ".")) {
			text[len++] = '/';
			memcpy(text + len, part.text, part.len);
			len += part.len;
		}
	}
	size_t plain = path.text[path.len - 1] == '/' ? path.len - 1 : path.len;
	bool was_clean = len == plain && memcmp(text, path.text, len) == 0;
	if (len == 0) {
		text[len++] = '/';
	}
	text[len] = '\0';
	out->path_len = len;
	return was_clean;
}

/*! \brief Finds out what a clean path is of. */
static bool route(struct http_target *out)
{
	struct span rest = { out->path + 1, out->path_len - 1 };
	struct span first = cut(&rest, '/'), second = cut(&rest, '/'), name = cut(&rest, '/');
	bool is_host = is(first, "v1") && is(second, "hosts");
	if ((!is_host && !(is(first, "v1") && is(second, "services"))) || name.len == 0) {
		/* All others are as they are decoded, escaped letters too. */
		struct span path = { out->path, out->path_len };
		char text[sizeof(out->path)];
		if (!decode(path, text, &out->path_len)) {
			return false;
		}
		memcpy(out->path, text, out->path_len + 1);
		out->kind = strcmp(text, "/health") == 0  ? HTTP_HEALTH
		            : strcmp(text, "/ready") == 0 ? HTTP_READY
		                                          : HTTP_DOCUMENT;
		return true;
	}
	if (!decode(name, out->name, &out->name_len)) {
		return false;
	}
	bool is_one = rest.len == 0 && memchr(out->name, '/', out->name_len) == NULL;
	out->kind = is_host && is_one              ? HTTP_HOST
	            : is_one                       ? HTTP_SERVICE
	            : is_host && is(rest, "ports") ? HTTP_PORTS
	                                           : HTTP_UNKNOWN;
	return true;
}

/*! \brief Reads digits off a text; false if there are none, or they are too many. */
static bool read_number(struct span *text, uint64_t *number)
{
	size_t digits = 0;
	*number = 0;
	while (text->len > 0 && text->text[0] >= '0' && text->text[0] <= '9') {
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(text->text[0] - '0'), number)) {
			return false;
		}
		text->text++;
		text->len--;
		digits++;
	}
	return digits > 0;
}

/*! \brief Reads what is after a number's point off a text, in billionths; false if nothing is. */
static bool read_fraction(struct span *text, uint64_t *billionths)
{
	*billionths = 0;
	if (text->len == 0 || text->text[0] != '.') {
		return true;
	}
	size_t digits = 0;
	uint64_t place = 1000 * 1000 * 1000;
	for (text->text++, text->len--;
	     text->len > 0 && text->text[0] >= '0' && text->text[0] <= '9';
	     text->text++, text->len--, digits++) {
		place /= 10;
		*billionths += (uint64_t)(text->text[0] - '0') * place;
	}
	return digits > 0;
}

/*! \brief Reads a unit of time off a text, in milliseconds; 0 if there is none. */
static uint64_t read_unit(struct span *text)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 60 * 60 * 1000 } };
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i].name);
		if (text->len >= len && memcmp(text->text, units[i].name, len) == 0) {
			text->text += len;
			text->len -= len;
			return units[i].ms;
		}
	}
	return 0;
}

/*!
 * \brief Reads a time such as `30s`, `1m30s`, `1.5h`, `500ms`, or seconds; no more than the
 * longest.
 */
static bool read_wait(struct span text, int64_t *wait)
{
	uint64_t sum = 0;
	bool plain = true;
	do {
		uint64_t number, billionths;
		if (!read_number(&text, &number) || !read_fraction(&text, &billionths)) {
			return false;
		}
		uint64_t unit = read_unit(&text);
		if (unit == 0 && (!plain || text.len > 0)) {
			return false;
		}
		plain = false;
		unit = unit == 0 ? 1000 : unit;
		/* One that is too long already cannot overflow the sum. */
		sum += number > HTTP_WAIT_MAX
		               ? HTTP_WAIT_MAX
		               : number * unit + billionths * unit / (1000 * 1000 * 1000);
		sum = MIN(sum, HTTP_WAIT_MAX);
	} while (text.len > 0);
	*wait = (int64_t)sum;
	return true;
}

/*! \brief Reads what a query says; false if it cannot be understood where it counts. */
static bool read_query(struct span query, struct http_target *out)
{
	bool counts = out->kind == HTTP_HOST || out->kind == HTTP_SERVICE;
	while (query.len > 0) {
		struct span value = cut(&query, '&');
		struct span key = cut(&value, '=');
		struct span number = value;
		if (counts && is(key, "index")) {
			out->watch = read_number(&number, &out->index) && number.len == 0;
			if (!out->watch) {
				return false;
			}
		} else if (counts && is(key, "wait")) {
			if (!read_wait(value, &out->wait)) {
				return false;
			}
		} else if (is(key, "zone")) {
			size_t len;
			if (value.len >= sizeof(out->zone) || !decode(value, out->zone, &len) ||
			    strlen(out->zone) != len) {
				return false;
			}
		}
	}
	return true;
}

/*! \brief True if a target has bytes that none may have (RFC 9112, section 3). */
static bool has_controls(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text <= ' ' || *text == 0x7f) {
			return true;
		}
	}
	return false;
}

int http_target_parse(const char *text, struct http_target *out)
{
	*out = (struct http_target){ .kind = HTTP_UNKNOWN, .wait = HTTP_WAIT_DEFAULT };
	if (text == NULL || has_controls(text)) {
		return BAD_REQUEST;
	}
	struct span target = { text, strlen(text) };
	if (target.len > HTTP_TARGET_MAX) {
		return URI_TOO_LONG;
	}
	if (is(target, "*")) {
		out->kind = HTTP_SERVER;
		return 0;
	}
	cut_origin(&target);
	if (target.len == 0 || target.text[0] != '/') {
		return 0;
	}
	struct span path = cut(&target, '?');
	if (path.len > HTTP_PATH_MAX) {
		return URI_TOO_LONG;
	}
	if (!clean_path(path, out)) {
		out->kind = HTTP_MOVED;
		if (target.len > 0) {
			/* With the mark before it; together they are shorter than the target. */
			memcpy(out->path + out->path_len, target.text - 1, target.len + 1);
			out->path_len += target.len + 1;
			out->path[out->path_len] = '\0';
		}
		return 0;
	}
	return route(out) && read_query(target, out) ? 0 : BAD_REQUEST;
}
