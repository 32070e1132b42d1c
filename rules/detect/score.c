// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/score.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/detect/sip.h"

#define PROBES_MAX    8 /* places where a tree or a pair can be */
#define PAIRS_OF_TREE 16
#define LINEAGE_STEP  5
#define LINEAGE_MAX   20
#define SEQUENCE      20
#define SEQUENCE_NS   (60 * DETECT_SECOND_NS)
#define MILLI	      1000ull
#define NS_OF_MILLI   6000000ull /* 10 points a minute */
#define TITLE_TOLD    60

struct part {
	uint32_t rule;
	uint16_t base, lineage, rarity, sequence;
};

struct tree {
	struct process_id root; /* pid 0: nobody */
	uint64_t milli; /* thousandths of a point, at last_ns */
	uint64_t last_ns; /* when a rule added last */
	uint32_t count;
	struct part parts[SCORE_PARTS];
};

struct pair {
	uint64_t hash; /* 0: nobody */
	uint64_t heard; /* the turn when it was last */
	uint32_t count;
};

struct scores {
	const struct detect_rule *const *rules;
	size_t rule_count;
	bool is_asked; /* by a rule about a score */
	struct tree *trees;
	struct pair *pairs;
	uint32_t mask, pair_mask, used, hand;
	uint64_t begun; /* programs, so far: the turn of pairs */
	uint64_t crowded;
	uint64_t seed[2];
	char text[SCORE_TEXT_MAX]; /* of the tree that was added to */
};

static uint32_t power_of_two(uint32_t least)
{
	uint32_t size = PROBES_MAX;

	while (size < least)
		size *= 2;
	return size;
}

static int fill(struct scores *scores, uint32_t capacity)
{
	uint32_t trees = power_of_two(capacity);
	uint32_t pairs = trees * PAIRS_OF_TREE;

	for (size_t i = 0; i < scores->rule_count; i++)
		scores->is_asked = scores->is_asked || scores->rules[i]->score;
	if (!scores->is_asked)
		return 0;
	scores->trees = calloc(trees, sizeof(*scores->trees));
	scores->pairs = calloc(pairs, sizeof(*scores->pairs));
	scores->mask = trees - 1;
	scores->pair_mask = pairs - 1;
	return scores->trees && scores->pairs ? 0 : -ENOMEM;
}

int scores_new(const struct detect_rule *const *rules, size_t count,
	       uint32_t capacity, const uint64_t seed[2],
	       struct scores **ret_scores)
{
	struct scores *scores = calloc(1, sizeof(*scores));
	int r;

	assert(capacity <= 1u << 26);
	assert(ret_scores);

	if (!scores)
		return -ENOMEM;
	scores->rules = rules;
	scores->rule_count = count;
	memcpy(scores->seed, seed, sizeof(scores->seed));
	r = fill(scores, capacity);
	if (r < 0) {
		scores_free(scores);
		return r;
	}
	*ret_scores = scores;
	return 0;
}

void scores_free(struct scores *scores)
{
	if (!scores)
		return;
	free(scores->trees);
	free(scores->pairs);
	free(scores);
}

/* The pair of the programs of a process and of its parent: its place, or that
 * of the one that was not heard of for longest. */
static struct pair *pair_of(const struct scores *scores,
			    const struct event *event, uint64_t *ret_hash)
{
	const struct event_text *parent = &event->words[EVENT_PARENT_IMAGE];
	const struct event_text *image = &event->words[EVENT_IMAGE];
	struct sip sip = sip_begin(scores->seed);
	struct pair *oldest = NULL;

	sip_text(&sip, parent->bytes, parent->len);
	sip_text(&sip, image->bytes, image->len);
	*ret_hash = sip_half(&sip, 0xff) | 1;
	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		struct pair *at =
			&scores->pairs[((uint32_t)(*ret_hash >> 32) + i) &
				       scores->pair_mask];

		if (at->hash == *ret_hash)
			return at;
		if (!oldest || at->heard < oldest->heard)
			oldest = at;
	}
	return oldest;
}

void scores_follow(struct scores *scores, const struct event *event)
{
	struct pair *pair;
	uint64_t hash;

	if (!scores->is_asked || event->kind != EVENT_EXEC)
		return;
	scores->begun++;
	pair = pair_of(scores, event, &hash);
	if (pair->hash != hash)
		*pair = (struct pair){.hash = hash};
	pair->heard = scores->begun;
	pair->count += pair->count < UINT32_MAX;
}

