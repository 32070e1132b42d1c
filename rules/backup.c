// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/backup.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "rules/fields.h"

#define HEADING	     "portcullis-backup 1"
#define END_TEXT_MAX 48 /* "end LINES CRC32\n" with the NUL */

/* A document being written. */
struct writer {
	FILE *out;
	uint64_t line_count;
	uLong crc;
};

/* A document being read. */
struct parser {
	struct fields line;
	uint64_t line_number;
	struct backup *backup;
	char *text_end; /* of what backup->text holds */
	const char *reason; /* of the last member */
	bool has_set[SET_ID_MAX + 1];
	int section; /* of the last line */
	const struct change *last; /* NULL at the first of a section */
};

void backup_done(struct backup *backup)
{
	assert(backup);

	free(backup->changes);
	free(backup->text);
	*backup = (struct backup){0};
}

__attribute__((format(printf, 2, 3))) static int
put_line(struct writer *writer, const char *format, ...)
{
	/* the longest line: numbers, a prefix, and a reason */
	char line[REASON_MAX + 256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	assert(len >= 0 && (size_t)len < sizeof(line));

	writer->line_count++;
	writer->crc = crc32(writer->crc, (const Bytef *)line, (uInt)len);
	if (fwrite(line, 1, (size_t)len, writer->out) != (size_t)len)
		return -EIO;
	return 0;
}

static int put_set(void *arg, const struct set *set)
{
	return put_line(arg, "set %u %s %s %s %" PRIu32 "\n",
			(unsigned int)set->id, set->name,
			set_kind_name(set->kind), set_action_name(set->action),
			set->capacity);
}

/* What the kernel allows (dev_valid_name()), without control characters. */
static bool ifname_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= IFNAME_MAX || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)name[i];

		if (byte <= ' ' || byte == 0x7f || byte == '/' || byte == ':')
			return false;
	}
	return true;
}

static int put_attachment(void *arg, const struct attachment *wish)
{
	if (!ifname_is_valid(wish->ifname))
		return -EBADMSG;
	return put_line(arg, "attachment %s %u %u\n", wish->ifname,
			(unsigned int)wish->mode, (unsigned int)wish->share);
}

static int put_member(void *arg, uint8_t set_id, const struct member *member)
{
	const struct evidence *evidence = &member->evidence;
	char prefix[PREFIX_TEXT_MAX];

	if (!reason_is_valid(evidence->reason))
		return -EBADMSG;
	return put_line(
		arg,
		"member %u %s %s %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64
		"%s%s\n",
		(unsigned int)set_id, prefix_to_text(&member->prefix, prefix),
		origin_name(evidence->origin), evidence->uid, evidence->line,
		evidence->created_s, evidence->expires_s,
		evidence->reason[0] ? " " : "", evidence->reason);
}

static void print_end(char text[END_TEXT_MAX], uint64_t line_count, uLong crc)
{
	(void)snprintf(text, END_TEXT_MAX, "end %" PRIu64 " %08lx\n",
		       line_count, crc);
}

int backup_write(struct store *store, FILE *out)
{
	struct writer writer = {.out = out, .crc = crc32(0, NULL, 0)};
	char end[END_TEXT_MAX];
	int r;

	assert(store);
	assert(out);

	/* one snapshot: nobody else may use the store meanwhile */
	r = put_line(&writer, "%s\n", HEADING);
	if (r == 0)
		r = store_each_set(store, put_set, &writer);
	if (r == 0)
		r = store_each_attachment(store, put_attachment, &writer);
	if (r == 0)
		r = store_each_member(store, 0, put_member, &writer);
	if (r < 0)
		return r;

	print_end(end, writer.line_count, writer.crc);
	if (fputs(end, out) == EOF || fflush(out) == EOF)
		return -EIO;
	return 0;
}

static int take_set_id(struct parser *parser, uint8_t *ret_id)
{
	uint64_t id;
	int r;

	r = fields_take_number(&parser->line, SET_ID_MAX, &id);
	if (r < 0)
		return r;
	if (id == 0)
		return fields_refuse(&parser->line, "0 is no set");

	*ret_id = (uint8_t)id;
	return 0;
}

