/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief One zone's records, as they follow the inventory's changes.
 *
 *     projection_init(&projection, &rules, RECORDS_OCTETS_MAX, &stop);
 *     // the inventory's listener:
 *     projection_change(&projection, change);
 *     // when the inventory has changed:
 *     ret = projection_commit(&projection, inventory, &masters, 30, true, &snapshot);
 *     // publish the snapshot if there is one, wait until no reader is left, then
 *     projection_retire(&projection, older);
 *     projection_free(&projection);
 *
 * - A change costs the records of the object that has changed, before and after.
 * - A projection that is new, or that an error has made incomplete, passes changes over; its next
 *   commit begins anew with all that the inventory has. Snapshots that are given out stay good.
 * - **Budget.** Where all records take more octets than there may be, each task is held to so many
 *   records that they fit: as many as possible. That depends on what the inventory has, and not on
 *   how it came about; but for that, while events come, they may stay fewer until the next state:
 *   to make all anew takes long, and nobody shall have it done with each event. Equal records count
 *   each time.
 * - A name that a format gives to a task is left out while it is a framework's own, whichever comes
 *   first. That costs a look at all tasks only if some have such a name.
 * - Which inventory it is has to stay the same, and no change of it may be missed.
 * - One thread at a time.
 */
#pragma once

#include <stdatomic.h>

#include "module/cluster/own_names.h"
#include "module/records/records.h"
#include "module/snapshot/table.h"

/*! \brief Bytes of a name that is left out which are kept for a log line. */
#define PROJECTION_EXAMPLE_MAX 40

/*! \brief A zone's records; its members are private but for \a loss. */
struct projection {
	struct records_rules rules; /*!< With the limit that the budget sets now. */
	/*! What is left out now. Its examples are those of the last change that left something out,
	 *  in the two arrays. */
	struct records_loss loss;
	char example[PROJECTION_EXAMPLE_MAX];
	char cut_example[PROJECTION_EXAMPLE_MAX];
	struct snapshot_table *table;    /*!< NULL before the first commit. */
	struct records_masters *masters; /*!< Whose records are in it; NULL if nobody's. */
	struct own_names names;          /*!< Of use if there are formats. */
	const atomic_bool *stop;
	uint64_t octets;     /*!< Of all records in the table. */
	uint64_t octets_max; /*!< Most of them. */
	bool is_fed;         /*!< The table has all that the inventory has. */
	bool is_changed;     /*!< There were changes since the last commit. */
	int ret;             /*!< Why it is not fed. */
	/*! While it is fed and held to a limit: what there is without one. */
	struct limit *limit;
};

/*!
 * \brief Makes an empty projection in memory of the caller's.
 *
 * \param rules       Copied, what they point to has to live as long; their \a task_max counts for
 *                    nothing.
 * \param octets_max  Most octets of owners and data.
 * \param stop        Looked at now and then: ends what takes long.
 */
void projection_init(struct projection *projection, const struct records_rules *rules,
                     uint64_t octets_max, const atomic_bool *stop);

/*! \brief Frees what a projection has. Snapshots live as long as they are held. */
void projection_free(struct projection *projection);

/*! \brief Has the next commit begin anew: changes may be missed from now on. */
void projection_forget(struct projection *projection);

/*! \brief Takes a change of the inventory. Errors show at the next commit. */
void projection_change(struct projection *projection, const struct inventory_change *change);

/*!
 * \brief Makes a snapshot of what the inventory and the masters are now.
 *
 * \param masters  The masters; copied.
 * \param ttl      TTL of all records, in seconds.
 * \param is_state  The inventory is as a state says: a limit may be raised.
 * \param out      Set to the snapshot, with a reference for the caller; to NULL if queries would
 *                 see no difference to the one before, and on errors.
 *
 * \retval KNOT_EOK
 * \retval KNOT_ESPACE        Even with one record a task they are too many.
 * \retval KNOT_ECONNABORTED  Stopped.
 * \return KNOT_ENOMEM, or else as snapshot_table_commit(). On any error it is incomplete.
 */
int projection_commit(struct projection *projection, const struct inventory *inventory,
                      const struct records_masters *masters, uint32_t ttl, bool is_state,
                      struct snapshot **out);

/*! \brief Gives a snapshot back that no reader has any more (snapshot_table_retire()). */
void projection_retire(struct projection *projection, struct snapshot *snapshot);
