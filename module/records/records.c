/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/libknot.h>

#include "module/records/records_maker.h"
#include "module/records/reserved.h"

/*! \brief Mesos's word for agents, as it stands in names. */
static const uint8_t SLAVE[] = "\005slave";

/*! \brief Octets of a label in wire form given as a string literal. */
#define WIRE_LEN(label) (sizeof(label) - 1)

/*!
 * \brief Makes the names below which a framework's records lie; DNS may not be able to carry them.
 *
 * \return False if there are none, or they are all the cluster's: then its tasks have no records.
 */
static bool make_domain(const struct records_rules *rules, size_t zone_len,
                        const struct framework_object *framework, struct domain *domain)
{
	const knot_dname_t *zone = rules->zone;
	if (rules->reverse) {
		zone = rules->origin;
		zone_len = knot_dname_size(zone);
	}

	uint8_t labels[LABEL_NAME_MAX];
	size_t len = label_make_dotted(rules->labels, object_text(framework, framework->name),
	                               labels);
	size_t written = len == LABEL_TOO_LONG ? 1U + labels[0] : len;
	if (len == 0 || reserved_is_agents(labels, written)) {
		return false;
	}
	memcpy(domain->labels, labels, written);
	domain->labels_len = len;
	domain->is_clusters = len != LABEL_TOO_LONG && reserved_is_masters(labels, len);

	name_start(&domain->own);
	name_labels(&domain->own, labels, len);
	name_end(&domain->own, zone, zone_len);

	name_start(&domain->agent);
	name_labels(&domain->agent, labels, len);
	name_labels(&domain->agent, SLAVE, WIRE_LEN(SLAVE));
	name_end(&domain->agent, zone, zone_len);
	return true;
}

/*! \brief True if a framework's name is one, and its own. */
static bool is_own(const struct domain *domain)
{
	return name_valid(&domain->own) && !domain->is_clusters;
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
	if (!make_domain(m->rules, m->zone_len, framework, &domain) || !is_own(&domain)) {
		maker_skip(m, object_text(framework, framework->name));
	} else if (!m->rules->reverse && framework->told) {
		put_scheduler(m, framework, side->scheduler_addresses, &domain);
	}
}

bool records_own_name(const struct records_rules *rules, const struct framework_object *framework,
                      struct name *name)
{
	struct domain domain;
	if (rules->reverse ||
	    !make_domain(rules, knot_dname_size(rules->zone), framework, &domain) ||
	    !is_own(&domain)) {
		return false;
	}
	*name = domain.own;
	return true;
}

/*! \brief True if an agent and its tasks make records. */
static bool agent_serves(const struct inventory_side *side)
{
	return side->agent != NULL && side->agent->registered;
}

/*! \brief Puts an agent's addresses below `slave`, at one label; false if there is none. */
static bool put_agent_name(struct maker *m, const struct inventory_side *side,
                           const uint8_t label[static 1 + LABEL_MAX])
{
	struct name name;
	if (label[0] == 0) {
		return false;
	}
	name_start(&name);
	name_labels(&name, label, 1 + label[0]);
	name_labels(&name, SLAVE, WIRE_LEN(SLAVE));
	name_end(&name, m->rules->zone, m->zone_len);
	maker_put_addresses(m, &name, side->agent_addresses);
	return name_valid(&name);
}

/*! \brief Puts the names that an agent has for itself: its suffix's and its host's. */
static void put_agent_names(struct maker *m, const struct inventory_side *side)
{
	const struct agent_object *agent = side->agent;
	struct text id = object_text(agent, agent->object.id);
	uint8_t suffix[1 + LABEL_MAX], host[1 + LABEL_MAX];
	suffix[0] = (uint8_t)label_agent(id, suffix + 1);
	if (!put_agent_name(m, side, suffix)) {
		maker_skip(m, id);
	}

	struct text name = object_text(agent, agent_object_more(agent)->hostname);
	struct address address;
	if (name.len == 0 || address_parse(name, &address)) {
		return;
	}
	const char *dot = memchr(name.data, '.', name.len);
	name.len = dot != NULL ? (uint32_t)(dot - name.data) : name.len;
	/* Many a host is called as its agent is: what comes twice is shown once. */
	if (!maker_label(m, name, host) || !put_agent_name(m, side, host)) {
		maker_skip(m, object_text(agent, agent_object_more(agent)->hostname));
	}
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
	if (m->rules->agent_names) {
		put_agent_names(m, side);
	}
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
	    side->framework == NULL || (maker_is_steered(m) && !maker_steer(m, side->task)) ||
	    !make_domain(m->rules, m->zone_len, side->framework, &domain)) {
		return;
	}
	if (!name_valid(&domain.own) && (m->rules->reverse || m->rules->formats_count == 0)) {
		/* Counted once, with its framework. */
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
