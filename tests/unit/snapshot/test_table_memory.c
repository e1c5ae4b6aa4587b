/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Memory that runs out: at each allocation in turn, for once or for good.
 *
 * Linked with `--wrap`, so that each allocation of the stage comes here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "module/snapshot/pool.h"
#include "tests/unit/snapshot/table_model.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void __real_free(void *memory);
int __real_munmap(void *addr, size_t len);
void *__real_pool_alloc(struct pool *pool, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void __wrap_free(void *memory);
int __wrap_munmap(void *addr, size_t len);
void *__wrap_pool_alloc(struct pool *pool, size_t size);

/*! \brief Allocations are counted and may fail only while the table is at work. */
static bool armed;

/*! \brief The allocation that fails, counted down; it has failed at 0. */
static uint32_t left;

/*! \brief All after it fail, too. */
static bool for_good;

static bool fails(void)
{
	if (!armed) {
		return false;
	}
	if (left > 0) {
		left--;
		return left == 0;
	}
	return for_good;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(memory, count, size);
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return fails() ? MAP_FAILED : __real_mmap(addr, len, prot, flags, fd, offset);
}

/*! \brief Set with the block that brings \a blocks_left to 0; who goes on takes further ones. */
static atomic_bool stop;
static uint32_t blocks_left, blocks_after;

void *__wrap_pool_alloc(struct pool *pool, size_t size)
{
	blocks_after += atomic_load(&stop);
	if (blocks_left > 0 && --blocks_left == 0) {
		atomic_store(&stop, true);
	}
	return fails() ? NULL : __real_pool_alloc(pool, size);
}

/*! \brief How often memory was given back. */
static size_t frees;

void __wrap_free(void *memory)
{
	frees++;
	__real_free(memory);
}

int __wrap_munmap(void *addr, size_t len)
{
	frees++;
	return __real_munmap(addr, len);
}

struct world {
	struct snapshot_table *table;
	struct model model;
	struct snapshot *current;
	struct snapshot *held;
	uint64_t digest; /*!< Of \a held. */
	int lost;        /*!< What the table said first. */
};

/*! \brief Makes a change of model and table, which may be lost. */
static void change(struct world *world, int diff, uint32_t owner, uint16_t type, uint32_t value,
                   unsigned preference)
{
	uint8_t rdata[SNAPSHOT_RDATA_MAX] = { 0 };
	uint16_t len = type == KNOT_RRTYPE_A ? 4 : 16;
	knot_dname_storage_t name, target;
	char text[64];
	snprintf(text, sizeof(text), "t%u.n%u.mesos.", owner, owner % 9);
	assert_non_null(knot_dname_from_str(name, text, sizeof(name)));
	memcpy(rdata, &value, sizeof(value));
	if (type == KNOT_RRTYPE_SRV || type == KNOT_RRTYPE_PTR) {
		snprintf(text, sizeof(text), "t%u.n%u.mesos.", value % 300, value % 9);
		assert_non_null(knot_dname_from_str(target, text, sizeof(target)));
		size_t before = type == KNOT_RRTYPE_SRV ? 6 : 0;
		len = before + knot_dname_size(target);
		memcpy(rdata + before, target, len - before);
	}
	assert_true(model_change(&world->model, diff, name, type, rdata, len, preference));
	armed = true;
	int ret = snapshot_table_change(world->table, diff, name, type, rdata, len, preference);
	armed = false;
	assert_int_equal(ret, ret == KNOT_EOK ? KNOT_EOK : KNOT_ENOMEM);
	if (ret != KNOT_EOK && world->lost == KNOT_EOK) {
		world->lost = ret;
	}
	assert_int_equal(ret, world->lost);
}

static void commit(struct world *world)
{
	struct snapshot *next = NULL;
	armed = true;
	int ret = snapshot_table_commit(world->table, &next);
	armed = false;
	if (world->lost == KNOT_EOK) {
		world->lost = ret;
	}
	assert_int_equal(ret, world->lost);
	if (ret != KNOT_EOK) {
		assert_int_equal(ret, KNOT_ENOMEM);
		assert_null(next);
	}
	if (next != NULL) {
		struct snapshot *before = world->current;
		world->current = next;
		snapshot_table_retire(world->table, before);
	}
}

/*! \brief A history in which all that can be made is made. */
static void live(struct world *world, uint32_t scale)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_SRV,
		                          KNOT_RRTYPE_PTR };
	for (uint32_t i = 0; i < 300 * scale; i++) {
		change(world, 1, i, types[i % 3], i, i % 5 == 0);
		change(world, 1, i, types[i % 4], i + i % 2, 0);
	}
	for (uint32_t i = 0; i < 100 * scale; i++) {
		change(world, 1, 7, KNOT_RRTYPE_SRV, i * 1000, 0);
		change(world, 1, 7, KNOT_RRTYPE_A, i * 1000, i % 3 > 0);
	}
	commit(world);
	world->held = snapshot_ref(world->current);
	world->digest = world->held != NULL ? model_digest(world->held) : 0;
	for (uint32_t i = 0; i < 40; i++) {
		change(world, 1, 7, KNOT_RRTYPE_SRV, 500 + i * 1000, 0);
		change(world, 1, 10000 + i, KNOT_RRTYPE_PTR, 1, 0);
	}
	commit(world);
	for (uint32_t i = 0; i < 250 * scale; i++) {
		change(world, -1, i, types[i % 3], i, i % 5 == 0);
		change(world, 1, 3, KNOT_RRTYPE_PTR, i, 0);
	}
	commit(world);
	change(world, -1, 7, KNOT_RRTYPE_SRV, 500, 0);
	snapshot_table_set_ttl(world->table, 31);
	commit(world);
}

