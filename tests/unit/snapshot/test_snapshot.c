/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/snapshot/snapshot_build.h"

static const knot_dname_t *const ZONE = (const knot_dname_t *)"\005mesos";

/*! \brief Makes a name of text. */
static const knot_dname_t *dname(const char *text)
{
	static knot_dname_storage_t storage;
	assert_non_null(knot_dname_from_str(storage, text, sizeof(storage)));
	return storage;
}

static void add(struct snapshot_builder *builder, const char *owner, uint16_t type,
                const void *rdata, uint16_t len)
{
	assert_int_equal(snapshot_builder_add(builder, dname(owner), type, rdata, len), KNOT_EOK);
}

static void add_srv(struct snapshot_builder *builder, const char *owner, uint16_t port,
                    const char *target)
{
	uint8_t rdata[6 + KNOT_DNAME_MAXLEN] = { 0, 0, 0, 1, port >> 8, port & 0xff };
	int len = knot_dname_to_wire(rdata + 6, dname(target), KNOT_DNAME_MAXLEN);
	add(builder, owner, KNOT_RRTYPE_SRV, rdata, 6 + len);
}

static struct snapshot *finish(struct snapshot_builder *builder)
{
	struct snapshot *snapshot = NULL;
	assert_int_equal(snapshot_builder_finish(builder, &snapshot), KNOT_EOK);
	snapshot_builder_free(builder);
	return snapshot;
}

static const struct snapshot_set *find_set(const struct snapshot *snapshot, const char *owner,
                                           uint16_t type)
{
	const struct snapshot_name *name = snapshot_find(snapshot, dname(owner));
	return name != NULL ? snapshot_set(name, type) : NULL;
}

/*! \brief The lines of the header's example. */
static void test_example(void **state)
{
	(void)state;
	const knot_dname_t *zone = ZONE, *owner = (const knot_dname_t *)"\001a\005mesos";
	const uint8_t address[] = { 192, 0, 2, 1 };

	struct snapshot_builder *builder = snapshot_builder_new(zone, 30);
	int ret = snapshot_builder_add(builder, owner, KNOT_RRTYPE_A, address, 4);
	struct snapshot *snapshot = NULL;
	if (ret == KNOT_EOK) {
		ret = snapshot_builder_finish(builder, &snapshot);
	}
	snapshot_builder_free(builder);
	const struct snapshot_name *name = snapshot_find(snapshot, owner);
	const struct snapshot_set *set = snapshot_set(name, KNOT_RRTYPE_A);
	knot_rrset_t rrset;
	snapshot_rrset(snapshot, set, owner, 0, set->count, &rrset);

	assert_int_equal(rrset.ttl, 30);
	assert_int_equal(rrset.rrs.count, 1);
	assert_int_equal(rrset.rrs.rdata->len, 4);
	assert_memory_equal(rrset.rrs.rdata->data, address, 4);
	assert_ptr_equal(rrset.owner, owner);
	assert_null(rrset.additional);
	snapshot_unref(snapshot);
}

static void test_names(void **state)
{
	(void)state;
	struct snapshot_builder *builder = snapshot_builder_new(ZONE, 30);
	add(builder, "web.marathon.mesos.", KNOT_RRTYPE_A, "abcd", 4);
	add(builder, "_a._tcp.b.c.mesos.", KNOT_RRTYPE_A, "abcd", 4);
	struct snapshot *snapshot = finish(builder);

	assert_non_null(find_set(snapshot, "web.marathon.mesos.", KNOT_RRTYPE_A));
	assert_non_null(find_set(snapshot, "web.marathon.mesos.", KNOT_RRTYPE_ANY));
	assert_null(find_set(snapshot, "web.marathon.mesos.", KNOT_RRTYPE_AAAA));

	static const char *const above[] = { "marathon.mesos.", "_tcp.b.c.mesos.", "b.c.mesos.",
		                             "c.mesos." };
	for (size_t i = 0; i < sizeof(above) / sizeof(*above); i++) {
		const struct snapshot_name *name = snapshot_find(snapshot, dname(above[i]));
		assert_non_null(name);
		assert_null(snapshot_set(name, KNOT_RRTYPE_ANY));
	}
	static const char *const none[] = { "mesos.",        ".",
		                            "other.mesos.",  "x.web.marathon.mesos.",
		                            "web.marathon.", "eb.marathon.mesos." };
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		assert_null(snapshot_find(snapshot, dname(none[i])));
	}
	assert_int_equal(snapshot_stats(snapshot).names, 2);
	assert_int_equal(snapshot_stats(snapshot).records, 2);
	snapshot_unref(snapshot);
}

