/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "module/base/util.h"
#include "module/masters/credential.h"
#include "module/masters/iam_account.h"
#include "module/masters/login.h"
#include "module/masters/master_private.h"

/*! \brief How long what we sign is good, in seconds: clocks differ. */
#define SIGNED_SECONDS 3600

/*! \brief Longest life of a token that is believed, in seconds. */
#define LIFE_MAX (INT64_C(10) * 365 * 24 * 3600)

/*! \brief The shortest, so that who has waited for one can use it. */
#define LIFE_MIN 1

struct login {
	struct transfer transfer;       /*!< First: libcurl gives back its address. */
	uint8_t digest[IAM_DIGEST_LEN]; /*!< Of the file that it is done with. */
	char *question;                 /*!< What is posted. */
	char *reply;                    /*!< LOGIN_REPLY_MAX bytes and a NUL. */
	size_t reply_len;
	bool is_too_long; /*!< The reply. */
	bool has_failed;  /*!< Since login_begin(). */
	bool is_renewed;  /*!< Since login_begin(), for one that was refused. */

	char *token;      /*!< `token=...`; NULL if there is none. */
	unsigned serial;  /*!< Its number; 0: there was none yet. */
	int64_t renew_at; /*!< When another one is asked for: CLOCK_MONOTONIC in ms. */
	int64_t ends_at;  /*!< When it is good no more. */
};

struct login *login_new(struct master_client *client)
{
	struct login *login = calloc(1, sizeof(*login));
	if (login != NULL) {
		login->transfer.client = client;
	}
	return login;
}

static void drop_token(struct login *login)
{
	credential_free(login->token);
	login->token = NULL;
}

/*! \brief Ends what is under way, if anything is. */
static void end(struct login *login)
{
	transfer_end(&login->transfer);
	credential_free(login->question);
	credential_wipe(login->reply, login->reply_len);
	login->question = NULL;
	login->reply = NULL;
	login->reply_len = 0;
}

void login_free(struct login *login)
{
	if (login != NULL) {
		end(login);
		drop_token(login);
		free(login);
	}
}

void login_begin(struct login *login)
{
	if (login != NULL) {
		login->has_failed = false;
		login->is_renewed = false;
	}
}

bool login_is_under_way(const struct login *login)
{
	return login != NULL && login->transfer.easy != NULL;
}

/*! \brief Takes a piece of the reply (CURLOPT_WRITEFUNCTION). */
static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct login *login = ctx;
	size_t len = size * count;
	if (transfer_status(&login->transfer) != 200) {
		/* A few words for people; they might never end. */
		return CURL_WRITEFUNC_ERROR;
	}
	login->is_too_long = len > LOGIN_REPLY_MAX - login->reply_len;
	if (login->is_too_long) {
		return CURL_WRITEFUNC_ERROR;
	}
	memcpy(login->reply + login->reply_len, data, len);
	login->reply_len += len;
	login->reply[login->reply_len] = '\0';
	return len;
}

/*! \brief Keeps a token, and finds out how long. */
static void keep_token(struct login *login, char *token, int64_t expires)
{
	/* The clock of whom has made it, if that tells. */
	const char *date = transfer_header(&login->transfer, "Date");
	int64_t there = date != NULL ? curl_getdate(date, NULL) : -1;
	/* Seconds have begun where they are told. */
	there = (there > 0 ? there : time(NULL)) + 1;
	int64_t until = MAX(MIN(expires, there + LIFE_MAX), there + LIFE_MIN);
	int64_t life = (until - there) * 1000;
	int64_t now = clock_ms(CLOCK_MONOTONIC);

	drop_token(login);
	login->token = token;
	login->serial++;
	login->renew_at = now + life / 10 * 9;
	login->ends_at = now + life;
}

/*! \brief Looks at what a login has come to. */
static int take_reply(struct login *login, CURLcode code)
{
	static const struct transfer_refusal refusals[] = {
		{ 400, "it does not understand the login" },
		{ 401, "it does not take the uid and the private_key of iam-file" },
		{ 403, "it does not let the account in" },
		{ 404, "login_endpoint of iam-file has another path than its" },
		{ 0 },
	};
	struct transfer *transfer = &login->transfer;
	if (login->is_too_long) {
		return transfer_fail(transfer, POLL_LOGIN, "its reply is larger than 64 KiB");
	}
	if (transfer_is_redirect(transfer)) {
		return transfer_fail(transfer, POLL_LOGIN,
		                     "it redirects, which a login does not follow");
	}
	long status = transfer_status(transfer);
	if (status != 0 && status != 200) {
		return transfer_refuse(transfer, refusals);
	}
	if (code != CURLE_OK) {
		return transfer_explain(transfer, code);
	}
	char *token = NULL;
	int64_t expires;
	const char *error = login->reply_len > 0 ? iam_token_read(login->reply, login->reply_len,
	                                                          &token, &expires)
	                                         : "its reply has no token";
	if (error != NULL) {
		/* That is no fault of the service's. */
		bool is_local = error == CREDENTIAL_NO_MEMORY;
		return transfer_fail(transfer, is_local ? POLL_LOCAL : POLL_LOGIN, "%s", error);
	}
	keep_token(login, token, expires);
	return KNOT_EOK;
}

