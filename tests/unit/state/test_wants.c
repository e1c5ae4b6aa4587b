/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What is wanted is read of states and of events alike, and nothing else is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libknot/errcode.h>

#include "module/state/event.h"
#include "module/state/object_write.h"
#include "module/state/objects.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/state/object_dump.h"

#define LABELS                                                                               \
	"[{\"value\":\"before its key\",\"key\":\"tier\"},{\"key\":\"dns\",\"value\":\"\"}," \
	"{\"key\":\"dns\",\"value\":\"w\\u0000eb\"},{\"key\":\"dns\",\"value\":\"second\"}," \
	"{\"key\":\"other\",\"value\":\"unwanted\"},{\"key\":\"dns\"},{\"value\":\"x\"},7]"
#define OWN_LABELS "[{\"key\":\"dns\",\"value\":\"of discovery\"}]"
#define DISCOVERY                                                                             \
	"\"discovery\":{\"visibility\":\"EXTERNAL\",\"name\":\"d\",\"environment\":\"prod\"," \
	"\"location\":\"dc\",\"version\":\"1.2\",\"labels\":{\"labels\":" OWN_LABELS "}}"
#define NETWORKS                                                                \
	"\"container_status\":{\"network_infos\":["                             \
	"{\"ip_addresses\":[{\"ip_address\":\"10.0.0.1\"}],\"name\":\"b\"},"    \
	"{\"ip_address\":\"10.0.0.2\"},"                                        \
	"{\"name\":\"a\",\"ip_addresses\":[{\"ip_address\":\"10.0.0.3\"},"      \
	"{\"ip_address\":\"10.0.0.4\"}]},{\"name\":\"a\",\"ip_addresses\":[]}," \
	"{\"name\":\"c\",\"ip_addresses\":[{\"ip_address\":\"10.0.0.5\"}]},"    \
	"{\"name\":\"b\",\"ip_addresses\":[{\"ip_address\":\"10.0.0.6\"}]}]}"

static const char state_text[] =
        "{\"leader\":\"m@10.0.0.9:5050\",\"slaves\":[{\"id\":\"S0\",\"pid\":\"s@10.0.0.8:1\","
        "\"hostname\":\"node\",\"attributes\":{\"rack\":\"r1\",\"level\":5.0,\"ports\":\"[1-5]\","
        "\"set\":\"{a}\",\"unwanted\":\"x\",\"rack\":\"r2\"}}],\"recovered_slaves\":[],"
        "\"frameworks\":[{\"id\":\"F0\",\"name\":\"f\",\"roles\":[\"ops\"],\"tasks\":["
        "{\"id\":\"t\",\"name\":\"n\",\"slave_id\":\"S0\",\"state\":\"TASK_RUNNING\","
        "\"role\":\"web\",\"labels\":" LABELS "," DISCOVERY ","
        "\"statuses\":[{\"state\":\"TASK_RUNNING\",\"timestamp\":1," NETWORKS "}]}]}]}";