static void test_outside(void **state)
{
	(void)state;
	struct snapshot_builder *builder = snapshot_builder_new(ZONE, 30);
	static const char *const outside[] = { "mesos.", ".", "web.", "web.mesos.example.",
		                               "xmesos." };
	for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++) {
		assert_int_equal(snapshot_builder_add(builder, dname(outside[i]), KNOT_RRTYPE_A,
		                                      (const uint8_t *)"abcd", 4),
		                 KNOT_EINVAL);
	}
	struct snapshot *snapshot = finish(builder);
	assert_int_equal(snapshot_stats(snapshot).records, 0);
	assert_null(snapshot_find(snapshot, dname("web.mesos.")));
	snapshot_unref(snapshot);
}

static void test_order(void **state)
{
	(void)state;
	struct snapshot_builder *builder = snapshot_builder_new(ZONE, 30);
	add(builder, "a.mesos.", KNOT_RRTYPE_AAAA, "0123456789abcdef", 16);
	add(builder, "a.mesos.", KNOT_RRTYPE_A, "ddda", 4);
	add(builder, "a.mesos.", KNOT_RRTYPE_A, "aaaa", 4);
	add(builder, "a.mesos.", KNOT_RRTYPE_A, "ddda", 4);
	add(builder, "a.mesos.", KNOT_RRTYPE_A, "\xff\x01\x01\x01", 4);
	add_srv(builder, "a.mesos.", 2, "b.mesos.");
	add_srv(builder, "a.mesos.", 1, "bb.mesos.");
	struct snapshot *snapshot = finish(builder);

	const struct snapshot_set *set = find_set(snapshot, "a.mesos.", KNOT_RRTYPE_A);
	assert_int_equal(set->count, 3);
	assert_int_equal(set->size, 3 * 16);
	static const char *const order[] = { "aaaa", "ddda", "\xff\x01\x01\x01" };
	for (uint32_t i = 0; i < 3; i++) {
		knot_rrset_t rrset;
		snapshot_rrset(snapshot, set, ZONE, i, 1, &rrset);
		assert_memory_equal(rrset.rrs.rdata->data, order[i], 4);
		assert_int_equal(rrset.rrs.size, 6);
	}
	set = find_set(snapshot, "a.mesos.", KNOT_RRTYPE_SRV);
	assert_int_equal(set->count, 2);
	assert_int_equal(set->size, 2 * (12 + 6) + 9 + 10);
	assert_int_equal(set->targets_count, 0);
	set = find_set(snapshot, "a.mesos.", KNOT_RRTYPE_AAAA);
	assert_int_equal(set->count, 1);
	assert_int_equal(snapshot_stats(snapshot).records, 6);
	snapshot_unref(snapshot);
}

