/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * protect.h - processes that nothing is done to, whatever a rule says.
 *
 * They are process 1, the kernel's own threads, this daemon and whom it
 * descends from, and those of a list. A program of the list is meant when both
 * its file and its control group are those of the list, whole or up to a
 * slash; neither alone says much, as anybody may have a file of that path in a
 * mount namespace.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/enforce/subject.h"

struct enforce_protected {
	const char *exe; /* path of the file that runs */
	const char *cgroup; /* and its group, or one around it */
};

/* What keeps a host running and reachable, as Debian has it. */
extern const struct enforce_protected protect_usual[];
extern const size_t protect_usual_count;

#define PROTECT_ANCESTORS_MAX 64

struct protect_list {
	const struct enforce_protected *rows; /* lent */
	size_t count;
	/* Whom this daemon descends from. Only those of them can ever be:
	 * who loses its parent is given to one of its ancestors. */
	struct process_id ancestors[PROTECT_ANCESTORS_MAX];
	size_t ancestor_count;
};

/* Of the usual when `rows` is NULL. Call it in the process that is protected. */
void protect_init(struct protect_list *list,
		  const struct enforce_protected *rows, size_t count);

/*
 * *ret_why becomes NULL, or why nothing may be done to it, in a few words.
 * -EACCES when that depends on what runs in it, and nobody knows.
 */
int protect_look(const struct protect_list *list, const struct subject *subject,
		 const char **ret_why);
