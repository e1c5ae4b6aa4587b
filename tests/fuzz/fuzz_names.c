/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Strangers' names, through the naming rules and a snapshot up to the packets of answers.
 *
 *     fuzz_names -dict=tests/fuzz/names.dict tests/fuzz/corpus/names
 *
 * The input is lines, each a value of the state or of the configuration; its first byte says which
 * (see take_line()). knotd's part of a query is played by the functions below; the hooks are the
 * module's own. A line `B` sets the budget: records of a task, octets and memory of the zone.
 *
 * What has to be true: every record's owner and target is a lower-case name of letters, digits, `-`
 * and `_` that lies in its zone; the snapshot has all of them; every answer fits into the message,
 * can be parsed again, and holds the owner's records, and addresses of their targets, or a TC bit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/records/records.h"
#include "module/base/util.h"
#include "tests/knotd_stub.h"

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

/*! \brief Lists of a task. */
struct lists {
	struct state_port_range ranges[LIST_MAX];
	struct state_port ports[LIST_MAX];
	struct address addresses[LIST_MAX];
};

/*! \brief What an input says. */
struct input {
	struct state state;
	struct state_agent agents[AGENTS_MAX];
	struct state_framework frameworks[FRAMEWORKS_MAX];
	struct state_task tasks[TASKS_MAX];
	struct lists lists[TASKS_MAX];
	struct records_input records;
	uint16_t id;   /*!< Of the queries. */
	uint16_t room; /*!< Size of the messages. */
	bool tcp;
};

