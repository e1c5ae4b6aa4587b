/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Masters' replies as they come from the network: headers, redirects, coding, document.
 *
 *     fuzz_reply -dict=tests/fuzz/json.dict tests/fuzz/corpus/reply
 *
 * The input is what fuzz_peer.h says. What has to be true besides: a fetch gives either a state or
 * a line to log without control characters.
 */
#include "tests/fuzz/fuzz_peer.h"

static void check_reply(int ret, const struct master_reply *reply)
{
	if ((ret == KNOT_EOK) != (reply->state != NULL) ||
	    (ret == KNOT_EOK) != (reply->error[0] == '\0')) {
		die("a state and an error, or neither", reply->error);
	}
	check_line(reply->error);
	if (ret != KNOT_EOK && ret != KNOT_ECONN) {
		die("another error", knot_strerror(ret));
	}
}

/*! \brief What a sink has been told. */
struct taken {
	bool is_taking;
};

static void begin_state(void *ctx)
{
	struct taken *taken = ctx;
	if (taken->is_taking) {
		die("two states at once", "");
	}
	taken->is_taking = true;
}

static void abort_state(void *ctx)
{
	struct taken *taken = ctx;
	if (!taken->is_taking) {
		die("none was begun", "");
	}
	taken->is_taking = false;
}

static int take(const struct taken *taken)
{
	if (!taken->is_taking) {
		die("an object of no state", "");
	}
	return KNOT_EOK;
}

static int take_agent(void *ctx, const struct agent_object *agent)
{
	(void)agent;
	return take(ctx);
}

static int take_framework(void *ctx, const struct framework_object *framework)
{
	(void)framework;
	return take(ctx);
}

static int take_task(void *ctx, const struct task_object *task)
{
	(void)task;
	return take(ctx);
}

static const struct objects_sink objects = { take_agent, take_framework, take_task };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3 || size > INPUT_MAX) {
		return 0;
	}
	set_input(data, size);

	static char no_certificates[] = "/dev/null";
	const atomic_bool stop = false;
	const struct master_settings settings = {
		.timeout = 10,
		.credential_file = credential_file,
		.ca_file = no_certificates,
	};
	struct resolver *resolver = resolver_new(&stop);
	struct taken taken = { 0 };
	const struct master_sink sink = { &objects, begin_state, abort_state, &taken };
	struct master_client *client = master_new(&settings, resolver, &stop, &sink);
	if (resolver == NULL || client == NULL) {
		die("no client", "");
	}
	resolver_begin(resolver);
	master_set_known(client, masters, sizeof(masters) / sizeof(*masters));

	struct master_reply reply;
	int ret = master_fetch(client, &masters[0], NULL, &reply);
	check_reply(ret, &reply);
	if (taken.is_taking != (reply.state != NULL)) {
		die("a state that was begun counts, or is aborted", reply.error);
	}
	objects_parser_free(reply.state);
	master_free(client);
	resolver_free(resolver);
	check_requests();
	return 0;
}
