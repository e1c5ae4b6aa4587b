/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/libknot.h>

#include "module/base/util.h"
#include "module/records/records_naming.h"
#include "module/records/reserved.h"
#include "module/records/reverse.h"

/*! \brief Addresses of the first of the preferred networks that a status has any of. */
static struct state_addresses status_netinfo(const struct records_rules *rules,
                                             const struct task_object *task,
                                             const struct status_object *status)
{
	struct state_addresses found = { 0 };
	if (status == NULL || rules->networks_count == 0) {
		return status != NULL ? object_addresses(task, status->netinfo) : found;
	}
	for (uint32_t i = 0; i < rules->networks_count && found.count == 0; i++) {
		found = task_object_network(task, status, rules->networks[i]);
	}
	return found;
}

/*! \brief What a task's status says of one source; of its agent, for those that look at that. */
static struct state_addresses source_addresses(const struct records_rules *rules,
                                               enum ip_source source,
                                               const struct inventory_side *side,
                                               const struct status_object *status)
{
	const struct task_object *task = side->task;
	struct state_addresses none = { 0 };
	struct state_addresses netinfo = status_netinfo(rules, task, status);
	switch (source) {
	case IP_SOURCE_NETINFO: return netinfo;
	case IP_SOURCE_MESOS: return status != NULL ? object_addresses(task, status->mesos) : none;
	case IP_SOURCE_DOCKER:
		return status != NULL ? object_addresses(task, status->docker) : none;
	case IP_SOURCE_HOST: return side->agent_addresses;
	case IP_SOURCE_AUTO:
		return task_object_maps_ports(task) || netinfo.count == 0 ? side->agent_addresses
		                                                          : netinfo;
	default: return none;
	}
}

/*! \brief First source that has any address wins. */
static struct state_addresses task_addresses(const struct records_rules *rules,
                                             const struct inventory_side *side)
{
	const struct status_object *status = task_object_status(side->task);
	struct state_addresses found = { 0 };
	for (uint8_t i = 0; i < rules->sources_count && found.count == 0; i++) {
		found = source_addresses(rules, rules->sources[i], side, status);
	}
	return found;
}

/*! \brief Makes the end of the task's canonical labels; there is none without an agent's suffix. */
static void make_suffix(struct naming *n, const struct agent_object *agent)
{
	n->suffix[0] = '-';
	n->suffix[1 + LABEL_HASH_LEN] = '-';
	size_t agent_len = label_agent(object_text(agent, agent->object.id),
	                               n->suffix + 2 + LABEL_HASH_LEN);
	n->suffix_len = 2 + LABEL_HASH_LEN + agent_len;
	if (agent_len == 0 || n->suffix_len >= LABEL_MAX ||
	    label_hash(object_text(n->task, n->task->object.id), n->suffix + 1) != KNOT_EOK) {
		n->suffix_len = 0;
	}
}

/*!
 * \brief Makes the canonical labels: `-HASH-AGENT` put to the last label of the task's.
 *
 * If only that is too long, the task's part of the label is cut so that it is 63 octets.
 *
 * \return Octets written to \a out; 0 if there is no suffix, or no room for the task's part.
 */
static size_t canonical_labels(const struct naming *n, const uint8_t *labels, size_t labels_len,
                               uint8_t out[static 2 * LABEL_NAME_MAX])
{
	if (n->suffix_len == 0) {
		return 0;
	}
	size_t last = 0;
	while (last + 1 + labels[last] < labels_len) {
		last += 1 + labels[last];
	}

	size_t keep = MIN(labels[last], LABEL_MAX - n->suffix_len);
	memcpy(out, labels, last + 1 + keep);
	memcpy(out + last + 1 + keep, n->suffix, n->suffix_len);
	out[last] = keep + n->suffix_len;
	return last + 1 + keep + n->suffix_len;
}

