/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/base/util.h"
#include "module/records/format.h"
#include "module/state/state_text.h"

/*! \brief Placeholders; those with a key end in a colon. */
static const struct text placeholders[] = {
	[FORMAT_TASK] = { "task", 4 },
	[FORMAT_FRAMEWORK] = { "framework", 9 },
	[FORMAT_HASH] = { "hash", 4 },
	[FORMAT_AGENT] = { "agent", 5 },
	[FORMAT_AGENT_HOST] = { "agent-host", 10 },
	[FORMAT_ENVIRONMENT] = { "environment", 11 },
	[FORMAT_LOCATION] = { "location", 8 },
	[FORMAT_VERSION] = { "version", 7 },
	[FORMAT_ROLE] = { "role", 4 },
	[FORMAT_LABEL] = { "label:", 6 },
	[FORMAT_ATTRIBUTE] = { "attribute:", 10 },
};

/*! \brief What a placeholder stands for, and its key; false if there is no such placeholder. */
static bool find_placeholder(struct text text, struct format_part *part)
{
	for (unsigned value = 0; value < sizeof(placeholders) / sizeof(*placeholders); value++) {
		struct text known = placeholders[value];
		bool has_key = known.data[known.len - 1] == ':';
		if (text.len < known.len || memcmp(text.data, known.data, known.len) != 0 ||
		    has_key == (text.len == known.len)) {
			continue;
		}
		part->value = (uint8_t)value;
		part->at += known.len;
		part->len = (uint16_t)(text.len - known.len);
		return true;
	}
	return false;
}

/*! \brief Takes the next part off a format; NULL, or what is wrong. */
static const char *take_part(const char *text, size_t *at, struct format_part *part)
{
	size_t len = strcspn(text + *at, "{");
	*part = (struct format_part){ (uint16_t)*at, (uint16_t)len, FORMAT_TEXT };
	*at += len;
	if (len > 0) {
		return NULL;
	}
	part->at = (uint16_t)(*at + 1);
	len = strcspn(text + part->at, "}");
	*at = part->at + len + 1;
	if (text[part->at + len] == '\0') {
		return "a placeholder has no end";
	}
	return find_placeholder((struct text){ text + part->at, (uint32_t)len }, part)
	               ? NULL
	               : "there is no such placeholder";
}

/*! \brief A label of a format as it is looked at. */
struct label_look {
	size_t len;          /*!< Octets of text. */
	bool is_filled;      /*!< It has a placeholder. */
	bool ends_in_hyphen; /*!< What was last seen of it. */
};

