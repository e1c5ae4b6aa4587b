/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What an instance is to do: which cluster, how to follow it, how to name what it has.
 *
 * - Settings own all they point to and do not change once they are shared.
 * - References are counted atomically: any thread may take and give them.
 */
#pragma once

#include <libknot/dname.h>
#include <libknot/lookup.h>

#include "module/http/socket_address.h"
#include "module/masters/master.h"
#include "module/masters/zk_address.h"
#include "module/records/records.h"

/*! \brief The settings of an instance. */
struct settings {
	uint32_t refs;            /*!< Holders. */
	struct endpoint *masters; /*!< The static ones. */
	size_t masters_count;     /*!< At least one if there is no \a zk. */
	struct zk_address *zk;    /*!< Where masters are announced; NULL if not given. */
	struct master_settings client;
	uint32_t poll_interval;           /*!< Seconds. */
	uint32_t resync_interval;         /*!< The same while events come. */
	bool events;                      /*!< The leader's events are followed. */
	uint32_t ttl;                     /*!< Seconds. */
	uint32_t max_age;                 /*!< Seconds; 0: a snapshot never gets too old. */
	uint32_t answer_limit;            /*!< Most records of an answer; 0: all. */
	bool subnet_first;                /*!< Addresses near the asker come first. */
	uint8_t sources[IP_SOURCE_COUNT]; /*!< enum ip_source. */
	uint8_t sources_count;
	enum label_rules rules;
	enum health_rule health;
	knot_dname_t *origin;      /*!< Lower case. */
	struct http_address *http; /*!< Where HTTP is served. */
	size_t http_count;         /*!< Of \a http. */
	uint16_t srv_weight;       /*!< Of SRV records, unless a task says another. */
	uint8_t visibility;        /*!< As in struct records_rules. */
	bool agent_names;          /*!< Agents have names of their own. */
	bool port_index;           /*!< Ports have names by their places. */
	struct text *networks;     /*!< Their texts are owned, too; NULL if all are good. */
	size_t networks_count;
	struct format *formats; /*!< Further names of tasks; NULL if none. */
	size_t formats_count;
	char *label_weight; /*!< Keys of labels; all three are NULL without a prefix. */
	char *label_priority;
	char *label_hide;
	struct wants *wants; /*!< What all that needs of a state; NULL if nothing. */
};

/*! \brief Names of enum ip_source, as the option has them. */
extern const knot_lookup_t settings_ip_sources[];

/*! \brief Takes a further reference; returns \a settings. */
struct settings *settings_ref(struct settings *settings);

/*! \brief Gives a reference back, frees the settings with the last one; NULL is fine. */
void settings_free(struct settings *settings);

/*!
 * \brief Finds out what settings need of a state, when all else is there.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ESPACE  More keys than there may be.
 * \retval KNOT_ENOMEM
 */
int settings_find_wants(struct settings *settings);

/*! \brief True if both say the same about how masters are polled. */
bool settings_same_polling(const struct settings *a, const struct settings *b);

/*! \brief True if both say the same about which records there are, whatever their TTL. */
bool settings_same_naming(const struct settings *a, const struct settings *b);

/*! \brief True if both say the same about where HTTP is served. */
bool settings_same_http(const struct settings *a, const struct settings *b);

/*! \brief True if masters that ZooKeeper names are asked by https: who brings a CA means that, as
 *         ZooKeeper has no place for a scheme.
 */
bool settings_zk_tls(const struct settings *settings);
