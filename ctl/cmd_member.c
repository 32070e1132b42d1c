// SPDX-License-Identifier: GPL-2.0-or-later
/* allow, block, unblock, set add, set del: members into sets and out. */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/bulk.h"
#include "ctl/session.h"
#include "ctl/unit.h"
#include "rules/feedfile/plain.h"

#define ASKED_MAX 16 /* entries: a list may be long */

static int append_prefix(void *arg, const struct prefix *prefix, uint32_t line)
{
	json_t *members = arg;
	char text[PREFIX_TEXT_MAX];

	(void)line;
	if (json_array_append_new(members,
				  json_string(prefix_to_text(prefix, text))))
		return -ENOMEM;
	return 0;
}

/* One bad line, and nothing is sent: half a list is worse than none. */
static enum outcome refuse_lines(struct session *session,
				 const struct plain_report *report)
{
	const struct plain_note *note = &report->notes[0];

	if (report->note_count == 0)
		return session_misused(session, "stdin: not a list");
	return session_misused(session, "stdin:%u: '%s': %s; nothing was sent",
			       note->line, note->text, note->why);
}

static enum outcome append_stdin(struct session *session, json_t *members)
{
	CLEANUP(freep) char *text = NULL;
	struct plain_report report = {0};
	size_t len = 0;
	int r;

	r = bulk_from_stdin(&text, &len);
	if (r < 0)
		return session_refuse(session, r, "cannot read stdin: %s",
				      bulk_error(r));
	r = plain_read(text, len, append_prefix, members, &report);
	if (r == -EBADMSG || report.rejects > 0)
		return refuse_lines(session, &report);
	if (r < 0)
		return session_refuse(session, r, "stdin: %s", strerror(-r));
	return OUTCOME_DONE;
}

/* People paste an address with the length of its network. */
static void tell_cut(const char *command, const char *word)
{
	const char *slash = strchr(word, '/');
	struct prefix given, taken;
	char text[PREFIX_TEXT_MAX];

	if (slash && prefix_from_text(word, strlen(word), &taken) == 0 &&
	    prefix_from_text(word, (size_t)(slash - word), &given) == 0 &&
	    memcmp(given.addr, taken.addr, sizeof(given.addr)) != 0)
		fprintf(stderr, "fwctl %s: %s is taken as %s\n", command, word,
			prefix_to_text(&taken, text));
}

/* The words from `first` on, and stdin where one is "-". */
static enum outcome read_members(struct session *session, size_t first,
				 json_t *members)
{
	const struct invocation *invocation = session->invocation;
	enum outcome outcome = OUTCOME_DONE;

	for (size_t i = first; i < invocation->word_count; i++) {
		const char *word = invocation->words[i];

		if (!strcmp(word, "-"))
			outcome = append_stdin(session, members);
		else if (!json_array_append_new(members, json_string(word)))
			tell_cut(invocation->command->name, word);
		else
			outcome = session_refuse(session, -ENOMEM,
						 "not enough memory");
		if (outcome != OUTCOME_DONE)
			return outcome;
	}
	if (json_array_size(members) == 0)
		return session_misused(session, "stdin has no entry");
	return OUTCOME_DONE;
}

/* The request for the page of `members` from `at` on. */
static json_t *page_of(json_t *common, const json_t *members, size_t at)
{
	json_t *args = json_copy(common);
	json_t *page = json_array();
	size_t end = json_array_size(members);

	if (end - at > WIRE_PAGE_MAX)
		end = at + WIRE_PAGE_MAX;
	for (; at < end; at++)
		json_array_append(page, json_array_get(members, at));
	if (json_object_set_new(args, "members", page)) {
		json_decref(args);
		return NULL;
	}
	return args;
}

/* Numbers of `answer` into those of `total`: spans of the slowest, else
 * sums. */
static void merge(json_t *total, json_t *answer)
{
	const char *key;
	json_t *value;

	json_object_foreach(answer, key, value)
	{
		size_t len = strlen(key);
		bool is_span = len > 3 && !strcmp(key + len - 3, "_us");

		if (is_span && json_is_number(value)) {
			if (json_number_value(value) >= answer_span(total, key))
				json_object_set(total, key, value);
		} else if (json_is_integer(value)) {
			int64_t sum = answer_number(total, key) +
				      json_integer_value(value);

			json_object_set_new(total, key, json_integer(sum));
		} else {
			json_object_set(total, key, value);
		}
	}
}

/* Send `members` in pages; one page's answer is what one request would give. */
static enum outcome send_members(struct session *session, enum request request,
				 json_t *common, const json_t *members,
				 view_fn *view)
{
	CLEANUP(json_decrefp) json_t *total = json_object();
	size_t count = json_array_size(members);

	for (size_t at = 0; at < count; at += WIRE_PAGE_MAX) {
		CLEANUP(json_decrefp) json_t *answer = NULL;
		enum outcome outcome =
			session_ask(session, request,
				    page_of(common, members, at), -1, &answer);

		if (outcome != OUTCOME_DONE && at > 0)
			session_misused(session,
					"the first %zu of %zu entries were "
					"done before that",
					at, count);
		if (outcome != OUTCOME_DONE)
			return outcome;
		merge(total, answer);
	}
	printer_answer(&session->printer, total, view);
	return OUTCOME_DONE;
}

