/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "module/cluster/failover_age.h"
#include "module/base/util.h"

/*! \brief How far true times may be apart, in ms: `Date` has whole seconds. */
#define SLACK_MS 2000

/*! \brief Says that nothing is known of when a leader was elected. */
#define UNKNOWN INT64_MIN

struct failover_leader failover_leader(const struct master_facts *facts, int64_t asked)
{
	struct failover_leader leader = { .asked = asked };
	memcpy(leader.id, facts->id.data != NULL ? facts->id.data : "",
	       MIN(facts->id.len, sizeof(leader.id) - 1));
	return leader;
}

static bool is_same(const struct failover_leader *a, const struct failover_leader *b)
{
	return memcmp(a->id, b->id, sizeof(a->id)) == 0;
}

/*! \brief Notes who answers now. */
static void meet(struct failover_age *age, const struct failover_leader *leader,
                 const struct failover_leader *before, int64_t now)
{
	if (age->last.asked == 0) {
		age->earliest = UNKNOWN;
		age->first = now;
		age->last = *leader;
		if (before->asked != 0) {
			age->first = before->asked;
			age->last = *before;
		}
	}
	if (!is_same(leader, &age->last)) {
		/* The other one led when it was asked last. */
		age->earliest = age->last.asked;
		age->first = now;
	}
	age->last = *leader;
}

double failover_age(struct failover_age *age, const struct master_facts *facts, int64_t asked,
                    const struct failover_leader *before, int64_t date, int64_t now)
{
	struct failover_leader leader = failover_leader(facts, asked);
	meet(age, &leader, before, now);

	double said = ((double)date - facts->elected_time) * 1000;
	bool makes_sense = date > 0 && facts->elected_time > 0 && said > -SLACK_MS &&
	                   facts->elected_time >= facts->start_time &&
	                   (double)now - said + SLACK_MS >= (double)age->earliest;
	if (!makes_sense) {
		return (double)(now - age->first) / 1000;
	}
	/* From now on its clock has to run as ours does. The reply was dated after it was asked
	 * for, however long it took.
	 */
	double elected = (double)asked - said - SLACK_MS;
	if (elected > (double)age->earliest) {
		age->earliest = (int64_t)elected;
	}
	return MAX(said, 0) / 1000;
}

bool failover_is_blank(const struct master_facts *facts, const struct failover_leader *before,
                       double since_elected)
{
	struct failover_leader leader = failover_leader(facts, 0);
	bool is_empty = facts->registered_count == 0 && facts->recovered_count == 0 &&
	                facts->frameworks_count == 0;
	bool was_believed = before->asked != 0 && facts->id.len > 0 && is_same(&leader, before);
	return is_empty && !was_believed && !(since_elected > facts->registry_fetch_timeout);
}
