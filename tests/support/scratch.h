/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scratch.h - a directory for one test, and a store in it.
 */
#pragma once

#include <stdbool.h>

#include <lmdb.h>

#include "rules/store.h"

#define SCRATCH_PATH_MAX  64
#define SCRATCH_MAP_BYTES (64u << 20)

struct scratch {
	char directory[SCRATCH_PATH_MAX]; /* in memory, so syncing is quick */
	char path[SCRATCH_PATH_MAX]; /* of the store, below it */
	struct store *store; /* NULL while closed */
};

/* Make the directory and open a new store of at most `map_bytes`. */
void scratch_init(struct scratch *scratch, size_t map_bytes);

/* Close the store and remove all. */
void scratch_done(struct scratch *scratch);

/* Close, and open again; the test fails if that does. */
void scratch_reopen(struct scratch *scratch, size_t map_bytes);

/* A member of text, as the operator would put it. */
struct change scratch_put(uint8_t set_id, const char *prefix,
			  const char *reason);
struct change scratch_del(uint8_t set_id, const char *prefix);

/* Commit with an empty line; what store_commit() says. */
int scratch_commit(struct scratch *scratch, const struct change *changes,
		   size_t count);

/* All of it as one document of backup.h; the caller frees it. */
char *scratch_text(struct store *store);

/* A dropping set for 10 members. */
struct change scratch_set_put(uint8_t id, const char *name);
struct change scratch_attachment(enum change_kind kind, const char *name,
				 uint8_t mode);

/* A member of the block set for each `n`, in order. */
struct change scratch_numbered(uint32_t n, const char *reason);

int scratch_commit_one(struct scratch *scratch, struct change change);

/* The first `count` numbered members, in one commit. */
void scratch_fill(struct scratch *scratch, uint32_t count, const char *reason);

/* The document has `line`. */
bool scratch_holds(struct scratch *scratch, const char *line);

struct store_usage scratch_usage(struct scratch *scratch);

/* How many records `table` of the environment has. Opens the store anew. */
size_t scratch_count_records(struct scratch *scratch, const char *table);

/* Put a record into `table`. Leaves the store closed. */
void scratch_plant(struct scratch *scratch, const char *table, MDB_val key,
		   MDB_val value);

/* A commit that puts revision `number`, which is to be the next. */
int scratch_put_revision(struct scratch *scratch, uint64_t number,
			 const char *text);

/* Every revision, its text, and the policy's state; the caller frees it. */
char *scratch_revisions(struct store *store);

/* Make of it what schema 1 was, without revisions. Leaves the store closed. */
void scratch_downgrade(struct scratch *scratch);
