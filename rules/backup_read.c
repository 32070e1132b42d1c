// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/backup.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "rules/backup_feed.h"
#include "rules/backup_line.h"
#include "rules/fields.h"

/* A document being read. */
struct parser {
	struct fields line;
	uint64_t line_number;
	struct backup *backup;
	char *text_end; /* of what backup->text holds */
	const char *reason; /* of the last member */
	bool has_set[SET_ID_MAX + 1];
	bool has_policy; /* as the heading says */
	bool has_feeds; /* the same */
	struct backup_feed *feed; /* whose definition is being read, or NULL */
	int place; /* of the last line's section */
	const struct change *last; /* NULL at the first of a section */
};

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
		r = backup_take_name(&parser->line, set.name);
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
	if (r == 0 && !backup_ifname_is_valid(name))
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

static int take_note(struct parser *parser, char note[REVISION_NOTE_MAX])
{
	size_t len = (size_t)(parser->line.end - parser->line.at);

	if (len >= REVISION_NOTE_MAX)
		return fields_refuse(&parser->line, "not a note");
	memcpy(note, parser->line.at, len);
	note[len] = '\0';
	if (strlen(note) != len || !revision_note_is_valid(note))
		return fields_refuse(&parser->line, "not a note");
	return 0;
}

/* Is a text as long as was said, or has it the newline that the last line may
 * lack? */
static bool has_length(const struct parser *parser, const char *text,
		       size_t wanted)
{
	size_t len = (size_t)(parser->text_end - text);

	return len == wanted || (len == wanted + 1 && text[wanted - 1] != '\n');
}

static int end_feed(struct parser *parser)
{
	struct backup_feed *feed = TAKE(parser->feed);

	if (!feed || has_length(parser, feed->text, feed->len))
		return 0;
	return fields_refuse(&parser->line,
			     "a definition is not as long as it says");
}

static int parse_feed(struct parser *parser, struct change *ret_change)
{
	struct backup *backup = parser->backup;
	struct backup_feed feed = {.text = parser->text_end};
	int r = end_feed(parser);

	(void)ret_change;
	if (r == 0 && !parser->has_feeds)
		r = fields_refuse(&parser->line,
				  "a feed, and it is of version 1 or 2");
	if (r == 0)
		r = backup_take_feed(&parser->line, &feed);
	if (r == 0)
		r = backup_add_feed(backup, &feed, &parser->line);
	if (r == 0)
		parser->feed = &backup->feeds[backup->feed_count - 1];
	return r;
}

static int parse_policy(struct parser *parser, struct change *ret_change)
{
	struct revision revision = {0};
	uint64_t bytes = 0, uid = 0;
	int r;

	(void)ret_change;
	if (!parser->has_policy && !parser->has_feeds)
		return fields_refuse(&parser->line,
				     "a policy, and it is of version 1");
	if (parser->backup->revision)
		return fields_refuse(&parser->line, "a second policy");
	r = end_feed(parser);
	if (r == 0)
		r = fields_take_number(&parser->line, REVISION_TEXT_MAX,
				       &bytes);
	if (r == 0)
		r = fields_take_number(&parser->line, UINT64_MAX,
				       &revision.time_s);
	if (r == 0)
		r = fields_take_number(&parser->line, UINT32_MAX, &uid);
	if (r == 0)
		r = take_note(parser, revision.note);
	if (r == 0 && bytes == 0)
		r = fields_refuse(&parser->line, "a policy without a text");
	if (r < 0)
		return r;

	revision.text_bytes = (uint32_t)bytes;
	revision.uid = (uint32_t)uid;
	parser->backup->revision = malloc(sizeof(revision));
	if (!parser->backup->revision)
		return -ENOMEM;
	*parser->backup->revision = revision;
	parser->backup->revision_text = parser->text_end;
	return 0;
}

