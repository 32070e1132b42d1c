// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feed_known.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/feedfile/plain.h"

#define LINE_MAX_BYTES 1024
#define FILE_MAX_LINES 10000
#define FILES_MAX      64 /* of one pattern, the first by name */
#define PATTERN_MAX    512

static void fclosep(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

static const struct {
	const char *pattern; /* of glob(7) */
	const char *word; /* that a line of it begins with */
} files[] = {
	{"/etc/resolv.conf", "nameserver"},
	{"/run/systemd/resolve/resolv.conf", "nameserver"},
	{"/etc/chrony/chrony.conf", "server"},
	{"/etc/chrony/chrony.conf", "peer"},
	{"/etc/chrony/conf.d/*.conf", "server"},
	{"/etc/chrony/conf.d/*.conf", "peer"},
	{"/etc/chrony/sources.d/*.sources", "server"},
	{"/etc/chrony/sources.d/*.sources", "peer"},
	{"/etc/ntp.conf", "server"},
	{"/etc/ntpsec/ntp.conf", "server"},
	{"/etc/systemd/timesyncd.conf", "NTP="},
	{"/etc/systemd/timesyncd.conf.d/*.conf", "NTP="},
};

/* Every word of the line that is an address. */
static int add_words(char *line, const char *word, struct prefix_list *list)
{
	char *rest = line + strspn(line, " \t");
	char *save = NULL;
	int r = 0;

	if (strncmp(rest, word, strlen(word)) != 0)
		return 0;
	rest += strlen(word);
	for (char *at = strtok_r(rest, " \t\r\n=", &save); at && r == 0;
	     at = strtok_r(NULL, " \t\r\n=", &save)) {
		struct prefix prefix;

		if (prefix_from_text(at, strlen(at), &prefix) == 0)
			r = prefix_list_add(list, &prefix);
	}
	return r;
}

static int add_lines(const char *path, const char *word,
		     struct prefix_list *list)
{
	CLEANUP(fclosep) FILE *file = fopen(path, "re");
	char line[LINE_MAX_BYTES];
	int r = 0;

	for (size_t i = 0; file && r == 0 && i < FILE_MAX_LINES &&
			   fgets(line, sizeof(line), file);
	     i++)
		r = add_words(line, word, list);
	return r;
}

static int add_files(const char *pattern, const char *word,
		     struct prefix_list *list)
{
	glob_t found = {0};
	int r = glob(pattern, 0, NULL, &found) == GLOB_NOSPACE ? -ENOMEM : 0;

	for (size_t i = 0; i < found.gl_pathc && i < FILES_MAX && r == 0; i++)
		r = add_lines(found.gl_pathv[i], word, list);
	globfree(&found);
	return r;
}

int feed_known_servers(const char *root, struct prefix_list *list)
{
	char pattern[PATTERN_MAX];
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(files) && r == 0; i++) {
		(void)snprintf(pattern, sizeof(pattern), "%s%s", root,
			       files[i].pattern);
		r = add_files(pattern, files[i].word, list);
	}
	return r;
}

static int add_entry(void *arg, const struct prefix *prefix, uint32_t line)
{
	(void)line;
	return prefix_list_add(arg, prefix);
}

int feed_known_resolvers(const char *path, struct prefix_list *list)
{
	CLEANUP(fclosep) FILE *file = fopen(path, "re");
	CLEANUP(freep) char *text = NULL;
	struct plain_report report;
	size_t capacity = 0, len = 0;
	int r;

	if (!file)
		return -errno;
	while (!feof(file) && !ferror(file)) {
		char *grown = realloc(text, capacity + 65536);

		if (!grown)
			return -ENOMEM;
		text = grown;
		capacity += 65536;
		len += fread(text + len, 1, capacity - len, file);
		if (len < capacity)
			break;
	}
	if (ferror(file))
		return -EIO;
	r = plain_read(text, len, add_entry, list, &report);
	return r == 0 && report.entries == 0 ? -ENODATA : r;
}
