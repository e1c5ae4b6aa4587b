/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What a record says, as Mesos-DNS writes it in its lists.
 *
 * All are JSON strings: zones may have names of any bytes.
 */
#pragma once

#include <stdint.h>

#include <libknot/libknot.h>

#include "module/http/body.h"

/*! \brief Appends a name, with its final dot, behind some labels in text; as http_body_add(). */
int http_said_name(struct http_body *body, const char *labels, const knot_dname_t *name);

/*!
 * \brief Appends the data of a record: an address, `TARGET:PORT` of an SRV record, a name.
 *
 * \param type   KNOT_RRTYPE_A, _AAAA, _SRV or _PTR.
 * \param rdata  In wire form.
 *
 * \return As http_body_add().
 */
int http_said_data(struct http_body *body, uint16_t type, const uint8_t *rdata);
