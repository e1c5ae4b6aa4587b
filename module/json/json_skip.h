/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Passes over an object or array that nobody wants.
 *
 * Half of what a master says is such. The parser checks it token by token and remembers after each
 * where it is; here it stays in registers, which takes half the time. json.c takes what is not
 * plain, and tells what is wrong with it.
 *
 * - No allocation, no state: any thread may call.
 */
#pragma once

/*!
 * \brief Passes over an object or array, checking all of it to be JSON (RFC 8259).
 *
 * \param at     Its `{` or `[`.
 * \param end    End of the bytes that are there.
 * \param depth  Most levels that may be open in it, itself included.
 *
 * \return What follows it. NULL if it does not end before \a end, has blanks between its tokens, is
 *         too deep, or is no JSON.
 */
const char *json_skip(const char *at, const char *end, unsigned depth);
