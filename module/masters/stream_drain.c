/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/base/util.h"
#include "module/masters/master_private.h"
#include "module/masters/stream.h"

void stream_drain(struct stream *stream, int64_t until, const struct master_watch *watch)
{
	struct master_client *client = stream_client(stream);
	uint64_t before;
	do {
		before = stream_bytes(stream);
		master_wait(client, 0, watch);
	} while (stream_bytes(stream) != before && clock_ms(CLOCK_MONOTONIC) < until &&
	         !atomic_load(client->stop));
}
