/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Strangers' names, through the naming rules and a snapshot up to the packets of answers.
 *
 *     fuzz_names -dict=tests/fuzz/names.dict tests/fuzz/corpus/names
 *
 * The input is lines, each a value of the state or of the configuration; its first byte says which
 * (see take_line()). knotd's part of a query is played by the functions below; the hooks are the
 * module's own. A line `B` sets how many records a task makes at most.
 *
 * What has to be true: every record's owner and target is a lower-case name of letters, digits, `-`
 * and `_` that lies in its zone; the snapshot has all of them; every answer fits into the message,
 * can be parsed again, and holds the owner's records, and addresses of their targets, or a TC bit.
 * What is made once more can be taken away, and leaves nothing. A name that a format gives to a
 * task is none of the cluster's or of a framework's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/base/util.h"
#include "module/records/records.h"
#include "module/records/reserved.h"
#include "module/snapshot/table.h"
#include "module/state/object_write.h"
#include "tests/knotd_stub.h"
#include "tests/unit/records/made_task.h"

#define AGENTS_MAX     8
#define FRAMEWORKS_MAX 8
#define TASKS_MAX      6
#define LIST_MAX       4
#define OWNERS_MAX     64

/*! \brief Most ports of a range: they take more than one of a snapshot's chunks. */
#define RANGE_MAX 40

/*! \brief Most sets of a zone that are asked for. */
#define ASKS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*! \brief What is said of an agent. */
struct agent_parts {
	struct text id;
	struct text host;
	uint16_t port;
	bool registered;
};

/*! \brief A task, its lists, and what it belongs to. */
struct task {
	struct made_task made;
	struct state_port_range ranges[LIST_MAX];
	struct made_port ports[LIST_MAX];
	struct address addresses[LIST_MAX];
	struct made_label labels[LIST_MAX];
	bool waits;
	uint32_t agent;
	uint32_t framework;
};

/*! \brief What an input says. */
struct input {
	struct agent_parts agents[AGENTS_MAX];
	uint32_t agents_count;
	struct framework_parts frameworks[FRAMEWORKS_MAX];
	uint32_t frameworks_count;
	struct task tasks[TASKS_MAX];
	uint32_t tasks_count;
	struct text leader_host;
	uint16_t leader_port;
	struct records_rules rules;
	struct format formats[FORMATS_MAX];
	struct text network; /*!< The one that is preferred; empty: any. */
	uint16_t id;         /*!< Of the queries. */
	uint16_t room;       /*!< Size of the messages. */
	bool tcp;
};

/*! \brief Where the records of one zone go. */
struct zone {
	const struct input *input;
	struct snapshot_table *table;
	int diff;                                /*!< Whether they come or go. */
	knot_dname_storage_t owners[OWNERS_MAX]; /*!< The first of them. */
	size_t owners_count;
	uint64_t records;
	uint64_t octets; /*!< Of owners and data. */
};

static const knot_dname_t *const zones[] = {
	(const knot_dname_t *)"\005mesos",
	(const knot_dname_t *)"\004prod\004dc-1\007example",
	(const knot_dname_t *)"",
	(const knot_dname_t *)"\077aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	                      "\077bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	                      "\077ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
};

static const knot_dname_t *const reverse_zones[] = {
	(const knot_dname_t *)"\007in-addr\004arpa",
	(const knot_dname_t *)"\003ip6\004arpa",
	(const knot_dname_t *)"\00210\007in-addr\004arpa",
	(const knot_dname_t *)"\0011\0010\0010\00210\007in-addr\004arpa",
};

static _Noreturn void die(const char *why, const knot_dname_t *name)
{
	knot_dname_txt_storage_t text = "";
	if (name != NULL) {
		(void)knot_dname_to_str(text, name, sizeof(text));
	}
	fprintf(stderr, "%s: %s\n", why, text);
	abort();
}

/* The input. */

static uint32_t number(struct text *text)
{
	uint32_t value = 0;
	while (text->len > 0 && *text->data >= '0' && *text->data <= '9' && value < 100000) {
		value = 10 * value + (*text->data - '0');
		text->data++;
		text->len--;
	}
	if (text->len > 0) {
		text->data++;
		text->len--;
	}
	return value;
}

static void take_endpoint(struct text text, struct text *host, uint16_t *port)
{
	if (!hostport_parse(text, host, port)) {
		*host = text;
		*port = 0;
	}
}

