/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief An immutable table of record sets, built once and then only read.
 *
 *     struct snapshot_builder *builder = snapshot_builder_new(zone, 30);
 *     int ret = snapshot_builder_add(builder, owner, KNOT_RRTYPE_A, address, 4);
 *     struct snapshot *snapshot = NULL;
 *     if (ret == KNOT_EOK) {
 *         ret = snapshot_builder_finish(builder, &snapshot);
 *     }
 *     snapshot_builder_free(builder);
 *     const struct snapshot_name *name = snapshot_find(snapshot, owner);
 *     const struct snapshot_set *set = snapshot_set(name, KNOT_RRTYPE_A);
 *     knot_rrset_t rrset;
 *     snapshot_rrset(snapshot, set, owner, 0, set->count, &rrset);
 *     snapshot_unref(snapshot);
 *
 * - One block of memory: about 60 bytes a record. A look-up is one keyed hash and usually one
 *   comparison; what it finds can be put into a packet as it is.
 * - The price is that nothing can be changed: a new state means a new snapshot.
 * - Names above an owner exist in the table without sets (empty non-terminals, RFC 8020); the apex
 *   of the zone does not.
 * - Builders belong to one thread. Snapshots are read by any number of threads; they are counted
 *   references, and the last holder must be sure that no reader is left (RCU).
 */
#pragma once

#include <stdatomic.h>

#include <libknot/libknot.h>

/*!
 * \brief Most bytes that building may take, those of the snapshot included.
 *
 * Naming sees to it that records stay far below.
 */
#define SNAPSHOT_MEMORY_MAX ((size_t)2 << 30)

/*! \brief A name of the table; opaque. */
struct snapshot_name;

/*! \brief An additional record's owner for an SRV set. */
struct snapshot_target {
	uint32_t name;  /*!< Where the name lies; for snapshot_target_name(). */
	uint32_t index; /*!< First record of the set that points at it. */
};

/*! \brief Records of one owner and type, in canonical order (RFC 4034, section 6.3). */
struct snapshot_set {
	uint16_t type;
	uint32_t count;         /*!< Records; may exceed what a message can hold. */
	uint32_t size;          /*!< Octets they take in a message, if the owners are pointers. */
	uint32_t rdata_size;    /*!< Bytes of all rdata as libknot holds them. */
	uint32_t rdata;         /*!< Where the rdata lie; private. */
	uint32_t marks;         /*!< Where each SNAPSHOT_CHUNK-th rdata lies; private. */
	uint32_t targets;       /*!< Where the targets lie; private. */
	uint32_t targets_count; /*!< SRV: distinct targets that have A or AAAA records. */
};

/*! \brief Records between two marks: the most that snapshot_rrset() has to walk over. */
#define SNAPSHOT_CHUNK 32

struct snapshot;
struct snapshot_builder;

/*!
 * \brief Starts a snapshot.
 *
 * \param zone  Name of the zone that all owners lie in, lower case; copied.
 * \param ttl   TTL of all records, in seconds.
 *
 * \return A builder, NULL if memory or randomness runs out.
 */
struct snapshot_builder *snapshot_builder_new(const knot_dname_t *zone, uint32_t ttl);

/*!
 * \brief Changes the limit of memory, and who may stop the work.
 *
 * \param bytes  Instead of SNAPSHOT_MEMORY_MAX, at most that.
 * \param stop   Looked at now and then; has to outlive the builder. NULL if nobody wants to stop.
 */
void snapshot_builder_limit(struct snapshot_builder *builder, size_t bytes,
                            const atomic_bool *stop);

/*!
 * \brief Adds a record; equal records are kept once.
 *
 * \param owner  Lower case, below the zone's apex.
 *
 * \retval KNOT_EOK
 * \retval KNOT_EINVAL   The owner does not lie below the apex.
 * \retval KNOT_ESPACE   More than SNAPSHOT_MEMORY_MAX; the record is left out, others are as
 * before. \retval KNOT_ENOMEM
 */
int snapshot_builder_add(struct snapshot_builder *builder, const knot_dname_t *owner, uint16_t type,
                         const uint8_t *rdata, uint16_t len);

/*!
 * \brief Makes the snapshot, with one reference for the caller.
 *
 * \retval KNOT_EOK, KNOT_ENOMEM
 * \retval KNOT_ECONNABORTED  Stopped.
 */
int snapshot_builder_finish(struct snapshot_builder *builder, struct snapshot **out);

/*! \brief Frees a builder; NULL is fine. */
void snapshot_builder_free(struct snapshot_builder *builder);

/*! \brief Takes a further reference; returns \a snapshot, which may be NULL. */
struct snapshot *snapshot_ref(struct snapshot *snapshot);

/*! \brief Gives a reference back, frees the snapshot with the last one; NULL is fine. */
void snapshot_unref(struct snapshot *snapshot);

/*! \brief Finds a name, lower case; NULL if it is neither an owner nor above one. */
const struct snapshot_name *snapshot_find(const struct snapshot *snapshot,
                                          const knot_dname_t *name);

/*! \brief Finds a name's set of a type, of any one type for KNOT_RRTYPE_ANY; NULL if none. */
const struct snapshot_set *snapshot_set(const struct snapshot_name *name, uint16_t type);

/*!
 * \brief Makes records \a first to \a first + \a count - 1 of a set an RRset; no copy is made.
 *
 * \param owner  Owner for the RRset; neither copied nor changed.
 * \param count  1 to 65535.
 */
void snapshot_rrset(const struct snapshot *snapshot, const struct snapshot_set *set,
                    const knot_dname_t *owner, uint32_t first, uint32_t count, knot_rrset_t *rrset);

/*! \brief Targets of an SRV set, in the order of its records. */
const struct snapshot_target *snapshot_targets(const struct snapshot *snapshot,
                                               const struct snapshot_set *set);

/*!
 * \brief Lets the processor fetch a set's targets into its caches while something else is done.
 *
 * In a large snapshot they are in none, and come one after the other otherwise.
 */
void snapshot_prefetch(const struct snapshot *snapshot, const struct snapshot_set *set);

/*! \brief The name of a target; \a owner gets it in wire form. */
const struct snapshot_name *snapshot_target_name(const struct snapshot *snapshot,
                                                 const struct snapshot_target *target,
                                                 const knot_dname_t **owner);

/*! \brief True if \a data lies in the snapshot's memory. */
bool snapshot_holds(const struct snapshot *snapshot, const void *data);

/*! \brief When the state was loaded: CLOCK_MONOTONIC in milliseconds, as set by its maker. */
int64_t snapshot_time(const struct snapshot *snapshot);

/*! \brief Sets the time, before the snapshot is shown to any other thread. */
void snapshot_set_time(struct snapshot *snapshot, int64_t ms);

/*! \brief Numbers for logs and counters. */
struct snapshot_stats {
	uint32_t names;   /*!< Owners, without empty non-terminals. */
	uint32_t records; /*!< Records. */
	size_t bytes;     /*!< Memory. */
};

/*! \brief Tells the numbers. */
struct snapshot_stats snapshot_stats(const struct snapshot *snapshot);
