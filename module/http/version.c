/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/http/documents.h"

/*
 * Who asks wants to know what speaks here (DC/OS compares `Service`): that is Mesos-DNS's
 * interface. Who speaks it is in the version.
 */
int http_render_version(struct http_body *out, const struct http_subject *subject)
{
	(void)subject;
	return http_body_text(out, "{\"Service\":\"Mesos-DNS\","
	                           "\"URL\":\"https://github.com/mesosphere/mesos-dns\","
	                           "\"Version\":\"" MESOS_VERSION "-mod-mesos\"}");
}