static void take_port(struct task *task, struct text text)
{
	struct made_port *port = &task->ports[task->made.ports_count++];
	port->number = (uint16_t)number(&text);
	const char *space = memchr(text.data, ' ', text.len);
	port->name = text;
	if (space != NULL) {
		port->name.len = space - text.data;
		port->protocol.data = space + 1;
		port->protocol.len = text.len - port->name.len - 1;
	}
	task->made.ports = task->ports;
}

static void take_range(struct task *task, struct text text)
{
	struct state_port_range *range = &task->ranges[task->made.ranges_count++];
	range->first = (uint16_t)number(&text);
	uint32_t more = number(&text) % RANGE_MAX;
	range->last = (uint16_t)MIN(UINT16_MAX, range->first + more);
	task->made.ranges = task->ranges;
}

/*! \brief The three lists share their memory: one set of addresses is as good as three. */
static void take_address(struct task *task, struct state_addresses *addrs, struct text text)
{
	if (addrs->count < LIST_MAX && address_parse(text, &task->addresses[addrs->count])) {
		addrs->list = task->addresses;
		addrs->count++;
	}
}

/*! \brief A label: its key, a space, its value. */
static void take_label(struct task *task, struct text text, bool of_discovery)
{
	const char *space = memchr(text.data, ' ', text.len);
	size_t len = space != NULL ? (size_t)(space - text.data) : text.len;
	struct made_label *label = &task->labels[task->made.labels_count++];
	label->key = (struct text){ text.data, (uint32_t)len };
	label->value = (struct text){ space != NULL ? space + 1 : NULL,
		                      space != NULL ? (uint32_t)(text.len - len - 1) : 0 };
	label->of_discovery = of_discovery;
	task->made.labels = task->labels;
}

static void take_task_line(struct task *task, char what, struct text text)
{
	struct made_task *made = &task->made;
	switch (what) {
	case 'i': made->id = text; break;
	case 'd': made->discovery = text; break;
	case 'M': made->maps_ports = true; break;
	case 'W': task->waits = true; break;
	case 'r':
		if (made->ranges_count < LIST_MAX) {
			take_range(task, text);
		}
		break;
	case 'p':
		if (made->ports_count < LIST_MAX) {
			take_port(task, text);
		}
		break;
	case 'L':
	case 'D':
		if (made->labels_count < LIST_MAX) {
			take_label(task, text, what == 'D');
		}
		break;
	case 'e': made->environment = text; break;
	case 'v': made->version = text; break;
	case 'R': made->role = text; break;
	case 'N': made->network = text; break;
	case 'V': made->visibility = number(&text) % (VISIBILITY_OTHER + 1); break;
	case 'n': take_address(task, &made->netinfo, text); break;
	case 'm': take_address(task, &made->mesos, text); break;
	case 'k': take_address(task, &made->docker, text); break;
	default: break;
	}
}

/*! \brief A format; one that conf-check would refuse is none. */
static void take_format(struct input *in, struct text text)
{
	char copy[FORMAT_TEXT_MAX + 2];
	snprintf(copy, sizeof(copy), "%.*s", (int)text.len, text.data);
	if (in->rules.formats_count < FORMATS_MAX &&
	    format_parse(copy, in->rules.labels, &in->formats[in->rules.formats_count]) == NULL) {
		in->rules.formats = in->formats;
		in->rules.formats_count++;
	}
}

static void take_more_options(struct input *in, char what, struct text text)
{
	struct records_rules *rules = &in->rules;
	switch (what) {
	case 'F': take_format(in, text); break;
	case 'A': rules->agent_names = true; break;
	case 'I': rules->port_index = true; break;
	case 'w': rules->srv_weight = (uint16_t)number(&text); break;
	case 'S': rules->visibility = (uint8_t)number(&text); break;
	case 'T':
		in->network = text;
		rules->networks = &in->network;
		rules->networks_count = text.len > 0;
		break;
	case 'X':
		rules->label_weight = (struct text){ "weight", 6 };
		rules->label_priority = (struct text){ "priority", 8 };
		rules->label_hide = (struct text){ "hide", 4 };
		break;
	default: break;
	}
}