/*! \brief Takes what libcurl is done with (struct transfer). */
static void on_done(struct transfer *transfer, CURLcode code)
{
	struct login *login = (struct login *)transfer;
	login->has_failed = take_reply(login, code) != KNOT_EOK;
	end(login);
}

/*! \brief Says why there is no token: because of the service, or of something that is here. */
static int explain(const struct login *login, struct transfer *transfer)
{
	const struct transfer *own = &login->transfer;
	char name[ENDPOINT_TEXT_MAX];
	return own->outcome == POLL_LOCAL
	               ? transfer_fail(transfer, POLL_LOCAL, "%s", own->reason)
	               : transfer_fail(transfer, POLL_LOGIN, "the login at %s: %s",
	                               endpoint_text(transfer_endpoint(own), false, name),
	                               own->reason);
}

/*! \brief Sets what is a login's own. */
static void set_login(struct login *login, int64_t deadline)
{
	CURL *easy = login->transfer.easy;
	int64_t left = MIN(deadline - clock_ms(CLOCK_MONOTONIC), LOGIN_MS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)MAX(left, 1));
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, login->question);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, login);
}

/*! \brief Asks for a token. */
static int ask(struct login *login, const struct iam_account *account, int64_t deadline)
{
	static const char *const headers[] = { "Accept: application/json",
		                               "Content-Type: application/json", NULL };
	struct transfer *transfer = &login->transfer;
	*transfer = (struct transfer){
		.client = transfer->client,
		.on_done = on_done,
		.hops = { account->login },
		.hops_count = 1,
	};
	memcpy(login->digest, account->digest, IAM_DIGEST_LEN);
	login->is_too_long = false;
	login->question = iam_account_login(account, time(NULL) + SIGNED_SECONDS);
	login->reply = malloc(LOGIN_REPLY_MAX + 1);
	int ret = login->question != NULL && login->reply != NULL ? KNOT_EOK : KNOT_ENOMEM;
	if (ret == KNOT_EOK) {
		ret = transfer_prepare(transfer, headers, NULL);
	}
	if (ret == KNOT_EOK) {
		set_login(login, deadline);
		ret = transfer_start(transfer);
	}
	if (ret == KNOT_ENOMEM) {
		ret = transfer_fail(transfer, POLL_LOCAL, "out of memory");
	}
	if (ret != KNOT_EOK) {
		login->has_failed = true;
		end(login);
	}
	return ret;
}

/*! \brief Says what is wrong with the file; KNOT_EOK if nothing is. */
static int blame_file(struct transfer *transfer, const char *error)
{
	return error == NULL ? KNOT_EOK
	                     : transfer_fail(transfer, POLL_LOCAL, "iam-file '%s' %s",
	                                     transfer->client->settings->iam_file, error);
}

/*! \brief Forgets what has come of another file, or is good no more. */
static int look(struct login *login, struct transfer *transfer)
{
	uint8_t digest[IAM_DIGEST_LEN];
	const char *file = transfer->client->settings->iam_file;
	int ret = blame_file(transfer, iam_account_digest(file, digest));
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (memcmp(login->digest, digest, IAM_DIGEST_LEN) != 0) {
		drop_token(login);
		login->has_failed = false;
	}
	if (login->token != NULL && clock_ms(CLOCK_MONOTONIC) >= login->ends_at) {
		drop_token(login);
	}
	return KNOT_EOK;
}

/*! \brief Begins a login if it is time for one. */
static int tend(struct login *login, struct transfer *transfer, int64_t deadline)
{
	bool is_wanted = login->token == NULL || clock_ms(CLOCK_MONOTONIC) >= login->renew_at;
	if (!is_wanted || login->has_failed || login_is_under_way(login)) {
		return KNOT_EOK;
	}
	struct iam_account account;
	int ret = blame_file(transfer,
	                     iam_account_read(transfer->client->settings->iam_file, &account));
	if (ret == KNOT_EOK) {
		/* What comes of it is said by who waits for it. */
		(void)ask(login, &account, deadline);
		iam_account_clear(&account);
	}
	return ret;
}

int login_authorize(struct transfer *transfer, int64_t deadline)
{
	struct login *login = transfer->client->login;
	transfer->token = NULL;
	transfer->token_serial = 0;
	if (login == NULL || !transfer->trusted) {
		return KNOT_EOK;
	}
	int ret = look(login, transfer);
	if (ret == KNOT_EOK) {
		ret = tend(login, transfer, deadline);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (login->token == NULL) {
		return login_is_under_way(login) ? KNOT_EAGAIN : explain(login, transfer);
	}
	transfer->token = login->token;
	transfer->token_serial = login->serial;
	return KNOT_EOK;
}

bool login_is_worth_retrying(const struct transfer *transfer)
{
	struct login *login = transfer->client->login;
	if (login == NULL || transfer->token_serial == 0 || transfer_status(transfer) != 401) {
		return false;
	}
	if (transfer->token_serial != login->serial || login->token == NULL) {
		/* Another one has been asked for meanwhile. */
		return true;
	}
	if (login->is_renewed) {
		return false;
	}
	login->is_renewed = true;
	drop_token(login);
	return true;
}
