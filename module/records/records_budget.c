/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include <libknot/libknot.h>

#include "module/records/records_maker.h"
#include "module/base/siphash.h"
#include "module/base/util.h"

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
	m->task_memory = m->budget.memory;
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

static void add(struct spent *spent, uint32_t octets, uint32_t memory, uint32_t names)
{
	spent->records++;
	spent->octets += octets;
	spent->names += names;
	spent->memory += memory + names;
	spent->widest_octets = MAX(spent->widest_octets, octets);
	spent->widest_memory = MAX(spent->widest_memory, memory);
}

bool maker_spend(struct maker *m, size_t owner_len, size_t len, unsigned new_labels)
{
	uint32_t octets = (uint32_t)(owner_len + len);
	uint32_t memory = (uint32_t)(RECORD_MEMORY + 2 * len);
	uint32_t names = (uint32_t)(new_labels * (NAME_MEMORY + 2 * owner_len));
	bool fits = m->total.octets + octets <= m->budget.octets &&
	            m->total.memory + memory + names <= m->budget.memory;
	bool is_due = !m->in_task || m->task.memory + memory + names <= m->task_memory;

	if (m->counts != NULL || (fits && is_due)) {
		add(&m->task, octets, memory, names);
		add(&m->total, octets, memory, names);
	} else if (m->is_cut) {
		m->dropped++;
	} else {
		m->ret = KNOT_ESPACE;
	}
	return m->counts == NULL && fits && is_due;
}

/*! \brief What a task spends at most if it makes so many records and may take so much memory. */
static struct spent cut_to(const struct spent *task, uint32_t records, uint64_t memory)
{
	struct spent cut = *task;
	if (task->records > records) {
		cut.octets = MIN(task->octets, (uint64_t)task->widest_octets * records);
		cut.memory = MIN(task->memory,
		                 task->names + (uint64_t)task->widest_memory * records);
	}
	cut.memory = MIN(cut.memory, memory);
	return cut;
}

/*! \brief What is spent in all with such limits for each task. */
static struct spent sum_up(const struct maker *m, uint32_t records, uint64_t memory)
{
	struct spent sum = m->total;
	for (uint32_t i = 0; i < m->state->tasks_count; i++) {
		struct spent cut = cut_to(&m->counts[i], records, memory);
		sum.octets -= m->counts[i].octets - cut.octets;
		sum.memory -= m->counts[i].memory - cut.memory;
	}
	return sum;
}

/*! \brief Finds the most records of a task with which all octets fit. */
static void find_records(struct maker *m)
{
	uint32_t low = 0, high = m->budget.task;
	while (low < high && m->ret == KNOT_EOK) {
		uint32_t middle = low + (high - low + 1) / 2;
		if (sum_up(m, middle, UINT64_MAX).octets <= m->budget.octets) {
			low = middle;
		} else {
			high = middle - 1;
		}
		m->steps |= STEPS - 1;
		(void)maker_ended(m);
	}
	m->budget.task = low;
}

/*! \brief Finds the most memory of a task with which all memory fits. */
static void find_memory(struct maker *m)
{
	uint64_t low = 0, high = m->budget.memory;
	while (low < high && m->ret == KNOT_EOK) {
		uint64_t middle = low + (high - low) / 2 + 1;
		if (sum_up(m, m->budget.task, middle).memory <= m->budget.memory) {
			low = middle;
		} else {
			high = middle - 1;
		}
		m->steps |= STEPS - 1;
		(void)maker_ended(m);
	}
	m->task_memory = low;
}

void maker_cut_budget(struct maker *m, void (*make)(struct maker *m))
{
	m->counts = calloc(m->state->tasks_count + 1, sizeof(*m->counts));
	if (m->counts == NULL) {
		m->ret = KNOT_ENOMEM;
		return;
	}
	make(m);
	find_records(m);
	find_memory(m);
	m->is_cut = true;
	free(m->counts);
	m->counts = NULL;
}
