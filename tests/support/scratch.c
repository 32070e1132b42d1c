// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/scratch.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <lmdb.h>

#include "rules/backup.h"

void scratch_init(struct scratch *scratch, size_t map_bytes)
{
	*scratch = (struct scratch){.directory = "/dev/shm/fw-test-XXXXXX"};
	assert_non_null(mkdtemp(scratch->directory));
	assert_true((size_t)snprintf(scratch->path, sizeof(scratch->path),
				     "%s/store", scratch->directory) <
		    sizeof(scratch->path));
	scratch_reopen(scratch, map_bytes);
}

static int remove_one(const char *path, const struct stat *stat, int type,
		      struct FTW *where)
{
	(void)stat;
	(void)type;
	(void)where;
	return remove(path);
}

void scratch_done(struct scratch *scratch)
{
	store_close(scratch->store);
	scratch->store = NULL;
	(void)nftw(scratch->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void scratch_reopen(struct scratch *scratch, size_t map_bytes)
{
	store_close(scratch->store);
	scratch->store = NULL;
	assert_int_equal(store_open(scratch->path, map_bytes, &scratch->store),
			 0);
}

struct change scratch_put(uint8_t set_id, const char *prefix,
			  const char *reason)
{
	struct change change = {
		.kind = CHANGE_MEMBER_PUT,
		.set_id = set_id,
		.member.evidence = {.uid = 1000,
				    .created_s = 1795629124,
				    .reason = reason},
	};

	assert_int_equal(
		prefix_from_text(prefix, strlen(prefix), &change.member.prefix),
		0);
	return change;
}

struct change scratch_del(uint8_t set_id, const char *prefix)
{
	struct change change = scratch_put(set_id, prefix, "");

	change.kind = CHANGE_MEMBER_DEL;
	return change;
}

int scratch_commit(struct scratch *scratch, const struct change *changes,
		   size_t count)
{
	struct journal_entry entry = {0};
	uint64_t seq;

	return store_commit(scratch->store, changes, count, &entry, &seq);
}

char *scratch_text(struct store *store)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(backup_write(store, out), 0);
	(void)fclose(out);
	return text;
}

struct change scratch_set_put(uint8_t id, const char *name)
{
	struct change change = {
		.kind = CHANGE_SET_PUT,
		.set = {.id = id, .action = SET_DROP, .capacity = 10},
	};

	assert_true(strlen(name) < sizeof(change.set.name));
	memcpy(change.set.name, name, strlen(name) + 1);
	return change;
}

struct change scratch_attachment(enum change_kind kind, const char *name,
				 uint8_t mode)
{
	struct change change = {.kind = kind, .attachment = {.mode = mode}};

	assert_true(strlen(name) < sizeof(change.attachment.ifname));
	memcpy(change.attachment.ifname, name, strlen(name) + 1);
	return change;
}

struct change scratch_numbered(uint32_t n, const char *reason)
{
	struct change change = scratch_put(SET_ID_BLOCK, "10.0.0.0/8", reason);

	change.member.prefix = prefix_of_v4(n << 8, 24);
	return change;
}

int scratch_commit_one(struct scratch *s, struct change change)
{
	return scratch_commit(s, &change, 1);
}

void scratch_fill(struct scratch *s, uint32_t count, const char *reason)
{
	struct change *changes = calloc(count, sizeof(*changes));

	assert_non_null(changes);
	for (uint32_t n = 0; n < count; n++)
		changes[n] = scratch_numbered(n, reason);
	assert_int_equal(scratch_commit(s, changes, count), 0);
	free(changes);
}

bool scratch_holds(struct scratch *s, const char *line)
{
	char *text = scratch_text(s->store);
	bool is_there = strstr(text, line) != NULL;

	free(text);
	return is_there;
}

struct store_usage scratch_usage(struct scratch *s)
{
	struct store_usage now;

	assert_int_equal(store_usage(s->store, &now), 0);
	return now;
}

/* A transaction past the store, which is closed. */
static MDB_txn *open_below(struct scratch *s, unsigned int flags)
{
	MDB_env *env;
	MDB_txn *txn;

	store_close(s->store);
	s->store = NULL;
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
	assert_int_equal(mdb_env_open(env, s->path, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, flags, &txn), 0);
	return txn;
}

static void commit_below(MDB_txn *txn)
{
	MDB_env *env = mdb_txn_env(txn);

	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

size_t scratch_count_records(struct scratch *s, const char *table)
{
	MDB_txn *txn = open_below(s, MDB_RDONLY);
	MDB_dbi dbi;
	MDB_stat stat;

	assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
	assert_int_equal(mdb_stat(txn, dbi, &stat), 0);
	commit_below(txn);
	scratch_reopen(s, SCRATCH_MAP_BYTES);
	return stat.ms_entries;
}

void scratch_plant(struct scratch *s, const char *table, MDB_val key,
		   MDB_val value)
{
	MDB_txn *txn = open_below(s, 0);
	MDB_dbi dbi;

	assert_int_equal(mdb_dbi_open(txn, table, MDB_CREATE, &dbi), 0);
	assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
	commit_below(txn);
}

int scratch_put_revision(struct scratch *s, uint64_t number, const char *text)
{
	const struct revision revision = {
		.number = number,
		.time_s = 1795629124 + number,
		.uid = 1000,
		.text_bytes = (uint32_t)strlen(text),
		.note = "apply firewall.yml",
	};

	return scratch_commit_one(
		s, (struct change){.kind = CHANGE_REVISION_PUT,
				   .revision_put = {&revision, text}});
}

/* `arg` of print_revision(). */
struct printer {
	struct store *store;
	FILE *out;
};

static int print_revision(void *arg, const struct revision *revision)
{
	const struct printer *printer = arg;
	char *text = NULL;
	size_t len = 0;

	assert_int_equal(store_revision_text(printer->store, revision->number,
					     &text, &len),
			 0);
	assert_int_equal(len, revision->text_bytes);
	(void)fprintf(printer->out,
		      "revision %ju %ju %u %s: ", (uintmax_t)revision->number,
		      (uintmax_t)revision->time_s, revision->uid,
		      revision->note);
	(void)fwrite(text, 1, len, printer->out);
	(void)fputc('\n', printer->out);
	free(text);
	return 0;
}

char *scratch_revisions(struct store *store)
{
	char *text = NULL;
	size_t len;
	struct printer printer = {store, open_memstream(&text, &len)};
	struct pending pending;
	uint64_t current;

	assert_non_null(printer.out);
	assert_int_equal(store_each_revision(store, print_revision, &printer),
			 0);
	assert_int_equal(store_policy_state(store, &current, &pending), 0);
	(void)fprintf(printer.out, "current %ju pending %ju or %ju until %ju ",
		      (uintmax_t)current, (uintmax_t)pending.number,
		      (uintmax_t)pending.fallback,
		      (uintmax_t)pending.deadline_ns);
	for (size_t i = 0; i < BOOT_ID_BYTES; i++)
		(void)fprintf(printer.out, "%02x", pending.boot_id[i]);
	(void)fclose(printer.out);
	return text;
}

void scratch_downgrade(struct scratch *s)
{
	static const char *const newer[] = {"revisions", "revision-texts",
					    "feeds"};
	char name[] = "schema", schema[] = "portcullis-store\0\0\0\1";
	MDB_val key = {sizeof(name) - 1, name};
	MDB_val value = {sizeof(schema) - 1, schema};
	MDB_txn *txn = open_below(s, 0);
	MDB_dbi dbi;

	for (size_t i = 0; i < ARRAY_LEN(newer); i++) {
		assert_int_equal(mdb_dbi_open(txn, newer[i], 0, &dbi), 0);
		assert_int_equal(mdb_drop(txn, dbi, 1), 0);
	}
	assert_int_equal(mdb_dbi_open(txn, "meta", 0, &dbi), 0);
	assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
	commit_below(txn);
}
