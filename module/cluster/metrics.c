/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/answer/stats.h"
#include "module/base/util.h"
#include "module/cluster/metrics.h"

/*! \brief A counter's family; \a index is NULL if it is that of all indices not named before. */
struct entry {
	const char *counter;
	const char *index;
	struct http_family family;
};

#define COUNTER(metric, help_text)                                                     \
	{                                                                              \
		.name = "mesos_dns_" metric, .type = HTTP_COUNTER, .help = (help_text) \
	}
#define COUNTER_BY(metric, by, help_text)                                         \
	{                                                                         \
		.name = "mesos_dns_" metric, .type = HTTP_COUNTER, .label = (by), \
		.help = (help_text)                                               \
	}
#define GAUGE(metric, help_text)                                                     \
	{                                                                            \
		.name = "mesos_dns_" metric, .type = HTTP_GAUGE, .help = (help_text) \
	}
#define BYTES(metric, help_text)                                                           \
	{                                                                                  \
		.name = "mesos_dns_" metric "_bytes", .type = HTTP_GAUGE, .unit = "bytes", \
		.help = (help_text)                                                        \
	}
#define SECONDS(metric, digits, help_text)                                                     \
	{                                                                                      \
		.name = "mesos_dns_" metric "_seconds", .type = HTTP_GAUGE, .unit = "seconds", \
		.decimals = (digits), .help = (help_text)                                      \
	}

static const struct entry entries[] = {
	{ "answers", "stale", COUNTER("stale_answers", "Answers that were given as stale") },
	{ "answers", "truncated",
	  COUNTER("truncated_answers", "Answers that were cut, to be asked again over TCP") },
	{ "answers", NULL, COUNTER_BY("answers", "kind", "Answers, by what they were made of") },
	{ "polls", NULL, COUNTER_BY("polls", "result", "Polls of the masters, by how they ended") },
	{ "last-poll-time", NULL,
	  SECONDS("last_poll_timestamp", 0,
	          "When the last good poll ended, since 1970; 0: never") },
	{ "poll-duration", NULL,
	  SECONDS("poll_duration", 3, "How long the last good poll took, until it was served") },
	{ "poll-bytes", NULL, BYTES("poll", "Length of that poll's document, unpacked") },
	{ "tasks", NULL, GAUGE("tasks", "Running tasks on agents that are known") },
	{ "agents", NULL, GAUGE("agents", "Agents") },
	{ "frameworks", NULL, GAUGE("frameworks", "Frameworks") },
	{ "names", NULL, GAUGE("names", "Names that the module adds to the zone") },
	{ "records", NULL, GAUGE("records", "Records that the module adds to the zone") },
	{ "skipped", NULL,
	  GAUGE("skipped", "Names and records that are left out of the zone, as they cannot be") },
	{ "snapshot-bytes", NULL, BYTES("snapshot", "Memory that the zone's records take") },
	{ "leader-changes", NULL,
	  COUNTER("leader_changes", "Polls that another leader served than the one before") },
	{ "subscriptions", NULL,
	  COUNTER("subscriptions", "Streams of the leader's events that have begun") },
	{ "following", NULL, GAUGE("following", "Whether the leader's events come") },
	{ "event-lag", NULL,
	  SECONDS("event_lag", 6, "From an event to its being served, of the last publication") },
	{ "events", NULL, COUNTER_BY("events", "kind", "Events that the leader has sent") },
	{ "publications", NULL,
	  COUNTER("publications", "How often the zone's records have changed") },
};

static const struct http_family age = SECONDS(
        "age", 3, "How long ago the zone's records were last known to be true");
static const struct http_family inventory = BYTES("inventory",
                                                  "Memory that what is known of the cluster takes");

const struct http_family *metrics_family(const char *counter, const char *index)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		const struct entry *entry = &entries[i];
		if (strcmp(entry->counter, counter) == 0 &&
		    (entry->index == NULL || (index != NULL && strcmp(entry->index, index) == 0))) {
			return &entry->family;
		}
	}
	return NULL;
}

static void tell(void *ctx, const char *counter, const char *index, uint64_t value)
{
	const struct http_family *family = metrics_family(counter, index);
	if (family != NULL) {
		http_counters_add(ctx, family, index, value);
	}
}

void metrics_tell(struct http_counters *out, const struct counters_polls *polls,
                  const struct counters_view *view, const struct stats *answers,
                  const struct metrics_more *more)
{
	uint64_t sums[STATS_KINDS];
	stats_sum(answers, sums);
	counters_each(polls, view, sums, tell, out);
	if (more->has_age) {
		http_counters_add(out, &age, NULL, more->age);
	}
	http_counters_add(out, &inventory, NULL, more->inventory_bytes);
}
