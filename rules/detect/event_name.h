/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_name.h - what the kinds of events and their words are called.
 *
 * Threads	constants; any thread
 */
#pragma once

#include "rules/detect/event.h"

/* "exec", "open", ... */
const char *event_kind_name(enum event_kind kind);

/* "image", "command_line", ... */
const char *event_word_name(enum event_word word);
