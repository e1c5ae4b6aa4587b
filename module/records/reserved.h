/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Names in a zone that are the cluster's alone, as labels in wire form without the zone.
 *
 * Labels are at least one. No state: any thread may call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! \brief True for `leader`, and for `master` and any digits: names that say where the masters are.
 */
bool reserved_is_masters(const uint8_t *labels, size_t len);

/*! \brief True if the last label is `slave`: what lies below is what agents and tasks are called
 *         on the agents' side.
 */
bool reserved_is_agents(const uint8_t *labels, size_t len);
