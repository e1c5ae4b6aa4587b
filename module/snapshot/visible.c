/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "module/snapshot/chunk.h"
#include "module/snapshot/visible.h"

/*! \brief An owner's group that changes. */
struct turn {
	struct maker *maker;
	const struct patch *patch;
	const struct snapshot_name *shown; /*!< NULL if nothing is seen yet. */
	struct ledger_name *name;          /*!< NULL if the owner has no entries. */
	enum ledger_group group;
	uint32_t before; /*!< Claims: how many there were; else how many records of class 0. */
	uint32_t after;  /*!< The same, after the changes. */
};

static int push_edit(struct maker *maker, uint16_t type, const knot_rdata_t *rdata, bool add)
{
	struct edit *edit = vector_push(&maker->edits, &maker->charge);
	if (edit == NULL) {
		return KNOT_ENOMEM;
	}
	*edit = (struct edit){ .rdata = rdata, .type = type, .add = add };
	return KNOT_EOK;
}

static const knot_rdata_t *copy_rdata(struct maker *maker, const knot_rdata_t *rdata)
{
	knot_rdata_t *copy = arena_alloc(&maker->gathered, knot_rdata_size(rdata->len),
	                                 _Alignof(knot_rdata_t));
	if (copy != NULL) {
		knot_rdata_init(copy, rdata->len, rdata->data);
	}
	return copy;
}

/*! \brief True if records with these counts are part of what decides. */
static bool is_counted(enum ledger_group group, const uint32_t counts[LEDGER_CLASSES])
{
	return counts[0] > 0 || (group == LEDGER_CLAIMS && counts[1] > 0);
}

/*! \brief True if queries see a record with these counts. */
static bool is_seen(enum ledger_group group, uint32_t counted,
                    const uint32_t counts[LEDGER_CLASSES])
{
	if (group == LEDGER_CLAIMS) {
		return counted == 1 && is_counted(group, counts);
	}
	return counts[0] > 0 || (counted == 0 && counts[1] > 0);
}

/*! \brief True if the shards tell all of a record with these counts. */
static bool is_plain(const struct turn *turn, const uint32_t counts[LEDGER_CLASSES])
{
	return counts[0] == 1 && counts[1] == 0 &&
	       (turn->group != LEDGER_CLAIMS || turn->after == 1);
}

/*! \brief How many records of a group are seen. */
static uint32_t count_shown(const struct snapshot_name *shown, enum ledger_group group)
{
	uint32_t count = 0;
	for (uint32_t i = 0; shown != NULL && i < shown->sets_count; i++) {
		if (group == LEDGER_GROUPS || ledger_group(shown->sets[i].type) == group) {
			count += shown->sets[i].count;
		}
	}
	return count;
}

/*! \brief What decided what is seen of a group up to now. */
static uint32_t count_before(const struct turn *turn)
{
	const struct ledger_list *list = turn->name != NULL ? &turn->name->lists[turn->group]
	                                                    : NULL;
	if (list != NULL && turn->group == LEDGER_CLAIMS && list->count > 1) {
		/* Hidden, so that all of them have entries. */
		return list->count;
	}
	return list != NULL && list->shows_unwell ? 0 : count_shown(turn->shown, turn->group);
}

/*! \brief Finds out how often each of the records was there, and is now. */
static int load_counts(struct turn *turn)
{
	struct maker *maker = turn->maker;
	struct net *nets = maker->nets.data;
	for (size_t i = 0; i < maker->nets.count; i++) {
		struct net *net = &nets[i];
		if (maker_stopped(maker)) {
			return KNOT_ECONNABORTED;
		}
		if (ledger_group(net->type) != turn->group) {
			continue;
		}
		net->record = ledger_find(&maker->ledger, turn->name, net->type, net->rdata);
		if (net->record != NULL) {
			net->record->seen = maker->round;
			memcpy(net->before, net->record->counts, sizeof(net->before));
		} else if (turn->shown != NULL) {
			net->before[0] = set_has(snapshot_set(turn->shown, net->type), net->rdata);
		}
		for (int j = 0; j < LEDGER_CLASSES; j++) {
			int64_t after = net->before[j] + net->diff[j];
			if (after < 0 || after > UINT32_MAX) {
				return after < 0 ? KNOT_ENOENT : KNOT_ERANGE;
			}
			net->after[j] = (uint32_t)after;
		}
		turn->after += is_counted(turn->group, net->after);
		turn->after -= is_counted(turn->group, net->before);
	}
	return KNOT_EOK;
}

