/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/cluster/members.h"
#include "module/http/http.h"

void members_show(const struct member *member)
{
	const struct view *view = member->view;
	const struct counters_view shown = {
		.snapshot = view->answer.snapshot,
		.skipped = view->skipped,
		.publications = view->publications,
	};
	if (!member->uncounted) {
		counters_show(member->mod, &member->cluster->stats, &shown);
	}
}

void members_show_all(const struct cluster *cluster)
{
	for (const struct member *member = cluster->members; member != NULL;
	     member = member->next) {
		members_show(member);
	}
}

void members_count_poll(struct cluster *cluster, enum poll_outcome outcome)
{
	pthread_mutex_lock(&cluster->lock);
	cluster->stats.count[outcome]++;
	members_show_all(cluster);
	pthread_mutex_unlock(&cluster->lock);
	kept_expire();
	http_tend();
}

void members_drop_view(struct cluster *cluster, struct view *view)
{
	if (--view->refs > 0) {
		return;
	}
	struct view **link = &cluster->views;
	while (*link != view) {
		link = &(*link)->next;
	}
	*link = view->next;
	view_free(view);
}
