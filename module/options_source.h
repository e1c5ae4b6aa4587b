/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief How values of a section are read, and complained of; for options*.c alone.
 */
#pragma once

#include <stdarg.h>
#include <stdio.h>

#include <knot/module.h>

/*! \brief The module's section, as Knot has names of sections. */
#define SECTION "\011mod-mesos"

/*! \brief Where values come from, and where complaints go. */
struct source {
	knotd_conf_check_args_t *args; /*!< Set when checking. */
	knotd_mod_t *mod;              /*!< Set when loading. */
	const knotd_conf_t *id;        /*!< Set for another section than the instance's own. */
	char error[512];               /*!< Option and reason. */
};

static inline knotd_conf_t get_once(const struct source *src, const yp_name_t *item)
{
	if (src->args != NULL) {
		return knotd_conf_check_item(src->args, item);
	}
	return src->id != NULL ? knotd_conf(src->mod, SECTION, item, src->id)
	                       : knotd_conf_mod(src->mod, item);
}

static inline knotd_conf_t get(const struct source *src, const yp_name_t *item)
{
	knotd_conf_t conf = get_once(src, item);
	if (conf.count == 0) {
		/* Knot says the same of a list that is not there and of one it had no memory for.
		 */
		conf = get_once(src, item);
	}
	return conf;
}

/*! \brief Notes what is wrong with an option; returns KNOT_EINVAL. */
__attribute__((format(printf, 3, 4))) static inline int
complain(struct source *src, const yp_name_t *item, const char *fmt, ...)
{
	int len = snprintf(src->error, sizeof(src->error), "%s: ", item + 1);
	va_list args;
	va_start(args, fmt);
	vsnprintf(src->error + len, sizeof(src->error) - len, fmt, args);
	va_end(args);
	return KNOT_EINVAL;
}