/*! \brief Resets a lost table and feeds it everything again. */
static void mend(struct world *world)
{
	struct model_record *const *list = world->model.list;
	armed = true;
	int ret = snapshot_table_reset(world->table);
	armed = false;
	if (ret != KNOT_EOK) {
		assert_int_equal(ret, KNOT_ENOMEM);
		struct snapshot *none;
		assert_int_equal(snapshot_table_commit(world->table, &none), KNOT_ENOMEM);
		assert_int_equal(snapshot_table_reset(world->table), KNOT_EOK);
	}
	for (size_t i = 0; i < world->model.count; i++) {
		for (unsigned j = 0; j < 2 * list[i]->counts[0] + 2 * list[i]->counts[1]; j++) {
			unsigned preference = j / 2 >= list[i]->counts[0];
			if (j % 2 == 0) {
				assert_int_equal(
				        snapshot_table_change(world->table, 1, list[i]->bytes,
				                              list[i]->type,
				                              list[i]->bytes + list[i]->owner_len,
				                              list[i]->len, preference),
				        KNOT_EOK);
			}
		}
	}
	struct snapshot *next = NULL;
	assert_int_equal(snapshot_table_commit(world->table, &next), KNOT_EOK);
	assert_non_null(next);
	model_check(&world->model, world->table, next);
	if (world->held != NULL) {
		assert_int_equal(model_digest(world->held), world->digest);
	}
	snapshot_table_retire(world->table, world->current);
	world->current = next;
}

/*! \brief Lives a history in which the \a nth allocation fails; false if there are not as many. */
static bool live_with(uint32_t nth, bool good, uint32_t scale, size_t gather)
{
	struct world world = { 0 };
	left = nth;
	for_good = good;
	armed = true;
	world.table = snapshot_table_new(MODEL_ZONE, 30);
	armed = false;
	if (world.table == NULL) {
		return true;
	}
	snapshot_table_set_gather(world.table, gather);
	live(&world, scale);
	bool failed = left == 0;
	if (world.lost != KNOT_EOK) {
		assert_true(failed);
		mend(&world);
	} else {
		/* A smaller table that there is no memory for is done without. */
		model_check(&world.model, world.table, world.current);
	}
	snapshot_unref(world.held);
	snapshot_unref(world.current);
	snapshot_table_free(world.table);
	model_free(&world.model);
	return failed;
}

