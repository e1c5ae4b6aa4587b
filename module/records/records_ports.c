/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include <libknot/libknot.h>

#include "module/base/util.h"
#include "module/records/records_naming.h"

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

static void add_service(struct naming *n, struct alias *alias, const uint8_t *protocol,
                        const struct name *domain)
{
	struct service *service = &n->services[n->services_count];
	service_name(alias, &service->owner, NULL, protocol, domain);
	service->target = &alias->agent_canonical;
	n->services_count += name_valid(&service->owner) && name_valid(service->target);
}

/*! \brief The protocols of ports that say none. */
static const uint8_t *const both[] = { (const uint8_t *)"\003tcp", (const uint8_t *)"\003udp" };

void naming_make_services(struct naming *n)
{
	for (unsigned a = 0; n->task->ranges.count > 0 && a < n->aliases_count; a++) {
		for (size_t p = 0; p < 2; p++) {
			add_service(n, &n->aliases[a], both[p], &n->domain->agent);
			if (n->discovery.len == 0) {
				add_service(n, &n->aliases[a], both[p], &n->domain->own);
			}
		}
	}
}

/*! \brief Makes the label of a port by its place, such as `port0`, with its length octet. */
static void index_label(uint32_t index, uint8_t label[static 1 + LABEL_MAX])
{
	label[0] = (uint8_t)snprintf((char *)label + 1, LABEL_MAX, "port%u", index);
}

/*! \brief True if the ports that the task was given have names by their places. */
static bool has_indexed_resources(const struct naming *n)
{
	return n->m->rules->port_index && n->task->ports.count == 0;
}

/*! \brief How many records of its place such a port has. */
static unsigned index_width(const struct naming *n)
{
	return has_indexed_resources(n) ? 4 * n->aliases_count : 0;
}

/*! \brief Puts what there is of the place of a port that the task was given. */
static void put_indexed(struct naming *n, uint32_t port, uint32_t index, uint64_t *left)
{
	uint8_t label[1 + LABEL_MAX];
	index_label(index, label);
	for (unsigned i = 0; i < 4 * n->aliases_count && take_one(left); i++) {
		struct alias *alias = &n->aliases[i / 4];
		const struct name *domain = i % 2 == 0 ? &n->domain->agent : &n->domain->own;
		struct name owner;
		service_name(alias, &owner, label, both[i / 2 % 2], domain);
		maker_put_srv(n->m, &owner, port, &alias->agent_canonical);
	}
}

void naming_put_resources(struct naming *n, uint64_t left)
{
	const struct state_port_range *ranges = object_list(n->task, n->task->ranges);
	bool is_indexed = has_indexed_resources(n);
	uint32_t index = 0;
	for (uint32_t r = 0; r < n->task->ranges.count && left > 0; r++) {
		for (uint32_t port = ranges[r].first; port <= ranges[r].last; port++) {
			for (unsigned i = 0; i < n->services_count && take_one(&left); i++) {
				const struct service *service = &n->services[i];
				maker_put_srv(n->m, &service->owner, port, service->target);
			}
			if (is_indexed) {
				put_indexed(n, port, index++, &left);
			}
			if (left == 0 || n->m->ret != KNOT_EOK) {
				return;
			}
		}
	}
}

uint64_t naming_count_resources(const struct naming *n)
{
	const struct state_port_range *ranges = object_list(n->task, n->task->ranges);
	uint64_t count = 0;
	for (uint32_t r = 0; r < n->task->ranges.count; r++) {
		count += ranges[r].last - ranges[r].first + 1;
	}
	return count * (n->services_count + index_width(n));
}

/*! \brief What is to come of a port's protocols. */
struct protocols {
	struct text rest;
	bool has_any; /*!< The rules have left something. */
};

/*! \brief Takes the next protocol off a list; false if the rules leave nothing of the rest. */
static bool take_protocol(const struct maker *m, struct text *list,
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

static struct protocols port_protocols(const struct naming *n, const struct port_object *port)
{
	return (struct protocols){ .rest = object_text(n->task, port->protocol) };
}

/*! \brief Next of a port's protocols: tcp and udp if the rules leave nothing of what it says. */
static bool next_protocol(const struct maker *m, struct protocols *protocols,
                          uint8_t protocol[static 1 + LABEL_MAX])
{
	static const struct text all = { "tcp,udp", 7 };

	bool found = take_protocol(m, &protocols->rest, protocol);
	if (!found && !protocols->has_any) {
		protocols->rest = all;
		found = take_protocol(m, &protocols->rest, protocol);
	}
	protocols->has_any = true;
	return found;
}

/*! \brief A port of the task's discovery, with its name as a label. */
struct port {
	const struct port_object *object;
	uint8_t name[1 + LABEL_MAX];
	bool has_name;
};

static struct port port_at(const struct naming *n, uint32_t index)
{
	struct port port;
	port.object = (const struct port_object *)object_list(n->task, n->task->ports) + index;
	port.has_name = maker_label(n->m, object_text(n->task, port.object->name), port.name);
	return port;
}

/*! \brief Records of a port for each of its protocols. */
static unsigned port_width(const struct naming *n, const struct port *port)
{
	unsigned owners = n->m->rules->port_index;
	if (n->discovery.len > 0) {
		owners += port->has_name ? 2 : 1;
	}
	return 2 * owners * n->aliases_count + (port->has_name ? n->chosen_count : 0);
}

uint64_t naming_count_discovery(const struct naming *n)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < n->ports_count; i++) {
		struct port port = port_at(n, i);
		struct protocols protocols = port_protocols(n, port.object);
		uint8_t protocol[1 + LABEL_MAX];
		while (next_protocol(n->m, &protocols, protocol)) {
			count += port_width(n, &port);
		}
	}
	return count;
}

