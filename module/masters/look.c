/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "module/masters/look.h"
#include "module/masters/master_private.h"

/*! \brief What is asked for: a redirect to the leader, also by the leader itself. */
#define REDIRECT_PATH "/master/redirect"

/*! \brief One question. */
struct question {
	struct transfer transfer; /*!< First: libcurl gives back its address. */
	struct look *look;
};

struct look {
	struct master_client *client;
	look_other_f on_other;
	void *ctx;
	struct endpoint leader; /*!< As far as is known. */
	struct question questions[REQUESTS_MAX];
};

struct look *look_new(struct master_client *client, look_other_f on_other, void *ctx)
{
	struct look *look = calloc(1, sizeof(*look));
	if (look != NULL) {
		look->client = client;
		look->on_other = on_other;
		look->ctx = ctx;
	}
	return look;
}

void look_free(struct look *look)
{
	for (size_t i = 0; look != NULL && i < REQUESTS_MAX; i++) {
		transfer_end(&look->questions[i].transfer);
	}
	free(look);
}

/*! \brief Refuses the body (CURLOPT_WRITEFUNCTION): what counts is in the head. */
static size_t refuse_body(char *data, size_t size, size_t count, void *ctx)
{
	(void)data;
	(void)ctx;
	return size * count > 0 ? CURL_WRITEFUNC_ERROR : 0;
}

/*! \brief Looks at an answer, or at what has come instead (struct transfer). */
static void on_done(struct transfer *transfer, CURLcode code)
{
	struct look *look = ((struct question *)transfer)->look;
	struct hop next;
	bool is_answer = (code == CURLE_OK || code == CURLE_WRITE_ERROR) &&
	                 transfer_is_redirect(transfer) &&
	                 transfer_redirect(transfer, REDIRECT_PATH, &next) == KNOT_EOK;
	transfer_end(transfer);
	if (is_answer && !transfer_same_master(look->client, &next.endpoint, &look->leader)) {
		look->on_other(look->ctx, &transfer->hops[0].endpoint, &next.endpoint);
	}
}

/*! \brief Asks a master; whoever cannot be asked says nothing. */
static void ask(struct look *look, struct question *question, const struct endpoint *master)
{
	static const char *const headers[] = { NULL };
	struct transfer *transfer = &question->transfer;
	question->look = look;
	*transfer = (struct transfer){
		.client = look->client,
		.on_done = on_done,
		.hops = { { .endpoint = *master, .path = REDIRECT_PATH } },
		.hops_count = 1,
	};
	int ret = transfer_prepare(transfer, headers, NULL);
	if (ret == KNOT_EOK) {
		curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, (long)MASTER_CONNECT_MS);
		curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, refuse_body);
		ret = transfer_start(transfer);
	}
	if (ret != KNOT_EOK) {
		transfer_end(transfer);
	}
}

/*! \brief A place for a question to a master; NULL if it is being asked, or there is none. */
static struct question *find_place(struct look *look, const struct endpoint *master)
{
	struct question *place = NULL;
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct question *question = &look->questions[i];
		if (question->transfer.easy == NULL) {
			place = question;
		} else if (endpoint_equal(&question->transfer.hops[0].endpoint, master)) {
			return NULL;
		}
	}
	return place;
}

void look_around(struct look *look, const struct endpoint *leader)
{
	look->leader = *leader;
	for (size_t i = 0; i < look->client->known_count; i++) {
		const struct endpoint *master = &look->client->known[i];
		struct question *question = find_place(look, master);
		if (question != NULL && !transfer_same_master(look->client, master, leader)) {
			ask(look, question, master);
		}
	}
}
