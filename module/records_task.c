/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include <libknot/libknot.h>

#include "module/records_maker.h"
#include "module/util.h"

/*! \brief A task under one of its two names. */
struct alias {
	uint8_t labels[LABEL_NAME_MAX]; /*!< The task's label T, or the labels of its dotted name.
	                                 */
	size_t labels_len;
	unsigned labels_count;
	struct name own;             /*!< T.FW.zone. */
	struct name canonical;       /*!< C.FW.zone. */
	struct name agent;           /*!< T.FW.slave.zone. */
	struct name agent_canonical; /*!< C.FW.slave.zone. */
	bool lost;                   /*!< A name of it cannot be carried by DNS. */
};

/*! \brief Most SRV owners of the ports that a task was given: two names, or two places, twice. */
#define SERVICES_MAX 4

/*! \brief The owner of SRV records, and what they point at. */
struct service {
	struct name owner;
	const struct name *target;
	unsigned new_labels; /*!< Of owner and target, as far as no address makes them. */
};

/*! \brief What is to come of a port of a task's discovery. */
struct port_cursor {
	const struct state_port *port;
	struct text protocols;
};

/*! \brief A task whose records are being put. */
struct naming {
	struct maker *m;
	const struct state_task *task;
	const struct domain *domain;
	struct alias aliases[2];
	unsigned aliases_count;
	struct state_addresses own;
	struct state_addresses agent;
	struct service services[SERVICES_MAX]; /*!< Of `resources.ports`. */
	unsigned services_count;
	uint32_t ports_count; /*!< Ports of its discovery; they count only if that has a name. */
	uint64_t left;        /*!< Records that may be put of those that are being put now. */
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

/*! \brief Makes a label with its length octet; false if nothing is left of the text. */
static bool make_label(const struct maker *m, struct text text, uint8_t out[static 1 + LABEL_MAX])
{
	out[0] = label_make(m->input->rules, text, out + 1);
	return out[0] > 0;
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

/*! \brief True if one more record may be put; takes it from what is left. */
static bool take(struct naming *n)
{
	if (n->left == 0) {
		return false;
	}
	n->left--;
	return true;
}

static void put_address(struct naming *n, const struct name *owner, struct state_addresses addrs,
                        uint32_t index, unsigned labels_count)
{
	if (index < addrs.count && name_valid(owner) && take(n)) {
		maker_put_address(n->m, owner, &addrs.list[index], index == 0 ? labels_count : 0);
	}
}

/*! \brief Puts the addresses of all names in turn, so that each has some if not all fit. */
static void put_addresses(struct naming *n)
{
	uint32_t count = MAX(n->own.count, n->agent.count);
	for (uint32_t i = 0; i < count && n->left > 0 && n->m->ret == KNOT_EOK; i++) {
		for (unsigned a = 0; a < n->aliases_count; a++) {
			const struct alias *alias = &n->aliases[a];
			put_address(n, &alias->own, n->own, i, alias->labels_count);
			put_address(n, &alias->canonical, n->own, i, alias->labels_count);
			put_address(n, &alias->agent, n->agent, i, alias->labels_count);
			put_address(n, &alias->agent_canonical, n->agent, i, alias->labels_count);
		}
	}
}

static uint64_t count_addresses(const struct naming *n)
{
	uint64_t count = 0;
	for (unsigned a = 0; a < n->aliases_count; a++) {
		const struct alias *alias = &n->aliases[a];
		count += (uint64_t)n->own.count *
		         (name_valid(&alias->own) + name_valid(&alias->canonical));
		count += (uint64_t)n->agent.count *
		         (name_valid(&alias->agent) + name_valid(&alias->agent_canonical));
	}
	return count;
}

/*! \brief Labels of an SRV owner with so many more than the task's name, and of its target. */
static unsigned service_labels(const struct naming *n, const struct alias *alias, unsigned more)
{
	bool has_addresses = n->own.count > 0 && n->agent.count > 0;
	return alias->labels_count * (has_addresses ? 1 : 2) + more;
}

static void add_service(struct naming *n, struct alias *alias, const uint8_t *protocol,
                        const struct name *domain)
{
	struct service *service = &n->services[n->services_count];
	service_name(alias, &service->owner, NULL, protocol, domain);
	service->target = &alias->agent_canonical;
	service->new_labels = service_labels(n, alias, 1);
	n->services_count += name_valid(&service->owner) && name_valid(service->target);
}

/*! \brief Makes the SRV owners of the ports that the task was given (`resources.ports`). */
static void make_services(struct naming *n)
{
	static const uint8_t *const protocols[] = { (const uint8_t *)"\003tcp",
		                                    (const uint8_t *)"\003udp" };

	for (unsigned a = 0; n->task->ranges_count > 0 && a < n->aliases_count; a++) {
		for (size_t p = 0; p < 2; p++) {
			add_service(n, &n->aliases[a], protocols[p], &n->domain->agent);
			if (n->task->discovery.len == 0) {
				add_service(n, &n->aliases[a], protocols[p], &n->domain->own);
			}
		}
	}
}

/*! \brief Puts the ports that the task was given, each for all SRV owners. */
static void put_resource_ports(struct naming *n)
{
	bool first = true;
	for (uint32_t r = 0; r < n->task->ranges_count && n->services_count > 0; r++) {
		const struct state_port_range *range = &n->task->ranges[r];
		for (uint32_t port = range->first; port <= range->last; port++) {
			for (unsigned i = 0; i < n->services_count && take(n); i++) {
				const struct service *service = &n->services[i];
				maker_put_srv(n->m, &service->owner, port, service->target,
				              first ? service->new_labels : 0);
			}
			first = false;
			if (n->left == 0 || n->m->ret != KNOT_EOK) {
				return;
			}
		}
	}
}

static uint64_t count_resource_ports(const struct naming *n)
{
	uint64_t count = 0;
	for (uint32_t r = 0; r < n->task->ranges_count; r++) {
		count += n->task->ranges[r].last - n->task->ranges[r].first + 1;
	}
	return count * n->services_count;
}

/*! \brief Takes the next protocol off a list; false if the rules leave nothing of the rest. */
static bool next_protocol(const struct maker *m, struct text *list,
                          uint8_t protocol[static 1 + LABEL_MAX])
{
	while (list->len > 0) {
		struct text part = *list;
		const char *comma = memchr(list->data, ',', list->len);
		if (comma != NULL) {
			part.len = comma - list->data;
			list->data = comma + 1;
			list->len -= part.len + 1;
		} else {
			list->len = 0;
		}
		if (make_label(m, part, protocol)) {
			return true;
		}
	}
	return false;
}

/*! \brief A port's protocols: tcp and udp if the rules leave nothing of what it says. */
static struct text port_protocols(const struct maker *m, const struct state_port *port)
{
	static const struct text both = { "tcp,udp", 7 };

	uint8_t ignored[1 + LABEL_MAX];
	struct text list = port->protocol;
	return next_protocol(m, &list, ignored) ? port->protocol : both;
}

/*! \brief Counts the records of a task's discovery, with those that DNS cannot carry. */
static uint64_t count_discovery_ports(const struct naming *n)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < n->ports_count; i++) {
		const struct state_port *port = &n->task->discovery_ports[i];
		uint8_t label[1 + LABEL_MAX];
		unsigned names = make_label(n->m, port->name, label) ? 2 : 1;
		struct text list = port_protocols(n->m, port);
		while (next_protocol(n->m, &list, label)) {
			count += 2 * names * n->aliases_count;
		}
	}
	return count;
}

