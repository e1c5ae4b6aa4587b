/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What counts of a request's headers. The server's thread alone calls.
 */
#pragma once

#include <stdbool.h>

#include <microhttpd.h>

/*! \brief A request's headers, as far as they count. */
struct headers {
	unsigned hosts;   /*!< How many there are. */
	bool body;        /*!< A body follows. */
	bool choosy;      /*!< It says what it accepts. */
	bool takes_json;  /*!< It accepts JSON. */
	bool openmetrics; /*!< It accepts OpenMetrics. */
};

/*! \brief Reads the headers of the request that a connection has. */
void headers_read(struct MHD_Connection *connection, struct headers *out);
