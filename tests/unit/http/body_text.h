/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A body as a text, in tests; to be included after cmocka.h.
 */
#pragma once

#include <string.h>

#include <libknot/errcode.h>

#include "module/http/body.h"

/*! \brief A body without a bound that matters. */
static inline struct http_body body_empty(void)
{
	return (struct http_body){ .max = HTTP_BODY_MAX };
}

/*! \brief Terminates what is written and gives it; to be freed with http_body_clear(). */
static inline const char *body_text(struct http_body *body)
{
	assert_int_equal(body->error, KNOT_EOK);
	assert_int_equal(http_body_add(body, "", 1), KNOT_EOK);
	return body->data;
}
