// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/explained.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum fw_reason explained_reason(const struct oracle_answer *answer,
				const struct packet *packet)
{
	static const enum fw_reason faults[PACKET_FAULT_COUNT] = {
		[PACKET_TRUNCATED] = FW_DROP_TRUNCATED,
		[PACKET_BAD_HEADER] = FW_DROP_BAD_HEADER,
		[PACKET_THIRD_TAG] = FW_DROP_TAGS,
	};
	static const enum fw_reason reasons[ORACLE_END_COUNT][2] = {
		[ORACLE_NOT_IP] = {FW_PASS_NOT_IP, FW_DROP_NOT_IP},
		[ORACLE_ALLOWED] = {FW_PASS_ALLOWED},
		[ORACLE_LISTED] = {FW_NEXT, FW_DROP_LISTED},
		[ORACLE_SHADOWED] = {FW_PASS_SHADOW},
		[ORACLE_NEIGHBOUR] = {FW_PASS_NEIGHBOUR},
		[ORACLE_UNREADABLE] = {FW_PASS_UNREADABLE, FW_DROP_UNREADABLE},
		[ORACLE_RULE] = {FW_PASS_RULE, FW_DROP_RULE},
		[ORACLE_LIMIT] = {FW_NEXT, FW_DROP_LIMIT},
		[ORACLE_ANSWERED] = {FW_NEXT, FW_DROP_ANSWERED},
		[ORACLE_COOKIE] = {FW_NEXT, FW_DROP_COOKIE},
		[ORACLE_ESSENTIAL] = {FW_PASS_ESSENTIAL},
		[ORACLE_DEFAULT] = {FW_PASS_DEFAULT, FW_DROP_DEFAULT},
	};

	return answer->end == ORACLE_MALFORMED
		       ? faults[packet->fault]
		       : reasons[answer->end][answer->verdict];
}

bool explained_by_rule(const struct oracle_answer *answer)
{
	return answer->passed == ORACLE_RULE ||
	       answer->passed == ORACLE_LIMIT ||
	       answer->passed == ORACLE_ANSWERED ||
	       answer->passed == ORACLE_COOKIE;
}

void explained_ask(struct explainer *explainer,
		   const struct explainer_question *question,
		   struct fw_trace *ret_trace)
{
	int r = explainer_run(explainer, question, ret_trace);

	if (r < 0)
		fail_msg("a frame of %zu bytes was not explained: %s",
			 question->len, strerror(-r));
}

bool explained_agrees(const struct fw_trace *trace,
		      const struct fw_event *event, size_t matches)
{
	size_t counted = 0;

	for (size_t i = 0; i < trace->step_count && i < FW_TRACE_STEPS; i++)
		counted += trace->steps[i].did == FW_DID_COUNTED ||
			   trace->steps[i].did == FW_DID_ENDED;
	if (trace->reason != event->reason || trace->rule != event->counter)
		return false;
	return trace->step_count > FW_TRACE_STEPS ? counted <= matches
						  : counted == matches;
}
