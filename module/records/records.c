/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/libknot.h>

#include "module/records/records_maker.h"

/*! \brief Mesos's word for agents, as it stands in names. */
static const uint8_t SLAVE[] = "\005slave";

/*! \brief Octets of a label in wire form given as a string literal. */
#define WIRE_LEN(label) (sizeof(label) - 1)

static bool is_label(const uint8_t *labels, size_t len, const char *label)
{
	return len == 1 + strlen(label) && memcmp(labels + 1, label, len - 1) == 0;
}

/*! \brief True for `leader`, and for `master` and any digits: names that say where the masters are.
 */
static bool is_masters(const uint8_t *labels, size_t len)
{
	static const char master[] = "master";

	size_t digits = sizeof(master);
	if (len != 1U + labels[0] || len < digits || memcmp(labels + 1, master, digits - 1) != 0) {
		return is_label(labels, len, "leader");
	}
	while (digits < len && labels[digits] >= '0' && labels[digits] <= '9') {
		digits++;
	}
	return digits == len;
}

/*! \brief True if the last label is `slave`: what lies below is what agents and tasks are called
 *         on the agents' side.
 */
static bool is_agents(const uint8_t *labels, size_t len)
{
	size_t last = 0;
	while (last + 1 + labels[last] < len) {
		last += 1 + labels[last];
	}
	return is_label(labels + last, len - last, "slave");
}

/*!
 * \brief Makes the names below which a framework's records lie.
 *
 * \return False if DNS cannot carry them, or they are all the cluster's.
 */
static bool make_domain(const struct maker *m, const struct framework_object *framework,
                        struct domain *domain)
{
	const struct records_rules *rules = m->rules;
	const knot_dname_t *zone = rules->reverse ? rules->origin : rules->zone;
	size_t zone_len = rules->reverse ? knot_dname_size(zone) : m->zone_len;

	uint8_t labels[LABEL_NAME_MAX];
	size_t len = label_make_dotted(rules->labels, object_text(framework, framework->name),
	                               labels);
	if (len == 0 || is_agents(labels, len)) {
		return false;
	}
	domain->is_clusters = is_masters(labels, len);

	name_start(&domain->own);
	name_labels(&domain->own, labels, len);
	name_end(&domain->own, zone, zone_len);

	name_start(&domain->agent);
	name_labels(&domain->agent, labels, len);
	name_labels(&domain->agent, SLAVE, WIRE_LEN(SLAVE));
	name_end(&domain->agent, zone, zone_len);
	return name_valid(&domain->own);
}

/*! \brief Puts the records of a framework's scheduler. */
static void put_scheduler(struct maker *m, const struct framework_object *framework,
                          struct state_addresses addrs, const struct domain *domain)
{
	static const uint8_t service[] = "\012_framework\004_tcp";

	maker_put_addresses(m, &domain->own, addrs);
	if (framework->pid_port != 0 && addrs.count > 0) {
		struct name owner;
		name_start(&owner);
		name_labels(&owner, service, WIRE_LEN(service));
		name_end(&owner, domain->own.wire, domain->own.len);
		maker_put_srv(m, &owner, framework->pid_port, &domain->own);
	}
}

static void make_framework(struct maker *m, const struct inventory_side *side)
{
	const struct framework_object *framework = side->framework;
	struct domain domain;
	if (framework == NULL) {
		return;
	}
	if (!make_domain(m, framework, &domain) || domain.is_clusters) {
		maker_skip(m, object_text(framework, framework->name));
	} else if (!m->rules->reverse && framework->told) {
		put_scheduler(m, framework, side->scheduler_addresses, &domain);
	}
}

/*! \brief True if an agent and its tasks make records. */
static bool agent_serves(const struct inventory_side *side)
{
	return side->agent != NULL && side->agent->registered;
}

static void make_agent(struct maker *m, const struct inventory_side *side)
{
	if (!agent_serves(side) || m->rules->reverse || side->agent_addresses.count == 0) {
		return;
	}
	struct name slave, service;
	maker_zone_name(m, &slave, SLAVE, WIRE_LEN(SLAVE));
	maker_zone_name(m, &service, "\006_slave\004_tcp", 12);
	maker_put_addresses(m, &slave, side->agent_addresses);
	maker_put_srv(m, &service, side->agent->port, &slave);
}

/*! \brief True if a task is to share its names only where no other has them. */
static bool is_unwell(const struct records_rules *rules, const struct task_object *task)
{
	if (rules->health == HEALTH_IGNORE) {
		return false;
	}
	enum task_health health = task_object_health(task).health;
	return health == HEALTH_BAD || (health == HEALTH_UNSAID && task->has_health_check &&
	                                rules->health == HEALTH_REQUIRE);
}

static void make_task(struct maker *m, const struct inventory_side *side)
{
	struct domain domain;
	if (side->task == NULL || side->task->life != TASK_RUNS || !agent_serves(side) ||
	    side->framework == NULL || !make_domain(m, side->framework, &domain)) {
		return;
	}
	if (m->rules->reverse) {
		maker_put_pointers(m, side, &domain);
	} else {
		m->preference = is_unwell(m->rules, side->task) ? 1 : 0;
		maker_put_task(m, side, &domain);
	}
}

int records_of(const struct records_rules *rules, enum inventory_kind kind,
               const struct inventory_side *side, struct records_output *output)
{
	struct maker m;
	maker_init(&m, rules, output);
	switch (kind) {
	case INVENTORY_AGENT: make_agent(&m, side); break;
	case INVENTORY_FRAMEWORK: make_framework(&m, side); break;
	case INVENTORY_TASK: make_task(&m, side); break;
	}
	return m.ret;
}
