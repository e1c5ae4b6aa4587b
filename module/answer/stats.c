/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/answer/stats.h"

/*! \brief Indices of the counter: those of enum stats_answer that are counted, and two besides. */
enum {
	STALE = STATS_OTHER,
	TRUNCATED,
	ANSWER_KINDS,
};

static char *answer_name(uint32_t index, uint32_t count)
{
	static const char *const names[ANSWER_KINDS] = {
		[STATS_RECORDS] = "records",
		[STATS_NODATA] = "nodata",
		[STATS_NOT_FOUND] = "not-found",
		[STATS_NOT_READY] = "not-ready",
		[STALE] = "stale",
		[TRUNCATED] = "truncated",
	};
	return index < count ? strdup(names[index]) : NULL;
}

int stats_register(knotd_mod_t *mod)
{
	return knotd_mod_stats_add(mod, "answers", ANSWER_KINDS, answer_name);
}

void stats_count(knotd_mod_t *mod, const knotd_qdata_t *qdata, enum stats_answer kind,
                 const knot_pkt_t *reply)
{
	unsigned thread = qdata->params->thread_id;
	knotd_mod_stats_incr(mod, thread, STATS_ANSWERS, kind, 1);
	if (qdata->rcode_ede == KNOT_EDNS_EDE_STALE) {
		knotd_mod_stats_incr(mod, thread, STATS_ANSWERS, STALE, 1);
	}
	if (knot_wire_get_tc(reply->wire)) {
		knotd_mod_stats_incr(mod, thread, STATS_ANSWERS, TRUNCATED, 1);
	}
}
