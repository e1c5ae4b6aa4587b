/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A service account of DC/OS, and what it logs in with (JSON Web Tokens, RFC 7519).
 *
 * - Nothing is kept; any thread may call. To sign takes some milliseconds.
 * - Keys and tokens are wiped before their memory is given back.
 */
#pragma once

#include "module/masters/transfer.h"

/*! \brief Length of a digest of a file, in bytes (SHA-256). */
#define IAM_DIGEST_LEN 32

/*! \brief What the file of a service account holds. */
struct iam_account {
	char *uid;
	char *private_key;              /*!< RSA, PEM. */
	struct hop login;               /*!< Where it logs in. */
	uint8_t digest[IAM_DIGEST_LEN]; /*!< Of the whole file. */
};

/*!
 * \brief Reads an account: JSON with `uid`, `private_key`, `login_endpoint`; `scheme` is RS256.
 *
 * \param file  Path.
 * \param out   Out: the account, to be given to iam_account_clear().
 *
 * \return NULL if it could be read, else what is wrong (a constant), CREDENTIAL_UNREADABLE if the
 *         file cannot be opened.
 */
const char *iam_account_read(const char *file, struct iam_account *out);

/*!
 * \brief Reads a file's digest alone, to see whether it is still the same account.
 *
 * \return As iam_account_read(), of the file as such.
 */
const char *iam_account_digest(const char *file, uint8_t out[static IAM_DIGEST_LEN]);

/*! \brief Wipes and frees what an account holds. */
void iam_account_clear(struct iam_account *account);

/*!
 * \brief Makes what is posted to log in: `uid`, and a token of it that the account's key signs.
 *
 * \param expires  Until when that token is good, in seconds since 1970.
 *
 * \return JSON, to be given to credential_free(); NULL if memory runs out, or the key cannot sign.
 */
char *iam_account_login(const struct iam_account *account, int64_t expires);

/*!
 * \brief Reads the reply to a login, `{"token": "..."}`.
 *
 * \param reply    With a NUL behind \a len bytes.
 * \param out      Out: `token=...` as `Authorization` wants it, for credential_free().
 * \param expires  Out: until when it is good as it says itself, in seconds since 1970;
 *                 INT64_MAX if it does not say.
 *
 * \return NULL if there is one, else what is wrong (a constant).
 */
const char *iam_token_read(const char *reply, size_t len, char **out, int64_t *expires);