static void take_option(struct input *in, char what, struct text text)
{
	take_more_options(in, what, text);
	switch (what) {
	case 'z': in->rules.zone = zones[number(&text) % (sizeof(zones) / sizeof(*zones))]; break;
	case 'x': in->rules.labels = LABEL_RFC952; break;
	case 's':
		if (in->rules.sources_count < IP_SOURCE_COUNT) {
			uint8_t source = number(&text) % IP_SOURCE_COUNT;
			in->rules.sources[in->rules.sources_count++] = source;
		}
		break;
	case 'Q':
		in->id = (uint16_t)number(&text);
		in->room = (uint16_t)(512 + number(&text) % (4096 - 512 + 1));
		in->tcp = text.len > 0;
		if (in->tcp) {
			in->room = UINT16_MAX;
		}
		break;
	case 'B': in->rules.task_max = number(&text); break;
	case 'l': take_endpoint(text, &in->leader_host, &in->leader_port); break;
	default: break;
	}
}

static void take_line(struct input *in, char what, struct text text)
{
	struct agent_parts *agent = &in->agents[MAX(in->agents_count, 1) - 1];
	struct framework_parts *framework = &in->frameworks[MAX(in->frameworks_count, 1) - 1];
	switch (what) {
	case 'a':
		if (in->agents_count < AGENTS_MAX) {
			in->agents[in->agents_count++] = (struct agent_parts){ .id = text,
				                                               .registered = true };
		}
		break;
	case 'h': take_endpoint(text, &agent->host, &agent->port); break;
	case 'K': agent->registered = text.len > 0; break;
	case 'f':
		if (in->frameworks_count < FRAMEWORKS_MAX) {
			in->frameworks[in->frameworks_count++] =
			        (struct framework_parts){ .name = text, .told = true };
		}
		break;
	case 'P': take_endpoint(text, &framework->pid_host, &framework->pid_port); break;
	case 'H': framework->hostname = text; break;
	case 'U': framework->told = false; break;
	case 't':
		if (in->tasks_count < TASKS_MAX) {
			in->tasks[in->tasks_count++] = (struct task){
				.made.name = text,
				.agent = in->agents_count - 1,
				.framework = in->frameworks_count - 1,
			};
		}
		break;
	default:
		if (in->tasks_count > 0) {
			take_task_line(&in->tasks[in->tasks_count - 1], what, text);
		}
		take_option(in, what, text);
	}
}

static void read_input(struct input *in, const char *data, size_t size)
{
	static const char first[] = "a-S0f";
	memset(in, 0, sizeof(*in));
	in->rules.zone = zones[0];
	in->room = 512;
	in->rules.srv_weight = 1;
	/* There is an agent and a framework for those who come before any. */
	take_line(in, first[0], (struct text){ first + 1, 3 });
	take_line(in, first[4], (struct text){ first + 4, 1 });

	while (size > 0) {
		const char *newline = memchr(data, '\n', size);
		size_t len = newline != NULL ? (size_t)(newline - data) : size;
		if (len > 0) {
			take_line(in, *data, (struct text){ data + 1, (uint32_t)len - 1 });
		}
		data += len + (newline != NULL);
		size -= len + (newline != NULL);
	}
}

/*! \brief Addresses of a host, which \a literal has if it is one. Names with `x` do not resolve. */
static struct state_addresses look_up(struct text host, struct address *literal)
{
	static const struct address addrs[] = { { 4, { 10, 0, 0, 1 } },
		                                { 16, { 0xfd, [15] = 1 } },
		                                { 4, { 10, 0, 0, 2 } } };
	if (host.len == 0) {
		return (struct state_addresses){ 0 };
	}
	if (address_parse(host, literal)) {
		return (struct state_addresses){ literal, 1 };
	}
	return (struct state_addresses){ addrs, host.data[0] == 'x' ? 0 : 1 + host.len % 3 };
}

/* Records. */

/*! \brief Checks a name of \a len octets; \a zone is NULL if it may lie anywhere. */
static void check_name(const knot_dname_t *name, size_t len, const knot_dname_t *zone)
{
	if (knot_dname_wire_check(name, name + len, NULL) != (int)len) {
		die("not a name", NULL);
	}
	for (const uint8_t *label = name; *label != 0; label += 1 + *label) {
		for (uint8_t i = 1; i <= *label; i++) {
			uint8_t c = label[i];
			if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
			    c != '_') {
				die("not of letters and digits", name);
			}
		}
	}
	if (knot_dname_in_bailiwick(name, zone) <= 0) {
		die("outside its zone", name);
	}
}

