/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include <urcu.h>

#include "module/http/reply.h"
#include "module/http/writing.h"

/*! \brief Where a document is. */
enum progress {
	QUEUED,
	BEGUN,
	DONE,
	TOLD, /*!< Its readers go on. */
};

/*! \brief A document that is wanted. */
struct writing {
	struct writing *next;
	const struct http_document *document;
	struct http_address address;
	knot_dname_storage_t name;
	bool named;                     /*!< \a name is the zone that is meant. */
	enum progress progress;         /*!< Guarded by the lock. */
	struct zones_held held;         /*!< The thread's, but for its \a stop. */
	struct MHD_Response *response;  /*!< Once it is done, like what follows. */
	uint64_t octets;                /*!< Of the response's body. */
	int ret;                        /*!< What has become of it. */
	struct writing_reader *readers; /*!< The server's. */
};

static struct {
	pthread_mutex_t lock; /*!< Guards the list and what it is said to guard. */
	struct writing *first;
	bool runs;        /*!< There is a thread, and it goes on. */
	bool started;     /*!< \a thread is to be joined: the server's. */
	pthread_t thread; /*!< The server's. */
	int wake;
} state = { .lock = PTHREAD_MUTEX_INITIALIZER };

int writing_render(const struct http_document *document, const struct http_address *address,
                   const knot_dname_t *name, bool openmetrics, struct zones_held *held,
                   struct http_body *out)
{
	int ret = zones_hold(address, name, held);
	if (ret != KNOT_EOK) {
		return ret;
	}
	struct http_subject subject = {
		.zones = held->zones,
		.count = held->count,
		.zone = held->zone,
		.snapshot = document->snapshot ? held->snapshot : NULL,
		.time = held->time,
		.openmetrics = openmetrics,
	};
	out->stop = &held->stop;
	if (atomic_load(&held->stop)) {
		ret = KNOT_ECONNABORTED;
	} else if (document->snapshot && held->snapshot == NULL) {
		ret = KNOT_EAGAIN;
	} else {
		ret = document->render(out, &subject);
	}
	out->stop = NULL;
	zones_release(held);
	return ret == KNOT_EOK ? out->error : ret;
}

