/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <json-c/json.h>

#include "module/masters/zookeeper.h"

bool zookeeper_parse_master(const char *data, size_t len, bool tls, struct endpoint *out)
{
	struct json_tokener *tokener = json_tokener_new();
	if (tokener == NULL || len > ZOOKEEPER_DATA_MAX) {
		if (tokener != NULL) {
			json_tokener_free(tokener);
		}
		return false;
	}

	struct json_object *root = json_tokener_parse_ex(tokener, data, (int)len);
	struct json_object *address, *ip, *port;
	bool found = json_object_object_get_ex(root, "address", &address) &&
	             json_object_object_get_ex(address, "ip", &ip) &&
	             json_object_object_get_ex(address, "port", &port) &&
	             json_object_is_type(ip, json_type_string) &&
	             json_object_is_type(port, json_type_int);
	if (found) {
		struct text host = { json_object_get_string(ip), json_object_get_string_len(ip) };
		int64_t number = json_object_get_int64(port);
		struct address literal;
		found = number > 0 && number <= UINT16_MAX && address_parse(host, &literal) &&
		        endpoint_set(out, host, (uint16_t)number, tls);
	}
	json_object_put(root);
	json_tokener_free(tokener);
	return found;
}
