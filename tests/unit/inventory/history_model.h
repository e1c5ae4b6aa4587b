/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A master of a small cluster to which things happen at random; for test_history.c.
 *
 * It makes the state of each moment, and the events in between. To be included after cmocka.h.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGENTS = 5, FRAMEWORKS = 3, TASKS = 6, NAMES = 3, STATUSES = 32, QUEUE = 256 };

static const char *const states[] = { "TASK_STAGING", "TASK_STARTING", "TASK_RUNNING",
	                              "TASK_KILLING" };
static const char *const ends[] = { "TASK_FINISHED", "TASK_KILLED",      "TASK_LOST",
	                            "TASK_FAILED",   "TASK_UNREACHABLE", "TASK_GONE_BY_OPERATOR" };

struct model_status {
	unsigned state;
	unsigned timestamp;
	unsigned address;
	unsigned health; /*!< enum task_health */
};

struct model_task {
	bool is_there;
	unsigned agent;
	unsigned state;
	unsigned port;
	unsigned said; /*!< Random bits that its labels and its discovery are made of. */
	bool has_check;
	struct model_status statuses[STATUSES];
	unsigned count;
};

struct model_framework {
	bool is_there;
	unsigned name;
	unsigned pid;
	struct model_task tasks[TASKS];
};

struct model_agent {
	bool is_there;
	bool is_recovered; /*!< Known to the registry, not registered again. */
	unsigned port;
};

/*! \brief The master, and the events that it has sent but nobody has read. */
struct cluster_model {
	struct model_agent agents[AGENTS];
	struct model_framework frameworks[FRAMEWORKS];
	char *queue[QUEUE];
	unsigned queued;
	unsigned random;
	unsigned clock;
	bool is_skewed; /*!< Timestamps go back at times. */
};

/*! \brief A number below \a n (a linear congruential generator, the same everywhere). */
static unsigned pick(struct cluster_model *m, unsigned n)
{
	m->random = m->random * 1664525 + 1013904223;
	return (m->random >> 16) % n;
}

__attribute__((format(printf, 2, 3))) static void send_event(struct cluster_model *m,
                                                             const char *format, ...)
{
	va_list args;
	va_start(args, format);
	assert_true(m->queued < QUEUE);
	assert_true(vasprintf(&m->queue[m->queued++], format, args) > 0);
	va_end(args);
}

/*! \brief What statuses say of health, by enum task_health. */
static const char *const healths[] = { "", "\"healthy\":true,", "\"healthy\":false," };

/*! \brief That a task is checked. */
#define CHECK "\"health_check\":{\"type\":\"COMMAND\"},"

/*! \brief One of eight texts, by three of the bits. */
#define SAID(task, at, ...) ((const char *const[8]){ __VA_ARGS__ })[(task)->said >> (at)&7]

/*! \brief What a task says of itself, in states or in events alike. */
static void print_labels(FILE *out, const struct model_task *task)
{
	fprintf(out,
	        "[{\"key\":\"dns-name\",\"value\":\"%s\"},{\"key\":\"dns-weight\",\"value\":\"%s\"}"
	        ","
	        "{\"key\":\"dns-hide\",\"value\":\"%s\"}]",
	        SAID(task, 0, "shop", "shop", "front.shop", "f1", "f2", "leader", "x.slave", ""),
	        SAID(task, 3, "1", "1", "1", "7", "7", "70000", "-", ""),
	        SAID(task, 6, "", "", "", "", "", "", "no", "true"));
}

static void print_discovery(FILE *out, const struct model_task *task)
{
	if (task->said >> 9 & 1) {
		fprintf(out,
		        "\"discovery\":{%s\"visibility\":\"%s\",\"environment\":\"%s\",\"version\":"
		        "\"%u\",\"ports\":{\"ports\":[{\"number\":%u,\"name\":\"http\","
		        "\"protocol\":"
		        "\"tcp\"},{\"number\":%u}]}},",
		        SAID(task, 10, "", "", "\"name\":\"web\",", "\"name\":\"web\",",
		             "\"name\":\"a.b\",", "\"name\":\"a.b\",", "\"name\":\"...\",",
		             "\"name\":\"n1\","),
		        SAID(task, 13, "CLUSTER", "CLUSTER", "CLUSTER", "EXTERNAL", "EXTERNAL",
		             "EXTERNAL", "FRAMEWORK", "?"),
		        SAID(task, 16, "prod", "prod", "prod", "test", "test", "f0", "slave", ""),
		        task->said >> 19 & 3, task->port + 80, task->port + 90);
	}
}

