/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief From the target of a request, and what a snapshot has, to the body of the response.
 *
 *     fuzz_http -dict=tests/fuzz/targets.dict tests/fuzz/corpus/http
 *
 * The first byte of the input says how many records there are, the second how long a body may be.
 * Then each three bytes are a record (see add()), and the rest is the target. What has to be true:
 * bodies are JSON; a look-up says what the snapshot has, in its order; its index depends neither on
 * the order in which records came, nor on a body being written; where there is no room for a body
 * that is said; what a request is moved to is moved no further.
 */
#include <arpa/inet.h>
#include <json-c/json.h>

#include "module/http/documents.h"
#include "module/http/lookup.h"
#include "module/http/target.h"
#include "tests/unit/snapshot/table_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*! \brief Owners and targets of records; the last two are no owners. */
static const char *const names[] = {
	"\003web\010marathon",
	"\004_web\004_tcp\010marathon",
	"\006leader",
	"\002aa\003web\010marathon",
	"\004_a-b\004_udp\011framework",
	"\003web",
	"\010missing1",
	"\001b\001c",
};
#define NAMES_COUNT (sizeof(names) / sizeof(names[0]))

static size_t make_name(uint8_t number, uint8_t *out)
{
	const char *name = names[number % NAMES_COUNT];
	memcpy(out, name, strlen(name));
	memcpy(out + strlen(name), MODEL_ZONE, 7);
	return strlen(name) + 7;
}

/*! \brief Adds a record: bytes for its type and number, its owner, and its data. */
static void add(struct snapshot_table *table, const uint8_t record[3])
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_SRV };
	uint16_t type = types[(record[0] & 3) % 3];
	knot_dname_storage_t owner = { 0 };
	(void)make_name(record[1] % (NAMES_COUNT - 2), owner);
	/* So many that they lie in several pieces, sometimes. */
	unsigned count = record[0] & 128 ? 80 : 1;
	for (unsigned i = 0; i < count; i++) {
		uint8_t rdata[SNAPSHOT_RDATA_MAX] = { 0 };
		uint16_t len = type == KNOT_RRTYPE_A ? 4 : 16;
		if (type == KNOT_RRTYPE_SRV) {
			rdata[4] = (uint8_t)i;
			rdata[5] = record[2];
			len = (uint16_t)(6 + make_name(record[2] >> 3, rdata + 6));
		} else {
			rdata[0] = record[2];
			rdata[3] = (uint8_t)i;
		}
		MODEL_CHECK(snapshot_table_change(table, 1, owner, type, rdata, len, 0) ==
		            KNOT_EOK);
	}
}

/*! \brief Makes a snapshot of records, in their order or the other way round. */
static struct snapshot *make(struct snapshot_table *table, const uint8_t *records, size_t count,
                             bool reverse)
{
	struct snapshot *snapshot = NULL;
	for (size_t i = 0; i < count; i++) {
		add(table, records + 3 * (reverse ? count - 1 - i : i));
	}
	MODEL_CHECK(snapshot_table_commit(table, &snapshot) == KNOT_EOK);
	MODEL_CHECK(snapshot != NULL);
	return snapshot;
}

/*! \brief Reads a body as JSON, all of it. */
static struct json_object *parse(const struct http_body *body)
{
	struct json_tokener *tokener = json_tokener_new();
	MODEL_CHECK(tokener != NULL);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *json = json_tokener_parse_ex(tokener, body->data, (int)body->len);
	MODEL_CHECK(json != NULL && json_tokener_get_error(tokener) == json_tokener_success);
	MODEL_CHECK(json_tokener_get_parse_end(tokener) == body->len);
	json_tokener_free(tokener);
	return json;
}

static const char *member(struct json_object *object, const char *key)
{
	struct json_object *value;
	MODEL_CHECK(json_object_object_get_ex(object, key, &value));
	MODEL_CHECK(json_object_is_type(value, json_type_string));
	return json_object_get_string(value);
}

/*! \brief Where a list of objects is being checked. */
struct check {
	const struct snapshot *snapshot;
	struct json_object *list;
	size_t at;
};

/*! \brief A record of a set, found on its own. */
static knot_rdata_t *record_of(const struct snapshot *snapshot, const struct snapshot_set *set,
                               uint32_t number)
{
	knot_rrset_t rrset;
	snapshot_rrset(snapshot, set, MODEL_ZONE, number, 1, &rrset);
	return rrset.rrs.rdata;
}

