/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <string.h>

#include "module/base/siphash.h"
#include "module/http/lookup.h"

/*! \brief The index means the same everywhere: its key is no secret. */
static const uint64_t index_key[2] = { 0x6d65736f732d646e, 0x732d696e64657800 };

/*! \brief An answer that is being written. */
struct answer_list {
	const struct lookup *lookup;
	const struct snapshot *snapshot;
	struct http_body *out; /*!< NULL if only the index is wanted. */
	uint32_t count;        /*!< Objects so far. */
	uint64_t sum;          /*!< Of their hashes. */
	int ret;
};

/*! \brief Whose addresses are listed: a host, or where a service is. */
struct place {
	const knot_dname_t *host;
	uint16_t port; /*!< Of a service. */
	char text[KNOT_DNAME_TXT_MAXLEN + 1];
};

void lookup_make(struct lookup *lookup, bool service, const char *asked, size_t asked_len)
{
	lookup->service = service;
	lookup->asked = asked;
	lookup->asked_len = asked_len;
	lookup->valid = false;

	uint8_t *wire = lookup->name;
	size_t label = 0, end = 1; /* Where its length lies, and what comes next. */
	wire[0] = 0;
	for (size_t i = 0; i < asked_len; i++) {
		if (asked[i] == '.' && i + 1 < asked_len && asked[i + 1] == '*') {
			i++;
		} else if (asked[i] == '.') {
			if (wire[label] == 0 || end >= sizeof(lookup->name)) {
				return;
			}
			label = end++;
			wire[label] = 0;
		} else {
			if (wire[label] == KNOT_DNAME_MAXLABELLEN || end >= sizeof(lookup->name)) {
				return;
			}
			wire[end++] = (uint8_t)asked[i];
			wire[label]++;
		}
	}
	/* What is after the last dot is the root, or it is put there. */
	if (wire[label] != 0) {
		if (end >= sizeof(lookup->name)) {
			return;
		}
		wire[end++] = 0;
	}
	knot_dname_to_lower(wire);
	lookup->valid = end > 1 && end <= KNOT_DNAME_MAXLEN;
}

/*! \brief Adds what an object says to the index, at any place. */
static void add_hash(struct answer_list *list, const struct place *place, const knot_rdata_t *data)
{
	uint8_t said[2 + 2 + 16 + KNOT_DNAME_MAXLEN] = { (uint8_t)(place->port >> 8),
		                                         (uint8_t)place->port, 0,
		                                         (uint8_t)data->len };
	size_t host = knot_dname_size(place->host);
	if (data->len > 16) {
		return;
	}
	memcpy(said + 4, data->data, data->len);
	memcpy(said + 4 + data->len, place->host, host);
	list->sum += siphash13(index_key, said, 4 + data->len + host);
}

/*! \brief Writes an object. */
static void add_object(struct answer_list *list, const struct place *place,
                       const knot_rdata_t *data)
{
	struct http_body *out = list->out;
	char address[INET6_ADDRSTRLEN];
	int family = data->len == sizeof(struct in_addr) ? AF_INET : AF_INET6;
	if (inet_ntop(family, data->data, address, sizeof(address)) == NULL) {
		return;
	}
	(void)http_body_text(out, list->count == 0 ? "[{" : ",{");
	if (list->lookup->service) {
		(void)http_body_text(out, "\"service\":");
		(void)http_body_string(out, list->lookup->asked, list->lookup->asked_len);
		(void)http_body_text(out, ",");
	}
	(void)http_body_text(out, "\"host\":");
	(void)http_body_string(out, place->text, strlen(place->text));
	list->ret = http_body_print(out, ",\"ip\":\"%s\"", address);
	if (list->lookup->service) {
		list->ret = http_body_print(out, ",\"port\":\"%u\"", place->port);
	}
	list->ret = http_body_text(out, "}");
}

/*! \brief Calls for each record of a set, in its order, until the list is full or has failed. */
static void each_record(struct answer_list *list, const knot_dname_t *owner,
                        const struct snapshot_set *set,
                        void (*record)(struct answer_list *list, const struct place *place,
                                       const knot_rdata_t *data),
                        const struct place *place)
{
	for (uint32_t first = 0; set != NULL && first < set->count;) {
		uint32_t count = snapshot_piece(set, first);
		knot_rrset_t rrset;
		snapshot_rrset(list->snapshot, set, owner, first, count, &rrset);
		knot_rdata_t *data = rrset.rrs.rdata;
		for (uint16_t i = 0; i < rrset.rrs.count; i++) {
			if (list->ret != KNOT_EOK || list->count >= LOOKUP_OBJECTS_MAX) {
				return;
			}
			record(list, place, data);
			data = knot_rdataset_next(data);
		}
		first += count;
	}
}

static void add_address(struct answer_list *list, const struct place *place,
                        const knot_rdata_t *data)
{
	add_hash(list, place, data);
	if (list->out != NULL) {
		add_object(list, place, data);
	}
	list->count++;
}

/*! \brief Adds all addresses of a place. */
static void add_addresses(struct answer_list *list, const struct snapshot_name *name,
                          struct place *place)
{
	if (list->out != NULL) {
		(void)knot_dname_to_str(place->text, place->host, sizeof(place->text));
	}
	each_record(list, place->host, snapshot_set(name, KNOT_RRTYPE_A), add_address, place);
	each_record(list, place->host, snapshot_set(name, KNOT_RRTYPE_AAAA), add_address, place);
}

/*! \brief The port of an SRV record (RFC 2782). */
static uint16_t srv_port(const knot_rdata_t *data)
{
	return (uint16_t)(data->data[4] << 8 | data->data[5]);
}

static void add_service(struct answer_list *list, const struct place *unused,
                        const knot_rdata_t *data)
{
	(void)unused;
	struct place place = { .host = knot_srv_name(data), .port = srv_port(data) };
	const struct snapshot_name *name = snapshot_find(list->snapshot, place.host);
	if (name != NULL) {
		add_addresses(list, name, &place);
	}
}

/*! \brief Ends the list. */
static int end_list(struct answer_list *list)
{
	if (list->out == NULL || list->ret != KNOT_EOK) {
		return list->ret;
	}
	if (list->count > 0) {
		return http_body_text(list->out, "]");
	}
	return http_body_text(list->out, list->lookup->service
	                                         ? "[{\"service\":\"\",\"host\":\"\",\"ip\":\"\","
	                                           "\"port\":\"\"}]"
	                                         : "[{\"host\":\"\",\"ip\":\"\"}]");
}

int lookup_answer(const struct lookup *lookup, const struct snapshot *snapshot,
                  struct http_body *out, uint64_t *index)
{
	struct answer_list list = { .lookup = lookup, .snapshot = snapshot, .out = out };
	const struct snapshot_name *name = NULL;
	if (snapshot != NULL && lookup->valid) {
		name = snapshot_find(snapshot, lookup->name);
	}
	if (name != NULL && lookup->service) {
		each_record(&list, lookup->name, snapshot_set(name, KNOT_RRTYPE_SRV), add_service,
		            NULL);
	} else if (name != NULL) {
		struct place place = { .host = lookup->name };
		add_addresses(&list, name, &place);
	}

	const uint64_t all[2] = { htobe64(list.sum), htobe64(list.count) };
	*index = siphash13(index_key, all, sizeof(all));
	*index = *index == 0 ? 1 : *index;
	return end_list(&list);
}