static void test_once(void **state)
{
	(void)state;
	uint32_t nth = 1;
	while (live_with(nth, false, 1, 5000)) {
		nth++;
	}
	assert_true(nth > 500);
}

static void test_for_good(void **state)
{
	(void)state;
	/* Each seventh will do: before it fails nothing is other than in the test above. */
	for (uint32_t nth = 1; live_with(nth, true, 1, 1 << 20);) {
		nth += 7;
	}
}

static void test_many(void **state)
{
	(void)state;
	for (uint32_t nth = 1; live_with(nth, true, 10, 1 << 20);) {
		nth += 97;
	}
}

/*! \brief A name below many others, none of which any other name has; 110 labels. */
static void deep_name(uint32_t number, knot_dname_storage_t name)
{
	uint8_t *at = name;
	for (uint32_t i = 0; i < 108; i++) {
		*at++ = 1;
		*at++ = 'a';
	}
	at += 1 + (*at = sprintf((char *)at + 1, "u%05u", number));
	memcpy(at, "\005mesos", 7);
}

/*! \brief What a table has is given back in a few large pieces, however many small ones it is. */
static void test_end_of_many(void **state)
{
	(void)state;
	static const uint8_t data[4] = { 10, 0, 0, 1 };
	struct snapshot *snapshot;
	struct snapshot_table *table = snapshot_table_new((const uint8_t *)"\005mesos", 30);
	for (uint32_t i = 0; i < 1000; i++) {
		knot_dname_storage_t name = { 0 };
		deep_name(i, name);
		/* Twice, so that there are entries for names and records, too. */
		for (uint32_t j = 0; j < 2; j++) {
			assert_int_equal(
			        snapshot_table_change(table, 1, name, KNOT_RRTYPE_A, data, 4, 0),
			        KNOT_EOK);
		}
	}
	assert_int_equal(snapshot_table_commit(table, &snapshot), KNOT_EOK);
	assert_true(snapshot_table_cost(table).hidden == 1000);
	snapshot_unref(snapshot);
	frees = 0;
	snapshot_table_free(table);
	assert_in_range(frees, 1, 200);
}

/*! \brief Whatever a commit is about, and be it all of one owner, it ends soon when it is stopped.
 */
static void test_stop(void **state)
{
	(void)state;
	bool has_ended = false;
	for (uint32_t nth = 1; !has_ended; nth += 61) {
		static const uint8_t owner[] = "\004huge\005mesos";
		struct snapshot *snapshot = NULL;
		struct snapshot_table *table = snapshot_table_new(owner + 5, 30);
		assert_non_null(table);
		snapshot_table_set_stop(table, &stop);
		snapshot_table_set_gather(table, SIZE_MAX);
		for (uint32_t i = 0; i < 12000; i++) {
			/* Half of them twice: those have entries. */
			uint32_t value = i % 8000;
			assert_int_equal(snapshot_table_change(table, 1, owner, KNOT_RRTYPE_A,
			                                       (const uint8_t *)&value, 4, 0),
			                 KNOT_EOK);
		}
		blocks_left = nth;
		blocks_after = 0;
		int ret = snapshot_table_commit(table, &snapshot);
		has_ended = !atomic_load(&stop);
		assert_int_equal(ret, has_ended ? KNOT_EOK : KNOT_ECONNABORTED);
		assert_in_range(blocks_after, 0, 2);
		assert_true(has_ended || nth < 5000);
		blocks_left = 0;
		atomic_store(&stop, false);
		snapshot_unref(snapshot);
		snapshot_table_free(table);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once), cmocka_unit_test(test_for_good),
		cmocka_unit_test(test_many), cmocka_unit_test(test_end_of_many),
		cmocka_unit_test(test_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