static int take_record(void *sink, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
                       uint16_t len, unsigned preference)
{
	struct zone *zone = sink;
	const struct records_rules *rules = &zone->input->rules;
	check_name(owner, knot_dname_size(owner), rules->zone);

	bool fits = false;
	switch (type) {
	case KNOT_RRTYPE_A: fits = !rules->reverse && len == 4; break;
	case KNOT_RRTYPE_AAAA: fits = !rules->reverse && len == 16; break;
	case KNOT_RRTYPE_SRV:
		fits = !rules->reverse && len > 6;
		check_name(rdata + 6, len - 6, rules->zone);
		break;
	case KNOT_RRTYPE_PTR:
		fits = rules->reverse;
		check_name(rdata, len, rules->origin);
		break;
	default: break;
	}
	if (!fits || preference != 0) {
		die("a record of another kind", owner);
	}

	zone->records++;
	zone->octets += knot_dname_size(owner) + len;
	if (zone->diff > 0 && zone->owners_count < OWNERS_MAX) {
		(void)knot_dname_to_wire(zone->owners[zone->owners_count++], owner,
		                         sizeof(knot_dname_storage_t));
	}
	return snapshot_table_change(zone->table, zone->diff, owner, type, rdata, len, preference);
}

/*! \brief Checks what a call says of itself; \a before is how the zone was. */
static void check_output(const struct zone *zone, const struct zone *before,
                         const struct records_output *output, uint64_t most)
{
	if (output->records != zone->records - before->records ||
	    output->octets != zone->octets - before->octets || output->records > most ||
	    (output->loss.cut > 0) != (output->loss.cut_tasks > 0)) {
		die("badly counted", zone->input->rules.zone);
	}
}

/*! \brief Checks a name that a task has chosen, and lets it have that if it has an `a` in it. */
static bool choose(void *sink, const struct name *name)
{
	const struct zone *zone = sink;
	size_t len = name->len - knot_dname_size(zone->input->rules.zone);
	check_name(name->wire, name->len, zone->input->rules.zone);
	if (len == 0 || reserved_is_masters(name->wire, len) ||
	    reserved_is_agents(name->wire, len)) {
		die("a name of the cluster's", name->wire);
	}
	return memchr(name->wire, 'a', len) != NULL;
}

static void make_one(struct zone *zone, enum inventory_kind kind, const struct inventory_side *side)
{
	const struct records_rules *rules = &zone->input->rules;
	struct records_output output = { .put = take_record, .sink = zone, .choose = choose };
	struct zone before = { .records = zone->records, .octets = zone->octets };
	uint64_t most = UINT64_MAX;
	if (kind == INVENTORY_TASK) {
		most = rules->task_max > 0 ? MIN(rules->task_max, RECORDS_TASK_MAX)
		                           : RECORDS_TASK_MAX;
	}
	if (records_of(rules, kind, side, &output) != KNOT_EOK) {
		die("records that cannot be made", rules->zone);
	}
	check_output(zone, &before, &output, most);
}

static void make_masters(struct zone *zone)
{
	static const struct address known_addr = { 4, { 10, 0, 0, 1 } };
	static const struct records_master known = { { &known_addr, 1 }, 5050 };
	const struct input *in = zone->input;
	struct address literal;
	const struct records_masters masters = {
		.list = &known,
		.count = 1,
		.leader = look_up(in->leader_host, &literal),
		.leader_port = in->leader_port,
	};
	struct records_output output = { .put = take_record, .sink = zone };
	if (records_of_masters(&in->rules, &masters, &output) != KNOT_EOK) {
		die("masters that cannot be made", in->rules.zone);
	}
}

/*! \brief Makes all records, or takes them away. */
static void make_all(struct zone *zone, int diff)
{
	const struct input *in = zone->input;
	struct inventory_side agents[AGENTS_MAX] = { 0 }, frameworks[FRAMEWORKS_MAX] = { 0 };
	struct address literals[AGENTS_MAX + FRAMEWORKS_MAX];
	struct object_writer writers[AGENTS_MAX + FRAMEWORKS_MAX] = { 0 };
	zone->diff = diff;
	make_masters(zone);
	for (uint32_t i = 0; i < in->agents_count; i++) {
		const struct agent_parts *agent = &in->agents[i];
		agents[i].agent = (const void *)object_write_agent(
		        &writers[i], agent->id, agent->host, agent->port, agent->registered);
		agents[i].agent_addresses = look_up(agent->host, &literals[i]);
		make_one(zone, INVENTORY_AGENT, &agents[i]);
	}
	for (uint32_t i = 0; i < in->frameworks_count; i++) {
		uint32_t at = AGENTS_MAX + i;
		const struct framework_object *framework = (const void *)object_write_framework(
		        &writers[at], &in->frameworks[i]);
		frameworks[i].framework = framework;
		frameworks[i].scheduler_addresses = look_up(framework_object_host(framework),
		                                            &literals[at]);
		make_one(zone, INVENTORY_FRAMEWORK, &frameworks[i]);
	}
	for (uint32_t i = 0; i < in->tasks_count; i++) {
		struct inventory_side side = agents[in->tasks[i].agent];
		struct task_object *task = make_task_object(&in->tasks[i].made);
		task->life = in->tasks[i].waits ? TASK_WAITS : TASK_RUNS;
		side.task = task;
		side.framework = frameworks[in->tasks[i].framework].framework;
		make_one(zone, INVENTORY_TASK, &side);
		free(task);
	}
	for (size_t i = 0; i < AGENTS_MAX + FRAMEWORKS_MAX; i++) {
		object_writer_free(&writers[i]);
	}
}

