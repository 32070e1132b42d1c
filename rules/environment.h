/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * environment.h - an LMDB environment beside the store's, for what nobody waits
 * for a firewall for.
 *
 *	1. Its pages are followed from the root before it is opened. One that
 *	   is damaged is moved aside, not repaired, and an empty one is in its
 *	   place.
 *	2. Every commit is synced.
 *
 * Owns		nothing; the caller closes what it is given
 * Errors	negative errno, as database_errno() has them
 * Threads	one at a time
 */
#pragma once

#include <stddef.h>

#include <lmdb.h>

/* Open or create it in the directory, which is made (0700) if its parent is
 * there. 1: a damaged one was moved aside. */
int environment_open(const char *directory, size_t map_bytes,
		     MDB_env **ret_env);

/* Its table; the only one, without a name. */
int environment_table(MDB_env *env, MDB_dbi *ret_table);

/* What is in the directory, which nobody has open. Returns 1. */
int environment_move_aside(const char *directory);
