// SPDX-License-Identifier: GPL-2.0-or-later
/* set import: a plain list into a set, making the set if need be. */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "ctl/bulk.h"
#include "ctl/guarded.h"
#include "ctl/rejects.h"
#include "ctl/session.h"
#include "ctl/unit.h"
#include "rules/member.h"

static void view_import(FILE *out, const json_t *answer)
{
	char texts[3][UNIT_TEXT_MAX];

	fprintf(out,
		"lines %" PRId64 ", entries %" PRId64 ", rejected %" PRId64
		"\n",
		answer_number(answer, "lines"),
		answer_number(answer, "entries"),
		answer_number(answer, "rejects"));
	rejects_print(out, answer);
	guarded_print(out, answer);
	fprintf(out,
		"members %" PRId64 ": %" PRId64 " added, %" PRId64
		" removed, %" PRId64 " kept\n",
		answer_number(answer, "members"),
		answer_number(answer, "added"),
		answer_number(answer, "removed"),
		answer_number(answer, "kept"));
	fprintf(out, "parsed in %s, stored in %s, enforced in %s\n",
		unit_span_us(answer_span(answer, "parse_us"), texts[0]),
		unit_span_us(answer_span(answer, "commit_us"), texts[1]),
		unit_span_us(answer_span(answer, "apply_us"), texts[2]));
}

/* The set called `name` in an answer to set-list, or NULL. */
static const json_t *find_set(const json_t *answer, const char *name)
{
	const json_t *sets = answer_list(answer, "sets");

	for (size_t i = 0; i < json_array_size(sets); i++) {
		const json_t *set = json_array_get(sets, i);

		if (!strcmp(answer_text(set, "name"), name))
			return set;
	}
	return NULL;
}

/* Make the set when it is not there. An import never changes what a set that
 * is there does to packets. */
static enum outcome ensure_set(struct session *session, const char *name,
			       bool *ret_made)
{
	const char *action = session_value(session, OPTION_ACTION);
	CLEANUP(json_decrefp) json_t *list = NULL;
	CLEANUP(json_decrefp) json_t *answer = NULL;
	const json_t *set;
	enum outcome outcome;

	outcome = session_ask(session, REQ_SET_LIST, json_object(), -1, &list);
	if (outcome != OUTCOME_DONE)
		return outcome;
	set = find_set(list, name);
	if (set && action && strcmp(action, answer_text(set, "action")) != 0)
		return session_refuse(
			session, -EEXIST,
			"set %s is there and has the action %s; `fwctl set new "
			"%s --action %s` changes it",
			name, answer_text(set, "action"), name, action);
	if (set)
		return OUTCOME_DONE;
	outcome = session_ask(session, REQ_SET_NEW,
			      json_pack("{s:s, s:s}", "set", name, "action",
					action ? action : "drop"),
			      -1, &answer);
	if (outcome == OUTCOME_DONE)
		*ret_made = answer_is(answer, "made");
	return outcome;
}

static json_t *import_args(const struct session *session, uint64_t expires_s)
{
	const char *path = session_word(session, 1);
	const char *source = strcmp(path, "-") != 0 ? path : "stdin";
	bool adds = session_has(session, OPTION_ADD);

	return json_pack(
		"{s:s, s:s, s:s*, s:s*, s:o*}", "set", session_word(session, 0),
		"mode", adds ? "add" : "replace", "reason",
		session_value(session, OPTION_REASON), "source",
		reason_is_valid(source) ? source : NULL, "expires",
		expires_s ? json_integer((json_int_t)expires_s) : NULL);
}

static enum outcome import(struct session *session, int fd, uint64_t expires_s)
{
	const char *name = session_word(session, 0);
	CLEANUP(json_decrefp) json_t *answer = NULL;
	CLEANUP(json_decrefp) json_t *undone = NULL;
	bool shows = isatty(STDERR_FILENO);
	bool made = false;
	enum outcome outcome = ensure_set(session, name, &made);

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (shows)
		fputs("importing ...", stderr);
	outcome = session_ask(session, REQ_SET_IMPORT,
			      import_args(session, expires_s), fd, &answer);
	if (shows)
		fputs("\r\033[K", stderr);
	if (outcome == OUTCOME_DONE)
		printer_answer(&session->printer, answer, view_import);
	else if (outcome == OUTCOME_REFUSED && made)
		/* leave nothing half-done; if it stays it is empty */
		(void)session_ask(session, REQ_SET_DROP,
				  json_pack("{s:s}", "set", name), -1, &undone);
	return outcome;
}

enum outcome cmd_set_import(struct session *session)
{
	const char *path = session_word(session, 1);
	CLEANUP(closep) int fd = -1;
	uint64_t expires_s = 0;
	int r;

	if (session_has(session, OPTION_ADD) &&
	    session_has(session, OPTION_REPLACE))
		return session_misused(session,
				       "--add and --replace exclude each "
				       "other");
	if (session_expiry(session, &expires_s) < 0)
		return OUTCOME_USAGE;
	r = bulk_from_file(path, &fd);
	if (r < 0)
		return session_refuse(session, r, "cannot read %s: %s", path,
				      bulk_error(r));
	return import(session, fd, expires_s);
}
