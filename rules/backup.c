// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/backup.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "rules/backup_line.h"

/* A document being written. */
struct writer {
	FILE *out;
	uint64_t line_count;
	uint32_t crc;
};

void backup_done(struct backup *backup)
{
	assert(backup);

	free(backup->changes);
	free(backup->feeds);
	free(backup->text);
	free(backup->revision);
	*backup = (struct backup){0};
}

struct change backup_policy(struct backup *backup, uint64_t number)
{
	assert(backup);
	assert(backup->revision);

	backup->revision->number = number;
	return (struct change){
		.kind = CHANGE_REVISION_PUT,
		.revision_put = {backup->revision, backup->revision_text},
	};
}

static int put_bytes(struct writer *writer, const char *bytes, size_t len)
{
	writer->crc = (uint32_t)crc32_z(writer->crc, (const Bytef *)bytes, len);
	return fwrite(bytes, 1, len, writer->out) == len ? 0 : -EIO;
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
	return put_bytes(writer, line, (size_t)len);
}

static int put_set(void *arg, const struct set *set)
{
	return put_line(arg, "set %u %s %s %s %" PRIu32 "\n",
			(unsigned int)set->id, set->name,
			set_kind_name(set->kind), set_action_name(set->action),
			set->capacity);
}

static int put_attachment(void *arg, const struct attachment *wish)
{
	if (!backup_ifname_is_valid(wish->ifname))
		return -EBADMSG;
	return put_line(arg, "attachment %s %u %u\n", wish->ifname,
			(unsigned int)wish->mode, (unsigned int)wish->share);
}

static int put_member(void *arg, uint8_t set_id, const struct member *member)
{
	const struct evidence *evidence = &member->evidence;
	char prefix[PREFIX_TEXT_MAX];

	/* as the policy on trial is not */
	if (evidence->origin == ORIGIN_TRIAL)
		return 0;
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

/* A line behind a word; what is not ended by a newline is one as well. */
static int put_text_line(struct writer *writer, const char *word,
			 const char *line, size_t len)
{
	int r;

	writer->line_count++;
	r = put_bytes(writer, word, strlen(word));
	if (r == 0 && len > 0)
		r = put_bytes(writer, " ", 1);
	if (r == 0)
		r = put_bytes(writer, line, len);
	return r < 0 ? r : put_bytes(writer, "\n", 1);
}

static int put_text(struct writer *writer, const char *word, const char *text,
		    size_t text_len)
{
	const char *end = text + text_len;
	int r = 0;

	while (r == 0 && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;

		r = put_text_line(writer, word, text,
				  (size_t)(line_end - text));
		text = newline ? newline + 1 : end;
	}
	return r;
}

static int put_feed(void *arg, const struct feed_put *feed)
{
	const struct feed_state *state = feed->state;
	int r = put_line(
		arg,
		"feed %s %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu64
		" %" PRIu64 " %" PRIu64 " %d %d %" PRIu32 " %" PRIu32 " %zu\n",
		feed->name, state->version, state->newest, state->entries,
		state->accepted_s, state->times.good_s, state->shadow_until_s,
		state->is_stopped, state->is_dead, state->accepted_count,
		state->held_count, feed->len);

	return r < 0 ? r : put_text(arg, "definition", feed->text, feed->len);
}

static int count_feed(void *arg, const struct feed_put *feed)
{
	size_t *count = arg;

	(void)feed;
	++*count;
	return 0;
}

/* Looked for among all that are kept. */
static int keep_revision(void *arg, const struct revision *revision)
{
	struct revision *wanted = arg;

	if (revision->number == wanted->number)
		*wanted = *revision;
	return 0;
}

static int put_policy(struct writer *writer, struct store *store,
		      uint64_t number)
{
	struct revision revision = {.number = number};
	char *text = NULL;
	size_t len = 0;
	int r;

	r = store_each_revision(store, keep_revision, &revision);
	if (r == 0)
		r = store_revision_text(store, number, &text, &len);
	if (r < 0)
		return r;

	r = put_line(writer, "policy %zu %" PRIu64 " %" PRIu32 "%s%s\n", len,
		     revision.time_s, revision.uid, revision.note[0] ? " " : "",
		     revision.note);
	if (r == 0)
		r = put_text(writer, "text", text, len);
	free(text);
	return r;
}

static int put_body(struct writer *writer, struct store *store)
{
	struct pending pending;
	uint64_t current = 0;
	size_t feeds = 0;
	int r;

	/* one snapshot: nobody else may use the store meanwhile */
	r = store_policy_state(store, &current, &pending);
	if (r == 0)
		r = store_each_feed(store, count_feed, &feeds);
	if (r == 0)
		r = put_line(writer, "%s\n",
			     feeds     ? BACKUP_HEADING_FEEDS
			     : current ? BACKUP_HEADING_POLICY
				       : BACKUP_HEADING);
	if (r == 0)
		r = store_each_set(store, put_set, writer);
	if (r == 0)
		r = store_each_attachment(store, put_attachment, writer);
	if (r == 0)
		r = store_each_member(store, 0, put_member, writer);
	if (r == 0)
		r = store_each_feed(store, put_feed, writer);
	if (r == 0 && current != 0)
		r = put_policy(writer, store, current);
	return r;
}

int backup_write(struct store *store, FILE *out)
{
	struct writer writer = {.out = out, .crc = 0};
	char end[BACKUP_END_MAX];
	int r;

	assert(store);
	assert(out);

	r = put_body(&writer, store);
	if (r < 0)
		return r;

	backup_end_line(end, writer.line_count, writer.crc);
	if (fputs(end, out) == EOF || fflush(out) == EOF)
		return -EIO;
	return 0;
}
