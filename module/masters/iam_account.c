/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <json-c/json.h>

#include "module/masters/credential.h"
#include "module/masters/iam_account.h"

/*! \brief Longest key, in bits: to sign with it takes a fifth of a second. */
#define KEY_BITS_MAX 8192

/*! \brief Parses a document that has a NUL behind it; NULL if it is no JSON object. */
static struct json_object *parse_object(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new();
	if (tokener == NULL) {
		return NULL;
	}
	/* The NUL tells json-c that nothing follows; anything else that does is no part of it. */
	struct json_object *root = json_tokener_parse_ex(tokener, text, (int)len + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) < len ||
	    !json_object_is_type(root, json_type_object)) {
		json_object_put(root);
		root = NULL;
	}
	json_tokener_free(tokener);
	return root;
}

/*! \brief A member that is a text without NUL; NULL if it is none, or empty. */
static const char *get_text(struct json_object *root, const char *name)
{
	struct json_object *value;
	if (!json_object_object_get_ex(root, name, &value) ||
	    !json_object_is_type(value, json_type_string)) {
		return NULL;
	}
	const char *text = json_object_get_string(value);
	size_t len = strlen(text);
	return len > 0 && len == (size_t)json_object_get_string_len(value) ? text : NULL;
}

/*! \brief Wipes a text of json-c's, which only frees it. */
static void wipe(const char *text)
{
	explicit_bzero((char *)(uintptr_t)text, strlen(text));
}

/*! \brief The same for a text of a document; NULL is fine. */
static void wipe_text(struct json_object *root, const char *name)
{
	const char *text = root != NULL ? get_text(root, name) : NULL;
	if (text != NULL) {
		wipe(text);
	}
}

/*! \brief True if a text can stand in a request's first line or in a header. */
static bool is_visible(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text >= 0x7f) {
			return false;
		}
	}
	return true;
}

/*! \brief Reads where an account logs in. */
static bool read_login(const char *url, struct hop *login)
{
	const char *path;
	if (endpoint_url(url, &login->endpoint, &path) != NULL || !is_visible(path) ||
	    strchr(path, '#') != NULL) {
		return false;
	}
	/* A question may follow the host at once (RFC 3986, section 3.3). */
	int len = snprintf(login->path, sizeof(login->path), "%s%s", path[0] == '/' ? "" : "/",
	                   path);
	return len <= PATH_MAX_LEN;
}

/*! \brief Reads a key; NULL if it is none that RS256 can be made with (RFC 7518, section 3.3). */
static gnutls_privkey_t read_key(const char *pem)
{
	gnutls_privkey_t key;
	if (gnutls_privkey_init(&key) != GNUTLS_E_SUCCESS) {
		return NULL;
	}
	gnutls_datum_t datum = { .data = (unsigned char *)(uintptr_t)pem, .size = strlen(pem) };
	unsigned bits = 0;
	if (gnutls_privkey_import_x509_raw(key, &datum, GNUTLS_X509_FMT_PEM, NULL, 0) !=
	            GNUTLS_E_SUCCESS ||
	    gnutls_privkey_get_pk_algorithm(key, &bits) != GNUTLS_PK_RSA || bits > KEY_BITS_MAX) {
		gnutls_privkey_deinit(key);
		return NULL;
	}
	return key;
}

/*! \brief Signs a text; the result for gnutls_free(). False if the key is none, or is damaged. */
static bool sign(const char *pem, const char *text, size_t len, gnutls_datum_t *out)
{
	gnutls_privkey_t key = read_key(pem);
	if (key == NULL) {
		return false;
	}
	gnutls_datum_t in = { .data = (unsigned char *)(uintptr_t)text, .size = (unsigned)len };
	int ret = gnutls_privkey_sign_data2(key, GNUTLS_SIGN_RSA_SHA256, 0, &in, out);
	gnutls_privkey_deinit(key);
	return ret == GNUTLS_E_SUCCESS;
}

/*! \brief True if a key can sign. */
static bool is_key(const char *pem)
{
	gnutls_datum_t signature;
	if (!sign(pem, "", 0, &signature)) {
		return false;
	}
	gnutls_free(signature.data);
	return true;
}

