// SPDX-License-Identifier: GPL-2.0-or-later
/* backup, restore: everything at once. */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/bulk.h"
#include "ctl/grid.h"
#include "ctl/guarded.h"
#include "ctl/session.h"
#include "ctl/unit.h"

static void view_backup(FILE *out, const json_t *answer)
{
	char bytes[UNIT_TEXT_MAX];

	fprintf(out, "backup: %" PRId64 " sets, %" PRId64 " members, %s\n",
		answer_number(answer, "sets"), answer_number(answer, "members"),
		unit_bytes(answer_number(answer, "bytes"), bytes));
}

enum outcome cmd_backup(struct session *session)
{
	const char *path = session_word(session, 0);
	CLEANUP(json_decrefp) json_t *answer = NULL;
	CLEANUP(closep) int fd = -1;
	enum outcome outcome;
	int r;

	r = bulk_new(&fd);
	if (r < 0)
		return session_refuse(session, r, "no memory file: %s",
				      strerror(-r));
	outcome = session_ask(session, REQ_BACKUP, json_object(), fd, &answer);
	if (outcome != OUTCOME_DONE)
		return outcome;
	r = bulk_to_file(fd, path);
	if (r < 0)
		return session_refuse(session, r, "cannot write %s: %s", path,
				      strerror(-r));
	if (!strcmp(path, "-")) /* stdout holds the backup itself */
		session->printer.out = stderr;
	printer_answer(&session->printer, answer, view_backup);
	return OUTCOME_DONE;
}

static void view_restore(FILE *out, const json_t *answer)
{
	fprintf(out, "restored: %" PRId64 " sets, %" PRId64 " members\n",
		answer_number(answer, "sets"),
		answer_number(answer, "members"));
	if (answer_number(answer, "feeds"))
		fprintf(out,
			"feeds: %" PRId64 ", each to be fetched anew when "
			"feed update is called\n",
			answer_number(answer, "feeds"));
	if (answer_number(answer, "revision"))
		fprintf(out, "policy: in force, as revision %" PRId64 "\n",
			answer_number(answer, "revision"));
	if (answer_number(answer, "management_kept"))
		fprintf(out,
			"management: %" PRId64 " members that the backup does "
			"not have stay\n",
			answer_number(answer, "management_kept"));
	guarded_print(out, answer);
}

/* All but the policy is in force: half of what was asked for. */
static enum outcome tell_policy(const json_t *answer)
{
	const char *why = answer_text(answer, "policy_error");

	if (!*why)
		return OUTCOME_DONE;
	fputs("fwctl restore: the policy of the backup is not in force, the "
	      "one before is: ",
	      stderr);
	grid_put_safely(stderr, why);
	fputc('\n', stderr);
	return OUTCOME_REFUSED;
}

enum outcome cmd_restore(struct session *session)
{
	const char *path = session_word(session, 0);
	CLEANUP(json_decrefp) json_t *answer = NULL;
	CLEANUP(closep) int fd = -1;
	enum outcome outcome;
	int r;

	r = bulk_from_file(path, &fd);
	if (r < 0)
		return session_refuse(session, r, "cannot read %s: %s", path,
				      bulk_error(r));
	outcome = session_ask(session, REQ_RESTORE, json_object(), fd, &answer);
	if (outcome != OUTCOME_DONE)
		return outcome;
	printer_answer(&session->printer, answer, view_restore);
	return tell_policy(answer);
}
