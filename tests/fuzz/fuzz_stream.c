/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief A master's stream of events as it comes from the network: headers, redirects, chunks,
 *        records.
 *
 *     fuzz_stream -dict=tests/fuzz/http.dict tests/fuzz/corpus/stream
 *
 * The input is what fuzz_peer.h says. What has to be true besides: the stream ends with a line to
 * log; records come in their order, begun and ended; and however the bytes of a stream are cut, the
 * handler is told the same and the stream ends for the same reason. (Of a head that is none libcurl
 * does say different things.)
 */
#include "tests/fuzz/fuzz_peer.h"

#include "module/masters/stream.h"

/*! \brief What a stream has come to. */
struct outcome {
	uint64_t digest; /*!< Of all records (FNV-1a). */
	uint64_t octets; /*!< Of all records. */
	uint64_t bytes;  /*!< Of the stream. */
	bool in_record;
	enum poll_outcome outcome;
	char reason[256];
};

static void digest(struct outcome *outcome, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		outcome->digest = (outcome->digest ^ (uint8_t)data[i]) * UINT64_C(0x100000001b3);
	}
}

static int on_begin(void *ctx)
{
	struct outcome *outcome = ctx;
	if (outcome->in_record) {
		die("a record begins", "in another one");
	}
	outcome->in_record = true;
	digest(outcome, "<", 1);
	return KNOT_EOK;
}

static int on_data(void *ctx, const char *data, size_t len)
{
	struct outcome *outcome = ctx;
	if (!outcome->in_record || len == 0) {
		die("octets", len == 0 ? "none" : "of no record");
	}
	outcome->octets += len;
	digest(outcome, data, len);
	return KNOT_EOK;
}

/*! \brief Ends a record; the handler refuses some, by what came so far. */
static int on_end(void *ctx)
{
	struct outcome *outcome = ctx;
	if (!outcome->in_record) {
		die("a record ends", "that has not begun");
	}
	outcome->in_record = false;
	digest(outcome, ">", 1);
	return outcome->digest % 64 == 0 ? KNOT_EMALF : KNOT_EOK;
}

static const struct recordio_handler handler = { on_begin, on_data, on_end };

/*! \brief Follows the stream that the input makes to its end. */
static void follow(const uint8_t *data, size_t size, struct outcome *outcome)
{
	static char no_certificates[] = "/dev/null";
	const atomic_bool stop = false;
	const struct master_settings settings = {
		.timeout = 3600,
		.credential_file = credential_file,
		.ca_file = no_certificates,
	};
	struct resolver *resolver = resolver_new(&stop);
	struct master_client *client = master_new(&settings, resolver, &stop,
	                                          &(struct master_sink){ 0 });
	struct stream *stream = client != NULL ? stream_new(client, &handler, outcome) : NULL;
	if (resolver == NULL || stream == NULL) {
		die("no stream", "");
	}
	resolver_begin(resolver);
	master_set_known(client, masters, sizeof(masters) / sizeof(*masters));

	set_input(data, size);
	(void)stream_open(stream, &masters[0], false);
	while (stream_phase(stream) == STREAM_OPENING || stream_phase(stream) == STREAM_OPEN) {
		master_wait(client, 0, NULL);
	}
	check_line(stream_reason(stream));
	if (stream_phase(stream) != STREAM_ENDED || stream_outcome(stream) == POLL_OK ||
	    stream_reason(stream)[0] == '\0' || stream_bytes(stream) < outcome->octets) {
		die("no end", stream_reason(stream));
	}
	outcome->bytes = stream_bytes(stream);
	outcome->outcome = stream_outcome(stream);
	snprintf(outcome->reason, sizeof(outcome->reason), "%s", stream_reason(stream));
	stream_free(stream);
	master_free(client);
	resolver_free(resolver);
	check_requests();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3 || size > INPUT_MAX) {
		return 0;
	}
	struct outcome pieces = { 0 };
	follow(data, size, &pieces);

	/* The same, as large as may be. */
	uint8_t *other = malloc(size);
	struct outcome whole = { 0 };
	if (other == NULL) {
		die("malloc", strerror(errno));
	}
	memcpy(other, data, size);
	other[0] = other[1] = UINT8_MAX;
	follow(other, size, &whole);
	free(other);
	if (pieces.bytes == 0 || whole.bytes == 0) {
		return 0;
	}
	if (pieces.outcome != whole.outcome || strcmp(pieces.reason, whole.reason) != 0) {
		die(pieces.reason, whole.reason);
	}
	if (pieces.digest != whole.digest || pieces.octets != whole.octets) {
		die("other records", pieces.reason);
	}
	return 0;
}
