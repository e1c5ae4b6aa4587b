/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "module/masters/credential.h"
#include "module/masters/login.h"
#include "module/masters/master_private.h"
#include "module/base/util.h"

/*! \brief Longest sleep in milliseconds in a fetch, or if nobody can wake it (no descriptors). */
#define SLICE_MS 500

/*! \brief How long after the others were asked they are asked again, in milliseconds. */
#define LOOK_MS 1000

struct master_client *master_new(const struct master_settings *settings, struct resolver *resolver,
                                 const atomic_bool *stop, const struct master_sink *sink)
{
	struct master_client *client = calloc(1, sizeof(*client));
	if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(client);
		return NULL;
	}

	client->settings = settings;
	client->resolver = resolver;
	client->stop = stop;
	client->sink = *sink;
	client->multi = curl_multi_init();
	client->login = settings->iam_file != NULL ? login_new(client) : NULL;
	if (client->multi == NULL || (settings->iam_file != NULL && client->login == NULL)) {
		master_free(client);
		return NULL;
	}
	client->can_wake = curl_multi_wakeup(client->multi) == CURLM_OK;
	return client;
}

void master_want(struct master_client *client, struct wants *wants)
{
	struct wants *before = client->wants;
	client->wants = wants_ref(wants);
	wants_unref(before);
}

void master_free(struct master_client *client)
{
	if (client != NULL) {
		wants_unref(client->wants);
		login_free(client->login);
		curl_multi_cleanup(client->multi);
		curl_global_cleanup();
		free(client);
	}
}

void master_wake(struct master_client *client)
{
	atomic_store(&client->woken, true);
	(void)curl_multi_wakeup(client->multi);
}

void master_set_known(struct master_client *client, const struct endpoint *masters, size_t count)
{
	client->known = masters;
	client->known_count = count;
	client->failed_count = 0;
	login_begin(client->login);
}

bool master_has_failed(const struct master_client *client, const struct endpoint *master)
{
	for (size_t i = 0; i < client->failed_count; i++) {
		const struct endpoint *failed = &client->failed[i].endpoint;
		if (endpoint_equal(failed, master) && failed->tls == master->tls) {
			return true;
		}
	}
	return false;
}

/*! \brief Makes a request for a known master; nothing is asked yet. */
static void prepare(struct master_client *client, struct request *req,
                    const struct endpoint *master, int64_t deadline)
{
	*req = (struct request){
		.transfer = {
			.client = client,
			.hops = { { .endpoint = *master, .path = STATE_PATH } },
			.hops_count = 1,
			.trusted = true,
		},
		.deadline = deadline,
	};
}

static bool is_under_way(const struct request *req)
{
	return req->transfer.easy != NULL || req->is_waiting;
}

/*! \brief Finds the request under way that asks a master; NULL if none does. */
static struct request *find_request(struct master_client *client, const struct endpoint *master)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request *req = &client->requests[i];
		if (is_under_way(req) &&
		    transfer_same_master(client, transfer_endpoint(&req->transfer), master)) {
			return req;
		}
	}
	return NULL;
}

/*! \brief Looks at what a request has come to: a state, an end, or its next hop. */
static int end_hop(struct master_client *client, struct request *req, CURLcode code)
{
	if (code == CURLE_OK && login_is_worth_retrying(&req->transfer)) {
		request_end(req);
		return request_begin(req);
	}
	int ret = code == CURLE_OK ? reply_take(req) : request_explain(req, code);
	request_end(req);
	if (ret != KNOT_EOK || req->reply.state != NULL) {
		return ret;
	}

	struct request *other = find_request(client, transfer_endpoint(&req->transfer));
	if (other == NULL) {
		return request_begin(req);
	}
	if (req == client->first) {
		client->first = other;
	}
	return KNOT_EOK;
}

/*! \brief Takes the requests that have ended, up to one with a state, which becomes the first. */
static int take_ended(struct master_client *client)
{
	int left;
	CURLMsg *msg;
	while ((msg = curl_multi_info_read(client->multi, &left)) != NULL) {
		struct transfer *transfer = NULL;
		if (msg->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &transfer) != CURLE_OK) {
			continue;
		}
		if (transfer->on_done != NULL) {
			transfer->on_done(transfer, msg->data.result);
			continue;
		}
		struct request *req = (struct request *)transfer;
		bool is_first = req == client->first;
		int ret = end_hop(client, req, msg->data.result);
		if (ret != KNOT_EOK && is_first) {
			return ret;
		}
		if (req->reply.state != NULL) {
			client->first = req;
			return KNOT_EOK;
		}
	}
	return KNOT_EOK;
}

/*! \brief Asks what had to wait for a login that is over; as take_ended(). */
static int take_up(struct master_client *client)
{
	for (size_t i = 0; i < REQUESTS_MAX && !login_is_under_way(client->login); i++) {
		struct request *req = &client->requests[i];
		int ret = req->is_waiting ? request_begin(req) : KNOT_EOK;
		if (ret != KNOT_EOK && req == client->first) {
			return ret;
		}
	}
	return KNOT_EOK;
}

/*! \brief Asks a known master too, unless it is being asked. */
static void ask_too(struct master_client *client, const struct endpoint *master)
{
	if (find_request(client, master) != NULL) {
		return;
	}
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request *req = &client->requests[i];
		if (!is_under_way(req)) {
			prepare(client, req, master, client->first->deadline);
			(void)request_begin(req);
			return;
		}
	}
}

