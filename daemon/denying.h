/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * denying.h - the list of programs that may not run (`exec_denylist`), and
 * what is told of those that were to.
 *
 *	1. A list that cannot be read, or has a line that is none, leaves the
 *	   one in force, and an alert that names file and line.
 *	2. Denials are told as detections are, those of a file that was told and
 *	   those of very many files together (enforce/hush.h): nobody fills the
 *	   alerts by trying again.
 *	3. Where it cannot start, fwd goes on without, and an alert says why.
 *
 * Times	CLOCK_BOOTTIME
 * Threads	event loop; the list is read on the worker, but at the start
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "daemon/enforce/denylist.h"
#include "daemon/enforce/hush.h"

struct call;
struct daemon;
struct users;

#define DENYING_NOTE_MAX   400
#define DENYING_PLACES_MAX 16

struct denying {
	struct denylist *denylist; /* NULL: off */
	struct event *source;
	struct users *users; /* their names */
	bool is_reading, is_wanted; /* once more behind that */
	size_t count; /* of digests in force */
	uint64_t read_s; /* when they were read; wall clock */
	char note[DENYING_NOTE_MAX]; /* what is wrong with it; "": nothing */
	uint64_t told;
	uint64_t number; /* of what was told or hushed */
	struct hush hush;
};

/* With the privileges of the start. */
int denying_start(struct daemon *daemon);
void denying_stop(struct denying *denying);

/* Read the list anew, if there is one; `call` or NULL is answered then. */
void denying_reload(struct daemon *daemon, struct call *call);

/* NULL: fwd.yml names no list. */
json_t *denying_json(const struct daemon *daemon);