/*! \brief Looks at the end of a label; NULL, or what is wrong. */
static const char *end_label(struct label_look *label, size_t max)
{
	const char *error = NULL;
	if (label->len == 0 && !label->is_filled) {
		error = "a label is empty";
	} else if (label->ends_in_hyphen) {
		error = "a label ends in a hyphen";
	} else if (label->len > max) {
		error = "a label is too long";
	}
	*label = (struct label_look){ 0 };
	return error;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*! \brief Looks at an octet of text; NULL, or what is wrong. */
static const char *look_at(struct label_look *label, char c, enum label_rules rules)
{
	bool is_first = label->len == 0 && !label->is_filled;
	if ((c < 'a' || c > 'z') && !is_digit(c) && c != '-') {
		return "text is no label: letters, digits and hyphens alone";
	}
	if (is_first && (c == '-' || (rules == LABEL_RFC952 && is_digit(c)))) {
		return "a label begins with what none may begin with";
	}
	label->len++;
	label->ends_in_hyphen = c == '-';
	return NULL;
}

/*! \brief Looks whether what is not filled in is good for names; NULL, or what is wrong. */
static const char *check_labels(const struct format *format, enum label_rules rules)
{
	size_t max = label_length_max(rules), whole = 0;
	struct label_look label = { 0 };
	const char *error = NULL;
	for (uint32_t i = 0; i < format->count; i++) {
		const struct format_part *part = &format->parts[i];
		if (part->value != FORMAT_TEXT) {
			label.is_filled = true;
			label.ends_in_hyphen = false;
			continue;
		}
		whole += part->len;
		for (uint16_t j = 0; j < part->len && error == NULL; j++) {
			char c = format->text[part->at + j];
			error = c == '.' ? end_label(&label, max) : look_at(&label, c, rules);
		}
	}
	error = error == NULL ? end_label(&label, max) : error;
	return error == NULL && whole >= LABEL_NAME_MAX ? "it is longer than a name" : error;
}

/*! \brief True if all names of a format would be the agents'. */
static bool is_agents(const struct format *format)
{
	const struct format_part *last = &format->parts[format->count - 1];
	static const char slave[] = ".slave";
	size_t len = sizeof(slave) - 1;
	return last->value == FORMAT_TEXT && last->len >= len &&
	       memcmp(format->text + last->at + last->len - len, slave, len) == 0;
}

const char *format_parse(const char *text, enum label_rules rules, struct format *out)
{
	size_t len = strlen(text);
	if (len > FORMAT_TEXT_MAX) {
		return "it is too long";
	}
	*out = (struct format){ 0 };
	memcpy(out->text, text, len);

	bool has_placeholder = false;
	for (size_t at = 0; at < len;) {
		if (out->count == FORMAT_PARTS_MAX) {
			return "it has too many parts";
		}
		struct format_part *part = &out->parts[out->count++];
		const char *error = take_part(text, &at, part);
		if (error != NULL) {
			return error;
		}
		has_placeholder = has_placeholder || part->value != FORMAT_TEXT;
		for (uint16_t i = 0; part->value == FORMAT_TEXT && i < part->len; i++) {
			char *c = &out->text[part->at + i];
			*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
		}
	}
	if (!has_placeholder) {
		return "it has no placeholder";
	}
	const char *error = check_labels(out, rules);
	if (error == NULL && is_agents(out)) {
		error = "names below 'slave' are the agents'";
	}
	return error;
}

bool format_equal(const struct format *a, const struct format *b)
{
	return strcmp(a->text, b->text) == 0;
}

static struct text part_text(const struct format *format, const struct format_part *part)
{
	return (struct text){ format->text + part->at, part->len };
}

int format_want(const struct format *format, struct wants *wants)
{
	int ret = KNOT_EOK;
	for (uint32_t i = 0; i < format->count && ret == KNOT_EOK; i++) {
		const struct format_part *part = &format->parts[i];
		switch (part->value) {
		case FORMAT_AGENT_HOST: wants->bits |= WANTS_HOSTNAME; break;
		case FORMAT_ENVIRONMENT: wants->bits |= WANTS_ENVIRONMENT; break;
		case FORMAT_LOCATION: wants->bits |= WANTS_LOCATION; break;
		case FORMAT_VERSION: wants->bits |= WANTS_VERSION; break;
		case FORMAT_ROLE: wants->bits |= WANTS_ROLE; break;
		case FORMAT_LABEL:
			ret = wants_add(wants, WANTS_LABELS, part_text(format, part));
			break;
		case FORMAT_ATTRIBUTE:
			ret = wants_add(wants, WANTS_ATTRIBUTES, part_text(format, part));
			break;
		default: break;
		}
	}
	return ret;
}

/*! \brief A name whose last label is not complete. */
struct writing {
	struct name *name;
	uint8_t label[1 + LABEL_MAX];
};

/*! \brief Appends octets to the label. */
static void append(struct writing *w, const void *octets, size_t len)
{
	if (len > LABEL_MAX - (size_t)w->label[0]) {
		w->name->broken = true;
		return;
	}
	memcpy(w->label + 1 + w->label[0], octets, len);
	w->label[0] += len;
}

static void end_written(struct writing *w)
{
	name_labels(w->name, w->label, 1 + w->label[0]);
	w->label[0] = 0;
}

/*! \brief Appends labels in wire form: the first to the label, the others behind it. */
static void append_labels(struct writing *w, const uint8_t *labels, size_t len)
{
	for (size_t at = 0; at < len; at += 1 + labels[at]) {
		if (at > 0) {
			end_written(w);
		}
		append(w, labels + at + 1, labels[at]);
	}
}

static void append_text(struct writing *w, struct text text)
{
	for (uint32_t i = 0; i < text.len; i++) {
		if (text.data[i] == '.') {
			end_written(w);
		} else {
			append(w, text.data + i, 1);
		}
	}
}

/*! \brief The text that a placeholder stands for, before any rules. */
static struct text find_text(const struct inventory_side *side, enum format_value value,
                             struct text key)
{
	const struct task_object *task = side->task;
	const struct task_more *more = task_object_more(task);
	struct text role = object_text(task, more->role);
	switch (value) {
	case FORMAT_AGENT_HOST:
		return object_text(side->agent, agent_object_more(side->agent)->hostname);
	case FORMAT_ENVIRONMENT: return object_text(task, more->environment);
	case FORMAT_LOCATION: return object_text(task, more->location);
	case FORMAT_VERSION: return object_text(task, more->version);
	case FORMAT_ROLE:
		return role.len > 0 ? role : object_text(side->framework, side->framework->role);
	case FORMAT_LABEL: return task_object_label(task, key);
	case FORMAT_ATTRIBUTE: return agent_object_attribute(side->agent, key);
	default: return (struct text){ 0 };
	}
}

/*! \brief Makes the labels that a placeholder stands for; 0: it has no value; LABEL_TOO_LONG. */
static size_t make_value(const struct format *format, const struct format_part *part,
                         enum label_rules rules, const struct format_values *values,
                         uint8_t out[static LABEL_NAME_MAX])
{
	const struct inventory_side *side = values->side;
	struct text text;
	switch (part->value) {
	case FORMAT_TASK:
		out[0] = (uint8_t)values->task.len;
		if (values->task.len > 0) {
			memcpy(out + 1, values->task.data, values->task.len);
		}
		break;
	case FORMAT_FRAMEWORK:
		if (values->framework_len != LABEL_TOO_LONG) {
			memcpy(out, values->framework, values->framework_len);
		}
		return values->framework_len;
	case FORMAT_HASH:
		text = object_text(side->task, side->task->object.id);
		out[0] = label_hash(text, out + 1) == KNOT_EOK ? LABEL_HASH_LEN : 0;
		break;
	case FORMAT_AGENT:
		text = object_text(side->agent, side->agent->object.id);
		out[0] = (uint8_t)label_agent(text, out + 1);
		break;
	default:
		text = find_text(side, part->value, part_text(format, part));
		if (part->value == FORMAT_LABEL) {
			return label_make_dotted(rules, text, out);
		}
		out[0] = (uint8_t)label_make(rules, text, out + 1);
		break;
	}
	return out[0] > 0 ? 1U + out[0] : 0;
}

bool format_make(const struct format *format, enum label_rules rules,
                 const struct format_values *values, struct name *name)
{
	struct writing w = { .name = name };
	for (uint32_t i = 0; i < format->count; i++) {
		const struct format_part *part = &format->parts[i];
		if (part->value == FORMAT_TEXT) {
			append_text(&w, part_text(format, part));
			continue;
		}
		uint8_t labels[LABEL_NAME_MAX];
		size_t len = make_value(format, part, rules, values, labels);
		if (len == 0) {
			return false;
		}
		if (len == LABEL_TOO_LONG) {
			name->broken = true;
		} else {
			append_labels(&w, labels, len);
		}
	}
	end_written(&w);
	return true;
}