uint64_t naming_guess_discovery(const struct naming *n)
{
	const struct port_object *ports = object_list(n->task, n->task->ports);
	uint64_t protocols = 0;
	for (uint32_t i = 0; i < n->ports_count; i++) {
		protocols += MAX(2, ports[i].protocol.count / 2 + 1);
	}
	unsigned owners = 2 + n->m->rules->port_index;
	return protocols * (2UL * owners * n->aliases_count + n->chosen_count);
}

/*! \brief Most protocols that each of a task's ports can have records of. */
#define ROUNDS_MAX RECORDS_TASK_MAX

/*! \brief How many protocols the ports of a task's discovery have records of. */
struct share {
	uint32_t rounds; /*!< Of each port; it may have fewer. */
	uint64_t left;   /*!< Records of the next protocols, of the first ports that have one. */
};

/*! \brief Shares out records among ports that have more than fit. */
static struct share share_out(const struct naming *n, uint64_t left)
{
	uint32_t widths[ROUNDS_MAX] = { 0 }; /* Records of all ports' n-th protocols. */
	for (uint32_t i = 0; i < n->ports_count; i++) {
		struct port port = port_at(n, i);
		struct protocols protocols = port_protocols(n, port.object);
		uint8_t protocol[1 + LABEL_MAX];
		for (uint32_t round = 0;
		     round < ROUNDS_MAX && next_protocol(n->m, &protocols, protocol); round++) {
			widths[round] += port_width(n, &port);
		}
	}

	struct share share = { .left = left };
	while (share.rounds < ROUNDS_MAX && widths[share.rounds] <= share.left) {
		share.left -= widths[share.rounds++];
	}
	return share;
}

/*! \brief Puts the SRV records of a port of a task's discovery under one of its names. */
static void put_service(struct naming *n, const struct port *port, const uint8_t *port_name,
                        const uint8_t *protocol, uint64_t *left)
{
	for (unsigned a = 0; a < n->aliases_count; a++) {
		struct alias *alias = &n->aliases[a];
		struct name name;
		if (take_one(left)) {
			service_name(alias, &name, port_name, protocol, &n->domain->own);
			maker_put_srv(n->m, &name, port->object->number, &alias->canonical);
		}
		if (take_one(left)) {
			service_name(alias, &name, port_name, protocol, &n->domain->agent);
			maker_put_srv(n->m, &name, port->object->number, &alias->agent_canonical);
		}
	}
}

/*! \brief Puts the SRV records of a port with a name at the names that the operator has chosen. */
static void put_chosen(struct naming *n, const struct port *port, const uint8_t *protocol,
                       uint64_t *left)
{
	for (unsigned c = 0; c < n->chosen_count && take_one(left); c++) {
		struct name owner;
		name_start(&owner);
		name_underscored(&owner, port->name, 1 + port->name[0]);
		name_underscored(&owner, protocol, 1 + protocol[0]);
		name_end(&owner, n->chosen[c].wire, n->chosen[c].len);
		n->chosen_lost = n->chosen_lost || !name_valid(&owner);
		maker_put_srv(n->m, &owner, port->object->number, &n->aliases[0].canonical);
	}
}

/*! \brief Puts all SRV records of a port of a task's discovery for one protocol. */
static void put_port(struct naming *n, const struct port *port, uint32_t index,
                     const uint8_t *protocol, uint64_t *left)
{
	if (n->discovery.len > 0) {
		put_service(n, port, NULL, protocol, left);
	}
	if (n->discovery.len > 0 && port->has_name) {
		put_service(n, port, port->name, protocol, left);
	}
	if (port->has_name) {
		put_chosen(n, port, protocol, left);
	}
	if (n->m->rules->port_index) {
		uint8_t label[1 + LABEL_MAX];
		index_label(index, label);
		put_service(n, port, label, protocol, left);
	}
}

void naming_put_discovery(struct naming *n, uint64_t left, bool is_cut)
{
	struct share share = { .rounds = UINT32_MAX };
	if (is_cut) {
		share = share_out(n, left);
	}
	for (uint32_t i = 0; i < n->ports_count && n->m->ret == KNOT_EOK; i++) {
		struct port port = port_at(n, i);
		struct protocols protocols = port_protocols(n, port.object);
		uint8_t protocol[1 + LABEL_MAX];
		for (uint32_t round = 0; round <= share.rounds && n->m->ret == KNOT_EOK &&
		                         next_protocol(n->m, &protocols, protocol);
		     round++) {
			uint64_t all = UINT64_MAX;
			uint64_t *some = round < share.rounds ? &all : &share.left;
			put_port(n, &port, i, protocol, some);
		}
	}
}