/*! \brief Writes a record's counts down, if the shards do not tell them. */
static int keep_counts(struct turn *turn, uint16_t type, const knot_rdata_t *rdata,
                       struct ledger_record *record, const uint32_t counts[LEDGER_CLASSES])
{
	struct maker *maker = turn->maker;
	if ((counts[0] == 0 && counts[1] == 0) || is_plain(turn, counts)) {
		if (record != NULL) {
			ledger_drop(&maker->ledger, record);
		}
		return KNOT_EOK;
	}
	if (record == NULL) {
		record = ledger_add(&maker->ledger, &turn->name, turn->patch->owner,
		                    turn->patch->len, turn->patch->hash, type, rdata);
	}
	if (record == NULL) {
		return KNOT_ENOMEM;
	}
	memcpy(record->counts, counts, sizeof(record->counts));
	return KNOT_EOK;
}

/*! \brief Hides the only claim, which has no entry yet, if it does not change itself. */
static int hide_claim(struct turn *turn)
{
	static const uint32_t once[LEDGER_CLASSES] = { 1, 0 };

	struct maker *maker = turn->maker;
	const struct snapshot_set *set = turn->shown != NULL
	                                         ? snapshot_set(turn->shown, KNOT_RRTYPE_PTR)
	                                         : NULL;
	if (set == NULL) {
		return KNOT_EOK;
	}
	const knot_rdata_t *rdata = (const knot_rdata_t *)small_piece(set).rdata;
	const struct net *nets = maker->nets.data;
	for (size_t i = 0; i < maker->nets.count; i++) {
		if (nets[i].type == KNOT_RRTYPE_PTR && knot_rdata_cmp(nets[i].rdata, rdata) == 0) {
			return KNOT_EOK;
		}
	}
	if (ledger_find(&maker->ledger, turn->name, KNOT_RRTYPE_PTR, rdata) != NULL) {
		return KNOT_EOK;
	}
	rdata = copy_rdata(maker, rdata);
	if (rdata == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = push_edit(maker, KNOT_RRTYPE_PTR, rdata, false);
	return ret == KNOT_EOK ? keep_counts(turn, KNOT_RRTYPE_PTR, rdata, NULL, once) : ret;
}

/*! \brief Shows or hides records with entries that do not change themselves. */
static int turn_others(struct turn *turn)
{
	struct ledger_record *next,
	        *record = turn->name != NULL ? turn->name->lists[turn->group].first : NULL;
	int ret = KNOT_EOK;
	for (; record != NULL && ret == KNOT_EOK; record = next) {
		if (maker_stopped(turn->maker)) {
			return KNOT_ECONNABORTED;
		}
		next = record->next;
		bool after = is_seen(turn->group, turn->after, record->counts);
		if (record->seen == turn->maker->round ||
		    after == is_seen(turn->group, turn->before, record->counts)) {
			continue;
		}
		const knot_rdata_t *rdata = copy_rdata(turn->maker, &record->rdata);
		ret = rdata != NULL ? push_edit(turn->maker, record->type, rdata, after)
		                    : KNOT_ENOMEM;
		if (ret == KNOT_EOK && is_plain(turn, record->counts)) {
			ledger_drop(&turn->maker->ledger, record);
		}
	}
	return ret;
}

/*! \brief Takes the changes of one group. */
static int turn_group(struct turn *turn)
{
	struct maker *maker = turn->maker;
	struct net *nets = maker->nets.data;
	turn->before = turn->after = count_before(turn);
	int ret = load_counts(turn);
	uint32_t edge = turn->group == LEDGER_CLAIMS ? 1 : 0;
	if (ret == KNOT_EOK && (turn->before == edge) != (turn->after == edge)) {
		ret = turn_others(turn);
		if (ret == KNOT_EOK && turn->group == LEDGER_CLAIMS && turn->before == 1) {
			ret = hide_claim(turn);
		}
	}
	for (size_t i = 0; i < maker->nets.count && ret == KNOT_EOK; i++) {
		const struct net *net = &nets[i];
		if (maker_stopped(maker)) {
			return KNOT_ECONNABORTED;
		}
		if (ledger_group(net->type) != turn->group) {
			continue;
		}
		bool before = is_seen(turn->group, turn->before, net->before);
		bool after = is_seen(turn->group, turn->after, net->after);
		size_t octets = turn->patch->len + net->rdata->len;
		maker->octets += net->after[0] + (uint64_t)net->after[1] > 0 ? octets : 0;
		maker->octets -= net->before[0] + (uint64_t)net->before[1] > 0 ? octets : 0;
		ret = keep_counts(turn, net->type, net->rdata, net->record, net->after);
		if (ret == KNOT_EOK && before != after) {
			ret = push_edit(maker, net->type, net->rdata, after);
		}
	}
	if (turn->name != NULL) {
		turn->name->lists[turn->group].shows_unwell = turn->group != LEDGER_CLAIMS &&
		                                              turn->after == 0;
	}
	return ret;
}

static int compare_edits(const struct edit *a, const struct edit *b)
{
	if (a->type != b->type) {
		return a->type < b->type ? -1 : 1;
	}
	return knot_rdata_cmp(a->rdata, b->rdata);
}

static int compare_items(const struct sort_item *a, const struct sort_item *b)
{
	return compare_edits(a->item, b->item);
}

/*! \brief Puts edits in order: most often they are, and those that are not are few. */
static int sort_edits(struct maker *maker, struct edit *edits, uint32_t count)
{
	uint32_t ordered = 1;
	while (ordered < count && compare_edits(&edits[ordered - 1], &edits[ordered]) < 0) {
		ordered++;
	}
	if (ordered >= count) {
		return KNOT_EOK;
	}
	struct edit *copies = arena_alloc(&maker->gathered, count * sizeof(*copies),
	                                  _Alignof(struct edit));
	if (copies == NULL) {
		return KNOT_ENOMEM;
	}
	memcpy(copies, edits, count * sizeof(*copies));
	maker->order.count = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct sort_item *item = vector_push(&maker->order, &maker->charge);
		if (item == NULL) {
			return KNOT_ENOMEM;
		}
		item->item = &copies[i];
	}
	struct sort_item *order = maker->order.data;
	if (!sort_compared(order, count, compare_items, maker->stop)) {
		return KNOT_ECONNABORTED;
	}
	for (uint32_t i = 0; i < count; i++) {
		edits[i] = *(const struct edit *)order[i].item;
	}
	return KNOT_EOK;
}