static void put_address(struct naming *n, const struct name *owner, struct state_addresses addrs,
                        uint32_t index, uint64_t *left)
{
	if (index < addrs.count && name_valid(owner) && take_one(left)) {
		maker_put_address(n->m, owner, &addrs.list[index]);
	}
}

/*! \brief Puts an address of a canonical name, which no other task has. */
static void put_canonical(struct naming *n, const struct name *owner, struct state_addresses addrs,
                          uint32_t index, uint64_t *left)
{
	unsigned preference = n->m->preference;
	n->m->preference = 0;
	put_address(n, owner, addrs, index, left);
	n->m->preference = preference;
}

/*! \brief Puts the addresses of all names in turn, so that each has some if not all fit. */
static void put_addresses(struct naming *n, uint64_t left)
{
	uint32_t count = MAX(n->own.count, n->agent.count);
	for (uint32_t i = 0; i < count && left > 0 && n->m->ret == KNOT_EOK; i++) {
		for (unsigned a = 0; a < n->aliases_count; a++) {
			const struct alias *alias = &n->aliases[a];
			put_address(n, &alias->own, n->own, i, &left);
			put_canonical(n, &alias->canonical, n->own, i, &left);
			put_address(n, &alias->agent, n->agent, i, &left);
			put_canonical(n, &alias->agent_canonical, n->agent, i, &left);
		}
		for (unsigned c = 0; c < n->chosen_count; c++) {
			put_address(n, &n->chosen[c], n->own, i, &left);
		}
	}
}

static uint64_t count_addresses(const struct naming *n)
{
	uint64_t count = (uint64_t)n->own.count * n->chosen_count;
	for (unsigned a = 0; a < n->aliases_count; a++) {
		const struct alias *alias = &n->aliases[a];
		count += (uint64_t)n->own.count *
		         (name_valid(&alias->own) + name_valid(&alias->canonical));
		count += (uint64_t)n->agent.count *
		         (name_valid(&alias->agent) + name_valid(&alias->agent_canonical));
	}
	return count;
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
	size_t len = canonical_labels(n, alias->labels, alias->labels_len, canonical);
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
	uint64_t resources = naming_count_resources(n);
	uint64_t discovery = naming_guess_discovery(n);
	uint64_t left = maker_task_max(n->m);
	if (addresses + resources + discovery > left) {
		discovery = naming_count_discovery(n);
	}

	uint64_t addresses_given = allot(&left, addresses, discovery + resources);
	uint64_t discovery_given = allot(&left, discovery, resources);
	uint64_t resources_given = allot(&left, resources, 0);
	put_addresses(n, addresses_given);
	naming_put_discovery(n, discovery_given, discovery_given < discovery);
	naming_put_resources(n, resources_given);

	maker_cut(n->m, n->task,
	          task_object_cut(n->task) + addresses - addresses_given + discovery -
	                  discovery_given + resources - resources_given);
}

/*! \brief Finds the names that a task has, none of them twice; counts those that cannot be. */
static void find_aliases(struct naming *n)
{
	struct alias *made = &n->aliases[0];
	if (maker_label(n->m, task_title(n->task), made->labels)) {
		made->labels_len = 1 + made->labels[0];
		n->aliases_count++;
		n->has_label = true;
	} else {
		made->labels_len = 0;
		maker_skip(n->m, task_title(n->task));
	}

	if (n->discovery.len == 0) {
		return;
	}
	struct alias *dotted = &n->aliases[n->aliases_count];
	uint8_t labels[LABEL_NAME_MAX];
	size_t len = label_take_dotted(n->discovery, labels);
	if (len == 0) {
		maker_skip(n->m, n->discovery);
	} else if (len != made->labels_len || memcmp(labels, made->labels, len) != 0) {
		memcpy(dotted->labels, labels, len);
		dotted->labels_len = len;
		n->aliases_count++;
	}
}

