/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Stands in for zookeeper.c in a build without libzookeeper: options refuse such addresses.
 */
#include <stddef.h>

#include "module/masters/zookeeper.h"

bool zookeeper_is_supported(void)
{
	return false;
}

struct zookeeper *zookeeper_new(const struct zk_address *address, bool tls,
                                void (*notify)(void *ctx), void *ctx)
{
	(void)address, (void)tls, (void)notify, (void)ctx;
	return NULL;
}

void zookeeper_end(struct zookeeper *zk)
{
	(void)zk;
}

void zookeeper_free(struct zookeeper *zk)
{
	(void)zk;
}

void zookeeper_tend(struct zookeeper *zk, struct resolver *resolver)
{
	(void)zk, (void)resolver;
}

size_t zookeeper_masters(struct zookeeper *zk, struct endpoint out[static ZOOKEEPER_MASTERS_MAX])
{
	(void)zk, (void)out;
	return 0;
}

const char *zookeeper_problem(struct zookeeper *zk, char out[static ZOOKEEPER_PROBLEM_MAX])
{
	(void)zk;
	out[0] = '\0';
	return out;
}
