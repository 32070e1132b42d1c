/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * score.h - trees of processes that add up.
 *
 * Each rule that a process of a tree meets adds points to the tree, once as
 * long as the tree has any:
 *
 *	base		the rule's weight; if it has none, that of its level
 *	lineage		5 for each generation from the tree's first process to
 *			the one that met it, 20 at most
 *	rarity		25, 15 or 8 where the program was begun by its parent's
 *			program once, up to 10 or up to 100 times; 0 until
 *			SCORE_LEARNED programs were begun
 *	sequence	20 where another rule added within the last minute
 *
 * The last three together never add more than the base. A tree loses 10 points
 * a minute. A rule about a score is met by an event that adds, if the tree then
 * has as many points as the rule asks for; it adds none itself.
 *
 *	1. Without a rule about a score nothing is counted.
 *	2. A tree that finds no room takes that of the one with fewest points
 *	   among those in its way, if these are fewer than the rule's weight;
 *	   so nobody fills the table with what is next to nothing. Else it is
 *	   not scored, as a rule that finds no room in its tree. All three are
 *	   counted as crowded.
 *	3. All is whole numbers: the same events make the same points.
 *
 * Kinds of points and their numbers are those of Lavender (its detection
 * engine, 2026-08), but for the bound and the points of levels.
 *
 * Owns		its tables of fixed size; rules are borrowed
 * Times	those of the events
 * Errors	-ENOMEM from scores_new(), nothing else fails
 * Threads	none; one owner
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/detect/detect.h"
#include "rules/detect/lineage.h"

#define SCORE_PARTS    16 /* rules that may add to one tree */
#define SCORE_LEARNED  1000
#define SCORE_TEXT_MAX 1024

struct scores;

/* `capacity` trees, and sixteen times as many pairs of programs; each rounded
 * up to a power of two. `seed` is secret. */
int scores_new(const struct detect_rule *const *rules, size_t count,
	       uint32_t capacity, const uint64_t seed[2],
	       struct scores **ret_scores);
void scores_free(struct scores *scores);
DEFINE_CLEANUP(struct scores *, scores_free)

/* Any event, before rules are asked about it: what begins what. */
void scores_follow(struct scores *scores, const struct event *event);

/* The event met the rule at `index`. `fn` is told each rule about a score that
 * is met by that. */
void scores_hear(struct scores *scores, size_t index,
		 const struct lineage_place *place, const struct event *event,
		 detect_fn *fn, void *arg);

/* In `fn`: the points, and what they are made of:
 * "165: shell of a server 80 (base 40, lineage 10, rarity 25, sequence 5); ..."
 */
struct event_text scores_text(const struct scores *scores);

/* Look at up to `budget` places of the table, on from the last time, and
 * forget trees that have no points. */
void scores_tick(struct scores *scores, uint64_t now_ns, uint32_t budget);

/* The `max` trees with most points, those first; `text` as above. Returns how
 * many trees have points. Only of these `max` the texts are made. */
#define SCORES_TOP_MAX 100
typedef void scores_fn(void *arg, const struct process_id *root,
		       uint32_t points, const char *text);
size_t scores_top(const struct scores *scores, uint64_t now_ns, size_t max,
		  scores_fn *fn, void *arg);

uint32_t scores_count(const struct scores *scores); /* trees */
uint64_t scores_crowded(const struct scores *scores); /* so far */