/*!
 * \brief Asks the others if the master that is asked is silent.
 *
 * A standby says at once who leads. That this is the silent one is looked at again later; another
 * one is asked beside it, for the silent one may only be slow.
 */
static void look_around(struct master_client *client, const struct master_watch *watch)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	const struct request *first = client->first;
	if (first->is_waiting) {
		/* For a login: no master is silent. */
		return;
	}
	if (now - first->transfer.heard < MASTER_SILENT_MS || now < client->next_look) {
		return;
	}
	if (client->next_look == 0 && watch != NULL) {
		watch->on_silence(watch->ctx, transfer_endpoint(&first->transfer));
	}
	client->next_look = now + LOOK_MS;
	for (size_t i = 0; i < client->known_count; i++) {
		ask_too(client, &client->known[i]);
	}
}

/*!
 * \brief Lets a state come that was held back, if it can go to the sink now.
 *
 * The one that goes there makes way if it is silent: it may never end. Its master can be asked
 * again.
 */
static void make_way(struct master_client *client)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request *req = &client->requests[i], *taken = client->taken;
		if (req->transfer.easy == NULL || !req->is_held) {
			continue;
		}
		if (taken != NULL &&
		    clock_ms(CLOCK_MONOTONIC) - taken->transfer.heard < MASTER_SILENT_MS) {
			return;
		}
		if (taken != NULL) {
			request_end(taken);
			client->first = taken == client->first ? req : client->first;
		}
		request_release(req);
		return;
	}
}

/*!
 * \brief Lets all that is under way go on, as far as it has come.
 *
 * \return As take_ended().
 */
static int turn(struct master_client *client, const struct master_watch *watch)
{
	int running;
	int ret = KNOT_EOK;
	if (curl_multi_perform(client->multi, &running) != CURLM_OK) {
		if (client->stream != NULL) {
			stream_starve(client->stream);
		}
		ret = KNOT_ENOMEM;
	}
	if (ret == KNOT_EOK) {
		ret = take_ended(client);
	}
	if (ret == KNOT_EOK) {
		ret = take_up(client);
	}
	/* After what has come has been read: this thread may have been busy. */
	if (client->stream != NULL) {
		stream_tend(client->stream);
	}
	if (watch != NULL && watch->on_turn != NULL) {
		watch->on_turn(watch->ctx);
	}
	return ret;
}

/*! \brief Waits until something comes, or until a time (CLOCK_MONOTONIC in ms). */
static void sleep_until(struct master_client *client, int64_t until)
{
	if (client->stream != NULL) {
		until = MIN(until, stream_deadline(client->stream));
	}
	int64_t left = until - clock_ms(CLOCK_MONOTONIC);
	int wait = (int)MAX(MIN(left, client->can_wake ? INT_MAX : SLICE_MS), 0);
	if (curl_multi_poll(client->multi, NULL, 0, wait, NULL) != CURLM_OK) {
		/* Nothing can be waited for, such as for want of memory. */
		poll(NULL, 0, MIN(wait, SLICE_MS));
	}
}

/*! \brief Runs the requests until the first one has come to its end. */
static int run(struct master_client *client, const struct master_watch *watch)
{
	while (!atomic_load(client->stop)) {
		if (atomic_exchange(&client->woken, false) && watch != NULL &&
		    watch->is_over(watch->ctx)) {
			return KNOT_EAGAIN;
		}
		int ret = turn(client, watch);
		if (ret == KNOT_ENOMEM) {
			return transfer_fail(&client->first->transfer, POLL_LOCAL, "out of memory");
		}
		if (ret != KNOT_EOK || client->first->reply.state != NULL) {
			return ret;
		}
		look_around(client, watch);
		make_way(client);
		sleep_until(client, clock_ms(CLOCK_MONOTONIC) + SLICE_MS);
	}
	return KNOT_ECONNABORTED;
}

void master_wait(struct master_client *client, int64_t until, const struct master_watch *watch)
{
	while (!atomic_load(client->stop)) {
		(void)turn(client, watch);
		if (atomic_exchange(&client->woken, false) || clock_ms(CLOCK_MONOTONIC) >= until) {
			return;
		}
		sleep_until(client, until);
	}
}

/*! \brief Remembers for the rest of the poll that a master has failed. */
static void note_failure(struct master_client *client, const struct request *req)
{
	if (client->failed_count < FAILED_MAX && req->transfer.outcome != POLL_LOCAL &&
	    req->transfer.outcome != POLL_LOGIN) {
		client->failed[client->failed_count++] = (struct failed){
			.endpoint = *transfer_endpoint(&req->transfer),
			.outcome = req->transfer.outcome,
		};
	}
}

int master_fetch(struct master_client *client, const struct endpoint *master,
                 const struct master_watch *watch, struct master_reply *reply)
{
	int64_t timeout = (int64_t)client->settings->timeout * 1000;
	client->next_look = 0;
	client->first = &client->requests[0];
	prepare(client, client->first, master, clock_ms(CLOCK_MONOTONIC) + timeout);

	int ret = transfer_credential(&client->first->transfer, &client->credential);
	if (ret == KNOT_EOK) {
		ret = request_begin(client->first);
	}
	if (ret == KNOT_EOK) {
		ret = run(client, watch);
	}
	if (ret == KNOT_ECONN) {
		note_failure(client, client->first);
	}
	*reply = client->first->reply;
	reply->outcome = client->first->transfer.outcome;
	transfer_describe(&client->first->transfer, reply->error);

	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		request_end(&client->requests[i]);
	}
	credential_free(client->credential);
	client->credential = NULL;
	return ret;
}
