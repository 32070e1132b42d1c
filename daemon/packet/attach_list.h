/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach_list.h - which gates are ours: the list in memory and the pins that
 * make it outlive us. Private to attach*.c.
 *
 * Owns		descriptors of links; the list, freed by gates_free()
 * Errors	negative errno
 * Threads	event loop only
 */
#pragma once

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/attach.h"

/* What we hang somewhere; all else is asked of the kernel when needed. */
struct entry {
	int ifindex;
	enum attach_share share;
	int link_fd; /* exclusive; -1 for shared */
	uint32_t program_id; /* of ours, as we left or found it */
};

struct gates {
	char link_dir[PATH_MAX - 32]; /* room for "/IFINDEX" */
	char shared_dir[PATH_MAX - 32]; /* and for "/IFINDEX-ID" */
	struct entry *entries; /* in order of ifindex */
	size_t count;
};

/* Make the directories, open what is pinned there, remove what is cut. */
int entries_adopt(struct gates *gates);

/* NULL when there is none; lent until the list changes. */
struct entry *entry_find(const struct gates *gates, int ifindex);

/* Make room for one more, so that what is attached can be remembered. */
int entries_reserve(struct gates *gates);

/* After entries_reserve(); takes the descriptor. */
void entry_insert(struct gates *gates, const struct entry *entry);

/* Close it, but leave its pin. */
void entry_remove(struct gates *gates, struct entry *entry);

/* Remove it and its pin: an exclusive gate that still stands would fall. */
void entry_forget(struct gates *gates, struct entry *entry);

/* Where the link of an interface is pinned. */
void entry_pin(const struct gates *gates, int ifindex, char path[PATH_MAX]);
