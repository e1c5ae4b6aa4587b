/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "module/snapshot/layout.h"
#include "tests/unit/snapshot/table_text.h"

/*! \brief The lines of the headers' examples. */
static void test_example(void **state)
{
	(void)state;
	const knot_dname_t *zone = MODEL_ZONE, *owner = (const knot_dname_t *)"\001a\005mesos";
	const uint8_t address[] = { 192, 0, 2, 1 };
	struct snapshot *before = NULL;

	struct snapshot_table *table = snapshot_table_new(zone, 30);
	int ret = snapshot_table_change(table, 1, owner, KNOT_RRTYPE_A, address, 4, 0);
	struct snapshot *snapshot = NULL;
	if (ret == KNOT_EOK) {
		ret = snapshot_table_commit(table, &snapshot);
	}
	snapshot_table_retire(table, before);
	snapshot_table_free(table);

	assert_int_equal(ret, KNOT_EOK);
	if (snapshot == NULL) {
		fail();
		return;
	}
	const struct snapshot_name *name = snapshot_find(snapshot, owner);
	const struct snapshot_set *set = snapshot_set(name, KNOT_RRTYPE_A);
	knot_rrset_t rrset;
	snapshot_rrset(snapshot, set, owner, 0, snapshot_piece(set, 0), &rrset);

	assert_int_equal(rrset.ttl, 30);
	assert_int_equal(rrset.rrs.count, 1);
	assert_int_equal(rrset.rrs.rdata->len, 4);
	assert_memory_equal(rrset.rrs.rdata->data, address, 4);
	assert_ptr_equal(rrset.owner, owner);
	assert_null(rrset.additional);
	snapshot_unref(snapshot);
}

static void test_nothing(void **state)
{
	(void)state;
	struct snapshot_table *table = new_table();
	struct snapshot *snapshot = commit(table);
	/* The first one is made even of nothing. */
	assert_non_null(snapshot);
	assert_null(snapshot_find(snapshot, dname("a.mesos.")));
	assert_null(commit(table));

	change_a(table, 1, "a.b.mesos.", "aaaa", 0);
	change_a(table, -1, "a.b.mesos.", "aaaa", 0);
	assert_null(commit(table));

	change_a(table, 1, "a.b.mesos.", "aaaa", 0);
	replace(table, &snapshot);
	/* What queries do not see is no reason for a new one, nor that it goes. */
	change_a(table, 1, "a.b.mesos.", "aaaa", 0);
	change_a(table, 1, "a.b.mesos.", "bbbb", 1);
	assert_null(commit(table));
	assert_int_equal(snapshot_table_cost(table).hidden, 2);
	change_a(table, -1, "a.b.mesos.", "aaaa", 0);
	change_a(table, -1, "a.b.mesos.", "bbbb", 1);
	change_a(table, -1, "a.b.mesos.", "aaaa", 0);
	change_a(table, 1, "a.b.mesos.", "aaaa", 0);
	assert_null(commit(table));
	assert_int_equal(snapshot_table_cost(table).hidden, 0);
	snapshot_unref(snapshot);
	snapshot_table_free(table);
}