/*! \brief The role that its resources are of. */
static const char *role_of(const struct model_task *task)
{
	return SAID(task, 21, "*", "*", "web", "web", "ops", "f3", "a/b", "");
}

/*! \brief Members that statuses have in states and in events. */
static void print_networks(FILE *out, unsigned address)
{
	static const char *const names[] = { "\"name\":\"overlay\",", "\"name\":\"bridge\",", "" };
	fprintf(out,
	        "\"container_status\":{\"network_infos\":[{%s\"ip_addresses\":[{\"ip_address\":"
	        "\"10.9.0.%u\"}]},{\"ip_addresses\":[{\"ip_address\":\"fd00::%u\"}],%s"
	        "\"labels\":{}}]}",
	        names[address % 3], address, address / 4,
	        address % 2 ? "\"name\":\"overlay\"," : "");
}

static void print_status(FILE *out, const struct model_status *status)
{
	fprintf(out, "{\"state\":\"%s\",%s\"timestamp\":%u,", states[status->state],
	        healths[status->health], status->timestamp);
	print_networks(out, status->address);
	fputs("}", out);
}

static void print_statuses(FILE *out, const struct model_task *task)
{
	fputs("\"statuses\":[", out);
	for (unsigned i = 0; i < task->count; i++) {
		fputs(i > 0 ? "," : "", out);
		print_status(out, &task->statuses[i]);
	}
	fputs("]", out);
}

static void print_task(FILE *out, const struct model_task *task, unsigned id)
{
	fprintf(out,
	        "{\"id\":\"t%u\",\"name\":\"n%u\",\"slave_id\":\"S%u\",\"state\":\"%s\","
	        "%s\"role\":\"%s\",\"resources\":{\"ports\":\"[%u-%u]\"},\"labels\":",
	        id, id % NAMES, task->agent, states[task->state], task->has_check ? CHECK : "",
	        role_of(task), task->port, task->port + 1);
	print_labels(out, task);
	fputs(",", out);
	print_discovery(out, task);
	print_statuses(out, task);
	fputs("}", out);
}

static void print_agents(FILE *out, const struct cluster_model *m, bool recovered)
{
	const char *comma = "";
	for (unsigned i = 0; i < AGENTS; i++) {
		const struct model_agent *agent = &m->agents[i];
		if (recovered ? agent->is_recovered : agent->is_there) {
			fprintf(out,
			        "%s{\"id\":\"S%u\",\"pid\":\"slave(1)@10.0.0.%u:%u\",\"hostname\":"
			        "\"node-%u.example\",\"attributes\":{\"rack\":\"r%u\"}}",
			        comma, i, i, agent->port, i, agent->port);
			comma = ",";
		}
	}
}

/*! \brief The model's state; to be freed. */
static char *print_state(const struct cluster_model *m)
{
	char *text = NULL;
	size_t size = 0;
	const char *comma = "";
	FILE *out = open_memstream(&text, &size);
	fputs("{\"leader\":\"master@10.0.0.1:5050\",\"slaves\":[", out);
	print_agents(out, m, false);
	fputs("],\"recovered_slaves\":[", out);
	print_agents(out, m, true);
	fputs("],\"frameworks\":[", out);
	for (unsigned i = 0; i < FRAMEWORKS; i++) {
		const struct model_framework *framework = &m->frameworks[i];
		if (!framework->is_there) {
			continue;
		}
		fprintf(out,
		        "%s{\"id\":\"F%u\",\"name\":\"f%u\",\"pid\":\"s@10.1.0.%u:99\","
		        "\"tasks\":[",
		        comma, i, framework->name, framework->pid);
		comma = "";
		for (unsigned t = 0; t < TASKS; t++) {
			if (framework->tasks[t].is_there) {
				fputs(comma, out);
				print_task(out, &framework->tasks[t], t);
				comma = ",";
			}
		}
		fputs("]}", out);
		comma = ",";
	}
	fputs("]}", out);
	fclose(out);
	return text;
}

