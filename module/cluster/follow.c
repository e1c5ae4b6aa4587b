/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/base/util.h"
#include "module/cluster/follow.h"
#include "module/cluster/names.h"
#include "module/cluster/publish.h"
#include "module/cluster/report.h"

/*! \brief First wait before subscribing again, in milliseconds; doubles up to poll-interval. */
#define AGAIN_MS 1000

/*! \brief Longest time that is taken for reading events before a state comes true, in ms. */
#define CATCH_UP_MS 1000

/*! \brief Longest time that a stream has to last to be a good one, in milliseconds. */
#define PROOF_MS 60000

/*! \brief How often it is shown that the stream lives, in milliseconds. */
#define SHOW_MS 500

/*! \brief How long a stream is quiet until the other masters are asked who leads, in ms. */
#define QUIET_MS 5000

/*! \brief Time between two such questions, in milliseconds. */
#define LOOK_MS 3000

static int64_t interval(const struct cluster *cluster)
{
	return (int64_t)cluster->settings->poll_interval * 1000;
}

/*! \brief Wants a state for what an event does not tell, the later the more often that is. */
static void want_more(struct cluster *cluster)
{
	struct follow *follow = &cluster->follow;
	int64_t read_at = pace_want(&follow->pace, clock_ms(CLOCK_MONOTONIC), interval(cluster));
	follow->state_at = MIN(follow->state_at, read_at);
	follow->is_sooner = true;
}

static int begin_event(void *ctx)
{
	(void)ctx;
	return KNOT_EOK;
}

static int read_event(void *ctx, const char *data, size_t len)
{
	struct cluster *cluster = ctx;
	return event_parser_feed(cluster->follow.parser, data, len);
}

/*! \brief Makes true what an event says. */
static int take_event(struct cluster *cluster, const struct event *event)
{
	struct follow *follow = &cluster->follow;
	int ret = publish_begin(cluster);
	if (ret != KNOT_EOK) {
		return ret;
	}
	follow->read = follow->read == 0 ? clock_us(CLOCK_MONOTONIC) : follow->read;
	struct inventory_news news;
	ret = stock_event(cluster->stock, event, &news);
	if (ret != KNOT_EOK || news.is_more || event->is_behind) {
		/* An event for which there was no room is in the next state, and so is what was
		   not wanted yet when it began. */
		want_more(cluster);
	}
	if (event->kind >= EVENT_FRAMEWORK_ADDED && names_hear(cluster)) {
		follow->is_sooner = true;
	}
	return KNOT_EOK;
}

/*! \brief The stream begins: what happened before is in no event. */
static void begin_stream(struct cluster *cluster, const struct event *event)
{
	struct follow *follow = &cluster->follow;
	stream_set_heartbeat(follow->stream, event->heartbeat);
	if (!follow->is_subscribed) {
		follow->is_subscribed = true;
		follow->is_asked = false;
		follow->is_sooner = true;
		follow->counted.subscriptions++;
		follow->began = clock_ms(CLOCK_MONOTONIC);
		follow->state_at = follow->began;
		follow->renew_at = follow->began + interval(cluster);
	}
}

static int end_event(void *ctx)
{
	struct cluster *cluster = ctx;
	struct follow *follow = &cluster->follow;
	struct event event;
	int ret = event_parser_finish(follow->parser, &event);
	if (ret != KNOT_EOK) {
		return ret;
	}
	follow->has_news = true;
	follow->counted.count[event.kind]++;
	if (event.kind == EVENT_SUBSCRIBED) {
		begin_stream(cluster, &event);
	}
	return event.object != NULL ? take_event(cluster, &event) : KNOT_EOK;
}

/*! \brief Another master says that somebody else leads: a poll finds out. */
static void hear_other(void *ctx, const struct endpoint *asked, const struct endpoint *leader)
{
	struct cluster *cluster = ctx;
	struct follow *follow = &cluster->follow;
	if (!follow_lives(cluster) || endpoint_equal(leader, &follow->alias)) {
		return;
	}
	follow->named = *leader;
	follow->state_at = clock_ms(CLOCK_MONOTONIC);
	follow->is_sooner = true;
	/* The one that is followed may hang: it is not to be asked first. */
	cluster->last_good = *asked;
}

