/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gate_keep.h - keeping gates where the operator wants them, while interfaces
 * come, go and change their names.
 *
 * A wish is an attachment of the store: a name, a mode, a way of sharing. When
 * an interface of that name is there, the gate is attached; when it goes, the
 * wish waits. A renamed interface keeps its gate, and the wish takes the new
 * name, and the place of a wish that had it. A wish that cannot be met is an
 * alert until it is.
 *
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/packet/attach.h"
#include "rules/rule.h"
#include "rules/store.h"

#define GATES_MAX 64

struct daemon;

struct wish {
	struct attachment attachment;
	int ifindex; /* where its gate is, as wanted or not; 0: there is none */
	char note[GATE_NOTE_MAX]; /* why not, or what to know */
};

struct gate_keep {
	struct wish wishes[GATES_MAX];
	size_t count;
};

/* May there be a wish of this name: is it there, or is there room for it? */
bool gate_keep_has_room(struct gate_keep *keep, const char *ifname);

/* Make a wish known; -ENOSPC. One of the same name is replaced. */
int gate_keep_put(struct gate_keep *keep, const struct attachment *attachment);

/* It is wanted no more, and not alerted of either. */
void gate_keep_del(struct daemon *daemon, const char *ifname);

/* NULL if there is none. */
struct wish *gate_keep_find(struct gate_keep *keep, const char *ifname);

/* Those that have a gate; how many. */
size_t gate_keep_names(const struct gate_keep *keep,
		       char names[GATES_MAX][RULE_NAME_MAX]);

/* Hold the interfaces there are against the wishes, and attach. */
void gate_keep_settle(struct daemon *daemon);