/*! \brief Counts as count_discovery_ports(), but quicker and rather too many. */
static uint64_t guess_discovery_ports(const struct naming *n)
{
	uint64_t protocols = 0;
	for (uint32_t i = 0; i < n->ports_count; i++) {
		protocols += MAX(2, n->task->discovery_ports[i].protocol.len / 2 + 1);
	}
	return 4 * protocols * n->aliases_count;
}

/*! \brief Puts the SRV records of one port of a task's discovery under one protocol. */
static void put_discovery_port(struct naming *n, const struct state_port *port,
                               const uint8_t *port_name, const uint8_t *protocol)
{
	for (unsigned a = 0; a < n->aliases_count; a++) {
		struct alias *alias = &n->aliases[a];
		unsigned new_labels = service_labels(n, alias, port_name != NULL ? 2 : 1);
		struct name name;
		if (take(n)) {
			service_name(alias, &name, port_name, protocol, &n->domain->own);
			maker_put_srv(n->m, &name, port->number, &alias->canonical, new_labels);
		}
		if (take(n)) {
			service_name(alias, &name, port_name, protocol, &n->domain->agent);
			maker_put_srv(n->m, &name, port->number, &alias->agent_canonical,
			              new_labels);
		}
	}
}

/*! \brief Makes room for a task's cursors and puts them at the start of each list. */
static bool start_cursors(struct naming *n)
{
	struct maker *m = n->m;
	uint32_t count = n->ports_count;
	if (count > m->cursors_room) {
		free(m->cursors);
		m->cursors_room = 0;
		m->cursors = calloc(count, sizeof(*m->cursors));
		if (m->cursors == NULL) {
			m->ret = KNOT_ENOMEM;
			return false;
		}
		m->cursors_room = count;
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct state_port *port = &n->task->discovery_ports[i];
		m->cursors[i] = (struct port_cursor){ port, port_protocols(m, port) };
	}
	return true;
}

/*! \brief Puts the ports of a task's discovery: of each its first protocol, of each its second, ...
 */