static void send_task(struct cluster_model *m, unsigned f, unsigned t)
{
	const struct model_task *task = &m->frameworks[f].tasks[t];
	char *rest = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&rest, &size);
	fputs("\"labels\":{\"labels\":", out);
	print_labels(out, task);
	fputs("},", out);
	print_discovery(out, task);
	print_statuses(out, task);
	fclose(out);
	/* v1 has labels of its own, but no status here has any. */
	send_event(
	        m,
	        "{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":{\"name\":\"n%u\",\"task_id\":"
	        "{\"value\":\"t%u\"},\"framework_id\":{\"value\":\"F%u\"},\"agent_id\":{\"value\":"
	        "\"S%u\"},\"state\":\"%s\",%s\"resources\":[{\"name\":\"ports\","
	        "\"allocation_info\":{\"role\":\"%s\"},\"ranges\":{\"range\":["
	        "{\"begin\":%u,\"end\":%u}]}}],%s}}}",
	        t % NAMES, t, f, task->agent, states[task->state], task->has_check ? CHECK : "",
	        role_of(task), task->port, task->port + 1, rest);
	free(rest);
}

static void send_update(struct cluster_model *m, unsigned f, unsigned t, const char *state,
                        const struct model_status *status)
{
	char *networks = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&networks, &size);
	print_networks(out, status->address);
	fclose(out);
	send_event(
	        m,
	        "{\"type\":\"TASK_UPDATED\",\"task_updated\":{\"framework_id\":{\"value\":\"F%u\"},"
	        "\"status\":{\"task_id\":{\"value\":\"t%u\"},\"state\":\"%s\",%s\"timestamp\":%u,"
	        "%s},\"state\":\"%s\"}}",
	        f, t, state, healths[status->health], status->timestamp, networks, state);
	free(networks);
}

static void send_framework(struct cluster_model *m, unsigned f, bool is_new)
{
	send_event(m,
	           "{\"type\":\"FRAMEWORK_%s\",\"framework_%s\":{\"framework\":{\"framework_info\":"
	           "{\"id\":{\"value\":\"F%u\"},\"name\":\"f%u\"}}}}",
	           is_new ? "ADDED" : "UPDATED", is_new ? "added" : "updated", f,
	           m->frameworks[f].name);
}

static void send_agent(struct cluster_model *m, unsigned a)
{
	send_event(m,
	           "{\"type\":\"AGENT_ADDED\",\"agent_added\":{\"agent\":{\"agent_info\":{\"id\":"
	           "{\"value\":\"S%u\"},\"hostname\":\"node-%u.example\",\"attributes\":[{\"name\":"
	           "\"rack\",\"type\":\"TEXT\",\"text\":{\"value\":\"r%u\"}}]},\"pid\":\"slave(1)@"
	           "10.0.0.%u:%u\"}}}",
	           a, a, m->agents[a].port, a, m->agents[a].port);
}

static void change_framework(struct cluster_model *m, unsigned f)
{
	struct model_framework *framework = &m->frameworks[f];
	if (!framework->is_there) {
		framework->is_there = true;
		framework->name = pick(m, 4);
		framework->pid = pick(m, 200);
		send_framework(m, f, true);
	} else if (pick(m, 3) > 0) {
		framework->name = pick(m, 4);
		send_framework(m, f, false);
	} else {
		framework->is_there = false;
		memset(framework->tasks, 0, sizeof(framework->tasks));
		send_event(
		        m,
		        "{\"type\":\"FRAMEWORK_REMOVED\",\"framework_removed\":{\"framework_info\":"
		        "{\"id\":{\"value\":\"F%u\"}}}}",
		        f);
	}
}

static void drop_tasks_of(struct cluster_model *m, unsigned a)
{
	for (unsigned f = 0; f < FRAMEWORKS; f++) {
		for (unsigned t = 0; t < TASKS; t++) {
			struct model_task *task = &m->frameworks[f].tasks[t];
			task->is_there = task->is_there && task->agent != a;
		}
	}
}

