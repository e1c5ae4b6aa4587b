/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Feeds an inventory with what happens to a model; to be included after cmocka.h.
 */
#pragma once

#include "tests/unit/inventory/history_model.h"
#include "tests/unit/inventory/inventory_feed.h"

/*! \brief Reads what the master has sent, \a count events at most. */
static void read_events(struct cluster_model *m, struct inventory *inventory, unsigned count)
{
	count = count < m->queued ? count : m->queued;
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(feed_event(inventory, m->queue[i], NULL), KNOT_EOK);
		free(m->queue[i]);
	}
	m->queued -= count;
	memmove(m->queue, m->queue + count, m->queued * sizeof(*m->queue));
}

static void load_now(const struct cluster_model *m, struct inventory *inventory)
{
	char *state = print_state(m);
	assert_int_equal(feed_state(inventory, state), KNOT_EOK);
	free(state);
}