static uint32_t rarity_of(const struct scores *scores,
			  const struct event *event)
{
	const struct pair *pair;
	uint64_t hash;
	uint32_t count;

	if (scores->begun < SCORE_LEARNED ||
	    event->words[EVENT_PARENT_IMAGE].len == 0)
		return 0;
	pair = pair_of(scores, event, &hash);
	count = pair->hash == hash ? pair->count : 0;
	if (count <= 1)
		return 25;
	if (count <= 10)
		return 15;
	return count <= 100 ? 8 : 0;
}

static uint32_t weight_of(const struct detect_rule *rule)
{
	static const uint8_t of_level[] = {
		[DETECT_INFORMATIONAL] = 0, [DETECT_LOW] = 5,
		[DETECT_MEDIUM] = 20,	    [DETECT_HIGH] = 40,
		[DETECT_CRITICAL] = 80,
	};
	_Static_assert(ARRAY_LEN(of_level) == DETECT_LEVEL_COUNT, "");

	if (rule->score || rule->action == DETECT_IGNORE ||
	    rule->action == DETECT_ALLOW)
		return 0;
	return rule->has_weight ? rule->weight : of_level[rule->level];
}

static uint64_t milli_at(const struct tree *tree, uint64_t now_ns)
{
	uint64_t lost = now_ns > tree->last_ns
				? (now_ns - tree->last_ns) / NS_OF_MILLI
				: 0;

	return tree->milli > lost ? tree->milli - lost : 0;
}

/* Who has least of those that are in the way of one with so many points;
 * NULL: nobody has less. */
static struct tree *make_room(struct scores *scores, struct tree *least,
			      uint64_t points, uint64_t now_ns)
{
	uint64_t milli = milli_at(least, now_ns);

	if (milli >= points * MILLI)
		return NULL;
	scores->crowded += milli > 0;
	scores->used--;
	return least;
}

/* NULL: there is no room for one that begins with so many points. */
static struct tree *tree_of(struct scores *scores,
			    const struct process_id *root, uint64_t points,
			    uint64_t now_ns)
{
	struct sip sip = sip_begin(scores->seed);
	struct tree *free_place = NULL, *least = NULL;
	uint64_t hash;

	sip_word(&sip, root->pid);
	sip_word(&sip, root->start_ns);
	hash = sip_half(&sip, 0xff);
	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		struct tree *at =
			&scores->trees[(uint32_t)(hash + i) & scores->mask];

		if (at->root.pid == root->pid &&
		    at->root.start_ns == root->start_ns)
			return at;
		if (!free_place && at->root.pid == 0)
			free_place = at;
		if (!least || milli_at(at, now_ns) < milli_at(least, now_ns))
			least = at;
	}
	if (!free_place)
		free_place = make_room(scores, least, points, now_ns);
	if (!free_place)
		return NULL;
	*free_place = (struct tree){.root = *root, .last_ns = now_ns};
	scores->used++;
	return free_place;
}

/* `part` has as much of `points` as is left of `room`. */
static uint16_t take(uint32_t points, uint32_t *room)
{
	uint32_t taken = points < *room ? points : *room;

	*room -= taken;
	return (uint16_t)taken;
}

static struct part part_of(const struct scores *scores, size_t index,
			   uint32_t depth, const struct tree *tree,
			   const struct event *event)
{
	uint32_t base = weight_of(scores->rules[index]);
	uint32_t lineage = depth < LINEAGE_MAX / LINEAGE_STEP
				   ? depth * LINEAGE_STEP
				   : LINEAGE_MAX;
	bool follows = tree->count > 0 &&
		       event->time_ns <= tree->last_ns + SEQUENCE_NS;
	uint32_t room = base;
	struct part part = {(uint32_t)index, (uint16_t)base, 0, 0, 0};

	part.lineage = take(lineage, &room);
	part.rarity = take(rarity_of(scores, event), &room);
	part.sequence = take(follows ? SEQUENCE : 0, &room);
	return part;
}

static uint32_t points_of(const struct part *part)
{
	return (uint32_t)part->base + part->lineage + part->rarity +
	       part->sequence;
}

/* Bytes of a title that are told: no part of a character. */
static int told_of(const char *title)
{
	size_t len = strnlen(title, TITLE_TOLD + 1);

	if (len > TITLE_TOLD)
		len = TITLE_TOLD;
	while (len > 0 && ((unsigned char)title[len] & 0xc0) == 0x80)
		len--;
	return (int)len;
}

