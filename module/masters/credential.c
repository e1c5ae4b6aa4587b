/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <json-c/json.h>

#include "module/masters/credential.h"

/*! \brief A credential or an account is a little JSON; more is another file. */
#define FILE_MAX 65536

/*! \brief Longest PEM file; a system's bundle of CAs has a quarter of a megabyte. */
#define PEM_MAX (16 << 20)

const char CREDENTIAL_UNREADABLE[] = "cannot be read";

const char CREDENTIAL_NO_MEMORY[] = "out of memory";

/*! \brief Opens a regular file of at most \a max bytes; never waits for somebody to write to it. */
static const char *open_file(const char *file, off_t max, int *fd)
{
	*fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0) {
		/* ENXIO is what a socket gives. */
		return errno == ENXIO ? "is not a regular file" : CREDENTIAL_UNREADABLE;
	}

	struct stat status;
	const char *error = NULL;
	if (fstat(*fd, &status) != 0) {
		error = CREDENTIAL_UNREADABLE;
	} else if (!S_ISREG(status.st_mode)) {
		error = "is not a regular file";
	} else if (status.st_size > max) {
		error = "is too large";
	}
	if (error != NULL) {
		close(*fd);
	}
	return error;
}

const char *credential_probe(const char *file)
{
	int fd;
	const char *error = open_file(file, PEM_MAX, &fd);
	if (error == NULL) {
		close(fd);
	}
	return error;
}

static const char *parse_credential(const char *text, size_t len, char **out)
{
	struct json_tokener *tokener = json_tokener_new();
	if (tokener == NULL) {
		return CREDENTIAL_NO_MEMORY;
	}

	const char *error = "is not JSON";
	struct json_object *root = json_tokener_parse_ex(tokener, text, (int)len);
	if (json_tokener_get_error(tokener) == json_tokener_success) {
		struct json_object *principal, *secret;
		if (!json_object_is_type(root, json_type_object) ||
		    !json_object_object_get_ex(root, "principal", &principal) ||
		    !json_object_object_get_ex(root, "secret", &secret) ||
		    !json_object_is_type(principal, json_type_string) ||
		    !json_object_is_type(secret, json_type_string)) {
			error = "has no \"principal\" and \"secret\"";
		} else if (strchr(json_object_get_string(principal), ':') != NULL) {
			/* RFC 7617, section 2: the first colon ends the user's name. */
			error = "has a colon in its principal";
		} else if (out != NULL && asprintf(out, "%s:%s", json_object_get_string(principal),
		                                   json_object_get_string(secret)) < 0) {
			*out = NULL;
			error = CREDENTIAL_NO_MEMORY;
		} else {
			error = NULL;
		}
	}
	json_object_put(root);
	json_tokener_free(tokener);
	return error;
}

const char *credential_load(const char *file, struct credential_text *out)
{
	int fd;
	const char *error = open_file(file, FILE_MAX, &fd);
	if (error != NULL) {
		return error;
	}

	error = CREDENTIAL_NO_MEMORY;
	*out = (struct credential_text){ .data = malloc(FILE_MAX + 1) };
	if (out->data != NULL) {
		ssize_t got;
		do {
			got = read(fd, out->data + out->len, FILE_MAX - out->len);
			out->len += got > 0 ? got : 0;
		} while (got > 0 && out->len < FILE_MAX);
		out->data[out->len] = '\0';
		error = got < 0 ? CREDENTIAL_UNREADABLE : NULL;
	}
	if (error != NULL) {
		credential_unload(out);
	}
	close(fd);
	return error;
}

void credential_unload(struct credential_text *text)
{
	credential_wipe(text->data, text->len);
}

const char *credential_read(const char *file, char **out)
{
	struct credential_text text;
	const char *error = credential_load(file, &text);
	if (error == NULL) {
		/* The NUL tells json-c that nothing follows. */
		error = parse_credential(text.data, text.len + 1, out);
		credential_unload(&text);
	}
	return error;
}

void credential_wipe(void *secret, size_t len)
{
	if (secret != NULL) {
		explicit_bzero(secret, len);
		free(secret);
	}
}

void credential_free(char *credential)
{
	credential_wipe(credential, credential != NULL ? strlen(credential) : 0);
}

const char *credential_check_tls(const char *ca_file, const char *cert_file, const char *key_file,
                                 const char **bad)
{
	gnutls_certificate_credentials_t creds;
	if (gnutls_certificate_allocate_credentials(&creds) != GNUTLS_E_SUCCESS) {
		return CREDENTIAL_NO_MEMORY;
	}

	const char *error = NULL;
	const char *const files[] = { ca_file, cert_file, key_file };
	for (int i = 0; i < 3 && error == NULL; i++) {
		if (files[i] != NULL) {
			*bad = files[i];
			error = credential_probe(files[i]);
		}
	}
	if (error == NULL && ca_file != NULL &&
	    gnutls_certificate_set_x509_trust_file(creds, ca_file, GNUTLS_X509_FMT_PEM) <= 0) {
		*bad = ca_file;
		error = "holds no PEM certificate";
	}
	if (error == NULL && cert_file != NULL) {
		int ret = gnutls_certificate_set_x509_key_file(creds, cert_file, key_file,
		                                               GNUTLS_X509_FMT_PEM);
		if (ret == GNUTLS_E_CERTIFICATE_KEY_MISMATCH) {
			*bad = key_file;
			error = "is not the key of cert-file";
		} else if (ret != GNUTLS_E_SUCCESS) {
			gnutls_datum_t data = { 0 };
			bool key_is_pem = gnutls_load_file(key_file, &data) == GNUTLS_E_SUCCESS &&
			                  memmem(data.data, data.size, "PRIVATE KEY", 11) != NULL;
			gnutls_free(data.data);
			*bad = key_is_pem ? cert_file : key_file;
			error = key_is_pem ? "holds no PEM certificate" : "holds no PEM key";
		}
	}
	gnutls_certificate_free_credentials(creds);
	return error;
}