static int take_set_name(struct parser *parser, char name[SET_NAME_MAX])
{
	char field[FIELD_MAX];
	int r;

	r = fields_take(&parser->line, field);
	if (r < 0)
		return r;
	if (!set_name_is_storable(field))
		return fields_refuse(&parser->line, "not a name of a set");

	memcpy(name, field, strlen(field) + 1);
	return 0;
}

static int take_set_kind(struct parser *parser, uint8_t *ret_kind)
{
	char field[FIELD_MAX];
	enum set_kind kind;
	int r;

	r = fields_take(&parser->line, field);
	if (r < 0)
		return r;
	if (set_kind_from_text(field, &kind) < 0)
		return fields_refuse(&parser->line, "not a kind of set");

	*ret_kind = (uint8_t)kind;
	return 0;
}

static int take_set_action(struct parser *parser, uint8_t *ret_action)
{
	char field[FIELD_MAX];
	enum set_action action;
	int r;

	r = fields_take(&parser->line, field);
	if (r < 0)
		return r;
	if (set_action_from_text(field, &action) < 0)
		return fields_refuse(&parser->line, "not an action");

	*ret_action = (uint8_t)action;
	return 0;
}

/* A built-in set is what it is, and nobody else has its name. */
static bool denies_builtin(const struct set *set)
{
	for (size_t i = 0; i < ARRAY_LEN(set_builtins); i++) {
		const struct set *builtin = &set_builtins[i];
		bool has_name = strcmp(set->name, builtin->name) == 0;

		if (has_name != (set->id == builtin->id) ||
		    (has_name && set->action != builtin->action))
			return true;
	}
	return false;
}

/* Sets are the first lines, so all that were read are sets. */
static bool has_namesake(const struct backup *backup, const struct set *set)
{
	for (size_t i = 0; i < backup->change_count; i++)
		if (strcmp(backup->changes[i].set.name, set->name) == 0)
			return true;
	return false;
}

static int parse_set(struct parser *parser, struct change *ret_change)
{
	struct set set = {0};
	uint64_t capacity = 0;
	int r;

	r = take_set_id(parser, &set.id);
	if (r == 0)
		r = take_set_name(parser, set.name);
	if (r == 0)
		r = take_set_kind(parser, &set.kind);
	if (r == 0)
		r = take_set_action(parser, &set.action);
	if (r == 0)
		r = fields_take_number(&parser->line, SET_CAPACITY_MAX,
				       &capacity);
	if (r == 0)
		r = fields_end(&parser->line);
	if (r < 0)
		return r;
	if (parser->last && set.id <= parser->last->set.id)
		return fields_refuse(&parser->line,
				     "sets are not in order of their ids");
	if (denies_builtin(&set))
		return fields_refuse(&parser->line,
				     "not what the built-in set is");
	if (has_namesake(parser->backup, &set))
		return fields_refuse(&parser->line, "two sets have this name");

	set.capacity = (uint32_t)capacity;
	parser->has_set[set.id] = true;
	*ret_change = (struct change){.kind = CHANGE_SET_PUT, .set = set};
	return 0;
}

static int parse_attachment(struct parser *parser, struct change *ret_change)
{
	struct attachment wish = {0};
	char name[FIELD_MAX];
	uint64_t mode = 0, share = 0;
	int r;

	r = fields_take(&parser->line, name);
	if (r == 0 && !ifname_is_valid(name))
		r = fields_refuse(&parser->line, "not a name of an interface");
	if (r == 0)
		r = fields_take_number(&parser->line, ATTACHMENT_MODE_MAX,
				       &mode);
	if (r == 0)
		r = fields_take_number(&parser->line, ATTACHMENT_SHARE_MAX,
				       &share);
	if (r == 0)
		r = fields_end(&parser->line);
	if (r < 0)
		return r;
	if (parser->last && strcmp(name, parser->last->attachment.ifname) <= 0)
		return fields_refuse(&parser->line,
				     "interfaces are not in order of names");

	memcpy(wish.ifname, name, strlen(name) + 1);
	wish.mode = (uint8_t)mode;
	wish.share = (uint8_t)share;
	*ret_change = (struct change){.kind = CHANGE_ATTACHMENT_PUT,
				      .attachment = wish};
	return 0;
}

