/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Files that say who we are and whom to trust.
 *
 * - Only regular files of a bounded size are read; nothing else can hold up who opens one.
 * - Nothing is kept; any thread may call.
 */
#pragma once

#include <stddef.h>

/*! \brief What is said of a file that cannot be opened (now); compare by address. */
extern const char CREDENTIAL_UNREADABLE[];

/*! \brief What is said of a file for which there is no memory (now); compare by address. */
extern const char CREDENTIAL_NO_MEMORY[];

/*! \brief What a file holds. */
struct credential_text {
	char *data; /*!< With a NUL behind it. */
	size_t len; /*!< Without that. */
};

/*!
 * \brief Reads a file of at most 64 KiB.
 *
 * \param out  Out: its content, to be given to credential_unload().
 *
 * \return NULL if it could be read, else what is wrong (a constant), CREDENTIAL_UNREADABLE if it
 *         cannot be opened.
 */
const char *credential_load(const char *file, struct credential_text *out);

/*! \brief Wipes and frees what credential_load() gave. */
void credential_unload(struct credential_text *text);

/*!
 * \brief Reads a file in the format of Mesos's `--credential` (Mesos: `Credential`).
 *
 * \param file  Path.
 * \param out   Out: `PRINCIPAL:SECRET`, to be freed with credential_free(); NULL to check only.
 *
 * \return NULL if it could be read, else what is wrong (a constant), CREDENTIAL_UNREADABLE if it
 *         cannot be opened.
 */
const char *credential_read(const char *file, char **out);

/*! \brief Wipes and frees \a len bytes that malloc() gave; NULL is fine. */
void credential_wipe(void *secret, size_t len);

/*! \brief Wipes and frees a secret text, such as credential_read() gave; NULL is fine. */
void credential_free(char *credential);

/*!
 * \brief Checks that a file can be given by its path to a library, which will then not hang in it.
 *
 * \return NULL if it is a regular file that can be read and is not too large, else what is wrong
 *         (a constant).
 */
const char *credential_probe(const char *file);

/*!
 * \brief Checks the PEM files for https; any of them may be NULL.
 *
 * \param bad  Out: the file that is wrong.
 *
 * \return NULL if they can be used, else what is wrong (a constant), CREDENTIAL_UNREADABLE if one
 *         cannot be opened.
 */
const char *credential_check_tls(const char *ca_file, const char *cert_file, const char *key_file,
                                 const char **bad);