static void view_add(FILE *out, const json_t *answer)
{
	int64_t endless = answer_number(answer, "endless");
	char span[UNIT_TEXT_MAX];

	fprintf(out, "added %" PRId64 ", renewed %" PRId64,
		answer_number(answer, "added"),
		answer_number(answer, "renewed"));
	if (endless > 0)
		fprintf(out, " (%" PRId64 " had an end, and now has none)",
			endless);
	fprintf(out, "; enforced in %s\n",
		unit_span_us(answer_span(answer, "enforced_us"), span));
}

static void view_del(FILE *out, const json_t *answer)
{
	fprintf(out, "removed %" PRId64 ", absent %" PRId64 "\n",
		answer_number(answer, "removed"),
		answer_number(answer, "absent"));
}

static enum outcome add(struct session *session, const char *set, size_t first)
{
	CLEANUP(json_decrefp) json_t *members = json_array();
	CLEANUP(json_decrefp) json_t *common = NULL;
	enum outcome outcome;
	uint64_t expires_s = 0;

	if (session_expiry(session, &expires_s) < 0)
		return OUTCOME_USAGE;
	outcome = read_members(session, first, members);
	if (outcome != OUTCOME_DONE)
		return outcome;
	common = json_pack("{s:s, s:s*, s:o*}", "set", set, "reason",
			   session_value(session, OPTION_REASON), "expires",
			   expires_s ? json_integer((json_int_t)expires_s)
				     : NULL);
	return send_members(session, REQ_ADD, common, members, view_add);
}

/* What was read goes into `members`, too. */
static enum outcome del(struct session *session, const char *set, size_t first,
			json_t *members)
{
	CLEANUP(json_decrefp) json_t *common = NULL;
	enum outcome outcome = read_members(session, first, members);

	if (outcome != OUTCOME_DONE)
		return outcome;
	common = json_pack("{s:s}", "set", set);
	return send_members(session, REQ_DEL, common, members, view_del);
}

/* A set chosen with --set must not do the opposite of what is asked. A set
 * that is not there is the daemon's to refuse. */
static enum outcome check_action(struct session *session, const char *set,
				 bool allows)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	enum outcome outcome =
		session_ask(session, REQ_SET_LIST, json_object(), -1, &answer);
	const json_t *sets = answer_list(answer, "sets");

	for (size_t i = 0; i < json_array_size(sets); i++) {
		const json_t *item = json_array_get(sets, i);
		const char *action = answer_text(item, "action");

		if (!strcmp(answer_text(item, "name"), set) &&
		    !strcmp(action, "allow") != allows)
			return session_refuse(
				session, -EINVAL,
				"set %s has the action %s; `fwctl set add %s` "
				"adds whatever the action is",
				set, action, set);
	}
	return outcome;
}

static enum outcome add_by_action(struct session *session, const char *set,
				  bool allows)
{
	const char *chosen = session_value(session, OPTION_SET);
	enum outcome outcome = OUTCOME_DONE;

	if (chosen)
		outcome = check_action(session, chosen, allows);
	if (outcome != OUTCOME_DONE)
		return outcome;
	return add(session, chosen ? chosen : set, 0);
}

enum outcome cmd_allow(struct session *session)
{
	return add_by_action(session, "allow", true);
}

enum outcome cmd_block(struct session *session)
{
	return add_by_action(session, "block", false);
}

/* Who takes an address out of one set wants it to come in. Ranges and
 * everything are nothing that can be asked about. */
static void tell_dropped(struct session *session, const json_t *members)
{
	const json_t *member;
	size_t i;

	json_array_foreach(members, i, member)
	{
		CLEANUP(json_decrefp) json_t *answer = NULL;
		const char *text = json_string_value(member);
		struct prefix prefix;

		if (i == ASKED_MAX)
			return;
		if (prefix_from_text(text, strlen(text), &prefix) < 0 ||
		    prefix_len(&prefix) == 0)
			continue;
		if (session_ask(session, REQ_WHY,
				json_pack("{s:s}", "address", text), -1,
				&answer) != OUTCOME_DONE)
			return;
		if (!strcmp(answer_text(answer, "verdict"), "drop"))
			fprintf(stderr,
				"fwctl unblock: %s is still dropped: `fwctl "
				"why %s` says by what\n",
				text, text);
	}
}

enum outcome cmd_unblock(struct session *session)
{
	CLEANUP(json_decrefp) json_t *members = json_array();
	const char *chosen = session_value(session, OPTION_SET);
	enum outcome outcome =
		del(session, chosen ? chosen : "block", 0, members);

	if (outcome == OUTCOME_DONE && !session->json)
		tell_dropped(session, members);
	return outcome;
}

enum outcome cmd_set_add(struct session *session)
{
	return add(session, session_word(session, 0), 1);
}

enum outcome cmd_set_del(struct session *session)
{
	CLEANUP(json_decrefp) json_t *members = json_array();

	return del(session, session_word(session, 0), 1, members);
}