static int take_prefix(struct parser *parser, struct prefix *ret_prefix)
{
	char field[FIELD_MAX];
	int r;

	r = fields_take(&parser->line, field);
	if (r < 0)
		return r;
	if (prefix_from_text(field, strlen(field), ret_prefix) < 0)
		return fields_refuse(&parser->line,
				     "not an address or network");
	return 0;
}

static int take_origin(struct parser *parser, uint8_t *ret_origin)
{
	char field[FIELD_MAX];
	int r;

	r = fields_take(&parser->line, field);
	if (r < 0)
		return r;
	for (unsigned int origin = 0; origin < ORIGIN_COUNT; origin++) {
		if (strcmp(field, origin_name(origin)) == 0) {
			*ret_origin = (uint8_t)origin;
			return 0;
		}
	}
	return fields_refuse(&parser->line, "not an origin");
}

/* The rest of the line. A reason that many lines in a row have is kept once. */
static int take_reason(struct parser *parser, const char **ret_reason)
{
	size_t len = (size_t)(parser->line.end - parser->line.at);

	if (parser->reason && strlen(parser->reason) == len &&
	    memcmp(parser->reason, parser->line.at, len) == 0) {
		*ret_reason = parser->reason;
		return 0;
	}

	memcpy(parser->text_end, parser->line.at, len);
	parser->text_end[len] = '\0';
	if (strlen(parser->text_end) != len ||
	    !reason_is_valid(parser->text_end))
		return fields_refuse(&parser->line, "not a reason");

	parser->reason = parser->text_end;
	parser->text_end += len + 1;
	*ret_reason = parser->reason;
	return 0;
}

static int take_evidence(struct parser *parser, struct evidence *ret_evidence)
{
	struct evidence evidence = {0};
	uint64_t uid = 0, line = 0;
	int r;

	r = take_origin(parser, &evidence.origin);
	if (r == 0)
		r = fields_take_number(&parser->line, UINT32_MAX, &uid);
	if (r == 0)
		r = fields_take_number(&parser->line, UINT32_MAX, &line);
	if (r == 0)
		r = fields_take_number(&parser->line, UINT64_MAX,
				       &evidence.created_s);
	if (r == 0)
		r = fields_take_number(&parser->line, UINT64_MAX,
				       &evidence.expires_s);
	if (r == 0)
		r = take_reason(parser, &evidence.reason);
	if (r < 0)
		return r;

	evidence.uid = (uint32_t)uid;
	evidence.line = (uint32_t)line;
	*ret_evidence = evidence;
	return 0;
}

static int parse_member(struct parser *parser, struct change *ret_change)
{
	struct change change = {.kind = CHANGE_MEMBER_PUT};
	const struct change *last = parser->last;
	int r;

	r = take_set_id(parser, &change.set_id);
	if (r == 0)
		r = take_prefix(parser, &change.member.prefix);
	if (r == 0)
		r = take_evidence(parser, &change.member.evidence);
	if (r < 0)
		return r;
	if (!parser->has_set[change.set_id])
		return fields_refuse(&parser->line,
				     "the set is not in the document");
	if (last &&
	    (change.set_id < last->set_id ||
	     (change.set_id == last->set_id &&
	      prefix_cmp(&change.member.prefix, &last->member.prefix) <= 0)))
		return fields_refuse(&parser->line, "members are not in order");

	*ret_change = change;
	return 0;
}

typedef int parse_fn(struct parser *parser, struct change *ret_change);

/* In the order of the document. */
static const struct section {
	const char *word;
	parse_fn *parse;
} sections[] = {
	{"set", parse_set},
	{"attachment", parse_attachment},
	{"member", parse_member},
};

static int find_section(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (strcmp(word, sections[i].word) == 0)
			return (int)i;
	}
	return -1;
}