/* Any bytes, and the newline that the last may lack. */
static void take_line(struct parser *parser)
{
	size_t len = (size_t)(parser->line.end - parser->line.at);

	memcpy(parser->text_end, parser->line.at, len);
	parser->text_end[len] = '\n';
	parser->text_end += len + 1;
}

static int parse_definition(struct parser *parser, struct change *ret_change)
{
	(void)ret_change;
	if (!parser->feed)
		return fields_refuse(&parser->line, "a definition of no feed");
	take_line(parser);
	return 0;
}

static int parse_text(struct parser *parser, struct change *ret_change)
{
	(void)ret_change;
	if (!parser->backup->revision)
		return fields_refuse(&parser->line, "a text of no policy");
	take_line(parser);
	return 0;
}

/* What the heading promised, and texts as long as was said. */
static int check_whole(struct parser *parser)
{
	struct backup *backup = parser->backup;
	int r = end_feed(parser);

	if (r < 0)
		return r;
	if (parser->has_feeds && backup->feed_count == 0)
		return fields_refuse(&parser->line, "version 3, and no feed");
	if (!backup->revision)
		return parser->has_policy
			       ? fields_refuse(&parser->line,
					       "version 2, and no policy")
			       : 0;
	if (!has_length(parser, backup->revision_text,
			backup->revision->text_bytes))
		return fields_refuse(&parser->line,
				     "the policy is not as long as it says");
	return 0;
}

typedef int parse_fn(struct parser *parser, struct change *ret_change);

static const struct section {
	const char *word;
	parse_fn *parse;
	int place; /* in the document: the same of those that take turns */
	bool is_change; /* each line of it */
} sections[] = {
	{"set", parse_set, 1, true},
	{"attachment", parse_attachment, 2, true},
	{"member", parse_member, 3, true},
	{"feed", parse_feed, 4, false},
	{"definition", parse_definition, 4, false},
	{"policy", parse_policy, 5, false},
	{"text", parse_text, 6, false},
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
	int section, place, r;

	r = fields_take(&parser->line, word);
	if (r < 0)
		return r;
	section = find_section(word);
	if (section < 0)
		return fields_refuse(&parser->line,
				     "starts with no word of a backup");
	place = sections[section].place;
	if (place < parser->place)
		return fields_refuse(&parser->line,
				     "is after lines that come later");
	if (place > parser->place)
		parser->last = NULL;
	parser->place = place;

	r = sections[section].parse(parser, change);
	if (r < 0)
		return r;
	if (sections[section].is_change) {
		parser->last = change;
		backup->change_count++;
	}
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
	char expected[BACKUP_END_MAX];
	size_t body_len;

	if (!end || len - (size_t)(end - text) < 4 ||
	    memcmp(end, "end ", 4) != 0)
		return fields_refuse(&parser->line,
				     "the document has no end line");

	body_len = (size_t)(end - text);
	parser->line_number = count_lines(text, body_len);
	backup_end_line(expected, parser->line_number,
			(uint32_t)crc32_z(0, (const Bytef *)text, body_len));
	parser->line_number++;
	if (strlen(expected) != len - body_len ||
	    memcmp(end, expected, len - body_len) != 0)
		return fields_refuse(&parser->line,
				     "the sum or the number of lines is wrong");

	*ret_body_len = body_len;
	return 0;
}

static bool line_is(const struct fields *line, const char *text)
{
	size_t len = (size_t)(line->end - line->at);

	return len == strlen(text) && memcmp(line->at, text, len) == 0;
}

static int check_heading(struct parser *parser)
{
	parser->has_policy = line_is(&parser->line, BACKUP_HEADING_POLICY);
	parser->has_feeds = line_is(&parser->line, BACKUP_HEADING_FEEDS);
	if (!parser->has_policy && !parser->has_feeds &&
	    !line_is(&parser->line, BACKUP_HEADING))
		return fields_refuse(&parser->line,
				     "not a backup of version 1, 2 or 3");
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
	return check_whole(parser);
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