static const char *parse_account(struct json_object *root, struct iam_account *out)
{
	const char *uid = get_text(root, "uid"), *pem = get_text(root, "private_key");
	const char *url = get_text(root, "login_endpoint");
	const char *scheme = get_text(root, "scheme");
	if (uid == NULL || pem == NULL || url == NULL) {
		return "has no \"uid\", \"private_key\" and \"login_endpoint\"";
	}
	if (json_object_object_get_ex(root, "scheme", NULL) &&
	    (scheme == NULL || strcmp(scheme, "RS256") != 0)) {
		return "has another \"scheme\" than RS256";
	}
	if (!read_login(url, &out->login)) {
		return "has a \"login_endpoint\" that is no URL";
	}
	if (!is_key(pem)) {
		return "has a \"private_key\" that is no RSA key in PEM of at most 8192 bits";
	}
	out->uid = strdup(uid);
	out->private_key = strdup(pem);
	return out->uid != NULL && out->private_key != NULL ? NULL : CREDENTIAL_NO_MEMORY;
}

static bool digest_of(const struct credential_text *text, uint8_t out[static IAM_DIGEST_LEN])
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, text->data, text->len, out) == GNUTLS_E_SUCCESS;
}

const char *iam_account_digest(const char *file, uint8_t out[static IAM_DIGEST_LEN])
{
	struct credential_text text;
	const char *error = credential_load(file, &text);
	if (error == NULL) {
		error = digest_of(&text, out) ? NULL : CREDENTIAL_NO_MEMORY;
		credential_unload(&text);
	}
	return error;
}

const char *iam_account_read(const char *file, struct iam_account *out)
{
	*out = (struct iam_account){ 0 };
	struct credential_text text;
	const char *error = credential_load(file, &text);
	if (error != NULL) {
		return error;
	}
	struct json_object *root = parse_object(text.data, text.len);
	error = root != NULL ? parse_account(root, out) : "is not a JSON object";
	if (error == NULL && !digest_of(&text, out->digest)) {
		error = CREDENTIAL_NO_MEMORY;
	}
	wipe_text(root, "private_key");
	json_object_put(root);
	credential_unload(&text);
	if (error != NULL) {
		iam_account_clear(out);
	}
	return error;
}

void iam_account_clear(struct iam_account *account)
{
	credential_free(account->private_key);
	free(account->uid);
	*account = (struct iam_account){ 0 };
}

/*! \brief Adds a text in base64url without padding (RFC 7515, section 2). */
static bool add_base64url(FILE *stream, const void *data, size_t len)
{
	gnutls_datum_t in = { .data = (unsigned char *)(uintptr_t)data, .size = (unsigned)len };
	gnutls_datum_t out;
	if (gnutls_base64_encode2(&in, &out) != GNUTLS_E_SUCCESS) {
		return false;
	}
	for (unsigned i = 0; i < out.size && out.data[i] != '='; i++) {
		char c = (char)out.data[i];
		fputc(c == '+' ? '-' : c == '/' ? '_' : c, stream);
	}
	gnutls_free(out.data);
	return true;
}

/*! \brief Adds a text as JSON has it (RFC 8259, section 7). */
static void add_string(FILE *stream, const char *text)
{
	fputc('"', stream);
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ') {
			fprintf(stream, "\\u%04x", (unsigned)*text);
		} else {
			fprintf(stream, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
		}
	}
	fputc('"', stream);
}

/*! \brief Ends what was written to memory; false if it is not all there. */
static bool end_stream(FILE *stream, char *const *text)
{
	bool is_fine = ferror(stream) == 0;
	return fclose(stream) == 0 && *text != NULL && is_fine;
}

/*! \brief Makes what is signed, which says until when that is good; for credential_free(). */
static char *make_claims(const char *uid, int64_t expires)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	if (stream == NULL) {
		return NULL;
	}
	fputs("{\"uid\":", stream);
	add_string(stream, uid);
	fprintf(stream, ",\"exp\":%" PRId64 "}", expires);
	if (!end_stream(stream, &text)) {
		free(text);
		text = NULL;
	}
	return text;
}

