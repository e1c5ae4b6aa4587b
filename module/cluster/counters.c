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

static const char *const outcome_names[POLL_OUTCOMES] = {
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

static char *outcome_name(uint32_t index, uint32_t count)
{
	return index < count ? strdup(outcome_names[index]) : NULL;
}

static const char *const event_names[EVENT_KINDS] = {
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

static char *event_name(uint32_t index, uint32_t count)
{
	return index < count ? strdup(event_names[index]) : NULL;
}

/*! \brief A counter; \a index_name and \a indices say the same, to knotd and to us. */
static const struct {
	const char *name;
	uint32_t count;
	knotd_mod_idx_to_str_f index_name;
	const char *const *indices;
} counters[COUNTERS] = {
	[POLLS] = { "polls", POLL_OUTCOMES, outcome_name, outcome_names },
	[ANSWERS] = { "answers", STATS_KINDS, NULL, stats_names },
	[LAST_POLL_TIME] = { "last-poll-time", 1 },
	[POLL_DURATION] = { "poll-duration", 1 },
	[POLL_BYTES] = { "poll-bytes", 1 },
	[TASKS] = { "tasks", 1 },
	[AGENTS] = { "agents", 1 },
	[FRAMEWORKS] = { "frameworks", 1 },
	[NAMES] = { "names", 1 },
	[RECORDS] = { "records", 1 },
	[SKIPPED] = { "skipped", 1 },
	[SNAPSHOT_BYTES] = { "snapshot-bytes", 1 },
	[LEADER_CHANGES] = { "leader-changes", 1 },
	[PUBLICATIONS] = { "publications", 1 },
	[SUBSCRIPTIONS] = { "subscriptions", 1 },
	[FOLLOWING] = { "following", 1 },
	[EVENT_LAG] = { "event-lag", 1 },
	[EVENTS] = { "events", EVENT_KINDS, event_name, event_names },
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

/*! \brief The values of all counters but that of answers, each as many as the counter has. */
struct values {
	uint64_t numbers[COUNTERS]; /*!< Of those that have one. */
	const uint64_t *of[COUNTERS];
};

static void find_values(const struct counters_polls *polls, const struct counters_view *view,
                        struct values *values)
{
	struct snapshot_stats shown = { 0 };
	if (view->snapshot != NULL) {
		shown = snapshot_stats(view->snapshot);
	}
	*values = (struct values){
		.numbers = {
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
		},
	};
	for (uint32_t i = 0; i < COUNTERS; i++) {
		values->of[i] = &values->numbers[i];
	}
	values->of[POLLS] = polls->count;
	values->of[EVENTS] = polls->events.count;
}

void counters_show(knotd_mod_t *mod, const struct counters_polls *polls,
                   const struct counters_view *view)
{
	struct values values;
	find_values(polls, view, &values);
	for (uint32_t i = 0; i < COUNTERS; i++) {
		for (uint32_t j = 0; i != ANSWERS && j < counters[i].count; j++) {
			knotd_mod_stats_store(mod, POLL_SLOT, i, j, values.of[i][j]);
		}
	}
}

void counters_each(const struct counters_polls *polls, const struct counters_view *view,
                   const uint64_t answers[static STATS_KINDS], counters_each_f each, void *ctx)
{
	struct values values;
	find_values(polls, view, &values);
	values.of[ANSWERS] = answers;
	for (uint32_t i = 0; i < COUNTERS; i++) {
		for (uint32_t j = 0; j < counters[i].count; j++) {
			const char *index = counters[i].indices != NULL ? counters[i].indices[j]
			                                                : NULL;
			each(ctx, counters[i].name, index, values.of[i][j]);
		}
	}
}
