/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/masters/master_private.h"

/*! \brief Refuses a master that has failed in this poll already; KNOT_EOK if it has not. */
static int refuse_failed(struct request *req, const struct endpoint *next)
{
	const struct master_client *client = req->transfer.client;
	char name[ENDPOINT_TEXT_MAX];
	for (size_t i = 0; i < client->failed_count && req == client->first; i++) {
		const struct failed *failed = &client->failed[i];
		if (endpoint_equal(&failed->endpoint, next) && failed->endpoint.tls == next->tls &&
		    !endpoint_equal(next, transfer_endpoint(&req->transfer))) {
			return transfer_fail(&req->transfer, failed->outcome, "it redirects to %s",
			                     endpoint_text(next, false, name));
		}
	}
	return KNOT_EOK;
}

/*! \brief Turns to another master. */
static int go_on(struct request *req, const struct hop *next)
{
	int ret = transfer_refuse_loop(&req->transfer, next);
	if (ret == KNOT_EOK) {
		ret = refuse_failed(req, &next->endpoint);
	}
	return ret == KNOT_EOK ? transfer_go_on(&req->transfer, next) : ret;
}

/*! \brief Follows a redirect to the leader. */
static int redirect(struct request *req)
{
	struct hop next;
	int ret = transfer_redirect(&req->transfer, STATE_PATH, &next);
	return ret == KNOT_EOK ? go_on(req, &next) : ret;
}

/*! \brief Takes the state of a complete reply, or the way to the leader that it names. */
static int take_state(struct request *req)
{
	struct master_facts facts;
	if (req->gzip != NULL && !master_gzip_is_whole(req->gzip)) {
		return transfer_fail(&req->transfer, POLL_BAD_REPLY, "the reply ends too early");
	}
	int ret = objects_parser_finish(req->parser, &facts);
	switch (ret) {
	case KNOT_EOK: break;
	case KNOT_EMALF:
		return transfer_fail(&req->transfer, POLL_BAD_REPLY, "the reply ends too early");
	case KNOT_ENOENT:
		return transfer_fail(&req->transfer, POLL_BAD_REPLY,
		                     "the reply is not a master's state");
	default: return transfer_fail(&req->transfer, POLL_LOCAL, "%s", knot_strerror(ret));
	}

	struct endpoint self, leader;
	bool tls = transfer_endpoint(&req->transfer)->tls;
	if (!endpoint_set(&leader, facts.leader_host, facts.leader_port, tls)) {
		return transfer_fail(&req->transfer, POLL_BAD_REPLY, "its leader has no host name");
	}
	if (endpoint_set(&self, facts.pid_host, facts.pid_port, tls) &&
	    !endpoint_equal(&self, &leader)) {
		return go_on(req, &(struct hop){ .endpoint = leader, .path = STATE_PATH });
	}

	const char *date = transfer_header(&req->transfer, "Date");
	req->reply.state = req->parser;
	req->reply.facts = facts;
	req->parser = NULL;
	req->reply.asked = req->transfer.hops[0].endpoint;
	req->reply.answered = *transfer_endpoint(&req->transfer);
	req->reply.trusted = req->transfer.trusted;
	req->reply.leader = leader;
	req->reply.bytes = req->bytes;
	req->reply.date = date != NULL ? curl_getdate(date, NULL) : 0;
	return KNOT_EOK;
}

int reply_take(struct request *req)
{
	static const struct transfer_refusal refusals[] = {
		{ 401, "it wants a (better) credential-file or iam-file" },
		{ 403, "the principal may not see the state" },
		{ 404, "it may just be starting" },
		{ 503, "it knows of no leader" },
		{ 0 },
	};
	if (transfer_status(&req->transfer) == 200) {
		return take_state(req);
	}
	return transfer_is_redirect(&req->transfer) ? redirect(req)
	                                            : transfer_refuse(&req->transfer, refusals);
}
