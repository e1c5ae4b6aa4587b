/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Names that the operator chooses: a format with placeholders, such as `{task}.{version}`.
 *
 *     struct format format;
 *     const char *error = format_parse("{task}.{environment}", LABEL_RFC1123, &format);
 *     // ... for a task ...
 *     struct name name;
 *     name_start(&name);
 *     if (format_make(&format, LABEL_RFC1123, &values, &name)) {
 *         name_end(&name, zone, zone_len);
 *     }
 *
 * - A format is a plain value without pointers. No allocation, no state: any thread may call.
 */
#pragma once

#include "module/inventory/inventory.h"
#include "module/records/name.h"
#include "module/state/wants.h"

/*! \brief Longest format, in bytes. */
#define FORMAT_TEXT_MAX 1023

/*! \brief Most placeholders and texts between them. */
#define FORMAT_PARTS_MAX 64

/*! \brief Most formats of a zone. */
#define FORMATS_MAX 16

/*! \brief What a part of a format stands for. */
enum format_value {
	FORMAT_TASK,
	FORMAT_FRAMEWORK,
	FORMAT_HASH,
	FORMAT_AGENT,
	FORMAT_AGENT_HOST,
	FORMAT_ENVIRONMENT,
	FORMAT_LOCATION,
	FORMAT_VERSION,
	FORMAT_ROLE,
	FORMAT_LABEL,     /*!< With a key. */
	FORMAT_ATTRIBUTE, /*!< With a key. */
	FORMAT_TEXT,      /*!< Letters, digits, hyphens and dots, as they are. */
};

/*! \brief A part of a format. */
struct format_part {
	uint16_t at;   /*!< Where its text or key lies. */
	uint16_t len;  /*!< Bytes of that. */
	uint8_t value; /*!< enum format_value */
};

/*! \brief A format. */
struct format {
	uint32_t count; /*!< Parts. */
	struct format_part parts[FORMAT_PARTS_MAX];
	char text[FORMAT_TEXT_MAX + 1]; /*!< Texts in lower case. */
};

/*! \brief What formats are filled in from. */
struct format_values {
	const struct inventory_side *side; /*!< A task with its agent and framework. */
	struct text task;                  /*!< Its label T; empty: it has none. */
	const uint8_t *framework;          /*!< Labels FW in wire form. */
	size_t framework_len;
};

/*!
 * \brief Reads a format.
 *
 * \return NULL; or what is wrong with it, then \a out is of no use.
 */
const char *format_parse(const char *text, enum label_rules rules, struct format *out);

/*! \brief True if both are the same. */
bool format_equal(const struct format *a, const struct format *b);

/*! \brief Adds what a format needs of tasks, frameworks and agents; as wants_add(). */
int format_want(const struct format *format, struct wants *wants);

/*!
 * \brief Makes the labels of a name.
 *
 * \param name  Started; invalid afterwards if DNS cannot carry it.
 *
 * \return False if a placeholder has no value: there is no name.
 */
bool format_make(const struct format *format, enum label_rules rules,
                 const struct format_values *values, struct name *name);
