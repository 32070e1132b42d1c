// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fwctl - tells fwd what to do, and shows what it answers.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ctl/command.h"
#include "ctl/help.h"
#include "ctl/session.h"

int main(int argc, char **argv)
{
	const char **words = calloc((size_t)argc + 1, sizeof(*words));
	struct invocation invocation = {0};
	struct session session;
	enum outcome outcome = OUTCOME_DONE;
	int r;

	if (!words)
		return OUTCOME_REFUSED;
	r = command_parse(argc, (const char *const *)argv, words, &invocation);
	if (r < 0) {
		free(words);
		return OUTCOME_USAGE;
	}
	session_init(&session, &invocation);
	if (invocation.values[OPTION_HELP])
		help_command(stdout, invocation.command);
	else
		outcome = invocation.command->run(&session);
	outcome = session_close(&session, outcome);
	free(words);
	return (int)outcome;
}
