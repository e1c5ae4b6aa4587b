/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include <libknot/libknot.h>

#include "module/records_maker.h"
#include "module/siphash.h"

/*! \brief Mesos's word for agents, as it stands in names. */
static const uint8_t SLAVE[] = "\005slave";

/*! \brief Octets of a label in wire form given as a string literal. */
#define WIRE_LEN(label) (sizeof(label) - 1)

void maker_skip(struct maker *m, struct text name)
{
	static const uint64_t key[2] = { 0 };

	m->output->skipped++;
	m->output->digest += siphash13(key, name.data, name.len);
	m->output->example = name;
}

void maker_put_addresses(struct maker *m, const struct name *owner, struct state_addresses addrs)
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

void maker_put_srv(struct maker *m, const struct name *owner, uint16_t port,
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
	maker_put_addresses(m, &domain->own, addrs);

	if (fw->pid_port != 0 && addrs.count > 0) {
		struct name owner;
		name_start(&owner);
		name_labels(&owner, service, WIRE_LEN(service));
		name_end(&owner, domain->own.wire, domain->own.len);
		maker_put_srv(m, &owner, fw->pid_port, &domain->own);
	}
}

static void put_frameworks(struct maker *m)
{
	for (uint32_t i = 0; i < m->state->frameworks_count && m->ret == KNOT_EOK; i++) {
		const struct state_framework *fw = &m->state->frameworks[i];
		struct domain domain;
		if (!make_domain(m, fw, &domain)) {
			maker_skip(m, fw->name);
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
			maker_collect_task(m, task, &domain);
		} else {
			maker_put_task(m, task, &domain);
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
			maker_put_addresses(m, &slave, m->agents[i]);
			maker_put_srv(m, &service, m->state->agents[i].port, &slave);
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
		maker_put_srv(m, &owner, port, target);
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
	maker_put_addresses(m, &all, addrs);
	maker_put_addresses(m, &own, addrs);
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
		maker_put_addresses(m, &name, leader);
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