int follow_init(struct cluster *cluster)
{
	static const struct recordio_handler handler = { begin_event, read_event, end_event };
	struct follow *follow = &cluster->follow;
	follow->state_at = INT64_MAX;
	if (!cluster->settings->events) {
		return KNOT_EOK;
	}
	follow->parser = event_parser_new();
	follow->stream = stream_new(cluster->client, &handler, cluster);
	follow->look = look_new(cluster->client, hear_other, cluster);
	return follow->parser != NULL && follow->stream != NULL && follow->look != NULL
	               ? KNOT_EOK
	               : KNOT_ENOMEM;
}

void follow_clear(struct cluster *cluster)
{
	look_free(cluster->follow.look);
	stream_free(cluster->follow.stream);
	event_parser_free(cluster->follow.parser);
}

bool follow_lives(const struct cluster *cluster)
{
	const struct follow *follow = &cluster->follow;
	return follow->is_subscribed && stream_phase(follow->stream) == STREAM_OPEN;
}

static bool is_under_way(const struct follow *follow)
{
	return stream_phase(follow->stream) == STREAM_OPENING ||
	       stream_phase(follow->stream) == STREAM_OPEN;
}

/*! \brief Forgets what belongs to one subscription. */
static void end_subscription(struct follow *follow)
{
	follow->is_subscribed = false;
	follow->counted.following = 0;
	/* A record may have been cut off in its middle. */
	struct event event;
	(void)event_parser_finish(follow->parser, &event);
}

void follow_expect(struct cluster *cluster)
{
	struct follow *follow = &cluster->follow;
	follow->state_at = INT64_MAX;
	follow->is_asked = follow->is_subscribed;
	pace_ask(&follow->pace, clock_ms(CLOCK_MONOTONIC), interval(cluster));
	stock_expect(cluster->stock);
}

/*! \brief True if a reply is of the master that the stream is of, by whatever name. */
static bool is_same_master(const struct follow *follow, const struct master_reply *reply)
{
	struct failover_leader leader = failover_leader(&reply->facts, 0);
	if (leader.id[0] != '\0' && follow->id[0] != '\0') {
		return strcmp(leader.id, follow->id) == 0;
	}
	return endpoint_equal(&follow->asked, &reply->answered);
}

void follow_catch_up(struct cluster *cluster, const struct master_reply *reply)
{
	struct follow *follow = &cluster->follow;
	if (follow->stream == NULL) {
		return;
	}
	if (!is_same_master(follow, reply)) {
		/* What another one has said counts for nothing any more. */
		stream_close(follow->stream);
		end_subscription(follow);
		stock_disown(cluster->stock);
		follow->alias.port = 0;
	} else if (stream_phase(follow->stream) == STREAM_OPEN) {
		stream_drain(follow->stream, clock_ms(CLOCK_MONOTONIC) + CATCH_UP_MS, NULL);
	}
}

void follow_leader(struct cluster *cluster, const struct master_reply *reply)
{
	struct follow *follow = &cluster->follow;
	if (follow->stream == NULL) {
		return;
	}
	if (!endpoint_equal(&follow->asked, &reply->answered)) {
		/* To subscribe to another one is no repetition. */
		follow->open_at = 0;
	}
	/* One that had been named and is followed already has two names. */
	follow->alias = follow->named.port != 0 && follow_lives(cluster) ? follow->named
	                                                                 : follow->alias;
	follow->named.port = 0;
	follow->leader = reply->answered;
	follow->trusted = reply->trusted;
	memcpy(follow->id, failover_leader(&reply->facts, 0).id, sizeof(follow->id));
	if (follow_lives(cluster) && follow->is_asked) {
		follow->counted.following = 1;
		publish_life(cluster);
		report_following(cluster);
	}
}

void follow_nobody(struct cluster *cluster)
{
	struct follow *follow = &cluster->follow;
	if (follow->stream != NULL && !is_under_way(follow)) {
		follow->leader.port = 0;
	}
}

