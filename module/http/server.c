/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <syslog.h>

#include <urcu.h>

#include "module/base/util.h"
#include "module/http/http.h"
#include "module/http/listener.h"
#include "module/http/loop.h"
#include "module/http/lookup_reply.h"
#include "module/http/peer.h"
#include "module/http/exchange.h"
#include "module/http/watch.h"
#include "module/http/writing.h"
#include "module/http/zones.h"

/*! \brief Shortest time between two attempts to start the thread, in milliseconds. */
#define START_AGAIN_MS 1000

/*! \brief The server: one for the process. */
static struct {
	pthread_mutex_t lock; /*!< Who starts or ends the thread. */
	bool runs;            /*!< There is a thread. */
	pthread_t thread;
	int64_t start_again; /*!< When it may be tried again: CLOCK_MONOTONIC in ms. */
	atomic_bool wanted;  /*!< There are zones, and no thread. */
	atomic_bool stop;    /*!< The thread is to end. */
	atomic_bool changed; /*!< Zones have come or gone. */
	/*! An eventfd(2) that wakes the thread; -1: there is none yet. It stays open: who publishes
	 *  could write to it at any time. */
	atomic_int wake;
} server = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = -1 };

static void wake(void)
{
	int fd = atomic_load(&server.wake);
	if (fd >= 0) {
		(void)eventfd_write(fd, 1);
	}
}

/*! \brief Something has been published, or is written. */
static void woken(struct loop_event *event, uint32_t events)
{
	(void)event, (void)events;
	eventfd_t count;
	(void)eventfd_read(atomic_load(&server.wake), &count);
	watch_check();
	writing_check();
}

/*! \brief The sooner of two times to wait, of which -1 is for ever. */
static int sooner(int a, int b)
{
	return a < 0 ? b : b < 0 ? a : MIN(a, b);
}

/*! \brief How long it is until a moment, which is CLOCK_MONOTONIC in ms; -1 if that is never. */
static int until(int64_t moment)
{
	int64_t left = moment - clock_ms(CLOCK_MONOTONIC);
	return moment == INT64_MAX ? -1 : (int)MIN(MAX(left, 0), INT32_MAX);
}

static void serve(void)
{
	while (!atomic_load(&server.stop)) {
		int64_t end = zones_next_end();
		int timeout = listeners_have_more() ? 0 : -1;
		timeout = sooner(sooner(timeout, listeners_timeout()), until(end));
		timeout = sooner(timeout, sooner(peers_timeout(), watch_timeout()));
		loop_wait(timeout);
		if (until(end) == 0) {
			/* Of its names it is known from now on that they are missing. */
			watch_check();
		}
		if (atomic_exchange(&server.changed, false) || listeners_timeout() == 0) {
			listeners_update();
		}
		peers_expire();
		watch_expire();
		listeners_run();
		lookup_forget();
	}
}

static void *run(void *unused)
{
	(void)pthread_setname_np(pthread_self(), "mesos-http");
	rcu_register_thread();
	serve();
	writing_stop();
	listeners_close();
	loop_close();
	rcu_unregister_thread();
	return unused;
}

/*! \brief Makes what the thread needs; returns an errno. */
static int prepare(void)
{
	static struct loop_event event = { .ready = woken };
	if (atomic_load(&server.wake) < 0) {
		int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (fd < 0) {
			return errno;
		}
		exchange_wake_by(fd);
		atomic_store(&server.wake, fd);
	}
	int error = loop_open();
	if (error == 0 && (error = loop_add(atomic_load(&server.wake), EPOLLIN, &event)) != 0) {
		loop_close();
	}
	return error;
}

/*! \brief Starts the thread if there is none; returns an errno. The lock is held. */
static int start(void)
{
	if (server.runs) {
		return 0;
	}
	int error = prepare();
	if (error == 0) {
		/* knotd's signals are for its main thread. */
		sigset_t all, old;
		sigfillset(&all);
		atomic_store(&server.stop, false);
		pthread_sigmask(SIG_SETMASK, &all, &old);
		error = pthread_create(&server.thread, NULL, run, NULL);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		if (error != 0) {
			loop_close();
		}
	}
	server.runs = error == 0;
	server.start_again = clock_ms(CLOCK_MONOTONIC) + START_AGAIN_MS;
	atomic_store(&server.wanted, error != 0);
	return error;
}

/*! \brief Ends the thread if there is one; the lock is held. */
static void stop(void)
{
	atomic_store(&server.wanted, false);
	if (server.runs) {
		atomic_store(&server.stop, true);
		wake();
		(void)pthread_join(server.thread, NULL);
		server.runs = false;
	}
	zones_forget();
}

bool http_is_supported(void)
{
	return true;
}

int http_attach(const struct http_source *source, const struct http_address *addresses,
                size_t count, struct http_zone **out)
{
	*out = NULL;
	if (count == 0) {
		return KNOT_EOK;
	}
	pthread_mutex_lock(&server.lock);
	*out = zones_add(source, addresses, count);
	int error = 0;
	if (*out != NULL) {
		atomic_store(&server.changed, true);
		error = start();
		wake();
	}
	pthread_mutex_unlock(&server.lock);
	if (error != 0) {
		char text[128];
		snprintf(text, sizeof(text), "no HTTP yet, no thread can be started: %s",
		         strerrordesc_np(error));
		source->log(source->ctx, LOG_ERR, text);
	}
	return *out != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

void http_detach(struct http_zone *zone)
{
	if (zone == NULL) {
		return;
	}
	pthread_mutex_lock(&server.lock);
	if (zones_remove(zone) == 0) {
		stop();
		zones_forget();
	} else {
		atomic_store(&server.changed, true);
		wake();
	}
	pthread_mutex_unlock(&server.lock);
}

void http_published(void)
{
	wake();
}

void http_tend(void)
{
	if (atomic_load(&server.wanted) && pthread_mutex_trylock(&server.lock) == 0) {
		if (atomic_load(&server.wanted) &&
		    clock_ms(CLOCK_MONOTONIC) >= server.start_again) {
			(void)start();
		}
		pthread_mutex_unlock(&server.lock);
	}
}
