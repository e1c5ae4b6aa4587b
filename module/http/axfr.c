/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <time.h>

#include "module/base/util.h"
#include "module/http/documents.h"
#include "module/http/owners.h"
#include "module/http/said.h"

/*! \brief Writes the data of a set: `["...","..."]`. */
static int write_set(struct http_body *out, const struct snapshot *snapshot,
                     const struct snapshot_set *set, const knot_dname_t *owner)
{
	(void)http_body_text(out, "[");
	for (uint32_t first = 0, count; first < set->count; first += count) {
		knot_rrset_t rrset;
		count = snapshot_piece(set, first);
		snapshot_rrset(snapshot, set, owner, first, count, &rrset);
		knot_rdata_t *rdata = rrset.rrs.rdata;
		for (uint32_t i = 0; i < count; i++, rdata = knot_rdataset_next(rdata)) {
			(void)http_body_text(out, first + i > 0 ? "," : "");
			(void)http_said_data(out, set->type, rdata->data);
		}
	}
	return http_body_text(out, "]");
}

/*! \brief Writes all records of a type, by owner: `{"NAME":[...],...}`. */
static int write_type(struct http_body *out, const struct snapshot *snapshot,
                      const struct http_owners *owners, uint16_t type)
{
	const char *before = "{";
	int ret = KNOT_EOK;
	for (const struct http_owner *n = owners->first; ret == KNOT_EOK && n != NULL;
	     n = http_owner_next(n)) {
		const struct snapshot_set *set = snapshot_set(n->name, type);
		if (set == NULL) {
			continue;
		}
		(void)http_body_text(out, before);
		(void)http_said_name(out, "", snapshot_owner(n->name));
		(void)http_body_text(out, ":");
		ret = write_set(out, snapshot, set, snapshot_owner(n->name));
		before = ",";
	}
	return ret == KNOT_EOK ? http_body_text(out, before[0] == '{' ? "{}" : "}") : ret;
}

/*! \brief When a moment of the monotonic clock was, in seconds since 1970. */
static int64_t wall_time(int64_t ms)
{
	return (clock_ms(CLOCK_REALTIME) - (clock_ms(CLOCK_MONOTONIC) - ms)) / 1000;
}

/*!
 * \brief Writes the head: what Mesos-DNS says of its zone.
 *
 * Here a zone's SOA record is the zone file's, which only DNS gives: Mname and Rname are what
 * Mesos-DNS makes of a zone's name unless it is told otherwise. Its Domain lacks the final dot.
 */
static int write_head(struct http_body *out, const struct http_subject *subject)
{
	const knot_dname_t *zone = subject->zone->name;
	char domain[KNOT_DNAME_TXT_MAXLEN + 1];
	(void)knot_dname_to_str(domain, zone, sizeof(domain));
	(void)http_body_print(out, "{\"TTL\":%u,\"Serial\":%lld,\"RefreshSeconds\":%u,\"Mname\":",
	                      snapshot_ttl(subject->snapshot), (long long)wall_time(subject->time),
	                      subject->zone->refresh);
	(void)http_said_name(out, "ns1.", zone);
	(void)http_body_text(out, ",\"Rname\":");
	(void)http_said_name(out, "root.ns1.", zone);
	(void)http_body_text(out, ",\"Domain\":");
	(void)http_body_string(out, domain, strlen(domain) - 1);
	return http_body_text(out, ",\"Records\":{\"As\":");
}

int http_render_axfr(struct http_body *out, const struct http_subject *subject)
{
	struct http_owners owners;
	int ret = http_owners_sort(subject->snapshot, out->stop, &owners);
	if (ret == KNOT_EOK) {
		(void)write_head(out, subject);
		(void)write_type(out, subject->snapshot, &owners, KNOT_RRTYPE_A);
		(void)http_body_text(out, ",\"AAAAs\":");
		(void)write_type(out, subject->snapshot, &owners, KNOT_RRTYPE_AAAA);
		(void)http_body_text(out, ",\"SRVs\":");
		(void)write_type(out, subject->snapshot, &owners, KNOT_RRTYPE_SRV);
		ret = http_body_text(out, "}}");
	}
	http_owners_free(&owners);
	return ret;
}
