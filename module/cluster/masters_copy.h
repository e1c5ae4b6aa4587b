/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Copies of who the masters are, for later.
 *
 * No state: any thread may call.
 */
#pragma once

#include "module/records/records.h"

/*! \brief Copies masters with all their addresses into one block, to be freed with free(). */
struct records_masters *masters_copy(const struct records_masters *masters);

/*! \brief True if both are the same masters, in the same order, at the same addresses. */
bool masters_equal(const struct records_masters *a, const struct records_masters *b);
