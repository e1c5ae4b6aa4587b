/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include <libknot/libknot.h>

#include "module/name.h"
#include "module/records.h"
#include "module/reverse.h"
#include "module/siphash.h"

/*! \brief Mesos's word for agents, as it stands in names. */
static const uint8_t SLAVE[] = "\005slave";

/*! \brief Octets of a label in wire form given as a string literal. */
#define WIRE_LEN(label) (sizeof(label) - 1)

/*! \brief One run of records_make(). */
struct maker {
	const struct state *state;
	const struct records_input *input;
	struct records_output *output;
	size_t zone_len;                /*!< Octets of the zone's name. */
	struct state_addresses *agents; /*!< Addresses of each agent. */
	struct reverse *reverse;        /*!< Collects PTR records; NULL in a forward zone. */
	int ret;                        /*!< First error; nothing is put after one. */
};

/*! \brief Where the records of a framework's tasks lie. */
struct domain {
	struct name own;   /*!< FW.zone. */
	struct name agent; /*!< FW.slave.zone. */
};

/*! \brief A task under one of its two names. */
struct alias {
	uint8_t labels[LABEL_NAME_MAX]; /*!< The task's label T, or the labels of its dotted name.
	                                 */
	size_t labels_len;
	struct name canonical;       /*!< C.FW.zone. */
	struct name agent_canonical; /*!< C.FW.slave.zone. */
	bool lost;                   /*!< A name of it cannot be carried by DNS. */
};

static void skip(struct maker *m, struct text name)
{
	static const uint64_t key[2] = { 0 };

	m->output->skipped++;
	m->output->digest += siphash13(key, name.data, name.len);
	m->output->example = name;
}

static void put_addresses(struct maker *m, const struct name *owner, struct state_addresses addrs)
{
	if (!name_valid(owner)) {
		return;
	}
	for (uint32_t i = 0; i < addrs.count && m->ret == KNOT_EOK; i++) {
		const struct address *addr = &addrs.list[i];
		uint16_t type = addr->len == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA;
		m->ret = m->output->put(m->output->sink, owner->wire, type, addr->bytes, addr->len);
	}
}

/*! \brief Puts an SRV record (RFC 2782) of priority 0 and weight 1. */
static void put_srv(struct maker *m, const struct name *owner, uint16_t port,
                    const struct name *target)
{
	if (!name_valid(owner) || !name_valid(target) || m->ret != KNOT_EOK) {
		return;
	}
	uint8_t rdata[6 + LABEL_NAME_MAX] = { 0, 0, 0, 1, port >> 8, port & 0xff };
	memcpy(rdata + 6, target->wire, target->len);
	m->ret = m->output->put(m->output->sink, owner->wire, KNOT_RRTYPE_SRV, rdata,
	                        6 + target->len);
}

/*! \brief Makes a name directly in the zone of labels in wire form, such as `_leader._tcp`. */
static void zone_name(const struct maker *m, struct name *name, const void *labels, size_t len)
{
	name_start(name);
	name_labels(name, labels, len);
	name_end(name, m->input->zone, m->zone_len);
}

static struct state_addresses host_addresses(const struct maker *m, struct text host,
                                             struct address *literal)
{
	if (host.len == 0) {
		return (struct state_addresses){ 0 };
	}
	if (address_parse(host, literal)) {
		return (struct state_addresses){ .list = literal, .count = 1 };
	}
	return m->input->lookup(m->input->hosts, host);
}

static struct text framework_host(const struct state_framework *fw)
{
	return fw->pid_host.len > 0 ? fw->pid_host : fw->hostname;
}

void records_hosts(const struct state *state, bool (*each)(void *ctx, struct text host), void *ctx)
{
	struct address ignored;

	if (!address_parse(state->leader_host, &ignored) && !each(ctx, state->leader_host)) {
		return;
	}
	for (uint32_t i = 0; i < state->frameworks_count; i++) {
		struct text host = framework_host(&state->frameworks[i]);
		if (host.len > 0 && !address_parse(host, &ignored) && !each(ctx, host)) {
			return;
		}
	}
	for (uint32_t i = 0; i < state->agents_count; i++) {
		const struct state_agent *agent = &state->agents[i];
		if (state_agent_serves(agent) && agent->host.len > 0 &&
		    !address_parse(agent->host, &ignored) && !each(ctx, agent->host)) {
			return;
		}
	}
}

