/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/cluster/failover_age.h"
#include "module/base/util.h"

/*! \brief How far true times may be apart, in ms: `Date` has whole seconds. */
#define SLACK_MS 2000

/*! \brief Says that nothing is known of when a leader was elected. */
#define UNKNOWN INT64_MIN

static void copy_id(const struct state *state, char id[static 64])
{
	memset(id, 0, 64);
	memcpy(id, state->id.data != NULL ? state->id.data : "", MIN(state->id.len, 63));
}

/*! \brief Notes who answers now. */
static void meet(struct failover_age *age, const struct state *state, const struct state *before,
                 int64_t now)
{
	if (age->asked == 0) {
		age->earliest = UNKNOWN;
		age->first = now;
		copy_id(state, age->id);
		if (before != NULL) {
			age->first = age->asked = before->asked;
			copy_id(before, age->id);
		}
	}

	char id[sizeof(age->id)];
	copy_id(state, id);
	if (memcmp(id, age->id, sizeof(id)) != 0) {
		/* The other one led when it was asked last. */
		memcpy(age->id, id, sizeof(id));
		age->earliest = age->asked;
		age->first = now;
	}
	age->asked = state->asked;
}

double failover_age(struct failover_age *age, const struct state *state, const struct state *before,
                    int64_t date, int64_t now)
{
	meet(age, state, before, now);

	double said = ((double)date - state->elected_time) * 1000;
	bool makes_sense = date > 0 && state->elected_time > 0 && said > -SLACK_MS &&
	                   state->elected_time >= state->start_time &&
	                   (double)now - said + SLACK_MS >= (double)age->earliest;
	if (!makes_sense) {
		return (double)(now - age->first) / 1000;
	}
	/* From now on its clock has to run as ours does. The reply was dated after it was asked
	 * for, however long it took.
	 */
	double elected = (double)state->asked - said - SLACK_MS;
	if (elected > (double)age->earliest) {
		age->earliest = (int64_t)elected;
	}
	return MAX(said, 0) / 1000;
}
