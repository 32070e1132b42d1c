/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_text.h - texts of fwd.yml that are of a form: paths, places, where
 * syslog is.
 *
 * Only the form is looked at, so that nothing is said of what will be there
 * at the start.
 *
 * Errors	-EINVAL with a note for people
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>

/* 0 for an item that has no form. */
int config_text_check(const char *item, const char *value, char *note,
		      size_t size);