static void test_arguments(void **state)
{
	(void)state;
	static const char *const outside[] = { "mesos.", ".", "web.", "web.mesos.example.",
		                               "xmesos." };
	static const struct {
		uint16_t type;
		uint16_t len;
		const char *rdata;
	} bad[] = {
		{ KNOT_RRTYPE_A, 5, "abcde" },
		{ KNOT_RRTYPE_A, 0, "" },
		{ KNOT_RRTYPE_AAAA, 4, "abcd" },
		{ KNOT_RRTYPE_TXT, 4, "\003abc" },
		{ KNOT_RRTYPE_SRV, 6, "abcdef" },
		{ KNOT_RRTYPE_SRV, 8, "abcdef\002a" },
		{ KNOT_RRTYPE_SRV, 10, "abcdef\001a\000x" },
		{ KNOT_RRTYPE_PTR, 0, "" },
		{ KNOT_RRTYPE_PTR, 2, "\001a" },
	};
	struct snapshot_table *table = new_table();
	for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++) {
		assert_int_equal(snapshot_table_change(table, 1, dname(outside[i]), KNOT_RRTYPE_A,
		                                       (const uint8_t *)"abcd", 4, 0),
		                 KNOT_EINVAL);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(snapshot_table_change(table, 1, dname("a.mesos."), bad[i].type,
		                                       (const uint8_t *)bad[i].rdata, bad[i].len,
		                                       0),
		                 KNOT_EINVAL);
	}
	assert_int_equal(snapshot_table_change(table, 2, dname("a.mesos."), KNOT_RRTYPE_A,
	                                       (const uint8_t *)"abcd", 4, 0),
	                 KNOT_EINVAL);
	assert_int_equal(snapshot_table_change(table, 1, dname("a.mesos."), KNOT_RRTYPE_A,
	                                       (const uint8_t *)"abcd", 4, 2),
	                 KNOT_EINVAL);
	/* Nothing of that did any harm. */
	change_a(table, 1, "b.mesos.", "abcd", 0);
	struct snapshot *snapshot = commit(table);
	assert_int_equal(snapshot_stats(snapshot).records, 1);
	snapshot_unref(snapshot);
	snapshot_table_free(table);
	snapshot_table_free(NULL);
}

/*! \brief Takes away what is not there, in each way, and starts again. */
static void test_lost(void **state)
{
	(void)state;
	for (int way = 0; way < 5; way++) {
		struct snapshot_table *table = new_table();
		change_a(table, 1, "a.mesos.", "aaaa", 0);
		change_a(table, 1, "b.mesos.", "aaaa", 0);
		change_a(table, 1, "b.mesos.", "aaaa", 0);
		struct snapshot *first = commit(table), *none = first;
		switch (way) {
		case 0: change_a(table, -1, "none.mesos.", "aaaa", 0); break;
		case 1: change_a(table, -1, "a.mesos.", "bbbb", 0); break;
		case 2: change_a(table, -1, "a.mesos.", "aaaa", 1); break;
		case 3:
			change_a(table, -1, "a.mesos.", "aaaa", 0);
			change_a(table, -1, "a.mesos.", "aaaa", 0);
			break;
		default:
			for (int i = 0; i < 3; i++) {
				change_a(table, -1, "b.mesos.", "aaaa", 0);
			}
		}
		assert_int_equal(snapshot_table_commit(table, &none), KNOT_ENOENT);
		assert_null(none);
		assert_int_equal(snapshot_table_commit(table, &none), KNOT_ENOENT);
		assert_int_equal(snapshot_table_change(table, 1, dname("c.mesos."), KNOT_RRTYPE_A,
		                                       (const uint8_t *)"aaaa", 4, 0),
		                 KNOT_ENOENT);
		check_a(first, "a.mesos.", "aaaa");

		assert_int_equal(snapshot_table_reset(table), KNOT_EOK);
		change_a(table, 1, "c.mesos.", "cccc", 0);
		struct snapshot *second = commit(table);
		check_a(first, "a.mesos.", "aaaa");
		check_a(second, "a.mesos.", "");
		check_a(second, "c.mesos.", "cccc");
		assert_int_equal(snapshot_stats(second).records, 1);
		assert_int_equal(snapshot_table_octets(table), 9 + 4);
		snapshot_table_retire(table, first);
		check_a(second, "c.mesos.", "cccc");
		snapshot_unref(second);
		snapshot_table_free(table);
	}
}