/*! \brief Adds the signed token (RFC 7515, section 3.1) to what is written to \a token. */
static bool add_token(FILE *stream, char *const *token, const struct iam_account *account,
                      int64_t expires)
{
	static const char header[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
	char *claims = make_claims(account->uid, expires);
	bool is_fine = claims != NULL && add_base64url(stream, header, strlen(header)) &&
	               fputc('.', stream) != EOF && add_base64url(stream, claims, strlen(claims)) &&
	               fflush(stream) == 0 && ferror(stream) == 0;
	credential_free(claims);
	gnutls_datum_t signature;
	if (!is_fine || !sign(account->private_key, *token, strlen(*token), &signature)) {
		return false;
	}
	is_fine = fputc('.', stream) != EOF &&
	          add_base64url(stream, signature.data, signature.size);
	gnutls_free(signature.data);
	return is_fine;
}

/*! \brief Makes the signed token; for credential_free(). */
static char *make_token(const struct iam_account *account, int64_t expires)
{
	char *token = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&token, &size);
	if (stream == NULL) {
		return NULL;
	}
	bool is_fine = add_token(stream, &token, account, expires);
	if (!end_stream(stream, &token) || !is_fine) {
		credential_free(token);
		token = NULL;
	}
	return token;
}

char *iam_account_login(const struct iam_account *account, int64_t expires)
{
	char *token = make_token(account, expires), *login = NULL;
	size_t size = 0;
	FILE *stream = token != NULL ? open_memstream(&login, &size) : NULL;
	if (stream != NULL) {
		fputs("{\"uid\":", stream);
		add_string(stream, account->uid);
		fputs(",\"token\":", stream);
		add_string(stream, token);
		fputc('}', stream);
		if (!end_stream(stream, &login)) {
			credential_free(login);
			login = NULL;
		}
	}
	credential_free(token);
	return login;
}

/*! \brief The second of a token's three parts; false if there are not that many. */
static bool find_claims(const char *token, const char **part, size_t *len)
{
	const char *first = strchr(token, '.');
	const char *second = first != NULL ? strchr(first + 1, '.') : NULL;
	if (second == NULL) {
		return false;
	}
	*part = first + 1;
	*len = (size_t)(second - *part);
	return true;
}

/*! \brief Decodes base64url; the result for gnutls_free(). */
static bool decode_base64url(const char *text, size_t len, gnutls_datum_t *out)
{
	char *plain = malloc(len + 4);
	if (plain == NULL) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		plain[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	}
	size_t padded = len;
	while (padded % 4 != 0) {
		plain[padded++] = '=';
	}
	gnutls_datum_t in = { .data = (unsigned char *)plain, .size = (unsigned)padded };
	int ret = gnutls_base64_decode2(&in, out);
	credential_wipe(plain, padded);
	return ret == GNUTLS_E_SUCCESS;
}

/*! \brief Until when a token is good as it says itself; INT64_MAX if it does not. */
static int64_t read_expiry(const char *token)
{
	const char *part;
	size_t len;
	gnutls_datum_t claims;
	int64_t expires = INT64_MAX;
	if (!find_claims(token, &part, &len) || !decode_base64url(part, len, &claims)) {
		return expires;
	}
	char *text = strndup((const char *)claims.data, claims.size);
	struct json_object *root = text != NULL ? parse_object(text, strlen(text)) : NULL;
	struct json_object *value;
	if (root != NULL && json_object_object_get_ex(root, "exp", &value) &&
	    (json_object_is_type(value, json_type_int) ||
	     json_object_is_type(value, json_type_double))) {
		expires = json_object_get_int64(value);
	}
	json_object_put(root);
	free(text);
	gnutls_free(claims.data);
	return expires;
}

const char *iam_token_read(const char *reply, size_t len, char **out, int64_t *expires)
{
	struct json_object *root = parse_object(reply, len);
	const char *token = root != NULL ? get_text(root, "token") : NULL;
	const char *error = NULL;
	if (token == NULL || !is_visible(token)) {
		error = "its reply has no token";
	} else if (asprintf(out, "token=%s", token) < 0) {
		error = CREDENTIAL_NO_MEMORY;
	} else {
		*expires = read_expiry(token);
	}
	wipe_text(root, "token");
	json_object_put(root);
	return error;
}
