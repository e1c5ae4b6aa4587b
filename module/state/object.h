/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Agents, frameworks and tasks, each as one block of memory that points nowhere.
 *
 * An object begins with a struct of its kind; its texts and lists lie behind that, and are found by
 * their distance from its beginning. So an object can be copied, kept in a log and freed as one
 * piece, and two objects say the same if they are the same bytes (object_equal()).
 *
 *     const struct task_object *task = ...;
 *     struct text name = object_text(task, task->name);
 *     const struct port_object *ports = object_list(task, task->ports);
 *
 * - An object lies at an address that is good for max_align_t and is only read.
 * - A member that a later naming rule needs goes into its kind's struct, and where it is read:
 *   what passes objects on or compares them does not change.
 * - No state: any thread may call.
 */
#pragma once

#include <string.h>

#include "module/state/state.h"

/*! \brief Most bytes of one object; beyond, its ports of discovery are cut. */
#define OBJECT_SIZE_MAX (8U << 20)

/*! \brief Most statuses of a task that count. */
#define OBJECT_STATUSES_MAX 3

/*! \brief Most items of each list of a task. */
#define OBJECT_LIST_MAX 16384

/*! \brief A text or list within an object. */
struct object_slice {
	uint32_t at;    /*!< Bytes from the object's beginning. */
	uint32_t count; /*!< Bytes or items. */
};

/*! \brief What objects of all kinds begin with. */
struct object {
	uint32_t size;          /*!< Bytes of all of it. */
	struct object_slice id; /*!< Text; may be empty. */
};

/*! \brief An agent (Mesos: `SlaveInfo`, and v1's `AgentInfo`). */
struct agent_object {
	struct object object;
	struct object_slice host; /*!< Text: host part of its `pid`; empty without a usable one. */
	uint16_t port;            /*!< Port of its `pid`; 0 without a usable one. */
	bool registered;          /*!< False: in `recovered_slaves`, or gone. */
	bool has_more;            /*!< A struct agent_more lies right behind. */
};

/*! \brief A text with its key: a label (Mesos: `Label`), or an attribute. */
struct pair_object {
	struct object_slice key;
	struct object_slice value; /*!< Never empty. */
	bool of_discovery;         /*!< It is a label of a task's discovery. */
};

/*! \brief What is wanted of an agent beyond the rest (wants.h). */
struct agent_more {
	struct object_slice hostname;   /*!< Text; may be empty. */
	struct object_slice attributes; /*!< Of struct pair_object: text attributes. */
};

/*! \brief A framework (Mesos: `FrameworkInfo`). */
struct framework_object {
	struct object object;
	struct object_slice name;     /*!< Text; may be empty, may be another framework's too. */
	struct object_slice pid_host; /*!< Text: host part of its `pid`; empty if it speaks HTTP. */
	struct object_slice hostname; /*!< Text; may be empty. */
	struct object_slice role;     /*!< Text, if it is wanted; may be empty. */
	uint16_t pid_port;            /*!< Port of its `pid`; 0 without one. */
	bool recovered;               /*!< Known from its agents, its scheduler is not back yet. */
	bool told; /*!< By a state. If not, its `pid` is not absent but unknown. */
};

/*! \brief A status of a task, as far as it counts. */
struct status_object {
	double timestamp;            /*!< Seconds since 1970, by the clock of who made it. */
	struct object_slice netinfo; /*!< Of struct address: `container_status.network_infos`. */
	struct object_slice mesos;   /*!< Label `MesosContainerizer.NetworkSettings.IPAddress`. */
	struct object_slice docker;  /*!< Label `Docker.NetworkSettings.IPAddress`. */
	uint32_t cut;                /*!< Addresses left out: more than a list may have. */
	bool maps_ports;             /*!< It maps a container port to a host port. */
	bool last;                   /*!< No status of another state came after it. */
	uint8_t health;              /*!< enum task_health */
	uint8_t state;               /*!< See task_state(); addresses only if it is running. */
};

/*! \brief A port of a task's discovery (Mesos: `Port`). */
struct port_object {
	struct object_slice name;     /*!< Text; may be empty. */
	struct object_slice protocol; /*!< Text; may be empty. */
	uint16_t number;              /*!< 0 occurs. */
};

/*! \brief Who is to find a task (Mesos: `DiscoveryInfo::Visibility`). */
enum visibility {
	VISIBILITY_NONE, /*!< It has no discovery, or nobody wants to know. */
	VISIBILITY_FRAMEWORK,
	VISIBILITY_CLUSTER,
	VISIBILITY_EXTERNAL,
	VISIBILITY_OTHER, /*!< Its discovery does not say, or something else. */
};

/*! \brief Addresses of a status that are of one network. */
struct network_object {
	struct object_slice name; /*!< Text. */
	uint32_t count;           /*!< Addresses. */
};

/*! \brief What is wanted of a task beyond the rest (wants.h). */
struct task_more {
	struct object_slice labels; /*!< Of struct pair_object; of a key the first of each kind. */
	/*! Of struct network_object, for each of the statuses: of which networks the first of its
	 *  \a netinfo are; those after them are of others. */
	struct object_slice networks[OBJECT_STATUSES_MAX];
	struct object_slice environment; /*!< These four are texts. */
	struct object_slice location;
	struct object_slice version;
	struct object_slice role;
	uint8_t visibility; /*!< enum visibility */
};

