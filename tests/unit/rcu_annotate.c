/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Tells ThreadSanitizer and helgrind what liburcu promises.
 *
 * Neither sees liburcu's barriers: one for want of instrumentation in the library, the other
 * because they are no locks. So they take every snapshot that is published for a race, and every
 * one that is freed after a grace period. These functions stand before the library's own (linked
 * into a program, or preloaded into a knotd) and say what happens before what, and no more than
 * that:
 *
 * - what was written before a pointer is published, before what its readers do;
 * - what a reader did in its section, before what follows a grace period that had to wait for it.
 */
#include <dlfcn.h>
#include <string.h>

#if __has_include(<valgrind/helgrind.h>)
#include <valgrind/helgrind.h>
#else
#define ANNOTATE_HAPPENS_BEFORE(place) ((void)(place))
#define ANNOTATE_HAPPENS_AFTER(place)  ((void)(place))
#endif

/* Of ThreadSanitizer's library; not there without it. */
__attribute__((weak)) void __tsan_acquire(void *place);
__attribute__((weak)) void __tsan_release(void *place);

void *rcu_dereference_sym(void *p);
void *rcu_xchg_pointer_sym(void **p, void *value);
void urcu_memb_read_unlock(void);
void urcu_memb_synchronize_rcu(void);

/*! \brief Stands for the end of all sections. */
static char sections;

static void before(void *place)
{
	ANNOTATE_HAPPENS_BEFORE(place);
	if (__tsan_release) {
		__tsan_release(place);
	}
}

static void after(void *place)
{
	ANNOTATE_HAPPENS_AFTER(place);
	if (__tsan_acquire) {
		__tsan_acquire(place);
	}
}

/* The library's own, found before there are threads. */
static void *(*next_xchg_pointer)(void **, void *);
static void (*next_read_unlock)(void);
static void (*next_synchronize)(void);

/*! \brief Finds a function of the library's; \a function points to a function pointer. */
static void find(const char *name, void *function)
{
	void *found = dlsym(RTLD_NEXT, name);
	memcpy(function, &found, sizeof(found));
}

__attribute__((constructor)) static void find_all(void)
{
	find("rcu_xchg_pointer_sym", &next_xchg_pointer);
	find("urcu_memb_read_unlock", &next_read_unlock);
	find("urcu_memb_synchronize_rcu", &next_synchronize);
}

void *rcu_dereference_sym(void *p)
{
	/* The pointer has been read; what it points to is what was published. */
	if (p != NULL) {
		after(p);
	}
	return p;
}

void *rcu_xchg_pointer_sym(void **p, void *value)
{
	if (value != NULL) {
		before(value);
	}
	return next_xchg_pointer(p, value);
}

void urcu_memb_read_unlock(void)
{
	before(&sections);
	next_read_unlock();
}

void urcu_memb_synchronize_rcu(void)
{
	next_synchronize();
	after(&sections);
}