static int parse_line(struct parser *parser)
{
	struct backup *backup = parser->backup;
	struct change *change = &backup->changes[backup->change_count];
	char word[FIELD_MAX];
	int section, r;

	r = fields_take(&parser->line, word);
	if (r < 0)
		return r;
	section = find_section(word);
	if (section < 0)
		return fields_refuse(&parser->line,
				     "starts with no word of a backup");
	if (section < parser->section)
		return fields_refuse(&parser->line,
				     "is after lines that come later");
	if (section > parser->section)
		parser->last = NULL;
	parser->section = section;

	r = sections[section].parse(parser, change);
	if (r < 0)
		return r;
	parser->last = change;
	backup->change_count++;
	return 0;
}

/* Where the last line starts; NULL if the text does not end with a line. */
static const char *find_end_line(const char *text, size_t len)
{
	const char *before;

	if (len < 2 || text[len - 1] != '\n')
		return NULL;
	before = memrchr(text, '\n', len - 1);
	return before ? before + 1 : NULL;
}

static uint64_t count_lines(const char *text, size_t len)
{
	uint64_t count = 0;
	const char *end = text + len;

	for (const char *at = text; at < end; count++)
		at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
	return count;
}

/* The sum first: lines of a document that was cut or changed mean nothing. */
static int check_end(struct parser *parser, const char *text, size_t len,
		     size_t *ret_body_len)
{
	const char *end = find_end_line(text, len);
	char expected[END_TEXT_MAX];
	size_t body_len;

	if (!end || len - (size_t)(end - text) < 4 ||
	    memcmp(end, "end ", 4) != 0)
		return fields_refuse(&parser->line,
				     "the document has no end line");

	body_len = (size_t)(end - text);
	parser->line_number = count_lines(text, body_len);
	print_end(expected, parser->line_number,
		  crc32_z(crc32(0, NULL, 0), (const Bytef *)text, body_len));
	parser->line_number++;
	if (strlen(expected) != len - body_len ||
	    memcmp(end, expected, len - body_len) != 0)
		return fields_refuse(&parser->line,
				     "the sum or the number of lines is wrong");

	*ret_body_len = body_len;
	return 0;
}

static int check_heading(struct parser *parser)
{
	size_t len = (size_t)(parser->line.end - parser->line.at);

	if (len != strlen(HEADING) ||
	    memcmp(parser->line.at, HEADING, len) != 0)
		return fields_refuse(&parser->line,
				     "not a backup of version 1");
	return 0;
}

static int parse_body(struct parser *parser, const char *text, size_t len)
{
	const char *end = text + len;
	int r;

	parser->line_number = 0;
	for (const char *at = text; at < end; at = parser->line.end + 1) {
		parser->line_number++;
		parser->line.at = at;
		parser->line.end = memchr(at, '\n', (size_t)(end - at));
		r = parser->line_number == 1 ? check_heading(parser)
					     : parse_line(parser);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse(struct parser *parser, const char *text, size_t len)
{
	struct backup *backup = parser->backup;
	size_t body_len = 0;
	int r;

	r = check_end(parser, text, len, &body_len);
	if (r < 0)
		return r;

	/* the heading's place is spare, and so there is always one */
	backup->changes = calloc(parser->line_number, sizeof(*backup->changes));
	/* no more than that; what is not used is never touched */
	backup->text = malloc(len);
	if (!backup->changes || !backup->text)
		return -ENOMEM;
	parser->text_end = backup->text;
	return parse_body(parser, text, body_len);
}

int backup_read(const char *text, size_t len, struct backup *ret_backup,
		char note[JOURNAL_TEXT_MAX])
{
	struct backup backup = {0};
	struct parser parser = {.backup = &backup};
	int r;

	assert(text);
	assert(ret_backup);
	assert(note);

	r = parse(&parser, text, len);
	if (r == -EBADMSG)
		(void)snprintf(note, JOURNAL_TEXT_MAX, "line %" PRIu64 ": %s",
			       parser.line_number, parser.line.problem);
	if (r < 0) {
		backup_done(&backup);
		return r;
	}

	*ret_backup = backup;
	return 0;
}
