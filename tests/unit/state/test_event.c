/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/failing_alloc.h"
#include "tests/unit/json/json_wrong_types.h"
#include "tests/unit/state/object_parse.h"

#define STATUS(more)                                                                            \
	"{" more "\"state\":\"TASK_RUNNING\",\"timestamp\":2.5,\"reason\":\"R\",\"uuid\":"      \
	"\"x\",\"labels\":{\"labels\":[{\"key\":\"Docker.NetworkSettings.IPAddress\","          \
	"\"value\":\"10.0.3.5\"},{\"key\":\"MesosContainerizer.NetworkSettings.IPAddress\","    \
	"\"value\":\"10.0.3.4\"}]},\"container_status\":{\"network_infos\":[{\"ip_addresses\":" \
	"[{\"ip_address\":\"10.0.3.1\"},{\"ip_address\":\"fd00::1/64\"}],\"name\":\"n\","       \
	"\"port_mappings\":[{\"host_port\":31002,\"container_port\":80}]}]}}"

#define TASK                                                                                       \
	"{\"name\":\"web\",\"task_id\":{\"value\":\"T0\"},\"framework_id\":{\"value\":\"F0\"},"    \
	"\"agent_id\":{\"value\":\"S0\"},\"state\":\"TASK_RUNNING\",\"labels\":{\"labels\":["      \
	"{\"key\":\"Docker.NetworkSettings.IPAddress\",\"value\":\"10.9.9.9\"}]},"                 \
	"\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1.0}},"       \
	"{\"ranges\":{\"range\":[{\"begin\":31010,\"end\":31011},{\"begin\":31000,\"end\":31002}"  \
	"]},\"name\":\"ports\",\"type\":\"RANGES\"},"                                              \
	"{\"name\":\"ports\",\"ranges\":{\"range\":[{\"begin\":31012,\"end\":31012},"              \
	"{\"begin\":31001,\"end\":31001},{\"begin\":7,\"end\":6},{\"begin\":70000,\"end\":70001}," \
	"{\"begin\":1}]},\"reservations\":[{}]},"                                                  \
	"{\"name\":\"ports\",\"revocable\":{},\"ranges\":{\"range\":[{\"begin\":1,\"end\":2}]}},"  \
	"{\"name\":\"disks\",\"ranges\":{\"range\":[{\"begin\":3,\"end\":4}]}}],"                  \
	"\"discovery\":{\"name\":\"web.prod\",\"visibility\":\"CLUSTER\",\"ports\":{\"ports\":["   \
	"{\"number\":8080,\"name\":\"http\",\"protocol\":\"tcp\"}]}},"                             \
	"\"container\":{\"docker\":{\"port_mappings\":[{\"host_port\":31000}]}},"                  \
	"\"statuses\":[{\"state\":\"TASK_RUNNING\",\"timestamp\":9},{\"state\":"                   \
	"\"TASK_STARTING\",\"timestamp\":1}," STATUS("") "]}"

#define FRAMEWORK_INFO                                                                  \
	"{\"id\":{\"value\":\"F0\"},\"name\":\"marathon\",\"hostname\":\"sched.test\"," \
	"\"roles\":[\"*\"]}"
#define AGENT                                                                                     \
	"{\"agent_info\":{\"hostname\":\"h\",\"id\":{\"value\":\"S0\"},\"resources\":[{\"name\":" \
	"\"ports\",\"ranges\":{\"range\":[{\"begin\":1,\"end\":2}]}}]},\"active\":true,"          \
	"\"pid\":\"slave(1)@10.0.1.1:5051\"}"

#define AGENT_TEXT "agent id=\"S0\" host=\"10.0.1.1\" port=5051 registered=1\n"
#define FRAMEWORK_TEXT(recovered)                                                  \
	"framework id=\"F0\" name=\"marathon\" pid=\"\":0 hostname=\"sched.test\"" \
	" recovered=" recovered " told=0\n"
#define ADDRESSES "netinfo=10.0.3.1,fd00::1, mesos=10.0.3.4, docker=10.0.3.5, maps_ports=1"

