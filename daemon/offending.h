/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offending.h - peers that were banned before, for whom the next ban lasts
 * longer (rules/detect/offences.h), kept below the state directory. A peer is
 * whom prefix_counted() says, so one of IPv6 is its /64.
 *
 *	1. A ban is counted when a rule whose ttl grows has put its peer into
 *	   the table and that is stored; one that could not be is none. It is
 *	   written behind that, by the worker: no verdict waits for it, and one
 *	   that is lost on the way is not counted.
 *	2. What cannot be read is an alert, and nobody was banned before. What
 *	   cannot be written is an alert, and counts until fwd ends.
 *	3. Nothing is forgotten while the clock is doubted.
 *
 * There is none of it without the sensor.
 *
 * Threads	event loop only
 */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "rules/detect/rule.h"
#include "rules/prefix.h"

struct call;
struct daemon;
struct offending;

#define OFFENDING_PEERS_MAX 65536

/* With the privileges of the start. */
int offending_start(struct daemon *daemon);

/* NULL is fine. */
void offending_stop(struct offending *offending);

/* How long a ban of the peer by this rule lasts; one that is in the set
 * already is not banned anew. */
uint32_t offending_ttl_s(const struct daemon *daemon,
			 const struct detect_rule *rule,
			 const struct prefix *peer);

/* It is banned until then, by a rule whose bans grow so. */
void offending_note(struct daemon *daemon, const struct detect_growth *growth,
		    const struct prefix *peer, uint64_t until_s);

/* Answers the call when it is stored; refuses it with -ENOENT: nothing is known
 * of the peer; -ENOMEM: nothing has changed. */
void offending_forgive(struct daemon *daemon, struct call *call,
		       const struct prefix *peer);

/* A part of those that are over goes; a few times a second. */
void offending_tick(struct daemon *daemon);

/* {address, bans, until, forgotten}, or NULL: nothing is known of it. */
json_t *offending_json(const struct daemon *daemon, const struct prefix *peer);

/* {count, displaced, offences: [...], next}: a page from the place `from` on;
 * `next` is not there at the end. */
json_t *offending_page(const struct daemon *daemon, uint32_t from);