/* Answers. */

/*! \brief Addresses in the additional section belong to a target of the answer, a whole set. */
static void check_additional(const struct snapshot *snapshot, const knot_pkt_t *parsed)
{
	const knot_pktsection_t *answer = knot_pkt_section(parsed, KNOT_ANSWER);
	const knot_pktsection_t *more = knot_pkt_section(parsed, KNOT_ADDITIONAL);
	for (uint16_t i = 0; i < more->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(more, i);
		const struct snapshot_name *name = snapshot_find(snapshot, rr->owner);
		bool wanted = false;
		for (uint16_t j = 0; j < answer->count && !wanted; j++) {
			const knot_rrset_t *srv = knot_pkt_rr(answer, j);
			wanted = srv->type == KNOT_RRTYPE_SRV &&
			         knot_dname_is_equal(knot_srv_name(srv->rrs.rdata), rr->owner);
		}
		if (name == NULL || snapshot_set(name, rr->type) == NULL || !wanted) {
			die("nobody wants the additional record", rr->owner);
		}
	}
}

static bool is_member(const struct snapshot *snapshot, const struct snapshot_set *set,
                      const knot_rdata_t *rdata)
{
	for (uint32_t first = 0, count; first < set->count; first += count) {
		knot_rrset_t rrset;
		count = snapshot_piece(set, first);
		snapshot_rrset(snapshot, set, zones[0], first, count, &rrset);
		if (knot_rdataset_member(&rrset.rrs, rdata)) {
			return true;
		}
	}
	return false;
}

/*! \brief Parses what was put and compares it with the set. */
static void check_answer(const struct snapshot *snapshot, const struct snapshot_set *set,
                         knot_pkt_t *pkt, const knot_dname_t *owner, bool tcp)
{
	knot_pkt_t *parsed = knot_pkt_new(pkt->wire, pkt->size, NULL);
	if (parsed == NULL || pkt->size > pkt->max_size || knot_pkt_parse(parsed, 0) != KNOT_EOK) {
		die("a message that cannot be parsed", owner);
	}

	const knot_pktsection_t *answer = knot_pkt_section(parsed, KNOT_ANSWER);
	uint32_t count = answer->count;
	bool truncated = knot_wire_get_tc(parsed->wire);
	/* What does not fit is as many as do, or as TCP carries. */
	if (truncated ? tcp || count >= set->count : count == 0 || (count != set->count && !tcp)) {
		die("not the whole set", owner);
	}
	for (uint16_t i = 0; i < count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(answer, i);
		if (!knot_dname_is_equal(rr->owner, owner) || rr->type != set->type ||
		    !is_member(snapshot, set, rr->rrs.rdata)) {
			die("another record", rr->owner);
		}
	}
	if (truncated || count == set->count) {
		check_additional(snapshot, parsed);
	}
	knot_pkt_free(parsed);
}