/* Parts for which there is no room are left out. */
static void describe(const struct scores *scores, const struct tree *tree,
		     uint64_t milli, char text[SCORE_TEXT_MAX])
{
	size_t at =
		(size_t)snprintf(text, SCORE_TEXT_MAX,
				 "%llu:", (unsigned long long)(milli / MILLI));

	for (uint32_t i = 0; i < tree->count; i++) {
		const struct part *part = &tree->parts[i];
		const char *title = scores->rules[part->rule]->title;
		size_t len = (size_t)snprintf(
			text + at, SCORE_TEXT_MAX - at,
			"%s %.*s %u (base %u, lineage %u, rarity %u, "
			"sequence %u)",
			i > 0 ? ";" : "", told_of(title), title,
			points_of(part), part->base, part->lineage,
			part->rarity, part->sequence);

		if (len >= SCORE_TEXT_MAX - at) {
			text[at] = '\0';
			return;
		}
		at += len;
	}
}

/* Whether it adds; not what it has added already. */
static bool add(struct scores *scores, struct tree *tree, size_t index,
		uint32_t depth, const struct event *event)
{
	uint64_t milli = milli_at(tree, event->time_ns);

	if (milli == 0)
		tree->count = 0;
	for (uint32_t i = 0; i < tree->count; i++) {
		if (tree->parts[i].rule == index)
			return false;
	}
	if (tree->count == SCORE_PARTS) {
		scores->crowded++;
		return false;
	}
	tree->parts[tree->count] = part_of(scores, index, depth, tree, event);
	tree->milli = milli + points_of(&tree->parts[tree->count]) * MILLI;
	if (event->time_ns > tree->last_ns)
		tree->last_ns = event->time_ns;
	tree->count++;
	return true;
}

void scores_hear(struct scores *scores, size_t index,
		 const struct lineage_place *place, const struct event *event,
		 detect_fn *fn, void *arg)
{
	const uint32_t weight = weight_of(scores->rules[index]);
	struct tree *tree;

	if (!scores->is_asked || place->root.pid == 0 || weight == 0)
		return;
	tree = tree_of(scores, &place->root, weight, event->time_ns);
	if (!tree) {
		scores->crowded++;
		return;
	}
	if (!add(scores, tree, index, place->depth, event))
		return;
	for (size_t i = 0; i < scores->rule_count; i++) {
		const struct detect_rule *rule = scores->rules[i];

		if (!rule->score || tree->milli < rule->score * MILLI)
			continue;
		describe(scores, tree, tree->milli, scores->text);
		fn(arg, rule, i);
	}
}

struct event_text scores_text(const struct scores *scores)
{
	return (struct event_text){scores->text, (uint32_t)strlen(scores->text),
				   false};
}

void scores_tick(struct scores *scores, uint64_t now_ns, uint32_t budget)
{
	if (!scores->is_asked)
		return;
	for (uint32_t i = 0; i < budget && i <= scores->mask; i++) {
		struct tree *tree = &scores->trees[scores->hand];

		scores->hand = (scores->hand + 1) & scores->mask;
		if (tree->root.pid == 0 || milli_at(tree, now_ns) > 0)
			continue;
		*tree = (struct tree){0};
		scores->used--;
	}
}

struct placed {
	uint64_t milli;
	uint32_t place;
};

/* Where it belongs, if there is room for it or it has more than the last. */
static size_t rank(struct placed *top, size_t count, size_t max,
		   const struct placed *placed)
{
	size_t at = count;

	while (at > 0 && top[at - 1].milli < placed->milli)
		at--;
	if (at == max)
		return count;
	if (count == max)
		count--;
	memmove(&top[at + 1], &top[at], (count - at) * sizeof(*top));
	top[at] = *placed;
	return count + 1;
}

size_t scores_top(const struct scores *scores, uint64_t now_ns, size_t max,
		  scores_fn *fn, void *arg)
{
	struct placed top[SCORES_TOP_MAX];
	size_t count = 0, total = 0;
	char text[SCORE_TEXT_MAX];

	assert(max <= SCORES_TOP_MAX);

	for (uint32_t i = 0; scores->is_asked && i <= scores->mask; i++) {
		const struct tree *tree = &scores->trees[i];
		const struct placed placed = {milli_at(tree, now_ns), i};

		if (tree->root.pid == 0 || placed.milli < MILLI)
			continue;
		total++;
		count = rank(top, count, max, &placed);
	}
	for (size_t i = 0; i < count; i++) {
		const struct tree *tree = &scores->trees[top[i].place];

		describe(scores, tree, top[i].milli, text);
		fn(arg, &tree->root, (uint32_t)(top[i].milli / MILLI), text);
	}
	return total;
}

uint32_t scores_count(const struct scores *scores)
{
	return scores->used;
}

uint64_t scores_crowded(const struct scores *scores)
{
	return scores->crowded;
}
