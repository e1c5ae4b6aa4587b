/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include <libknot/libknot.h>

#include "module/records_maker.h"
#include "module/siphash.h"
#include "module/util.h"

/*! \brief Bytes that a record takes in a snapshot and its builder, beside its data. */
#define RECORD_MEMORY 64

/*! \brief Bytes that a name takes there, beside its octets (in both). */
#define NAME_MEMORY 288

/*! \brief Records between two looks at whether to stop: some hundred microseconds. */
#define STEPS 1024

void maker_full_budget(struct maker *m)
{
	const struct records_budget *budget = &m->input->budget;
	m->budget.task = budget->task > 0 ? budget->task : RECORDS_TASK_MAX;
	m->budget.octets = budget->octets > 0 ? budget->octets : RECORDS_OCTETS_MAX;
	m->budget.memory = budget->memory > 0 ? budget->memory : UINT64_MAX;
}

bool maker_ended(struct maker *m)
{
	const atomic_bool *stop = m->input->stop;
	if (++m->steps % STEPS == 0 && stop != NULL && atomic_load(stop) && m->ret == KNOT_EOK) {
		m->ret = KNOT_ECONNABORTED;
	}
	return m->ret != KNOT_EOK;
}

void maker_cut(struct maker *m, const struct state_task *task, uint64_t records)
{
	static const uint64_t key[2] = { 0 };

	if (records == 0) {
		return;
	}
	struct records_output *output = m->output;
	output->cut += records;
	output->cut_tasks++;
	output->cut_digest += siphash13(key, task->id.data, task->id.len);
	output->cut_example = task_title(task);
}

static void add(struct spent *spent, uint32_t octets, uint32_t memory)
{
	spent->records++;
	spent->octets += octets;
	spent->memory += memory;
	spent->widest_octets = MAX(spent->widest_octets, octets);
	spent->widest_memory = MAX(spent->widest_memory, memory);
}

bool maker_spend(struct maker *m, size_t owner_len, size_t len, unsigned new_labels)
{
	uint32_t octets = (uint32_t)(owner_len + len);
	uint32_t memory = (uint32_t)(RECORD_MEMORY + 2 * len +
	                             new_labels * (NAME_MEMORY + 2 * owner_len));
	bool fits = m->total.octets + octets <= m->budget.octets &&
	            m->total.memory + memory <= m->budget.memory;

	if (m->counts != NULL || fits) {
		add(&m->task, octets, memory);
		add(&m->total, octets, memory);
	} else if (m->is_cut) {
		m->dropped++;
	} else {
		m->ret = KNOT_ESPACE;
	}
	return m->counts == NULL && fits;
}

/*! \brief What is left of something spent if a task's records are at most \a limit. */
static uint64_t cut_to(uint64_t spent, uint32_t widest, uint32_t records, uint32_t limit)
{
	return records <= limit ? spent : MIN(spent, (uint64_t)widest * limit);
}

/*! \brief True if all records fit with so many for each task, beside those that are no task's. */
static bool is_enough(const struct maker *m, const struct spent *other, uint32_t limit)
{
	struct spent sum = *other;
	for (uint32_t i = 0; i < m->state->tasks_count; i++) {
		const struct spent *task = &m->counts[i];
		sum.octets += cut_to(task->octets, task->widest_octets, task->records, limit);
		sum.memory += cut_to(task->memory, task->widest_memory, task->records, limit);
	}
	return sum.octets <= m->budget.octets && sum.memory <= m->budget.memory;
}

void maker_cut_budget(struct maker *m, void (*make)(struct maker *m))
{
	m->counts = calloc(m->state->tasks_count + 1, sizeof(*m->counts));
	if (m->counts == NULL) {
		m->ret = KNOT_ENOMEM;
		return;
	}
	make(m);

	struct spent other = m->total;
	for (uint32_t i = 0; i < m->state->tasks_count; i++) {
		other.octets -= m->counts[i].octets;
		other.memory -= m->counts[i].memory;
	}
	uint32_t low = 0, high = m->budget.task;
	while (low < high && !maker_ended(m)) {
		uint32_t middle = low + (high - low + 1) / 2;
		if (is_enough(m, &other, middle)) {
			low = middle;
		} else {
			high = middle - 1;
		}
	}
	m->budget.task = low;
	m->is_cut = true;
	free(m->counts);
	m->counts = NULL;
}
