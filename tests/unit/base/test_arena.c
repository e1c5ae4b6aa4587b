/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <libknot/errcode.h>

#include "module/base/pages.h"
#include "module/base/vector.h"

static void test_example(void **unused)
{
	(void)unused;
	const char *text = "text";
	size_t len = 4, limit = 1 << 20;

	struct arena arena;
	arena_init(&arena, limit);
	char *copy = arena_copy(&arena, text, len); // NULL: arena_error() says why
	assert_memory_equal(copy, text, len);
	arena_free(&arena);
	assert_int_equal(arena.taken, 0);
}

/*! \brief Pieces of many sizes stay apart, aligned and as they were. */
static void test_pieces(void **unused)
{
	(void)unused;
	enum { COUNT = 3000 };
	static unsigned char *pieces[COUNT];
	struct arena arena;
	arena_init(&arena, SIZE_MAX);
	for (size_t i = 0; i < COUNT; i++) {
		size_t align = (size_t)1 << i % 5, size = i * 7 % 1500;
		pieces[i] = arena_alloc(&arena, size, align);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % align, 0);
		memset(pieces[i], (int)(i & 0xff), size);
	}
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t j = 0; j < i * 7 % 1500; j++) {
			assert_int_equal(pieces[i][j], i & 0xff);
		}
	}
	assert_non_null(arena_alloc(&arena, 20 << 20, 16));
	assert_non_null(arena_copy(&arena, NULL, 0));
	arena_free(&arena);
}

static void test_limit(void **unused)
{
	(void)unused;
	struct arena arena;
	arena_init(&arena, 100000);
	assert_null(arena_alloc(&arena, 100000, 1)); /* No room for the block's head. */
	assert_int_equal(arena_error(&arena), KNOT_ESPACE);
	assert_null(arena_alloc(&arena, SIZE_MAX, 1));
	assert_int_equal(arena_error(&arena), KNOT_ESPACE);
	assert_non_null(arena_alloc(&arena, 60000, 1));
	assert_non_null(arena_alloc(&arena, 30000, 1)); /* The last block takes what is left. */
	assert_null(arena_alloc(&arena, 30000, 1));
	assert_int_equal(arena_error(&arena), KNOT_ESPACE);
	assert_false(arena_charge(&arena, 1));
	arena_free(&arena);

	assert_true(arena_charge(&arena, 99999));
	assert_false(arena_charge(&arena, 2));
	assert_int_equal(arena_error(&arena), KNOT_ESPACE);
	assert_null(arena_alloc(&arena, 1, 1));
	arena_discharge(&arena, 99999);
	assert_non_null(arena_alloc(&arena, 1, 1));
	arena_free(&arena);

	arena_init(&arena, 0);
	assert_null(arena_alloc(&arena, 0, 1));
	arena_free(&arena);
}

static void test_rewind(void **unused)
{
	(void)unused;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	struct arena_mark start = arena_mark(&arena);
	char *kept = arena_copy(&arena, "kept", 4);
	struct arena_mark mark = arena_mark(&arena);
	size_t taken = arena.taken;
	for (int i = 0; i < 1000; i++) {
		for (int j = 0; j < 10; j++) {
			assert_non_null(arena_alloc(&arena, 50000, 1));
		}
		arena_rewind(&arena, mark);
		assert_int_equal(arena.taken, taken);
	}
	assert_ptr_equal(arena_copy(&arena, "next", 4), kept + 4);
	assert_memory_equal(kept, "kept", 4);
	arena_rewind(&arena, start);
	assert_int_equal(arena.taken, 0);
	arena_free(&arena);
}

static void test_vector(void **unused)
{
	(void)unused;
	struct arena arena;
	arena_init(&arena, 40000);
	struct vector numbers = { .item = sizeof(uint32_t) };
	uint32_t count = 0;
	for (uint32_t *item; (item = vector_push(&numbers, &arena)) != NULL; count++) {
		assert_int_equal(*item, 0);
		*item = count;
	}
	assert_int_equal(arena_error(&arena), KNOT_ESPACE);
	assert_int_equal(count, 8192);
	assert_int_equal(numbers.count, count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(((uint32_t *)numbers.data)[i], i);
	}
	vector_free(&numbers, &arena);
	assert_int_equal(arena.taken, 0);
	vector_free(&numbers, &arena);

	/* Room that is not in use counts as well. */
	assert_non_null(vector_push(&numbers, &arena));
	assert_in_range(arena.taken, 2 * sizeof(uint32_t), 40000);
	vector_free(&numbers, &arena);
	assert_int_equal(arena.taken, 0);
}

/*! \brief Mappings of this process, in pages. */
static long mapped_pages(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld", &pages), 1);
	fclose(file);
	return pages;
}

/*! \brief What is freed is the system's again, all that was mapped for alignment included. */
static void test_pages(void **unused)
{
	(void)unused;
	enum { TIMES = 100 };
	const size_t size = ((size_t)5 << 20) + 1;
	char *neighbours[TIMES];
	long before = mapped_pages();
	for (int i = 0; i < TIMES; i++) {
		/* So that mappings begin anywhere and have others next to them. */
		neighbours[i] = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(neighbours[i], MAP_FAILED);
		char *memory = pages_alloc(size);
		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % (2 << 20), 0);
		memset(memory, 2, size);
		neighbours[i][0] = (char)i;
		pages_free(memory, size);
	}
	assert_in_range(mapped_pages(), 0, before + TIMES * 40);
	for (int i = 0; i < TIMES; i++) {
		assert_int_equal(neighbours[i][0], i);
		(void)munmap(neighbours[i], 4096);
	}
	pages_free(NULL, size);
	assert_null(pages_alloc(SIZE_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example), cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_limit),   cmocka_unit_test(test_rewind),
		cmocka_unit_test(test_vector),  cmocka_unit_test(test_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
