/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arguments.h - arguments that came ahead of the execution they are of.
 *
 * Several processors send theirs at once, so there are some places; with too
 * few the oldest goes, and its execution is told with its command line cut.
 *
 * Threads	event loop only
 */
#pragma once

#include "daemon/event/sensed.h"
#include "rules/base.h"

struct arguments;

int arguments_new(struct arguments **ret_arguments);
void arguments_free(struct arguments *arguments);
DEFINE_CLEANUP(struct arguments *, arguments_free)

/* A record of FW_SENSE_ARGS. */
void arguments_put(struct arguments *arguments, const struct sensed *record);

/* Those of this execution, lent until the next arguments_put(); none, or cut,
 * when some were lost. */
struct event_text arguments_take(struct arguments *arguments,
				 const struct fw_sensed *exec);