int visible_change(struct maker *maker, struct patch *patch, const struct snapshot_name *shown,
                   int *more)
{
	const struct net *nets = maker->nets.data;
	struct turn turn = { .maker = maker, .patch = patch, .shown = shown };
	turn.name = ledger_name(&maker->ledger, patch->owner, patch->len, patch->hash);
	patch->first = maker->edits.count;

	bool has[LEDGER_GROUPS] = { false };
	for (size_t i = 0; i < maker->nets.count; i++) {
		has[ledger_group(nets[i].type)] = true;
	}
	int ret = KNOT_EOK;
	for (int i = 0; i < LEDGER_GROUPS && ret == KNOT_EOK; i++) {
		if (has[i]) {
			turn.group = i;
			ret = turn_group(&turn);
		}
	}
	ledger_tidy(&maker->ledger, turn.name);
	patch->count = maker->edits.count - patch->first;
	*more = 0;
	if (ret != KNOT_EOK || patch->count == 0) {
		return ret;
	}

	struct edit *edits = (struct edit *)maker->edits.data + patch->first;
	ret = sort_edits(maker, edits, patch->count);
	if (ret != KNOT_EOK) {
		return ret;
	}
	uint32_t before = count_shown(shown, LEDGER_GROUPS), after = before;
	for (uint32_t i = 0; i < patch->count; i++) {
		after += edits[i].add ? 1 : -1;
	}
	*more = (after > 0) - (before > 0);
	maker->stats.names += *more;
	maker->stats.records += after - before;
	return KNOT_EOK;
}
