/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What knot.conf says in a `mod-mesos` section.
 *
 * - Options own all they point to and do not change once loaded.
 * - Loading and checking happen on knotd's or knotc's main thread only.
 */
#pragma once

#include <knot/module.h>

#include "module/cluster/settings.h"

/*! \brief Schema of the section, for KNOTD_MOD_API. */
extern const yp_item_t options_schema[];

/*!
 * \brief Checks a section, for KNOTD_MOD_API.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL  \a args->err_str names option and reason; valid until the next check.
 */
int options_check(knotd_conf_check_args_t *args);

/*!
 * \brief Loads the options of an instance.
 *
 * \param mod  Instance; what is wrong with them goes to its log.
 * \param out  Out: options, to be freed with settings_free().
 *
 * \retval KNOT_EOK, KNOT_EINVAL, KNOT_ENOMEM
 */
int options_load(knotd_mod_t *mod, struct settings **out);

/*!
 * \brief True if a section says the same as the options of an instance.
 *
 * \param id  The section, as the zone's list of modules has it, without the module's name.
 */
bool options_are_of(const struct settings *options, knotd_mod_t *mod, const knotd_conf_t *id);