/*! \brief Finds every agent's addresses; the literal ones are kept in \a literals. */
static void resolve_agents(struct maker *m, struct address *literals)
{
	for (uint32_t i = 0; i < m->state->agents_count; i++) {
		const struct state_agent *agent = &m->state->agents[i];
		if (state_agent_serves(agent)) {
			m->agents[i] = host_addresses(m, agent->host, &literals[i]);
		}
	}
}

/*! \brief First source that has any address wins. */
static struct state_addresses task_addresses(const struct maker *m, const struct state_task *task)
{
	const struct state_addresses agent = m->agents[task->agent];

	for (uint8_t i = 0; i < m->input->sources_count; i++) {
		struct state_addresses found = { 0 };
		switch (m->input->sources[i]) {
		case IP_SOURCE_NETINFO: found = task->netinfo; break;
		case IP_SOURCE_MESOS: found = task->mesos; break;
		case IP_SOURCE_DOCKER: found = task->docker; break;
		case IP_SOURCE_HOST: found = agent; break;
		case IP_SOURCE_AUTO:
			found = task->maps_ports || task->netinfo.count == 0 ? agent
			                                                     : task->netinfo;
			break;
		}
		if (found.count > 0) {
			return found;
		}
	}
	return (struct state_addresses){ 0 };
}

/*!
 * \brief Makes the canonical labels: `-HASH-AGENT` put to the last label of the task's.
 *
 * If only that is too long, the task's part of the label is cut so that it is 63 octets.
 *
 * \return Octets written to \a out; 0 if there is no room for the task's part, or no agent suffix.
 */
static size_t canonical_labels(const struct maker *m, const struct state_task *task,
                               const uint8_t *labels, size_t labels_len,
                               uint8_t out[static 2 * LABEL_NAME_MAX])
{
	uint8_t suffix[2 + LABEL_HASH_LEN + LABEL_MAX];
	suffix[0] = '-';
	suffix[1 + LABEL_HASH_LEN] = '-';
	size_t agent_len = label_agent(m->state->agents[task->agent].id,
	                               suffix + 2 + LABEL_HASH_LEN);
	size_t suffix_len = 2 + LABEL_HASH_LEN + agent_len;
	if (agent_len == 0 || suffix_len >= LABEL_MAX ||
	    label_hash(task->id, suffix + 1) != KNOT_EOK) {
		return 0;
	}

	size_t last = 0;
	while (last + 1 + labels[last] < labels_len) {
		last += 1 + labels[last];
	}

	size_t keep = labels[last];
	if (keep + suffix_len > LABEL_MAX) {
		keep = LABEL_MAX - suffix_len;
	}
	memcpy(out, labels, last + 1 + keep);
	memcpy(out + last + 1 + keep, suffix, suffix_len);
	out[last] = keep + suffix_len;
	return last + 1 + keep + suffix_len;
}

/*! \brief Makes an SRV owner: [_N.]_T._PR.domain; \a port_name and \a protocol with length octet.
 */
static void service_name(struct alias *alias, struct name *name, const uint8_t *port_name,
                         const uint8_t *protocol, const struct name *domain)
{
	name_start(name);
	if (port_name != NULL) {
		name_underscored(name, port_name, 1 + port_name[0]);
	}
	name_underscored(name, alias->labels, alias->labels_len);
	name_underscored(name, protocol, 1 + protocol[0]);
	name_end(name, domain->wire, domain->len);
	alias->lost = alias->lost || !name_valid(name);
}