/*! \brief Makes the name that a format gives the task, if it does. */
static void choose_name(struct naming *n, const struct format_values *values,
                        const struct format *format)
{
	const struct maker *m = n->m;
	const struct records_output *output = m->output;
	struct name *name = &n->chosen[n->chosen_count];
	name_start(name);
	if (!format_make(format, m->rules->labels, values, name)) {
		return;
	}
	bool is_free = name_valid(name) && !reserved_is_masters(name->wire, name->len) &&
	               !reserved_is_agents(name->wire, name->len);
	name_end(name, m->rules->zone, m->zone_len);
	if (is_free && name_valid(name) &&
	    (output->choose == NULL || output->choose(output->sink, name))) {
		n->chosen_count++;
	} else {
		maker_skip(n->m, task_title(n->task));
	}
}

/*! \brief Makes the names that the operator's formats give the task. */
static void choose_names(struct naming *n, const struct inventory_side *side)
{
	const struct records_rules *rules = n->m->rules;
	struct format_values values = {
		.side = side,
		.framework = n->domain->labels,
		.framework_len = n->domain->labels_len,
	};
	if (n->has_label) {
		const char *label = (const char *)n->aliases[0].labels;
		values.task = (struct text){ label + 1, (uint8_t)label[0] };
	}
	for (uint32_t i = 0; i < rules->formats_count; i++) {
		choose_name(n, &values, &rules->formats[i]);
	}
}

/*! \brief How many ports of its discovery the task has records of. */
static uint32_t count_ports(const struct naming *n)
{
	bool counts = n->discovery.len > 0 || n->m->rules->port_index || n->chosen_count > 0;
	return counts && n->aliases_count > 0 ? n->task->ports.count : 0;
}

void maker_put_task(struct maker *m, const struct inventory_side *side, const struct domain *domain)
{
	const struct task_object *task = side->task;
	struct naming n;
	n.m = m;
	n.task = task;
	n.domain = domain;
	n.discovery = object_text(task, task->discovery);
	n.own = task_addresses(m->rules, side);
	n.agent = side->agent_addresses;
	n.aliases_count = 0;
	n.services_count = 0;
	n.has_label = false;
	n.chosen_count = 0;
	n.chosen_lost = false;

	find_aliases(&n);
	if (m->rules->formats_count > 0) {
		choose_names(&n, side);
	}
	if (m->output->names_only) {
		return;
	}
	if (!name_valid(&domain->own)) {
		/* There is nothing below its framework's name. */
		n.aliases_count = 0;
	}
	make_suffix(&n, side->agent);
	for (unsigned a = 0; a < n.aliases_count; a++) {
		name_alias(&n, &n.aliases[a]);
	}
	n.ports_count = count_ports(&n);
	naming_make_services(&n);
	put_records(&n);
	for (unsigned a = 0; a < n.aliases_count; a++) {
		if (n.aliases[a].lost) {
			maker_skip(m, task_title(task));
		}
	}
	if (n.chosen_lost) {
		maker_skip(m, task_title(task));
	}
}

void maker_put_pointers(struct maker *m, const struct inventory_side *side,
                        const struct domain *domain)
{
	struct name target;
	uint8_t label[1 + LABEL_MAX];
	name_start(&target);
	if (maker_label(m, task_title(side->task), label)) {
		name_labels(&target, label, 1 + label[0]);
		name_end(&target, domain->own.wire, domain->own.len);
	}
	if (!name_valid(&target)) {
		maker_skip(m, task_title(side->task));
		return;
	}

	struct state_addresses addrs = task_addresses(m->rules, side);
	uint64_t left = maker_task_max(m), cut = 0;
	for (uint32_t i = 0; i < addrs.count && m->ret == KNOT_EOK; i++) {
		struct name owner;
		if (!reverse_owner(m->rules->zone, &addrs.list[i], &owner)) {
			continue;
		}
		if (take_one(&left)) {
			maker_put(m, &owner, KNOT_RRTYPE_PTR, target.wire, target.len);
		} else {
			cut++;
		}
	}
	maker_cut(m, side->task, task_object_cut(side->task) + cut);
}
