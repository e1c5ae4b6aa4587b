/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Reads the options that choose names; for options.c alone.
 *
 * Each reads the option \a item into \a opts and returns KNOT_EOK, KNOT_EINVAL (the complaint is in
 * \a src) or KNOT_ENOMEM.
 */
#pragma once

#include "module/cluster/settings.h"
#include "module/options_source.h"

/*! \brief Reads which tasks are to be found. */
void naming_read_visibility(struct source *src, const yp_name_t *item, struct settings *opts);

/*! \brief Reads names of networks. */
int naming_read_networks(struct source *src, const yp_name_t *item, struct settings *opts);

/*! \brief Reads formats of names; the label rules have been read. */
int naming_read_formats(struct source *src, const yp_name_t *item, struct settings *opts);

/*! \brief Reads the prefix of the labels with which tasks steer their records. */
int naming_read_prefix(struct source *src, const yp_name_t *item, struct settings *opts);