/*! \brief A task that has not ended. */
struct task_object {
	struct object object;
	struct object_slice framework; /*!< Text: its ID. */
	struct object_slice agent;     /*!< Text: its ID; never empty, but in an update. */
	struct object_slice name;      /*!< Text: `name`; may be empty. */
	struct object_slice discovery; /*!< Text: `discovery.name`; empty if it has none. */
	struct object_slice ranges;    /*!< Of struct state_port_range: `resources.ports`. */
	struct object_slice ports;     /*!< Of struct port_object: `discovery.ports.ports`. */
	/*! Of struct status_object: of those before the last the latest in TASK_RUNNING, then the
	 * last, if it is, too, or says something of the task's health; an update has it always. In
	 * front of them, without a state, the latest word of health of those before the last, if
	 * it is another one's. Which counts is said by task_object_status(), task_object_health().
	 */
	struct object_slice statuses;
	uint32_t cut;    /*!< Ports left out: more than a list, or their texts, may have. */
	uint8_t life;    /*!< enum task_life */
	bool maps_ports; /*!< Its container does, whatever its statuses say. */
	bool has_health_check;
	bool has_more; /*!< A struct task_more lies right behind. */
};

/*! \brief What a host name resolves to; without an ID of its own. */
struct host_object {
	struct object object;
	struct object_slice addresses; /*!< Of struct address, at least one. */
};

static inline struct text object_text(const void *object, struct object_slice slice)
{
	return (struct text){ (const char *)object + slice.at, slice.count };
}

/*! \brief First item of a list, of the type that its comment says. */
static inline const void *object_list(const void *object, struct object_slice slice)
{
	return (const char *)object + slice.at;
}

static inline struct state_addresses object_addresses(const void *object, struct object_slice slice)
{
	return (struct state_addresses){ object_list(object, slice), slice.count };
}

/*! \brief What is wanted of a task beyond the rest; all of it empty if nothing is known. */
static inline const struct task_more *task_object_more(const struct task_object *task)
{
	static const struct task_more none;
	return task->has_more ? (const struct task_more *)(task + 1) : &none;
}

/*! \brief The same of an agent. */
static inline const struct agent_more *agent_object_more(const struct agent_object *agent)
{
	static const struct agent_more none;
	return agent->has_more ? (const struct agent_more *)(agent + 1) : &none;
}

/*! \brief True if both say the same. */
static inline bool object_equal(const struct object *a, const struct object *b)
{
	return a->size == b->size && memcmp(a, b, a->size) == 0;
}

/*!
 * \brief The status that a task's addresses come from: its latest in TASK_RUNNING, by timestamp.
 *
 * \return NULL if it has none; else it lies in \a task.
 */
static inline const struct status_object *task_object_status(const struct task_object *task)
{
	const struct status_object *statuses = object_list(task, task->statuses), *found = NULL;
	for (uint32_t i = 0; i < task->statuses.count; i++) {
		if (statuses[i].state == TASK_STATE_RUNNING &&
		    (found == NULL || statuses[i].timestamp > found->timestamp)) {
			found = &statuses[i];
		}
	}
	return found;
}

/*! \brief What the latest of a task's statuses that says something of its health says. */
static inline struct health_word task_object_health(const struct task_object *task)
{
	const struct status_object *statuses = object_list(task, task->statuses);
	struct health_word said = { 0 };
	for (uint32_t i = 0; i < task->statuses.count; i++) {
		struct health_word word = { statuses[i].timestamp, statuses[i].health };
		said = health_is_later(word, said) ? word : said;
	}
	return said;
}

/*! \brief How many ports and addresses of a task were left out when it was read. */
static inline uint64_t task_object_cut(const struct task_object *task)
{
	const struct status_object *status = task_object_status(task);
	return (uint64_t)task->cut + (status != NULL ? status->cut : 0);
}

/*! \brief A label of a task (or, if \a of_discovery, of its discovery); empty if it has none. */
struct text task_object_own_label(const struct task_object *task, struct text key,
                                  bool of_discovery);

/*! \brief A label of a task, else of its discovery; empty if neither has it. */
struct text task_object_label(const struct task_object *task, struct text key);

/*! \brief An attribute of an agent; empty if it has none. */
struct text agent_object_attribute(const struct agent_object *agent, struct text key);

/*! \brief Addresses that a status of a task has in a network; empty if it has none. */
struct state_addresses task_object_network(const struct task_object *task,
                                           const struct status_object *status, struct text name);

/*! \brief True if a task maps a container port to a host port. */
static inline bool task_object_maps_ports(const struct task_object *task)
{
	const struct status_object *status = task_object_status(task);
	return task->maps_ports || (status != NULL && status->maps_ports);
}

/*! \brief What names a framework's scheduler: the host of its `pid`, else its `hostname`. */
static inline struct text framework_object_host(const struct framework_object *framework)
{
	struct text host = object_text(framework, framework->pid_host);
	return host.len > 0 ? host : object_text(framework, framework->hostname);
}
