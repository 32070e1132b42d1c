// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/generation.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"

/* Of the numbers of classes that are in use, so that a start leaves some. */
#define CLASSES_KEPT_MAX (CLASS_MAX / 4 * 3)

static int sink_set(void *arg, const struct prefix *prefix, uint16_t class_id)
{
	struct generation *generation = arg;

	return table_set(generation->table, prefix, class_id);
}

static void sink_clear(void *arg, const struct prefix *prefix,
		       const struct prefix *cover, uint16_t class_id)
{
	struct generation *generation = arg;

	table_clear(generation->table, prefix, cover, class_id);
}

static enum fw_reason reason_of(uint8_t action)
{
	switch ((enum set_action)action) {
	case SET_ALLOW:
		return FW_PASS_ALLOWED;
	case SET_SHADOW:
		return FW_PASS_SHADOW;
	case SET_NONE:
		return FW_NEXT;
	case SET_DROP:
	default:
		return FW_DROP_LISTED;
	}
}

static int sink_define(void *arg, uint16_t class_id,
		       const struct class_info *info)
{
	struct generation *generation = arg;
	const struct program_class class = {
		.reason = reason_of(info->action),
		.set_id = info->set_id,
	};
	struct fw_class_sets sets;
	int r = program_put_class(generation->program, class_id, &class);

	if (r < 0)
		return r;
	_Static_assert(sizeof(sets) == sizeof(info->sets), "");
	memcpy(&sets, &info->sets, sizeof(sets));
	maps_put_class_sets(generation->maps, class_id, &sets);
	return 0;
}

static const struct ledger_sink sink = {
	.set = sink_set,
	.clear = sink_clear,
	.define = sink_define,
};

static const struct program_config no_policy;

static bool is_no_class(const struct fw_class_sets *sets)
{
	return !(sets->words[0] | sets->words[1] | sets->words[2] |
		 sets->words[3]);
}

static unsigned int count_classes(const struct maps *maps)
{
	unsigned int count = 0;

	for (unsigned int id = 1; id <= CLASS_MAX; id++) {
		struct fw_class_sets sets = maps_class_sets(maps, (uint16_t)id);

		count += !is_no_class(&sets);
	}
	return count;
}

/*
 * A class keeps its number, and so its counts, from one life to the next. But
 * numbers are not given back in a life; before they run out, a new one begins
 * with those that its members need.
 */
static int seed_classes(struct generation *generation)
{
	struct classes *classes = ledger_classes(generation->ledger);

	if (count_classes(generation->maps) > CLASSES_KEPT_MAX) {
		generation->is_renumbered = true;
		return maps_forget_classes(generation->maps);
	}
	for (unsigned int id = 1; id <= CLASS_MAX; id++) {
		struct fw_class_sets stored =
			maps_class_sets(generation->maps, (uint16_t)id);
		struct set_mask sets;

		memcpy(&sets, &stored, sizeof(sets));
		if (!is_no_class(&stored))
			(void)classes_seed(classes, (uint16_t)id, &sets);
	}
	return 0;
}

/* What is stored was taken once: a capacity below it refuses no more. */
static int load_set(void *arg, const struct set *set)
{
	struct generation *generation = arg;
	struct set roomy = *set;

	roomy.capacity = UINT32_MAX;
	return ledger_put_set(generation->ledger, &roomy);
}

static int put_set(void *arg, const struct set *set)
{
	struct generation *generation = arg;

	return ledger_put_set(generation->ledger, set);
}

/* The end of what was made since then was told by the clock it is told by. */
static bool is_doubtful(const struct evidence *evidence)
{
	uint64_t machine_started_s = clock_wall_s() - clock_boot_s();

	return evidence->created_s < machine_started_s &&
	       !clock_is_synchronised();
}

static int load_member(void *arg, uint8_t set_id, const struct member *member)
{
	struct generation *generation = arg;
	const struct evidence *evidence = &member->evidence;
	int r;

	if (evidence->expires_s && evidence->expires_s <= clock_wall_s()) {
		if (!is_doubtful(evidence))
			return ended_add(&generation->ended, set_id,
					 &member->prefix);
		generation->doubts_clock = true;
	}
	r = ledger_claim(generation->ledger, set_id, member,
			 evidence->expires_s);
	generation->refused += r == -ENOSPC;
	generation->unclassed += r == -E2BIG;
	return r == -ENOSPC || r == -E2BIG ? 0 : r;
}

static int fill(struct generation *generation, struct store *store)
{
	int r = ledger_new(&sink, generation, &generation->ledger);

	if (r < 0)
		return r;
	r = seed_classes(generation);
	if (r == 0)
		r = store_each_set(store, load_set, generation);
	if (r == 0)
		r = store_each_member(store, 0, load_member, generation);
	if (r == 0)
		r = store_each_set(store, put_set, generation);
	store_trim(store);
	ledger_prepare(generation->ledger, 0, &pool_touch_now);
	return r;
}

int generation_build(const struct config *config, struct store *store,
		     struct generation **ret_generation,
		     char note[MAPS_NOTE_MAX])
{
	CLEANUP(generation_freep) struct generation *generation = NULL;
	const struct maps_config maps_config = {
		.pin_dir = config->pin_dir,
		.hosts4 = config->hosts4,
		.blocks4 = config->blocks4,
		.entries6 = config->entries6,
	};
	int r;

	assert(store);
	assert(ret_generation);

	generation = calloc(1, sizeof(*generation));
	if (!generation)
		return -ENOMEM;
	r = maps_load(&maps_config, &generation->maps, note);
	if (r == 0)
		r = program_load(generation->maps, &no_policy,
				 &generation->program, note);
	if (r < 0 && !*note)
		(void)snprintf(note, MAPS_NOTE_MAX,
			       "the program could not be loaded: %s",
			       strerror(-r));
	if (r < 0)
		return r;
	r = table_new(maps_view4(generation->maps),
		      maps_view6(generation->maps), &generation->table);
	if (r == 0)
		r = fill(generation, store);
	if (r < 0) {
		(void)snprintf(note, MAPS_NOTE_MAX,
			       "the table could not be filled from the store: "
			       "%s",
			       strerror(-r));
		return r;
	}
	*ret_generation = TAKE(generation);
	return 0;
}

void generation_free(struct generation *generation)
{
	if (!generation)
		return;

	ended_done(&generation->ended);
	ledger_free(generation->ledger);
	table_free(generation->table);
	program_free(generation->program);
	maps_free(generation->maps);
	free(generation);
}