/*! \brief A and AAAA of a name show the best class there is, decided together. */
static void test_classes(void **state)
{
	(void)state;
	const char *six = "0123456789abcdef";
	struct snapshot_table *table = new_table();
	change_a(table, 1, "a.mesos.", "bbbb", 1);
	change_a(table, 1, "a.mesos.", "aaaa", 1);
	struct snapshot *snapshot = commit(table);
	check_a(snapshot, "a.mesos.", "aaaabbbb");
	assert_int_equal(snapshot_table_octets(table), 2 * (9 + 4));

	change(table, 1, "a.mesos.", KNOT_RRTYPE_AAAA, six, 16, 0);
	replace(table, &snapshot);
	check_a(snapshot, "a.mesos.", "");
	assert_non_null(find_set(snapshot, "a.mesos.", KNOT_RRTYPE_AAAA));
	assert_int_equal(snapshot_stats(snapshot).records, 1);
	assert_int_equal(snapshot_table_octets(table), 2 * (9 + 4) + 9 + 16);

	/* Another object makes one of them, and is well. */
	change_a(table, 1, "a.mesos.", "bbbb", 0);
	replace(table, &snapshot);
	check_a(snapshot, "a.mesos.", "bbbb");
	change(table, -1, "a.mesos.", KNOT_RRTYPE_AAAA, six, 16, 0);
	change_a(table, -1, "a.mesos.", "bbbb", 0);
	replace(table, &snapshot);
	check_a(snapshot, "a.mesos.", "aaaabbbb");

	/* SRV records are a matter of their own, PTR records of none. */
	change_srv(table, 1, "a.mesos.", 1, "b.mesos.");
	change_ptr(table, 1, "a.mesos.", "b.mesos.");
	replace(table, &snapshot);
	check_a(snapshot, "a.mesos.", "aaaabbbb");
	assert_non_null(find_set(snapshot, "a.mesos.", KNOT_RRTYPE_SRV));
	assert_non_null(find_set(snapshot, "a.mesos.", KNOT_RRTYPE_PTR));
	snapshot_unref(snapshot);
	snapshot_table_free(table);
}

/*! \brief A PTR record is shown while it is the only one. */
static void test_claims(void **state)
{
	(void)state;
	struct snapshot_table *table = new_table();
	change_ptr(table, 1, "1.9.mesos.", "a.mesos.");
	change_ptr(table, 1, "1.9.mesos.", "a.mesos.");
	struct snapshot *snapshot = commit(table);
	assert_non_null(find_set(snapshot, "1.9.mesos.", KNOT_RRTYPE_PTR));

	change_ptr(table, 1, "1.9.mesos.", "b.mesos.");
	replace(table, &snapshot);
	assert_null(snapshot_find(snapshot, dname("1.9.mesos.")));
	assert_null(snapshot_find(snapshot, dname("9.mesos.")));
	change_ptr(table, -1, "1.9.mesos.", "a.mesos.");
	assert_null(commit(table));
	change_ptr(table, -1, "1.9.mesos.", "a.mesos.");
	replace(table, &snapshot);
	const struct snapshot_set *set = find_set(snapshot, "1.9.mesos.", KNOT_RRTYPE_PTR);
	assert_int_equal(set->count, 1);
	knot_rrset_t rrset;
	snapshot_rrset(snapshot, set, MODEL_ZONE, 0, 1, &rrset);
	assert_true(knot_dname_is_equal(rrset.rrs.rdata->data, dname("b.mesos.")));
	assert_int_equal(snapshot_table_cost(table).hidden, 0);
	snapshot_unref(snapshot);
	snapshot_table_free(table);
}

static void test_names(void **state)
{
	(void)state;
	struct snapshot_table *table = new_table();
	change_a(table, 1, "web.marathon.mesos.", "abcd", 0);
	change_a(table, 1, "_a._tcp.b.c.mesos.", "abcd", 0);
	change_a(table, 1, "c.mesos.", "abcd", 0);
	struct snapshot *snapshot = commit(table);
	assert_non_null(find_set(snapshot, "web.marathon.mesos.", KNOT_RRTYPE_ANY));
	assert_null(find_set(snapshot, "web.marathon.mesos.", KNOT_RRTYPE_AAAA));
	static const char *const above[] = { "marathon.mesos.", "_tcp.b.c.mesos.", "b.c.mesos." };
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
	assert_int_equal(snapshot_stats(snapshot).names, 3);

	/* A name with others below it stays when it loses its own records. */
	change_a(table, -1, "c.mesos.", "abcd", 0);
	replace(table, &snapshot);
	assert_non_null(snapshot_find(snapshot, dname("c.mesos.")));
	change_a(table, -1, "_a._tcp.b.c.mesos.", "abcd", 0);
	replace(table, &snapshot);
	assert_null(snapshot_find(snapshot, dname("c.mesos.")));
	assert_null(snapshot_find(snapshot, dname("b.c.mesos.")));
	assert_int_equal(snapshot_stats(snapshot).names, 1);
	snapshot_unref(snapshot);
	snapshot_table_free(table);
}

