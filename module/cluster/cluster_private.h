/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A followed cluster, as the files of this folder see it.
 */
#pragma once

#include <pthread.h>

#include "module/cluster/kept.h"
#include "module/masters/master.h"
#include "module/cluster/counters.h"
#include "module/cluster/pace.h"
#include "module/cluster/view.h"
#include "module/masters/look.h"
#include "module/masters/stream.h"
#include "module/masters/zookeeper.h"

/*! \brief Room for the errors of a poll; Knot's log takes about as much. */
#define CLUSTER_ERROR_MAX 400

struct member {
	struct member *next; /*!< In its cluster's list. */
	struct cluster *cluster;
	struct view *view;
	knotd_mod_t *mod;
	struct stats *stats;       /*!< What workers have counted; a reference. */
	struct settings *settings; /*!< Its own; a reference. */
	struct http_zone *http;    /*!< Where that is served over HTTP; NULL if nowhere. */
	bool uncounted;            /*!< It could not get its counters. */
};

/*! \brief Where a cluster's thread is. */
enum cluster_phase {
	THREAD_NONE,     /*!< None could be started yet. */
	THREAD_STARTING, /*!< Somebody is at it. */
	THREAD_RUNS,
};

/*! \brief A view that the poller works on. */
struct turn {
	struct view *view;         /*!< A reference. */
	struct snapshot *snapshot; /*!< Its new one, then its old one; NULL if nothing changes. */
	int ret;                   /*!< Whether it could be made. */
};

/*! \brief What there is of a cluster now, beyond its inventory's statistics. */
struct tally {
	uint64_t running; /*!< Tasks that run. */
	uint64_t serving; /*!< Of them those on agents that are known. */
};

/*! \brief When host names are looked at (names.h). */
struct names {
	struct endpoint leader; /*!< Who leads, by its own word, as of the last state. */
	bool is_wanting;        /*!< Some may be new. */
	int64_t look_at;        /*!< When to look what has come: CLOCK_MONOTONIC in ms. */
	int64_t pause;          /*!< Until the look after that, in milliseconds. */
};

/*! \brief What was last said of events in the log. */
enum follow_said { SAID_NOTHING, SAID_FOLLOWING, SAID_POLLING };

/*! \brief The leader's events (follow.h); times are CLOCK_MONOTONIC in ms. */
struct follow {
	struct stream *stream; /*!< NULL if events are not to be followed. */
	struct event_parser *parser;
	struct endpoint leader;   /*!< Whom to subscribe to; its port is 0 if nobody is known. */
	bool trusted;             /*!< That one may be told the credential. */
	char id[FAILOVER_ID_MAX]; /*!< Its ID, or the ID of the last one. */
	struct endpoint asked;    /*!< Who was asked last; its port is 0 if nobody was. */
	bool is_subscribed;       /*!< SUBSCRIBED has come. */
	bool is_asked;            /*!< A state has been asked for since. */
	bool is_over;             /*!< That the stream has ended is noted. */
	bool is_sooner;           /*!< Something is to be done sooner than whoever waits knows. */
	int64_t began;            /*!< When SUBSCRIBED came. */
	int64_t open_at;          /*!< When to subscribe, at the earliest. */
	unsigned failures;        /*!< Subscriptions in a row that came to nothing. */
	int64_t state_at;         /*!< When a state is to be read; INT64_MAX: not for events. */
	struct pace pace;         /*!< Of what events say that there is more. */
	int64_t renew_at;         /*!< When host names are to be looked up again. */

	struct look *look;     /*!< NULL if events are not to be followed. */
	int64_t look_at;       /*!< When to ask the others again who leads, if it is quiet. */
	struct endpoint named; /*!< Who leads by their word, so that a poll was wanted. */
	struct endpoint alias; /*!< The same who turned out to be the one that is followed. */

	bool has_news; /*!< Something has come since the last look. */
	int64_t read;  /*!< When the first event came that is not published yet, in us; 0: none. */
	int64_t time;  /*!< Until when what is served is known to be true. */
	int64_t shown; /*!< What of that was shown. */
	struct counters_events counted;
	enum follow_said said;
	struct endpoint said_leader;
	char said_reason[MASTER_ERROR_MAX];
};

/*! \brief A followed cluster. */
struct cluster {
	struct cluster *next; /*!< In the registry. */
	struct settings *settings;
	struct resolver *resolver;
	struct master_client *client;
	struct zookeeper *zk;     /*!< NULL if masters are static only. */
	pthread_t thread;         /*!< Once \a phase says so. */
	atomic_int phase;         /*!< enum cluster_phase. */
	atomic_llong start_again; /*!< CLOCK_MONOTONIC in ms: when queries may start a thread. */
	atomic_bool stop;         /*!< The thread is to end. */

	pthread_mutex_t lock; /*!< Guards what follows, up to the poller's own. */
	struct member *members;
	struct view *views;
	bool poll_now;        /*!< Somebody wants a poll at once; comes with master_wake(). */
	bool wants_wait;      /*!< Views have come that may want more to be read. */
	bool views_wait;      /*!< Views have come, or have got another TTL. */
	struct stock *before; /*!< What to begin with; NULL if nothing (any more). */
	bool has_begun;       /*!< That is settled. */
	struct counters_polls stats; /*!< What the instances show. */
	uint64_t inventory_bytes;    /*!< Memory of the stock. */

	/* The poller's own; but for references to the stock. */
	struct stock *stock;           /*!< What there is. */
	struct wants *wants;           /*!< What is read of states and events; NULL: the least. */
	struct wants *met;             /*!< What was read for what there is; NULL: the least. */
	struct turn *turns;            /*!< The views that hear of changes now; NULL if none do. */
	size_t turns_count;            /*!< Of \a turns. */
	struct tally tally;            /*!< What there is of it. */
	struct records_masters *shown; /*!< The masters as of the last good poll; NULL before. */
	int64_t time;                  /*!< When that was true: CLOCK_MONOTONIC in ms. */
	struct endpoint *masters;      /*!< Whom to ask; ZooKeeper's come before the static ones. */
	size_t masters_count;          /*!< Of \a masters. */
	/*! Those that make records, in the order of their numbers: \a announced, or \a masters. */
	const struct endpoint *known;
	size_t known_count;                               /*!< Of \a known. */
	struct endpoint announced[ZOOKEEPER_MASTERS_MAX]; /*!< ZooKeeper's masters, sorted. */
	struct endpoint last_good;                        /*!< The static master to ask first. */
	struct endpoint named;   /*!< Whom ZooKeeper named as the poll began; or all zero. */
	bool silence;            /*!< A master has been silent in this poll. */
	bool silence_said;       /*!< So it was in the last good one, or it has been said. */
	uint32_t failures;       /*!< Polls failed in a row. */
	bool zk_failed;          /*!< ZooKeeper has a problem, as of the last poll. */
	bool loaded;             /*!< A poll has succeeded. */
	bool hurry;              /*!< The next poll comes after RETRY_MS. */
	int64_t poll_at;         /*!< When that is: CLOCK_MONOTONIC in ms. */
	uint32_t kept;           /*!< Agents in it that have not registered again. */
	struct failover_age age; /*!< Of the leader that answered last. */
	struct names names;
	struct follow follow;
	struct endpoint leader;        /*!< As of the last good poll. */
	char error[CLUSTER_ERROR_MAX]; /*!< Why polls fail, as last said; empty if they succeed. */
	char troubles[CLUSTER_ERROR_MAX]; /*!< Which masters failed in a good poll, as last said. */
};