/*! \brief Where the records of one zone go. */
struct zone {
	const struct input *input;
	struct snapshot_builder *builder;
	knot_dname_storage_t owners[OWNERS_MAX]; /*!< The first of them. */
	size_t owners_count;
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

static void take_task_line(struct input *in, char what, struct text text)
{
	struct state_task *task = &in->tasks[in->state.tasks_count - 1];
	struct lists *lists = &in->lists[in->state.tasks_count - 1];
	struct state_addresses *addrs = what == 'n'   ? &task->netinfo
	                                : what == 'm' ? &task->mesos
	                                              : &task->docker;
	switch (what) {
	case 'i': task->id = text; break;
	case 'd': task->discovery = text; break;
	case 'M': task->maps_ports = true; break;
	case 'r':
		if (task->ranges_count < LIST_MAX) {
			struct state_port_range *range = &lists->ranges[task->ranges_count++];
			range->first = (uint16_t)number(&text);
			uint32_t more = number(&text) % RANGE_MAX;
			range->last = (uint16_t)MIN(UINT16_MAX, range->first + more);
			task->ranges = lists->ranges;
		}
		break;
	case 'p':
		if (task->discovery_count < LIST_MAX) {
			struct state_port *port = &lists->ports[task->discovery_count++];
			port->number = (uint16_t)number(&text);
			const char *space = memchr(text.data, ' ', text.len);
			port->name = text;
			if (space != NULL) {
				port->name.len = space - text.data;
				port->protocol.data = space + 1;
				port->protocol.len = text.len - port->name.len - 1;
			}
			task->discovery_ports = lists->ports;
		}
		break;
	case 'n':
	case 'm':
	case 'k':
		/* The three lists share their memory: one set of addresses is as good as three. */
		if (addrs->count < LIST_MAX &&
		    address_parse(text, &lists->addresses[addrs->count])) {
			addrs->list = lists->addresses;
			addrs->count++;
		}
		break;
	default: break;
	}
}

static void take_option(struct input *in, char what, struct text text)
{
	switch (what) {
	case 'z': in->records.zone = zones[number(&text) % (sizeof(zones) / sizeof(*zones))]; break;
	case 'x': in->records.rules = LABEL_RFC952; break;
	case 's':
		if (in->records.sources_count < IP_SOURCE_COUNT) {
			uint8_t source = number(&text) % IP_SOURCE_COUNT;
			in->records.sources[in->records.sources_count++] = source;
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
	case 'B':
		in->records.budget.task = number(&text);
		in->records.budget.octets = number(&text);
		in->records.budget.memory = 16 * (uint64_t)number(&text);
		break;
	case 'l': take_endpoint(text, &in->state.leader_host, &in->state.leader_port); break;
	default: break;
	}
}

static void take_line(struct input *in, char what, struct text text)
{
	struct state *state = &in->state;
	struct state_agent *agent = &in->agents[MAX(state->agents_count, 1) - 1];
	struct state_framework *framework = &in->frameworks[MAX(state->frameworks_count, 1) - 1];
	switch (what) {
	case 'a':
		if (state->agents_count < AGENTS_MAX) {
			in->agents[state->agents_count++] =
			        (struct state_agent){ .id = text, .registered = true };
		}
		break;
	case 'h': take_endpoint(text, &agent->host, &agent->port); break;
	case 'K':
		agent->registered = false;
		agent->kept = text.len > 0;
		break;
	case 'f':
		if (state->frameworks_count < FRAMEWORKS_MAX) {
			in->frameworks[state->frameworks_count++].name = text;
		}
		break;
	case 'P': take_endpoint(text, &framework->pid_host, &framework->pid_port); break;
	case 'H': framework->hostname = text; break;
	case 't':
		if (state->tasks_count < TASKS_MAX) {
			in->tasks[state->tasks_count++] = (struct state_task){
				.name = text,
				.agent = state->agents_count - 1,
				.framework = state->frameworks_count - 1,
			};
		}
		break;
	default:
		if (state->tasks_count > 0) {
			take_task_line(in, what, text);
		}
		take_option(in, what, text);
	}
}

static void read_input(struct input *in, const char *data, size_t size)
{
	static const char first[] = "a-S0f";
	memset(in, 0, sizeof(*in));
	in->state.agents = in->agents;
	in->state.frameworks = in->frameworks;
	in->state.tasks = in->tasks;
	in->records.zone = zones[0];
	in->room = 512;
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

/*! \brief Host names that begin with `x` do not resolve. */
static struct state_addresses look_up(void *hosts, struct text host)
{
	static const struct address addrs[] = { { 4, { 10, 0, 0, 1 } },
		                                { 16, { 0xfd, [15] = 1 } },
		                                { 4, { 10, 0, 0, 2 } } };
	(void)hosts;
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
                       uint16_t len)
{
	struct zone *zone = sink;
	const struct records_input *records = &zone->input->records;
	check_name(owner, knot_dname_size(owner), records->zone);

	bool fits = false;
	switch (type) {
	case KNOT_RRTYPE_A: fits = !records->reverse && len == 4; break;
	case KNOT_RRTYPE_AAAA: fits = !records->reverse && len == 16; break;
	case KNOT_RRTYPE_SRV:
		fits = !records->reverse && len > 6;
		check_name(rdata + 6, len - 6, records->zone);
		break;
	case KNOT_RRTYPE_PTR:
		fits = records->reverse;
		check_name(rdata, len, records->origin);
		break;
	default: break;
	}
	if (!fits) {
		die("a record of another kind", owner);
	}

	zone->octets += knot_dname_size(owner) + len;
	if (zone->owners_count < OWNERS_MAX) {
		(void)knot_dname_to_wire(zone->owners[zone->owners_count++], owner,
		                         sizeof(knot_dname_storage_t));
	}
	return snapshot_builder_add(zone->builder, owner, type, rdata, len);
}

/*! \brief Forgets what was put: it was too much. */
static int restart(void *sink)
{
	struct zone *zone = sink;
	snapshot_builder_free(zone->builder);
	zone->builder = snapshot_builder_new(zone->input->records.zone, 30);
	zone->owners_count = 0;
	zone->octets = 0;
	return zone->builder != NULL ? KNOT_EOK : KNOT_ENOMEM;
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
	knot_rrset_t rrset;
	snapshot_rrset(snapshot, set, owner, 0, set->count, &rrset);
	for (uint16_t i = 0; i < count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(answer, i);
		if (!knot_dname_is_equal(rr->owner, owner) || rr->type != set->type ||
		    !knot_rdataset_member(&rrset.rrs, rr->rrs.rdata)) {
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

static void run(const struct input *in)
{
	struct zone zone = { .input = in, .builder = snapshot_builder_new(in->records.zone, 30) };
	struct records_output output = { .put = take_record, .restart = restart, .sink = &zone };
	struct snapshot *snapshot = NULL;
	if (zone.builder == NULL || records_make(&in->state, &in->records, &output) != KNOT_EOK ||
	    snapshot_builder_finish(zone.builder, &snapshot) != KNOT_EOK) {
		die("no snapshot", in->records.zone);
	}
	snapshot_builder_free(zone.builder);
	if (in->records.budget.octets > 0 && zone.octets > in->records.budget.octets) {
		die("more than the budget", in->records.zone);
	}
	snapshot_set_time(snapshot, clock_ms(CLOCK_MONOTONIC));

	struct answer_view view = { .snapshot = snapshot };
	stub.ctx = (struct answer){ .view = &view,
		                    .stale_after = INT64_MAX,
		                    .reverse = in->records.reverse };
	stub.zone = zones[0];
	(void)answer_hooks(NULL);
	int asks = 0;
	for (size_t i = 0; i < zone.owners_count; i++) {
		static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_SRV,
			                          KNOT_RRTYPE_PTR };
		const struct snapshot_name *name = snapshot_find(snapshot, zone.owners[i]);
		if (name == NULL || snapshot_set(name, KNOT_RRTYPE_ANY) == NULL) {
			die("lost", zone.owners[i]);
		}
		/* Records of one set come one after the other. */
		if (i > 0 && knot_dname_is_equal(zone.owners[i], zone.owners[i - 1])) {
			continue;
		}
		for (size_t j = 0; j < sizeof(types) / sizeof(*types); j++) {
			const struct snapshot_set *set = snapshot_set(name, types[j]);
			if (set != NULL && (i + in->id) % 4 == 0 && asks++ < ASKS_MAX) {
				ask(in, snapshot, set, zone.owners[i]);
			}
		}
	}
	snapshot_unref(snapshot);
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

	static const struct address known_addr = { 4, { 10, 0, 0, 1 } };
	static const struct records_master known = { { &known_addr, 1 }, 5050 };
	static struct input in;
	read_input(&in, copy, size);
	if (in.records.sources_count == 0) {
		in.records.sources[in.records.sources_count++] = IP_SOURCE_NETINFO;
		in.records.sources[in.records.sources_count++] = IP_SOURCE_HOST;
	}
	in.records.masters = &known;
	in.records.masters_count = 1;
	in.records.lookup = look_up;
	run(&in);

	in.records.origin = in.records.zone;
	in.records.zone = reverse_zones[in.id % 4];
	in.records.reverse = true;
	run(&in);
	free(copy);
	return 0;
}
