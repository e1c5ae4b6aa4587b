/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the stages of a poll cost without a server, and what is to be held against them.
 *
 *     ingest stages FILE [OPTION=VALUE ...] // a state into an inventory, its records, and their
 *                                           // snapshot; with options as knot.conf has them
 *     ingest poll FILE.gz  // a state that the inventory has already: gunzip, comparing
 *     ingest json-c FILE   // json-c's tree of a state, which must lie in memory for it
 *     ingest zone FILE     // the records of a state as lines of a zone file for `mesos.`
 *
 * All but the last print `name value` lines: CPU (user and system) in seconds, memory (the most
 * that was resident) in bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <json-c/json.h>
#include <libknot/libknot.h>

#include "module/inventory/inventory.h"
#include "module/masters/master_gzip.h"
#include "module/records/records.h"
#include "module/snapshot/table.h"

#define TTL 30

/*! \brief As libcurl hands replies out. */
#define CHUNK 16384

static const knot_dname_t *const ZONE = (const knot_dname_t *)"\005mesos";

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "ingest: %s\n", what);
	exit(1);
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/*! \brief CPU that was used so far, in seconds. */
static double cpu(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

static void say_memory(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("peak %ld\n", usage.ru_maxrss * 1024);
}

static FILE *open_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		die(path);
	}
	return file;
}

/*! \brief Reads a file into memory; to be freed. */
static char *read_document(const char *path, size_t *len)
{
	FILE *file = open_file(path);
	if (fseek(file, 0, SEEK_END) != 0) {
		die(path);
	}
	*len = (size_t)ftell(file);
	rewind(file);
	char *document = malloc(*len);
	if (document == NULL || fread(document, 1, *len, file) != *len) {
		die(path);
	}
	fclose(file);
	return document;
}

/*! \brief The options of the run, and what they want. */
static struct {
	struct format formats[FORMATS_MAX];
	struct records_rules rules;
	struct text network;
	struct wants *wants;
} options = {
	.rules = {
		.sources = { IP_SOURCE_NETINFO, IP_SOURCE_MESOS, IP_SOURCE_HOST },
		.sources_count = 3,
		.srv_weight = 1,
	},
};

static struct text text_of(const char *text)
{
	return (struct text){ text, (uint32_t)strlen(text) };
}

static void want(enum wants_list list, struct text key)
{
	if (wants_add(options.wants, list, key) != KNOT_EOK) {
		die("too much is wanted");
	}
}

/*! \brief Takes the labels `weight`, `priority` and `hide` of a prefix. */
static void take_prefix(const char *prefix)
{
	struct text *const keys[] = { &options.rules.label_weight, &options.rules.label_priority,
		                      &options.rules.label_hide };
	static const char *const words[] = { "weight", "priority", "hide" };
	static char texts[3][64];
	for (int i = 0; i < 3; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%s%s", prefix, words[i]);
		*keys[i] = text_of(texts[i]);
		want(WANTS_LABELS, *keys[i]);
	}
}

/*! \brief Takes an option as knot.conf has it; `visibility` and `network` have one value. */
static void take_option(const char *option)
{
	struct records_rules *rules = &options.rules;
	const char *value = strchr(option, '=') + 1;
	size_t len = (size_t)(value - option) - 1;
	if (strncmp(option, "name-format", len) == 0 && rules->formats_count < FORMATS_MAX) {
		struct format *format = &options.formats[rules->formats_count++];
		rules->formats = options.formats;
		if (format_parse(value, rules->labels, format) != NULL ||
		    format_want(format, options.wants) != KNOT_EOK) {
			die(option);
		}
	} else if (strncmp(option, "network", len) == 0) {
		options.network = text_of(value);
		rules->networks = &options.network;
		rules->networks_count = 1;
		want(WANTS_NETWORKS, options.network);
	} else if (strncmp(option, "visibility", len) == 0) {
		rules->visibility = (uint8_t)(1 << (*value == 'f' ? VISIBILITY_FRAMEWORK
		                                                  : VISIBILITY_EXTERNAL));
		options.wants->bits |= WANTS_VISIBILITY;
	} else if (strncmp(option, "health", len) == 0) {
		rules->health = *value == 'r' ? HEALTH_REQUIRE : HEALTH_AVOID;
		options.wants->bits |= WANTS_HEALTH;
	} else if (strncmp(option, "agent-names", len) == 0) {
		rules->agent_names = true;
		options.wants->bits |= WANTS_HOSTNAME;
	} else if (strncmp(option, "port-index", len) == 0) {
		rules->port_index = true;
	} else if (strncmp(option, "label-prefix", len) == 0) {
		take_prefix(value);
	} else if (strncmp(option, "srv-weight", len) == 0) {
		rules->srv_weight = (uint16_t)atoi(value);
	} else {
		die(option);
	}
}

