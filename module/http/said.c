/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "module/http/said.h"

/*! \brief Where an SRV record's data has its port and its target (RFC 2782). */
enum { SRV_PORT = 4, SRV_TARGET = 6 };

/*! \brief Room for a name and some labels, or a port. */
#define TEXT_MAX (KNOT_DNAME_TXT_MAXLEN + 64)

int http_said_name(struct http_body *body, const char *labels, const knot_dname_t *name)
{
	knot_dname_txt_storage_t text;
	char all[TEXT_MAX];
	(void)knot_dname_to_str(text, name, sizeof(text));
	int len = snprintf(all, sizeof(all), "%s%s", labels, text);
	return http_body_string(body, all, (size_t)len);
}

int http_said_data(struct http_body *body, uint16_t type, const uint8_t *rdata)
{
	char text[TEXT_MAX];
	switch (type) {
	case KNOT_RRTYPE_A: (void)inet_ntop(AF_INET, rdata, text, sizeof(text)); break;
	case KNOT_RRTYPE_AAAA: (void)inet_ntop(AF_INET6, rdata, text, sizeof(text)); break;
	case KNOT_RRTYPE_SRV:
		(void)knot_dname_to_str(text, rdata + SRV_TARGET, KNOT_DNAME_TXT_MAXLEN + 1);
		(void)snprintf(text + strlen(text), sizeof(":65535"), ":%u",
		               (unsigned)(rdata[SRV_PORT] << 8 | rdata[SRV_PORT + 1]));
		break;
	default: return http_said_name(body, "", rdata);
	}
	return http_body_string(body, text, strlen(text));
}