static void test_targets(void **state)
{
	(void)state;
	struct snapshot_table *table = new_table();
	change_srv(table, 1, "_s._tcp.mesos.", 1, "b.mesos.");
	change_srv(table, 1, "_s._tcp.mesos.", 2, "a.mesos.");
	change_srv(table, 1, "_s._tcp.mesos.", 3, "b.mesos.");
	change_srv(table, 1, "_s._tcp.mesos.", 4, "none.mesos.");
	change_a(table, 1, "a.mesos.", "abcd", 0);
	change_a(table, 1, "b.mesos.", "abcd", 0);
	struct snapshot *snapshot = commit(table);

	const struct snapshot_set *set = find_set(snapshot, "_s._tcp.mesos.", KNOT_RRTYPE_SRV);
	snapshot_prefetch(snapshot, set);
	snapshot_prefetch_names(snapshot, set);
	/* From each start each target once, and the one that is not there never. */
	for (uint32_t first = 0; first < 6; first++) {
		struct snapshot_targets walk;
		const knot_dname_t *owner;
		uint32_t index, met = 0;
		snapshot_targets(snapshot, set, first, &walk);
		while (snapshot_target_next(&walk, &owner, &index) != NULL) {
			if (met == 0) {
				assert_int_equal(index, first % 3 == 1 ? 1 : 0);
			}
			assert_true(knot_dname_is_equal(
			        owner, dname(index == 0 ? "b.mesos." : "a.mesos.")));
			met |= 1 << index;
		}
		assert_int_equal(met, 3);
	}

	/* A target that comes later is met without the set being touched. */
	change_a(table, 1, "none.mesos.", "abcd", 0);
	replace(table, &snapshot);
	set = find_set(snapshot, "_s._tcp.mesos.", KNOT_RRTYPE_SRV);
	struct snapshot_targets walk;
	const knot_dname_t *owner;
	uint32_t index, count = 0;
	snapshot_targets(snapshot, set, 0, &walk);
	while (snapshot_target_next(&walk, &owner, &index) != NULL) {
		count++;
	}
	assert_int_equal(count, 3);
	snapshot_unref(snapshot);
	snapshot_table_free(table);
}

static void test_ttl(void **state)
{
	(void)state;
	struct snapshot_table *table = new_table();
	change_a(table, 1, "a.mesos.", "abcd", 0);
	struct snapshot *snapshot = commit(table);
	snapshot_table_set_ttl(table, 30);
	assert_null(commit(table));
	snapshot_table_set_ttl(table, 5);
	struct snapshot *next = commit(table);
	assert_int_equal(snapshot_ttl(snapshot), 30);
	assert_int_equal(snapshot_ttl(next), 5);
	assert_ptr_equal(next->entries[0].shard, snapshot->entries[0].shard);
	snapshot_table_retire(table, snapshot);
	check_a(next, "a.mesos.", "abcd");
	snapshot_unref(next);
	snapshot_table_free(table);
	snapshot_unref(NULL);
	assert_null(snapshot_ref(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),   cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_lost),
		cmocka_unit_test(test_classes),   cmocka_unit_test(test_claims),
		cmocka_unit_test(test_names),     cmocka_unit_test(test_targets),
		cmocka_unit_test(test_ttl),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
