/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "module/answer/stats.h"
#include "module/cluster/counters.h"

/*! \brief The slot of knotd's that what is said of polls lies in: the first worker's. */
#define POLL_SLOT 0

/*! \brief Counters in the order of their registration, which is that of their words in memory. */
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
	PUBLICATIONS,
	SUBSCRIPTIONS,
	FOLLOWING,
	EVENT_LAG,
	EVENTS,
	COUNTERS,
};

static_assert(ANSWERS == STATS_ANSWERS, "the counter of answers is elsewhere");
static_assert(POLL_OUTCOMES * sizeof(uint64_t) >= STATS_CACHE_LINE, "polls[] is too short");
static_assert((COUNTERS - ANSWERS - 1) * sizeof(uint64_t) >= STATS_CACHE_LINE, "too few numbers");

static char *outcome_name(uint32_t index, uint32_t count)
{
	static const char *const names[POLL_OUTCOMES] = {
		[POLL_OK] = "ok",
		[POLL_ZOOKEEPER] = "zookeeper",
		[POLL_LOGIN] = "login",
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

static char *event_name(uint32_t index, uint32_t count)
{
	static const char *const names[EVENT_KINDS] = {
		[EVENT_OTHER] = "other",
		[EVENT_ODD] = "odd",
		[EVENT_SUBSCRIBED] = "subscribed",
		[EVENT_HEARTBEAT] = "heartbeat",
		[EVENT_TASK_ADDED] = "task-added",
		[EVENT_TASK_UPDATED] = "task-updated",
		[EVENT_FRAMEWORK_ADDED] = "framework-added",
		[EVENT_FRAMEWORK_UPDATED] = "framework-updated",
		[EVENT_FRAMEWORK_REMOVED] = "framework-removed",
		[EVENT_AGENT_ADDED] = "agent-added",
		[EVENT_AGENT_REMOVED] = "agent-removed",
	};
	return index < count ? strdup(names[index]) : NULL;
}

static const struct {
	const char *name;
	uint32_t count;
	knotd_mod_idx_to_str_f index_name;
} counters[COUNTERS] = {
	[POLLS] = { "polls", POLL_OUTCOMES, outcome_name },
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
	[PUBLICATIONS] = { "publications", 1, NULL },
	[SUBSCRIPTIONS] = { "subscriptions", 1, NULL },
	[FOLLOWING] = { "following", 1, NULL },
	[EVENT_LAG] = { "event-lag", 1, NULL },
	[EVENTS] = { "events", EVENT_KINDS, event_name },
};

int counters_register(knotd_mod_t *mod)
{
	int ret = KNOT_EOK;
	for (int i = 0; i < COUNTERS && ret == KNOT_EOK; i++) {
		ret = i == ANSWERS ? stats_register(mod)
		                   : knotd_mod_stats_add(mod, counters[i].name, counters[i].count,
		                                         counters[i].index_name);
	}
	return ret;
}

void counters_show(knotd_mod_t *mod, const struct counters_polls *polls,
                   const struct counters_view *view)
{
	struct snapshot_stats shown = { 0 };
	if (view->snapshot != NULL) {
		shown = snapshot_stats(view->snapshot);
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
		[SKIPPED] = view->skipped,
		[SNAPSHOT_BYTES] = shown.bytes,
		[LEADER_CHANGES] = polls->leader_changes,
		[PUBLICATIONS] = view->publications,
		[SUBSCRIPTIONS] = polls->events.subscriptions,
		[FOLLOWING] = polls->events.following,
		[EVENT_LAG] = polls->events.lag,
	};

	for (uint32_t i = 0; i < POLL_OUTCOMES; i++) {
		knotd_mod_stats_store(mod, POLL_SLOT, POLLS, i, polls->count[i]);
	}
	for (uint32_t i = LAST_POLL_TIME; i < EVENTS; i++) {
		knotd_mod_stats_store(mod, POLL_SLOT, i, 0, values[i]);
	}
	for (uint32_t i = 0; i < EVENT_KINDS; i++) {
		knotd_mod_stats_store(mod, POLL_SLOT, EVENTS, i, polls->events.count[i]);
	}
}
