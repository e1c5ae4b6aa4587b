/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "module/answer/stats.h"
#include "module/base/util.h"

/*! \brief The slot of knotd's that what is said of polls lies in: the first worker's. */
#define POLL_SLOT 0

/*! \brief Octets of a cache line that two processors' workers should not both write to. */
#define CACHE_LINE 64

/*!
 * \brief Counters in the order of their registration, which is that of their words in memory.
 *
 * The words of answers, the only ones that workers write, have at least a cache line of others on
 * both sides of them, so that they share none with what knotd allocates next to them: as a rule
 * the next worker's.
 */
enum counter {
	POLLS,
	ANSWERS,
	LAST_POLL_TIME,
	POLL_DURATION,
	POLL_BYTES,
	TASKS,
	AGENTS,
	FRAMEWORKS,
	NAMES,
	RECORDS,
	SKIPPED,
	SNAPSHOT_BYTES,
	LEADER_CHANGES,
	COUNTERS,
};

/*! \brief Indices of ANSWERS: those of enum stats_answer that are counted, and two besides. */
enum {
	STALE = STATS_OTHER,
	TRUNCATED,
	ANSWER_KINDS,
};

static_assert(POLL_OUTCOMES * sizeof(uint64_t) >= CACHE_LINE, "polls[] is too short");
static_assert((COUNTERS - ANSWERS - 1) * sizeof(uint64_t) >= CACHE_LINE, "too few numbers");

static char *outcome_name(uint32_t index, uint32_t count)
{
	static const char *const names[POLL_OUTCOMES] = {
		[POLL_OK] = "ok",
		[POLL_ZOOKEEPER] = "zookeeper",
		[POLL_CONNECT] = "connect",
		[POLL_TIMEOUT] = "timeout",
		[POLL_TLS] = "tls",
		[POLL_HTTP_STATUS] = "http-status",
		[POLL_BAD_REPLY] = "bad-reply",
		[POLL_UNREAD_REGISTRY] = "unread-registry",
		[POLL_LOCAL] = "local",
	};
	return index < count ? strdup(names[index]) : NULL;
}

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

static const struct {
	const char *name;
	uint32_t count;
	knotd_mod_idx_to_str_f index_name;
} counters[COUNTERS] = {
	[POLLS] = { "polls", POLL_OUTCOMES, outcome_name },
	[ANSWERS] = { "answers", ANSWER_KINDS, answer_name },
	[LAST_POLL_TIME] = { "last-poll-time", 1, NULL },
	[POLL_DURATION] = { "poll-duration", 1, NULL },
	[POLL_BYTES] = { "poll-bytes", 1, NULL },
	[TASKS] = { "tasks", 1, NULL },
	[AGENTS] = { "agents", 1, NULL },
	[FRAMEWORKS] = { "frameworks", 1, NULL },
	[NAMES] = { "names", 1, NULL },
	[RECORDS] = { "records", 1, NULL },
	[SKIPPED] = { "skipped", 1, NULL },
	[SNAPSHOT_BYTES] = { "snapshot-bytes", 1, NULL },
	[LEADER_CHANGES] = { "leader-changes", 1, NULL },
};

int stats_register(knotd_mod_t *mod)
{
	int ret = KNOT_EOK;
	for (int i = 0; i < COUNTERS && ret == KNOT_EOK; i++) {
		ret = knotd_mod_stats_add(mod, counters[i].name, counters[i].count,
		                          counters[i].index_name);
	}
	return ret;
}

void stats_count(knotd_mod_t *mod, const knotd_qdata_t *qdata, enum stats_answer kind,
                 const knot_pkt_t *reply)
{
	unsigned thread = qdata->params->thread_id;
	knotd_mod_stats_incr(mod, thread, ANSWERS, kind, 1);
	if (qdata->rcode_ede == KNOT_EDNS_EDE_STALE) {
		knotd_mod_stats_incr(mod, thread, ANSWERS, STALE, 1);
	}
	if (knot_wire_get_tc(reply->wire)) {
		knotd_mod_stats_incr(mod, thread, ANSWERS, TRUNCATED, 1);
	}
}

void stats_take_state(struct stats_load *load, const struct state *state)
{
	load->frameworks = state->frameworks_count;
	load->agents = load->tasks = 0;
	for (uint32_t i = 0; i < state->agents_count; i++) {
		load->agents += state_agent_serves(&state->agents[i]);
	}
	for (uint32_t i = 0; i < state->tasks_count; i++) {
		load->tasks += state_agent_serves(&state->agents[state->tasks[i].agent]);
	}
}

void stats_show(knotd_mod_t *mod, const struct stats_polls *polls, const struct snapshot *snapshot,
                uint64_t skipped)
{
	struct snapshot_stats shown = { 0 };
	if (snapshot != NULL) {
		shown = snapshot_stats(snapshot);
	}
	const uint64_t values[COUNTERS] = {
		[LAST_POLL_TIME] = polls->last.time,
		[POLL_DURATION] = polls->last.duration,
		[POLL_BYTES] = polls->last.bytes,
		[TASKS] = polls->last.tasks,
		[AGENTS] = polls->last.agents,
		[FRAMEWORKS] = polls->last.frameworks,
		[NAMES] = shown.names,
		[RECORDS] = shown.records,
		[SKIPPED] = skipped,
		[SNAPSHOT_BYTES] = shown.bytes,
		[LEADER_CHANGES] = polls->leader_changes,
	};

	for (uint32_t i = 0; i < POLL_OUTCOMES; i++) {
		knotd_mod_stats_store(mod, POLL_SLOT, POLLS, i, polls->count[i]);
	}
	for (uint32_t i = LAST_POLL_TIME; i < COUNTERS; i++) {
		knotd_mod_stats_store(mod, POLL_SLOT, i, 0, values[i]);
	}
}
