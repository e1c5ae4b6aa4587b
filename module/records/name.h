/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Builds a DNS name label by label, from the left, in wire form.
 *
 *     struct name name;
 *     name_start(&name);
 *     name_labels(&name, labels, labels_len);
 *     name_end(&name, zone, zone_len);
 *     if (name_valid(&name)) { ... name.wire, name.len ... }
 *
 * What does not fit makes the name invalid and it stays so: one check at the end is enough.
 */
#pragma once

#include <string.h>

#include "module/records/label.h"

/*! \brief A name being built. */
struct name {
	uint8_t wire[LABEL_NAME_MAX];
	uint8_t len; /*!< Octets in use; 0 if the name is invalid. */
	bool broken; /*!< Something did not fit. */
};

static inline void name_start(struct name *name)
{
	name->len = 0;
	name->broken = false;
}

/*! \brief Appends octets: labels in wire form. */
static inline void name_labels(struct name *name, const uint8_t *labels, size_t len)
{
	if (name->broken || name->len + len > LABEL_NAME_MAX) {
		name->broken = true;
		name->len = 0;
		return;
	}
	memcpy(name->wire + name->len, labels, len);
	name->len += len;
}

/*! \brief Appends labels with a `_` put in front of the first one (RFC 2782, "Service"). */
static inline void name_underscored(struct name *name, const uint8_t *labels, size_t len)
{
	if (len == 0 || labels[0] >= LABEL_MAX) {
		name->broken = true;
		name->len = 0;
		return;
	}
	const uint8_t start[] = { labels[0] + 1, '_' };
	name_labels(name, start, sizeof(start));
	name_labels(name, labels + 1, len - 1);
}

/*! \brief Appends the rest of the name, root label included. */
static inline void name_end(struct name *name, const uint8_t *rest, size_t len)
{
	name_labels(name, rest, len);
}

/*! \brief True if DNS can carry the name. */
static inline bool name_valid(const struct name *name)
{
	return !name->broken && name->len > 0;
}