static void test_targets(void **state)
{
	(void)state;
	struct snapshot_builder *builder = snapshot_builder_new(ZONE, 30);
	add_srv(builder, "_s._tcp.mesos.", 1, "b.mesos.");
	add_srv(builder, "_s._tcp.mesos.", 2, "a.mesos.");
	add_srv(builder, "_s._tcp.mesos.", 3, "b.mesos.");
	add_srv(builder, "_s._tcp.mesos.", 4, "none.mesos.");
	add_srv(builder, "_s._tcp.mesos.", 5, "_s._tcp.mesos.");
	add(builder, "a.mesos.", KNOT_RRTYPE_A, "abcd", 4);
	add(builder, "b.mesos.", KNOT_RRTYPE_AAAA, "0123456789abcdef", 16);
	struct snapshot *snapshot = finish(builder);

	const struct snapshot_set *set = find_set(snapshot, "_s._tcp.mesos.", KNOT_RRTYPE_SRV);
	assert_int_equal(set->count, 5);
	assert_int_equal(set->targets_count, 2);
	const struct snapshot_target *targets = snapshot_targets(snapshot, set);
	const knot_dname_t *owner;
	const struct snapshot_name *name = snapshot_target_name(snapshot, &targets[0], &owner);
	assert_true(knot_dname_is_equal(owner, dname("b.mesos.")));
	assert_non_null(snapshot_set(name, KNOT_RRTYPE_AAAA));
	assert_int_equal(targets[0].index, 0);
	name = snapshot_target_name(snapshot, &targets[1], &owner);
	assert_true(knot_dname_is_equal(owner, dname("a.mesos.")));
	assert_non_null(snapshot_set(name, KNOT_RRTYPE_A));
	assert_int_equal(targets[1].index, 1);
	snapshot_unref(snapshot);
}

/*! \brief A set over many marks, of rdata of different lengths. */
static void test_large_set(void **state)
{
	(void)state;
	enum { COUNT = 70000 };
	struct snapshot_builder *builder = snapshot_builder_new(ZONE, 30);
	for (uint32_t i = 0; i < COUNT; i++) {
		char target[32];
		snprintf(target, sizeof(target), "%u.mesos.", i);
		add_srv(builder, "_s._tcp.mesos.", i % 65536, target);
	}
	struct snapshot *snapshot = finish(builder);

	const struct snapshot_set *set = find_set(snapshot, "_s._tcp.mesos.", KNOT_RRTYPE_SRV);
	assert_int_equal(set->count, COUNT);
	knot_rrset_t whole;
	snapshot_rrset(snapshot, set, ZONE, 0, 1, &whole);
	knot_rdata_t *rdata = whole.rrs.rdata;
	uint32_t size = 0;
	for (uint32_t i = 0; i < COUNT; i++, rdata = knot_rdataset_next(rdata)) {
		knot_rrset_t rrset;
		snapshot_rrset(snapshot, set, ZONE, i, 1, &rrset);
		assert_ptr_equal(rrset.rrs.rdata, rdata);
		assert_int_equal(rrset.rrs.size, knot_rdata_size(rdata->len));
		size += 12 + rdata->len;
	}
	assert_int_equal(set->size, size);
	snapshot_unref(snapshot);
}

static void test_many_names(void **state)
{
	(void)state;
	enum { COUNT = 50000 };
	struct snapshot_builder *builder = snapshot_builder_new(ZONE, 30);
	char owner[32];
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(owner, sizeof(owner), "t%u.f%u.mesos.", i, i % 7);
		add(builder, owner, KNOT_RRTYPE_A, &i, sizeof(i));
	}
	struct snapshot *snapshot = finish(builder);

	assert_int_equal(snapshot_stats(snapshot).names, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(owner, sizeof(owner), "t%u.f%u.mesos.", i, i % 7);
		const struct snapshot_set *set = find_set(snapshot, owner, KNOT_RRTYPE_A);
		assert_non_null(set);
		knot_rrset_t rrset;
		snapshot_rrset(snapshot, set, ZONE, 0, 1, &rrset);
		assert_memory_equal(rrset.rrs.rdata->data, &i, sizeof(i));
		snprintf(owner, sizeof(owner), "t%u.f%u.mesos.", i, i % 7 + 7);
		assert_null(find_set(snapshot, owner, KNOT_RRTYPE_A));
	}
	snapshot_unref(snapshot);
}

