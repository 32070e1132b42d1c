/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lineage.h - which tree each process is of.
 *
 * A process is of its parent's tree. A tree begins with a process
 *
 *	1. that process 1 or the kernel began, or whose parent nobody knows;
 *	2. that is of another control group than its parent, or is of another
 *	   one than before: a service, a container, a session of logind;
 *	3. whose login is another one than its parent's, or than before: a
 *	   session of sshd, a job of cron.
 *
 * What descends stays of its tree when those between have ended. A change of
 * user does not leave it.
 *
 * There is room for so many processes; of those that fall together the one
 * that was not heard of for longest goes, and with it only what it knew: its
 * next event begins a tree, or is put to its parent's.
 *
 * Owns		its table of fixed size
 * Errors	-ENOMEM from lineage_new(), nothing else fails
 * Threads	none; one owner
 */
#pragma once

#include <stdint.h>

#include "rules/base.h"
#include "rules/detect/event.h"

struct lineage;

/* `capacity` processes, rounded up to a power of two; `seed` is secret. */
int lineage_new(uint32_t capacity, const uint64_t seed[2],
		struct lineage **ret_lineage);
void lineage_free(struct lineage *lineage);
DEFINE_CLEANUP(struct lineage *, lineage_free)

/* Where in its tree a process is. */
struct lineage_place {
	struct process_id root; /* the first of the tree; maybe itself */
	uint32_t depth; /* generations from there, as far as is known */
};

/* Learn from an event; the place of its process. */
struct lineage_place lineage_hear(struct lineage *lineage,
				  const struct event *event);

uint64_t lineage_displaced(const struct lineage *lineage); /* so far */
