/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libknot/errcode.h>

#include "module/cluster/wanted.h"

/*! \brief Adds what all views want; a view for which there is no room stays unmet. */
static int add_views(struct cluster *cluster, struct wants *wants)
{
	int ret = KNOT_EOK;
	pthread_mutex_lock(&cluster->lock);
	cluster->wants_wait = false;
	for (const struct view *view = cluster->views; view != NULL && ret != KNOT_ENOMEM;
	     view = view->next) {
		ret = wants_add_all(wants, view->settings->wants);
	}
	pthread_mutex_unlock(&cluster->lock);
	return ret == KNOT_ENOMEM ? ret : KNOT_EOK;
}

int wanted_update(struct cluster *cluster)
{
	struct wants *wants = wants_new();
	int ret = wants != NULL ? add_views(cluster, wants) : KNOT_ENOMEM;
	bool is_same = wants_cover(cluster->wants, wants) && wants_cover(wants, cluster->wants);
	if (ret == KNOT_EOK && !is_same) {
		wants_unref(cluster->wants);
		cluster->wants = wants_ref(wants);
		master_want(cluster->client, wants);
		stock_read_anew(cluster->stock);
		if (cluster->follow.parser != NULL) {
			event_parser_want(cluster->follow.parser, wants);
		}
	}
	wants_unref(wants);
	return ret;
}

bool wanted_is_more(const struct cluster *cluster)
{
	return !wants_cover(cluster->met, cluster->wants);
}

bool wanted_meet(struct cluster *cluster)
{
	if (cluster->met == cluster->wants) {
		return false;
	}
	wants_unref(cluster->met);
	cluster->met = wants_ref(cluster->wants);
	return true;
}

bool wanted_is_met(const struct cluster *cluster, const struct view *view)
{
	return wants_cover(cluster->met, view->settings->wants);
}

void wanted_clear(struct cluster *cluster)
{
	wants_unref(cluster->wants);
	wants_unref(cluster->met);
}