/*! \brief Puts the SRV records of the ports that the task was given (`resources.ports`). */
static void put_resource_ports(struct maker *m, const struct state_task *task,
                               const struct domain *domain, struct alias *alias)
{
	static const uint8_t *const protocols[] = { (const uint8_t *)"\003tcp",
		                                    (const uint8_t *)"\003udp" };

	for (size_t p = 0; task->ranges_count > 0 && p < 2; p++) {
		struct name own = { 0 }, agent;
		service_name(alias, &agent, NULL, protocols[p], &domain->agent);
		if (task->discovery.len == 0) {
			service_name(alias, &own, NULL, protocols[p], &domain->own);
		}
		for (uint32_t r = 0; r < task->ranges_count; r++) {
			const struct state_port_range *range = &task->ranges[r];
			for (uint32_t port = range->first; port <= range->last; port++) {
				put_srv(m, &agent, port, &alias->agent_canonical);
				put_srv(m, &own, port, &alias->agent_canonical);
				if (m->ret != KNOT_EOK) {
					return;
				}
			}
		}
	}
}

/*! \brief Puts the SRV records of one port of a task's discovery under one protocol. */
static void put_discovery_port(struct maker *m, const struct state_port *port,
                               const uint8_t *port_name, const uint8_t *protocol,
                               const struct domain *domain, struct alias *alias)
{
	struct name name;
	service_name(alias, &name, port_name, protocol, &domain->own);
	put_srv(m, &name, port->number, &alias->canonical);
	service_name(alias, &name, port_name, protocol, &domain->agent);
	put_srv(m, &name, port->number, &alias->agent_canonical);
}

/*! \brief Makes a label with its length octet; false if nothing is left of the text. */
static bool make_label(const struct maker *m, struct text text, uint8_t out[static 1 + LABEL_MAX])
{
	out[0] = label_make(m->input->rules, text, out + 1);
	return out[0] > 0;
}

static void put_discovery_ports(struct maker *m, const struct state_task *task,
                                const struct domain *domain, struct alias *alias)
{
	static const struct text both = { "tcp,udp", 7 };

	for (uint32_t i = 0; i < task->discovery_count && m->ret == KNOT_EOK; i++) {
		const struct state_port *port = &task->discovery_ports[i];
		uint8_t name[1 + LABEL_MAX], protocol[1 + LABEL_MAX];
		bool named = make_label(m, port->name, name);

		struct text rest = port->protocol.len > 0 ? port->protocol : both;
		while (rest.len > 0) {
			struct text part = rest;
			const char *comma = memchr(rest.data, ',', rest.len);
			if (comma != NULL) {
				part.len = comma - rest.data;
				rest.data = comma + 1;
				rest.len -= part.len + 1;
			} else {
				rest.len = 0;
			}
			if (!make_label(m, part, protocol)) {
				continue;
			}
			put_discovery_port(m, port, NULL, protocol, domain, alias);
			if (named) {
				put_discovery_port(m, port, name, protocol, domain, alias);
			}
		}
	}
}

/*! \brief Makes `labels.domain`; notes in the alias if DNS cannot carry it. */
static void task_name(struct alias *alias, struct name *name, const uint8_t *labels, size_t len,
                      const struct name *domain)
{
	name_start(name);
	name_labels(name, labels, len);
	name_end(name, domain->wire, domain->len);
	name->broken = name->broken || len == 0 || !name_valid(domain);
	alias->lost = alias->lost || !name_valid(name);
}

/*! \brief Puts all of a task's records under one of its names. */
static void put_alias(struct maker *m, const struct state_task *task, const struct domain *domain,
                      struct alias *alias, struct text skipped)
{
	const struct state_addresses own = task_addresses(m, task);
	const struct state_addresses agent = m->agents[task->agent];

	uint8_t canonical[2 * LABEL_NAME_MAX];
	size_t canonical_len = canonical_labels(m, task, alias->labels, alias->labels_len,
	                                        canonical);
	alias->lost = false;
	task_name(alias, &alias->canonical, canonical, canonical_len, &domain->own);
	task_name(alias, &alias->agent_canonical, canonical, canonical_len, &domain->agent);

	struct name name;
	task_name(alias, &name, alias->labels, alias->labels_len, &domain->own);
	put_addresses(m, &name, own);
	put_addresses(m, &alias->canonical, own);
	task_name(alias, &name, alias->labels, alias->labels_len, &domain->agent);
	put_addresses(m, &name, agent);
	put_addresses(m, &alias->agent_canonical, agent);

