// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/environment.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/base.h"
#include "rules/database.h"
#include "rules/pages.h"

static char *data_in(const char *directory)
{
	char *data = NULL;

	return asprintf(&data, "%s/data.mdb", directory) < 0 ? NULL : data;
}

int environment_move_aside(const char *directory)
{
	CLEANUP(freep) char *data = data_in(directory);
	CLEANUP(freep) char *aside = NULL;

	if (!data)
		return -ENOMEM;
	if (asprintf(&aside, "%s.damaged", data) < 0) {
		aside = NULL;
		return -ENOMEM;
	}
	return rename(data, aside) < 0 ? -errno : 1;
}

static int check(const char *directory)
{
	CLEANUP(freep) char *data = data_in(directory);

	if (!data)
		return -ENOMEM;
	if (access(data, F_OK) < 0)
		return errno == ENOENT ? 0 : -errno;
	return pages_check(data);
}

static int prepare(const char *directory)
{
	int r;

	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return -errno;
	r = check(directory);
	return r == -EBADMSG || r == -EPROTO ? environment_move_aside(directory)
					     : r;
}

int environment_open(const char *directory, size_t map_bytes, MDB_env **ret_env)
{
	MDB_env *env = NULL;
	int aside, r;

	assert(directory);
	assert(ret_env);

	aside = prepare(directory);
	if (aside < 0)
		return aside;
	r = mdb_env_create(&env);
	if (r != 0)
		return database_errno(r);
	r = mdb_env_set_mapsize(env, map_bytes);
	if (r == 0)
		r = mdb_env_open(env, directory, MDB_NOTLS, 0600);
	if (r != 0) {
		mdb_env_close(env);
		return database_errno(r);
	}
	*ret_env = env;
	return aside;
}

int environment_table(MDB_env *env, MDB_dbi *ret_table)
{
	MDB_txn *txn;
	int r = mdb_txn_begin(env, NULL, 0, &txn);

	if (r != 0)
		return database_errno(r);
	r = mdb_dbi_open(txn, NULL, 0, ret_table);
	if (r != 0) {
		mdb_txn_abort(txn);
		return database_errno(r);
	}
	return database_errno(mdb_txn_commit(txn));
}
