// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/folder.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "rules/detect/language.h"
#include "rules/detect/remark.h"
#include "rules/read_full.h"

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_rule_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && name[0] != '.' &&
	       (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0);
}

static ssize_t read_bytes(const char *path, char *text, size_t room)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOTSUP;
	return read_full(fd, text, room);
}

/* What is wrong with the file is its own; only memory is everybody's. */
static int read_into(struct detect_file *file, uint32_t kinds, char *text,
		     size_t room)
{
	ssize_t len = read_bytes(file->path, text, room);

	file->error = len < 0 ? (int)len : 0;
	file->is_refused = file->error < 0;
	if (file->is_refused) {
		file->note.reason = DETECT_BROKEN;
		document_note_write(&file->note.at, (struct mark){1, 1}, "%s",
				    strerror(-file->error));
		return 0;
	}
	file->error = detect_read(text, (size_t)len, kinds, &file->rules,
				  &file->rule_count, &file->note);
	file->is_refused = file->error < 0;
	return file->error == -ENOMEM ? -ENOMEM : 0;
}

static int read_file(struct detect_file *file, uint32_t kinds)
{
	const size_t room = DETECT_BYTES_MAX + 1; /* one too many is told */
	char *text = malloc(room);
	int r = text ? read_into(file, kinds, text, room) : -ENOMEM;

	free(text);
	return r;
}

static int add_file(struct detect_folder *folder, const char *path,
		    uint32_t kinds)
{
	size_t count = folder->file_count;
	struct detect_file *file;

	if (count == DETECT_FILES_MAX)
		return -E2BIG;
	if ((count & (count - 1)) == 0) {
		size_t room = count ? count * 2 : 1;
		void *files = realloc(folder->files, room * sizeof(*file));

		if (!files)
			return -ENOMEM;
		folder->files = files;
	}
	file = &folder->files[count];
	*file = (struct detect_file){.path = strdup(path)};
	if (!file->path)
		return -ENOMEM;
	folder->file_count++;
	return read_file(file, kinds);
}

static int walk(FTS *tree, struct detect_folder *folder, uint32_t kinds)
{
	FTSENT *entry;
	int r = 0;

	while (r >= 0 && (errno = 0, entry = fts_read(tree))) {
		if (entry->fts_info == FTS_D && entry->fts_level > 0 &&
		    entry->fts_name[0] == '.')
			(void)fts_set(tree, entry, FTS_SKIP);
		else if (entry->fts_info == FTS_NS ||
			 entry->fts_info == FTS_ERR ||
			 entry->fts_info == FTS_DNR)
			r = entry->fts_level > 0 ? 0 : -entry->fts_errno;
		else if ((entry->fts_info == FTS_F ||
			  entry->fts_info == FTS_SL) &&
			 (entry->fts_level == 0 ||
			  is_rule_name(entry->fts_name)))
			r = add_file(folder, entry->fts_path, kinds);
	}
	return r < 0 ? r : -errno;
}

static int gather_rules(struct detect_folder *folder)
{
	struct detect_rule **all;
	size_t count = 0;

	for (size_t i = 0; i < folder->file_count; i++)
		count += folder->files[i].rule_count;
	folder->rules = calloc(count + 1, sizeof(struct detect_rule *));
	if (!folder->rules)
		return -ENOMEM;
	all = calloc(count + 1, sizeof(struct detect_rule *));
	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < folder->file_count; i++) {
		const struct detect_file *file = &folder->files[i];

		for (size_t rule = 0; rule < file->rule_count; rule++) {
			if (file->rules[rule]->list > 0)
				file->rules[rule]->list = (uint32_t)i + 1;
			folder->rules[folder->rule_count++] = file->rules[rule];
			all[folder->rule_count - 1] = file->rules[rule];
		}
	}
	remark_same_names(all, count);
	free(all);
	return 0;
}

int detect_folder_read(const char *path, uint32_t kinds,
		       struct detect_folder *ret_folder)
{
	char *copy = strdup(path);
	char *const paths[] = {copy, NULL};
	struct detect_folder folder = {.files = NULL};
	FTS *tree;
	int r;

	assert(ret_folder);

	if (!copy)
		return -ENOMEM;
	tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR,
			by_name);
	r = tree ? walk(tree, &folder, kinds) : -errno;
	if (tree)
		(void)fts_close(tree);
	free(copy);
	if (r >= 0)
		r = gather_rules(&folder);
	if (r < 0) {
		detect_folder_done(&folder);
		return r;
	}
	*ret_folder = folder;
	return 0;
}

void detect_folder_done(struct detect_folder *folder)
{
	for (size_t i = 0; i < folder->file_count; i++) {
		struct detect_file *file = &folder->files[i];

		for (size_t rule = 0; rule < file->rule_count; rule++)
			detect_rule_free(file->rules[rule]);
		free(file->rules);
		free(file->path);
	}
	free(folder->files);
	free(folder->rules);
	*folder = (struct detect_folder){.files = NULL};
}