static void put_discovery_ports(struct naming *n)
{
	struct maker *m = n->m;
	uint32_t count = n->ports_count;
	if (count == 0 || n->left == 0 || !start_cursors(n)) {
		return;
	}
	while (count > 0) {
		uint32_t going_on = 0;
		for (uint32_t i = 0; i < count && n->left > 0 && m->ret == KNOT_EOK; i++) {
			struct port_cursor *cursor = &m->cursors[i];
			uint8_t name[1 + LABEL_MAX], protocol[1 + LABEL_MAX];
			if (!next_protocol(m, &cursor->protocols, protocol)) {
				continue;
			}
			put_discovery_port(n, cursor->port, NULL, protocol);
			if (make_label(m, cursor->port->name, name)) {
				put_discovery_port(n, cursor->port, name, protocol);
			}
			m->cursors[going_on++] = *cursor;
		}
		count = n->left > 0 && m->ret == KNOT_EOK ? going_on : 0;
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

/*! \brief Makes the names of an alias, whose labels are there. */
static void name_alias(const struct naming *n, struct alias *alias)
{
	uint8_t canonical[2 * LABEL_NAME_MAX];
	size_t len = canonical_labels(n->m, n->task, alias->labels, alias->labels_len, canonical);
	alias->labels_count = 0;
	for (size_t i = 0; i < alias->labels_len; i += 1 + alias->labels[i]) {
		alias->labels_count++;
	}
	alias->lost = false;
	task_name(alias, &alias->own, alias->labels, alias->labels_len, &n->domain->own);
	task_name(alias, &alias->canonical, canonical, len, &n->domain->own);
	task_name(alias, &alias->agent, alias->labels, alias->labels_len, &n->domain->agent);
	task_name(alias, &alias->agent_canonical, canonical, len, &n->domain->agent);
}

/*!
 * \brief Allots records to one of several kinds; what comes later keeps a quarter, if it needs it.
 *
 * \param left   In and out: what is left for this kind and the later ones.
 * \param later  Records of the later ones.
 */
static uint64_t allot(uint64_t *left, uint64_t wanted, uint64_t later)
{
	uint64_t reserved = MIN(later, *left / 4);
	uint64_t given = MIN(wanted, *left - reserved);
	*left -= given;
	return given;
}

/*! \brief Puts all of a task's records, or as many as it may have. */
static void put_records(struct naming *n)
{
	uint64_t addresses = count_addresses(n);
	uint64_t resources = count_resource_ports(n);
	uint64_t discovery = guess_discovery_ports(n);
	uint64_t left = n->m->budget.task;
	if (addresses + resources + discovery > left) {
		discovery = count_discovery_ports(n);
	}
	uint64_t wanted = addresses + discovery + resources;

	uint64_t given = n->left = allot(&left, addresses, discovery + resources);
	put_addresses(n);
	given += n->left = allot(&left, discovery, resources);
	put_discovery_ports(n);
	given += n->left = allot(&left, resources, 0);
	put_resource_ports(n);

	maker_cut(n->m, n->task, n->task->cut + n->m->dropped + wanted - given);
}

struct text task_title(const struct state_task *task)
{
	return task->discovery.len > 0 ? task->discovery : task->name;
}

/*! \brief Finds the names that a task has, none of them twice; counts those that cannot be. */
static void find_aliases(struct naming *n)
{
	struct maker *m = n->m;
	const struct state_task *task = n->task;
	struct alias *made = &n->aliases[0];
	made->labels[0] = label_make(m->input->rules, task_title(task), made->labels + 1);
	made->labels_len = made->labels[0] > 0 ? 1 + made->labels[0] : 0;
	if (made->labels_len > 0) {
		n->aliases_count++;
	} else {
		maker_skip(m, task_title(task));
	}

	if (task->discovery.len == 0) {
		return;
	}
	struct alias *dotted = &n->aliases[n->aliases_count];
	uint8_t labels[LABEL_NAME_MAX];
	size_t len = label_take_dotted(task->discovery, labels);
	if (len == 0) {
		maker_skip(m, task->discovery);
	} else if (len != made->labels_len || memcmp(labels, made->labels, len) != 0) {
		memcpy(dotted->labels, labels, len);
		dotted->labels_len = len;
		n->aliases_count++;
	}
}

void maker_put_task(struct maker *m, const struct state_task *task, const struct domain *domain)
{
	struct naming n;
	n.m = m;
	n.task = task;
	n.domain = domain;
	n.own = task_addresses(m, task);
	n.agent = m->agents[task->agent];
	n.aliases_count = 0;
	n.services_count = 0;
	n.ports_count = task->discovery.len > 0 ? task->discovery_count : 0;

	find_aliases(&n);
	for (unsigned a = 0; a < n.aliases_count; a++) {
		name_alias(&n, &n.aliases[a]);
	}
	make_services(&n);
	put_records(&n);
	for (unsigned a = 0; a < n.aliases_count; a++) {
		if (n.aliases[a].lost) {
			maker_skip(m, task_title(task));
		}
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
	uint32_t count = MIN(addrs.count, m->budget.task);
	const struct claim *claim = NULL;
	for (uint32_t i = 0; i < count && !maker_ended(m); i++) {
		size_t owner_len = reverse_owner_len(m->reverse, &addrs.list[i]);
		if (owner_len > 0 && maker_spend(m, owner_len, name.len, 4)) {
			m->ret = reverse_add(m->reverse, &addrs.list[i], &name, &claim);
		}
	}
	maker_cut(m, task, m->dropped + addrs.count - count);
}