	put_resource_ports(m, task, domain, alias);
	if (task->discovery.len > 0) {
		put_discovery_ports(m, task, domain, alias);
	}
	if (alias->lost) {
		skip(m, skipped);
	}
}

static struct text task_title(const struct state_task *task)
{
	return task->discovery.len > 0 ? task->discovery : task->name;
}

/*! \brief Puts a task's records: under its label and, with discovery, under its dotted name. */
static void put_task(struct maker *m, const struct state_task *task, const struct domain *domain)
{
	struct alias made, dotted;

	made.labels[0] = label_make(m->input->rules, task_title(task), made.labels + 1);
	made.labels_len = made.labels[0] > 0 ? 1 + made.labels[0] : 0;
	if (made.labels_len > 0) {
		put_alias(m, task, domain, &made, task_title(task));
	} else {
		skip(m, task_title(task));
	}

	if (task->discovery.len == 0) {
		return;
	}
	dotted.labels_len = label_take_dotted(task->discovery, dotted.labels);
	if (dotted.labels_len == made.labels_len &&
	    memcmp(dotted.labels, made.labels, made.labels_len) == 0) {
		return;
	}
	if (dotted.labels_len > 0) {
		put_alias(m, task, domain, &dotted, task->discovery);
	} else {
		skip(m, task->discovery);
	}
}

/*! \brief Notes the task's addresses for PTR records. */
static void collect_task(struct maker *m, const struct state_task *task,
                         const struct domain *domain)
{
	uint8_t label[1 + LABEL_MAX];
	if (!make_label(m, task_title(task), label)) {
		skip(m, task_title(task));
		return;
	}

	struct name name;
	name_start(&name);
	name_labels(&name, label, 1 + label[0]);
	name_end(&name, domain->own.wire, domain->own.len);
	if (!name_valid(&name)) {
		skip(m, task_title(task));
		return;
	}

	struct state_addresses addrs = task_addresses(m, task);
	for (uint32_t i = 0; i < addrs.count && m->ret == KNOT_EOK; i++) {
		m->ret = reverse_add(m->reverse, &addrs.list[i], &name);
	}
}

/*! \brief Makes the names below which a framework's records lie; false if DNS cannot carry them. */
static bool make_domain(const struct maker *m, const struct state_framework *fw,
                        struct domain *domain)
{
	const knot_dname_t *zone = m->reverse != NULL ? m->input->origin : m->input->zone;
	size_t zone_len = knot_dname_size(zone);

