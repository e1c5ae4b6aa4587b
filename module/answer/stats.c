/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "module/answer/stats.h"

const char *const stats_names[STATS_KINDS] = {
	[STATS_RECORDS] = "records",     [STATS_NODATA] = "nodata", [STATS_NOT_FOUND] = "not-found",
	[STATS_NOT_READY] = "not-ready", [STATS_STALE] = "stale",   [STATS_TRUNCATED] = "truncated",
};

static char *answer_name(uint32_t index, uint32_t count)
{
	return index < count ? strdup(stats_names[index]) : NULL;
}

int stats_register(knotd_mod_t *mod)
{
	return knotd_mod_stats_add(mod, "answers", STATS_KINDS, answer_name);
}

struct stats *stats_new(uint32_t workers_count)
{
	size_t size = sizeof(struct stats) + workers_count * sizeof(struct stats_worker);
	struct stats *stats = aligned_alloc(STATS_CACHE_LINE, size);
	if (stats != NULL) {
		memset(stats, 0, size);
		stats->workers_count = workers_count;
	}
	return stats;
}

void stats_sum(const struct stats *stats, uint64_t out[static STATS_KINDS])
{
	memset(out, 0, STATS_KINDS * sizeof(*out));
	for (uint32_t i = 0; i < stats->workers_count; i++) {
		for (uint32_t kind = 0; kind < STATS_KINDS; kind++) {
			out[kind] += atomic_load_explicit(&stats->workers[i].answers[kind],
			                                  memory_order_relaxed);
		}
	}
}

/*! \brief Counts in a worker's own memory: nobody else writes there, so no locked add is needed. */
static inline void count_one(knotd_mod_t *mod, struct stats_worker *worker, unsigned thread,
                             uint32_t kind)
{
	if (mod != NULL) {
		knotd_mod_stats_incr(mod, thread, STATS_ANSWERS, kind, 1);
	}
	if (worker != NULL) {
		_Atomic uint64_t *counter = &worker->answers[kind];
		atomic_store_explicit(counter,
		                      atomic_load_explicit(counter, memory_order_relaxed) + 1,
		                      memory_order_relaxed);
	}
}

void stats_count(knotd_mod_t *mod, struct stats *stats, const knotd_qdata_t *qdata,
                 enum stats_answer kind, const knot_pkt_t *reply)
{
	unsigned thread = qdata->params->thread_id;
	struct stats_worker *worker = stats != NULL ? &stats->workers[thread] : NULL;
	count_one(mod, worker, thread, kind);
	if (qdata->rcode_ede == KNOT_EDNS_EDE_STALE) {
		count_one(mod, worker, thread, STATS_STALE);
	}
	if (knot_wire_get_tc(reply->wire)) {
		count_one(mod, worker, thread, STATS_TRUNCATED);
	}
}
