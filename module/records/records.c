/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include <libknot/libknot.h>

#include "module/records/records_maker.h"

/*! \brief Mesos's word for agents, as it stands in names. */
static const uint8_t SLAVE[] = "\005slave";

/*! \brief Octets of a label in wire form given as a string literal. */
#define WIRE_LEN(label) (sizeof(label) - 1)

/*! \brief Puts an A or AAAA record for each address. */
static void put_addresses(struct maker *m, const struct name *owner, struct state_addresses addrs)
{
	for (uint32_t i = 0; i < addrs.count && m->ret == KNOT_EOK; i++) {
		maker_put_address(m, owner, &addrs.list[i], i == 0);
	}
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
static bool make_domain(const struct maker *m, const struct state_framework *fw,
                        struct domain *domain)
{
	const knot_dname_t *zone = m->reverse != NULL ? m->input->origin : m->input->zone;
	size_t zone_len = knot_dname_size(zone);

	uint8_t labels[LABEL_NAME_MAX];
	size_t len = label_make_dotted(m->input->rules, fw->name, labels);
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
		maker_put_srv(m, &owner, fw->pid_port, &domain->own, 2);
	}
}

static void put_frameworks(struct maker *m)
{
	for (uint32_t i = 0; i < m->state->frameworks_count && !maker_ended(m); i++) {
		const struct state_framework *fw = &m->state->frameworks[i];
		struct domain domain;
		if (!make_domain(m, fw, &domain) || domain.is_clusters) {
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

	for (uint32_t i = 0; i < m->state->tasks_count && !maker_ended(m); i++) {
		const struct state_task *task = &m->state->tasks[i];
		if (task->framework != framework) {
			framework = task->framework;
			named = make_domain(m, &m->state->frameworks[framework], &domain);
		}
		if (!named || !state_agent_serves(&m->state->agents[task->agent])) {
			continue;
		}
		m->task = (struct spent){ 0 };
		m->dropped = 0;
		if (m->reverse != NULL) {
			maker_collect_task(m, task, &domain);
		} else {
			maker_put_task(m, task, &domain);
		}
		if (m->counts != NULL) {
			m->counts[i] = m->task;
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
			maker_put_srv(m, &service, m->state->agents[i].port, &slave, 2);
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
		maker_put_srv(m, &owner, port, target, 2);
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

/*! \brief Makes all records, those that are nobody's but the cluster's first. */
static void make_all(struct maker *m)
{
	struct records_output *output = m->output;
	*output = (struct records_output){
		.put = output->put,
		.restart = output->restart,
		.sink = output->sink,
	};
	m->total = (struct spent){ 0 };
	m->dropped = 0;
	m->in_task = false;
	if (m->reverse == NULL) {
		put_masters(m);
		put_agents(m);
	}
	put_frameworks(m);
	output->cut += m->dropped;
	m->in_task = true;
	put_tasks(m);
}

/*! \brief Makes all records again, fewer of those tasks that have most. */
static void make_fewer(struct maker *m)
{
	m->ret = KNOT_EOK;
	maker_cut_budget(m, make_all);
	if (m->ret == KNOT_EOK && m->reverse != NULL) {
		reverse_clear(m->reverse);
	} else if (m->ret == KNOT_EOK) {
		m->ret = m->output->restart(m->output->sink);
	}
	if (m->ret == KNOT_EOK) {
		make_all(m);
	}
}

int records_make(const struct state *state, const struct records_input *input,
                 struct records_output *output)
{
	struct maker m = { .state = state, .input = input, .output = output };
	m.zone_len = knot_dname_size(input->zone);
	maker_full_budget(&m);

	/* One more than needed: calloc(0) may give NULL. */
	m.agents = calloc(state->agents_count + 1, sizeof(*m.agents));
	struct address *literals = calloc(state->agents_count + 1, sizeof(*literals));
	if (input->reverse) {
		m.reverse = reverse_new(input->zone, input->stop);
	}
	if (m.agents == NULL || literals == NULL || (input->reverse && m.reverse == NULL)) {
		m.ret = KNOT_ENOMEM;
	} else {
		resolve_agents(&m, literals);
		make_all(&m);
		if (m.ret == KNOT_ESPACE && (output->restart != NULL || input->reverse)) {
			make_fewer(&m);
		}
	}
	if (m.ret == KNOT_EOK && input->reverse) {
		m.ret = reverse_put(m.reverse, output);
	}

	reverse_free(m.reverse);
	free(m.cursors);
	free(literals);
	free(m.agents);
	return m.ret;
}
