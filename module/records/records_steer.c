/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/records/records_maker.h"
#include "module/state/state_text.h"

/*! \brief Reads a number of 0 to 65535. */
static bool read_number(struct text text, uint16_t *number)
{
	uint32_t value = 0;
	for (uint32_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9') {
			return false;
		}
		value = 10 * value + (uint32_t)(text.data[i] - '0');
		if (value > UINT16_MAX) {
			return false;
		}
	}
	*number = text.len > 0 ? (uint16_t)value : *number;
	return text.len > 0;
}

/*! \brief Reads a number from a label of a task, else of its discovery; others are passed over. */
static void read_label(const struct task_object *task, struct text key, uint16_t *number)
{
	if (!read_number(task_object_own_label(task, key, false), number)) {
		(void)read_number(task_object_own_label(task, key, true), number);
	}
}

static bool is_hidden(const struct task_object *task, struct text key)
{
	return TEXT_IS(task_object_own_label(task, key, false), "true") ||
	       TEXT_IS(task_object_own_label(task, key, true), "true");
}

bool maker_steer(struct maker *m, const struct task_object *task)
{
	const struct records_rules *rules = m->rules;
	uint8_t visibility = task_object_more(task)->visibility;
	if (rules->visibility != 0 && visibility != VISIBILITY_NONE &&
	    (rules->visibility & 1 << visibility) == 0) {
		return false;
	}
	if (rules->label_hide.data == NULL) {
		return true;
	}
	read_label(task, rules->label_priority, &m->priority);
	read_label(task, rules->label_weight, &m->weight);
	return !is_hidden(task, rules->label_hide);
}
