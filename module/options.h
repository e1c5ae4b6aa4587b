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

#include "module/masters/endpoint.h"
#include "module/records/records.h"
#include "module/masters/zk_address.h"

/*! \brief A section's options, defaults filled in. */
struct options {
	uint32_t refs;                    /*!< Holders; counted atomically. */
	struct endpoint *masters;         /*!< The static ones. */
	size_t masters_count;             /*!< At least one if there is no \a zk. */
	struct zk_address *zk;            /*!< Where masters are announced; NULL if not given. */
	uint32_t poll_interval;           /*!< Seconds. */
	uint32_t poll_timeout;            /*!< Seconds. */
	uint32_t ttl;                     /*!< Seconds. */
	uint32_t max_age;                 /*!< Seconds; 0: a snapshot never gets too old. */
	uint8_t sources[IP_SOURCE_COUNT]; /*!< enum ip_source. */
	uint8_t sources_count;
	enum label_rules rules;
	knot_dname_t *origin;  /*!< Lower case. */
	char *credential_file; /*!< Paths; NULL if not given. */
	char *ca_file;
	char *cert_file;
	char *key_file;
};

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
 * \param out  Out: options, to be freed with options_free().
 *
 * \retval KNOT_EOK, KNOT_EINVAL, KNOT_ENOMEM
 */
int options_load(knotd_mod_t *mod, struct options **out);

/*!
 * \brief True if a section says the same as the options of an instance.
 *
 * \param id  The section, as the zone's list of modules has it, without the module's name.
 */
bool options_are_of(const struct options *options, knotd_mod_t *mod, const knotd_conf_t *id);

/*! \brief Takes a further reference; returns \a options. */
struct options *options_ref(struct options *options);

/*! \brief Gives a reference back, frees the options with the last one; NULL is fine. */
void options_free(struct options *options);

/*! \brief True if both say the same about how masters are polled. */
bool options_same_polling(const struct options *a, const struct options *b);

/*! \brief True if both say the same about how names are made. */
bool options_same_naming(const struct options *a, const struct options *b);
