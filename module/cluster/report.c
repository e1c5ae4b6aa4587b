/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "module/base/util.h"
#include "module/cluster/report.h"

/*! \brief First time between two lines about what is left out, in milliseconds; doubles ... */
#define SAY_PAUSE_MS 1000

/*! \brief ... up to this, and begins anew once as long has passed without a line. */
#define SAY_PAUSE_MAX_MS 3600000

/*! \brief Finds the instance to say something through: of the view if given, forward if possible.
 */
static const struct member *speaker(const struct cluster *cluster, const struct view *view)
{
	const struct member *found = NULL;
	for (const struct member *member = cluster->members; member != NULL;
	     member = member->next) {
		if (view != NULL ? member->view == view : found == NULL || !member->view->reverse) {
			found = member;
		}
	}
	return found;
}

void report(struct cluster *cluster, const struct view *view, int priority, const char *fmt, ...)
{
	pthread_mutex_lock(&cluster->lock);
	const struct member *member = speaker(cluster, view);
	if (member != NULL) {
		va_list args;
		va_start(args, fmt);
		knotd_mod_vlog(member->mod, priority, fmt, args);
		va_end(args);
	}
	pthread_mutex_unlock(&cluster->lock);
}

/*! \brief Makes a stranger's text fit for a log line. */
static const char *printable(struct text text, char out[static PROJECTION_EXAMPLE_MAX + 1])
{
	uint32_t len = MIN(text.len, PROJECTION_EXAMPLE_MAX);
	for (uint32_t i = 0; i < len; i++) {
		unsigned char c = text.data[i];
		out[i] = isascii(c) && isprint(c) ? (char)c : '?';
	}
	out[len] = '\0';
	return out;
}

/*!
 * \brief True if something new may be said now of what is left out, which puts off the next time.
 *
 * A task whose name DNS cannot carry, and that ends as soon as it has begun, is news at each start.
 */
static bool may_say(struct saying *saying)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	if (now < saying->again) {
		return false;
	}
	bool is_first = saying->pause == 0 || now - saying->again > SAY_PAUSE_MAX_MS;
	saying->pause = is_first ? SAY_PAUSE_MS : MIN(2 * saying->pause, SAY_PAUSE_MAX_MS);
	saying->again = now + saying->pause;
	return true;
}

/*! \brief Says that other names than before are left out. */
static void say_names(struct cluster *cluster, struct view *view, const struct records_loss *loss)
{
	bool same = view->skipped_names == loss->skipped && view->skipped_digest == loss->digest;
	if (same || !may_say(&view->skipped_saying)) {
		return;
	}
	view->skipped_names = loss->skipped;
	view->skipped_digest = loss->digest;
	char example[PROJECTION_EXAMPLE_MAX + 1];
	if (loss->skipped == 0) {
		report(cluster, view, LOG_INFO, "all names can be carried by DNS again");
	} else {
		report(cluster, view, LOG_NOTICE,
		       "%u names cannot be carried by DNS, or are the cluster's own, and are left "
		       "out, such as '%s'",
		       loss->skipped, printable(loss->example, example));
	}
}

/*! \brief Says that the records of other tasks than before are cut. */
static void say_cut(struct cluster *cluster, struct view *view, const struct records_loss *loss)
{
	bool same = view->cut_tasks == loss->cut_tasks && view->cut_digest == loss->cut_digest;
	if (same || !may_say(&view->cut_saying)) {
		return;
	}
	view->cut_tasks = loss->cut_tasks;
	view->cut_digest = loss->cut_digest;
	char example[PROJECTION_EXAMPLE_MAX + 1];
	if (loss->cut_tasks == 0) {
		report(cluster, view, LOG_INFO, "all records of all tasks fit again");
	} else {
		report(cluster, view, LOG_NOTICE,
		       "%u tasks make more records than fit, %llu of them are left out; one is "
		       "'%s'",
		       loss->cut_tasks, (unsigned long long)loss->cut,
		       printable(loss->cut_example, example));
	}
}

