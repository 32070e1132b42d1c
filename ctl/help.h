/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * help.h - the table of commands as text: usage, help, shell completion.
 *
 * Errors	none; a stream that fails remembers it
 * Threads	no state; any thread
 */
#pragma once

#include <stdio.h>

#include "ctl/command.h"

/* One line for each command, and the common options. */
void help_overview(FILE *out);

/* Usage, what it does, each option, and what its arguments look like. */
void help_command(FILE *out, const struct command *command);

/* Usage lines of `count` commands from `first` on, with their summaries. */
void help_group(FILE *out, const struct command *first, size_t count);

/* A bash script that completes commands, options, choices, interfaces, sets
 * and files. */
void help_completion(FILE *out);