/*! \brief Asks for a set of the snapshot as knotd would. */
static void ask(const struct input *in, const struct snapshot *snapshot,
                const struct snapshot_set *set, const knot_dname_t *owner)
{
	knot_pkt_t *query = knot_pkt_new(NULL, 512, NULL);
	knot_pkt_t *pkt = knot_pkt_new(NULL, in->room, NULL);
	if (query == NULL || pkt == NULL ||
	    knot_pkt_put_question(query, owner, KNOT_CLASS_IN, set->type) != KNOT_EOK) {
		die("no query", owner);
	}
	knot_wire_set_id(query->wire, in->id);
	if (knot_pkt_init_response(pkt, query) != KNOT_EOK ||
	    knot_pkt_begin(pkt, KNOT_ANSWER) != KNOT_EOK) {
		die("no response", owner);
	}

	knotd_qdata_params_t params = {
		.proto = in->tcp ? KNOTD_QUERY_PROTO_TCP : KNOTD_QUERY_PROTO_UDP,
	};
	knotd_qdata_t qdata = {
		.query = query,
		.name = knot_pkt_qname(query),
		.rcode_ede = KNOT_EDNS_EDE_NONE,
		.params = &params,
	};
	knotd_in_state_t state = stub.in_hooks[KNOTD_STAGE_PREANSWER](KNOTD_IN_STATE_BEGIN, pkt,
	                                                              &qdata, NULL);
	state = stub.in_hooks[KNOTD_STAGE_ANSWER](state, pkt, &qdata, NULL);
	if (state != KNOTD_IN_STATE_HIT && state != KNOTD_IN_STATE_TRUNC) {
		die("no answer", owner);
	}
	if (knot_pkt_begin(pkt, KNOT_ADDITIONAL) != KNOT_EOK) {
		die("no section", owner);
	}
	(void)stub.in_hooks[KNOTD_STAGE_ADDITIONAL](state, pkt, &qdata, NULL);
	stub.counted[STATS_RECORDS] = 0;
	(void)stub.end(KNOTD_STATE_DONE, pkt, &qdata, NULL);
	if (stub.counted[STATS_RECORDS] != 1) {
		die("not counted", owner);
	}
	check_answer(snapshot, set, pkt, owner, in->tcp);
	knot_pkt_free(pkt);
	knot_pkt_free(query);
}

/*! \brief Asks for the sets of the first owners. */
static void ask_all(const struct input *in, const struct zone *zone,
                    const struct snapshot *snapshot)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_SRV,
		                          KNOT_RRTYPE_PTR };
	int asks = 0;
	for (size_t i = 0; i < zone->owners_count; i++) {
		const knot_dname_t *owner = zone->owners[i];
		const struct snapshot_name *name = snapshot_find(snapshot, owner);
		if (name == NULL || snapshot_set(name, KNOT_RRTYPE_ANY) == NULL) {
			/* An address of several names shows none. */
			if (!in->rules.reverse) {
				die("lost", owner);
			}
			continue;
		}
		/* Records of one set come one after the other. */
		if (i > 0 && knot_dname_is_equal(owner, zone->owners[i - 1])) {
			continue;
		}
		for (size_t j = 0; j < sizeof(types) / sizeof(*types); j++) {
			const struct snapshot_set *set = snapshot_set(name, types[j]);
			if (set != NULL && (i + in->id) % 4 == 0 && asks++ < ASKS_MAX) {
				ask(in, snapshot, set, owner);
			}
		}
	}
}

static void run(const struct input *in)
{
	struct zone zone = { .input = in, .table = snapshot_table_new(in->rules.zone, 30) };
	struct snapshot *snapshot = NULL, *empty = NULL;
	if (zone.table == NULL) {
		die("no table", in->rules.zone);
	}
	make_all(&zone, 1);
	if (snapshot_table_commit(zone.table, &snapshot) != KNOT_EOK) {
		die("no snapshot", in->rules.zone);
	}

	struct answer_view view = { .snapshot = snapshot };
	stub.ctx = (struct answer){ .view = &view,
		                    .stale_after = INT64_MAX,
		                    .reverse = in->rules.reverse };
	stub.zone = zones[0];
	(void)answer_hooks(NULL);
	ask_all(in, &zone, snapshot);

	make_all(&zone, -1);
	int ret = snapshot_table_commit(zone.table, &empty);
	if (ret != KNOT_EOK || snapshot_table_octets(zone.table) != 0 ||
	    (empty != NULL && snapshot_stats(empty).names != 0)) {
		die("something stays", in->rules.zone);
	}
	snapshot_table_retire(zone.table, snapshot);
	snapshot_unref(empty);
	snapshot_table_free(zone.table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* In memory of just its size, so that a read beyond is seen. */
	char *copy = malloc(size);
	if (size == 0 || copy == NULL) {
		free(copy);
		return 0;
	}
	memcpy(copy, data, size);

	static struct input in;
	read_input(&in, copy, size);
	if (in.rules.sources_count == 0) {
		in.rules.sources[in.rules.sources_count++] = IP_SOURCE_NETINFO;
		in.rules.sources[in.rules.sources_count++] = IP_SOURCE_HOST;
	}
	run(&in);

	in.rules.origin = in.rules.zone;
	in.rules.zone = reverse_zones[in.id % 4];
	in.rules.reverse = true;
	run(&in);
	free(copy);
	return 0;
}
