// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/geo_files.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "daemon/slurp.h"
#include "rules/document.h"
#include "rules/feedfile/decode.h"
#include "rules/feedfile/plain.h"
#include "rules/geo_mmdb.h"
#include "rules/geo_ranges.h"
#include "rules/wire.h"

#define TITLE_MAX   96
#define NAME_TOLD   48 /* bytes of a file's name in evidence */
#define LAST_SECOND 253402300799 /* of the year 9999 */

/* A file while it is read. */
struct source {
	struct geo_reading *reading;
	enum geo_kind kind;
	uint32_t key; /* of a list of one country */
	const char *path;
	char title[TITLE_MAX]; /* what members are told to be from */
};

__attribute__((format(printf, 3, 4))) static int
refuse(const struct source *source, int r, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)snprintf(source->reading->why, JUDGE_NOTE_MAX, "geo %s %s%s",
		       geo_kind_name(source->kind), source->path, text);
	return r;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool ends(const char *name, const char *ending)
{
	size_t len = strlen(name), end = strlen(ending);

	return len > end && strcmp(name + len - end, ending) == 0;
}

/* "NAME WORD 2026-11-03". */
static void make_title(struct source *source, const char *name,
		       const char *word, uint64_t time_s)
{
	time_t time = (time_t)time_s;
	struct tm day;
	size_t len;

	len = (size_t)snprintf(source->title, NAME_TOLD, "%s", name);
	if (len >= NAME_TOLD)
		len = NAME_TOLD - 1;
	for (size_t i = 0; i < len; i++)
		if (source->title[i] < ' ' || source->title[i] > '~')
			source->title[i] = '?';
	if (time_s == 0 || time_s > LAST_SECOND || !gmtime_r(&time, &day))
		return;
	(void)snprintf(source->title + len, TITLE_MAX - len,
		       " %s %04d-%02d-%02d", word, day.tm_year + 1900,
		       day.tm_mon + 1, day.tm_mday);
}

/* Each file that has members of it, once. */
static void add_title(struct geo_wanted *wanted, const char *title)
{
	size_t used = strlen(wanted->sources);

	if (!strstr(wanted->sources, title))
		(void)snprintf(wanted->sources + used, GEO_SOURCES_MAX - used,
			       "%s%s", used > 0 ? "; " : "", title);
}

/* A geo_fn. */
static int add(void *arg, uint32_t key, const struct prefix *prefix)
{
	const struct source *source = arg;
	struct geo_wanted *wanted;

	if (source->kind == GEO_COUNTRY)
		source->reading->is_listed[key] = true;
	wanted = geo_wanted_find(source->reading, source->kind, key);
	if (!wanted)
		return 0;
	if (wanted->listed.count == wanted->capacity)
		return -ENOSPC;
	return listed_add(&wanted->listed, prefix, 0);
}

static int add_entry(void *arg, const struct prefix *prefix, uint32_t line)
{
	const struct source *source = arg;

	(void)line;
	return add(arg, source->key, prefix);
}

/* Who has got members since `before`. */
static void add_titles(const struct source *source, const size_t *before)
{
	struct geo_reading *reading = source->reading;

	for (size_t i = 0; i < reading->count; i++)
		if (reading->wanted[i].listed.count > before[i])
			add_title(&reading->wanted[i], source->title);
}

static int explain(const struct source *source, int r, const char *why)
{
	if (r == -ENOSPC)
		return refuse(source, r,
			      ": a set holds at most %u members, and it has "
			      "more of one",
			      SET_CAPACITY_DEFAULT);
	if (r < 0)
		return refuse(source, r, ": %s", why ? why : strerror(-r));
	return 0;
}

static int read_mmdb(struct source *source, const struct slurped *file)
{
	struct geo_mmdb_report report;
	int r = geo_mmdb_read(file->bytes, file->len, source->kind, add, source,
			      &report);

	if (r < 0)
		return explain(source, r, report.why);
	make_title(source, *report.type ? report.type : base_name(source->path),
		   "built", report.built_s);
	return 0;
}

static int read_table(struct source *source, const struct slurped *file)
{
	CLEANUP(decoded_done) struct decoded table = {0};
	struct geo_ranges_note note = {0};
	const char *why = NULL;
	int r = decode(file->bytes, file->len, WIRE_BULK_MAX, &table, &why);

	if (r == 0)
		r = geo_ranges_read(table.text, table.len, add, source, &note);
	if (note.why)
		return refuse(source, r, ", line %u: %s", note.line, note.why);
	make_title(source, base_name(source->path), "written", file->written_s);
	return explain(source, r, why);
}