/*! \brief A cluster as it is known after one state. */
struct cluster {
	struct inventory *inventory;
	struct address leader;
	struct records_masters masters;
};

static void ignore_change(void *ctx, const struct inventory_change *change)
{
	(void)ctx, (void)change;
}

/*! \brief Takes a state from a file, as it would come. */
static void parse(struct cluster *cluster, const char *path)
{
	static char chunk[CHUNK];
	struct master_facts facts;
	*cluster = (struct cluster){ .inventory = inventory_new(ignore_change, NULL) };
	inventory_begin(cluster->inventory);
	struct objects_parser *parser = objects_parser_wanting(&inventory_sink, cluster->inventory,
	                                                       options.wants);
	FILE *file = open_file(path);
	size_t len;
	while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0) {
		if (objects_parser_feed(parser, chunk, len) != KNOT_EOK) {
			die("this is no state");
		}
	}
	fclose(file);
	if (objects_parser_finish(parser, &facts) != KNOT_EOK ||
	    inventory_commit(cluster->inventory) != KNOT_EOK) {
		die("this is no complete state");
	}
	if (address_parse(facts.leader_host, &cluster->leader)) {
		cluster->masters.leader = (struct state_addresses){ &cluster->leader, 1 };
		cluster->masters.leader_port = facts.leader_port;
	}
	objects_parser_free(parser);
}

/*! \brief What records are made with, and where they go. */
struct making {
	struct records_rules rules;
	records_put_f put;
	void *sink;
};

static void make_change(void *ctx, const struct inventory_change *change)
{
	const struct making *making = ctx;
	struct records_output output = { .put = making->put, .sink = making->sink };
	if (records_of(&making->rules, change->kind, &change->after, &output) != KNOT_EOK) {
		die("the records cannot be made");
	}
}

/*! \brief Makes all records; only counts them if \a put is NULL. */
static void make_records(const struct cluster *cluster, records_put_f put, void *sink)
{
	struct making making = { .rules = options.rules, .put = put, .sink = sink };
	making.rules.zone = making.rules.origin = ZONE;
	struct records_output output = { .put = put, .sink = sink };
	if (records_of_masters(&making.rules, &cluster->masters, &output) != KNOT_EOK) {
		die("the records of the masters cannot be made");
	}
	inventory_walk(cluster->inventory, make_change, &making);
}

static int add(void *table, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
               uint16_t len, unsigned preference)
{
	return snapshot_table_change(table, 1, owner, type, rdata, len, preference);
}

static void run_stages(const char *path)
{
	struct cluster cluster;
	double start = cpu();
	parse(&cluster, path);
	double parsed = cpu();
	make_records(&cluster, NULL, NULL);
	double made = cpu();

	/* They are made once more on their way to the table: that does not count twice. */
	struct snapshot_table *table = snapshot_table_new(ZONE, TTL);
	struct snapshot *snapshot = NULL;
	make_records(&cluster, add, table);
	if (snapshot_table_commit(table, &snapshot) != KNOT_EOK) {
		die("the snapshot cannot be made");
	}
	double finished = cpu();

	struct snapshot_stats stats = snapshot_stats(snapshot);
	printf("parse %.6f\nrecords %.6f\nsnapshot %.6f\n", parsed - start, made - parsed,
	       (finished - made) - (made - parsed));
	printf("inventory %zu\n", inventory_stats(cluster.inventory).bytes);
	printf("tasks %zu\nnames %" PRIu32 "\nset-records %" PRIu32 "\nbytes %zu\n",
	       inventory_stats(cluster.inventory).tasks, stats.names, stats.records, stats.bytes);
	say_memory();
	snapshot_table_retire(table, snapshot);
	snapshot_table_free(table);
	inventory_free(cluster.inventory);
}

static int drop(void *ctx, const char *data, size_t len)
{
	(void)ctx, (void)data, (void)len;
	return KNOT_EOK;
}

static int feed(void *parser, const char *data, size_t len)
{
	return objects_parser_feed(parser, data, len);
}

/*! \brief Unpacks a reply as it would come; returns how long all of that took. */
static double unpack(const char *reply, size_t len, master_gzip_sink sink, void *ctx)
{
	double start = cpu();
	struct master_gzip *gzip = master_gzip_new();
	for (size_t at = 0; at < len; at += CHUNK) {
		size_t part = len - at < CHUNK ? len - at : CHUNK;
		if (master_gzip_feed(gzip, reply + at, part, sink, ctx) != KNOT_EOK) {
			die("this is no gzipped state");
		}
	}
	if (!master_gzip_is_whole(gzip)) {
		die("this is no complete gzipped state");
	}
	master_gzip_free(gzip);
	return cpu() - start;
}

