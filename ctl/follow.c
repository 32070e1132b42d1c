// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/follow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ctl/answer.h"
#include "rules/base.h"

#define POLL_MS 200

static void tell_lost(const struct session *session, int64_t lost)
{
	fprintf(stderr, "fwctl %s: %" PRId64 " were lost\n",
		session->invocation->command->name, lost);
}

static json_t *arguments(const struct followed *followed, json_int_t after,
			 uint64_t left)
{
	uint64_t max = left < WIRE_PAGE_MAX ? left : WIRE_PAGE_MAX;

	return json_pack("{s:I, s:I, s:s*}", "after", after, "max",
			 (json_int_t)max, "kinds", followed->kinds);
}

enum outcome follow(struct session *session, const struct followed *followed)
{
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000l};
	const char *count = session_value(session, OPTION_EVENTS);
	uint64_t left = count ? strtoull(count, NULL, 10) : UINT64_MAX;
	json_int_t after = 0;
	int64_t told = 0;

	while (left > 0) {
		CLEANUP(json_decrefp) json_t *answer = NULL;
		enum outcome outcome = session_ask(
			session, followed->request,
			arguments(followed, after, left), -1, &answer);
		int64_t lost;
		uint64_t got;

		if (outcome != OUTCOME_DONE)
			return outcome;
		printer_items(&session->printer,
			      answer_list(answer, followed->list),
			      followed->view);
		lost = answer_number(answer, "lost");
		if (lost > 0 && !(followed->is_lost_once && lost == told))
			tell_lost(session, lost);
		told = lost;
		after = answer_number(answer, "next");
		got = json_array_size(answer_list(answer, followed->list));
		left -= got < left ? got : left;
		/* An answer may hold fewer than there are. */
		if (left > 0 && got == 0)
			nanosleep(&pause, NULL);
		if (ferror(session->printer.out))
			return OUTCOME_REFUSED;
	}
	return OUTCOME_DONE;
}
