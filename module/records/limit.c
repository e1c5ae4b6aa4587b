/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/base/util.h"
#include "module/records/limit.h"

void limit_add(struct limit *limit, enum inventory_kind kind, const struct records_output *output)
{
	if (kind == INVENTORY_TASK) {
		limit->octets[output->records] += output->octets;
		limit->widest[output->records] += output->widest;
	} else {
		limit->others += output->octets;
	}
}

void limit_remove(struct limit *limit, enum inventory_kind kind,
                  const struct records_output *output)
{
	if (kind == INVENTORY_TASK) {
		limit->octets[output->records] -= output->octets;
		limit->widest[output->records] -= output->widest;
	} else {
		limit->others -= output->octets;
	}
}

/*! \brief Most octets with so many records of a task. */
static uint64_t octets_of(const struct limit *limit, uint32_t records)
{
	uint64_t sum = limit->others;
	for (uint32_t i = 0; i <= RECORDS_TASK_MAX; i++) {
		sum += i > records ? MIN(limit->octets[i], limit->widest[i] * records)
		                   : limit->octets[i];
	}
	return sum;
}

uint32_t limit_find(const struct limit *limit, uint64_t octets_max)
{
	uint32_t low = 1, high = RECORDS_TASK_MAX;
	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2;
		if (octets_of(limit, middle) <= octets_max) {
			low = middle;
		} else {
			high = middle - 1;
		}
	}
	return low;
}