/*! \brief An event of each kind and what it says. */
static const struct {
	const char *json;
	const char *text;
} events[] = {
	{ "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"get_state\":{\"get_tasks\":{\"tasks\":[" TASK
	  "]},\"get_agents\":{\"agents\":[" AGENT "]}},\"heartbeat_interval_seconds\":15.0}}",
	  "subscribed 15 \n" },
	{ "{\"type\":\"HEARTBEAT\"}", "heartbeat 0 \n" },
	{ "{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":" TASK "}}",
	  "task_added 0 task id=\"T0\" name=\"web\" discovery=\"web.prod\" agent=\"S0\" "
	  "ranges=31000-31002,31010-31012, ports=(8080 name=\"http\" protocol=\"tcp\") netinfo= "
	  "mesos= docker= maps_ports=1 framework=\"F0\" life=2 statuses=(9.000)(2.500 last)\n" },
	{ "{\"type\":\"TASK_UPDATED\",\"task_updated\":{\"framework_id\":{\"value\":\"F0\"},"
	  "\"status\":" STATUS(
	          "\"task_id\":{\"value\":\"T0\"},\"agent_id\":{\"value\":\"S0\"},") ",\"state\":"
	                                                                             "\"TASK_"
	                                                                             "RUNNING\"}}",
	  "task_updated 0 task id=\"T0\" name=\"\" discovery=\"\" agent=\"\" ranges= "
	  "ports= " ADDRESSES " framework=\"F0\" life=2 statuses=(2.500 last)\n" },
	{ "{\"type\":\"FRAMEWORK_ADDED\",\"framework_added\":{\"framework\":{\"framework_"
	  "info\":" FRAMEWORK_INFO ",\"active\":true,\"recovered\":false}}}",
	  "framework_added 0 " FRAMEWORK_TEXT("0") },
	{ "{\"type\":\"FRAMEWORK_UPDATED\",\"framework_updated\":{\"framework\":{"
	  "\"framework_info\":" FRAMEWORK_INFO ",\"recovered\":true}}}",
	  "framework_updated 0 " FRAMEWORK_TEXT("1") },
	{ "{\"type\":\"FRAMEWORK_REMOVED\",\"framework_removed\":{\"framework_"
	  "info\":" FRAMEWORK_INFO "}}",
	  "framework_removed 0 " FRAMEWORK_TEXT("0") },
	{ "{\"type\":\"AGENT_ADDED\",\"agent_added\":{\"agent\":" AGENT "}}",
	  "agent_added 0 " AGENT_TEXT },
	{ "{\"type\":\"AGENT_REMOVED\",\"agent_removed\":{\"agent_id\":{\"value\":\"S0\"}}}",
	  "agent_removed 0 agent id=\"S0\" host=\"\" port=0 registered=0\n" },
	{ "{\"type\":\"NEW\",\"new\":{\"task\":" TASK "}}", "other 0 \n" },
	{ "{}", "other 0 \n" },
	{ "[{\"type\":\"AGENT_ADDED\"}]", "other 0 \n" },
	{ "null", "other 0 \n" },
};

enum { EVENTS = sizeof(events) / sizeof(*events) };

/*! \brief Whole, in two parts, and with its members the other way round; one parser for all. */
static void test_kinds(void **unused)
{
	(void)unused;
	struct event_parser *parser = event_parser_new();
	for (size_t i = 0; i < EVENTS; i++) {
		struct json_object *tree = json_tokener_parse(events[i].json);
		for (int how = 0; how < 4; how++) {
			char *json = rewrite(
			        tree, (struct rewrite){ .reversed = how & 1, .padded = how & 2 });
			for (size_t split = 0; split <= strlen(json); split++) {
				char *text = dump_split_event(parser, json, split);
				assert_string_equal(text, events[i].text);
				free(text);
			}
			free(json);
		}
		json_object_put(tree);
	}
	event_parser_free(parser);
}

/*! \brief A record that is cut off is an error, and the next one is as if it had not been. */
static void test_cut(void **unused)
{
	(void)unused;
	char error[32];
	snprintf(error, sizeof(error), "error %d\n", KNOT_EMALF);
	struct event_parser *parser = event_parser_new();
	for (size_t i = 0; i < EVENTS; i++) {
		for (size_t len = 0; len < strlen(events[i].json); len++) {
			(void)event_parser_feed(parser, events[i].json, len);
			char *text = finish_event(parser);
			assert_string_equal(text, error);
			free(text);
			text = dump_split_event(parser, events[(i + 1) % EVENTS].json, 0);
			assert_string_equal(text, events[(i + 1) % EVENTS].text);
			free(text);
		}
	}
	event_parser_free(parser);
}

