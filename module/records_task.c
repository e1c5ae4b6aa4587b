/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/libknot.h>

#include "module/records_maker.h"

/*! \brief A task under one of its two names. */
struct alias {
	uint8_t labels[LABEL_NAME_MAX]; /*!< The task's label T, or the labels of its dotted name.
	                                 */
	size_t labels_len;
	struct name canonical;       /*!< C.FW.zone. */
	struct name agent_canonical; /*!< C.FW.slave.zone. */
	bool lost;                   /*!< A name of it cannot be carried by DNS. */
};

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
				maker_put_srv(m, &agent, port, &alias->agent_canonical);
				maker_put_srv(m, &own, port, &alias->agent_canonical);
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
	maker_put_srv(m, &name, port->number, &alias->canonical);
	service_name(alias, &name, port_name, protocol, &domain->agent);
	maker_put_srv(m, &name, port->number, &alias->agent_canonical);
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
	maker_put_addresses(m, &name, own);
	maker_put_addresses(m, &alias->canonical, own);
	task_name(alias, &name, alias->labels, alias->labels_len, &domain->agent);
	maker_put_addresses(m, &name, agent);
	maker_put_addresses(m, &alias->agent_canonical, agent);

	put_resource_ports(m, task, domain, alias);
	if (task->discovery.len > 0) {
		put_discovery_ports(m, task, domain, alias);
	}
	if (alias->lost) {
		maker_skip(m, skipped);
	}
}

struct text task_title(const struct state_task *task)
{
	return task->discovery.len > 0 ? task->discovery : task->name;
}

void maker_put_task(struct maker *m, const struct state_task *task, const struct domain *domain)
{
	struct alias made, dotted;

	made.labels[0] = label_make(m->input->rules, task_title(task), made.labels + 1);
	made.labels_len = made.labels[0] > 0 ? 1 + made.labels[0] : 0;
	if (made.labels_len > 0) {
		put_alias(m, task, domain, &made, task_title(task));
	} else {
		maker_skip(m, task_title(task));
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
		maker_skip(m, task->discovery);
	}
}

void maker_collect_task(struct maker *m, const struct state_task *task, const struct domain *domain)
{
	uint8_t label[1 + LABEL_MAX];
	if (!make_label(m, task_title(task), label)) {
		maker_skip(m, task_title(task));
		return;
	}

	struct name name;
	name_start(&name);
	name_labels(&name, label, 1 + label[0]);
	name_end(&name, domain->own.wire, domain->own.len);
	if (!name_valid(&name)) {
		maker_skip(m, task_title(task));
		return;
	}

	struct state_addresses addrs = task_addresses(m, task);
	for (uint32_t i = 0; i < addrs.count && m->ret == KNOT_EOK; i++) {
		m->ret = reverse_add(m->reverse, &addrs.list[i], &name);
	}
}
