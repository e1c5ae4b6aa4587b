/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "module/masters/credential.h"
#include "module/masters/iam_account.h"

#define LOGIN_URL "https://master.test/acs/api/v1/auth/login"

#define NO_MEMBERS "has no \"uid\", \"private_key\" and \"login_endpoint\""
#define NO_SCHEME  "has another \"scheme\" than RS256"
#define NO_URL     "has a \"login_endpoint\" that is no URL"
#define NO_KEY     "has a \"private_key\" that is no RSA key in PEM of at most 8192 bits"
#define NO_TOKEN   "its reply has no token"

/*! \brief Folder with keys. */
static const char *data_dir;

/*! \brief Reads a file of the folder; to be freed. */
static char *slurp(const char *name)
{
	char path[512], *text = calloc(1, 8192);
	snprintf(path, sizeof(path), "%s/iam/%s", data_dir, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(text);
	assert_in_range(fread(text, 1, 8191, file), 1, 8190);
	(void)fclose(file);
	return text;
}

/*! \brief Reads an account that has these bytes as its file. */
static const char *read_bytes(const char *text, size_t len, struct iam_account *out)
{
	char path[64];
	int fd = memfd_create("account", 0);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	const char *error = iam_account_read(path, out);
	close(fd);
	return error;
}

/*! \brief Reads an account of these values; NULL leaves a member out. */
static const char *read_values(const char *uid, const char *key, const char *url,
                               const char *scheme, struct iam_account *out)
{
	const char *const names[] = { "uid", "private_key", "login_endpoint", "scheme" };
	const char *const values[] = { uid, key, url, scheme };
	struct json_object *root = json_object_new_object();
	for (int i = 0; i < 4; i++) {
		if (values[i] != NULL) {
			json_object_object_add(root, names[i], json_object_new_string(values[i]));
		}
	}
	const char *text = json_object_to_json_string(root);
	const char *error = read_bytes(text, strlen(text), out);
	json_object_put(root);
	return error;
}

/*! \brief What is signed is what openssl signs, whatever form the key has. */
static void test_token_is_that_of_openssl(void **state)
{
	(void)state;
	static const char *const forms[] = { "pkcs8.pem", "pkcs1.pem" };
	char *token = slurp("token");
	token[strcspn(token, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct iam_account account;
		char *key = slurp(forms[i]);
		assert_null(read_values("dns \"\xc3\xa9/", key, LOGIN_URL, "RS256", &account));
		assert_string_equal(account.login.endpoint.host, "master.test");
		assert_int_equal(account.login.endpoint.port, 443);
		assert_true(account.login.endpoint.tls);
		assert_string_equal(account.login.path, "/acs/api/v1/auth/login");

		char *login = iam_account_login(&account, 1700003600);
		char *expected = NULL;
		assert_true(asprintf(&expected, "{\"uid\":\"dns \\\"\xc3\xa9/\",\"token\":\"%s\"}",
		                     token) > 0);
		assert_string_equal(login, expected);
		free(expected);
		credential_free(login);
		iam_account_clear(&account);
		assert_null(account.private_key);
		free(key);
	}
	free(token);
}

static void test_urls(void **state)
{
	(void)state;
	static const struct {
		const char *url, *host;
		uint16_t port;
		bool tls;
		const char *path;
	} good[] = {
		{ "http://10.0.0.1/login", "10.0.0.1", 80, false, "/login" },
		{ "HTTPS://Master.Test:8443/a/b?c=d", "master.test", 8443, true, "/a/b?c=d" },
		{ "http://[2001:db8::1]:81/login", "2001:db8::1", 81, false, "/login" },
		{ "https://master.test", "master.test", 443, true, "/" },
		{ "https://master.test?a", "master.test", 443, true, "/?a" },
	};
	static const char *const bad[] = {
		"master.test/login",
		"ftp://master.test/login",
		"//master.test/login",
		"https:///login",
		"https://user:pass@master.test/login",
		"https://master.test:0/login",
		"https://master.test:65536/login",
		"https://-master.test/login",
		"https://[master]/login",
		"https://master.test/a b",
		"https://master.test/a\r\nHost: other",
		"https://master.test/\xc3\xa9",
		"https://master.test/#login",
	};
	char *key = slurp("pkcs8.pem");
	struct iam_account account;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_null(read_values("dns", key, good[i].url, NULL, &account));
		assert_string_equal(account.login.endpoint.host, good[i].host);
		assert_int_equal(account.login.endpoint.port, good[i].port);
		assert_int_equal(account.login.endpoint.tls, good[i].tls);
		assert_string_equal(account.login.path, good[i].path);
		iam_account_clear(&account);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_string_equal(read_values("dns", key, bad[i], NULL, &account), NO_URL);
	}

	/* The longest path, and one that is too long. */
	char url[2 * PATH_MAX_LEN] = "http://h/";
	memset(url + strlen(url), 'x', PATH_MAX_LEN - 1);
	assert_null(read_values("dns", key, url, NULL, &account));
	assert_int_equal(strlen(account.login.path), PATH_MAX_LEN);
	iam_account_clear(&account);
	url[strlen(url)] = 'x';
	assert_string_equal(read_values("dns", key, url, NULL, &account), NO_URL);
	free(key);
}

static void test_malformed_accounts(void **state)
{
	(void)state;
	static const struct {
		const char *text, *error;
	} texts[] = {
		{ "", "is not a JSON object" },
		{ "[]", "is not a JSON object" },
		{ "null", "is not a JSON object" },
		{ "{", "is not a JSON object" },
		{ "{} {}", "is not a JSON object" },
		{ "{}", NO_MEMBERS },
		{ "{\"uid\":1,\"private_key\":\"k\",\"login_endpoint\":\"http://h\"}", NO_MEMBERS },
		{ "{\"uid\":\"\",\"private_key\":\"k\",\"login_endpoint\":\"http://h\"}",
		  NO_MEMBERS },
		{ "{\"uid\":\"a\\u0000b\",\"private_key\":\"k\",\"login_endpoint\":\"http://h\"}",
		  NO_MEMBERS },
		{ "{\"uid\":\"u\",\"private_key\":null,\"login_endpoint\":\"http://h\"}",
		  NO_MEMBERS },
		{ "{\"uid\":\"u\",\"private_key\":\"k\",\"login_endpoint\":\"http://h\","
		  "\"scheme\":null}",
		  NO_SCHEME },
		{ "{\"uid\":\"u\",\"private_key\":\"k\",\"login_endpoint\":\"http://h\","
		  "\"scheme\":\"HS256\"}",
		  NO_SCHEME },
		{ "{\"uid\":\"u\",\"private_key\":\"k\",\"login_endpoint\":\"http://h\"}", NO_KEY },
	};
	struct iam_account account;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_string_equal(read_bytes(texts[i].text, strlen(texts[i].text), &account),
		                    texts[i].error);
		assert_null(account.private_key);
	}
	assert_string_equal(read_bytes("{}\0", 3, &account), "is not a JSON object");
	assert_ptr_equal(iam_account_read("/nonexistent", &account), CREDENTIAL_UNREADABLE);
	assert_string_equal(iam_account_read("/dev/null", &account), "is not a regular file");
}

