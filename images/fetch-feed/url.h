/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * url.h - URLs made from others.
 *
 * The caller frees *ret_url.
 *
 * Errors	negative errno
 * Threads	no state; any thread
 */
#pragma once

/* Where `location` leads, as a page at `base` says it. */
int url_follow(const char *base, const char *location, char **ret_url);

/* `url` with this value, and no other, for `name` in its query; encoded here.
 */
int url_set(const char *url, const char *name, const char *value,
	    char **ret_url);

/* The same where `name` has no value yet; a copy of `url` where it has. */
int url_add(const char *url, const char *name, const char *value,
	    char **ret_url);
