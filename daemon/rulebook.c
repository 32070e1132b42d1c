// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/rulebook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/feed_known.h"
#include "rules/detect/sigma.h"

#define ALARM_PLACES 16384u

void rulebook_free(struct rulebook *book)
{
	if (!book)
		return;
	alarms_free(book->alarms);
	detection_free(book->detection);
	for (size_t i = 0; i < ARRAY_LEN(book->folders); i++)
		detect_folder_done(&book->folders[i]);
	prefix_list_done(&book->known);
	free(book->rules);
	free(book->files);
	free(book);
}

/* May nobody change it but who fwd runs as? Else why not. */
static bool is_trusted(const char *path, char *note, size_t size)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return true; /* whoever reads it says so */
	if (status.st_uid == geteuid() &&
	    (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return true;
	(void)snprintf(note, size,
		       "%.180s: others may change it (user %u, mode %04o): "
		       "rules are taken that are user %u's and that nobody "
		       "else may write to",
		       path, status.st_uid, status.st_mode & 07777, geteuid());
	return false;
}

/* The folders between the one that is read and the file; cuts the path up. */
static bool are_folders_trusted(char *path, size_t root_len, char *note,
				size_t size)
{
	char *slash = NULL;
	bool is_so = true;

	if (strlen(path) > root_len)
		slash = strchr(path + root_len + 1, '/');
	while (is_so && slash) {
		*slash = '\0';
		is_so = is_trusted(path, note, size);
		*slash = '/';
		slash = strchr(slash + 1, '/');
	}
	return is_so;
}

static bool is_file_trusted(const char *path, size_t root_len, char *note,
			    size_t size)
{
	char *copy = strdup(path);
	bool is_so = copy && is_trusted(path, note, size) &&
		     are_folders_trusted(copy, root_len, note, size);

	free(copy);
	return is_so;
}

static bool is_broken(const struct detect_file *file)
{
	return file->error != -ENOTSUP || file->note.reason == DETECT_BROKEN;
}

static void note_refused(struct rulebook *book, bool broken, const char *note)
{
	book->refused++;
	book->broken += broken;
	if (book->refused == 1 || (broken && book->broken == 1))
		(void)snprintf(book->refused_note, RULEBOOK_NOTE_MAX, "%s",
			       note);
}

static void look_at(struct rulebook *book, struct detect_file *file,
		    size_t root_len)
{
	char note[RULEBOOK_NOTE_MAX] = "out of memory";

	if (!is_file_trusted(file->path, root_len, note, sizeof(note))) {
		file->is_refused = true;
		note_refused(book, true, note);
	} else if (file->is_refused) {
		(void)snprintf(note, sizeof(note), "%.180s:%u:%u: %.200s",
			       file->path, file->note.at.line,
			       file->note.at.column, file->note.at.text);
		note_refused(book, is_broken(file), note);
	}
}

/* Of both, if it must be. */
static void note_folder(struct rulebook *book, const char *note)
{
	char *to = book->folder_note;
	size_t len = strlen(to);

	(void)snprintf(to + len, RULEBOOK_NOTE_MAX - len, "%s%s",
		       len ? "; " : "", note);
}

static int open_folder(struct rulebook *book, const char *path, bool may_lack,
		       uint32_t kinds, struct detect_folder *folder)
{
	char note[RULEBOOK_NOTE_MAX];
	int r;

	if (!*path)
		return 0;
	if (!is_trusted(path, note, sizeof(note))) {
		note_folder(book, note);
		return 0;
	}
	r = detect_folder_read(path, kinds, folder);
	if (r != -ENOENT)
		return r;
	(void)snprintf(note, sizeof(note), "%.180s: it is not there", path);
	if (!may_lack)
		note_folder(book, note);
	return 0;
}

static int read_folder(struct rulebook *book, struct detect_folder *folder,
		       const struct rulebook_order *order, bool is_own,
		       char *note)
{
	const char *path = is_own ? order->own : order->shipped;
	uint32_t kinds =
		order->has_logs ? DETECT_KINDS_ALL : DETECT_KINDS_KERNEL;
	int r = open_folder(book, path, is_own && order->may_lack_own, kinds,
			    folder);

	if (r < 0)
		(void)snprintf(note, RULEBOOK_NOTE_MAX, "rules %s: %s", path,
			       strerror(-r));
	book->file_count += folder->file_count;
	for (size_t i = 0; r == 0 && i < folder->file_count; i++)
		look_at(book, &folder->files[i], strlen(path));
	return r;
}

/* Lists are numbered in each folder from 1; together they must differ. */
static void take_rules(struct rulebook *book, struct detect_folder *folder,
		       uint32_t *last_list)
{
	uint32_t offset = *last_list;

	for (size_t i = 0; i < folder->file_count; i++) {
		const struct detect_file *file = &folder->files[i];

		for (size_t j = 0; !file->is_refused && j < file->rule_count;
		     j++) {
			struct detect_rule *rule = file->rules[j];

			if (rule->list)
				rule->list += offset;
			if (rule->list > *last_list)
				*last_list = rule->list;
			book->rules[book->rule_count] = rule;
			book->files[book->rule_count++] = file->path;
		}
	}
}

static int join(struct rulebook *book)
{
	size_t count = 0;
	uint32_t last_list = 0;

	for (size_t i = 0; i < ARRAY_LEN(book->folders); i++)
		count += book->folders[i].rule_count;
	book->rules = calloc(count + 1, sizeof(void *));
	book->files = calloc(count + 1, sizeof(void *));
	if (!book->rules || !book->files)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(book->folders); i++)
		take_rules(book, &book->folders[i], &last_list);
	return 0;
}

