// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/generation.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"

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

static int sink_define(void *arg, uint16_t class_id,
		       const struct class_info *info)
{
	struct generation *generation = arg;
	struct judge *judges[] = {generation->judge, generation->last,
				  generation->next};
	struct fw_class_sets sets;

	for (size_t i = 0; i < ARRAY_LEN(judges); i++) {
		int r = judges[i] ? judge_define(judges[i], generation->ledger,
						 class_id, info)
				  : 0;

		if (r < 0)
			return r;
	}
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
	struct store_usage usage = {0};
	int r = ledger_new(&sink, generation, &generation->ledger);

	if (r == 0)
		r = store_usage(store, &usage);
	if (r < 0)
		return r;
	table_prepare(generation->table, usage.member_count, &pool_touch_now);
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

int generation_boot_id(uint8_t boot_id[BOOT_ID_BYTES])
{
	char text[64] = "";
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	size_t count = 0;

	if (!file)
		return -errno;
	if (!fgets(text, sizeof(text), file))
		*text = '\0';
	(void)fclose(file);
	for (const char *at = text; count < BOOT_ID_BYTES && at[0] && at[1];) {
		char digits[3] = {at[0], at[1]};
		char *end;

		if (*at == '-') {
			at++;
			continue;
		}
		boot_id[count] = (uint8_t)strtoul(digits, &end, 16);
		if (*end)
			break;
		count++;
		at += 2;
	}
	return count == BOOT_ID_BYTES ? 0 : -EBADMSG;
}

/* A trial of another boot, or whose deadline is past, has been lost. */
static bool is_on_trial(const struct pending *pending)
{
	uint8_t boot_id[BOOT_ID_BYTES];

	return pending->number && generation_boot_id(boot_id) == 0 &&
	       memcmp(boot_id, pending->boot_id, BOOT_ID_BYTES) == 0 &&
	       clock_boot_ns() < pending->deadline_ns;
}

/* Ready but for its classes. `beside`: whose rules keep their counts too. */
static int make_judge(struct generation *generation, struct store *store,
		      uint64_t revision, struct judge **judge,
		      char note[JUDGE_NOTE_MAX])
{
	CLEANUP(freep) char *text = NULL;
	char why[JUDGE_NOTE_MAX] = "";
	size_t len;
	int r;

	if (!revision)
		r = judge_new(judge);
	else
		r = store_revision_text(store, revision, &text, &len);
	if (r == 0 && revision)
		r = judge_read(text, len, revision, judge, why);
	if (r == 0)
		r = judge_count(*judge, generation->counters, generation->judge,
				why);
	if (r < 0)
		(void)snprintf(note, JUDGE_NOTE_MAX,
			       "revision %llu of the policy: %.900s",
			       (unsigned long long)revision,
			       *why ? why : strerror(-r));
	return r;
}

static int make_judges(struct generation *generation, struct store *store,
		       char note[JUDGE_NOTE_MAX])
{
	struct pending *pending = &generation->pending;
	int r = store_policy_state(store, &generation->current, pending);

	if (r == 0 && !is_on_trial(pending))
		*pending = (struct pending){0};
	if (r == 0 && pending->number)
		r = make_judge(generation, store, pending->fallback,
			       &generation->last, note);
	if (r == 0)
		r = make_judge(generation, store,
			       pending->number ? pending->number
					       : generation->current,
			       &generation->judge, note);
	if (r < 0)
		return r;
	generation->judge->is_trial = pending->number != 0;
	if (generation->last)
		r = judge_load(generation->last, generation->maps, NULL, note);
	if (r == 0)
		r = judge_load(generation->judge, generation->maps,
			       generation->last, note);
	if (r == 0 && generation->last)
		r = program_begin_trial(generation->judge->program,
					generation->last->program,
					pending->deadline_ns);
	return r;
}

static int make_tables(const struct config *config,
		       struct generation *generation, char *note)
{
	const struct maps_config maps_config = {
		.pin_dir = config->pin_dir,
		.hosts4 = config->hosts4,
		.blocks4 = config->blocks4,
		.entries6 = config->entries6,
	};
	int r = maps_load(&maps_config, &generation->maps, note);

	if (r == 0)
		r = counters_open(generation->maps, &generation->counters,
				  note);
	if (r < 0 && !*note)
		(void)snprintf(note, MAPS_NOTE_MAX,
			       "the tables could not be made: %s",
			       strerror(-r));
	return r;
}

int generation_build(const struct config *config, struct store *store,
		     struct generation **ret_generation,
		     char note[MAPS_NOTE_MAX])
{
	CLEANUP(generation_freep) struct generation *generation = NULL;
	char why[JUDGE_NOTE_MAX] = "";
	int r;

	assert(store);
	assert(ret_generation);

	note[0] = '\0';
	generation = calloc(1, sizeof(*generation));
	if (!generation)
		return -ENOMEM;
	r = make_tables(config, generation, note);
	if (r < 0)
		return r;
	r = make_judges(generation, store, why);
	if (r < 0) {
		(void)snprintf(note, MAPS_NOTE_MAX, "%.500s",
			       *why ? why : strerror(-r));
		return r;
	}
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

int generation_ready_next(struct generation *generation, uint32_t *from,
			  uint32_t max)
{
	struct classes *classes = ledger_classes(generation->ledger);
	uint32_t last = classes_last(classes);

	for (; *from <= last && max > 0; max--) {
		struct class_info info =
			classes_info(classes, (uint16_t)(*from)++);
		int r = judge_define(generation->next, generation->ledger,
				     (uint16_t)(*from - 1), &info);

		if (r < 0)
			return r;
	}
	return *from <= last;
}

void generation_tell(const struct generation *generation, struct alerts *alerts)
{
	uint64_t now_s = clock_wall_s();

	if (generation->is_renumbered)
		log_notice("classes: numbers were short and are given anew, "
			   "packets by set are counted from 0");
	if (generation->refused)
		(void)alerts_raise(alerts, now_s, ALERT_TABLE_START,
				   "the address table is full: %zu stored "
				   "members are not enforced; raise hosts4, "
				   "blocks4 or entries6 and restart fwd",
				   generation->refused);
	else
		(void)alerts_clear(alerts, ALERT_TABLE_START);
	if (generation->unclassed)
		(void)alerts_raise(alerts, now_s, ALERT_CLASSES_START,
				   "%zu stored members are not enforced: they "
				   "are in more than %d combinations of sets; "
				   "have fewer sets that overlap, and restart "
				   "fwd",
				   generation->unclassed, CLASS_MAX);
	else
		(void)alerts_clear(alerts, ALERT_CLASSES_START);
}

void generation_free(struct generation *generation)
{
	if (!generation)
		return;

	ended_done(&generation->ended);
	ledger_free(generation->ledger);
	table_free(generation->table);
	judge_free(generation->judge);
	judge_free(generation->last);
	judge_free(generation->next);
	counters_close(generation->counters);
	maps_free(generation->maps);
	free(generation);
}