static int read_list(struct source *source, const struct slurped *file)
{
	struct plain_report report = {0};
	int r = plain_read(file->bytes, file->len, add_entry, source, &report);

	if (r == 0 && report.rejects > 0)
		r = -EBADMSG;
	if (r == -EBADMSG)
		return refuse(source, r, ", line %u: %s", report.notes[0].line,
			      report.notes[0].why);
	make_title(source, base_name(source->path), "written", file->written_s);
	return explain(source, r, NULL);
}

typedef int read_fn(struct source *source, const struct slurped *file);

static int read_by(struct source *source, read_fn *read)
{
	CLEANUP(slurped_done) struct slurped file = {0};
	size_t before[SET_ID_MAX] = {0};
	char why[SLURP_WHY_MAX];
	int r = slurp(source->path, &file, why);

	if (r < 0)
		return refuse(source, r, ": %s", why);
	assert(source->reading->count <= ARRAY_LEN(before));
	for (size_t i = 0; i < source->reading->count; i++)
		before[i] = source->reading->wanted[i].listed.count;
	r = read(source, &file);
	if (r == 0)
		add_titles(source, before);
	return r;
}

/* "cn.cidr", "CN.txt" */
static bool is_list_name(const char *name, uint32_t *ret_key)
{
	return name[0] &&
	       geo_key_of_letters(name, strcspn(name, "."), ret_key) == 0;
}

/* A list that nobody asks for is there, and not read. */
static int read_country_list(struct source *source)
{
	source->reading->is_listed[source->key] = true;
	if (!geo_wanted_find(source->reading, GEO_COUNTRY, source->key))
		return 0;
	return read_by(source, read_list);
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static int read_entry(const struct source *folder, const char *name,
		      size_t *lists)
{
	char path[DOCUMENT_FILE_MAX + NAME_MAX + 8];
	struct source source = *folder;

	if (!is_list_name(name, &source.key))
		return 0; /* a licence, or what to read first */
	source.path = path;
	(void)snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	++*lists;
	return read_country_list(&source);
}

static int read_folder(const struct source *source, size_t *lists)
{
	CLEANUP(closedirp) DIR *dir = opendir(source->path);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return refuse(source, -errno, ": %s", strerror(errno));
	do {
		errno = 0;
		entry = readdir(dir);
		if (!entry && errno != 0)
			return refuse(source, -errno, ": %s", strerror(errno));
		if (entry)
			r = read_entry(source, entry->d_name, lists);
	} while (entry && r == 0);
	return r;
}

static bool is_folder(const char *path)
{
	struct stat what;

	return stat(path, &what) == 0 && S_ISDIR(what.st_mode);
}

/* Lists in it, and in a folder for each family. */
static int read_folders(const struct source *source)
{
	static const char *const families[] = {"ipv4", "ipv6"};
	size_t lists = 0;
	int r = read_folder(source, &lists);

	for (size_t i = 0; i < ARRAY_LEN(families) && r == 0; i++) {
		char path[DOCUMENT_FILE_MAX + 8];
		struct source family = *source;

		family.path = path;
		(void)snprintf(path, sizeof(path), "%s/%s", source->path,
			       families[i]);
		if (is_folder(path))
			r = read_folder(&family, &lists);
	}
	if (r == 0 && lists == 0)
		r = refuse(source, -ENOENT,
			   ": no list of a country is in it, like cn.cidr");
	return r;
}

static int read_countries(struct source *source)
{
	if (is_folder(source->path))
		return read_folders(source);
	if (!is_list_name(base_name(source->path), &source->key))
		return refuse(source, -EINVAL,
			      ": neither a database, NAME.mmdb, nor the list "
			      "of a country, like cn.cidr, nor a folder of "
			      "such lists");
	return read_country_list(source);
}

int geo_file_read(struct geo_reading *reading, enum geo_kind kind,
		  const char *path)
{
	struct source source = {
		.reading = reading,
		.kind = kind,
		.path = path,
	};

	assert(reading);
	assert(path);

	if (ends(path, ".mmdb"))
		return read_by(&source, read_mmdb);
	return kind == GEO_COUNTRY ? read_countries(&source)
				   : read_by(&source, read_table);
}
