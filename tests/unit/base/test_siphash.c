/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "module/base/siphash.h"

/*!
 * \brief Hashes of the bytes 0, 1, 2, ... with a key of zeros.
 *
 * From CPython 3.11, whose `hash(bytes(range(n)))` with PYTHONHASHSEED=0 is SipHash-1-3 so keyed.
 */
static void test_vectors(void **unused)
{
	(void)unused;
	static const struct {
		size_t len;
		uint64_t hash;
	} vectors[] = {
		{ 1, 0x68a914128e01e473 },  { 7, 0x2f098ab0c751325a },   { 8, 0xead411e67ebe2eea },
		{ 9, 0x75927f9d95124362 },  { 15, 0xf30eb725bb91c9ea },  { 16, 0x8972188433a5c5b7 },
		{ 40, 0x95bc321ab41d8206 }, { 255, 0x5dc1f93ea135eb43 },
	};
	static const uint64_t key[2] = { 0 };
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		uint8_t *data = malloc(vectors[i].len);
		assert_non_null(data);
		for (size_t j = 0; j < vectors[i].len; j++) {
			data[j] = (uint8_t)j;
		}
		assert_true(siphash13(key, data, vectors[i].len) == vectors[i].hash);
		free(data);
	}
}

static void test_key(void **unused)
{
	(void)unused;
	static const uint64_t a[2] = { 1, 0 }, b[2] = { 0, 1 };
	assert_true(siphash13(a, "text", 4) != siphash13(b, "text", 4));
	assert_true(siphash13(a, "text\0", 5) != siphash13(a, "text", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