static void test_keys_of_other_kinds(void **state)
{
	(void)state;
	static const char *const names[] = { "ec.pem",        "ed25519.pem", "pss.pem",
		                             "encrypted.pem", "public.pem",  "README.md" };
	struct iam_account account;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *key = slurp(names[i]);
		assert_string_equal(read_values("dns", key, LOGIN_URL, NULL, &account), NO_KEY);
		free(key);
	}
}

/*!
 * \brief A key that is damaged anywhere is refused, unless it is where nobody looks.
 *
 * Such as in the private exponent, of which the primes' own take the place (RFC 8017,
 * section 5.2.1).
 */
static void test_damaged_keys(void **state)
{
	(void)state;
	static const char *const forms[] = { "pkcs8.pem", "pkcs1.pem" };
	size_t refused = 0, count = 0;
	char *token = slurp("token");
	token[strcspn(token, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		char *key = slurp(forms[i]);
		size_t len = strlen(key);
		for (size_t at = 0; at < len; at += 5) {
			struct iam_account account;
			char was = key[at];
			key[at] = was == 'A' ? 'B' : 'A';
			const char *error = read_values("dns \"\xc3\xa9/", key, LOGIN_URL, NULL,
			                                &account);
			if (error == NULL) {
				char *login = iam_account_login(&account, 1700003600);
				assert_non_null(login);
				assert_non_null(strstr(login, token));
				credential_free(login);
				iam_account_clear(&account);
			} else {
				assert_string_equal(error, NO_KEY);
				refused++;
			}
			key[at] = was;
			count++;
		}
		/* Cut off. */
		for (size_t at = 0; at < len; at += 97) {
			struct iam_account account;
			char was = key[at];
			key[at] = '\0';
			assert_string_equal(read_values("dns", key, LOGIN_URL, NULL, &account),
			                    at > 0 ? NO_KEY : NO_MEMBERS);
			key[at] = was;
		}
		free(key);
	}
	assert_in_range(refused, count / 2, count);
	free(token);
}

/*! \brief Another account is another file, by a digest. */
static void test_digest(void **state)
{
	(void)state;
	struct iam_account one, same, other;
	char *key = slurp("pkcs8.pem");
	assert_null(read_values("dns", key, LOGIN_URL, NULL, &one));
	assert_null(read_values("dns", key, LOGIN_URL, NULL, &same));
	assert_null(read_values("dnt", key, LOGIN_URL, NULL, &other));
	assert_memory_equal(one.digest, same.digest, IAM_DIGEST_LEN);
	assert_memory_not_equal(one.digest, other.digest, IAM_DIGEST_LEN);
	iam_account_clear(&one);
	iam_account_clear(&same);
	iam_account_clear(&other);
	free(key);
}

static void test_replies(void **state)
{
	(void)state;
	static const struct {
		const char *reply, *token;
		int64_t expires;
	} good[] = {
		{ "{\"token\":\"abc\"}", "token=abc", INT64_MAX },
		{ " {\"x\":[1],\"token\":\"a.b\"}\n", "token=a.b", INT64_MAX },
		/* {"exp":1700003600}, {"exp":1700003600.75}, {"exp":0} and what says nothing. */
		{ "{\"token\":\"h.eyJleHAiOjE3MDAwMDM2MDB9.s\"}",
		  "token=h.eyJleHAiOjE3MDAwMDM2MDB9.s", 1700003600 },
		{ "{\"token\":\"h.eyJleHAiOjE3MDAwMDM2MDAuNzV9.s\"}",
		  "token=h.eyJleHAiOjE3MDAwMDM2MDAuNzV9.s", 1700003600 },
		{ "{\"token\":\"h.eyJleHAiOjB9.s\"}", "token=h.eyJleHAiOjB9.s", 0 },
		/* {"exp":"1"}, [1], {} */
		{ "{\"token\":\"h.eyJleHAiOiIxIn0.s\"}", "token=h.eyJleHAiOiIxIn0.s", INT64_MAX },
		{ "{\"token\":\"h.WzFd.s\"}", "token=h.WzFd.s", INT64_MAX },
		{ "{\"token\":\"h.e30.s\"}", "token=h.e30.s", INT64_MAX },
		/* {"a":"~~~???"} has both of base64url's own characters. */
		{ "{\"token\":\"h.eyJhIjoifn5-Pz8_IiwiZXhwIjo3fQ.s\"}",
		  "token=h.eyJhIjoifn5-Pz8_IiwiZXhwIjo3fQ.s", 7 },
		{ "{\"token\":\"h..s\"}", "token=h..s", INT64_MAX },
		{ "{\"token\":\"h.!.s\"}", "token=h.!.s", INT64_MAX },
		{ "{\"token\":\"...\"}", "token=...", INT64_MAX },
	};
	static const char *const bad[] = {
		"",
		"{",
		"{}",
		"[\"token\"]",
		"{\"token\":null}",
		"{\"token\":1}",
		"{\"token\":\"\"}",
		"{\"token\":\"a b\"}",
		"{\"token\":\"a\\r\\nX: y\"}",
		"{\"token\":\"a\\u0000\"}",
		"{\"token\":\"\xc3\xa9\"}",
		"{\"token\":\"a\"}}",
		"<html>",
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		char *token = NULL;
		int64_t expires = -1;
		assert_null(iam_token_read(good[i].reply, strlen(good[i].reply), &token, &expires));
		assert_string_equal(token, good[i].token);
		assert_int_equal(expires, good[i].expires);
		credential_free(token);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *token = NULL;
		int64_t expires;
		assert_string_equal(iam_token_read(bad[i], strlen(bad[i]), &token, &expires),
		                    NO_TOKEN);
		assert_null(token);
	}
}

int main(int argc, char **argv)
{
	assert_int_equal(argc, 2);
	data_dir = argv[1];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token_is_that_of_openssl),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_malformed_accounts),
		cmocka_unit_test(test_keys_of_other_kinds),
		cmocka_unit_test(test_damaged_keys),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_replies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