void report_skipped(struct cluster *cluster, struct view *view)
{
	if (!view->reverse) {
		say_names(cluster, view, &view->projection.loss);
		say_cut(cluster, view, &view->projection.loss);
	}
}

void report_success(struct cluster *cluster, const struct master_reply *reply, const char *troubles)
{
	char old[ENDPOINT_TEXT_MAX], new[ENDPOINT_TEXT_MAX];
	endpoint_text(&cluster->leader, false, old);
	endpoint_text(&reply->leader, false, new);

	if (!cluster->loaded) {
		const struct inventory_stats stats = inventory_stats(cluster->stock->inventory);
		report(cluster, NULL, LOG_INFO,
		       "loaded the state of leader %s: %u agents, %zu frameworks, %llu running "
		       "tasks",
		       new, reply->facts.registered_count, stats.frameworks,
		       (unsigned long long)cluster->tally.running);
	} else if (cluster->error[0] != '\0') {
		report(cluster, NULL, LOG_NOTICE, "polls succeed again, leader is %s", new);
	} else if (!endpoint_equal(&cluster->leader, &reply->leader)) {
		report(cluster, NULL, LOG_NOTICE, "leader changed from %s to %s", old, new);
	}
	if (troubles[0] != '\0' && strcmp(troubles, cluster->troubles) != 0) {
		report(cluster, NULL, LOG_WARNING, "some masters failed: %s", troubles);
	}
	/* Once they are over, the same ones are news again. */
	strcpy(cluster->troubles, troubles);
	cluster->error[0] = '\0';
	cluster->silence_said = cluster->silence;
}

void report_failure(struct cluster *cluster, const char *error)
{
	if (strcmp(cluster->error, error) == 0) {
		return;
	}
	snprintf(cluster->error, sizeof(cluster->error), "%s", error);
	if (cluster->loaded) {
		report(cluster, NULL, LOG_WARNING, "polls fail, serving the last state: %s", error);
	} else {
		report(cluster, NULL, LOG_ERR, "polls fail, no state yet: %s", error);
	}
}

void report_kept(struct cluster *cluster, uint32_t kept)
{
	if (kept > 0 && cluster->kept == 0) {
		report(cluster, NULL, LOG_NOTICE,
		       "%u agents have not registered with the new leader yet, their records are "
		       "kept",
		       kept);
	} else if (kept == 0 && cluster->kept > 0) {
		report(cluster, NULL, LOG_NOTICE,
		       "no more records are kept of before the failover");
	}
	cluster->kept = kept;
}

void report_silence(struct cluster *cluster, const struct endpoint *master)
{
	char name[ENDPOINT_TEXT_MAX];
	cluster->silence = true;
	if (!cluster->silence_said) {
		report(cluster, NULL, LOG_WARNING, "%s has sent nothing for %d s, asking who leads",
		       endpoint_text(master, false, name), MASTER_SILENT_MS / 1000);
	}
	cluster->silence_said = true;
}

void report_following(struct cluster *cluster)
{
	struct follow *follow = &cluster->follow;
	char name[ENDPOINT_TEXT_MAX];
	if (follow->said == SAID_FOLLOWING &&
	    endpoint_equal(&follow->said_leader, &cluster->leader)) {
		return;
	}
	follow->said = SAID_FOLLOWING;
	follow->said_leader = cluster->leader;
	report(cluster, NULL, LOG_INFO, "following the events of leader %s",
	       endpoint_text(&cluster->leader, false, name));
}

void report_polling(struct cluster *cluster, const struct endpoint *master, const char *reason)
{
	struct follow *follow = &cluster->follow;
	char name[ENDPOINT_TEXT_MAX];
	if (follow->said == SAID_POLLING && strcmp(follow->said_reason, reason) == 0) {
		return;
	}
	follow->said = SAID_POLLING;
	snprintf(follow->said_reason, sizeof(follow->said_reason), "%s", reason);
	report(cluster, NULL, LOG_WARNING, "no events from %s, polling instead: %s",
	       endpoint_text(master, false, name), reason);
}
