/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/base/util.h"
#include "module/cluster/pace.h"

/*! \brief How long events are gathered after the first one, in milliseconds. */
#define GATHER_MS 500

/*! \brief First time between two states, in milliseconds. */
#define PAUSE_MS 2000

int64_t pace_want(struct pace *pace, int64_t now, int64_t poll_interval)
{
	if (now - pace->event > poll_interval) {
		pace->pause = 0;
	}
	pace->event = now;
	pace->is_wanted = true;
	return MAX(now + GATHER_MS, pace->asked + pace->pause);
}

void pace_ask(struct pace *pace, int64_t now, int64_t poll_interval)
{
	if (!pace->is_wanted) {
		return;
	}
	pace->is_wanted = false;
	pace->asked = now;
	pace->pause = MIN(pace->pause > 0 ? 2 * pace->pause : PAUSE_MS, poll_interval);
}