static void test_odd(void **unused)
{
	(void)unused;
	static const char *const odd[] = {
		"{\"type\":\"TASK_ADDED\"}",
		"{\"type\":\"TASK_ADDED\",\"task_added\":null}",
		"{\"type\":\"TASK_ADDED\",\"task_added\":{}}",
		"{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":{}}}",
		"{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":[" TASK "]}}",
		"{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":{\"task_id\":{\"value\":\"T\"},"
		"\"framework_id\":{\"value\":\"F\"},\"state\":\"TASK_RUNNING\"}}}",
		"{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":{\"task_id\":\"T\","
		"\"framework_id\":{\"value\":\"F\"},\"agent_id\":{\"value\":\"S\"},\"state\":\"X\"}"
		"}}",
		"{\"type\":\"TASK_ADDED\",\"task_updated\":{\"task\":" TASK "}}",
		"{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":" TASK
		"},\"task_updated\":{\"state\":\"TASK_FINISHED\"}}",
		"{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":" TASK
		"},\"task_added\":{\"task\":" TASK "}}",
		"{\"type\":\"TASK_UPDATED\",\"task_updated\":{\"framework_id\":{\"value\":\"F\"},"
		"\"state\":\"TASK_RUNNING\"}}",
		"{\"type\":\"TASK_UPDATED\",\"task_updated\":{\"framework_id\":{\"value\":\"F\"},"
		"\"status\":{\"task_id\":{\"value\":\"T\"},\"state\":\"TASK_RUNNING\"}}}",
		"{\"type\":\"TASK_UPDATED\",\"task_updated\":{\"state\":\"TASK_RUNNING\","
		"\"status\":{\"task_id\":{\"value\":\"T\"},\"state\":\"TASK_RUNNING\"}}}",
		"{\"type\":\"FRAMEWORK_ADDED\",\"framework_added\":{\"framework\":{}}}",
		"{\"type\":\"FRAMEWORK_REMOVED\",\"framework_removed\":{\"framework_info\":{\"id\":"
		"{\"value\":\"\"}}}}",
		"{\"type\":\"AGENT_ADDED\",\"agent_added\":{\"agent\":{\"pid\":\"a@h:1\"}}}",
		"{\"type\":\"AGENT_REMOVED\",\"agent_removed\":{\"agent_id\":\"S0\"}}",
		"{\"type\":\"AGENT_REMOVED\",\"agent_added\":{\"agent\":" AGENT "}}",
	};
	struct event_parser *parser = event_parser_new();
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		char *text = dump_split_event(parser, odd[i], 1);
		assert_string_equal(text, "odd 0 \n");
		free(text);
	}
	event_parser_free(parser);
}

static char *event_meaning(void *parser, const char *json)
{
	return dump_split_event(parser, json, strlen(json) / 2);
}

static void test_wrong_types(void **unused)
{
	(void)unused;
	struct event_parser *parser = event_parser_new();
	for (size_t i = 0; i < EVENTS; i++) {
		struct json_object *doc = json_tokener_parse(events[i].json);
		if (doc != NULL) {
			check_all_types(doc, doc, event_meaning, parser);
		}
		json_object_put(doc);
	}
	event_parser_free(parser);
}

/*! \brief More ranges than an object takes. */
static void test_many_ranges(void **unused)
{
	(void)unused;
	char *json = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&json, &size);
	fputs("{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":{\"task_id\":{\"value\":\"T\"},"
	      "\"framework_id\":{\"value\":\"F\"},\"agent_id\":{\"value\":\"S\"},\"state\":\"X\","
	      "\"resources\":[{}",
	      out);
	for (unsigned i = 0; i < 3; i++) {
		fputs(",{\"name\":\"ports\",\"ranges\":{\"range\":[{}", out);
		for (unsigned port = 0; port < OBJECT_LIST_MAX + 7; port++) {
			fprintf(out, ",{\"begin\":%u,\"end\":%u}", 3 * port + i, 3 * port + i);
		}
		fputs("]}}", out);
	}
	fputs("]}}}", out);
	fclose(out);
	struct event_parser *parser = event_parser_new();
	char *text = dump_split_event(parser, json, 100);
	assert_non_null(strstr(text, " ranges=0-49151, "));
	free(text);
	event_parser_free(parser);
	free(json);
}

static void test_no_memory(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < EVENTS; i++) {
		for (long n = 0;; n++) {
			struct event event;
			int ret = KNOT_ENOMEM;
			alloc_has_failed = false;
			alloc_fails_in = n;
			struct event_parser *parser = event_parser_new();
			if (parser != NULL) {
				size_t len = strlen(events[i].json);
				ret = event_parser_feed(parser, events[i].json, len / 2);
				if (ret == KNOT_EOK) {
					ret = event_parser_feed(parser, events[i].json + len / 2,
					                        len - len / 2);
				}
				int end = event_parser_finish(parser, &event);
				ret = ret != KNOT_EOK ? ret : end;
			}
			alloc_fails_in = -1;
			assert_true(ret == KNOT_EOK || (ret == KNOT_ENOMEM && alloc_has_failed));
			if (parser != NULL) {
				char *text = dump_split_event(parser, events[i].json, 1);
				assert_string_equal(text, events[i].text);
				free(text);
			}
			event_parser_free(parser);
			if (!alloc_has_failed) {
				break;
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),       cmocka_unit_test(test_cut),
		cmocka_unit_test(test_odd),         cmocka_unit_test(test_wrong_types),
		cmocka_unit_test(test_many_ranges), cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
