/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief How the documents are written: see struct http_document.
 *
 * One file each. All are light but /v1/axfr, /v1/records and /v1/enumerate.
 */
#pragma once

#include "module/http/document.h"

/*! \brief /v1/version: who serves, and which version of it. */
int http_render_version(struct http_body *out, const struct http_subject *subject);

/*! \brief /v1/config: the zone's options, with Mesos-DNS's names. */
int http_render_config(struct http_body *out, const struct http_subject *subject);

/*! \brief /v1/enumerate: frameworks, their tasks, the records of each. */
int http_render_enumerate(struct http_body *out, const struct http_subject *subject);

/*! \brief /v1/axfr: the zone's addresses and services, by owner. */
int http_render_axfr(struct http_body *out, const struct http_subject *subject);

/*! \brief /v1/records: the zone's records, one a line, as a zone file has them. */
int http_render_records(struct http_body *out, const struct http_subject *subject);

/*! \brief /metrics: the counters of all zones, as OpenMetrics text. */
int http_render_metrics(struct http_body *out, const struct http_subject *subject);
