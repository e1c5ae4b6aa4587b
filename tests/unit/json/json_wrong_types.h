/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Puts values of wrong types into a document; to be included after cmocka.h.
 */
#pragma once

#include <string.h>

#include "tests/unit/json/json_rewrite.h"

/*! \brief Says what a document means, as text to be freed. */
typedef char *(*meaning_f)(void *ctx, const char *json);

/*! \brief Asserts that with a value of a wrong type all is as if the value was not there. */
static inline void check_value_types(struct json_object *doc, struct json_object *value,
                                     meaning_f meaning, void *ctx)
{
	static const struct {
		const char *text;
		json_type type;
	} others[] = {
		{ "null", json_type_null },    { "true", json_type_boolean },
		{ "5", json_type_double },     { "-1.5e300", json_type_double },
		{ "\"x\"", json_type_string }, { "[1,\"x\",null,[],{}]", json_type_array },
		{ "[]", json_type_array },     { "{\"value\":1,\"x\":{}}", json_type_object },
	};

	json_type type = json_object_get_type(value);
	type = type == json_type_int ? json_type_double : type;
	char *without = rewrite(doc, (struct rewrite){ .target = value });
	char *expected = meaning(ctx, without);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		char *json = rewrite(doc,
		                     (struct rewrite){ .target = value, .as = others[i].text });
		char *text = meaning(ctx, json);
		if (others[i].type != type) {
			assert_string_equal(text, expected);
		}
		free(text);
		free(json);
	}
	free(expected);
	free(without);
}

/*! \brief Asserts the same of a value and all within it; not of the document itself. */
static inline void check_all_types(struct json_object *doc, struct json_object *value,
                                   meaning_f meaning, void *ctx)
{
	if (value != doc) {
		check_value_types(doc, value, meaning, ctx);
	}
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member)
		{
			(void)name;
			check_all_types(doc, member, meaning, ctx);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			check_all_types(doc, json_object_array_get_idx(value, i), meaning, ctx);
		}
	}
}