/*! \brief Writes a document, and makes the response of it. */
static int write_document(struct writing *writing)
{
	if (!reply_has_room(SIZE_MAX)) {
		return KNOT_ELIMIT;
	}
	struct http_body body = { .max = HTTP_BODY_MAX };
	int ret = writing_render(writing->document, &writing->address,
	                         writing->named ? writing->name : NULL, false, &writing->held,
	                         &body);
	if (ret != KNOT_EOK) {
		http_body_clear(&body);
		return ret;
	}
	writing->octets = body.len;
	writing->response = reply_make(&body, writing->document->type);
	return writing->response != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

/*! \brief Takes the next document, or ends the thread. */
static struct writing *take_next(void)
{
	pthread_mutex_lock(&state.lock);
	struct writing *writing = state.first;
	while (writing != NULL && writing->progress != QUEUED) {
		writing = writing->next;
	}
	if (writing != NULL) {
		writing->progress = BEGUN;
	} else {
		state.runs = false;
	}
	pthread_mutex_unlock(&state.lock);
	return writing;
}

static void *run(void *unused)
{
	(void)pthread_setname_np(pthread_self(), "mesos-list");
	rcu_register_thread();
	for (struct writing *writing; (writing = take_next()) != NULL;) {
		writing->ret = write_document(writing);
		pthread_mutex_lock(&state.lock);
		writing->progress = DONE;
		pthread_mutex_unlock(&state.lock);
		(void)eventfd_write(state.wake, 1);
	}
	rcu_unregister_thread();
	return unused;
}

/*! \brief Starts the thread if there is none that goes on; false if that fails. */
static bool start(int wake)
{
	pthread_mutex_lock(&state.lock);
	bool runs = state.runs;
	state.runs = true;
	pthread_mutex_unlock(&state.lock);
	if (runs) {
		return true;
	}
	if (state.started) {
		/* It has taken its leave already. */
		(void)pthread_join(state.thread, NULL);
	}
	state.wake = wake;
	/* Signals are blocked as in the server's thread. */
	state.started = pthread_create(&state.thread, NULL, run, NULL) == 0;
	if (state.started) {
		return true;
	}
	pthread_mutex_lock(&state.lock);
	state.runs = false;
	pthread_mutex_unlock(&state.lock);
	return false;
}

static bool is_of(const struct writing *writing, const struct http_document *document,
                  const struct http_address *address, const knot_dname_t *name)
{
	return writing->document == document && writing->named == (name != NULL) &&
	       (name == NULL || knot_dname_is_equal(writing->name, name)) &&
	       http_address_equal(&writing->address, address);
}

/*! \brief Finds a document that is not begun yet. */
static struct writing *find_queued(const struct http_document *document,
                                   const struct http_address *address, const knot_dname_t *name)
{
	struct writing *writing = state.first;
	while (writing != NULL &&
	       (writing->progress != QUEUED || !is_of(writing, document, address, name) ||
	        atomic_load(&writing->held.stop))) {
		writing = writing->next;
	}
	return writing;
}

/*! \brief Makes one; NULL if memory runs out. */
static struct writing *new_writing(const struct http_document *document,
                                   const struct http_address *address, const knot_dname_t *name)
{
	struct writing *writing = calloc(1, sizeof(*writing));
	if (writing != NULL) {
		writing->document = document;
		writing->address = *address;
		writing->named = name != NULL;
		if (name != NULL) {
			(void)knot_dname_to_wire(writing->name, name, sizeof(writing->name));
		}
	}
	return writing;
}

/*! \brief Adds a reader. */
static void add_reader(struct writing *writing, struct writing_reader *reader)
{
	reader->writing = writing;
	reader->link = &writing->readers;
	reader->next = writing->readers;
	if (reader->next != NULL) {
		reader->next->link = &reader->next;
	}
	writing->readers = reader;
}

/*! \brief Frees what nobody reads any more, and is not begun, or done. */
static void sweep(void)
{
	pthread_mutex_lock(&state.lock);
	for (struct writing **link = &state.first; *link != NULL;) {
		struct writing *writing = *link;
		if (writing->readers == NULL && writing->progress != BEGUN) {
			*link = writing->next;
			if (writing->response != NULL) {
				MHD_destroy_response(writing->response);
			}
			free(writing);
		} else {
			link = &writing->next;
		}
	}
	pthread_mutex_unlock(&state.lock);
}

void writing_leave(struct writing_reader *reader)
{
	struct writing *writing = reader->writing;
	if (writing == NULL) {
		return;
	}
	*reader->link = reader->next;
	if (reader->next != NULL) {
		reader->next->link = reader->link;
	}
	reader->writing = NULL;
	if (writing->readers == NULL) {
		atomic_store(&writing->held.stop, true);
		sweep();
	}
}

int writing_want(struct writing_reader *reader, const struct http_document *document,
                 const struct http_address *address, const knot_dname_t *name, int wake)
{
	pthread_mutex_lock(&state.lock);
	struct writing *writing = find_queued(document, address, name);
	if (writing == NULL && (writing = new_writing(document, address, name)) != NULL) {
		struct writing **link = &state.first;
		while (*link != NULL) {
			link = &(*link)->next;
		}
		*link = writing;
	}
	if (writing != NULL) {
		add_reader(writing, reader);
	}
	pthread_mutex_unlock(&state.lock);
	if (writing == NULL || !start(wake)) {
		writing_leave(reader);
		return KNOT_ENOMEM;
	}
	(void)peer_suspend(reader->peer, false);
	return KNOT_EOK;
}

int writing_result(const struct writing_reader *reader, struct MHD_Response **out, uint64_t *octets)
{
	const struct writing *writing = reader->writing;
	*out = writing->response;
	*octets = writing->octets;
	return writing->ret;
}

void writing_check(void)
{
	pthread_mutex_lock(&state.lock);
	for (struct writing *writing = state.first; writing != NULL; writing = writing->next) {
		if (writing->progress == DONE) {
			writing->progress = TOLD;
			for (struct writing_reader *reader = writing->readers; reader != NULL;
			     reader = reader->next) {
				peer_resume(reader->peer);
			}
		}
	}
	pthread_mutex_unlock(&state.lock);
	sweep();
}

bool writing_is_done(const struct writing_reader *reader)
{
	pthread_mutex_lock(&state.lock);
	bool done = reader->writing != NULL && reader->writing->progress >= DONE;
	pthread_mutex_unlock(&state.lock);
	return done;
}

void writing_stop(void)
{
	pthread_mutex_lock(&state.lock);
	for (struct writing *writing = state.first; writing != NULL; writing = writing->next) {
		atomic_store(&writing->held.stop, true);
	}
	pthread_mutex_unlock(&state.lock);
	if (state.started) {
		(void)pthread_join(state.thread, NULL);
		state.started = false;
	}
	sweep();
}
