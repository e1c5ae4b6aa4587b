/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief An inventory with a listener, and a small cluster in both shapes; to be included after
 *        cmocka.h.
 */
#pragma once

#include "tests/unit/inventory/inventory_feed.h"

/*! \brief An inventory and who listens to it. */
struct fixture {
	struct inventory *inventory;
	struct mirror mirror;
};

static inline void begin(struct fixture *f)
{
	*f = (struct fixture){ 0 };
	f->inventory = inventory_new(mirror_change, &f->mirror);
	assert_non_null(f->inventory);
}

static inline void end(struct fixture *f)
{
	free(mirror_check(&f->mirror, f->inventory));
	inventory_free(f->inventory);
	mirror_clear(&f->mirror);
}

/*! \brief Asserts how many changes the last call told of, and what is served afterwards. */
static inline void expect(struct fixture *f, size_t changes, const char *served)
{
	free(mirror_check(&f->mirror, f->inventory));
	char *text = served_text(f->inventory, true);
	assert_string_equal(text, served);
	free(text);
	assert_int_equal(f->mirror.changes, changes);
	f->mirror.changes = 0;
}

#define HEAD            "{\"leader\":\"master@10.0.0.1:5050\","
#define AGENT(id, host) "{\"id\":\"" id "\",\"pid\":\"slave(1)@" host ":5051\"}"
#define TASK_AT(id, agent, state) \
	"{\"id\":\"" id "\",\"name\":\"" id "\",\"slave_id\":\"" agent "\",\"state\":\"" state "\"}"
#define FRAMEWORK_OF(id, more, tasks) \
	"{\"id\":\"" id "\",\"name\":\"" id "\"," more "\"tasks\":[" tasks "]}"
#define PID "\"pid\":\"s@10.0.1.1:9\","

#define V1_TASK(id, framework, agent, state)                                             \
	"{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":{\"name\":\"" id              \
	"\",\"task_id\":{\"value\":\"" id "\"},\"framework_id\":{\"value\":\"" framework \
	"\"},\"agent_id\":{\"value\":\"" agent "\"},\"state\":\"" state "\"}}}"
#define V1_UPDATE(id, framework, state, time, ip)                                               \
	"{\"type\":\"TASK_UPDATED\",\"task_updated\":{\"framework_id\":{\"value\":\"" framework \
	"\"},\"status\":{\"task_id\":{\"value\":\"" id "\"},\"state\":\"" state                 \
	"\",\"timestamp\":" time ",\"container_status\":{\"network_infos\":["                   \
	"{\"ip_addresses\":[{\"ip_address\":\"" ip "\"}]}]}},\"state\":\"" state "\"}}"
#define V1_AGENT(id, host)                                                              \
	"{\"type\":\"AGENT_ADDED\",\"agent_added\":{\"agent\":{\"agent_info\":{\"id\":" \
	"{\"value\":\"" id "\"}},\"pid\":\"slave(1)@" host ":5051\"}}}"
#define V1_AGENT_GONE(id) \
	"{\"type\":\"AGENT_REMOVED\",\"agent_removed\":{\"agent_id\":{\"value\":\"" id "\"}}}"
#define V1_FRAMEWORK(kind, body, id, name, more)                                          \
	"{\"type\":\"" kind "\",\"" body "\":{\"framework\":{\"framework_info\":{\"id\":" \
	"{\"value\":\"" id "\"},\"name\":\"" name "\"" more "}}}}"
#define V1_FRAMEWORK_ADDED(id, more) \
	V1_FRAMEWORK("FRAMEWORK_ADDED", "framework_added", id, id, more)
#define V1_FRAMEWORK_UPDATED(id, name, more) \
	V1_FRAMEWORK("FRAMEWORK_UPDATED", "framework_updated", id, name, more)
#define V1_FRAMEWORK_GONE(id)                                                        \
	"{\"type\":\"FRAMEWORK_REMOVED\",\"framework_removed\":{\"framework_info\":" \
	"{\"id\":{\"value\":\"" id "\"}}}}"

#define RUNNING "TASK_RUNNING"

/*! \brief Two agents, two frameworks, three tasks. */
#define TWO                                                                                                     \
	HEAD "\"slaves\":[" AGENT("S1", "10.0.0.11") "," AGENT(                                                 \
	        "S2",                                                                                           \
	        "10.0.0.12") "],\"frameworks\":[" FRAMEWORK_OF("F1", PID,                                       \
	                                                       TASK_AT("a", "S1", RUNNING) "," TASK_AT(         \
	                                                               "b", "S2",                               \
	                                                               RUNNING)) "," FRAMEWORK_OF("F2",         \
	                                                                                          "",           \
	                                                                                          TASK_AT("c",  \
	                                                                                                  "S2", \
	                                                                                                  RUNNING)) "]}"

#define LINE_S1 "agent port=5051 addresses=10.0.0.11,\n"
#define LINE_S2 "agent port=5051 addresses=10.0.0.12,\n"
#define LINE_F1 "framework port=9 name=\"F1\" addresses=10.0.1.1,\n"
#define LINE_F2 "framework port=0 name=\"F2\" addresses=\n"
#define LINE_TASK(id, netinfo, agent, framework, addresses)                              \
	"task id=\"" id "\" name=\"" id "\" discovery=\"\" agent=\"" agent "\" ranges= " \
	"ports= netinfo=" netinfo " mesos= docker= maps_ports=0 of=\"" framework         \
	"\" addresses=" addresses "\n"
#define LINE_A    LINE_TASK("a", "", "S1", "F1", "10.0.0.11,")
#define LINE_B    LINE_TASK("b", "", "S2", "F1", "10.0.0.12,")
#define LINE_C    LINE_TASK("c", "", "S2", "F2", "10.0.0.12,")
#define LINES_TWO LINE_S1 LINE_S2 LINE_F2 LINE_F1 LINE_A LINE_B LINE_C

static inline void begin_two(struct fixture *f)
{
	begin(f);
	assert_int_equal(feed_state(f->inventory, TWO), KNOT_EOK);
	expect(f, 7, LINES_TWO);
}

static inline void apply(struct fixture *f, const char *json)
{
	assert_int_equal(feed_event(f->inventory, json, NULL), KNOT_EOK);
}

static inline void load(struct fixture *f, const char *json)
{
	assert_int_equal(feed_state(f->inventory, json), KNOT_EOK);
}
