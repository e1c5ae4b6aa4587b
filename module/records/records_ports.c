/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include <libknot/libknot.h>

#include "module/records/records_naming.h"
#include "module/base/util.h"

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

void naming_make_services(struct naming *n)
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

void naming_put_resources(struct naming *n)
{
	bool first = true;
	for (uint32_t r = 0; r < n->task->ranges_count && n->services_count > 0; r++) {
		const struct state_port_range *range = &n->task->ranges[r];
		for (uint32_t port = range->first; port <= range->last; port++) {
			for (unsigned i = 0; i < n->services_count && naming_take(n); i++) {
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

uint64_t naming_count_resources(const struct naming *n)
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
		if (maker_label(m, part, protocol)) {
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

uint64_t naming_count_discovery(const struct naming *n)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < n->ports_count; i++) {
		const struct state_port *port = &n->task->discovery_ports[i];
		uint8_t label[1 + LABEL_MAX];
		unsigned names = maker_label(n->m, port->name, label) ? 2 : 1;
		struct text list = port_protocols(n->m, port);
		while (next_protocol(n->m, &list, label)) {
			count += 2 * names * n->aliases_count;
		}
	}
	return count;
}

uint64_t naming_guess_discovery(const struct naming *n)
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
		if (naming_take(n)) {
			service_name(alias, &name, port_name, protocol, &n->domain->own);
			maker_put_srv(n->m, &name, port->number, &alias->canonical, new_labels);
		}
		if (naming_take(n)) {
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

void naming_put_discovery(struct naming *n)
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
			if (maker_label(m, cursor->port->name, name)) {
				put_discovery_port(n, cursor->port, name, protocol);
			}
			m->cursors[going_on++] = *cursor;
		}
		count = n->left > 0 && m->ret == KNOT_EOK ? going_on : 0;
	}
}