static const char *const event_texts[] = {
	"{\"type\":\"AGENT_ADDED\",\"agent_added\":{\"agent\":{\"agent_info\":{\"id\":{\"value\":"
	"\"S0\"},\"hostname\":\"node\",\"attributes\":[{\"name\":\"rack\",\"type\":\"TEXT\","
	"\"text\":{\"value\":\"r1\"}},{\"name\":\"level\",\"type\":\"SCALAR\",\"scalar\":{"
	"\"value\":"
	"5}},{\"name\":\"ports\",\"type\":\"RANGES\",\"ranges\":{\"range\":[{\"begin\":1,\"end\":5}"
	"]"
	"}},{\"name\":\"unwanted\",\"text\":{\"value\":\"x\"}},{\"text\":{\"value\":\"r2\"},"
	"\"name\":\"rack\"}]},\"pid\":\"s@10.0.0.8:1\"}}}",
	"{\"type\":\"FRAMEWORK_ADDED\",\"framework_added\":{\"framework\":{\"framework_info\":{"
	"\"id\":{\"value\":\"F0\"},\"name\":\"f\",\"roles\":[\"ops\"]}}}}",
	"{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":{\"name\":\"n\",\"task_id\":{\"value\":"
	"\"t\"},\"framework_id\":{\"value\":\"F0\"},\"agent_id\":{\"value\":\"S0\"},\"state\":"
	"\"TASK_RUNNING\",\"resources\":[{\"name\":\"cpus\",\"allocation_info\":{\"role\":\"web\"}}"
	","
	"{\"name\":\"mem\",\"allocation_info\":{\"role\":\"not-this\"}}],\"labels\":{"
	"\"labels\":" LABELS "}," DISCOVERY
	",\"statuses\":[{\"state\":\"TASK_RUNNING\",\"timestamp\":1," NETWORKS "}]}}}",
};

/*! \brief Takes objects by kind. */
struct taken {
	struct object *objects[3]; /*!< Agent, framework, task; owned. */
};

static int keep(struct taken *taken, unsigned kind, const struct object *object)
{
	free(taken->objects[kind]);
	taken->objects[kind] = __real_malloc(object->size);
	assert_non_null(taken->objects[kind]);
	memcpy(taken->objects[kind], object, object->size);
	return KNOT_EOK;
}

static int take_agent(void *ctx, const struct agent_object *agent)
{
	return keep(ctx, 0, &agent->object);
}

static int take_framework(void *ctx, const struct framework_object *framework)
{
	return keep(ctx, 1, &framework->object);
}

static int take_task(void *ctx, const struct task_object *task)
{
	return keep(ctx, 2, &task->object);
}

static const struct objects_sink sink = { take_agent, take_framework, take_task };

static void drop(struct taken *taken)
{
	for (unsigned i = 0; i < 3; i++) {
		free(taken->objects[i]);
		taken->objects[i] = NULL;
	}
}

/*! \brief Reads the state, in chunks. */
static int read_state(struct taken *taken, const char *text, size_t chunk, struct wants *wants)
{
	struct objects_parser *parser = objects_parser_wanting(&sink, taken, wants);
	int ret = parser != NULL ? KNOT_EOK : KNOT_ENOMEM;
	size_t len = strlen(text);
	for (size_t at = 0; at < len && ret == KNOT_EOK; at += chunk) {
		ret = objects_parser_feed(parser, text + at, len - at < chunk ? len - at : chunk);
	}
	struct master_facts facts;
	if (ret == KNOT_EOK) {
		ret = objects_parser_finish(parser, &facts);
	}
	objects_parser_free(parser);
	return ret;
}

/*! \brief Reads the events. */
static int read_events(struct taken *taken, struct wants *wants)
{
	struct event_parser *parser = event_parser_new();
	int ret = parser != NULL ? KNOT_EOK : KNOT_ENOMEM;
	if (parser != NULL) {
		event_parser_want(parser, wants);
	}
	for (unsigned i = 0; i < 3 && ret == KNOT_EOK; i++) {
		struct event event;
		(void)event_parser_feed(parser, event_texts[i], strlen(event_texts[i]));
		ret = event_parser_finish(parser, &event);
		if (ret == KNOT_EOK) {
			assert_false(event.is_behind);
			assert_non_null(event.object);
			keep(taken, i, event.object);
		}
	}
	event_parser_free(parser);
	return ret;
}

static struct text text_of(const char *text)
{
	return (struct text){ text, (uint32_t)strlen(text) };
}

static struct wants *all_wants(void)
{
	struct wants *wants = wants_new();
	assert_non_null(wants);
	wants->bits = WANTS_VISIBILITY | WANTS_ENVIRONMENT | WANTS_LOCATION | WANTS_VERSION |
	              WANTS_ROLE | WANTS_HOSTNAME;
	const char *const keys[WANTS_LISTS][3] = { { "dns", "tier", "none" },
		                                   { "rack", "ports", "level" },
		                                   { "a", "b", "d" } };
	for (unsigned i = 0; i < WANTS_LISTS; i++) {
		for (unsigned j = 0; j < 3; j++) {
			assert_int_equal(wants_add(wants, i, text_of(keys[i][j])), KNOT_EOK);
		}
	}
	return wants;
}

static void assert_text(struct text text, const char *expected)
{
	assert_int_equal(text.len, strlen(expected));
	assert_memory_equal(text.data, expected, text.len);
}

/*! \brief Addresses of the task in a network, as a text. */
static void assert_network(const struct task_object *task, const char *name, const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	dump_addresses(out, "", task_object_network(task, task_object_status(task), text_of(name)));
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

/*! \brief Asserts all that was wanted. */
static void check_all(const struct taken *taken)
{
	const struct agent_object *agent = (const void *)taken->objects[0];
	const struct agent_more *of_agent = agent_object_more(agent);
	assert_text(object_text(agent, of_agent->hostname), "node");
	assert_int_equal(of_agent->attributes.count, 1);
	assert_text(agent_object_attribute(agent, text_of("rack")), "r1");
	assert_text(agent_object_attribute(agent, text_of("ports")), "");

	const struct framework_object *framework = (const void *)taken->objects[1];
	assert_text(object_text(framework, framework->role), "ops");

	const struct task_object *task = (const void *)taken->objects[2];
	const struct task_more *more = task_object_more(task);
	assert_int_equal(more->visibility, VISIBILITY_EXTERNAL);
	assert_text(object_text(task, more->environment), "prod");
	assert_text(object_text(task, more->location), "dc");
	assert_text(object_text(task, more->version), "1.2");
	assert_text(object_text(task, more->role), "web");
	assert_int_equal(more->labels.count, 3);
	struct text dns = task_object_label(task, text_of("dns"));
	assert_int_equal(dns.len, 4);
	assert_memory_equal(dns.data, "w\0eb", 4);
	assert_text(task_object_own_label(task, text_of("dns"), true), "of discovery");
	assert_text(task_object_label(task, text_of("tier")), "before its key");
	assert_text(task_object_label(task, text_of("other")), "");
	assert_network(task, "a", " =10.0.0.3,10.0.0.4,");
	assert_network(task, "b", " =10.0.0.1,10.0.0.6,");
	assert_network(task, "c", " =");
	assert_network(task, "d", " =");
	assert_int_equal(task_object_status(task)->netinfo.count, 6);
}

/*! \brief Asserts that two readings gave the same; a state's framework is told, an event's is not.
 */
static void assert_same(const struct taken *a, const struct taken *b)
{
	assert_true(object_equal(a->objects[0], b->objects[0]));
	assert_int_equal(a->objects[1]->size, b->objects[1]->size);
	assert_true(object_equal(a->objects[2], b->objects[2]));
}

static void test_states_and_events(void **unused)
{
	(void)unused;
	struct wants *wants = all_wants();
	struct taken state = { 0 }, event = { 0 };
	assert_int_equal(read_state(&state, state_text, sizeof(state_text), wants), KNOT_EOK);
	assert_int_equal(read_events(&event, wants), KNOT_EOK);
	check_all(&state);
	check_all(&event);
	assert_same(&state, &event);
	for (size_t chunk = 1; chunk < 40; chunk++) {
		struct taken part = { 0 };
		assert_int_equal(read_state(&part, state_text, chunk, wants), KNOT_EOK);
		assert_same(&part, &state);
		drop(&part);
	}
	drop(&state);
	drop(&event);
	wants_unref(wants);
}

/*! \brief What is not wanted takes no room, and leaves what there is as it was. */
static void test_nothing(void **unused)
{
	(void)unused;
	struct wants *empty = wants_new();
	struct taken plain = { 0 }, wanting = { 0 }, event = { 0 };
	assert_int_equal(read_state(&plain, state_text, 100, NULL), KNOT_EOK);
	assert_int_equal(read_state(&wanting, state_text, 100, empty), KNOT_EOK);
	assert_int_equal(read_events(&event, empty), KNOT_EOK);
	assert_same(&plain, &wanting);
	assert_same(&plain, &event);
	const struct task_object *task = (const void *)plain.objects[2];
	const struct agent_object *agent = (const void *)plain.objects[0];
	assert_false(task->has_more);
	assert_false(agent->has_more);
	assert_int_equal(task_object_more(task)->visibility, VISIBILITY_NONE);
	assert_text(task_object_label(task, text_of("dns")), "");
	assert_network(task, "a", " =");
	assert_text(agent_object_attribute(agent, text_of("rack")), "");
	assert_int_equal(plain.objects[0]->size, sizeof(*agent) + strlen("S010.0.0.8"));
	/* Something else is wanted, which these have not. */
	empty->bits = WANTS_HOSTNAME;
	assert_int_equal(wants_add(empty, WANTS_LABELS, text_of("nobody's")), KNOT_EOK);
	assert_int_equal(read_state(&wanting, state_text, 100, empty), KNOT_EOK);
	assert_true(object_equal(plain.objects[2], wanting.objects[2]));
	assert_false(object_equal(plain.objects[0], wanting.objects[0]));
	drop(&plain);
	drop(&wanting);
	drop(&event);
	wants_unref(empty);
}

/*! \brief An update leaves what a task said, and has networks of its own. */
static void test_update(void **unused)
{
	(void)unused;
	static const char text[] =
	        "{\"type\":\"TASK_UPDATED\",\"task_updated\":{\"framework_id\":{\"value\":\"F0\"},"
	        "\"status\":{\"task_id\":{\"value\":\"t\"},\"state\":\"TASK_RUNNING\","
	        "\"timestamp\":2,"
	        "\"container_status\":{\"network_infos\":[{\"name\":\"x\",\"ip_addresses\":[{"
	        "\"ip_address\":\"10.1.0.1\"}]},{\"name\":\"a\",\"ip_addresses\":[{\"ip_address\":"
	        "\"10.1.0.2\"}]}]}},\"state\":\"TASK_RUNNING\"}}";
	struct wants *wants = all_wants();
	struct taken taken = { 0 };
	assert_int_equal(read_state(&taken, state_text, 100, wants), KNOT_EOK);
	struct event_parser *parser = event_parser_new();
	event_parser_want(parser, wants);
	struct event event;
	assert_int_equal(event_parser_feed(parser, text, strlen(text)), KNOT_EOK);
	assert_int_equal(event_parser_finish(parser, &event), KNOT_EOK);

	struct object_writer writer = { 0 };
	const struct task_object *before = (const void *)taken.objects[2];
	const struct object *after = object_write_updated(&writer, before,
	                                                  (const void *)event.object);
	keep(&taken, 2, after);
	const struct task_object *task = (const void *)taken.objects[2];
	assert_text(task_object_label(task, text_of("tier")), "before its key");
	assert_text(object_text(task, task_object_more(task)->role), "web");
	assert_network(task, "a", " =10.1.0.2,");
	assert_network(task, "b", " =");
	/* Another framework's, it says the same. */
	const struct object *moved = object_write_moved(&writer, task, text_of("F1"));
	task = (const struct task_object *)moved;
	assert_network(task, "a", " =10.1.0.2,");
	assert_text(task_object_own_label(task, text_of("dns"), true), "of discovery");
	object_writer_free(&writer);
	event_parser_free(parser);
	drop(&taken);
	wants_unref(wants);
}

/*! \brief Wants that come in the middle of a record count from the next one on. */
static void test_change_in_a_record(void **unused)
{
	(void)unused;
	struct wants *wants = all_wants();
	struct event_parser *parser = event_parser_new();
	const char *text = event_texts[2];
	struct event event;
	assert_int_equal(event_parser_feed(parser, text, 100), KNOT_EOK);
	event_parser_want(parser, wants);
	event_parser_want(parser, wants);
	assert_int_equal(event_parser_feed(parser, text + 100, strlen(text) - 100), KNOT_EOK);
	assert_int_equal(event_parser_finish(parser, &event), KNOT_EOK);
	assert_true(event.is_behind);
	assert_false(((const struct task_object *)event.object)->has_more);
	assert_int_equal(event_parser_feed(parser, text, strlen(text)), KNOT_EOK);
	assert_int_equal(event_parser_finish(parser, &event), KNOT_EOK);
	assert_false(event.is_behind);
	assert_true(((const struct task_object *)event.object)->has_more);
	event_parser_want(parser, NULL);
	assert_int_equal(event_parser_feed(parser, text, strlen(text)), KNOT_EOK);
	assert_int_equal(event_parser_finish(parser, &event), KNOT_EOK);
	assert_false(((const struct task_object *)event.object)->has_more);
	event_parser_free(parser);
	wants_unref(wants);
}

/*! \brief An agent that is recovered says nothing; least of all what the one before it said. */
static void test_recovered(void **unused)
{
	(void)unused;
	struct wants *wants = all_wants();
	struct taken taken = { 0 };
	assert_int_equal(read_state(&taken,
	                            "{\"leader\":\"m@10.0.0.9:5050\",\"slaves\":[{\"id\":\"S0\","
	                            "\"hostname\":\"node\",\"attributes\":{\"rack\":\"r\"}}],"
	                            "\"recovered_slaves\":[{\"id\":\"S1\",\"hostname\":\"x\"}],"
	                            "\"frameworks\":[]}",
	                            1000, wants),
	                 KNOT_EOK);
	const struct agent_object *agent = (const void *)taken.objects[0];
	assert_text(object_text(agent, agent->object.id), "S1");
	assert_false(agent->has_more);
	drop(&taken);
	wants_unref(wants);
}

/*! \brief Reads a framework with these keys; its role. */
static void check_role(const char *keys, const char *expected)
{
	char text[512];
	snprintf(
	        text, sizeof(text),
	        "{\"leader\":\"m@10.0.0.9:5050\",\"slaves\":[],\"frameworks\":[{\"id\":\"F\",%s}]}",
	        keys);
	struct wants *wants = wants_new();
	struct taken taken = { 0 };
	wants->bits = WANTS_ROLE;
	assert_int_equal(read_state(&taken, text, 7, wants), KNOT_EOK);
	const struct framework_object *framework = (const void *)taken.objects[1];
	assert_text(object_text(framework, framework->role), expected);
	drop(&taken);
	wants_unref(wants);
}

static void test_roles(void **unused)
{
	(void)unused;
	check_role("\"role\":\"a\"", "a");
	check_role("\"roles\":[\"b\"]", "b");
	check_role("\"roles\":[\"b\",\"c\"]", "");
	check_role("\"roles\":[]", "");
	check_role("\"roles\":[\"b\",\"c\"],\"role\":\"a\"", "a");
	check_role("\"role\":\"a\",\"roles\":[\"b\"]", "a");
	check_role("\"role\":7,\"roles\":\"b\"", "");
}

/*! \brief A task with ten thousand labels, and a value of 1 MB, costs what is wanted of it. */
static void test_hostile(void **unused)
{
	(void)unused;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	fputs("{\"leader\":\"m@10.0.0.9:5050\",\"slaves\":[],\"frameworks\":[{\"id\":\"F\","
	      "\"tasks\":["
	      "{\"id\":\"t\",\"slave_id\":\"S\",\"state\":\"TASK_RUNNING\",\"labels\":["
	      "{\"key\":\"tier\",\"value\":\"",
	      out);
	for (unsigned i = 0; i < 1U << 20; i++) {
		fputc('v', out);
	}
	fputs("\"}", out);
	for (unsigned i = 0; i < 10000; i++) {
		fprintf(out, ",{\"value\":\"v%u\",\"key\":\"%s\"}", i, i % 2 ? "dns" : "unwanted");
	}
	fputs("],\"discovery\":{\"labels\":{\"labels\":[[],{\"labels\":{}},{\"key\":{},\"value\":[]"
	      "}]},"
	      "\"visibility\":{},\"environment\":5,\"version\":\"",
	      out);
	for (unsigned i = 0; i < 1U << 20; i++) {
		fputc('v', out);
	}
	fputs("\"}}]}]}", out);
	fclose(out);
	struct wants *wants = all_wants();
	struct taken taken = { 0 };
	assert_int_equal(read_state(&taken, text, 16384, wants), KNOT_EOK);
	const struct task_object *task = (const void *)taken.objects[2];
	assert_text(task_object_label(task, text_of("dns")), "v1");
	assert_text(task_object_label(task, text_of("tier")), "");
	assert_text(object_text(task, task_object_more(task)->version), "");
	assert_int_equal(task_object_more(task)->visibility, VISIBILITY_OTHER);
	assert_in_range(task->object.size, 1, 1000);
	drop(&taken);
	wants_unref(wants);
	free(text);
}

/*! \brief A text with 200 items of 60 000 bytes each between two others; to be freed. */
static char *flood(const char *head, const char *before, const char *after, const char *tail)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	fputs(head, out);
	for (unsigned i = 0; i < 200; i++) {
		fprintf(out, "%s%s%060000u%s", i > 0 ? "," : "", before, i, after);
	}
	fputs(tail, out);
	fclose(out);
	return text;
}

/*! \brief Reads an event alone. */
static int read_event(const char *text, struct wants *wants)
{
	struct event_parser *parser = event_parser_new();
	struct event event;
	event_parser_want(parser, wants);
	(void)event_parser_feed(parser, text, strlen(text));
	int ret = event_parser_finish(parser, &event);
	event_parser_free(parser);
	return ret;
}

/*! \brief What is said again and again takes room once, however often. */
static void test_repeated(void **unused)
{
	(void)unused;
	static const struct {
		bool is_event;
		const char *head, *before, *after, *tail;
	} cases[] = {
		{ false,
		  "{\"leader\":\"m@10.0.0.9:5050\",\"slaves\":[],\"frameworks\":[{\"id\":\"F\","
		  "\"tasks\":[{\"id\":\"t\",\"slave_id\":\"S\",\"state\":\"TASK_RUNNING\","
		  "\"labels\":[",
		  "{\"key\":\"dns\",\"value\":\"", "\"}", "]}]}]}" },
		{ false,
		  "{\"leader\":\"m@10.0.0.9:5050\",\"frameworks\":[],\"slaves\":[{\"id\":\"S\","
		  "\"attributes\":{",
		  "\"rack\":\"", "\"", "}}]}" },
		{ true,
		  "{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":{\"task_id\":{\"value\":\"t\"}"
		  ","
		  "\"framework_id\":{\"value\":\"F\"},\"agent_id\":{\"value\":\"S\"},"
		  "\"state\":\"TASK_RUNNING\",\"labels\":{\"labels\":[",
		  "{\"value\":\"", "\",\"key\":\"dns\"}", "]}}}}" },
		{ true,
		  "{\"type\":\"AGENT_ADDED\",\"agent_added\":{\"agent\":{\"agent_info\":{\"id\":"
		  "{\"value\":\"S\"},\"attributes\":[",
		  "{\"text\":{\"value\":\"", "\"},\"name\":\"unwanted\"}", "]}}}}" },
		{ true,
		  "{\"type\":\"AGENT_ADDED\",\"agent_added\":{\"agent\":{\"agent_info\":{\"id\":"
		  "{\"value\":\"S\"},\"attributes\":[",
		  "{\"name\":\"rack\",\"text\":{\"value\":\"", "\"}}", "]}}}}" },
	};
	struct wants *wants = all_wants();
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = flood(cases[i].head, cases[i].before, cases[i].after, cases[i].tail);
		struct taken taken = { 0 };
		alloc_most = 0;
		assert_int_equal(cases[i].is_event ? read_event(text, wants)
		                                   : read_state(&taken, text, 16384, wants),
		                 KNOT_EOK);
		/* An arena's blocks are as large as all before them. */
		assert_in_range(alloc_most, 1, 400000);
		drop(&taken);
		free(text);
	}
	wants_unref(wants);
}

static void test_keys(void **unused)
{
	(void)unused;
	struct wants *a = wants_new(), *b = wants_new();
	assert_true(wants_cover(NULL, a));
	assert_true(wants_cover(a, NULL));
	assert_int_equal(wants_add(a, WANTS_LABELS, text_of("x")), KNOT_EOK);
	assert_int_equal(wants_add(a, WANTS_LABELS, text_of("x")), KNOT_EOK);
	assert_int_equal(a->keys[WANTS_LABELS].count, 1);
	assert_int_equal(wants_find(a, WANTS_LABELS, text_of("x")), 0);
	assert_true(wants_find(a, WANTS_NETWORKS, text_of("x")) == WANTS_NONE);
	assert_true(wants_find(NULL, WANTS_LABELS, text_of("x")) == WANTS_NONE);
	assert_false(wants_cover(NULL, a));
	assert_false(wants_cover(b, a));
	assert_true(wants_cover(a, b));
	assert_int_equal(wants_add_all(b, a), KNOT_EOK);
	assert_true(wants_cover(b, a));
	a->bits = WANTS_ROLE;
	assert_false(wants_cover(b, a));
	assert_true(wants_of_tasks(a));
	for (unsigned i = 0; i < WANTS_KEYS_MAX; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%u", i);
		assert_int_equal(wants_add(b, WANTS_ATTRIBUTES, text_of(key)), KNOT_EOK);
	}
	assert_int_equal(wants_add(b, WANTS_ATTRIBUTES, text_of("one more")), KNOT_ESPACE);
	/* All of them have places. */
	struct taken taken = { 0 };
	assert_int_equal(read_state(&taken,
	                            "{\"leader\":\"m@10.0.0.9:5050\",\"slaves\":[{\"id\":\"S\","
	                            "\"attributes\":{\"95\":\"last\"}}],\"frameworks\":[]}",
	                            9, b),
	                 KNOT_EOK);
	assert_text(agent_object_attribute((const void *)taken.objects[0], text_of("95")), "last");
	drop(&taken);
	wants_unref(a);
	wants_unref(b);
}

/*! \brief Without memory at any place there is an error, and nothing is lost of it. */
static void test_no_memory(void **unused)
{
	(void)unused;
	struct wants *wants = all_wants();
	struct taken whole = { 0 };
	assert_int_equal(read_state(&whole, state_text, 50, wants), KNOT_EOK);
	long n = 0;
	for (bool is_over = false; !is_over; n++) {
		struct taken state = { 0 }, event = { 0 };
		alloc_has_failed = false;
		alloc_fails_in = n;
		int ret = read_state(&state, state_text, 50, wants);
		int of_events = ret == KNOT_EOK ? read_events(&event, wants) : KNOT_ENOMEM;
		alloc_fails_in = -1;
		is_over = !alloc_has_failed;
		if (is_over) {
			assert_int_equal(ret, KNOT_EOK);
			assert_int_equal(of_events, KNOT_EOK);
			assert_same(&state, &whole);
			assert_same(&event, &whole);
		} else {
			assert_int_equal(of_events, KNOT_ENOMEM);
		}
		drop(&state);
		drop(&event);
	}
	assert_in_range(n, 10, 1000);
	for (n = 0;; n++) {
		alloc_has_failed = false;
		alloc_fails_in = n;
		struct wants *copy = wants_new();
		int ret = copy != NULL ? wants_add_all(copy, wants) : KNOT_ENOMEM;
		alloc_fails_in = -1;
		assert_int_equal(ret == KNOT_ENOMEM, alloc_has_failed);
		wants_unref(copy);
		if (!alloc_has_failed) {
			break;
		}
	}
	assert_in_range(n, 10, 100);
	drop(&whole);
	wants_unref(wants);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states_and_events),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_change_in_a_record),
		cmocka_unit_test(test_recovered),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