#define OWNER_MAX 64

/*! \brief Makes the name of a number below others; the same for all numbers if \a before is NULL.
 */
static void number_owner(char owner[static OWNER_MAX], const char *before, uint32_t number)
{
	if (before == NULL) {
		snprintf(owner, OWNER_MAX, "one.mesos.");
	} else {
		snprintf(owner, OWNER_MAX, "%s%u.mesos.", before, number);
	}
}

/*! \brief Adds up to a limit of memory: all that is taken counts, the snapshot itself included. */
static void test_memory(void **state)
{
	(void)state;
	static const char *const owners[] = { "%u.mesos.", "a.b.c.d.e.f.g.%u.mesos.",
		                              "one.mesos." };
	for (size_t i = 0; i < sizeof(owners) / sizeof(*owners); i++) {
		const size_t limit = (size_t)8 << 20;
		struct snapshot_builder *builder = snapshot_builder_new(ZONE, 30);
		snapshot_builder_limit(builder, limit, NULL);
		uint32_t count = 0;
		uint8_t rdata[16] = { 0 };
		char owner[OWNER_MAX];
		for (int ret = KNOT_EOK; ret == KNOT_EOK; count++) {
			number_owner(owner, owners[i], count);
			memcpy(rdata, &count, sizeof(count));
			ret = snapshot_builder_add(builder, dname(owner), KNOT_RRTYPE_AAAA, rdata,
			                           sizeof(rdata));
			assert_true(ret == KNOT_EOK || ret == KNOT_ESPACE);
		}
		assert_in_range(count, 1000, limit / 50);
		/* What is there stays, and there is room for a snapshot of it. */
		size_t reserved = builder->reserved;
		struct snapshot *snapshot = finish(builder);
		assert_int_equal(snapshot_stats(snapshot).records, count - 1);
		assert_in_range(snapshot_stats(snapshot).bytes, reserved / 3, reserved);
		snapshot_unref(snapshot);
	}
}

/*! \brief Stopped while one set is sorted, and while many names are written. */
static void test_stop(void **state)
{
	(void)state;
	static const char *const owners[] = { NULL, "" };
	for (size_t i = 0; i < 2; i++) {
		atomic_bool stop = false;
		struct snapshot_builder *builder = snapshot_builder_new(ZONE, 30);
		snapshot_builder_limit(builder, SNAPSHOT_MEMORY_MAX, &stop);
		for (uint32_t j = 0; j < 20000; j++) {
			char owner[OWNER_MAX];
			number_owner(owner, owners[i], j);
			add(builder, owner, KNOT_RRTYPE_A, &j, sizeof(j));
		}
		atomic_store(&stop, true);
		struct snapshot *snapshot = NULL;
		assert_int_equal(snapshot_builder_finish(builder, &snapshot), KNOT_ECONNABORTED);
		assert_null(snapshot);
		snapshot_builder_free(builder);
	}
}

static void test_refs(void **state)
{
	(void)state;
	struct snapshot *snapshot = finish(snapshot_builder_new(ZONE, 30));
	assert_true(snapshot_holds(snapshot, snapshot));
	assert_false(snapshot_holds(snapshot, state));
	snapshot_set_time(snapshot, 42);
	assert_ptr_equal(snapshot_ref(snapshot), snapshot);
	snapshot_unref(snapshot);
	assert_int_equal(snapshot_time(snapshot), 42);
	snapshot_unref(snapshot);
	snapshot_unref(NULL);
	assert_null(snapshot_ref(NULL));
	snapshot_builder_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),    cmocka_unit_test(test_names),
		cmocka_unit_test(test_outside),    cmocka_unit_test(test_order),
		cmocka_unit_test(test_targets),    cmocka_unit_test(test_large_set),
		cmocka_unit_test(test_many_names), cmocka_unit_test(test_refs),
		cmocka_unit_test(test_memory),     cmocka_unit_test(test_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
