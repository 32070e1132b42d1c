// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/ipset.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"
#include "rules/foreign/line.h"
#include "rules/foreign/nft_values.h"
#include "rules/foreign/unroll.h"

static const char any_table[] = "";

struct reader {
	struct ruleset ruleset;
	struct policy *policy;
	struct foreign_report *report;
};

static void note(const struct reader *reader, const struct line *line,
		 enum note_kind kind, const char *why)
{
	foreign_report_add(reader->report, kind, line->excerpt.line,
			   line->excerpt.text, line->excerpt.len, why);
}

/* What members of a set are: addresses, or other sets. */
static bool type_is_read(const char *type)
{
	return strcmp(type, "hash:ip") == 0 || strcmp(type, "hash:net") == 0 ||
	       strcmp(type, "bitmap:ip") == 0 || strcmp(type, "list:set") == 0;
}

/* "create NAME TYPE [OPTION VALUE]..." */
static int read_create(struct reader *reader, struct line *line)
{
	const char *name = line_take(line);
	const char *type = line_take(line);
	struct foreign_set *set;
	int r = ruleset_set(&reader->ruleset, any_table, name, &set);

	if (r == -E2BIG) {
		note(reader, line, NOTE_LEFT_OUT,
		     "too long a name, or too many of them");
		return 0;
	}
	if (r < 0)
		return r;
	set->excerpt = line->excerpt;
	set->family = 4;
	set->is_map = !type_is_read(type);
	while (!line_is_done(line)) {
		if (line_take_if(line, "family"))
			set->family = line_take_if(line, "inet6") ? 6 : 4;
		else if (line_take_if(line, "timeout"))
			set->is_dynamic = true;
		else
			(void)line_take(line);
	}
	if (set->is_map) {
		set->family = 0;
		note(reader, line, NOTE_LEFT_OUT,
		     "a set of other things than addresses");
	}
	return 0;
}

static int keep_member(struct foreign_set *set, const struct prefix *prefix)
{
	struct prefix *members =
		array_room(set->members, set->member_count, sizeof(*members));

	if (!members)
		return -ENOMEM;
	set->members = members;
	members[set->member_count++] = *prefix;
	return 0;
}

/* The members of a set that another lists. */
static int add_listed(const struct reader *reader, struct foreign_set *set,
		      const struct foreign_set *listed, const struct line *line)
{
	int r = 0;

	if (listed == set || listed->is_dynamic || listed->is_map ||
	    listed->member_count > SET_CAPACITY_DEFAULT - set->member_count) {
		note(reader, line, NOTE_LEFT_OUT,
		     "lists a set whose members are not known");
		return 0;
	}
	/* what was read of it so far: `ipset save` puts it before the list */
	for (size_t i = 0; i < listed->member_count && r >= 0; i++)
		r = keep_member(set, &listed->members[i]);
	if (set->member_count == listed->member_count)
		set->family = listed->family;
	return r;
}

/* Cut `hole` out of one member: what is left is a half of each length between
 * theirs. */
static int cut_member(struct foreign_set *set, size_t index,
		      const struct prefix *hole)
{
	struct prefix outer = set->members[index];
	int r = 0;

	set->members[index] = set->members[--set->member_count];
	for (unsigned int bits = outer.bits + 1u; bits <= hole->bits && r >= 0;
	     bits++) {
		struct prefix half = prefix_widen(
			hole, bits - (prefix_is_v4(hole) ? 96u : 0u));

		half.addr[(bits - 1) / 8] ^= (uint8_t)(0x80 >> (bits - 1) % 8);
		r = keep_member(set, &half);
	}
	return r;
}

static int cut_members(struct foreign_set *set, const struct prefix *hole)
{
	int r = 0;

	for (size_t i = 0; i < set->member_count && r >= 0;) {
		const struct prefix *member = &set->members[i];

		if (prefix_covers(member, hole))
			r = cut_member(set, i, hole);
		else
			i++;
	}
	return r;
}

