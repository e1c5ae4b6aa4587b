/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>

#include "module/http/headers.h"
#include "module/http/reply.h"

/*! \brief MHD_KeyValueIterator. */
static enum MHD_Result note_header(void *ctx, enum MHD_ValueKind kind, const char *key,
                                   const char *value)
{
	(void)kind;
	struct headers *headers = ctx;
	value = value != NULL ? value : "";
	if (strcasecmp(key, MHD_HTTP_HEADER_HOST) == 0) {
		headers->hosts++;
	} else if (strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0 ||
	           (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 &&
	            strcmp(value, "0") != 0)) {
		headers->body = true;
	} else if (strcasecmp(key, MHD_HTTP_HEADER_ACCEPT) == 0 && value[0] != '\0') {
		headers->choosy = true;
		headers->openmetrics = headers->openmetrics ||
		                       strcasestr(value, "application/openmetrics-text") != NULL;
		headers->takes_json = headers->takes_json || strstr(value, "*/*") != NULL ||
		                      strstr(value, "application/*") != NULL ||
		                      strcasestr(value, TYPE_JSON) != NULL;
	}
	return MHD_YES;
}

void headers_read(struct MHD_Connection *connection, struct headers *out)
{
	*out = (struct headers){ 0 };
	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, note_header, out);
}
