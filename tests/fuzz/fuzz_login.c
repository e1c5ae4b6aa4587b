/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What a login service replies, of which a token comes.
 *
 *     fuzz_login -dict=tests/fuzz/json.dict tests/fuzz/corpus/login
 *
 * What has to be true: there is either a token or an error, and a token can stand in a header.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/masters/credential.h"
#include "module/masters/iam_account.h"
#include "module/masters/login.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_token(const char *token)
{
	if (strncmp(token, "token=", 6) != 0 || token[6] == '\0') {
		abort();
	}
	for (const char *at = token; *at != '\0'; at++) {
		if (*at <= ' ' || *at > '~') {
			abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > LOGIN_REPLY_MAX) {
		return 0;
	}
	/* As long as what is given, so that one byte too many is seen. */
	char *reply = malloc(size + 1);
	if (reply == NULL) {
		return 0;
	}
	memcpy(reply, data, size);
	reply[size] = '\0';

	char *token = NULL;
	int64_t expires;
	const char *error = iam_token_read(reply, size, &token, &expires);
	if ((error == NULL) != (token != NULL)) {
		abort();
	}
	if (token != NULL) {
		check_token(token);
	}
	credential_free(token);
	free(reply);
	return 0;
}