/* A list that is not there is told by whoever imports feeds. */
static int read_known(struct rulebook *book, const char *resolvers)
{
	int r = feed_known_servers("", &book->known);

	if (r == 0 && feed_known_resolvers(resolvers, &book->known) == -ENOMEM)
		r = -ENOMEM;
	return r;
}

static int make_engine(struct rulebook *book, char *note)
{
	uint64_t seeds[2][2]; /* secret */
	int r = getrandom(seeds, sizeof(seeds), 0) == sizeof(seeds) ? 0 : -EIO;

	if (r == 0)
		r = detection_new(book->rules, book->rule_count, seeds[0],
				  &book->detection);
	if (r == 0)
		r = alarms_new(ALARM_PLACES, seeds[1], &book->alarms);
	if (r < 0)
		(void)snprintf(note, RULEBOOK_NOTE_MAX, "%zu rules: %s",
			       book->rule_count,
			       r == -E2BIG ? "too many texts for one engine, "
					     "or names of taints"
					   : strerror(-r));
	return r;
}

static int fill(struct rulebook *book, const struct rulebook_order *order,
		char *note)
{
	int r = read_folder(book, &book->folders[0], order, false, note);

	if (r == 0)
		r = read_folder(book, &book->folders[1], order, true, note);
	if (r == 0)
		r = join(book);
	if (r == 0)
		r = read_known(book, order->resolvers);
	return r < 0 ? r : make_engine(book, note);
}

int rulebook_read(const struct rulebook_order *order,
		  struct rulebook **ret_book, char note[RULEBOOK_NOTE_MAX])
{
	struct rulebook *book = calloc(1, sizeof(*book));
	int r;

	(void)snprintf(note, RULEBOOK_NOTE_MAX, "out of memory");
	if (!book)
		return -ENOMEM;
	r = fill(book, order, note);
	if (r < 0) {
		rulebook_free(book);
		return r;
	}
	note[0] = '\0';
	*ret_book = book;
	return 0;
}

bool rulebook_knows(const struct rulebook *book, const struct prefix *peer)
{
	for (size_t i = 0; i < book->known.count; i++)
		if (prefix_overlaps(&book->known.list[i], peer))
			return true;
	return false;
}
