/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Writes a JSON document anew with changes that should, or should not, make a difference.
 */
#pragma once

#include <assert.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/*! \brief How to write a document anew. */
struct rewrite {
	FILE *out;
	bool reversed;                    /*!< Members in reverse order. */
	bool padded;                      /*!< Members that nobody knows everywhere, and blanks. */
	const struct json_object *target; /*!< This value is written as \a as. */
	const char *as;                   /*!< NULL: it is left out. */
};

static inline void write_value(const struct rewrite *how, struct json_object *value);

static inline void write_object(const struct rewrite *how, struct json_object *object)
{
	const char *names[64] = { NULL };
	int count = 0;
	json_object_object_foreach(object, name, member)
	{
		assert(count < 64);
		if (member != how->target || how->as != NULL) {
			names[count++] = name;
		}
	}

	const char *comma = "";
	fputc('{', how->out);
	for (int i = 0; i < count; i++) {
		const char *key = names[how->reversed ? count - 1 - i : i];
		fputs(comma, how->out);
		if (how->padded) {
			fputs(" \"stat\" : [{\"id\":[{\"state\":\"x\"}]}] ,\n\t\"states\":1.5e3,"
			      "\"\\u00e9\\\"\" : null,",
			      how->out);
		}
		struct json_object *quoted = json_object_new_string(key);
		write_value(how, quoted);
		json_object_put(quoted);
		fputc(':', how->out);
		write_value(how, json_object_object_get(object, key));
		comma = ",";
	}
	fputc('}', how->out);
}

static inline void write_array(const struct rewrite *how, struct json_object *array)
{
	const char *comma = "";
	fputc('[', how->out);
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *element = json_object_array_get_idx(array, i);
		if (element != how->target || how->as != NULL) {
			fputs(comma, how->out);
			write_value(how, element);
			comma = how->padded ? " , " : ",";
		}
	}
	fputc(']', how->out);
}

static inline void write_value(const struct rewrite *how, struct json_object *value)
{
	if (value != NULL && value == how->target) {
		fputs(how->as, how->out);
	} else if (json_object_is_type(value, json_type_object)) {
		write_object(how, value);
	} else if (json_object_is_type(value, json_type_array)) {
		write_array(how, value);
	} else {
		fputs(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN), how->out);
	}
}

/*! \brief Writes a document anew and returns it; to be freed. */
static inline char *rewrite(struct json_object *doc, struct rewrite how)
{
	char *text = NULL;
	size_t len = 0;
	how.out = open_memstream(&text, &len);
	assert(how.out != NULL);
	write_value(&how, doc);
	fclose(how.out);
	return text;
}
