// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feed_known.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rules/base.h"
#include "rules/feedfile/plain.h"

#define LINE_MAX_BYTES 1024

static void fclosep(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

static const struct {
	const char *path;
	const char *word; /* that a line of it begins with */
} files[] = {
	{"/etc/resolv.conf", "nameserver"},
	{"/run/systemd/resolve/resolv.conf", "nameserver"},
	{"/etc/chrony/chrony.conf", "server"},
	{"/etc/chrony/chrony.conf", "peer"},
	{"/etc/ntp.conf", "server"},
	{"/etc/ntpsec/ntp.conf", "server"},
	{"/etc/systemd/timesyncd.conf", "NTP="},
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

int feed_known_servers(struct prefix_list *list)
{
	char line[LINE_MAX_BYTES];
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(files) && r == 0; i++) {
		CLEANUP(fclosep) FILE *file = fopen(files[i].path, "re");

		while (file && r == 0 && fgets(line, sizeof(line), file))
			r = add_words(line, files[i].word, list);
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

	while (file && !feof(file) && !ferror(file)) {
		char *grown = realloc(text, capacity + 65536);

		if (!grown)
			return -ENOMEM;
		text = grown;
		capacity += 65536;
		len += fread(text + len, 1, capacity - len, file);
		if (len < capacity)
			break;
	}
	return text ? plain_read(text, len, add_entry, list, &report) : 0;
}