static void change_agent(struct cluster_model *m, unsigned a)
{
	struct model_agent *agent = &m->agents[a];
	if (!agent->is_there || pick(m, 3) > 0) {
		agent->is_there = true;
		agent->port = 5051 + pick(m, 3);
		send_agent(m, a);
		return;
	}
	agent->is_there = false;
	drop_tasks_of(m, a);
	send_event(
	        m,
	        "{\"type\":\"AGENT_REMOVED\",\"agent_removed\":{\"agent_id\":{\"value\":\"S%u\"}}}",
	        a);
}

static void add_task(struct cluster_model *m, unsigned f, unsigned t)
{
	unsigned a = pick(m, AGENTS);
	if (m->agents[a].is_there && m->frameworks[f].is_there) {
		struct model_task *task = &m->frameworks[f].tasks[t];
		*task = (struct model_task){
			.is_there = true,
			.agent = a,
			.port = pick(m, 9),
			.has_check = pick(m, 2),
		};
		task->said = pick(m, 1 << 12);
		task->said |= pick(m, 1 << 12) << 12;
		send_task(m, f, t);
	}
}

static void update_task(struct cluster_model *m, unsigned f, unsigned t)
{
	struct model_task *task = &m->frameworks[f].tasks[t];
	struct model_status status = {
		.state = pick(m, 8) > 3 ? 2 : 1 + pick(m, 3),
		.timestamp = m->is_skewed ? pick(m, 100) : ++m->clock,
		.address = pick(m, 250),
		.health = pick(m, 3),
	};
	if (pick(m, 6) == 0) {
		task->is_there = false;
		send_update(m, f, t, ends[pick(m, sizeof(ends) / sizeof(*ends))], &status);
		return;
	}
	if (task->count > 0 && task->statuses[task->count - 1].state == status.state) {
		task->count--;
	}
	if (task->count < STATUSES) {
		task->statuses[task->count++] = status;
		task->state = status.state;
		send_update(m, f, t, states[status.state], &status);
	} else {
		task->is_there = false;
		send_update(m, f, t, ends[0], &status);
	}
}

/*! \brief What a task says of its health becomes something else, and that alone. */
static inline bool flip_health(struct cluster_model *m, unsigned f, unsigned t)
{
	struct model_task *task = &m->frameworks[f].tasks[t];
	if (!task->is_there || task->count == 0) {
		return false;
	}
	struct model_status *last = &task->statuses[task->count - 1];
	last->health = last->health % 2 + 1;
	last->timestamp = ++m->clock;
	send_update(m, f, t, states[last->state], last);
	return true;
}

/*! \brief Something happens that the stream tells. */
static void happen(struct cluster_model *m)
{
	unsigned f = pick(m, FRAMEWORKS), t = pick(m, TASKS);
	switch (pick(m, 12)) {
	case 0: change_framework(m, f); break;
	case 1: change_agent(m, pick(m, AGENTS)); break;
	case 2: send_event(m, "{\"type\":\"HEARTBEAT\"}"); break;
	case 3:
		if (m->frameworks[f].tasks[t].is_there) {
			/* It is told again, as of an agent that is back. */
			send_task(m, f, t);
		}
		break;
	default:
		if (m->frameworks[f].tasks[t].is_there) {
			update_task(m, f, t);
		} else {
			add_task(m, f, t);
		}
		break;
	}
}

/*! \brief Something happens without an event. */
static void happen_silently(struct cluster_model *m)
{
	unsigned f = pick(m, FRAMEWORKS), t = pick(m, TASKS), a = pick(m, AGENTS);
	struct model_task *task = &m->frameworks[f].tasks[t];
	switch (pick(m, 3)) {
	case 0: m->frameworks[f].pid = pick(m, 200); break;
	case 1:
		m->agents[a].is_there = false;
		drop_tasks_of(m, a);
		break;
	default:
		if (task->is_there && task->count > 0) {
			task->statuses[task->count - 1].address = pick(m, 250);
		}
		break;
	}
}
