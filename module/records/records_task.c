/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/libknot.h>

#include "module/records/records_naming.h"
#include "module/base/util.h"

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

static void put_address(struct naming *n, const struct name *owner, struct state_addresses addrs,
                        uint32_t index, unsigned labels_count)
{
	if (index < addrs.count && name_valid(owner) && naming_take(n)) {
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
	uint64_t resources = naming_count_resources(n);
	uint64_t discovery = naming_guess_discovery(n);
	uint64_t left = n->m->budget.task;
	if (addresses + resources + discovery > left) {
		discovery = naming_count_discovery(n);
	}
	uint64_t wanted = addresses + discovery + resources;

	uint64_t given = n->left = allot(&left, addresses, discovery + resources);
	put_addresses(n);
	given += n->left = allot(&left, discovery, resources);
	naming_put_discovery(n);
	given += n->left = allot(&left, resources, 0);
	naming_put_resources(n);

	maker_cut(n->m, n->task, n->task->cut + n->m->dropped + wanted - given);
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
	naming_make_services(&n);
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
	if (!maker_label(m, task_title(task), label)) {
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