	uint8_t labels[LABEL_NAME_MAX];
	size_t len = label_make_dotted(m->input->rules, fw->name, labels);
	if (len == 0) {
		return false;
	}

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
static void put_scheduler(struct maker *m, const struct state_framework *fw,
                          const struct domain *domain)
{
	static const uint8_t service[] = "\012_framework\004_tcp";

	struct address literal;
	struct state_addresses addrs = host_addresses(m, framework_host(fw), &literal);
	put_addresses(m, &domain->own, addrs);

	if (fw->pid_port != 0 && addrs.count > 0) {
		struct name owner;
		name_start(&owner);
		name_labels(&owner, service, WIRE_LEN(service));
		name_end(&owner, domain->own.wire, domain->own.len);
		put_srv(m, &owner, fw->pid_port, &domain->own);
	}
}

static void put_frameworks(struct maker *m)
{
	for (uint32_t i = 0; i < m->state->frameworks_count && m->ret == KNOT_EOK; i++) {
		const struct state_framework *fw = &m->state->frameworks[i];
		struct domain domain;
		if (!make_domain(m, fw, &domain)) {
			skip(m, fw->name);
		} else if (m->reverse == NULL) {
			put_scheduler(m, fw, &domain);
		}
	}
}

static void put_tasks(struct maker *m)
{
	/* A state lists a framework's tasks one after the other. */
	uint32_t framework = UINT32_MAX;
	struct domain domain;
	bool named = false;

	for (uint32_t i = 0; i < m->state->tasks_count && m->ret == KNOT_EOK; i++) {
		const struct state_task *task = &m->state->tasks[i];
		if (task->framework != framework) {
			framework = task->framework;
			named = make_domain(m, &m->state->frameworks[framework], &domain);
		}
		if (!named || !state_agent_serves(&m->state->agents[task->agent])) {
			continue;
		}
		if (m->reverse != NULL) {
			collect_task(m, task, &domain);
		} else {
			put_task(m, task, &domain);
		}
	}
}

static void put_agents(struct maker *m)
{
	struct name slave, service;
	zone_name(m, &slave, SLAVE, WIRE_LEN(SLAVE));
	zone_name(m, &service, "\006_slave\004_tcp", 12);

	for (uint32_t i = 0; i < m->state->agents_count && m->ret == KNOT_EOK; i++) {
		if (m->agents[i].count > 0) {
			put_addresses(m, &slave, m->agents[i]);
			put_srv(m, &service, m->state->agents[i].port, &slave);
		}
	}
}

/*! \brief Puts an SRV record of a service under tcp and udp, such as `_leader`. */
static void put_both(struct maker *m, const char *service, uint16_t port, const struct name *target)
{
	static const char *const protocols[] = { "\004_tcp", "\004_udp" };

	for (size_t i = 0; i < 2; i++) {
		char labels[32];
		int len = snprintf(labels, sizeof(labels), "%s%s", service, protocols[i]);
		struct name owner;
		zone_name(m, &owner, labels, len);
		put_srv(m, &owner, port, target);
	}
}

/*! \brief Puts the records of the \a index-th known master. */
static void put_master(struct maker *m, uint32_t index, struct state_addresses addrs, uint16_t port)
{
	if (addrs.count == 0) {
		return;
	}

	char label[1 + sizeof("master4294967295")];
	int len = snprintf(label + 1, sizeof(label) - 1, "master%u", index);
	label[0] = (char)len;

	struct name all, own;
	zone_name(m, &all, "\006master", 7);
	zone_name(m, &own, label, 1 + len);
	put_addresses(m, &all, addrs);
	put_addresses(m, &own, addrs);
	put_both(m, "\007_master", port, &own);
}

static bool same_master(const struct records_master *master, struct state_addresses leader,
                        uint16_t port)
{
	for (uint32_t i = 0; i < master->addresses.count && master->port == port; i++) {
		for (uint32_t j = 0; j < leader.count; j++) {
			if (address_equal(&master->addresses.list[i], &leader.list[j])) {
				return true;
			}
		}
	}
	return false;
}

static void put_masters(struct maker *m)
{
	struct address literal;
	struct state_addresses leader = host_addresses(m, m->state->leader_host, &literal);
	uint16_t port = m->state->leader_port;

	struct name name;
	zone_name(m, &name, "\006leader", 7);
	if (leader.count > 0) {
		put_addresses(m, &name, leader);
		put_both(m, "\007_leader", port, &name);
	}

	bool known = false;
	for (uint32_t i = 0; i < m->input->masters_count; i++) {
		const struct records_master *master = &m->input->masters[i];
		put_master(m, i, master->addresses, master->port);
		known = known || same_master(master, leader, port);
	}
	if (!known) {
		put_master(m, m->input->masters_count, leader, port);
	}
}

int records_make(const struct state *state, const struct records_input *input,
                 struct records_output *output)
{
	struct maker m = { .state = state, .input = input, .output = output };
	m.zone_len = knot_dname_size(input->zone);
	output->skipped = 0;
	output->digest = 0;

	/* One more than needed: calloc(0) may give NULL. */
	m.agents = calloc(state->agents_count + 1, sizeof(*m.agents));
	struct address *literals = calloc(state->agents_count + 1, sizeof(*literals));
	if (input->reverse) {
		m.reverse = reverse_new(input->zone);
	}
	if (m.agents == NULL || literals == NULL || (input->reverse && m.reverse == NULL)) {
		m.ret = KNOT_ENOMEM;
	} else {
		resolve_agents(&m, literals);
		put_frameworks(&m);
		put_tasks(&m);
		if (input->reverse) {
			m.ret = m.ret != KNOT_EOK ? m.ret : reverse_put(m.reverse, output);
		} else {
			put_agents(&m);
			put_masters(&m);
		}
	}

	reverse_free(m.reverse);
	free(literals);
	free(m.agents);
	return m.ret;
}