/*! \brief How long a subscription has to last not to count as a failure, in milliseconds. */
static int64_t proof(const struct cluster *cluster)
{
	return MIN(interval(cluster), PROOF_MS);
}

/*! \brief Takes note of a stream that has ended, or never began. */
static void note_end(struct cluster *cluster)
{
	struct follow *follow = &cluster->follow;
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	report_polling(cluster, stream_master(follow->stream), stream_reason(follow->stream));
	if (follow->is_subscribed) {
		/* That it led does not mean that it still does. */
		follow->leader.port = 0;
		follow->state_at = now;
		follow->failures = now - follow->began > proof(cluster) ? 0 : follow->failures;
	}
	int64_t pause = (int64_t)AGAIN_MS << MIN(follow->failures, 20);
	follow->open_at = now + MIN(pause, interval(cluster));
	follow->failures++;
	follow->time = MIN(follow->time, stream_heard(follow->stream));
	follow->is_over = true;
	follow->is_sooner = true;
	end_subscription(follow);
}

void follow_turn(void *ctx)
{
	struct cluster *cluster = ctx;
	struct follow *follow = &cluster->follow;
	if (follow->stream == NULL) {
		return;
	}
	bool is_due = cluster->turns != NULL;
	if (is_due && publish_changes(cluster) != KNOT_EOK) {
		want_more(cluster);
	}
	if (follow->has_news && follow->is_subscribed) {
		/* Until the next heartbeat nothing has to come. */
		follow->time = stream_heard(follow->stream) + stream_heartbeat(follow->stream);
		is_due = is_due || follow->time >= follow->shown + SHOW_MS;
	}
	if (stream_phase(follow->stream) == STREAM_ENDED && !follow->is_over) {
		note_end(cluster);
		is_due = true;
	}
	if (is_due) {
		follow->shown = follow->time;
		publish_life(cluster);
	}
	if (follow->is_sooner) {
		follow->is_sooner = false;
		master_wake(cluster->client);
	}
	follow->has_news = false;
}

/*! \brief True if nobody but the masters can say that another one leads. */
static bool must_look(const struct cluster *cluster)
{
	char problem[ZOOKEEPER_PROBLEM_MAX];
	return cluster->masters_count > 1 &&
	       (cluster->zk == NULL || zookeeper_problem(cluster->zk, problem)[0] != '\0');
}

/*! \brief Does what is due while events come; returns when to call again. */
static int64_t tend_stream(struct cluster *cluster, int64_t now)
{
	struct follow *follow = &cluster->follow;
	if (now >= follow->renew_at) {
		names_renew(cluster);
		follow->renew_at = now + interval(cluster);
	}
	if (!must_look(cluster)) {
		return follow->renew_at;
	}
	int64_t look_at = MAX(stream_heard(follow->stream) + QUIET_MS, follow->look_at);
	if (now >= look_at) {
		look_around(follow->look, stream_master(follow->stream));
		look_at = follow->look_at = now + LOOK_MS;
	}
	return MIN(follow->renew_at, look_at);
}

int64_t follow_tend(struct cluster *cluster)
{
	struct follow *follow = &cluster->follow;
	bool is_news = false;
	int64_t due = names_tend(cluster, &is_news);
	if (is_news) {
		/* What cannot be shown now is shown with the next change. */
		(void)publish_names(cluster);
	}
	if (follow->stream == NULL) {
		return due;
	}
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	if (stream_phase(follow->stream) == STREAM_ENDED && !follow->is_over) {
		return now;
	}
	if (follow_lives(cluster)) {
		return MIN(due, tend_stream(cluster, now));
	}
	if (is_under_way(follow) || follow->leader.port == 0) {
		return due;
	}
	if (now < follow->open_at) {
		return MIN(due, follow->open_at);
	}
	follow->asked = follow->leader;
	follow->is_over = false;
	/* One that has ended at once is noted with the next turn. */
	(void)stream_open(follow->stream, &follow->asked, follow->trusted);
	return now;
}

int64_t follow_state_at(const struct cluster *cluster)
{
	return cluster->follow.state_at;
}
