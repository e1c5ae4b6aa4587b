/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What knotd has for the hooks of answer.c, in programs that call them without a knotd.
 *
 * For one source file of a program.
 */
#pragma once

#include "module/answer/answer.h"
#include "module/answer/stats.h"

/* Knot 3.4 has put `const` to some parameters, and who asks can be told without knotd. */
#if KNOTD_MOD_ABI_VERSION >= 600
#define STUB_CONST const
#else
#define STUB_CONST
#define STUB_REMOTE
#endif

static struct {
	struct answer ctx;        /*!< Of the instance; the others' is what \a mod points to. */
	const knot_dname_t *zone; /*!< That the query is in. */
	knot_rrset_t soa;         /*!< The zone's; without an owner, as if it had none. */
	bool zone_signed;         /*!< Its apex has signatures. */
	knotd_mod_in_hook_f in_hooks[KNOTD_STAGE_END + 1];
	knotd_mod_hook_f end;
	knotd_stage_t failing;             /*!< Stage whose hooks cannot be registered, */
	unsigned failures;                 /*!< that many times, */
	int failure;                       /*!< for this reason. */
	unsigned counted[STATS_OTHER + 1]; /*!< Answers by kind. */
	const knotd_mod_t *counting;       /*!< In whose counters of knotd's the last one was. */
} stub;

void *knotd_mod_ctx(STUB_CONST knotd_mod_t *mod)
{
	return mod != NULL ? (void *)(uintptr_t)mod : &stub.ctx;
}

static int stub_register(knotd_stage_t stage)
{
	if (stage != stub.failing || stub.failures == 0) {
		return KNOT_EOK;
	}
	stub.failures--;
	return stub.failure;
}

int knotd_mod_in_hook(knotd_mod_t *mod, knotd_stage_t stage, knotd_mod_in_hook_f hook)
{
	(void)mod;
	stub.in_hooks[stage] = hook;
	return stub_register(stage);
}

int knotd_mod_hook(knotd_mod_t *mod, knotd_stage_t stage, knotd_mod_hook_f hook)
{
	(void)mod;
	if (stage != KNOTD_STAGE_END) {
		return KNOT_EINVAL;
	}
	stub.end = hook;
	return stub_register(stage);
}

#ifdef STUB_REMOTE
const struct sockaddr_storage *knotd_qdata_remote_addr(knotd_qdata_t *qdata)
{
	return qdata->params->remote;
}
#endif

const knot_dname_t *knotd_qdata_zone_name(STUB_CONST knotd_qdata_t *qdata)
{
	(void)qdata;
	return stub.zone;
}

knot_rrset_t knotd_qdata_zone_apex_rrset(STUB_CONST knotd_qdata_t *qdata, uint16_t type)
{
	(void)qdata;
	knot_rrset_t none;
	knot_rrset_init_empty(&none);
	/* What a signature holds does not matter to anybody here. */
	return type == KNOT_RRTYPE_SOA || (type == KNOT_RRTYPE_RRSIG && stub.zone_signed) ? stub.soa
	                                                                                  : none;
}

void stats_count(knotd_mod_t *mod, struct stats *stats, const knotd_qdata_t *qdata,
                 enum stats_answer kind, const knot_pkt_t *reply)
{
	(void)stats, (void)qdata, (void)reply;
	stub.counting = mod;
	stub.counted[kind]++;
}
