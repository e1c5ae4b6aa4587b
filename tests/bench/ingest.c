/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What the stages of a poll cost without a server, and what is to be held against them.
 *
 *     ingest stages FILE   parse, records and snapshot: seconds of CPU each, and what came of it
 *     ingest inventory FILE  an inventory's first state, and the same once more
 *     ingest json-c FILE   json-c's tree of the same document, which must lie in memory for it
 *     ingest zone FILE     the same records as lines of a zone file for `mesos.`
 *
 * FILE is a state; the first three print `name value` lines: CPU (user and system) in seconds,
 * memory (the most that was resident) in bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <json-c/json.h>
#include <libknot/libknot.h>

#include "module/inventory/inventory.h"
#include "module/records/records.h"
#include "module/snapshot/snapshot.h"

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

static struct state *parse(const char *path)
{
	static char chunk[CHUNK];
	struct state_parser *parser = state_parser_new();
	FILE *file = open_file(path);
	size_t len;
	while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0) {
		if (state_parser_feed(parser, chunk, len) != KNOT_EOK) {
			die("this is no state");
		}
	}
	fclose(file);

	struct state *state = NULL;
	if (state_parser_finish(parser, &state) != KNOT_EOK) {
		die("this is no complete state");
	}
	state_parser_free(parser);
	return state;
}

static struct state_addresses resolve_nothing(void *hosts, struct text host)
{
	(void)hosts, (void)host;
	return (struct state_addresses){ 0 };
}

/*! \brief Makes the records with the default options. */
static void make_records(const struct state *state, records_put_f put, int (*restart)(void *),
                         void *sink)
{
	const struct records_input input = {
		.zone = ZONE,
		.origin = ZONE,
		.sources = { IP_SOURCE_NETINFO, IP_SOURCE_MESOS, IP_SOURCE_HOST },
		.sources_count = 3,
		.lookup = resolve_nothing,
		.budget.memory = SNAPSHOT_MEMORY_MAX / 64 * 63,
	};
	struct records_output output = { .put = put, .restart = restart, .sink = sink };
	if (records_make(state, &input, &output) != KNOT_EOK) {
		die("the records cannot be made");
	}
}

static int build(void *builder, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
                 uint16_t len)
{
	return snapshot_builder_add(*(struct snapshot_builder **)builder, owner, type, rdata, len);
}

static int build_again(void *builder)
{
	struct snapshot_builder **b = builder;
	snapshot_builder_free(*b);
	*b = snapshot_builder_new(ZONE, TTL);
	return *b != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

static void run_stages(const char *path)
{
	double start = cpu();
	struct state *state = parse(path);
	double parsed = cpu();

	struct snapshot_builder *builder = snapshot_builder_new(ZONE, TTL);
	make_records(state, build, build_again, &builder);
	double made = cpu();

	struct snapshot *snapshot = NULL;
	if (snapshot_builder_finish(builder, &snapshot) != KNOT_EOK) {
		die("the snapshot cannot be made");
	}
	snapshot_builder_free(builder);
	double finished = cpu();

	struct snapshot_stats stats = snapshot_stats(snapshot);
	printf("parse %.6f\nrecords %.6f\nsnapshot %.6f\n", parsed - start, made - parsed,
	       finished - made);
	printf("tasks %" PRIu32 "\nnames %" PRIu32 "\nset-records %" PRIu32 "\nbytes %zu\n",
	       state->tasks_count, stats.names, stats.records, stats.bytes);
	say_memory();
	snapshot_unref(snapshot);
	state_free(state);
}

/*! \brief Counts changes. */
static void count_change(void *ctx, const struct inventory_change *change)
{
	(void)change;
	*(uint64_t *)ctx += 1;
}

/*! \brief Feeds an inventory with a state that lies in memory, as json-c's does. */
static void load(struct inventory *inventory, const char *document, size_t len)
{
	struct master_facts facts;
	struct objects_parser *parser = objects_parser_new(&inventory_sink, inventory);
	inventory_begin(inventory);
	for (size_t at = 0; at < len; at += CHUNK) {
		size_t part = len - at < CHUNK ? len - at : CHUNK;
		if (objects_parser_feed(parser, document + at, part) != KNOT_EOK) {
			die("this is no state");
		}
	}
	if (objects_parser_finish(parser, &facts) != KNOT_EOK ||
	    inventory_commit(inventory) != KNOT_EOK) {
		die("this is no complete state");
	}
	objects_parser_free(parser);
}

static void run_inventory(const char *path)
{
	size_t len;
	char *document = read_document(path, &len);
	uint64_t changes = 0;
	struct inventory *inventory = inventory_new(count_change, &changes);
	double start = cpu();
	load(inventory, document, len);
	double first = cpu();
	load(inventory, document, len);
	double again = cpu();

	struct inventory_stats stats = inventory_stats(inventory);
	printf("first %.6f\nagain %.6f\n", first - start, again - first);
	printf("changes %" PRIu64 "\ntasks %zu\nagents %zu\nbytes %zu\n", changes, stats.tasks,
	       stats.agents, stats.bytes);
	inventory_free(inventory);
	free(document);
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
                 uint16_t len)
{
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
	if (argc == 3 && strcmp(argv[1], "stages") == 0) {
		run_stages(argv[2]);
	} else if (argc == 3 && strcmp(argv[1], "inventory") == 0) {
		run_inventory(argv[2]);
	} else if (argc == 3 && strcmp(argv[1], "json-c") == 0) {
		run_json_c(argv[2]);
	} else if (argc == 3 && strcmp(argv[1], "zone") == 0) {
		struct state *state = parse(argv[2]);
		make_records(state, print, NULL, stdout);
		state_free(state);
	} else {
		die("usage: ingest stages|inventory|json-c|zone FILE");
	}
	return 0;
}