/*! \brief Checks the objects of one host's addresses, which are the next. */
static void check_addresses(struct check *check, const knot_dname_t *host, const char *port)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	const struct snapshot_name *name = snapshot_find(check->snapshot, host);
	char text[KNOT_DNAME_TXT_MAXLEN + 1], address[INET6_ADDRSTRLEN];
	MODEL_CHECK(knot_dname_to_str(text, host, sizeof(text)) != NULL);
	for (size_t i = 0; name != NULL && i < 2; i++) {
		const struct snapshot_set *set = snapshot_set(name, types[i]);
		for (uint32_t j = 0; set != NULL && j < set->count; j++) {
			struct json_object *object = json_object_array_get_idx(check->list,
			                                                       check->at++);
			MODEL_CHECK(object != NULL);
			(void)inet_ntop(i == 0 ? AF_INET : AF_INET6,
			                record_of(check->snapshot, set, j)->data, address,
			                sizeof(address));
			MODEL_CHECK(strcmp(member(object, "host"), text) == 0);
			MODEL_CHECK(strcmp(member(object, "ip"), address) == 0);
			MODEL_CHECK(port == NULL || strcmp(member(object, "port"), port) == 0);
		}
	}
}

/*! \brief Checks that a list says what the snapshot has. */
static void check_list(const struct lookup *lookup, struct check *check)
{
	MODEL_CHECK(json_object_is_type(check->list, json_type_array));
	const struct snapshot_name *name = lookup->valid
	                                           ? snapshot_find(check->snapshot, lookup->name)
	                                           : NULL;
	if (name != NULL && lookup->service) {
		const struct snapshot_set *set = snapshot_set(name, KNOT_RRTYPE_SRV);
		for (uint32_t i = 0; set != NULL && i < set->count; i++) {
			const knot_rdata_t *srv = record_of(check->snapshot, set, i);
			char port[6];
			(void)snprintf(port, sizeof(port), "%u", srv->data[4] << 8 | srv->data[5]);
			check_addresses(check, srv->data + 6, port);
		}
	} else if (name != NULL) {
		check_addresses(check, lookup->name, NULL);
	}
	if (check->at == 0) {
		/* The empty object, whose first member is taken unchecked. */
		struct json_object *object = json_object_array_get_idx(check->list, check->at++);
		MODEL_CHECK(member(object, "host")[0] == '\0' && member(object, "ip")[0] == '\0');
		MODEL_CHECK(!lookup->service || member(object, "port")[0] == '\0');
	}
	MODEL_CHECK(json_object_array_length(check->list) == check->at);
}

/*! \brief Checks that a name is looked up as libknot reads it, where it reads the same. */
static void check_name(const struct lookup *lookup)
{
	knot_dname_storage_t name;
	if (memchr(lookup->asked, '\0', lookup->asked_len) != NULL ||
	    strpbrk(lookup->asked, "\\*") != NULL || lookup->asked_len == 0 ||
	    strcmp(lookup->asked, ".") == 0) {
		return;
	}
	bool read = knot_dname_from_str(name, lookup->asked, sizeof(name)) != NULL;
	MODEL_CHECK(read == lookup->valid);
	if (read) {
		knot_dname_to_lower(name);
		MODEL_CHECK(knot_dname_is_equal(name, lookup->name));
	}
}

static void check_lookup(const struct http_target *target, const struct snapshot *snapshot,
                         const struct snapshot *other, size_t max)
{
	struct lookup lookup;
	struct http_body body = { .max = HTTP_BODY_MAX }, small = { .max = max };
	uint64_t index, again;
	lookup_make(&lookup, target->kind == HTTP_SERVICE, target->name, target->name_len);
	check_name(&lookup);
	MODEL_CHECK(lookup_answer(&lookup, snapshot, &body, &index) == KNOT_EOK);
	struct check check = { .snapshot = snapshot, .list = parse(&body) };
	check_list(&lookup, &check);
	json_object_put(check.list);
	MODEL_CHECK(index != 0);
	MODEL_CHECK(lookup_answer(&lookup, snapshot, NULL, &again) == KNOT_EOK && again == index);
	MODEL_CHECK(lookup_answer(&lookup, other, NULL, &again) == KNOT_EOK && again == index);
	int ret = lookup_answer(&lookup, snapshot, &small, &again);
	MODEL_CHECK(ret == (body.len <= max ? KNOT_EOK : KNOT_ESPACE));
	http_body_clear(&small);
	http_body_clear(&body);
}

