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
 * - what knotd's main thread wrote before it published anything, before sections that begin later:
 *   its own reads of such pointers (its zones, with the modules in them) are not seen here. For
 *   this to hold, it waits until only such sections are left before it publishes;
 * - what a reader did in its section, before what follows a grace period that had to wait for it.
 *
 * A grace period does not wait for threads that are not registered. If any but the main thread,
 * which is the one to wait, enters a section so, the program is ended.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
void urcu_memb_register_thread(void);
void urcu_memb_unregister_thread(void);
void urcu_memb_read_lock(void);
void urcu_memb_read_unlock(void);
void urcu_memb_synchronize_rcu(void);

/*! \brief Stands for the end of all sections. */
static char sections;

/*! \brief Stands for all that knotd's main thread has published. */
static char publications;

/*! \brief liburcu knows of this thread. */
static _Thread_local bool registered;

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
static void (*next_register)(void);
static void (*next_unregister)(void);
static void (*next_read_lock)(void);
static void (*next_read_unlock)(void);
static void (*next_synchronize)(void);

static bool in_knotd;

/*! \brief Finds a function of the library's; \a function points to a function pointer. */
static void find(const char *name, void *function)
{
	void *found = dlsym(RTLD_NEXT, name);
	memcpy(function, &found, sizeof(found));
}

__attribute__((constructor)) static void find_all(void)
{
	find("rcu_xchg_pointer_sym", &next_xchg_pointer);
	find("urcu_memb_register_thread", &next_register);
	find("urcu_memb_unregister_thread", &next_unregister);
	find("urcu_memb_read_lock", &next_read_lock);
	find("urcu_memb_read_unlock", &next_read_unlock);
	find("urcu_memb_synchronize_rcu", &next_synchronize);
	in_knotd = dlsym(RTLD_DEFAULT, "knotd_mod_ctx") != NULL;
}

static bool is_main(void)
{
	return gettid() == getpid();
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
	if (in_knotd && is_main()) {
		before(&publications);
		next_synchronize();
	}
	return next_xchg_pointer(p, value);
}

void urcu_memb_register_thread(void)
{
	next_register();
	registered = true;
}

void urcu_memb_unregister_thread(void)
{
	registered = false;
	next_unregister();
}

void urcu_memb_read_lock(void)
{
	static const char complaint[] = "a thread reads without being registered with liburcu\n";
	if (!registered && !is_main()) {
		(void)!write(STDERR_FILENO, complaint, strlen(complaint));
		abort();
	}
	next_read_lock();
	after(&publications);
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