/* "ADDRESS", "ADDRESS/LENGTH", "FIRST-LAST", with "nomatch" taken out. */
static int add_addresses(const struct reader *reader, struct foreign_set *set,
			 const char *text, struct line *line)
{
	struct nft_token word = {text, (uint32_t)strlen(text), 0, NFT_WORD};
	struct match_address found = {0};
	bool is_hole = false;
	int r = nft_prefixes_add(&found, set->family, &word, &word);

	while (!line_is_done(line)) {
		if (line_take_if(line, "timeout"))
			note(reader, line, NOTE_DIFFERS,
			     "the member stays when its time is over");
		else
			is_hole |= strcmp(line_take(line), "nomatch") == 0;
	}
	if (r == -EINVAL)
		note(reader, line, NOTE_LEFT_OUT, "not an address");
	for (size_t i = 0; i < found.prefix_count && r >= 0; i++) {
		const struct prefix *prefix = &found.prefixes[i];

		if (is_hole)
			r = cut_members(set, prefix);
		else if (prefix_len(prefix) == 0 || prefix_has_all_v4(prefix))
			note(reader, line, NOTE_LEFT_OUT,
			     "every address in one member");
		else
			r = keep_member(set, prefix);
	}
	free(found.prefixes);
	return r == -EINVAL ? 0 : r;
}

/* "add NAME MEMBER [OPTION VALUE]..."; exceptions are read in a second run,
 * for they hold whatever stands before them. */
static int read_add(struct reader *reader, struct line *line, bool is_second)
{
	struct foreign_set *set =
		ruleset_find_set(&reader->ruleset, any_table, line_take(line));
	const char *member = line_take(line);
	const struct foreign_set *listed =
		ruleset_find_set(&reader->ruleset, any_table, member);
	bool is_hole = false;

	for (size_t i = line->at; i < line->count; i++)
		is_hole |= strcmp(line->words[i], "nomatch") == 0;
	if (set && !set->is_map && is_hole != is_second)
		return 0;
	if (is_second && (!set || set->is_map))
		return 0;
	if (!set || set->is_map) {
		note(reader, line, NOTE_LEFT_OUT, "a member of no set here");
		return 0;
	}
	if (set->is_dynamic) {
		note(reader, line, NOTE_LEFT_OUT,
		     "members that expire are not the policy's");
		return 0;
	}
	return listed ? add_listed(reader, set, listed, line)
		      : add_addresses(reader, set, member, line);
}

static int read_line(struct reader *reader, struct line *line, bool is_second)
{
	if (line->why) {
		if (!is_second)
			note(reader, line, NOTE_LEFT_OUT, line->why);
		return 0;
	}
	if (line_take_if(line, "add"))
		return read_add(reader, line, is_second);
	if (is_second)
		return 0;
	if (line_take_if(line, "create"))
		return read_create(reader, line);
	note(reader, line, NOTE_LEFT_OUT, "not a line that is read");
	return 0;
}

static int read_all(struct reader *reader, const char *text, size_t len,
		    bool is_second)
{
	struct lines lines = {.at = text, .end = text};
	CLEANUP(freep) struct line *line = malloc(sizeof(*line));
	int r = 0;

	if (!line)
		return -ENOMEM;
	if (len > 0)
		lines.end += len;
	while (r >= 0 && line_next(&lines, line))
		r = read_line(reader, line, is_second);
	return r;
}

int ipset_read(const char *text, size_t len, struct policy *policy,
	       struct foreign_report *report)
{
	struct reader reader = {.policy = policy, .report = report};
	int r;

	assert(text || len == 0);
	assert(policy);
	assert(report);

	if (len > FOREIGN_TEXT_MAX)
		return -E2BIG;
	r = read_all(&reader, text, len, false);
	if (r >= 0)
		r = read_all(&reader, text, len, true);
	/* those of a dynamic set are told one by one */
	if (r >= 0)
		r = unroll_sets(&reader.ruleset, policy, report);
	report->understood_count += reader.ruleset.set_count;
	ruleset_done(&reader.ruleset);
	return r;
}
