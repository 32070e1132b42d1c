/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup.h - what the path of a control group says of whoever is in it, and
 * the paths that are known, by number.
 *
 * Threads	event loop only; cgroup_names() any
 */
#pragma once

#include "rules/base.h"
#include "rules/detect/event.h"

struct cgroup_names {
	struct event_text container; /* id; empty: none */
	struct event_text unit; /* of systemd, the innermost; empty: none */
};

/* Of the path as it is; the texts are parts of it. */
struct cgroup_names cgroup_names(const struct event_text *path);

struct cgroups;

int cgroups_new(struct cgroups **ret_cgroups);
void cgroups_free(struct cgroups *cgroups);
DEFINE_CLEANUP(struct cgroups *, cgroups_free)

/* Remember the path of a number. Without memory it is not. */
void cgroups_put(struct cgroups *cgroups, uint64_t id,
		 const struct event_text *path);

/* Lent until the next cgroups_put(); empty when it is not known. */
struct event_text cgroups_path(const struct cgroups *cgroups, uint64_t id);