/*! \brief How many records of a type the list of /v1/axfr has. */
static size_t count_records(struct json_object *axfr, const char *type)
{
	struct json_object *records, *owners;
	MODEL_CHECK(json_object_object_get_ex(axfr, "Records", &records));
	MODEL_CHECK(json_object_object_get_ex(records, type, &owners));
	size_t count = 0;
	json_object_object_foreach(owners, owner, list)
	{
		MODEL_CHECK(owner[0] != '\0');
		count += json_object_array_length(list);
	}
	return count;
}

/*! \brief Checks the lists of all that there is: each record is in them once. */
static void check_document(const struct http_document *document, const struct snapshot *snapshot,
                           size_t max)
{
	static const struct http_source source = { .name = MODEL_ZONE, .refresh = 30 };
	const struct http_source *zones[] = { &source };
	const struct http_subject subject = { zones, 1, &source, snapshot, 0, false };
	if (document->render != http_render_axfr && document->render != http_render_records &&
	    document->render != http_render_version) {
		return; /* The others are written from what no snapshot has. */
	}
	struct http_body body = { .max = HTTP_BODY_MAX }, small = { .max = max };
	size_t lines = 0, records = snapshot_stats(snapshot).records;
	MODEL_CHECK(document->render(&body, &subject) == KNOT_EOK);
	if (document->render == http_render_records) {
		for (size_t i = 0; i < body.len; i++) {
			lines += body.data[i] == '\n';
		}
		MODEL_CHECK(lines == records);
	} else {
		struct json_object *json = parse(&body);
		MODEL_CHECK(document->render != http_render_axfr ||
		            count_records(json, "As") + count_records(json, "AAAAs") +
		                            count_records(json, "SRVs") ==
		                    records);
		json_object_put(json);
	}
	MODEL_CHECK(document->render(&small, &subject) ==
	            (body.len <= max ? KNOT_EOK : KNOT_ESPACE));
	http_body_clear(&small);
	http_body_clear(&body);
}

/*! \brief Checks where a request is moved to: a path of this server, and the end of it. */
static void check_moved(const struct http_target *target)
{
	struct http_target next;
	MODEL_CHECK(target->path[0] == '/' && target->path[1] != '/');
	MODEL_CHECK(strlen(target->path) == target->path_len);
	int status = http_target_parse(target->path, &next);
	MODEL_CHECK(status == 400 || (status == 0 && next.kind != HTTP_MOVED));
}

static void check_target(const char *text, const struct snapshot *snapshot,
                         const struct snapshot *other, size_t max)
{
	struct http_target target;
	int status = http_target_parse(text, &target);
	MODEL_CHECK(status == 0 || status == 400 || status == 414);
	if (status != 0) {
		return;
	}
	MODEL_CHECK(target.wait >= 0 && target.wait <= HTTP_WAIT_MAX);
	MODEL_CHECK(target.path_len < sizeof(target.path) && target.path[target.path_len] == '\0');
	MODEL_CHECK(target.name_len < sizeof(target.name) && target.name[target.name_len] == '\0');
	if (target.kind == HTTP_MOVED) {
		check_moved(&target);
	} else if (target.kind == HTTP_HOST || target.kind == HTTP_SERVICE) {
		check_lookup(&target, snapshot, other, max);
	} else if (target.kind == HTTP_DOCUMENT) {
		const struct http_document *document = http_document_find(target.path,
		                                                          target.path_len);
		if (document != NULL) {
			check_document(document, snapshot, max);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2) {
		return 0;
	}
	size_t count = data[0] % 24, max = 8 * data[1];
	data += 2;
	size -= 2;
	count = count <= size / 3 ? count : size / 3;
	struct snapshot_table *table = snapshot_table_new(MODEL_ZONE, 30);
	struct snapshot_table *reverse = snapshot_table_new(MODEL_ZONE, 30);
	MODEL_CHECK(table != NULL && reverse != NULL);
	struct snapshot *snapshot = make(table, data, count, false);
	struct snapshot *other = make(reverse, data, count, true);
	/* In memory of just its size. */
	char *target = strndup((const char *)data + 3 * count, size - 3 * count);
	MODEL_CHECK(target != NULL);
	check_target(target, snapshot, other, max);
	free(target);
	snapshot_unref(snapshot);
	snapshot_unref(other);
	snapshot_table_free(table);
	snapshot_table_free(reverse);
	return 0;
}
