// SPDX-License-Identifier: GPL-2.0-or-later
/* help, completion, version: what needs no daemon. */
#include "ctl/cmd.h"

#include <errno.h>

#include "ctl/answer.h"
#include "ctl/help.h"
#include "ctl/session.h"

static void help_all(void)
{
	help_overview(stdout);
	for (size_t i = 0; i < command_count; i++) {
		fputs("\n\n", stdout);
		help_command(stdout, &command_table[i]);
	}
}

enum outcome cmd_help(struct session *session)
{
	const struct invocation *invocation = session->invocation;
	const struct command *first = NULL;
	size_t count = 0;
	int r;

	if (session_has(session, OPTION_ALL)) {
		help_all();
		return OUTCOME_DONE;
	}
	if (invocation->word_count == 0) {
		help_overview(stdout);
		return OUTCOME_DONE;
	}
	r = command_find(invocation->words, invocation->word_count, &first,
			 &count);
	if (r < 0)
		return OUTCOME_USAGE;
	if (count == 1)
		help_command(stdout, first);
	else
		help_group(stdout, first, count);
	return OUTCOME_DONE;
}

enum outcome cmd_completion(struct session *session)
{
	(void)session;
	help_completion(stdout);
	return OUTCOME_DONE;
}

static void view_version(FILE *out, const json_t *answer)
{
	const char *daemon = answer_text(answer, "fwd");

	fprintf(out, "fwctl %s\n", answer_text(answer, "fwctl"));
	if (*daemon)
		fprintf(out, "fwd %s, ABI %lld\n", daemon,
			(long long)answer_number(answer, "abi"));
	else
		fputs("fwd does not answer\n", out);
}

/* Asks behind the session's back: no daemon is no failure here. */
enum outcome cmd_version(struct session *session)
{
	CLEANUP(json_decrefp) json_t *request = json_object();
	CLEANUP(json_decrefp) json_t *status = NULL;
	CLEANUP(json_decrefp) json_t *answer = NULL;

	if (request &&
	    client_open(session_socket(session), &session->client) == 0)
		(void)client_ask(session->client, REQ_STATUS, request, -1,
				 &status);
	answer = json_pack("{s:b, s:s, s:i, s:O?, s:O?}", "ok", 1, "fwctl",
			   PORTCULLIS_VERSION, "protocol", WIRE_VERSION, "fwd",
			   json_object_get(status, "version"), "abi",
			   json_object_get(status, "abi"));
	if (!answer)
		return session_refuse(session, -ENOMEM, "not enough memory");
	printer_answer(&session->printer, answer, view_version);
	return OUTCOME_DONE;
}
