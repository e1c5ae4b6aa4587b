/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>

#include <libknot/libknot.h>

#include "module/http/said.h"

/*! \brief Where an SRV record's data has its port and its target (RFC 2782). */
enum { SRV_PORT = 4, SRV_TARGET = 6 };

int http_said_data(struct http_body *body, uint16_t type, const uint8_t *rdata)
{
	char text[KNOT_DNAME_TXT_MAXLEN + 1];
	switch (type) {
	case KNOT_RRTYPE_A: (void)inet_ntop(AF_INET, rdata, text, sizeof(text)); break;
	case KNOT_RRTYPE_AAAA: (void)inet_ntop(AF_INET6, rdata, text, sizeof(text)); break;
	case KNOT_RRTYPE_SRV:
		(void)knot_dname_to_str(text, rdata + SRV_TARGET, sizeof(text));
		return http_body_print(body, "%s:%u", text,
		                       (unsigned)(rdata[SRV_PORT] << 8 | rdata[SRV_PORT + 1]));
	default: (void)knot_dname_to_str(text, rdata, sizeof(text)); break;
	}
	return http_body_text(body, text);
}
