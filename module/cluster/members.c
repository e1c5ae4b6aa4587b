/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/cluster/members.h"

void members_show(const struct member *member)
{
	const struct view *view = member->view;
	if (!member->uncounted) {
		counters_show(member->mod, &member->cluster->stats, view->answer.snapshot,
		              view->skipped);
	}
}

void members_count_poll(struct cluster *cluster, enum poll_outcome outcome)
{
	pthread_mutex_lock(&cluster->lock);
	cluster->stats.count[outcome]++;
	for (const struct member *member = cluster->members; member != NULL;
	     member = member->next) {
		members_show(member);
	}
	pthread_mutex_unlock(&cluster->lock);
	kept_expire();
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