static int drop_agent(void *ctx, const struct agent_object *agent)
{
	(void)ctx, (void)agent;
	return KNOT_EOK;
}

static int drop_framework(void *ctx, const struct framework_object *framework)
{
	(void)ctx, (void)framework;
	return KNOT_EOK;
}

static int drop_task(void *ctx, const struct task_object *task)
{
	(void)ctx, (void)task;
	return KNOT_EOK;
}

/*! \brief Time of unpacking and scanning a reply. */
static double scan(const char *reply, size_t len, const struct objects_sink *sink, void *ctx)
{
	struct master_facts facts;
	struct objects_parser *parser = objects_parser_new(sink, ctx);
	double spent = unpack(reply, len, feed, parser);
	if (objects_parser_finish(parser, &facts) != KNOT_EOK) {
		die("this is no complete state");
	}
	objects_parser_free(parser);
	return spent;
}

/*! \brief Time of unpacking and scanning a reply, and of what the inventory does with it. */
static double take(struct inventory *inventory, const char *reply, size_t len)
{
	double start = cpu();
	inventory_begin(inventory);
	scan(reply, len, &inventory_sink, inventory);
	if (inventory_commit(inventory) != KNOT_EOK) {
		die("the inventory does not take it");
	}
	return cpu() - start;
}

static void count_change(void *ctx, const struct inventory_change *change)
{
	(void)change;
	*(uint64_t *)ctx += 1;
}

/*! \brief What each stage adds to those before it. */
static void run_poll(const char *path)
{
	static const struct objects_sink nobody = { drop_agent, drop_framework, drop_task };
	size_t len;
	char *reply = read_document(path, &len);
	uint64_t changes = 0;
	struct inventory *inventory = inventory_new(count_change, &changes);
	double first = take(inventory, reply, len);
	uint64_t first_changes = changes;
	double unpacked = unpack(reply, len, drop, NULL);
	double scanned = scan(reply, len, &nobody, NULL);
	/* From its second coming on the text of a task is known. */
	take(inventory, reply, len);
	double again = take(inventory, reply, len);
	if (changes != first_changes) {
		die("it has changed");
	}

	struct inventory_stats stats = inventory_stats(inventory);
	printf("first %.6f\nscan %.6f\ngunzip %.6f\ncompare %.6f\n", first, scanned - unpacked,
	       unpacked, again - unpacked);
	printf("tasks %zu\nagents %zu\nbytes %zu\n", stats.tasks, stats.agents, stats.bytes);
	inventory_free(inventory);
	free(reply);
}

static void run_json_c(const char *path)
{
	size_t len;
	char *document = read_document(path, &len);

	double start = cpu();
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *tree = json_tokener_parse_ex(tokener, document, (int)len);
	printf("parse %.6f\n", cpu() - start);
	if (tree == NULL) {
		die("this is not JSON");
	}
	say_memory();
}

static int print(void *out, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
                 uint16_t len, unsigned preference)
{
	(void)preference;
	char name[KNOT_DNAME_TXT_MAXLEN + 1], kind[16], data[2048];
	knot_rrset_t rrset;
	knot_rrset_init(&rrset, (knot_dname_t *)(uintptr_t)owner, type, KNOT_CLASS_IN, TTL);
	if (knot_rrset_add_rdata(&rrset, rdata, len, NULL) != KNOT_EOK ||
	    knot_dname_to_str(name, owner, sizeof(name)) == NULL ||
	    knot_rrtype_to_string(type, kind, sizeof(kind)) < 0 ||
	    knot_rrset_txt_dump_data(&rrset, 0, data, sizeof(data), &KNOT_DUMP_STYLE_DEFAULT) < 0) {
		die("a record cannot be printed");
	}
	fprintf(out, "%s %d %s %s\n", name, TTL, kind, data);
	knot_rdataset_clear(&rrset.rrs, NULL);
	return KNOT_EOK;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "stages") == 0) {
		options.wants = wants_new();
		for (int i = 3; i < argc && options.wants != NULL; i++) {
			take_option(argv[i]);
		}
		run_stages(argv[2]);
		wants_unref(options.wants);
	} else if (argc == 3 && strcmp(argv[1], "poll") == 0) {
		run_poll(argv[2]);
	} else if (argc == 3 && strcmp(argv[1], "json-c") == 0) {
		run_json_c(argv[2]);
	} else if (argc == 3 && strcmp(argv[1], "zone") == 0) {
		struct cluster cluster;
		parse(&cluster, argv[2]);
		make_records(&cluster, print, stdout);
		inventory_free(cluster.inventory);
	} else {
		die("usage: ingest stages|poll|json-c|zone FILE [OPTION=VALUE ...]");
	}
	return 0;
}
