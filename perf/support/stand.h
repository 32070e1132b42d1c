/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stand.h - the firewall as the daemon loads it, filled with a list, without
 * a daemon and without pins. Class 1 drops.
 *
 * Errors	negative errno; what went wrong is on standard error
 */
#pragma once

#include <bpf/libbpf.h>

#include "daemon/packet/maps.h"
#include "daemon/packet/program.h"
#include "daemon/packet/table.h"
#include "perf/support/list.h"
#include "rules/base.h"

#define STAND_CLASS 1

struct stand {
	struct maps *maps;
	struct program *program;
	struct table *table;
};

/* Tables as large as by default, or larger if `list` needs it. */
int stand_open(const struct list *list, struct stand *ret_stand);
void stand_close(struct stand *stand);

/* Let `object`, not loaded yet, use the stand's maps where it has maps of
 * their names. */
int stand_share_maps(const struct stand *stand, struct bpf_object *object);
